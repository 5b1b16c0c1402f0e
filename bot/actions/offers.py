"""One fitting product, offered unasked: rarely, with an honest reason, never after a no."""

from __future__ import annotations

import structlog

from bot import impressions
from bot.actions import views
from bot.actions.reasons import reason
from bot.actions.skill import Turn
from retrieval.recommend import Recommendation

log = structlog.get_logger("action")

_EVERY_TURNS = 5  # at most one offer in so many customer turns
_STRONG = 5  # people who bought both; fewer is no fit worth mentioning


def offer(turn: Turn, *, goes_with: str) -> None:
    """Add a message with one companion of the product, when there is one and it is time. An
    answer never fails because of what might have been offered with it."""
    if not turn.services.offers or not _is_time(turn):
        return
    try:
        _offer(turn, goes_with)
    except Exception as error:
        log.exception("nothing could be offered", error=type(error).__name__)


def _offer(turn: Turn, goes_with: str) -> None:
    services = turn.services
    with services.unit_of_work() as uow:
        taste = turn.taste(uow)
        customer = taste.customer
        if customer is not None and not customer.personalised:
            return
        companions = services.recommender.goes_with(
            goes_with,
            exclude=taste.owned | taste.unwanted,
            allowed=uow.products.matching(in_stock=True),
            now=services.clock(),
            k=1,
        )
        if not companions or not _fits(companions[0]):
            return
        product = uow.products.get(companions[0].product_id)
        asked = uow.products.get(goes_with)
    if product is None or asked is None or product.min_age is not None:
        return
    # A small thing beside a large one is a service; the other way round it is a sales pitch.
    if views.cheapest_price(product) > views.cheapest_price(asked):
        return
    why = reason(turn, companions[0])
    refs = impressions.keep(
        services,
        [(product.id, companions[0].kind)],
        surface="offer",
        customer=customer,
        session_id=turn.session_id,
    )
    turn.notes |= {
        "offer": product.id,
        "expects": f"show:{product.id}",
        "reasons": {product.id: why},
    }
    turn.say(
        turn.phrase("offer.one", name=turn.name_of(services.catalogue[goes_with])),
        cards=[views.product_card(turn, product, why, refs.get(product.id))],
    )


def _is_time(turn: Turn) -> bool:
    for turns_ago, notes in turn.earlier():
        if notes.get("declined"):
            return False
        if "offer" in notes and turns_ago < _EVERY_TURNS:
            return False
    return True


def _fits(companion: Recommendation) -> bool:
    return companion.kind == "co_purchase" and companion.count >= _STRONG
