"""What the shop remembers of a browser: its language, who is signed in, what lies in the cart.

The last two are signed by a key of the storefront's own, derived from the sessions' secret, so that
neither can be made up and a token for one is none for the other.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from starlette.requests import Request
from starlette.responses import Response

from demo.storefront.words import LANGUAGES, preferred
from retrieval.types import Language

_LANGUAGE, _CUSTOMER, _CART = "spruce_language", "spruce_customer", "spruce_cart"
_KEPT = timedelta(days=30)
MOST_LINES, MOST_PIECES = 30, 20  # a cookie holds 4 kB; a line takes some fifty bytes

Cart = dict[str, int]
"""How many pieces of which SKU."""


class Cookies:
    def __init__(self, session_key: str) -> None:
        self._key = hmac.digest(session_key.encode(), b"shopguide storefront", "sha256")

    def language(self, request: Request) -> Language:
        """As chosen; at first what the browser prefers."""
        chosen = request.cookies.get(_LANGUAGE)
        found = next((language for language in LANGUAGES if language == chosen), None)
        return found or preferred(request.headers.get("accept-language", ""))

    def keep_language(self, request: Request, response: Response, language: Language) -> None:
        _set(request, response, _LANGUAGE, language)

    def customer(self, request: Request) -> str | None:
        """E-mail address of whoever signed in; None for a visitor and for a cookie not ours."""
        email = self._read(request, _CUSTOMER).get("email")
        return email if isinstance(email, str) else None

    def keep_customer(self, request: Request, response: Response, email: str | None) -> None:
        self._write(request, response, _CUSTOMER, {"email": email} if email else None)

    def cart(self, request: Request) -> Cart:
        items = self._read(request, _CART).get("items", {})
        return {str(sku): int(pieces) for sku, pieces in items.items()}

    def keep_cart(self, request: Request, response: Response, cart: Cart) -> None:
        self._write(request, response, _CART, {"items": cart} if cart else None)

    def _read(self, request: Request, name: str) -> dict[str, Any]:
        try:
            return jwt.decode(
                request.cookies.get(name, ""),
                self._key,
                algorithms=["HS256"],
                audience=name,
                options={"require": ["exp", "aud"]},
            )
        except jwt.InvalidTokenError:
            return {}

    def _write(
        self, request: Request, response: Response, name: str, claims: dict[str, Any] | None
    ) -> None:
        if claims is None:
            response.delete_cookie(name, path="/")
            return
        claims = {**claims, "aud": name, "exp": datetime.now(UTC) + _KEPT}
        _set(request, response, name, jwt.encode(claims, self._key, algorithm="HS256"))


def _set(request: Request, response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(_KEPT.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
