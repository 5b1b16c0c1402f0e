"""The page that the customer looks at while they write.

The widget says it with each message, and nothing of it is believed: products are looked up in the
catalogue, an order is told to whom it belongs alone, and what is unknown is left out in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot import languages
from bot.wording import views
from data.models import Product
from data.rules import ShopRules
from retrieval.types import Language


@dataclass(frozen=True)
class CartLine:
    """So many of a product; `sku` is None where the page does not say which of several kinds."""

    product: str
    sku: str | None
    quantity: int


@dataclass(frozen=True)
class Page:
    """`product` and `sku` are the catalogue's, `category` is what the page calls it, `order_number`
    is anybody's word. `cart` is None where the page tells nothing of it; `unknown` counts its lines
    that the catalogue has not. `key` is the same as long as the customer stays on a page."""

    key: str = ""
    language: Language | None = None
    product: str | None = None
    sku: str | None = None
    category: str | None = None
    order_number: str | None = None
    cart: tuple[CartLine, ...] | None = None
    unknown: int = 0


class Places:
    """Where the products of the catalogue are found: by their id, a SKU, or their page's address.
    Made once a catalogue."""

    def __init__(self, rules: ShopRules, catalogue: Iterable[Product]) -> None:
        self._ids: set[str] = set()
        self._skus: dict[str, str] = {}
        self._pages: dict[str, str] = {}
        for product in catalogue:
            self._ids.add(product.id)
            self._skus.update((variant.sku, product.id) for variant in product.variants)
            self._pages[_address(views.page_url(rules, product))] = product.id

    def product(self, name: object) -> str | None:
        """The product of this id, or of this SKU."""
        text = str(name or "")
        return text if text in self._ids else self._skus.get(text)

    def sku(self, product: str, name: object) -> str | None:
        """The SKU, if it is one of the product."""
        text = str(name or "")
        return text if self._skus.get(text) == product else None

    def at(self, url: object) -> str | None:
        """The product whose page is there; an address of the shop's own site may be given whole
        where the shop says only its path."""
        address = _address(str(url or ""))
        if not address:
            return None
        return self._pages.get(address) or self._pages.get(f"/{address.partition('/')[2]}")


def read(plain: Mapping[str, Any], places: Places) -> Page | None:
    """What a message brought of the page; None for nothing."""
    if not plain:
        return None
    product = places.product(plain.get("product_id")) or places.product(plain.get("variant_id"))
    product = product or places.at(plain.get("url"))
    lines = plain.get("cart")
    cart = None if lines is None else tuple(filter(None, (_line(each, places) for each in lines)))
    return Page(
        key=_key(plain),
        language=languages.of_tag(plain.get("language")),
        product=product,
        sku=_sku(plain, product, places),
        category=plain.get("category"),
        order_number=plain.get("order_number"),
        cart=cart,
        unknown=len(lines or ()) - len(cart or ()),
    )


def _key(plain: Mapping[str, Any]) -> str:
    """Another size of the same product is no other page, nor is an anchor in it."""
    named = [str(plain.get(name) or "") for name in ("product_id", "category", "order_number")]
    return "\n".join(named) if any(named) else _address(str(plain.get("url") or ""))


def _sku(plain: Mapping[str, Any], product: str | None, places: Places) -> str | None:
    if product is None:
        return None
    chosen = places.sku(product, plain.get("variant_id"))
    return chosen or places.sku(product, plain.get("product_id"))


def _line(said: Mapping[str, Any], places: Places) -> CartLine | None:
    product = places.product(said.get("product_id")) or places.product(said.get("variant_id"))
    if product is None:
        return None
    return CartLine(product, _sku(said, product, places), int(said.get("quantity", 1)))


def _address(url: str) -> str:
    """Host and path, without what follows; "" for what is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    path = parts.path.rstrip("/")
    return f"{parts.netloc.lower()}{path}" if path else ""
