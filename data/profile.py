"""What the shop knows of a customer, line by line, each with what it is known from.

Lines come from purchases that were kept and from events (views, searches, carts); what the
customer has corrected goes before both, and evidence older than a correction says nothing any
more about that line. A profile is worked out when it is asked for and kept nowhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Literal

from data.models import BehaviourEvent, Category, Customer, EventKind, Product, ProfileCorrection
from data.repositories import Bought
from data.unit_of_work import UnitOfWork

Aspect = Literal["category", "brand", "price", "size", "rhythm", "interest"]
PriceLevel = Literal["low", "middle", "high"]

_DAY = timedelta(days=1)
# How much an event says beside a purchase, and how soon it says half as much.
_SAYS = {EventKind.CART: 0.5, EventKind.CLICK: 0.3, EventKind.SEARCH: 0.3, EventKind.VIEW: 0.2}
_PURCHASE_DAYS, _EVENT_DAYS = 365.0, 30.0
_RECENT = timedelta(days=90)  # an interest without a sign for so long is none
_MOST = 3  # lines of one aspect
_FEWEST_OF_BRAND = 2
_FEWEST_PRICES = 3
_LOW, _HIGH = 1 / 3, 2 / 3
# Sizes that people wear: 42, 38.5, M, XXL, 2XL, S/M. A pad's "wide" is a choice of the day.
_WORN = re.compile(r"\d{2}(\.5)?|(\d?X{0,3}[SL]|M)(/(\d?X{0,3}[SL]|M))?")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One purchase or event. `order_number` of a purchase, `query` of a search."""

    kind: EventKind
    at: datetime
    product_id: str | None = None
    query: str | None = None
    order_number: str | None = None


@dataclass(frozen=True, slots=True)
class ProfileLine:
    """`subject`: a category's id ("size", "category", "interest"), a brand, a product's id
    ("rhythm"), empty for "price". `value`: the size, the price level, the days between two
    purchases. `due`: when the next purchase would be. `evidence`: newest first; empty for what the
    customer said themselves."""

    aspect: Aspect
    subject: str
    evidence: tuple[Evidence, ...]
    value: str = ""
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """`denied`: categories and brands that the customer has called untrue, with nothing since that
    speaks for them; `used` is false when the customer's history must not be used."""

    lines: tuple[ProfileLine, ...]
    denied: frozenset[tuple[str, str]]
    used: bool

    def of(self, aspect: Aspect) -> list[ProfileLine]:
        return [line for line in self.lines if line.aspect == aspect]

    def size(self, category_id: str) -> str | None:
        return next((line.value for line in self.of("size") if line.subject == category_id), None)


def profile_of(
    uow: UnitOfWork, customer: Customer, catalogue: Mapping[str, Product], now: datetime
) -> Profile:
    """The profile as it stands; `catalogue` by product id, with variants."""
    return build(
        uow.orders.bought(customer.id),
        uow.behaviour.of_customer(customer.id),
        uow.corrections.of_customer(customer.id),
        catalogue,
        now,
        used=customer.personalised,
    )


def build(
    bought: Sequence[Bought],
    events: Sequence[BehaviourEvent],
    corrections: Sequence[ProfileCorrection],
    catalogue: Mapping[str, Product],
    now: datetime,
    *,
    used: bool = True,
) -> Profile:
    """Purchases and events of products that are gone, or of a time to come, say nothing."""
    told = {(c.aspect, c.subject): c for c in corrections}

    def counts(aspect: str, subject: str, at: datetime) -> bool:
        correction = told.get((aspect, subject))
        return correction is None or at > correction.at

    bought = [b for b in bought if b.product_id in catalogue and b.placed_at <= now]
    signs = [e for e in events if e.kind in _SAYS and e.at <= now]
    categories = _by_weight(
        [
            (catalogue[b.product_id].category_id, _purchase(b))
            for b in bought
            if counts("category", catalogue[b.product_id].category_id, b.placed_at)
        ],
        now,
    )
    brands = _by_weight(
        [
            (brand, _purchase(b))
            for b in bought
            if (brand := catalogue[b.product_id].brand) and counts("brand", brand, b.placed_at)
        ],
        now,
    )
    interests = _by_weight(
        [
            (category, _sign(event))
            for event in signs
            if now - event.at <= _RECENT
            for category in _meant(event, catalogue)
            if counts("category", category, event.at)
        ],
        now,
    )
    lines = [ProfileLine("category", subject, seen) for subject, seen in categories[:_MOST]]
    lines += [
        ProfileLine("brand", subject, seen)
        for subject, seen in brands[:_MOST]
        if len({e.product_id for e in seen}) >= _FEWEST_OF_BRAND
    ]
    lines += _price_level(bought, catalogue)
    lines += _sizes(bought, corrections, catalogue)
    lines += _rhythms(bought, catalogue)
    lines += [ProfileLine("interest", subject, seen) for subject, seen in interests[:_MOST]]
    spoken_for = {("category", name) for name, _ in [*categories, *interests]}
    spoken_for |= {("brand", name) for name, _ in brands}
    denied = {key for key, c in told.items() if key[0] != "size" and c.value is None}
    return Profile(tuple(lines), frozenset(denied - spoken_for), used)


def _purchase(bought: Bought) -> Evidence:
    return Evidence(
        EventKind.PURCHASE,
        bought.placed_at,
        bought.product_id,
        order_number=bought.order_number,
    )


def _sign(event: BehaviourEvent) -> Evidence:
    return Evidence(event.kind, event.at, event.product_id, event.query)


def _by_weight(
    signs: Sequence[tuple[str, Evidence]], now: datetime
) -> list[tuple[str, tuple[Evidence, ...]]]:
    """Subjects, those that most speaks for first, each with its evidence, newest first."""
    weights: dict[str, float] = defaultdict(float)
    seen: dict[str, list[Evidence]] = defaultdict(list)
    for subject, evidence in signs:
        says = _SAYS.get(evidence.kind, 1.0)
        half_life = _PURCHASE_DAYS if evidence.kind is EventKind.PURCHASE else _EVENT_DAYS
        weights[subject] += says * 0.5 ** ((now - evidence.at) / _DAY / half_life)
        seen[subject].append(evidence)
    ranked = sorted(weights, key=lambda subject: (-weights[subject], subject))
    return [(subject, _newest_first(seen[subject])) for subject in ranked]


def _newest_first(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    return tuple(sorted(evidence, key=lambda e: e.at, reverse=True))


def _meant(event: BehaviourEvent, catalogue: Mapping[str, Product]) -> list[str]:
    """The category of the event's product, else those that its search names."""
    product = catalogue.get(event.product_id or "")
    if product is not None:
        return [product.category_id]
    return named_categories(event.query or "", catalogue)


def named_categories(text: str, catalogue: Mapping[str, Product]) -> list[str]:
    """Ids of the categories whose name, or other name, stands in the text."""
    text = text.lower()
    categories = {product.category_id: product.category for product in catalogue.values()}
    return [
        category_id
        for category_id, category in categories.items()
        if any(_names(name.lower(), text) for name in _names_of(category))
    ]


def _names_of(category: Category) -> list[str]:
    aliases = category.aliases
    return [category.name.zh, category.name.en, *aliases["zh"], *aliases["en"]]


def _names(name: str, query: str) -> bool:
    """Whether the name stands in the query: English as a word, with or without its plural."""
    if not name.isascii():
        return name in query
    return re.search(rf"\b{re.escape(name)}s?\b", query) is not None


def _price_level(bought: Sequence[Bought], catalogue: Mapping[str, Product]) -> list[ProfileLine]:
    """Where in their categories the prices paid lie: in the lower, middle or upper third."""
    prices: dict[str, list[Decimal]] = defaultdict(list)
    for product in catalogue.values():
        prices[product.category_id].append(min(v.price for v in product.variants))
    shares = []
    for item in bought:
        others = prices[catalogue[item.product_id].category_id]
        below = sum(price < item.unit_price for price in others)
        equal = sum(price == item.unit_price for price in others)
        shares.append((below + equal / 2) / len(others))
    if len(shares) < _FEWEST_PRICES:
        return []
    usual = median(shares)
    level: PriceLevel = "low" if usual < _LOW else "high" if usual > _HIGH else "middle"
    return [ProfileLine("price", "", _newest_first([_purchase(b) for b in bought]), level)]


def _sizes(
    bought: Sequence[Bought],
    corrections: Sequence[ProfileCorrection],
    catalogue: Mapping[str, Product],
) -> list[ProfileLine]:
    """For each category the size of the newest purchase, or what the customer said since."""
    said = {c.subject: c for c in corrections if c.aspect == "size"}
    worn: dict[str, list[tuple[Bought, str]]] = defaultdict(list)
    for item in bought:
        size = item.options.get("size", {}).get("en", "")
        category_id = catalogue[item.product_id].category_id
        correction = said.get(category_id)
        if _WORN.fullmatch(size) and (correction is None or item.placed_at > correction.at):
            worn[category_id].append((item, size))
    lines = []
    for category_id, items in worn.items():
        newest = max(items, key=lambda pair: pair[0].placed_at)[1]
        seen = [_purchase(item) for item, size in items if size == newest]
        lines.append(ProfileLine("size", category_id, _newest_first(seen), newest))
    lines += [
        ProfileLine("size", subject, (), correction.value)
        for subject, correction in said.items()
        if correction.value is not None and subject not in worn
    ]
    return lines


def usual_gap(moments: Iterable[datetime]) -> float | None:
    """The median of the days between purchases on different days; None where there is no second."""
    days = sorted({moment.date(): moment for moment in moments}.values())
    if len(days) < 2:
        return None
    return median((later - earlier) / _DAY for earlier, later in pairwise(days))


def _rhythms(bought: Sequence[Bought], catalogue: Mapping[str, Product]) -> list[ProfileLine]:
    """Products that are used up and were bought on two days or more: the usual days between."""
    times: dict[str, list[Bought]] = defaultdict(list)
    for item in bought:
        if catalogue[item.product_id].rebuy_days is not None:
            times[item.product_id].append(item)
    found: list[tuple[datetime, ProfileLine]] = []
    for product_id, items in times.items():
        gap = usual_gap(item.placed_at for item in items)
        if gap is None:
            continue
        due = max(item.placed_at for item in items) + gap * _DAY
        seen = _newest_first([_purchase(item) for item in items])
        found.append((due, ProfileLine("rhythm", product_id, seen, str(round(gap)), due)))
    found.sort(key=lambda pair: (pair[0], pair[1].subject))
    return [line for _, line in found[:_MOST]]
