"""The shop's word about who is signed in: a JWT that names the customer by e-mail address.

How it is signed is a setting of ours, never of the token: by a secret that the shop shares (HS256),
or by a key of the shop's own (RS256, ES256) whose public half it publishes as a JWKS.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

import httpx
import jwt
import structlog

from bot.errors import ShopguideError
from bot.gateway.tokens import IDENTITY_AUDIENCE, TokenRefused, read_claims

log = structlog.get_logger("identity")

_KEPT_S = 3600  # so long keys are used without asking again
_PAUSE_S = 60  # and so often, at most, the shop is asked, whatever tokens arrive
_FETCH_S = 3  # a customer waits meanwhile, and signing in must not feel broken
_LEEWAY = timedelta(seconds=60)  # servers' clocks are apart by seconds; RFC 7519 allows minutes
# A token is made when a page is shown, and names who is signed in then: one that lasts longer is
# found in a log or a browser's history and still signs somebody in.
_LONGEST_LIFE = timedelta(hours=24)
_MOST_BYTES = 256 * 1024  # a shop has a handful of keys of 2 kB or less


class KeysUnavailable(ShopguideError):
    """The shop's keys could not be fetched; the text says why."""


class Keys(Protocol):
    async def key(self, token: str) -> jwt.PyJWK | str:
        """What the token has to be signed with. Raises `TokenRefused`, `KeysUnavailable`."""


class Secret:
    """One secret for all tokens."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    async def key(self, token: str) -> str:
        return self._secret


class PublishedKeys:
    """The keys at a JWKS address, kept for an hour and fetched anew for a key id not seen before:
    that is how a shop changes its key. Old ones go on while the address does not answer."""

    def __init__(
        self,
        url: str,
        algorithm: Literal["RS256", "ES256"],
        *,
        http: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._algorithm = algorithm
        self._http = http or httpx.AsyncClient(timeout=_FETCH_S)
        self._clock = clock
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._asked_at = -float("inf")
        self._asking = asyncio.Lock()

    async def key(self, token: str) -> jwt.PyJWK:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.InvalidTokenError as error:
            raise TokenRefused("not a token") from error
        async with self._asking:
            age = self._clock() - self._asked_at
            if age > _KEPT_S or (self._find(kid) is None and age > _PAUSE_S):
                await self._ask()
        found = self._find(kid)
        if found is not None:
            return found
        if not self._keys:
            raise KeysUnavailable(f"{self._url} gave no {self._algorithm} key.")
        raise TokenRefused("unknown key id")

    def _find(self, kid: str | None) -> jwt.PyJWK | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _ask(self) -> None:
        self._asked_at = self._clock()
        try:
            async with self._http.stream("GET", self._url) as answer:
                answer.raise_for_status()
                text = b""
                async for chunk in answer.aiter_bytes():
                    text += chunk
                    if len(text) > _MOST_BYTES:
                        raise ValueError("more than a set of keys")
            self._keys = _usable(text, self._algorithm)
        except (httpx.HTTPError, ValueError, jwt.PyJWTError) as error:
            log.warning("the shop's keys could not be fetched", cause=type(error).__name__)


def _usable(text: bytes, algorithm: str) -> dict[str | None, jwt.PyJWK]:
    """Those keys of the set that are made for signing by this algorithm."""
    published = json.loads(text)
    if not isinstance(published, dict) or not isinstance(published.get("keys"), list):
        raise ValueError("not a set of keys")
    found, read = {}, 0
    for written in published["keys"]:
        try:
            key = jwt.PyJWK(written)
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, AttributeError):
            continue  # whoever publishes it got it wrong, or it is of a kind that we do not know
        read += 1
        kid = key.key_id
        known = kid is None or isinstance(kid, str)
        if known and key.algorithm_name == algorithm and key.public_key_use in (None, "sig"):
            found[kid] = key
    if not read:
        raise ValueError("no key among them")
    return found


class Identities:
    """`issuer` "" takes any."""

    def __init__(
        self,
        keys: Keys,
        algorithm: str = "HS256",
        *,
        audience: str = IDENTITY_AUDIENCE,
        issuer: str = "",
    ) -> None:
        self._keys = keys
        self._algorithm = algorithm
        self._audience = audience
        self._issuer = issuer
        self._demo: str | None = None

    def trust_demo(self, key: str) -> None:
        """From now on the demo shop's pages vouch for its customers too, by this key."""
        self._demo = key

    async def email(self, token: str) -> str:
        """Whom the shop vouches for. Raises `TokenRefused`, `KeysUnavailable`."""
        claims = self._demo_claims(token) or await self._claims(token)
        now = datetime.now(UTC).timestamp()
        signed_at, ends = claims.get("iat", now), claims["exp"]
        if not isinstance(signed_at, int | float) or not isinstance(ends, int | float):
            raise TokenRefused("a moment that is no number")
        if ends - signed_at > (_LONGEST_LIFE + _LEEWAY).total_seconds():
            raise TokenRefused("it lasts too long")
        if claims.get("email_verified", True) is not True:
            raise TokenRefused("the address is not verified")
        return str(claims["email"])

    async def _claims(self, token: str) -> dict[str, Any]:
        return read_claims(
            token,
            await self._keys.key(token),
            self._algorithm,
            self._audience,
            "email",
            issuer=self._issuer or None,
            leeway=_LEEWAY,
        )

    def _demo_claims(self, token: str) -> dict[str, Any] | None:
        """None for a token that is not of the demo shop's pages."""
        if self._demo is None:
            return None
        with suppress(TokenRefused):
            return read_claims(
                token, self._demo, "HS256", IDENTITY_AUDIENCE, "email", leeway=_LEEWAY
            )
        return None
