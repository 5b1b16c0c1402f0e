"""One of each kind within a sum."""

from __future__ import annotations

from decimal import Decimal

from bot.actions.sets import Choice, within
from data.models import Localized, Product, Variant


def choice(name: str, price: int, count: int = 1) -> Choice:
    product = Product(id=name, name=Localized.of(name))
    return Choice(product, Variant(sku=name, price=Decimal(price), options={}), count)


def taken(most: int, **kinds: list[Choice]) -> dict[str, str]:
    return {kind: one.product.id for kind, one in within(kinds, Decimal(most)).items()}


BEDS = [choice("oak", 900), choice("pine", 500), choice("cot", 120)]
CHAIRS = [choice("armchair", 200, 4), choice("stool", 60, 4)]


def test_the_best_of_each_where_all_are_within_it() -> None:
    assert taken(1700, bed=BEDS, chair=CHAIRS) == {"bed": "oak", "chair": "armchair"}


def test_what_saves_just_enough_gives_way() -> None:
    assert taken(1300, bed=BEDS, chair=CHAIRS) == {"bed": "pine", "chair": "armchair"}
    assert taken(1150, bed=BEDS, chair=CHAIRS) == {"bed": "oak", "chair": "stool"}


def test_the_cheapest_where_nothing_is_within_it() -> None:
    assert taken(100, bed=BEDS, chair=CHAIRS) == {"bed": "cot", "chair": "stool"}
