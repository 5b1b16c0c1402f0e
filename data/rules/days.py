"""Counting the days of a period."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from data.rules.shop import ShopRules

_WORKDAYS = 5  # Monday to Friday


def after(
    rules: ShopRules, day: date, count: int, kind: Literal["calendar", "business"] = "calendar"
) -> date:
    """The day that is so many days later; business days are no weekend and no holiday."""
    if kind == "calendar":
        return day + timedelta(count)
    for _ in range(count):
        day += timedelta(1)
        while not is_business(rules, day):
            day += timedelta(1)
    return day


def is_business(rules: ShopRules, day: date) -> bool:
    return day.weekday() < _WORKDAYS and day not in rules.holidays
