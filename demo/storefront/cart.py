"""The cart, kept in a signed cookie. Nothing can be paid: the shop is a demo."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.wording import formats, views
from data.models import Product, Variant
from data.rules import totals
from demo.storefront import behaviour
from demo.storefront.cookies import MOST_LINES, MOST_PIECES
from demo.storefront.tiles import picture_url
from demo.storefront.visit import Visit, back_to, form


@dataclass(frozen=True)
class CartLine:
    """`choices`: the SKUs of the same product that can be had, with their options."""

    sku: str
    name: str
    url: str
    picture: str
    options: str
    pieces: int
    stock: int
    price: str
    amount: str
    choices: list[tuple[str, str]]


def show(request: Request) -> Response:
    visit = Visit(request)
    with visit.services.unit_of_work() as uow:
        found = [(uow.products.variant(sku), pieces) for sku, pieces in visit.cart.items()]
        # What the shop no longer sells has left the cart too.
        items = [(variant, pieces) for variant, pieces in found if variant is not None]
        lines = [_line(visit, variant, pieces) for variant, pieces in items]
    return visit.page(
        "cart.html",
        lines=lines,
        total=totals.cart(visit.rules, items, visit.tier),
        most=MOST_PIECES,
    )


def _line(visit: Visit, variant: Variant, pieces: int) -> CartLine:
    product = variant.product
    return CartLine(
        sku=variant.sku,
        name=product.name[visit.language],
        url=f"{views.product_url(product.id)}?{urlencode({'sku': variant.sku})}",
        picture=picture_url(product, variant),
        options=_options(visit, variant),
        pieces=pieces,
        stock=variant.stock,
        price=formats.money(variant.price, variant.currency),
        amount=formats.money(variant.price * pieces, variant.currency),
        choices=[
            (other.sku, _options(visit, other))
            for other in product.variants
            if other.stock > 0 or other is variant
        ],
    )


def _options(visit: Visit, variant: Variant) -> str:
    return " / ".join(value[visit.language] for value in variant.options.values())


async def add(request: Request) -> Response:
    """Fields: `product` with the options chosen, or `sku`; `pieces`. A page's script, which asks
    for JSON, is told what was added; a form is led to the cart."""
    fields = await form(request)
    visit = Visit(request)
    variant = await run_in_threadpool(_wanted, visit, fields)
    if variant is None:
        raise HTTPException(404)
    pieces = min(_pieces(fields.get("pieces", "1")) or 1, MOST_PIECES)
    short = variant.stock == 0
    cart = dict(visit.cart)
    if not short and (variant.sku in cart or len(cart) < MOST_LINES):
        cart[variant.sku] = min(cart.get(variant.sku, 0) + pieces, MOST_PIECES)
        await run_in_threadpool(behaviour.added, visit, variant.product_id)
    name = variant.product.name[visit.language]
    options = _options(visit, variant)
    label = name + (formats.bracketed(options, visit.language) if options else "")
    response: Response
    if "application/json" in request.headers.get("accept", ""):
        told = visit.word("cart.sold_out" if short else "cart.added", name=label)
        response = JSONResponse({"added": not short, "message": told, "count": sum(cart.values())})
    else:
        sku = urlencode({"sku": variant.sku})
        url = f"{views.product_url(variant.product_id)}?{sku}"
        response = back_to(url if short else "/cart")
    visit.shop.cookies.keep_cart(request, response, cart)
    return response


def _wanted(visit: Visit, fields: dict[str, str]) -> Variant | None:
    """The variant with the options that the form chose; without any, the one whose price cards
    show: the cheapest that can be bought."""
    with visit.services.unit_of_work() as uow:
        if "sku" in fields:
            return uow.products.variant(fields["sku"])
        product = uow.products.get(fields.get("product", ""))
        fitting = _fitting(product, fields) if product else None
        return uow.products.variant(fitting.sku) if fitting else None


def _fitting(product: Product, fields: dict[str, str]) -> Variant | None:
    def fits(variant: Variant) -> bool:
        return all(
            fields.get(f"option-{key}", value["en"]) == value["en"]
            for key, value in variant.options.items()
        )

    fitting = [variant for variant in product.variants if fits(variant)]
    return min(fitting, key=lambda v: (v.stock == 0, v.price), default=None)


async def change(request: Request) -> Response:
    """Fields: `sku`, the `pieces` wanted now (0 takes it out), and `into`, another SKU instead."""
    fields = await form(request)
    visit = Visit(request)
    sku, into = fields.get("sku", ""), fields.get("into", fields.get("sku", ""))
    pieces = min(_pieces(fields.get("pieces", "0")), MOST_PIECES)
    cart: dict[str, int] = {}
    for held, count in visit.cart.items():
        if held != sku:
            cart[held] = min(cart.get(held, 0) + count, MOST_PIECES)
        elif pieces:
            known = into == sku or await run_in_threadpool(_is_sold, visit, into)
            kept = into if known else sku
            cart[kept] = min(cart.get(kept, 0) + pieces, MOST_PIECES)
    response = back_to("/cart")
    visit.shop.cookies.keep_cart(request, response, cart)
    return response


def _is_sold(visit: Visit, sku: str) -> bool:
    with visit.services.unit_of_work() as uow:
        return uow.products.variant(sku) is not None


def _pieces(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
