"""Where each of four shops delivers, for how much, and when a parcel comes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import three_shops

from data.errors import UnknownChoice
from data.places import Place
from data.rules import ShopRules, delivery

DEMO = ShopRules.load(Path(__file__).parents[2] / "demo/shop")
US, CN, GB = map(three_shops.load, (three_shops.US, three_shops.CN, three_shops.GB))


def at(rules: ShopRules, text: str) -> datetime:
    """A moment by the shop's clock: "2026-11-23 15:59"."""
    return datetime.fromisoformat(text).replace(tzinfo=rules.timezone)


def yuan(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize(
    ("subtotal", "tier", "method", "fee", "free_from", "missing"),
    [
        ("98.99", "standard", "standard", "8.00", "99.00", "0.01"),
        ("99.00", "standard", "standard", "0.00", "99.00", "0.00"),
        ("60.00", None, "standard", "8.00", "99.00", "39.00"),
        ("48.99", "silver", "standard", "8.00", "49.00", "0.01"),
        ("49.00", "silver", "standard", "0.00", "49.00", "0.00"),
        ("0.01", "gold", "standard", "0.00", "0.00", "0.00"),
        ("9999.00", None, "express", "18.00", None, None),
        ("9999.00", "silver", "express", "18.00", None, None),
        ("1.00", "gold", "express", "0.00", "0.00", "0.00"),
    ],
)
def test_fees_of_the_demo(subtotal, tier, method, fee, free_from, missing):
    answer = delivery.fee(DEMO, Decimal(subtotal), tier, method)
    assert answer == delivery.Fee(
        method, Decimal(fee), Decimal(fee) == 0, yuan(free_from), yuan(missing)
    )


def test_the_first_method_is_the_default():
    assert delivery.fee(US, Decimal(1), None).method == "flat"
    assert delivery.fee(GB, Decimal(1), None).method == "post"


@pytest.mark.parametrize(
    ("place", "fee", "most"),
    [
        (None, "4.50", "9.00"),
        (Place("GB"), "4.50", "9.00"),
        (Place("GB", None, "SW1A1AA"), "4.50", None),
        (Place("GB", None, "IV23AB"), "9.00", None),
        (Place("IE"), "14.00", None),
    ],
)
def test_fees_by_zone(place, fee, most):
    answer = delivery.fee(GB, Decimal(10), None, place=place)
    assert (answer.fee, answer.most) == (Decimal(fee), yuan(most))


def test_a_method_of_some_zones_is_not_offered_elsewhere():
    assert delivery.fee(GB, Decimal(10), None, "collect", Place("GB", None, "SW1A1AA")).offered
    assert not delivery.fee(GB, Decimal(10), None, "collect", Place("IE")).offered
    remote = delivery.promise(CN, at(CN, "2026-11-23 09:00"), "express", "寄到新疆")
    assert (remote.served, remote.offered, remote.earliest) == (True, False, None)


def test_an_unknown_method_names_the_known_ones():
    with pytest.raises(UnknownChoice, match="standard, express"):
        delivery.fee(DEMO, Decimal(1), None, "drone")


@pytest.mark.parametrize(
    ("paid", "dispatched", "same_day", "late"),
    [
        ("2026-11-23 15:59:59", "2026-11-23", True, False),  # Monday
        ("2026-11-23 16:00", "2026-11-24", False, True),
        ("2026-11-23 00:00", "2026-11-23", True, False),
        ("2026-11-21 15:59", "2026-11-21", True, False),  # Saturday
        ("2026-11-21 16:00", "2026-11-23", False, True),  # over Sunday
        ("2026-11-22 10:00", "2026-11-23", False, False),  # Sunday
        ("2026-02-15 10:00", "2026-02-21", False, False),  # Sunday, then five days of holiday
        ("2026-02-14 16:00", "2026-02-21", False, True),  # Saturday, too late
        ("2026-09-30 16:00", "2026-10-08", False, True),  # national holiday, Sunday in it
        ("2026-09-30 15:59", "2026-09-30", True, False),
    ],
)
def test_day_of_dispatch(paid, dispatched, same_day, late):
    promise = delivery.promise(DEMO, at(DEMO, paid), "standard", "浙江")
    assert promise.dispatch_on == date.fromisoformat(dispatched)
    assert (promise.before_cutoff, promise.late) == (same_day, late)


def test_without_a_cutoff_it_is_the_day_that_counts():
    assert delivery.dispatch_day(US, at(US, "2026-11-19 23:59")) == date(2026, 11, 19)  # Thursday
    assert delivery.dispatch_day(US, at(US, "2026-11-20 00:01")) == date(2026, 11, 23)  # Friday


def test_the_clock_is_the_shops():
    just_before = datetime(2026, 11, 23, 7, 59, tzinfo=UTC)  # 15:59 in Hangzhou
    assert delivery.dispatch_day(DEMO, just_before) == date(2026, 11, 23)
    late = just_before + timedelta(minutes=1)
    assert delivery.dispatch_day(DEMO, late) == date(2026, 11, 24)
    late_sunday = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)  # Monday 00:30 in Hangzhou
    assert delivery.dispatch_day(DEMO, late_sunday) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("place", "method", "first", "last", "zone"),
    [
        ("浙江", "standard", 24, 25, "near"),
        ("上海市", "express", 24, 24, "near"),
        ("广东省", "standard", 25, 27, "mainland"),
        ("Guangdong", "express", 24, 25, "mainland"),
        ("新疆维吾尔自治区", "standard", 28, 31, "remote"),
        ("Tibet", "express", 26, 27, "remote"),
        (None, "standard", 24, 27, None),
        ("somewhere", "standard", 24, 27, None),
    ],
)
def test_days_of_arrival(place, method, first, last, zone):
    promise = delivery.promise(DEMO, at(DEMO, "2026-11-23 09:00"), method, place)
    monday = date(2026, 11, 23)
    assert promise.earliest == monday + timedelta(first - 23)
    assert promise.latest == monday + timedelta(last - 23)
    assert promise.served
    assert promise.zone == zone
    assert promise.slower is (zone is None)


@pytest.mark.parametrize(
    ("paid", "first", "last"),
    [
        # Monday; Tuesday, Wednesday, Monday: Thursday is a holiday, on Friday nothing leaves.
        ("2026-11-23 09:00", "2026-11-30", "2026-12-02"),
        ("2026-11-20 09:00", "2026-11-30", "2026-12-02"),  # Friday: leaves on Monday
    ],
)
def test_business_days(paid, first, last):
    promise = delivery.promise(US, at(US, paid), None, Place("US", "US/TX"))
    assert (promise.earliest, promise.latest) == tuple(map(date.fromisoformat, (first, last)))


def test_collected_by_the_customer():
    promise = delivery.promise(GB, at(GB, "2026-11-23 09:00"), "collect", Place("GB"))
    assert (promise.earliest, promise.latest) == (date(2026, 11, 23), date(2026, 11, 24))


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        (DEMO, "香港"),
        (DEMO, "Hong Kong"),
        (DEMO, "澳门"),
        (DEMO, "寄到 Macao"),
        (DEMO, "台湾"),
        (DEMO, "美国"),
        (DEMO, "能寄国外吗"),
        (CN, "ship to Macau"),
        (US, "寄到台北"),
        (US, "ship to Hawaii"),
        (US, "to AK?"),
        (US, "Puerto Rico"),
        (US, "Germany"),
        (GB, "Canada"),
    ],
)
def test_not_served(rules, text):
    promise = delivery.promise(rules, at(rules, "2026-11-23 09:00"), None, text)
    assert not promise.served
    assert promise.earliest is promise.latest is None


@pytest.mark.parametrize(
    ("rules", "text", "zone"),
    [
        (US, "the USA", "home"),
        (US, "TX 78228", "home"),
        (US, "Toronto, Canada", "north"),
        (GB, "SW1A 1AA", "home"),
        (GB, "ph1 1aa please", "highlands"),
        (GB, "ship to Dublin", "europe"),
        (CN, "Jiangsu", "near"),
        (CN, "寄到 Inner Mongolia", "remote"),
    ],
)
def test_zones(rules, text, zone):
    assert delivery.reach(rules, rules.places.find(text)) == delivery.Reach(True, zone)


def test_abroad_is_served_where_a_zone_is():
    assert delivery.reach(GB, Place(None)).served
    assert delivery.countries_abroad(GB) == {"IE", "DE", "FR"}
    assert not delivery.reach(CN, Place(None)).served


def test_without_zones_everything_is_served():
    files = {**three_shops.US, "rules.yaml": "delivery: {methods: {m: {name: Post, fee: '1.00'}}}"}
    anywhere = three_shops.load(files)
    promise = delivery.promise(anywhere, at(anywhere, "2026-11-23 09:00"), "m", Place("JP"))
    assert promise.served
    assert promise.earliest is None  # no time is promised


def test_goods_that_only_some_methods_carry():
    assert delivery.by_ground_only(CN, ["winter", "fuel"])
    assert not delivery.by_ground_only(CN, ["winter"])
    assert not delivery.by_ground_only(US, ["fuel"])
