"""Signed tokens: ours that open a session, and the shop's that name a signed-in customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from bot.errors import ShopguideError

_SESSION_AUDIENCE = "shopguide-session"
_UNSUBSCRIBE_AUDIENCE = "shopguide-unsubscribe"
# A law asks that the link works for 30 days after the mail (CAN-SPAM); people keep mail for longer.
_UNSUBSCRIBE = timedelta(days=400)
IDENTITY_AUDIENCE = "shopguide"


class TokenRefused(ShopguideError):
    """The token is forged, expired, or meant for something else."""


@dataclass(frozen=True)
class SessionClaim:
    """What a session's token says: whose it is, and of which epoch."""

    session_id: str
    epoch: int


def mint_session(session_id: str, epoch: int, expires_at: datetime, key: str) -> str:
    claims = {"sid": session_id, "epoch": epoch, "exp": expires_at, "aud": _SESSION_AUDIENCE}
    return jwt.encode(claims, key, algorithm="HS256")


def read_session(token: str, key: str) -> SessionClaim:
    """Raises `TokenRefused`. Whether the session still is of that epoch the database knows."""
    claims = read_claims(token, key, "HS256", _SESSION_AUDIENCE, "sid", "epoch")
    epoch = claims["epoch"]
    if not isinstance(epoch, int):
        raise TokenRefused("the epoch is no number")
    return SessionClaim(str(claims["sid"]), epoch)


def mint_unsubscribe(customer_id: int, now: datetime, key: str) -> str:
    """What a mail's link says: whose no it is. It opens nothing else."""
    claims = {"sub": str(customer_id), "aud": _UNSUBSCRIBE_AUDIENCE, "exp": now + _UNSUBSCRIBE}
    return jwt.encode(claims, key, algorithm="HS256")


def read_unsubscribe(token: str, key: str) -> int:
    """The customer's id. Raises `TokenRefused`."""
    claims = read_claims(token, key, "HS256", _UNSUBSCRIBE_AUDIENCE, "sub")
    return int(str(claims["sub"]))


def mint_identity(email: str, now: datetime, key: str, *, minutes: int = 10) -> str:
    """What a shop's own page signs for its signed-in customer; used here by the shell and tests."""
    claims = {"email": email, "aud": IDENTITY_AUDIENCE, "exp": now + timedelta(minutes=minutes)}
    return jwt.encode(claims, key, algorithm="HS256")


def read_claims(
    token: str,
    key: jwt.PyJWK | str,
    algorithm: str,
    audience: str,
    *wanted: str,
    issuer: str | None = None,
    leeway: timedelta = timedelta(0),
) -> dict[str, object]:
    """What a token says that must hold the claims `wanted`; the clock that it was signed by may be
    wrong by `leeway`. Raises `TokenRefused`."""
    required = ["exp", "aud", *wanted, *(["iss"] if issuer else [])]
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=audience,
            issuer=issuer,
            leeway=leeway,
            options={"require": required},
        )
    except jwt.PyJWTError as error:
        raise TokenRefused(str(error)) from error
