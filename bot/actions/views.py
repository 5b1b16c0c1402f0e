"""Products, orders and citations as the customer sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from bot import formats
from bot.actions.skill import Turn
from bot.messages import Button, CitationView, OrderCard, OrderStep, ProductCard
from data.models import Order, OrderLine, OrderStatus, Product, TrackingEvent, Variant
from llm.types import Citation

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
    turn: Turn, product: Product, reason: str | None = None, ref: str | None = None
) -> ProductCard:
    """`product` with variants as they stand in the database now. `ref` tells, when the page is
    opened, which recommendation led there."""
    cheapest = min(product.variants, key=lambda v: (v.stock == 0, v.price))
    return ProductCard(
        product_id=product.id,
        title=product.name[turn.language],
        summary=product.summary[turn.language],
        price=cheapest.price,
        list_price=cheapest.list_price,
        currency=cheapest.currency,
        in_stock=in_stock(product),
        stock_text=stock_text(turn, product.variants),
        reason=reason,
        url=product_url(product.id, ref),
        image=f"/pictures/{product.id}.svg",
    )


def product_url(product_id: str, ref: str | None = None) -> str:
    return f"/products/{product_id}" + (f"?ref={ref}" if ref else "")


def in_stock(product: Product) -> bool:
    return any(variant.stock > 0 for variant in product.variants)


def stock_text(turn: Turn, variants: Sequence[Variant]) -> str:
    pieces = sum(variant.stock for variant in variants)
    if pieces == 0:
        return turn.phrase("stock.none_short")
    if pieces <= LOW_STOCK:
        return turn.phrase("stock.few_short", pieces=pieces)
    return turn.phrase("stock.some_short")


def price_text(product: Product) -> str:
    """¥899, or ¥159–199 where variants differ."""
    prices = sorted({variant.price for variant in product.variants})
    currency = product.variants[0].currency
    if len(prices) == 1:
        return formats.money(prices[0], currency)
    highest = formats.money(prices[-1], currency).lstrip("¥$€£")
    return f"{formats.money(prices[0], currency)}–{highest}"


def options_text(turn: Turn, variant: Variant) -> str:
    """松绿 / 42 码; "" for a product of one kind."""
    return " / ".join(value[turn.language] for value in variant.options.values())


def line_text(turn: Turn, line: OrderLine) -> str:
    """岭线双人三季帐（松绿） × 2."""
    options = options_text(turn, line.variant)
    name = turn.name_of(line.variant.product)
    count = f" × {line.quantity}" if line.quantity > 1 else ""
    return name + (formats.bracketed(options, turn.language) if options else "") + count


def order_card(turn: Turn, order: Order, *, with_events: bool = True) -> OrderCard:
    shipment = order.shipments[-1] if order.shipments else None
    events = [
        f"{_minute(turn, event.at)} {event_text(turn, event)}"
        for event in reversed(shipment.events if shipment else [])
    ]
    return OrderCard(
        number=order.number,
        status=order.status.value,
        status_text=turn.phrase(f"status.{order.status.value}"),
        placed_on=local_day(turn, order),
        items=[line_text(turn, line) for line in order.lines],
        total=order.total,
        currency=order.currency,
        tracking=f"{shipment.carrier[turn.language]} {shipment.tracking_number}"
        if shipment
        else None,
        events=events[:5] if with_events else [],
        steps=order_steps(turn, order),
    )


def order_steps(turn: Turn, order: Order) -> list[OrderStep]:
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
                title=turn.phrase(f"step.{step.value}"),
                at=_minute(turn, moment) if moment else None,
                state="done" if over else "current" if position == reached else "todo",
            )
        )
    return steps


def _minute(turn: Turn, moment: datetime) -> str:
    return f"{turn.services.rules.local(moment):%m-%d %H:%M}"


def event_text(turn: Turn, event: TrackingEvent) -> str:
    """杭州转运中心：快件已发往成都转运中心。"""
    colon = "：" if turn.language == "zh" else ": "
    return f"{event.place[turn.language]}{colon}{event.text[turn.language]}"


def local_day(turn: Turn, order: Order) -> str:
    placed = turn.services.rules.today(order.placed_at)
    return formats.short_day(placed, turn.language, today=turn.today)


def delivered_on(turn: Turn, order: Order) -> date | None:
    """The day on which the last parcel of the order arrived."""
    arrived = [shipment.delivered_at for shipment in order.shipments if shipment.delivered_at]
    return turn.services.rules.today(max(arrived)) if arrived else None


def citation_view(citation: Citation) -> CitationView:
    return CitationView(
        number=citation.number,
        title=citation.title,
        source=citation.source,
        quote=citation.quote,
        url=citation.url,
    )


def say_with_sources(
    turn: Turn, text: str, *documents: str, buttons: Sequence[Button] = ()
) -> None:
    """Say a decision with the sentence of each help page that is nearest to it: "… [1]".
    Pages that the shop does not have are passed over."""
    cite = turn.services.sources.cite
    found = [view for document in documents if (view := cite(text, document, turn.language))]
    citations = [view.model_copy(update={"number": n}) for n, view in enumerate(found, start=1)]
    marks = "".join(f"[{citation.number}]" for citation in citations)
    gap = " " if marks and turn.language == "en" else ""
    turn.say(text + gap + marks, citations=citations, buttons=buttons)


def cheapest_price(product: Product) -> Decimal:
    """Of the variants that can be bought now, else of all."""
    bought = [v.price for v in product.variants if v.stock > 0]
    return min(bought or [v.price for v in product.variants])
