"""What is known of a customer, and that a correction goes before the evidence."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from data.models import (
    BehaviourEvent,
    Category,
    EventKind,
    Localized,
    Product,
    ProfileCorrection,
    Variant,
)
from data.profile import Profile, build
from data.repositories import Bought

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TEXT = Localized(zh="说明", en="text")
CATEGORIES = {
    "footwear": (["鞋"], ["shoe", "boots"]),
    "tents": (["帐篷"], ["tent"]),
    "food": (["食品"], ["food"]),
}


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def _product(product_id: str, category: str, brand: str, price: str, rebuy: int | None) -> Product:
    zh, en = CATEGORIES[category]
    return Product(
        id=product_id,
        category_id=category,
        category=Category(
            id=category,
            name=Localized(zh=zh[0], en=category),
            aliases={"zh": zh, "en": en},
        ),
        brand=brand,
        name=Localized(zh=product_id, en=product_id),
        rebuy_days=rebuy,
        launched_on=date(2025, 1, 1),
        variants=[Variant(sku=product_id, price=Decimal(price), stock=1, position=0)],
    )


CATALOGUE = {
    product.id: product
    for product in [
        _product("trail-shoe", "footwear", "Fell", "500", None),
        _product("boot", "footwear", "Fell", "900", None),
        _product("slipper", "footwear", "Soft", "100", None),
        _product("dome", "tents", "Spruce", "1500", None),
        _product("tarp", "tents", "Spruce", "300", None),
        _product("gel", "food", "Go", "10", 30),
    ]
}


def bought(product_id: str, days: float, *, size: str = "", price: str = "500") -> Bought:
    options = {"size": {"zh": size, "en": size}} if size else {}
    return Bought(product_id, options, Decimal(price), f"SP{int(days):08}", ago(days))


def event(
    kind: EventKind, days: float, product: str | None = None, query: str | None = None
) -> BehaviourEvent:
    return BehaviourEvent(kind=kind, product_id=product, query=query, at=ago(days))


def corrected(aspect: str, subject: str, value: str | None, days: float) -> ProfileCorrection:
    return ProfileCorrection(
        customer_id=1, aspect=aspect, subject=subject, value=value, at=ago(days)
    )


def profile(
    purchases: list[Bought] = [],  # noqa: B006
    events: list[BehaviourEvent] = [],  # noqa: B006
    corrections: list[ProfileCorrection] = [],  # noqa: B006
) -> Profile:
    return build(purchases, events, corrections, CATALOGUE, NOW)


def test_every_line_has_its_evidence_newest_first() -> None:
    found = profile([bought("dome", 300), bought("boot", 20, size="42"), bought("tarp", 2)])
    assert [line.subject for line in found.of("category")] == ["tents", "footwear"]
    tents = found.of("category")[0].evidence
    assert [(e.product_id, e.order_number) for e in tents] == [
        ("tarp", "SP00000002"),
        ("dome", "SP00000300"),
    ]
    assert [line.subject for line in found.of("brand")] == ["Spruce"]  # Fell only once


def test_recent_purchases_say_more_than_old_ones() -> None:
    found = profile([bought("dome", 1200), bought("tarp", 1100), bought("boot", 5)])
    assert [line.subject for line in found.of("category")] == ["footwear", "tents"]


def test_the_size_is_that_of_the_last_purchase_until_the_customer_says_another() -> None:
    worn = [bought("boot", 300, size="42"), bought("trail-shoe", 50, size="43")]
    assert profile(worn).size("footwear") == "43"
    said = corrected("size", "footwear", "44", 10)
    assert profile(worn, corrections=[said]).size("footwear") == "44"
    assert profile(worn, corrections=[said]).of("size")[0].evidence == ()
    newer = [*worn, bought("boot", 1, size="45")]
    assert profile(newer, corrections=[said]).size("footwear") == "45"
    gone = corrected("size", "footwear", None, 10)
    assert profile(worn, corrections=[gone]).size("footwear") is None


@pytest.mark.parametrize(
    ("size", "worn"), [("38.5", True), ("2XL", True), ("S/M", True), ("wide", False)]
)
def test_only_what_is_worn_is_a_size(size: str, worn: bool) -> None:
    assert (profile([bought("boot", 1, size=size)]).size("footwear") == size) is worn


@pytest.mark.parametrize(
    ("prices", "level"),
    [(["100", "100", "500"], "low"), (["900"] * 3, "high"), (["500"] * 3, "middle")],
)
def test_the_price_level_is_a_place_within_the_category(prices: list[str], level: str) -> None:
    found = profile([bought("boot", n, price=price) for n, price in enumerate(prices, 1)])
    assert [line.value for line in found.of("price")] == [level]
    assert profile([bought("boot", 1), bought("boot", 2)]).of("price") == []


def test_the_rhythm_is_the_usual_gap_and_tells_when_it_is_due() -> None:
    found = profile([bought("gel", days) for days in (100, 70, 42)])
    (line,) = found.of("rhythm")
    assert (line.subject, line.value) == ("gel", "29")
    assert line.due == ago(42) + timedelta(days=29)
    twice_a_day = profile([bought("gel", 10), bought("gel", 10)])
    assert twice_a_day.of("rhythm") == []
    assert profile([bought("boot", 90), bought("boot", 10)]).of("rhythm") == []  # not used up


def test_interests_come_from_what_was_looked_at_and_fade() -> None:
    found = profile(
        events=[
            event(EventKind.VIEW, 3, "dome"),
            event(EventKind.SEARCH, 2, query="防水的鞋"),
            event(EventKind.SEARCH, 1, query="light Boots please"),
            event(EventKind.VIEW, 200, "gel"),
            event(EventKind.SEARCH, 1, query="bootstrap"),
            event(EventKind.CART, -1, "gel"),  # to come
            event(EventKind.DISLIKE, 1, "gel"),
        ]
    )
    assert [line.subject for line in found.of("interest")] == ["footwear", "tents"]
    assert found.of("interest")[0].evidence[0].query == "light Boots please"
    assert found.of("category") == []


def test_what_is_called_untrue_goes_until_something_new_speaks_for_it() -> None:
    purchases = [bought("dome", 30), bought("tarp", 20), bought("boot", 10)]
    untrue = [corrected("category", "tents", None, 5), corrected("brand", "Spruce", None, 5)]
    found = profile(purchases, [event(EventKind.VIEW, 8, "dome")], untrue)
    assert [line.subject for line in found.of("category")] == ["footwear"]
    assert found.of("brand") == []
    assert found.of("interest") == []
    assert found.denied == {("category", "tents"), ("brand", "Spruce")}
    again = profile([*purchases, bought("tarp", 1)], corrections=untrue)
    assert "tents" in [line.subject for line in again.of("category")]
    assert again.denied == frozenset()


def test_products_that_are_gone_say_nothing() -> None:
    assert profile([bought("gone", 1)], [event(EventKind.VIEW, 1, "gone")]).lines == ()
