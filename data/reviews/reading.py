"""What customers wrote and rated, out of the shop's database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select

from data.models import ChatMessage, ChatSession, Order, OrderLine, OrderStatus, Review, Variant
from data.unit_of_work import UnitOfWork

Source = Literal["review", "chat"]
_END = re.compile(r"[。！？!?\n]+|\.(?=\s|$)")
# Who has sent it back had it.
_NEVER_HAD = (OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Opinion:
    """A review, or a customer's line in the chat, which has no product and no stars. `writer`: a
    customer's id, or None. `bought`: whether the shop's orders know that they had it; None where
    the writer is not known."""

    source: Source
    id: int
    text: str
    at: datetime
    product: str | None = None
    sku: str | None = None
    writer: int | None = None
    stars: int | None = None
    bought: bool | None = None


def sentence_of(text: str, start: int, end: int, longest: int = 120) -> str:
    """The sentence in which these characters stand, cut around them where it is longer."""
    begins = [mark.end() for mark in _END.finditer(text, 0, start)]
    mark = _END.search(text, end)
    first, last = begins[-1] if begins else 0, mark.end() if mark else len(text)
    if last - first > longest:
        first = max(first, start - longest // 2)
        last = min(last, first + longest)
    return text[first:last].strip()


def reviews(uow: UnitOfWork) -> list[Opinion]:
    """Oldest first."""
    session = uow.session
    bought = {
        (customer, product): placed
        for customer, product, placed in session.execute(
            select(Order.customer_id, Variant.product_id, Order.placed_at)
            .join(OrderLine, OrderLine.order_number == Order.number)
            .join(Variant, Variant.sku == OrderLine.sku)
            .where(Order.status.not_in(_NEVER_HAD))
            .order_by(Order.placed_at.desc())  # the first purchase stays
        )
    }
    columns = (
        Review.id, Review.text, Review.created_at, Review.product_id, Review.sku,
        Review.customer_id, Review.rating,
    )  # fmt: skip
    found = []
    for row in session.execute(select(*columns).order_by(Review.created_at, Review.id)):
        number, text, at, product, sku, writer, stars = row
        had = None
        if writer is not None:
            since = bought.get((writer, product))
            had = since is not None and since <= at
        found.append(Opinion("review", number, text, at, product, sku, writer, stars, had))
    return found


def chat(uow: UnitOfWork) -> list[Opinion]:
    """What customers wrote to the assistant and to agents, oldest first."""
    query = (
        select(ChatMessage.id, ChatMessage.body, ChatMessage.created_at, ChatSession.customer_id)
        .join(ChatSession, ChatSession.id == ChatMessage.session_id)
        .where(ChatMessage.sender == "customer")
        .order_by(ChatMessage.created_at, ChatMessage.id)
    )
    return [
        Opinion("chat", number, str(body.get("text") or ""), at, writer=customer)
        for number, body, at, customer in uow.session.execute(query)
    ]
