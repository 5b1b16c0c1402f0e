"""What a card holds as names and values, for where it cannot be drawn: a terminal, a platform's
message."""

from __future__ import annotations

from collections.abc import Iterator

from bot.messages import OrderCard, ProductCard
from bot.wording import formats
from bot.wording.formats import money

_WORDS = {
    "product": ("商品", "Product"),
    "price": ("价格", "Price"),
    "stock": ("库存", "Stock"),
    "reason": ("推荐理由", "Why"),
    "order": ("订单", "Order"),
    "status": ("状态", "Status"),
    "placed": ("下单日期", "Placed"),
    "items": ("商品", "Items"),
    "total": ("合计", "Total"),
    "tracking": ("物流", "Tracking"),
    "events": ("最新动态", "Latest"),
    "was": ("原价", "was"),
}


def word(key: str, language: str) -> str:
    return _WORDS[key][0 if language == "zh" else 1]


def product_facts(card: ProductCard, language: str) -> Iterator[str]:
    """Price, stock, and why it is shown."""
    price = money(card.price, card.currency)
    if card.list_price is not None:
        before = [word("was", language), money(card.list_price, card.currency)]
        price += formats.bracketed(formats.together(before, language), language)
    yield price
    yield card.stock_text
    if card.reason:
        yield card.reason


def order_facts(card: OrderCard, language: str) -> Iterator[tuple[str, str]]:
    """Names and values, one a line; the latest three events."""
    yield word("order", language), card.number
    yield word("status", language), card.status_text
    yield word("placed", language), card.placed_on
    yield word("items", language), formats.clauses(card.items, language)
    yield word("total", language), money(card.total, card.currency)
    if card.tracking:
        yield word("tracking", language), card.tracking
    for event in card.events[:3]:
        yield word("events", language), event
