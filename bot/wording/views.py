"""Products, orders and citations as the customer sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from bot.messages import (
    MOST_VARIANTS,
    CitationView,
    OrderCard,
    OrderStep,
    ProductCard,
    ProductVariant,
)
from bot.wording import formats
from bot.wording.voice import Voice
from data.models import Order, OrderLine, OrderStatus, Product, TrackingEvent, Variant
from data.rules import ShopRules
from llm.types import Citation

# Options that catalogues of many trades have, by the keys that shops give them.
_OPTIONS = {
    "color": "color",
    "colour": "color",
    "size": "size",
    "volume": "volume",
    "capacity": "volume",
    "pack": "pack",
    "flavour": "flavour",
    "flavor": "flavour",
    "material": "material",
    "style": "style",
    "length": "length",
    "width": "width",
    "weight": "weight",
}

LOW_STOCK = 3  # pieces; up to so many, the number itself is told

# The ways that an order can take; the first one that holds its state is the one it is on. An order
# that came and goes back shows the way back.
_OUT = (
    OrderStatus.PENDING_PAYMENT,
    OrderStatus.PAID,
    OrderStatus.PACKED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
)
_CALLED_OFF = (OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED)
_BACK = (
    OrderStatus.PENDING_PAYMENT,
    OrderStatus.DELIVERED,
    OrderStatus.RETURN_REQUESTED,
    OrderStatus.RETURNED,
    OrderStatus.REFUNDED,
)
_WAYS = (_OUT, _CALLED_OFF, _BACK)


def product_card(
    voice: Voice,
    product: Product,
    reason: str | None = None,
    ref: str | None = None,
    variants: Sequence[Variant] = (),
) -> ProductCard:
    """`product` with variants as they stand in the database now; `variants` are those of them that
    are meant, whose price and stock it shows: all by default. `ref` tells, when the page is opened,
    which recommendation led there."""
    meant = variants or product.variants
    cheapest = cheapest_of(meant)
    rules = voice.rules
    return ProductCard(
        product_id=product.id,
        title=product.name[voice.language],
        summary=product.summary[voice.language] if product.summary else "",
        price=cheapest.price,
        list_price=cheapest.list_price,
        currency=cheapest.currency,
        in_stock=any(variant.stock > 0 for variant in meant),
        stock_text=stock_text(voice, meant),
        reason=reason,
        url=page_url(rules, product, ref),
        image=picture_url(rules, product),
        variants=_choices(voice, meant),
        variant_id=meant[0].sku if len(meant) == 1 else None,
        from_price=len({variant.price for variant in meant}) > 1,
    )


def _choices(voice: Voice, variants: Sequence[Variant]) -> list[ProductVariant]:
    """What can be chosen of a product; nothing where there is one kind alone."""
    if len(variants) == 1:
        return []
    return [
        ProductVariant(
            variant_id=variant.sku,
            options={
                option_name(voice, key): value[voice.language]
                for key, value in variant.options.items()
            },
            price=variant.price,
            list_price=variant.list_price,
            available=variant.stock > 0,
        )
        for variant in variants[:MOST_VARIANTS]
    ]


def option_name(voice: Voice, key: str) -> str:
    """What an option is called, whose key is the catalogue's: "color" → "Colour", 颜色. One that
    no phrase is for is called as the catalogue calls it."""
    known = _OPTIONS.get(key.lower())
    return voice.phrase(f"option.{known}") if known else key[:1].upper() + key[1:]


def page_url(rules: ShopRules, product: Product, ref: str | None = None) -> str:
    """Where the shop shows the product: at the product's own address, else where the shop says
    that its products stand, else in the demo's storefront."""
    own = product.page_url or _by_pattern(rules, "product", product.id)
    return _with_query(own, ref) if own else product_url(product.id, ref)


def picture_url(rules: ShopRules, product: Product) -> str | None:
    """The product's own picture, else where the shop says that its pictures stand; None where it
    has none."""
    return product.picture_url or _by_pattern(rules, "picture", product.id) or None


def _by_pattern(rules: ShopRules, kind: Literal["product", "picture"], product_id: str) -> str:
    pattern = rules.shop.pages.product if kind == "product" else rules.shop.pages.picture
    return pattern.replace("{id}", quote(product_id)) if pattern else ""


def _with_query(url: str, ref: str | None) -> str:
    if ref is None:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode({"ref": ref}))))
    return urlunsplit(parts._replace(query=query))


def product_url(product_id: str, ref: str | None = None) -> str:
    """In the demo's storefront."""
    return f"/products/{product_id}" + (f"?ref={ref}" if ref else "")


def cheapest_of(variants: Sequence[Variant]) -> Variant:
    """The cheapest that can be bought, else the cheapest."""
    return min(variants, key=lambda variant: (variant.stock == 0, variant.price))


def stock_text(voice: Voice, variants: Sequence[Variant]) -> str:
    pieces = sum(variant.stock for variant in variants)
    if pieces == 0:
        return voice.phrase("stock.none_short")
    if pieces <= LOW_STOCK:
        return voice.phrase("stock.few_short", pieces=pieces)
    return voice.phrase("stock.some_short")


def price_text(product: Product, language: str = "en") -> str:
    """¥899, or ¥159–199 where variants differ."""
    prices = [variant.price for variant in product.variants]
    currency = product.variants[0].currency
    return formats.prices(min(prices), max(prices), currency, language)


def options_text(voice: Voice, variant: Variant) -> str:
    """松绿 / 42 码; "" for a product of one kind."""
    return " / ".join(value[voice.language] for value in variant.options.values())


def line_text(voice: Voice, line: OrderLine) -> str:
    """亮灯（白色） × 2."""
    options = options_text(voice, line.variant)
    name = line.variant.product.name[voice.language]
    count = f" × {line.quantity}" if line.quantity > 1 else ""
    return name + (formats.bracketed(options, voice.language) if options else "") + count


def order_card(voice: Voice, order: Order, *, with_events: bool = True) -> OrderCard:
    shipment = order.shipments[-1] if order.shipments else None
    events = [
        f"{_minute(voice, event.at)} {event_text(voice, event)}"
        for event in reversed(shipment.events if shipment else [])
    ]
    return OrderCard(
        number=order.number,
        status=order.status.value,
        status_text=voice.phrase(f"status.{order.status.value}"),
        placed_on=local_day(voice, order),
        items=[line_text(voice, line) for line in order.lines],
        total=order.total,
        currency=order.currency,
        tracking=f"{shipment.carrier[voice.language]} {shipment.tracking_number}"
        if shipment
        else None,
        events=events[:5] if with_events else [],
        steps=order_steps(voice, order),
    )


def order_steps(voice: Voice, order: Order) -> list[OrderStep]:
    """The way of the order: what is behind it, where it is, what is to come."""
    status = order.status
    way = next(way for way in _WAYS if status in way)
    reached = way.index(status)
    moments = {
        OrderStatus.PENDING_PAYMENT: order.placed_at,
        OrderStatus.SHIPPED: order.shipments[0].shipped_at if order.shipments else None,
        OrderStatus.DELIVERED: max(
            (parcel.delivered_at for parcel in order.shipments if parcel.delivered_at),
            default=None,
        ),
    }
    steps = []
    for position, step in enumerate(way):
        over = position < reached or (position == reached == len(way) - 1)
        moment = moments.get(step) if position <= reached else None
        steps.append(
            OrderStep(
                title=voice.phrase(f"step.{step.value}"),
                at=_minute(voice, moment) if moment else None,
                state="done" if over else "current" if position == reached else "todo",
            )
        )
    return steps


def _minute(voice: Voice, moment: datetime) -> str:
    return f"{voice.rules.local(moment):%m-%d %H:%M}"


def event_text(voice: Voice, event: TrackingEvent) -> str:
    """杭州转运中心：快件已发往成都转运中心。"""
    colon = formats.colon(voice.language)
    return f"{event.place[voice.language]}{colon}{event.text[voice.language]}"


def local_day(voice: Voice, order: Order) -> str:
    placed = voice.rules.today(order.placed_at)
    return formats.short_day(placed, voice.language, today=voice.today)


def delivered_on(voice: Voice, order: Order) -> date | None:
    """The day on which the last parcel of the order arrived."""
    arrived = [shipment.delivered_at for shipment in order.shipments if shipment.delivered_at]
    return voice.rules.today(max(arrived)) if arrived else None


def citation_view(citation: Citation) -> CitationView:
    return CitationView(
        number=citation.number,
        title=citation.title,
        source=citation.source,
        quote=citation.quote,
        url=citation.url,
    )


def cheapest_price(product: Product) -> Decimal:
    """Of the variants that can be bought now, else of all."""
    return cheapest_of(product.variants).price
