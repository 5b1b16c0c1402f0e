"""What a page tells of its visitor: views, searches, carts, ratings, and what was clicked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import assert_never

from bot.dialogue import impressions
from bot.gateway.shapes import (
    Clicked,
    EventsTaken,
    Looked,
    PageEvent,
    Rated,
    RefusedEvent,
    Searched,
)
from bot.runtime.clean import clean
from bot.runtime.metrics import EVENTS
from data import access
from data.capabilities import Capability
from data.models import BehaviourEvent, Customer, EventKind
from data.unit_of_work import UnitOfWork

# Of one conversation of somebody who is not known: more than a long day of looking around, so that
# who means to fill the disk needs a conversation, which is limited too, for each so many rows.
MOST_OF_A_VISITOR = 1000


class _Refused(Exception):
    """One event cannot be kept; the others can."""


def take(
    uow: UnitOfWork, session_id: str, events: Sequence[PageEvent], now: datetime
) -> EventsTaken | None:
    """Keep the events of a session, each once, and commit; None for a session that is over.

    Of a customer who does not want their history used only what they are not interested in is
    kept, and that a recommendation was clicked, without whose click it was.
    """
    if access.live_session(uow, session_id) is None:
        return None
    customer = access.customer_of_session(uow, session_id, Capability.OWN_TERMS)
    rows: list[BehaviourEvent] = []
    refused: list[RefusedEvent] = []
    ignored = 0
    products = {event.product_id for event in events if isinstance(event, Looked | Rated)}
    known = {product.id for product in uow.products.get_many(products)}
    for event in events:
        try:
            row = _row(uow, session_id, customer, event, known, now)
        except _Refused as reason:
            refused.append(RefusedEvent(event_id=event.event_id, reason=str(reason)))
            continue
        wish = row.kind in (EventKind.DISLIKE, EventKind.CLICK)
        if customer is not None and not customer.personalised and not wish:
            ignored += 1
        else:
            rows.append(row)
    if customer is None:
        room = max(0, MOST_OF_A_VISITOR - uow.behaviour.count_of(session_id))
        ignored += len(rows[room:])
        rows = rows[:room]
    stored = len(uow.behaviour.record(rows))
    uow.commit()
    taken = EventsTaken(
        stored=stored, repeated=len(rows) - stored, ignored=ignored, refused=refused
    )
    for outcome, count in (
        ("stored", stored),
        ("repeated", taken.repeated),
        ("ignored", ignored),
        ("refused", len(refused)),
    ):
        EVENTS.labels(outcome=outcome).inc(count)
    return taken


def _row(
    uow: UnitOfWork,
    session_id: str,
    customer: Customer | None,
    event: PageEvent,
    products: set[str],
    now: datetime,
) -> BehaviourEvent:
    at = now - timedelta(seconds=event.age_s)
    product_id: str | None = None
    query: str | None = None
    value: Decimal | None = None
    impression_id: int | None = None
    match event:
        case Clicked():
            shown = uow.impressions.by_ref(event.ref)
            if shown is None:
                raise _Refused("unknown_ref")
            return impressions.click(shown, at)
        case Searched():
            query = clean(event.query)[:200]
            if not query:
                raise _Refused("empty_query")
        case Rated():
            product_id, value = event.product_id, Decimal(event.stars)
        case Looked():
            product_id, value = event.product_id, Decimal(event.pieces) if event.pieces else None
            shown = uow.impressions.by_ref(event.ref) if event.ref else None
            impression_id = shown.id if shown and shown.product_id == product_id else None
        case _:
            assert_never(event)
    if product_id is not None and product_id not in products:
        raise _Refused("unknown_product")
    return BehaviourEvent(
        origin=session_id,
        event_id=event.event_id,
        customer_id=customer.id if customer else None,
        session_id=session_id,
        kind=EventKind(event.kind),
        product_id=product_id,
        query=query,
        value=value,
        impression_id=impression_id,
        at=at,
    )
