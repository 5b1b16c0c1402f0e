"""Products as the pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from bot.wording import formats, views
from data.models import Product, Variant
from data.repositories import Rating
from data.unit_of_work import UnitOfWork
from demo.storefront.visit import Visit

# Whole or rounded to halves, as the stars are drawn.
_STAR = 5


@dataclass(frozen=True)
class Stars:
    """`width` of the filled stars in a drawing of 100 by 20."""

    average: str
    count: int
    width: float


@dataclass(frozen=True)
class Tile:
    """A product in a list. `stock` is empty when there is plenty."""

    id: str
    url: str
    picture: str
    name: str
    brand: str
    summary: str
    price: str
    list_price: str
    badge: str
    stock: str
    available: bool
    stars: Stars | None


def tiles(
    visit: Visit,
    uow: UnitOfWork,
    products: Iterable[Product],
    refs: Mapping[str, str] = MappingProxyType({}),
) -> list[Tile]:
    """In the order given. `refs`: of recommendations, by product."""
    shown = list(products)
    ratings = uow.reviews.ratings(product.id for product in shown)
    return [_tile(visit, p, ratings[p.id], refs.get(p.id)) for p in shown]


def _tile(visit: Visit, product: Product, rating: Rating, ref: str | None) -> Tile:
    cheapest = min(product.variants, key=lambda v: (v.stock == 0, v.price))
    pieces = sum(variant.stock for variant in product.variants)
    return Tile(
        id=product.id,
        url=views.product_url(product.id, ref),
        picture=picture_url(product),
        name=product.name[visit.language],
        brand=product.brand or "",
        summary=product.summary[visit.language] if product.summary else "",
        price=views.price_text(product),
        list_price=list_price(cheapest),
        badge=_badge(visit, product, cheapest),
        stock=stock(visit, pieces) if pieces <= views.LOW_STOCK else "",
        available=pieces > 0,
        stars=stars(rating),
    )


def stars(rating: Rating) -> Stars | None:
    if rating.average is None:
        return None
    return Stars(f"{rating.average:.1f}", rating.count, round(rating.average / _STAR * 100, 1))


def stock(visit: Visit, pieces: int) -> str:
    if pieces == 0:
        return visit.phrase("stock.none_short")
    if pieces <= views.LOW_STOCK:
        return visit.phrase("stock.few_short", pieces=pieces)
    return visit.phrase("stock.some_short")


def list_price(variant: Variant) -> str:
    """The price before a reduction, or empty."""
    return formats.money(variant.list_price, variant.currency) if variant.list_price else ""


def _badge(visit: Visit, product: Product, cheapest: Variant) -> str:
    if cheapest.list_price:
        off = 1 - cheapest.price / cheapest.list_price
        return f"−{off.quantize(Decimal('0.01')):.0%}"
    return visit.word("product.bestseller") if "bestseller" in product.tags else ""


def picture_url(product: Product, variant: Variant | None = None) -> str:
    """In the colour of the variant, where it has one."""
    colour = variant.options.get("color", {}).get("en") if variant else None
    return f"/pictures/{product.id}.svg" + (f"?colour={colour.replace(' ', '+')}" if colour else "")
