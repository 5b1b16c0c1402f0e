"""What somebody asks the assistant about, kept as an interest: the product or the kind of thing,
never the words."""

from __future__ import annotations

from bot.dialogue import impressions
from bot.dialogue.turn import Turn
from data.capabilities import Capability
from data.models import EventKind, Product


def asked_about(turn: Turn, product: Product) -> None:
    _keep(turn, EventKind.VIEW, product_id=product.id)


def looked_for(turn: Turn, category_id: str | None) -> None:
    of_kind = (p for p in turn.services.catalogue.values() if p.category_id == category_id)
    if (product := next(of_kind, None)) is not None:
        _keep(turn, EventKind.SEARCH, query=product.category.name[turn.language])


def _keep(
    turn: Turn, kind: EventKind, *, product_id: str | None = None, query: str | None = None
) -> None:
    with turn.services.unit_of_work() as uow:
        customer = turn.customer(uow, Capability.OWN_TERMS)
    impressions.note(
        turn.services,
        kind,
        f"{kind.value}:{turn.turn_id}"[:64],
        origin=turn.session_id,
        customer=customer,
        session_id=turn.session_id,
        product_id=product_id,
        query=query,
    )
