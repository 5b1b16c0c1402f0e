"""One fitting product, offered unasked: rarely, with an honest reason, never after a no."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import structlog

from bot.dialogue import impressions
from bot.dialogue.turn import Turn
from bot.understanding.plain_words import upset
from bot.wording import views
from bot.wording.reasons import reason
from data.models import Customer, Product
from retrieval.recommend import Recommendation

log = structlog.get_logger("action")

_EVERY_TURNS = 5  # at most one offer in so many customer turns
_STRONG = 5  # people who bought both; fewer is no fit worth mentioning
_LOOKED_AT = 3  # companions among which the first that fits is offered
_ALIKE = 0.5  # likeness from which one product can take another's place
_DEARER = Decimal("1.4")  # how many times its price the substitute may cost
_HEARD_TURNS = 4  # how long trouble is remembered
_TROUBLES = frozenset({"complaint", "problem", "cancel_order"})


def goes_with(turn: Turn, *product_ids: str) -> None:
    """Add a message with one companion of the first product that has one, when it is time."""
    _when_it_is_time(turn, lambda: any(_companion(turn, i) for i in product_ids))


def instead_of(turn: Turn, product_id: str) -> None:
    """The same for a product that is to go back: one that can take its place."""
    _when_it_is_time(turn, lambda: _substitute(turn, product_id))


def _when_it_is_time(turn: Turn, offer: Callable[[], object]) -> None:
    """An answer never fails because of what might have been offered with it."""
    # Beside other answers it would stand in the way.
    if not turn.services.offers or not turn.alone or not _is_time(turn) or _complains(turn):
        return
    try:
        offer()
    except Exception as error:
        log.exception("nothing could be offered", error=type(error).__name__)


def _companion(turn: Turn, product_id: str) -> bool:
    """Whether there was one."""
    services = turn.services
    with services.unit_of_work() as uow:
        taste = turn.taste(uow)
        if taste.customer is not None and not taste.customer.personalised:
            return False
        companions = services.recommender.goes_with(
            product_id,
            exclude=taste.owned | taste.unwanted,
            allowed=uow.products.matching(in_stock=True),
            now=services.clock(),
            k=_LOOKED_AT,
        )
        asked = uow.products.get(product_id)
        products = {p.id: p for p in uow.products.get_many(c.product_id for c in companions)}
    for companion in companions:
        product = products.get(companion.product_id)
        if not product or not asked or product.min_age is not None or not _fits(companion):
            continue
        # A small thing beside a large one is a service; the other way round it is a sales pitch.
        if views.cheapest_price(product) <= views.cheapest_price(asked):
            _say(turn, taste.customer, companion, product, "offer.one", asked)
            return True
    return False


def _substitute(turn: Turn, product_id: str) -> None:
    services = turn.services
    with services.unit_of_work() as uow:
        taste = turn.taste(uow)
        asked = uow.products.get(product_id)
        if asked is None:
            return
        alike = services.recommender.similar_to(
            product_id,
            exclude=taste.owned | taste.unwanted,
            allowed=uow.products.matching(
                in_stock=True, max_price=views.cheapest_price(asked) * _DEARER
            ),
            k=1,
        )
        if not alike or alike[0].score < _ALIKE:
            return
        product = uow.products.get(alike[0].product_id)
    if product and product.min_age is None:
        _say(turn, taste.customer, alike[0], product, "offer.instead", asked)


def _say(
    turn: Turn,
    customer: Customer | None,
    found: Recommendation,
    product: Product,
    key: str,
    asked: Product,
) -> None:
    why = reason(turn, turn.services.catalogue, found)
    refs = impressions.keep(
        turn.services,
        [(product.id, found.kind)],
        surface="offer",
        customer=customer,
        session_id=turn.session_id,
    )
    turn.note(offer=product.id, expects="offer", reasons={product.id: why})
    turn.say(
        turn.phrase(key, name=turn.name_of(asked)),
        cards=[views.product_card(turn, product, why, refs.get(product.id))],
    )


def _complains(turn: Turn) -> bool:
    """Whoever is angry, or has something that is not right, gets help, not goods."""
    return any(
        upset(reading) or any(request.act in _TROUBLES for request in reading.requests)
        for reading in turn.read_lately(_HEARD_TURNS)
    )


def _is_time(turn: Turn) -> bool:
    for turns_ago, notes in turn.earlier():
        if notes.declined:
            return False
        if notes.offer and turns_ago < _EVERY_TURNS:
            return False
    return True


def _fits(companion: Recommendation) -> bool:
    return companion.kind == "co_purchase" and companion.count >= _STRONG
