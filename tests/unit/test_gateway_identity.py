"""Whom the shop vouches for: its keys, and tokens that only look like the shop's."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from bot.gateway.identity import Identities, KeysUnavailable, PublishedKeys, Secret, _usable
from bot.gateway.tokens import TokenRefused

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
# A day: the tokens below are signed when this is imported, and a whole run takes its time.
CLAIMS = {"email": "lin@example.com", "aud": "shopguide", "exp": NOW + timedelta(days=1)}
RSA = rsa.generate_private_key(65537, 2048)
NEXT_RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, kid: str, **more: str) -> Any:
    if isinstance(key, rsa.RSAPrivateKey):
        jwk = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    else:
        jwk = json.loads(ECAlgorithm.to_jwk(key.public_key()))
    return {**jwk, "kid": kid, **more}


def signed(key: Any, algorithm: str = "RS256", kid: str | None = "one", **claims: object) -> str:
    headers = {"kid": kid} if kid else {}
    return jwt.encode({**CLAIMS, **claims}, key, algorithm=algorithm, headers=headers)


class ShopSite:
    """The shop's own site, which publishes its keys; it can be down."""

    def __init__(self, *keys: Any) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.now = 0.0
        self.answer: Callable[[], httpx.Response] = self._publish

    def _publish(self) -> httpx.Response:
        return httpx.Response(200, json={"keys": self.keys})

    def _serve(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return self.answer()

    def identities(self, algorithm: Any = "RS256", **more: str) -> Identities:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._serve))
        keys = PublishedKeys(
            "https://shop.example/jwks", algorithm, http=http, clock=lambda: self.now
        )
        return Identities(keys, algorithm, **more)


async def test_keys_of_both_kinds_are_taken_and_asked_for_once() -> None:
    site = ShopSite(public(RSA, "one"), public(EC, "two"))
    identities = site.identities()
    for _ in range(3):
        assert await identities.email(signed(RSA)) == "lin@example.com"
    assert site.asked == 1
    curve = site.identities("ES256")
    assert await curve.email(signed(EC, "ES256", "two")) == "lin@example.com"


async def test_a_shop_without_key_ids_has_one_key() -> None:
    key = public(RSA, "")
    del key["kid"]
    assert await ShopSite(key).identities().email(signed(RSA, kid=None)) == "lin@example.com"


async def test_a_new_key_is_fetched_once_and_never_for_an_attacker_s_sake() -> None:
    site = ShopSite(public(RSA, "one"))
    identities = site.identities()
    await identities.email(signed(RSA))
    site.keys = [public(NEXT_RSA, "next")]
    for n in range(50):  # within the minute after a fetch, nobody can make us ask
        with pytest.raises(TokenRefused):
            await identities.email(signed(RSA, kid=f"made-up-{n}"))
    assert site.asked == 1
    site.now = 61
    assert await identities.email(signed(NEXT_RSA, kid="next")) == "lin@example.com"
    assert site.asked == 2
    with pytest.raises(TokenRefused):
        await identities.email(signed(RSA, kid="one"))
    site.now = 2 * 3600
    await identities.email(signed(NEXT_RSA, kid="next"))
    assert site.asked == 3


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"keys": []}),
        httpx.Response(200, json=[]),
        httpx.Response(200, content=b"x" * 1_000_000),
    ],
)
async def test_old_keys_go_on_while_the_shop_s_site_is_down(answer: httpx.Response) -> None:
    site = ShopSite(public(RSA, "one"))
    identities = site.identities()
    await identities.email(signed(RSA))
    site.answer = lambda: answer
    site.now = 2 * 3600
    assert await identities.email(signed(RSA)) == "lin@example.com"
    assert site.asked == 2
    fresh = site.identities()
    with pytest.raises(KeysUnavailable):
        await fresh.email(signed(RSA))
    with pytest.raises(KeysUnavailable):
        await fresh.email(signed(RSA))
    assert site.asked == 3


def unsigned() -> str:
    return jwt.encode(CLAIMS, None, algorithm="none", headers={"kid": "one"})


def confused() -> str:
    """Signed by the public key as if it were a secret: the old trick against a free `alg`."""
    parts = [{"alg": "HS256", "typ": "JWT", "kid": "one"}, {**CLAIMS, "exp": 9_999_999_999}]
    text = ".".join(
        base64.urlsafe_b64encode(json.dumps(part, default=str).encode()).decode().rstrip("=")
        for part in parts
    )
    secret = json.dumps(public(RSA, "one")).encode()
    mac = jwt.get_algorithm_by_name("HS256").sign(text.encode(), secret)
    return f"{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        unsigned(),
        confused(),
        signed(EC, "ES256"),
        signed(RSA, "RS384"),
        signed(NEXT_RSA),
        signed(RSA, exp=NOW - timedelta(seconds=61)),
        signed(RSA, nbf=NOW + timedelta(hours=1)),
        signed(RSA, aud="another"),
        signed(RSA, aud=None),
        signed(RSA, email=None),
        signed(RSA) + "x",
    ],
)
async def test_what_only_looks_like_the_shop_s_token_is_refused(token: str) -> None:
    with pytest.raises(TokenRefused):
        await ShopSite(public(RSA, "one"), public(EC, "two")).identities().email(token)


@pytest.mark.parametrize(
    ("claims", "taken"),
    [
        ({"iat": 50}, True),  # the shop's clock is a minute ahead
        ({"iat": 90}, False),
        ({"exp": -50}, True),
        ({"exp": 25 * 3600}, False),
        ({"iat": -100, "exp": 24 * 3600 - 100}, True),
        ({"iat": -20 * 3600, "exp": 10 * 3600}, False),
        ({"nbf": 50}, True),
    ],
)
async def test_clocks_may_be_a_minute_apart_and_tokens_last_a_day(
    claims: dict[str, int], taken: bool
) -> None:
    now = datetime.now(UTC).timestamp()
    token = signed(RSA, **{"exp": now + 60, **{name: now + s for name, s in claims.items()}})
    found = ShopSite(public(RSA, "one")).identities().email(token)
    if taken:
        assert await found == "lin@example.com"
    else:
        with pytest.raises(TokenRefused):
            await found


async def test_an_address_that_the_shop_did_not_verify_names_nobody() -> None:
    identities = ShopSite(public(RSA, "one")).identities()
    assert await identities.email(signed(RSA, email_verified=True))
    for odd in (False, "false", None):
        with pytest.raises(TokenRefused):
            await identities.email(signed(RSA, email_verified=odd))


async def test_keys_for_other_uses_sign_nothing() -> None:
    for key in (public(RSA, "one", use="enc"), public(RSA, "one", alg="RS512")):
        with pytest.raises((TokenRefused, KeysUnavailable)):
            await ShopSite(key).identities().email(signed(RSA))


async def test_the_issuer_counts_when_it_is_set() -> None:
    site = ShopSite(public(RSA, "one"))
    strict = site.identities(issuer="https://shop.example", audience="chat")
    good = signed(RSA, iss="https://shop.example", aud="chat")
    assert await strict.email(good) == "lin@example.com"
    for claims in ({"aud": "chat"}, {"iss": "https://evil.example", "aud": "chat"}):
        with pytest.raises(TokenRefused):
            await strict.email(signed(RSA, **claims))


async def test_a_shared_secret_takes_nothing_but_hs256() -> None:
    secret = "the key that the shop shares, long enough for HS512, really long enough for it"
    identities = Identities(Secret(secret))
    assert await identities.email(signed(secret, "HS256")) == "lin@example.com"
    for token in (signed(secret, "HS512"), unsigned(), signed(RSA)):
        with pytest.raises(TokenRefused):
            await identities.email(token)


def test_a_key_that_cannot_be_read_hides_no_other() -> None:
    """Whatever a shop's site publishes beside the keys that we know."""
    public = json.loads(RSAAlgorithm.to_jwk(RSA.public_key()))
    good = {**public, "kid": "good", "alg": "RS256", "use": "sig"}
    odd = [{"kty": "oct"}, {"kty": "RSA", "n": 7, "e": None}, {"kty": "EC", "crv": {}}, {}, 5]
    keys = _usable(json.dumps({"keys": [*odd, good]}).encode(), "RS256")
    assert list(keys) == ["good"]
    for none in ({"keys": odd}, {"keys": {}}, {"keys": []}, [], 7):
        with pytest.raises(ValueError, match=r"key"):
            _usable(json.dumps(none).encode(), "RS256")
