"""When people answer."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from data.rules.shop import ShopRules

_SATURDAY = 5


def on(rules: ShopRules, day: date) -> tuple[time, time]:
    """Opening and closing time of a day; public holidays keep the weekend's hours."""
    free = day.weekday() >= _SATURDAY or day in rules.holidays
    return rules.service_hours.weekend if free else rules.service_hours.weekdays


def is_open(rules: ShopRules, at: datetime) -> bool:
    """True from the minute of opening until just before the minute of closing."""
    local = rules.local(at)
    opening, closing = on(rules, local.date())
    return opening <= local.time() < closing


def next_opening(rules: ShopRules, at: datetime) -> datetime:
    """From when somebody answers, in the shop's time; the moment itself when it is open."""
    local = rules.local(at)
    if is_open(rules, at):
        return local
    day = local.date()
    if local.time() >= on(rules, day)[0]:
        day += timedelta(1)
    return datetime.combine(day, on(rules, day)[0], rules.timezone)
