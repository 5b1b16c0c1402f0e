"""Until when faults are the shop's business."""

from __future__ import annotations

import calendar
from datetime import date, datetime

from data.rules.shop import ShopRules


def months(rules: ShopRules, own: int | None = None) -> int | None:
    """The length of the warranty: the product's own, else the shop's; None where neither says."""
    if own is not None:
        return own
    return rules.warranty.months if rules.warranty is not None else None


def until(rules: ShopRules, delivered_at: datetime, own: int | None = None) -> date | None:
    """The last day covered, None without a warranty. `own` is the product's own months."""
    length = months(rules, own)
    return None if length is None else _add_months(rules.today(delivered_at), length)


def _add_months(day: date, months: int) -> date:
    """The same day of the month, or the month's last where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
