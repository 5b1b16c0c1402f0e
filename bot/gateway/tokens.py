"""Signed tokens: ours that open a session, and the shop's that name a signed-in customer."""

from __future__ import annotations

from datetime import datetime, timedelta

import jwt

_SESSION_AUDIENCE = "shopguide-session"
IDENTITY_AUDIENCE = "shopguide"


class TokenRefused(Exception):
    """The token is forged, expired, or meant for something else."""


def mint_session(session_id: str, expires_at: datetime, key: str) -> str:
    claims = {"sid": session_id, "exp": expires_at, "aud": _SESSION_AUDIENCE}
    return jwt.encode(claims, key, algorithm="HS256")


def read_session(token: str, key: str) -> str:
    """Return the session's id. Raises `TokenRefused`."""
    claims = read_claims(token, key, "HS256", _SESSION_AUDIENCE, "sid")
    return str(claims["sid"])


def mint_identity(email: str, now: datetime, key: str, *, minutes: int = 10) -> str:
    """What a shop's own page signs for its signed-in customer; used here by the shell and tests."""
    claims = {"email": email, "aud": IDENTITY_AUDIENCE, "exp": now + timedelta(minutes=minutes)}
    return jwt.encode(claims, key, algorithm="HS256")


def read_claims(
    token: str,
    key: jwt.PyJWK | str,
    algorithm: str,
    audience: str,
    claim: str,
    *,
    issuer: str | None = None,
) -> dict[str, object]:
    """What a token says that must hold `claim`. Raises `TokenRefused`."""
    required = ["exp", "aud", claim, *(["iss"] if issuer else [])]
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=audience,
            issuer=issuer,
            options={"require": required},
        )
    except jwt.PyJWTError as error:
        raise TokenRefused(str(error)) from error
