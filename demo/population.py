"""Puts the demo shop together: catalogue, customers, orders, reviews, all from one seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from pathlib import Path

from data.models import Category, Customer, Order, Product, Review
from data.rules import ShopRules
from demo import fulfilment, named, purchases, reviewing, shoppers
from demo.catalogue import Catalogue
from demo.fulfilment import Ledger, Plan

SHOP = Path(__file__).parent / "shop"
SEED = 20260412

_CUSTOMERS = 356
_REVIEWS = 1720
_YEARS_BACK = 2


@dataclass(frozen=True, slots=True)
class Shop:
    """All rows of the shop, linked to one another and not yet added to a session."""

    categories: Sequence[Category]
    products: Sequence[Product]
    customers: Sequence[Customer]
    orders: Sequence[Order]
    reviews: Sequence[Review]


def generate(catalogue: Catalogue, rules: ShopRules, today: date, seed: int = SEED) -> Shop:
    """The shop as it stands when `today` begins. The same arguments give the same shop."""
    now = datetime.combine(today, time(), tzinfo=rules.timezone)
    start = now - timedelta(days=365 * _YEARS_BACK)
    market = purchases.market(
        _stream(seed, "market"), catalogue.products, catalogue.goes_with, start.date(), today
    )
    plans = [
        plan
        for who in named.DEMO_CUSTOMERS
        for plan in named.plans(_stream(seed, who.email), rules, market, who, now)
    ]
    customers = list(dict.fromkeys(plan.shopper.customer for plan in plans))
    crowd = shoppers.draw(
        _stream(seed, "people"),
        _CUSTOMERS,
        since=start - timedelta(days=60),
        until=now - timedelta(days=12),
        taken={str(customer.email) for customer in customers},
    )
    customers += [shopper.customer for shopper in crowd]
    rng = _stream(seed, "purchases")
    bought = [
        purchase
        for index, shopper in enumerate(crowd)
        for purchase in purchases.simulate(
            rng, shopper, market, start=start, now=now, also_at=_last_evening(index, now)
        )
    ]
    rng = _stream(seed, "fulfilment")
    plans += [fulfilment.plan(rng, rules, purchase, now) for purchase in bought]
    plans.sort(key=attrgetter("placed_at"))
    fulfilment.ensure_returns(rng, plans, now, least=3)
    _number(_stream(seed, "numbers"), plans)
    orders = _orders(rng, rules, plans, now)
    reviews = reviewing.write(_stream(seed, "reviews"), plans, now, _REVIEWS)
    bad, ordered = reviewing.write_odd(_stream(seed, "odd reviews"), plans, now, reviews)
    reviews = sorted([*reviews, *bad, *ordered], key=attrgetter("created_at"))
    return Shop(catalogue.categories, catalogue.products, customers, orders, reviews)


def _last_evening(index: int, now: datetime) -> list[datetime]:
    """Visits that make sure of orders that are not paid, just paid and just packed."""
    minutes = {11: 9, 47: 16, 83: 23, 120: 70, 155: 150, 191: 260, 230: 330, 266: 390, 301: 430}
    return [now - timedelta(minutes=minutes[index], seconds=17)] if index in minutes else []


def _number(rng: random.Random, plans: Sequence[Plan]) -> None:
    """Gives each order a number that does not follow from any other's."""
    taken = {plan.number for plan in plans}
    for plan in plans:
        while not plan.number:
            number = f"SP{rng.randrange(10**7, 10**8)}"
            if number not in taken:
                taken.add(number)
                plan.number = number


def _orders(
    rng: random.Random, rules: ShopRules, plans: Sequence[Plan], now: datetime
) -> list[Order]:
    """Orders in the sequence of the plans; sets each customer's tier by what they spent."""
    ledgers: dict[Customer, Ledger] = {}
    orders = []
    for plan in plans:
        ledger = ledgers.setdefault(plan.shopper.customer, Ledger(rules))
        orders.append(ledger.order(rng, plan, now))
    for customer, ledger in ledgers.items():
        customer.tier = ledger.tier(now)
    return orders


def _stream(seed: int, purpose: str) -> random.Random:
    """A stream of its own for each part, so that a change to one leaves the others as they were."""
    return random.Random(f"{seed}/{purpose}")  # noqa: S311 - nothing here is secret
