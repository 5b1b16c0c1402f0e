"""When people answer: by the day, on holidays, and in shops that say nothing of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import three_shops

from data.rules import ShopRules, hours

DEMO = ShopRules.load(Path(__file__).parents[2] / "demo/shop")
US, CN, GB = map(three_shops.load, (three_shops.US, three_shops.CN, three_shops.GB))


def at(rules: ShopRules, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=rules.timezone)


@pytest.mark.parametrize(
    ("moment", "open_", "opening"),
    [
        ("2026-11-23 08:59", False, "2026-11-23 09:00"),  # Monday
        ("2026-11-23 09:00", True, "2026-11-23 09:00"),
        ("2026-11-23 20:59", True, "2026-11-23 20:59"),
        ("2026-11-23 21:00", False, "2026-11-24 09:00"),
        ("2026-11-20 21:00", False, "2026-11-21 10:00"),  # Friday night
        ("2026-11-21 09:30", False, "2026-11-21 10:00"),  # Saturday
        ("2026-11-21 17:59", True, "2026-11-21 17:59"),
        ("2026-11-21 18:00", False, "2026-11-22 10:00"),
        ("2026-11-22 18:00", False, "2026-11-23 09:00"),  # Sunday
        ("2026-10-01 09:30", False, "2026-10-01 10:00"),  # a Thursday, holiday
        ("2026-10-01 18:30", False, "2026-10-02 10:00"),
    ],
)
def test_of_the_demo(moment, open_, opening):
    assert hours.is_open(DEMO, at(DEMO, moment)) is open_
    assert hours.next_opening(DEMO, at(DEMO, moment)) == at(DEMO, opening)


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-22 12:00", "2026-11-23 09:00"),  # Sunday is closed
        ("2026-11-21 18:30", "2026-11-23 09:00"),
        ("2026-09-30 21:00", "2026-10-03 10:00"),  # closed on holidays; then a Saturday
    ],
)
def test_closed_days_are_passed_over(moment, opening):
    assert not hours.is_open(CN, at(CN, moment))
    assert hours.next_opening(CN, at(CN, moment)) == at(CN, opening)


def test_a_span_of_days():
    assert hours.on(GB, date(2026, 11, 25)) is not None  # Wednesday
    assert hours.on(GB, date(2026, 11, 27)) is None
    assert hours.next_opening(GB, at(GB, "2026-11-26 16:00")) == at(GB, "2026-12-01 10:00")


def test_a_shop_that_says_no_hours():
    noon = at(US, "2026-11-23 12:00")
    assert not hours.is_open(US, noon)
    assert hours.next_opening(US, noon) is None
    assert hours.on(US, noon.date()) is None


def test_the_clock_is_the_shops():
    assert hours.is_open(DEMO, datetime(2026, 11, 23, 1, 0, tzinfo=UTC))
    assert not hours.is_open(DEMO, datetime(2026, 11, 23, 0, 59, tzinfo=UTC))
    opening = hours.next_opening(DEMO, datetime(2026, 11, 23, 0, 59, tzinfo=UTC))
    assert opening is not None
    assert opening.isoformat() == "2026-11-23T09:00:00+08:00"


def test_a_moment_without_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        hours.is_open(DEMO, datetime(2026, 11, 23))
