"""Recommendations on small shops whose truth is known, and against a plain implementation."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pytest

from data.models import Localized, Product
from retrieval.embedder import Vectors
from retrieval.recommend import CoPurchases, Recommender

NOW = datetime(2026, 9, 1, tzinfo=UTC)


class Bought(NamedTuple):
    customer_id: int
    product_id: str
    placed_at: datetime
    quantity: int = 1


def bought(customer: int, product: str, days_ago: float) -> Bought:
    return Bought(customer, product, NOW - timedelta(days=days_ago))


def product(name: str, category: str, rebuy_days: int | None = None) -> Product:
    return Product(
        id=name,
        category_id=category,
        name=Localized(name, name.replace("-", " ").title()),
        rebuy_days=rebuy_days,
    )


PRODUCTS = [
    product("ridge-tent", "tents"),
    product("storm-tent", "tents"),
    product("ridge-footprint", "tents"),
    product("camp-stove", "cooking"),
    product("gas", "cooking", rebuy_days=60),
    product("pad", "sleep"),
    product("pillow", "sleep"),
    product("quilt", "sleep"),
    product("socks", "layers"),
]


def vectors() -> dict[str, Vectors]:
    """Products of one category lie close, others at right angles."""
    places = {"tents": 0, "cooking": 1, "sleep": 2, "layers": 3}
    found = {}
    for i, item in enumerate(PRODUCTS):
        row = np.zeros(16, np.float32)
        row[places[item.category_id]] = 1.0
        row[4 + i] = 0.5
        found[item.id] = row / np.linalg.norm(row)
    return found


def history() -> list[Bought]:
    """Everybody buys socks; ten buy a tent with its footprint, and a stove with gas; the two sorts
    of people do not mix."""
    rows = [bought(customer, "socks", 40 + 13 * customer) for customer in range(20)]
    for customer in range(10):
        rows += [bought(customer, "ridge-tent", 30), bought(customer, "ridge-footprint", 30)]
        rows += [bought(customer, "pad", 28)]
    for customer in range(10, 20):
        rows += [bought(customer, "camp-stove", 30), bought(customer, "gas", 29)]
    return rows


def fit(rows: Iterable[Bought] | None = None) -> Recommender:
    return Recommender.fit(history() if rows is None else rows, PRODUCTS, vectors(), now=NOW)


def plain_weight(rows: list[Bought], a: str, b: str) -> tuple[float, int]:
    """Weight and count of a pair, by looking at every two purchases of every customer."""
    weight, count = 0.0, 0
    for customer in {row.customer_id for row in rows}:
        pairs = [
            (abs(x.placed_at - y.placed_at), -max(x.placed_at, y.placed_at).timestamp())
            for x, y in itertools.product(rows, rows)
            if (x.customer_id, x.product_id) == (customer, a)
            and (y.customer_id, y.product_id) == (customer, b)
            and abs(x.placed_at - y.placed_at) <= timedelta(days=56)
        ]
        if pairs:
            gap, later = min(pairs)
            age = (NOW.timestamp() + later) / 86400
            weight += 0.5 ** (gap / timedelta(days=7)) * 0.5 ** (age / 365)
            count += 1
    return weight, count


def test_co_purchases_agree_with_the_plain_count() -> None:
    chance = random.Random(5)
    names = ["a", "b", "c", "d"]
    rows = [
        bought(chance.randrange(8), chance.choice(names), chance.randrange(200)) for _ in range(120)
    ]
    together = CoPurchases(rows, NOW)
    for a, b in itertools.permutations(names, 2):
        weight, count = plain_weight(rows, a, b)
        assert together.count(a, b) == count
        assert together.beside(a).get(b, 0.0) == pytest.approx(weight)
        assert together.affinity(a, b) == pytest.approx(together.affinity(b, a))
    for a in names:
        assert together.buyers(a) == len({r.customer_id for r in rows if r.product_id == a})


def test_companions_are_what_is_bought_along_not_what_everybody_buys() -> None:
    found = fit().goes_with("ridge-tent", now=NOW)
    assert [item.product_id for item in found] == ["ridge-footprint", "pad"]
    assert {(item.kind, item.because, item.count) for item in found} == {
        ("co_purchase", "ridge-tent", 10)
    }
    assert fit().goes_with("ridge-tent", now=NOW, exclude={"pad"}, allowed={"pad"}) == []
    assert fit().goes_with("unknown", now=NOW) == []


def test_substitutes_are_called_the_same_in_the_same_category() -> None:
    found = fit().similar_to("ridge-tent")
    assert [(item.product_id, item.kind) for item in found] == [("storm-tent", "similar")]
    assert fit().similar_to("pad") == []


def test_the_reason_is_the_purchase_that_moved_the_score_most() -> None:
    mine = [bought(99, "socks", 300), bought(99, "ridge-tent", 10)]
    first = fit().for_customer(mine, now=NOW)[0]
    assert (first.product_id, first.because, first.kind) == (
        "ridge-footprint",
        "ridge-tent",
        "co_purchase",
    )
    without = fit().for_customer([mine[0]], now=NOW)
    assert all(item.because in ("socks", None) for item in without)


def test_what_is_owned_is_left_out_until_it_is_used_up() -> None:
    def gas(days_ago: float) -> list[str]:
        mine = [bought(99, "camp-stove", 100), bought(99, "gas", days_ago)]
        found = fit().for_customer(mine, now=NOW, k=9)
        assert "camp-stove" not in {item.product_id for item in found}
        return [item.kind for item in found if item.product_id == "gas"]

    assert gas(59) == []
    assert gas(60) == ["rebuy"]
    mine = [bought(99, "gas", 200), bought(99, "gas", 70)]
    (again,) = (i for i in fit().for_customer(mine, now=NOW, k=9) if i.kind == "rebuy")
    assert (again.because, again.count) == ("gas", 2)


def test_nobody_needs_a_second_tent() -> None:
    found = fit().for_customer([bought(99, "ridge-tent", 10)], now=NOW, k=9)
    assert all(item.because != "ridge-tent" for item in found if item.product_id == "storm-tent")


def test_a_stranger_gets_what_is_popular_in_what_is_allowed() -> None:
    found = fit().for_customer([], now=NOW, k=2)
    assert found[0].product_id == "ridge-footprint" or found[0].kind == "popular"
    assert all(item.because is None and item.kind == "popular" for item in found)
    sleep = fit().for_customer([], now=NOW, allowed={"pad", "pillow"})
    assert [item.product_id for item in sleep] == ["pad", "pillow"]
    assert sleep[0].count == 10


def test_exclude_and_allowed_and_at_most_two_of_a_category() -> None:
    found = fit().for_customer([bought(99, "camp-stove", 5)], now=NOW, k=9, exclude={"gas"})
    names = [item.product_id for item in found]
    assert "gas" not in names
    categories = [item.category_id for item in PRODUCTS if item.id in names]
    assert max(map(categories.count, categories)) <= 2
    assert fit().for_customer([], now=NOW, allowed=set()) == []


def test_younger_purchases_weigh_more() -> None:
    rows = [bought(1, "pad", 700), bought(1, "pillow", 700), bought(2, "pad", 1)]
    rows += [bought(2, "quilt", 1)]
    together = CoPurchases(rows, NOW)
    assert together.beside("pad")["quilt"] > 3 * together.beside("pad")["pillow"]


def test_an_empty_shop_and_products_that_are_gone() -> None:
    assert Recommender.fit([], [], {}, now=NOW).for_customer([], now=NOW) == []
    rows = [bought(1, "gone", 1), bought(1, "pad", 1)]
    assert fit(rows).for_customer([bought(9, "gone", 3)], now=NOW, k=1)[0].kind == "popular"
    bare = Recommender.fit(history(), PRODUCTS, {}, now=NOW)
    assert bare.similar_to("pad") == []
    assert bare.goes_with("ridge-tent", now=NOW)
