"""When people answer."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from data.rules.shop import WEEKDAYS, ShopRules

# So far a next opening is looked for; a shop that opens on no day of a year has no hours.
_FAR = timedelta(days=366)


def on(rules: ShopRules, day: date) -> tuple[time, time] | None:
    """Opening and closing time of a day; None when nobody answers, or the shop says no hours."""
    hours = rules.shop.service_hours
    if hours is None:
        return None
    return hours.holidays if day in rules.holidays else hours.days.get(WEEKDAYS[day.weekday()])


def is_open(rules: ShopRules, at: datetime) -> bool:
    """True from the minute of opening until just before the minute of closing; False for a shop
    that says no hours."""
    local = rules.local(at)
    today = on(rules, local.date())
    return today is not None and today[0] <= local.time() < today[1]


def next_opening(rules: ShopRules, at: datetime) -> datetime | None:
    """From when somebody answers, in the shop's time; the moment itself when it is open; None for a
    shop that says no hours."""
    local = rules.local(at)
    if is_open(rules, at):
        return local
    day = local.date()
    while day <= local.date() + _FAR:
        hours = on(rules, day)
        if hours is not None and (day > local.date() or local.time() < hours[0]):
            return datetime.combine(day, hours[0], rules.timezone)
        day += timedelta(1)
    return None
