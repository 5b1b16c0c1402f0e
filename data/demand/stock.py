"""What runs out when, and what to order, by the bands of what will be asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from data.demand.choosing import Outlook
from data.demand.classes import Demand
from data.demand.panel import DAYS, Floats
from data.demand.reading import Sales, Thing

# The bands that are shown hold four in five.
LOW, HIGH = 0.1, 0.9
_LATEST_STEPS = 4  # that "of late" means


@dataclass(frozen=True)
class Terms:
    """How the shop orders: `lead_days` from an order to the goods, `review_days` between two
    orders, and the share of such times in which nothing may run out."""

    lead_days: int = 14
    review_days: int = 7
    service: float = 0.95

    def steps(self, days: int) -> int:
        """Weeks, as forecasts go by; what has begun counts whole."""
        return math.ceil((self.lead_days + self.review_days) / days)


@dataclass(frozen=True)
class Line:
    """One thing. `sold` of late (None where that is not known), `expected` in the steps asked for,
    four times in five between `low` and `high`. `runs_out` is the day expected, `earliest` and
    `latest` those of the band; None: after all steps that were looked at. `cover` is what the lead
    time and the time to the next order take at the service level, `order` what of it is missing."""

    thing: Thing
    demand: Demand
    model: str
    sold: float | None
    expected: float
    low: float
    high: float
    runs_out: date | None
    earliest: date | None
    latest: date | None
    cover: int
    order: int


def lines(sales: Sales, outlook: Outlook, terms: Terms, steps: int) -> list[Line]:
    """One a row of the panel, in its order. The outlook must reach over the terms' steps."""
    days = DAYS[outlook.panel.step]
    needed = terms.steps(days)
    if max(needed, steps) > outlook.horizon:
        raise ValueError("The outlook is shorter than what is asked of it.")
    low, high, middle = outlook.sums(LOW), outlook.sums(HIGH), outlook.expected
    service = outlook.sums(terms.service)
    tomorrow = sales.last + timedelta(1)
    found = []
    for row, thing in enumerate(sales.things):
        late = sales.panel.sold[row, -_LATEST_STEPS:]
        cover = int(service[row, needed - 1])
        found.append(
            Line(
                thing=thing,
                demand=outlook.demand[row],
                model=outlook.model[row],
                sold=None if np.isnan(late).all() else float(np.nansum(late)),
                expected=float(middle[row, steps - 1]),
                low=float(low[row, steps - 1]),
                high=float(high[row, steps - 1]),
                runs_out=_empty(thing.stock, middle[row], tomorrow, days),
                earliest=_empty(thing.stock, high[row], tomorrow, days),
                latest=_empty(thing.stock, low[row], tomorrow, days),
                cover=cover,
                order=max(cover - thing.stock, 0),
            )
        )
    return found


def most_urgent(found: Iterable[Line]) -> list[Line]:
    """What runs out first comes first, then what sells most."""
    return sorted(
        found, key=lambda line: (line.runs_out or date.max, -line.expected, line.thing.id)
    )


def _empty(stock: int, sums: Floats | Sequence[float], first: date, days: int) -> date | None:
    """The day on which so many pieces are gone, sales within a step being even."""
    if stock <= 0:
        return first
    over = np.flatnonzero(np.asarray(sums) >= stock)
    if not len(over):
        return None
    step = int(over[0])
    before = float(sums[step - 1]) if step else 0.0
    share = (stock - before) / max(float(sums[step]) - before, 1e-9)
    return first + timedelta(int(days * (step + min(max(share, 0.0), 1.0))))
