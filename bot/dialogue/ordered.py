"""Which of the customer's orders a request is about, by the goods that it names."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.dialogue import references
from bot.dialogue.turn import Turn
from bot.understanding import options, spans
from data.models import Order, OrderLine


def goods(turn: Turn) -> set[str]:
    """Ids of the products that the request may name."""
    said = [*turn.request.said("product"), *turn.request.said("goods")]
    found = {*references.named_products(turn)} if said else set()
    for words in said if not found else ():
        found |= turn.services.products.sold_as(words)
    return found


def holding(turn: Turn, placed: Sequence[Order]) -> tuple[str, list[Order]]:
    """Those of the orders that hold what the request names ("where is my tent", 蓝色的外套), by
    product, kind and option, with the words for it; all, and no words, where it names nothing."""
    words, meant = spans.goods(turn.request), _meant(turn)
    held = [order for order in placed if _lines(turn, order, meant)]
    if held or words:
        return words, held
    return "", list(placed)


def lines_meant(turn: Turn, order: Order) -> list[OrderLine]:
    """Those of the lines of an order that the request names."""
    return _lines(turn, order, _meant(turn))


def comes_so(turn: Turn, line: OrderLine, words: str) -> bool:
    """Whether a line is of the version that the words are for, as far as its product has any."""
    product = turn.services.catalogue.get(line.variant.product_id)
    if product is None or not words:
        return True
    named = options.named(words, product.variants)
    return line.variant.sku in {variant.sku for variant in named.of(product.variants)}


def _meant(turn: Turn) -> Collection[str]:
    """Ids of the products that may be meant by what the request names, marked in it or not."""
    products = turn.services.products
    return goods(turn) or products.of_kind(turn.text) or references.named_products(turn)


def _lines(turn: Turn, order: Order, meant: Collection[str]) -> list[OrderLine]:
    words = " ".join(turn.request.said("option"))
    lines = [line for line in order.lines if line.variant.product_id in meant]
    return [line for line in lines if comes_so(turn, line, words)]
