"""What a recommendation may know of whom it is for, and what it must leave out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from data.models import Customer, Product
from data.profile import profile_of
from data.repositories import Purchase
from data.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Taste:
    """`purchases`: none of a visitor, and none of a customer who does not want them used.
    `unwanted`: what they are not interested in, what they say is not their kind of thing, and what
    is sold out in their size."""

    customer: Customer | None
    purchases: tuple[Purchase, ...]
    unwanted: frozenset[str]

    @property
    def owned(self) -> frozenset[str]:
        return frozenset(purchase.product_id for purchase in self.purchases)

    @property
    def personal(self) -> bool:
        """Whether this customer's history may be used."""
        return self.customer is not None and self.customer.personalised


def taste_of(
    uow: UnitOfWork,
    customer: Customer | None,
    session_id: str | None,
    catalogue: Mapping[str, Product],
    now: datetime,
) -> Taste:
    """As it stands now: a dislike or a switch counts from the next recommendation on. What a
    customer is not interested in stays out also when their history is not used: it is a wish."""
    disliked = uow.behaviour.disliked(customer.id if customer else None, session_id)
    if customer is None or not customer.personalised:
        return Taste(customer, (), disliked)
    profile = profile_of(uow, customer, catalogue, now)
    not_theirs = {
        product.id
        for product in catalogue.values()
        if ("category", product.category_id) in profile.denied
        or ("brand", product.brand) in profile.denied
    }
    too_late = uow.products.sold_out({line.subject: line.value for line in profile.of("size")})
    return Taste(
        customer, tuple(uow.orders.purchases(customer.id)), disliked | not_theirs | too_late
    )
