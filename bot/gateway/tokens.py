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
    claims = _read(token, key, _SESSION_AUDIENCE, "sid")
    return str(claims["sid"])


def mint_identity(email: str, now: datetime, key: str, *, minutes: int = 10) -> str:
    """What a shop's own page signs for its signed-in customer; used here by the shell and tests."""
    claims = {"email": email, "aud": IDENTITY_AUDIENCE, "exp": now + timedelta(minutes=minutes)}
    return jwt.encode(claims, key, algorithm="HS256")


def read_identity(token: str, key: str) -> str:
    """Return the customer's e-mail address. Raises `TokenRefused`."""
    return str(_read(token, key, IDENTITY_AUDIENCE, "email")["email"])


def _read(token: str, key: str, audience: str, claim: str) -> dict[str, object]:
    try:
        return jwt.decode(
            token,
            key,
            algorithms=["HS256"],
            audience=audience,
            options={"require": ["exp", "aud", claim]},
        )
    except jwt.InvalidTokenError as error:
        raise TokenRefused(str(error)) from error
