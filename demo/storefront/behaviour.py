"""What signed-in customers look at, search for and put into the cart. Of a visitor the pages keep
nothing: there is no cookie to know them by."""

from __future__ import annotations

from bot.dialogue import impressions
from data.models import EventKind
from demo.storefront.visit import Visit


def viewed(visit: Visit, product_id: str) -> None:
    """One view a day; and by a recommendation's link, that it was followed."""
    if ref := visit.request.query_params.get("ref"):
        impressions.followed(visit.services, ref, product_id)
    _note(visit, EventKind.VIEW, product_id, product_id=product_id)


def searched(visit: Visit, query: str) -> None:
    _note(visit, EventKind.SEARCH, query.lower(), query=query)


def added(visit: Visit, product_id: str) -> None:
    _note(visit, EventKind.CART, product_id, product_id=product_id)


def _note(
    visit: Visit,
    kind: EventKind,
    what: str,
    *,
    product_id: str | None = None,
    query: str | None = None,
) -> None:
    if visit.customer is None:
        return
    with visit.services.unit_of_work() as uow:
        customer = uow.customers.by_email(visit.customer.email)
    if customer is not None:
        impressions.note(
            visit.services,
            kind,
            f"{customer.id}:{visit.today:%y%m%d}:{what}"[:64],
            origin=f"site:{kind.value}",
            customer=customer,
            product_id=product_id,
            query=query,
        )
