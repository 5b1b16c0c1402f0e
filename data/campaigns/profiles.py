"""What is known of each customer at one moment, as far as an audience may be chosen by it.

Only of customers whose history may be used, who did not refuse campaigns, and who can still be
somebody (an erased customer is nobody). What came after the moment is not looked at, so that a
campaign's members can be seen again as they were when they were chosen. Nothing of it is stored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

from sqlalchemy import or_, select

from data import consent
from data.models import BehaviourEvent, Customer, EventKind, Product, ProfileCorrection
from data.profile import named_categories
from data.repositories import Sale
from data.unit_of_work import UnitOfWork

_DAY = timedelta(days=1)
_YEAR = 365.25
_LATELY = timedelta(days=90)
# What an event says of an interest; the same weights as data/profile.py's.
_SAYS = {EventKind.CART: 0.5, EventKind.CLICK: 0.3, EventKind.SEARCH: 0.3, EventKind.VIEW: 0.2}
_INTERESTED = 0.4  # two views, or one thing put into the cart
_FIFTHS = 5
_FEWEST_GAPS = 2  # from three orders on a customer has a gap of their own
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

Value = Callable[[Sequence[Sale], timedelta], float]
"""What a customer is worth a year: of their sales, oldest first, and for how long they are known.
The place for a model of who will come again (BG/NBD and Gamma-Gamma)."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The fields of `data.campaigns.plan`, and `language` and `days_known`, by which reports tell
    groups apart. `recency`, `frequency` and `money` are fifths, 5 being the best; 0 without an
    order."""

    customer_id: int
    language: str
    tier: str | None
    days_known: float | None
    orders: int
    spent: float
    value: float
    days_since_order: float | None
    gap: float | None
    recency: int
    frequency: int
    money: int
    days_since_cart: float | None
    bought: Mapping[str, int]
    interests: Mapping[str, float]

    @property
    def lapse(self) -> float | None:
        """Of a customer who usually orders every 30 days, after 60 without an order: 2."""
        if self.gap is None or self.days_since_order is None:
            return None
        return self.days_since_order / self.gap

    def interested_in(self, kind: str) -> bool:
        return self.interests.get(kind, 0.0) >= _INTERESTED


def bought_so_far(sales: Sequence[Sale], known: timedelta) -> float:
    """Spending a year until now; a customer of less than a year counts as one of a year, or one
    large order on the first day would be a fortune."""
    years = max(1.0, known / _DAY / _YEAR)
    return float(sum(sale.amount for sale in sales)) / years


def profiles(
    uow: UnitOfWork,
    catalogue: Mapping[str, Product],
    at: datetime,
    *,
    value: Value = bought_so_far,
) -> list[Profile]:
    """Of everybody who may be written to at all, by id. `catalogue`: also of what is no longer
    sold."""
    refused = consent.refused_campaigns(uow.session)
    known = [
        customer
        for customer in _customers(uow)
        if customer.id not in refused and (customer.joined_at or BEGINNING) <= at
    ]
    ids = {customer.id for customer in known}
    sales: dict[int, list[Sale]] = defaultdict(list)
    for sale in uow.orders.sales(BEGINNING):
        if sale.customer_id in ids and sale.at <= at:
            sales[sale.customer_id].append(sale)
    signs: dict[int, list[BehaviourEvent]] = defaultdict(list)
    for event, owner in uow.behaviour.everybodys():
        if owner in ids and event.at <= at and event.kind in _SAYS:
            signs[owner].append(event)
    denied = _denied(uow)
    found = [
        _profile(each, sales[each.id], signs[each.id], denied[each.id], catalogue, at, value)
        for each in known
    ]
    return _with_fifths(found)


def _customers(uow: UnitOfWork) -> Sequence[Customer]:
    named = or_(Customer.email.is_not(None), Customer.phone.is_not(None))
    query = select(Customer).where(Customer.personalised, named).order_by(Customer.id)
    return uow.session.scalars(query).unique().all()


def _denied(uow: UnitOfWork) -> Mapping[int, set[str]]:
    """Kinds that a customer has called no interest of theirs."""
    rows = uow.session.execute(
        select(ProfileCorrection.customer_id, ProfileCorrection.subject).where(
            ProfileCorrection.aspect == "category", ProfileCorrection.value.is_(None)
        )
    )
    found: dict[int, set[str]] = defaultdict(set)
    for customer_id, kind in rows:
        found[customer_id].add(kind)
    return found


def _profile(
    customer: Customer,
    sales: Sequence[Sale],
    signs: Sequence[BehaviourEvent],
    denied: Iterable[str],
    catalogue: Mapping[str, Product],
    at: datetime,
    value: Value,
) -> Profile:
    days = sorted({sale.at for sale in sales})
    first = min([*days[:1], *([customer.joined_at] if customer.joined_at else [])], default=None)
    gaps = [(later - earlier) / _DAY for earlier, later in pairwise(days)]
    kinds = Counter(
        catalogue[sale.product_id].category_id for sale in sales if sale.product_id in catalogue
    )
    return Profile(
        customer_id=customer.id,
        language=customer.language,
        tier=customer.tier,
        days_known=(at - first) / _DAY if first else None,
        orders=len(days),
        spent=float(sum(sale.amount for sale in sales)),
        value=value(sales, at - first) if first else 0.0,
        days_since_order=(at - days[-1]) / _DAY if days else None,
        gap=max(1.0, median(gaps)) if len(gaps) >= _FEWEST_GAPS else None,
        recency=0,
        frequency=0,
        money=0,
        days_since_cart=_left_in_cart(sales, signs, at),
        bought=kinds,
        interests=_interests(signs, set(denied), catalogue, at),
    )


def _left_in_cart(
    sales: Sequence[Sale], signs: Sequence[BehaviourEvent], at: datetime
) -> float | None:
    bought = {sale.product_id: sale.at for sale in sales}
    left = [
        event.at
        for event in signs
        if event.kind is EventKind.CART
        and event.product_id is not None
        and bought.get(event.product_id, BEGINNING) < event.at
    ]
    return (at - max(left)) / _DAY if left else None


def _interests(
    signs: Sequence[BehaviourEvent],
    denied: set[str],
    catalogue: Mapping[str, Product],
    at: datetime,
) -> Mapping[str, float]:
    found: dict[str, float] = defaultdict(float)
    for event in signs:
        if at - event.at > _LATELY:
            continue
        product = catalogue.get(event.product_id or "")
        meant = [product.category_id] if product else named_categories(event.query or "", catalogue)
        for kind in meant:
            found[kind] += _SAYS[event.kind]
    return {kind: weight for kind, weight in found.items() if kind not in denied}


def _with_fifths(found: Sequence[Profile]) -> list[Profile]:
    """Those who ordered, in five equal parts by each of the three; equals are in the same."""
    buyers = [each for each in found if each.orders]
    recency = _fifths({each.customer_id: -(each.days_since_order or 0.0) for each in buyers})
    frequency = _fifths({each.customer_id: float(each.orders) for each in buyers})
    money = _fifths({each.customer_id: each.spent for each in buyers})
    return [
        _scored(each, *(part.get(each.customer_id, 0) for part in (recency, frequency, money)))
        for each in found
    ]


def _scored(profile: Profile, recency: int, frequency: int, money: int) -> Profile:
    values = {name: getattr(profile, name) for name in Profile.__slots__}
    return Profile(**values | {"recency": recency, "frequency": frequency, "money": money})


def _fifths(measure: Mapping[int, float]) -> dict[int, int]:
    ranked = sorted(measure.values())
    places = {value: place for place, value in reversed([*enumerate(ranked)])}
    return {
        customer_id: 1 + places[value] * _FIFTHS // len(ranked)
        for customer_id, value in measure.items()
    }
