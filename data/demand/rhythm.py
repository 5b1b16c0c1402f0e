"""What a customer will need again, and when: by how long a thing lasts people, and by this
customer's own rhythm.

A thing has a chance that whoever bought it buys it again at all, another for those who did so
before, and a log-normal time between two purchases. Purchases that have not come (yet) count as
that: either they never will, or the time is not up (a mixture cure model, Boag 1949). Only things
that people use up are looked at, which are those with `rebuy_days`. One that was bought again too
seldom to be known by itself goes by those days, and by all the others as shares of theirs. A
customer's own times between purchases move the middle of theirs, as far as customers differ from
each other.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import norm

from data.demand.panel import Bools, Floats

# Times between purchases that a thing needs to be known by itself.
_OWN = 20
_LEAST = 1.0  # days; two orders on one day are one purchase
# How much of the scatter of times lies between customers where a shop has too few to tell.
_BETWEEN = 0.3


class Bought(NamedTuple):
    """On that day, by that customer."""

    customer: int
    thing: str
    day: date


@dataclass(frozen=True)
class Habit:
    """Of a thing. `first` and `later`: the chances that it is bought again after one purchase, and
    after several; `middle` and `spread` of the logarithm of the days between; `between`, the share
    of that spread's square that lies between customers; `times` that it was bought again."""

    first: float
    later: float
    middle: float
    spread: float
    between: float
    times: int


@dataclass(frozen=True)
class Need:
    """A customer will buy a thing again with probability `chance` within the days asked for, and
    with `ever` at all; most likely about `due`, in four of five cases between `early` and
    `late`."""

    customer: int
    thing: str
    last: date
    bought: int
    due: date
    early: date
    late: date
    chance: float
    ever: float


def habits(
    purchases: Iterable[Bought], today: date, rebuy_days: Mapping[str, int | None]
) -> dict[str, Habit]:
    """Of the things that people buy again, by what they did up to today."""
    spells: dict[str, list[_Spell]] = defaultdict(list)
    for (_, thing), days in _histories(purchases).items():
        for number, day in enumerate(days):
            over = number + 1 < len(days)
            end = days[number + 1] if over else today
            length = max(float((end - day).days), _LEAST)
            spells[thing].append(_Spell(length, over, number > 0))
    between = _between_customers(purchases)
    # What is not used up is bought again for other reasons: it would teach the others nothing.
    used = {thing: days for thing, days in rebuy_days.items() if days and thing in spells}
    shares = [
        spell._replace(length=spell.length / usual)
        for thing, usual in used.items()
        for spell in spells[thing]
    ]
    every = _fit(shares, between)
    found: dict[str, Habit] = {}
    for thing, usual in used.items():
        again = sum(spell.over for spell in spells[thing])
        own = _fit(spells[thing], between) if again >= _OWN else None
        if own is not None:
            found[thing] = own
        elif every is not None:
            middle = every.middle + float(np.log(usual))
            found[thing] = replace(every, middle=middle, times=again)
    return found


def needs(
    purchases: Iterable[Bought], known: Mapping[str, Habit], today: date, within: int
) -> list[Need]:
    """What everybody will need again, the likeliest within so many days first."""
    found = []
    for (customer, thing), days in _histories(purchases).items():
        habit = known.get(thing)
        if habit is None:
            continue
        gaps = _gaps(days)
        middle, spread = _own_rhythm(habit, gaps)
        waited = max((today - days[-1]).days, 0)
        found.append(
            _need(customer, thing, days, habit.later if len(gaps) else habit.first,
                  middle, spread, waited, today, within)
        )  # fmt: skip
    return sorted(found, key=lambda need: (-need.chance, need.customer, need.thing))


def _need(
    customer: int,
    thing: str,
    days: Sequence[date],
    again: float,
    middle: float,
    spread: float,
    waited: int,
    today: date,
    within: int,
) -> Need:
    gone = float(norm.cdf(np.log(max(waited, _LEAST)), middle, spread)) if waited else 0.0
    left = 1 - gone
    ever = again * left / (again * left + 1 - again)

    def after(share: float) -> date:
        """The day until which so great a share of what is still to come has come."""
        level = min(gone + share * left, 1 - 1e-6)
        length = float(np.exp(norm.ppf(max(level, 1e-6), middle, spread)))
        return max(days[-1] + timedelta(round(min(length, 3650))), today)

    soon = float(norm.cdf(np.log(waited + within), middle, spread)) if waited + within > 0 else 0.0
    chance = ever * (soon - gone) / left if left > 1e-9 else 0.0
    return Need(
        customer, thing, days[-1], len(days), after(0.5), after(0.1), after(0.9),
        max(chance, 0.0), ever,
    )  # fmt: skip


def _own_rhythm(habit: Habit, gaps: Floats) -> tuple[float, float]:
    """(middle, spread) of the logarithm of this customer's next time: theirs as far as customers
    differ, the thing's as far as they do not."""
    between = habit.between * habit.spread**2
    within = (1 - habit.between) * habit.spread**2
    weight = len(gaps) * between / (len(gaps) * between + within) if len(gaps) else 0.0
    own = float(np.mean(gaps)) if len(gaps) else habit.middle
    middle = habit.middle + weight * (own - habit.middle)
    return middle, float(np.sqrt(within + (1 - weight) * between))


class _Spell(NamedTuple):
    """Days from a purchase to the next one, or so far; `repeat`: it was not the first."""

    length: float
    over: bool
    repeat: bool


def _fit(spells: Sequence[_Spell], between: float) -> Habit | None:
    lengths = np.log([spell.length for spell in spells])
    over = np.array([spell.over for spell in spells], bool)
    repeat = np.array([spell.repeat for spell in spells], bool)
    if over.sum() < 2:
        return None
    start = np.array([0.0, 1.0, lengths[over].mean(), np.log(max(lengths[over].std(), 0.2))])
    found = minimize(_cured, start, args=(lengths, over, repeat), method="Nelder-Mead",
                     options={"maxiter": 600, "xatol": 1e-3, "fatol": 1e-4})  # fmt: skip
    first, later, middle, spread = found.x
    return Habit(
        float(expit(first)),
        float(expit(later)),
        float(middle),
        float(np.exp(spread)),
        between,
        int(over.sum()),
    )


def _cured(parameters: Floats, lengths: Floats, over: Bools, repeat: Bools) -> float:
    """The negative log-likelihood, with a little that keeps chances from 0 and 1."""
    first, later, middle, log_spread = parameters
    again = np.where(repeat, expit(later), expit(first))
    spread = np.exp(np.clip(log_spread, -2.5, 1.5))
    came = np.log(again) + norm.logpdf(lengths, middle, spread)
    waits = np.log(1 - again + again * norm.sf(lengths, middle, spread))
    prior = 0.05 * (first**2 + later**2)
    total = float(np.where(over, came, waits).sum()) - prior
    return -total if np.isfinite(total) else 1e10


def _between_customers(purchases: Iterable[Bought]) -> float:
    """The share of the scatter of log times that lies between customers, each thing's mean apart;
    by analysis of variance."""
    by_pair = {}
    for pair, days in _histories(purchases).items():
        if len(days) > 2:
            by_pair[pair] = _gaps(days)
    if len(by_pair) < _OWN:
        return _BETWEEN
    of_thing: dict[str, list[float]] = defaultdict(list)
    for (_, thing), logs in by_pair.items():
        of_thing[thing] += logs.tolist()
    within = sum(((logs - logs.mean()) ** 2).sum() for logs in by_pair.values())
    degrees = sum(len(logs) - 1 for logs in by_pair.values())
    inside = within / max(degrees, 1)
    # A mean of n times scatters by what is between, and by what is within, over n.
    means = [
        (float(logs.mean() - np.mean(of_thing[thing])) ** 2, inside / len(logs))
        for (_, thing), logs in by_pair.items()
    ]
    outside = max(float(np.mean([square - chance for square, chance in means])), 0.0)
    return float(min(max(outside / max(outside + inside, 1e-9), 0.0), 0.95))


def _gaps(days: Sequence[date]) -> Floats:
    """The logarithms of the days between purchases."""
    return np.log([max((b - a).days, _LEAST) for a, b in itertools.pairwise(days)])


def _histories(purchases: Iterable[Bought]) -> dict[tuple[int, str], list[date]]:
    """The days of each customer's purchases of each thing, each day once."""
    found: dict[tuple[int, str], set[date]] = defaultdict(set)
    for one in purchases:
        found[one.customer, one.thing].add(one.day)
    return {pair: sorted(days) for pair, days in found.items()}
