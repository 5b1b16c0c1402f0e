"""What the demo shop's customers buy over two years, without money and parcels.

Three things bring somebody to the shop: browsing, at the persona's pace and the season's; a
consumable that runs out; something that belongs to an earlier purchase. What goes with a product
is bought in the same order or in the weeks after it.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from data.models import Product, Variant
from demo.personas import SHOP_MONTHS, Persona, appeal
from demo.shoppers import Shopper

_TOGETHER = 0.3  # a companion goes into the same order
_LATER = 0.12  # or is fetched within weeks
_TAKES_TO_IT = 0.3  # somebody who tries a consumable buys it again when it runs out
_STAYS_WITH_IT = 0.82  # and again, each time
_COMES_ALONG_DAYS = 24  # what is due so soon is bought with the rest
_WEARS_OUT_DAYS = 240  # after this, shoes and clothes may be bought again
_HOURS = (0.5, 0.2, 0, 0, 0, 0, 0.3, 1, 2, 3, 3.5, 3, 4, 3.5, 3, 3, 3, 2.5, 3, 4, 6, 7, 6, 3)


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    variant: Variant
    product: Product
    quantity: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """`placed_at` is in the shop's own time zone."""

    shopper: Shopper
    placed_at: datetime
    lines: tuple[PurchaseLine, ...]


@dataclass(slots=True)
class Market:
    """What can be bought, since when, and how popular it is."""

    products: Mapping[str, Product]
    goes_with: Mapping[str, Sequence[str]]
    popularity: Mapping[str, float]
    on_sale_from: Mapping[str, date]
    _appeals: dict[tuple[str, int], dict[str, float]] = field(default_factory=dict)

    def appeals(self, persona: Persona, month: int) -> dict[str, float]:
        """How much a persona wants each product in a month."""
        key = (persona.name, month)
        if key not in self._appeals:
            self._appeals[key] = {
                product_id: appeal(persona, product, month) * self.popularity[product_id]
                for product_id, product in self.products.items()
            }
        return self._appeals[key]


@dataclass(slots=True)
class _Memory:
    """One customer's past purchases and what they still mean to do."""

    last_bought: dict[str, date] = field(default_factory=dict)
    agenda: list[tuple[datetime, str | None]] = field(default_factory=list)  # a heap; None: browse


def market(
    rng: random.Random,
    products: Iterable[Product],
    goes_with: Mapping[str, Sequence[str]],
    start: date,
    today: date,
) -> Market:
    by_id = {product.id: product for product in products}
    return Market(
        by_id,
        goes_with,
        {product_id: math.exp(rng.gauss(0, 0.6)) for product_id in by_id},
        # On a machine whose clock runs behind the catalogue, everything has always been there.
        {
            p.id: p.launched_on if p.launched_on and p.launched_on < today else start
            for p in by_id.values()
        },
    )


def simulate(
    rng: random.Random,
    shopper: Shopper,
    market: Market,
    *,
    start: datetime,
    now: datetime,
    also_at: Sequence[datetime] = (),
) -> list[Purchase]:
    """The customer's purchases from `start` to `now`, oldest first; `also_at` adds visits."""
    memory = _Memory()
    zone = now.tzinfo
    assert isinstance(zone, ZoneInfo)  # noqa: S101 - the callers pass the shop's time
    joined = shopper.customer.joined_at
    since = max(joined.astimezone(zone), start) if joined else start
    for visit in (*_visits(rng, shopper, since, now), *also_at):
        heapq.heappush(memory.agenda, (visit, None))
    purchases = []
    while memory.agenda:
        at, reason = heapq.heappop(memory.agenda)
        if at >= now:
            break
        lines = _fill_basket(rng, shopper, market, memory, at, reason)
        if lines:
            purchases.append(Purchase(shopper, at, tuple(lines)))
    return purchases


def _visits(
    rng: random.Random, shopper: Shopper, joined: datetime, now: datetime
) -> Iterable[datetime]:
    """The first order comes within days of joining; the rest follow the seasons."""
    at = joined + timedelta(minutes=rng.uniform(10, 4000))
    keenness = rng.lognormvariate(0, 0.45)
    peak = max(SHOP_MONTHS) * max(shopper.persona.months)
    yield max(_at_a_likely_hour(rng, at), joined + timedelta(minutes=12))
    while True:
        at += timedelta(days=rng.expovariate(shopper.persona.visits * keenness * peak / 365))
        if at >= now:
            return
        month = at.month - 1
        if rng.random() < SHOP_MONTHS[month] * shopper.persona.months[month] / peak:
            yield _at_a_likely_hour(rng, at)


def _at_a_likely_hour(rng: random.Random, at: datetime) -> datetime:
    hour = rng.choices(range(24), _HOURS)[0]
    return at.replace(hour=hour, minute=rng.randrange(60), second=rng.randrange(60), microsecond=0)


def _fill_basket(
    rng: random.Random,
    shopper: Shopper,
    market: Market,
    memory: _Memory,
    at: datetime,
    reason: str | None,
) -> list[PurchaseLine]:
    wanted: list[str] = []
    if reason is not None:
        # Meanwhile it may have come with another order.
        if not _wants(market, memory, reason, at):
            return []
        wanted.append(reason)
        # What is due within days anyway comes along.
        while memory.agenda and memory.agenda[0][0] < at + timedelta(days=_COMES_ALONG_DAYS):
            _, other = memory.agenda[0]
            if other is None or not _wants(market, memory, other, memory.agenda[0][0]):
                break
            heapq.heappop(memory.agenda)
            wanted.append(other)
    if reason is None or rng.random() < 0.2:
        basket = shopper.persona.basket if reason is None else (1.0,)
        count = rng.choices(range(1, len(basket) + 1), basket)[0]
        wanted += _choose(rng, shopper, market, memory, at, count)
    for product_id in list(wanted):
        wanted += [
            companion
            for companion in market.goes_with.get(product_id, ())
            if rng.random() < _TOGETHER and _wants(market, memory, companion, at)
        ]
    lines = []
    for product_id in dict.fromkeys(wanted):
        product = market.products[product_id]
        variants = shopper.fitting(product)
        if variants and market.on_sale_from[product_id] <= at.date():
            lines.append(PurchaseLine(rng.choice(variants), product, _quantity(rng, product)))
            _remember(rng, market, memory, product, at)
    return lines


def _choose(
    rng: random.Random,
    shopper: Shopper,
    market: Market,
    memory: _Memory,
    at: datetime,
    count: int,
) -> list[str]:
    gift = rng.random() < shopper.persona.gifts
    candidates, weights = [], []
    today = at.date()
    for product_id, weight in market.appeals(shopper.persona, at.month).items():
        product = market.products[product_id]
        if market.on_sale_from[product_id] > today or not shopper.fitting(product):
            continue
        if not gift and product_id in memory.last_bought:
            weight *= _again(product, (today - memory.last_bought[product_id]).days)
        candidates.append(product_id)
        weights.append(weight)
    return list(dict.fromkeys(rng.choices(candidates, weights, k=count))) if candidates else []


def _again(product: Product, days: int) -> float:
    """How much less a product is wanted by somebody who has one."""
    if product.rebuy_days is not None:
        return 0.3 if days > product.rebuy_days / 2 else 0.05
    worn = any("size" in variant.options for variant in product.variants)
    return 0.25 if worn and days > _WEARS_OUT_DAYS else 0.004


def _wants(market: Market, memory: _Memory, product_id: str, at: datetime) -> bool:
    last = memory.last_bought.get(product_id)
    if last is None:
        return True
    rebuy_days = market.products[product_id].rebuy_days
    return rebuy_days is not None and (at.date() - last).days > rebuy_days * 0.6


def _remember(
    rng: random.Random, market: Market, memory: _Memory, product: Product, at: datetime
) -> None:
    habit = _STAYS_WITH_IT if product.id in memory.last_bought else _TAKES_TO_IT
    memory.last_bought[product.id] = at.date()
    if product.rebuy_days is not None and rng.random() < habit:
        due = at + timedelta(days=product.rebuy_days * rng.uniform(0.75, 1.35))
        heapq.heappush(memory.agenda, (_at_a_likely_hour(rng, due), product.id))
    for companion in market.goes_with.get(product.id, ()):
        if companion not in memory.last_bought and rng.random() < _LATER:
            due = at + timedelta(days=rng.uniform(4, 38))
            heapq.heappush(memory.agenda, (_at_a_likely_hour(rng, due), companion))


def _quantity(rng: random.Random, product: Product) -> int:
    price = min(variant.price for variant in product.variants)
    if price >= Decimal(100) or any("size" in v.options for v in product.variants):
        return 2 if price < Decimal(300) and rng.random() < 0.05 else 1
    if product.rebuy_days is not None and price < Decimal(45):
        return rng.choices((1, 2, 3, 4, 6), (2, 4, 3, 2, 1))[0]
    return rng.choices((1, 2, 3), (7, 3, 1))[0]
