"""Tiers and points: the demo shop's, and those of shops with none or four."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from data.errors import RulesInvalid
from data.models import Variant
from data.rules import ShopRules, membership, totals
from data.rules.shop import Membership

SHOP = Path(__file__).parents[2] / "demo/shop"
NONE = Decimal("0.00")


@pytest.fixture(scope="module")
def rules() -> ShopRules:
    return ShopRules.load(SHOP)


@pytest.fixture(scope="module")
def four(rules: ShopRules) -> ShopRules:
    """Bronze begins at 100; only platinum has a rate of points."""
    tiers: list[dict[str, Any]] = [
        {"id": "bronze", "name": "Bronze", "from": "100.00"},
        {"id": "iron", "name": "Iron", "from": "500.00"},
        {"id": "copper", "name": "Copper", "from": "900.00", "birthday_coupon": "5.00"},
        {"id": "platinum", "name": "Platinum", "from": "2000.00", "points_rate": "2"},
    ]
    section = Membership.model_validate({"window_days": 90, "tiers": tiers})
    return rules.model_copy(update={"membership": section})


@pytest.mark.parametrize(
    ("spend", "tier", "following", "missing"),
    [
        ("0.00", "standard", "silver", "2000.00"),
        ("1999.99", "standard", "silver", "0.01"),
        ("2000.00", "silver", "gold", "4000.00"),
        ("5999.99", "silver", "gold", "0.01"),
        ("6000.00", "gold", None, None),
        ("99999.00", "gold", None, None),
    ],
)
def test_tiers_of_the_demo(rules, spend, tier, following, missing):
    assert membership.of(rules, Decimal(spend)) == tier
    progress = membership.progress(rules, Decimal(spend))
    expected = None if missing is None else Decimal(missing)
    assert progress == membership.Progress(tier, Decimal(spend), following, expected)


def test_benefits_of_the_demo(rules):
    gold = membership.benefits(rules, "gold")
    assert gold.free_from == {"standard": NONE, "express": NONE}
    assert (gold.return_days, gold.return_cost.nothing) == (60, True)
    assert (gold.points_rate, gold.birthday_coupon) == (Decimal("1.5"), Decimal("50.00"))
    silver = membership.benefits(rules, "silver")
    assert silver.free_from == {"standard": Decimal("49.00"), "express": None}
    assert (silver.return_days, silver.return_cost.fee) == (30, NONE)
    for tier in ("standard", None):
        plain = membership.benefits(rules, tier)
        assert plain.free_from == {"standard": Decimal("99.00"), "express": None}
        assert plain.return_cost.fee == Decimal("10.00")


@pytest.mark.parametrize(
    ("tier", "paid", "points"),
    [
        ("standard", "899.99", 899),
        ("silver", "100.00", 120),
        ("silver", "99.00", 118),  # 118.8
        ("gold", "1.00", 1),  # 1.5
        ("gold", "0.00", 0),
    ],
)
def test_points_of_the_demo(rules, tier, paid, points):
    assert membership.points(rules, tier, Decimal(paid)) == points


def test_four_tiers_and_nobody_begins_in_one(four):
    assert membership.of(four, Decimal("99.99")) is None
    assert membership.of(four, Decimal("100.00")) == "bronze"
    assert membership.of(four, Decimal("1999.99")) == "copper"
    progress = membership.progress(four, Decimal("10.00"))
    assert (progress.tier, progress.next_tier, progress.missing) == (None, "bronze", Decimal(90))
    assert membership.points(four, "copper", Decimal(10)) is None
    assert membership.points(four, "platinum", Decimal(10)) == 20
    copper = membership.benefits(four, "copper")
    assert (copper.points_rate, copper.birthday_coupon) == (None, Decimal("5.00"))


def test_a_shop_without_tiers(rules):
    none = rules.model_copy(update={"membership": None, "returns": None, "delivery": None})
    assert membership.of(none, Decimal(9999)) is None
    assert membership.progress(none, Decimal(9999)).next_tier is None
    assert membership.points(none, "gold", Decimal(9999)) is None
    assert membership.benefits(none, None) == membership.Benefits()
    mug = Variant(sku="MUG", price=Decimal("9.00"), stock=1, currency="CNY", list_price=None)
    total = totals.cart(none, [(mug, 1)], None)
    assert (total.delivery, total.total) == (None, Decimal("9.00"))


@pytest.mark.parametrize(
    ("tiers", "said"),
    [
        ([("a", "0.00"), ("a", "5.00")], "an id of its own"),
        ([("a", "5.00"), ("b", "0.00")], "ascending order"),
        ([("a", "5.00"), ("b", "5.00")], "ascending order"),
    ],
)
def test_the_order_of_tiers_is_theirs(tiers, said):
    written = [{"id": name, "name": name, "from": least} for name, least in tiers]
    with pytest.raises(ValidationError, match=said):
        Membership.model_validate({"window_days": 365, "tiers": written})


def test_returns_know_the_tiers_by_name(tmp_path):
    for file in SHOP.glob("*.yaml"):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        if file.stem == "rules":
            content["returns"]["fee_free_by_tier"] = ["platinum"]
        text = yaml.safe_dump(content, allow_unicode=True)
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    with pytest.raises(
        RulesInvalid, match="platinum is no tier of the membership; it has standard"
    ):
        ShopRules.load(tmp_path)
