"""What customers bought, for what they will need. Only of those who let their history be used."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, tzinfo

import numpy as np
from sqlalchemy import select

from data.demand.panel import Floats, Ints
from data.demand.rhythm import Bought
from data.models import Customer, Order
from data.repositories import KEPT
from data.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Buyers:
    """A customer each: see lifetimes.py; times are days. `mean` is of the repeated orders' goods,
    in the shop's currency; 0 without any."""

    customers: Ints
    repeats: Floats
    last: Floats
    age: Floats
    mean: Floats


def bought(uow: UnitOfWork, zone: tzinfo) -> list[Bought]:
    """Purchases that were kept, oldest first, by the shop's days."""
    return [
        Bought(each.customer_id, each.product_id, each.placed_at.astimezone(zone).date())
        for each in uow.orders.purchases()
    ]


def buyers(uow: UnitOfWork, zone: tzinfo, today: date, currency: str) -> Buyers:
    """Orders of one day are one purchase."""
    rows = uow.session.execute(
        select(Order.customer_id, Order.placed_at, Order.subtotal)
        .join(Customer, Customer.id == Order.customer_id)
        .where(Order.status.in_(KEPT), Order.currency == currency, Customer.personalised)
        .order_by(Order.placed_at)
    )
    spent: dict[int, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    for customer, at, amount in rows:
        spent[customer][at.astimezone(zone).date()] += float(amount)
    found = []
    for customer in sorted(spent):
        days = sorted(spent[customer])
        again = [spent[customer][day] for day in days[1:]]
        found.append(
            (
                customer,
                len(again),
                (days[-1] - days[0]).days,
                max((today - days[0]).days, 1),
                float(np.mean(again)) if again else 0.0,
            )
        )
    table = np.array(found, float).reshape(-1, 5)
    return Buyers(table[:, 0].astype(np.int64), *table[:, 1:].T)
