"""Days on which a country buys otherwise: public holidays, the lunar ones too, and sales days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

import numpy as np

from data.demand.panel import DAYS, Floats, Step

# Days that shops made, where customers wait for them: no calendar of holidays has them.
_SALES = {"CN": ((6, 18), (11, 11), (12, 12))}
_BLACK_FRIDAY = ("US", "CA", "GB", "DE", "FR", "ES", "IT", "NL", "AU")
_AHEAD = 14  # people buy before a holiday, not on it


@cache
def holidays_of(country: str | None, year: int) -> frozenset[date]:
    """The public holidays of a year, as they are kept there: with weekends that are worked and
    days off in their stead where the country moves them. Empty where no calendar is known."""
    import holidays

    if country is None or country not in holidays.list_supported_countries():
        return frozenset()
    return frozenset(holidays.country_holidays(country, years=year))


@cache
def sales_days(country: str | None, year: int) -> frozenset[date]:
    days = {date(year, *day) for day in _SALES.get(country or "", ())}
    if country in _BLACK_FRIDAY:
        november = date(year, 11, 1)
        thursday = november + timedelta((3 - november.weekday()) % 7 + 21)
        days |= {thursday + timedelta(1), thursday + timedelta(4)}
    return frozenset(days)


def features(starts: Sequence[date], step: Step, country: str | None) -> Floats:
    """A row for each step: holidays in it, holidays in the two weeks after it, sales days in it,
    and where in the year it lies (two waves)."""
    rows = []
    for start in starts:
        days = [start + timedelta(n) for n in range(DAYS[step])]
        ahead = [days[-1] + timedelta(n + 1) for n in range(_AHEAD)]
        angle = 2 * np.pi * days[len(days) // 2].timetuple().tm_yday / 365.25
        rows.append(
            [
                sum(day in holidays_of(country, day.year) for day in days),
                sum(day in holidays_of(country, day.year) for day in ahead),
                sum(day in sales_days(country, day.year) for day in days),
                np.sin(angle),
                np.cos(angle),
                np.sin(2 * angle),
                np.cos(2 * angle),
            ]
        )
    return np.array(rows, float).reshape(len(starts), 7)
