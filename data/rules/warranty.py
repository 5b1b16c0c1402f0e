"""Until when faults are the shop's business."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime

from data.rules.shop import ShopRules


@dataclass(frozen=True, slots=True)
class WarrantyDecision:
    """`until` is the last day covered; `days_left` is 0 on it and after it."""

    covered: bool
    months: int
    until: date
    days_left: int


def until(rules: ShopRules, delivered_at: datetime, months: int | None = None) -> date:
    """The last day covered. `months` is the product's own warranty; None means the shop's."""
    return _add_months(
        rules.today(delivered_at), rules.warranty.default if months is None else months
    )


def decide(
    rules: ShopRules, delivered_at: datetime, at: datetime, months: int | None = None
) -> WarrantyDecision:
    last = until(rules, delivered_at, months)
    today = rules.today(at)
    return WarrantyDecision(
        covered=today <= last,
        months=rules.warranty.default if months is None else months,
        until=last,
        days_left=max(0, (last - today).days),
    )


def _add_months(day: date, months: int) -> date:
    """The same day of the month, or the month's last where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
