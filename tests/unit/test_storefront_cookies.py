"""Signed cookies: nobody but the shop can write who is signed in or what lies in a cart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import jwt
import pytest
from starlette.requests import Request
from starlette.responses import Response

from bot.gateway.tokens import mint_identity
from demo.storefront.cookies import Cookies

KEY = "the key of the sessions, long enough for HS256"
EMAIL = "lin.yue@example.com"


def request(cookie: str = "", scheme: str = "http") -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "scheme": scheme,
            "server": ("shop", 80),
            "path": "/",
            "query_string": b"",
            "headers": [(b"cookie", cookie.encode("latin-1", "replace"))],
        }
    )


def kept(response: Response) -> str:
    """The Cookie header that a browser sends after that response."""
    jar: SimpleCookie = SimpleCookie()
    for name, value in response.raw_headers:
        if name == b"set-cookie":
            jar.load(value.decode())
    return "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())


def test_what_is_kept_is_read_back() -> None:
    cookies, response = Cookies(KEY), Response()
    cookies.keep_customer(request(), response, EMAIL)
    cookies.keep_cart(request(), response, {"RIDGE2-PINE": 2})
    cookies.keep_language(request(), response, "zh")
    back = request(kept(response))
    assert cookies.customer(back) == EMAIL
    assert cookies.cart(back) == {"RIDGE2-PINE": 2}
    assert cookies.language(back) == "zh"


def test_scripts_and_other_sites_do_not_get_them() -> None:
    cookies = Cookies(KEY)
    for scheme in ("http", "https"):
        response = Response()
        cookies.keep_customer(request(scheme=scheme), response, EMAIL)
        header = response.headers["set-cookie"].lower()
        assert "httponly" in header
        assert "samesite=lax" in header
        assert ("secure" in header) == (scheme == "https")


def test_a_cookie_that_is_not_the_shops_says_nothing() -> None:
    cookies, response = Cookies(KEY), Response()
    cookies.keep_customer(request(), response, EMAIL)
    token = kept(response).partition("=")[2]
    head, claims, mark = token.split(".")
    soon = datetime.now(UTC) + timedelta(hours=1)
    ours = {"email": EMAIL, "aud": "spruce_customer", "exp": soon}
    forged = [
        token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1],
        f"{head}.{claims}.",
        f"{head}.{claims[:-1]}.{mark}",
        jwt.encode(ours, "another key that is long enough for HS256", algorithm="HS256"),
        jwt.encode(ours, KEY, algorithm="HS256"),  # the sessions' key itself
        jwt.encode(ours, None, algorithm="none"),
        mint_identity(EMAIL, datetime.now(UTC), KEY),
        EMAIL,
        "",
        "…",
        "x" * 5000,
    ]
    for value in forged:
        assert cookies.customer(request(f"spruce_customer={value}")) is None, value


def test_one_cookie_is_not_taken_for_another() -> None:
    cookies, response = Cookies(KEY), Response()
    cookies.keep_cart(request(), response, {"RIDGE2-PINE": 2})
    cart = kept(response).partition("=")[2]
    assert cookies.customer(request(f"spruce_customer={cart}")) is None
    assert cookies.cart(request(f"spruce_cart={cart}x")) == {}


@pytest.mark.parametrize("language", ["fr", "../zh", ""])
def test_a_language_that_the_shop_does_not_speak_is_not_kept(language: str) -> None:
    assert Cookies(KEY).language(request(f"spruce_language={language}")) == "en"
