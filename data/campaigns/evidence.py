"""How sure a campaign's effect is, whenever one looks.

**Margin.** Each member gives one number, whose mean is the effect: the doubly robust contrast of
the arm that they were given by a known probability, centred by the means of those before them. The
confidence sequence of that mean is Robbins' normal mixture in its asymptotic form (Waudby-Smith,
Arbour, Sinha, Kennedy, Ramdas 2024, "Time-uniform central limit theory and asymptotic confidence
sequences", Annals of Statistics 52(6), Theorem 2.2). Its bound holds at all times together, so that
one may look after every customer and stop at any; with few members it is asymptotic still.

**Purchases** go by `data.experiments.statistics`, which is exact. **Arms** that do not have their
shares were not given out by the hash alone: `uneven` is the chi-squared test of it, for one look,
with a threshold that chance meets once in a thousand (Fabijan et al. 2019, "Diagnosing sample ratio
mismatch in online controlled experiments").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.experiments.statistics import ALPHA, Interval

Floats = npt.NDArray[np.float64]
UNEVEN = 0.001
# The sequence is narrowest at about so many members; it holds at any (there, equation 24).
_NARROWEST = 500
FEWEST = 50  # members before anything is said: below, a variance is a guess


@dataclass(frozen=True)
class Effect:
    """The mean difference of a member offered to one held out; `members` that it is known from.
    `decided`: nought lies outside the interval."""

    interval: Interval
    members: int

    @property
    def decided(self) -> bool:
        return self.interval.low > 0 or self.interval.high < 0


def effect(
    outcomes: Sequence[float], offered: Sequence[bool], held: float, alpha: float = ALPHA
) -> Effect:
    """Of members in the order in which their outcome became known; `held` is the share that is
    held out, as planned."""
    contrasts = _contrasts(np.asarray(outcomes, float), np.asarray(offered, bool), held)
    count = len(contrasts)
    if count < FEWEST:
        return Effect(Interval(math.nan, -math.inf, math.inf), count)
    mean = float(contrasts.mean())
    wide = float(contrasts.std()) * _width(count, alpha)
    return Effect(Interval(mean, mean - wide, mean + wide), count)


def _width(count: int, alpha: float) -> float:
    """Of the sequence after `count` numbers of deviation 1."""
    rho2 = _rho2(alpha)
    grown = count * rho2 + 1
    return math.sqrt(2 * grown / (count**2 * rho2) * math.log(math.sqrt(grown) / alpha))


def _rho2(alpha: float) -> float:
    log = -2 * math.log(alpha)
    return (log + math.log(log + 1)) / _NARROWEST


def _contrasts(outcomes: Floats, offered: npt.NDArray[np.bool_], held: float) -> Floats:
    if not 0 < held < 1:
        return np.zeros(0)
    centre_on = _before(outcomes, offered)
    centre_off = _before(outcomes, ~offered)
    residual_on = np.where(offered, outcomes - centre_on, 0.0) / (1 - held)
    residual_off = np.where(offered, 0.0, outcomes - centre_off) / held
    found: Floats = centre_on - centre_off + residual_on - residual_off
    return found


def _before(outcomes: Floats, theirs: npt.NDArray[np.bool_]) -> Floats:
    """The mean of their outcomes before each member; nought before the first."""
    sums = np.concatenate([[0.0], np.cumsum(np.where(theirs, outcomes, 0.0))[:-1]])
    counts = np.concatenate([[0.0], np.cumsum(theirs)[:-1]])
    found: Floats = sums / np.maximum(1.0, counts)
    return found


def uneven(offered: int, held: int, share_held: float) -> float:
    """How likely chance alone gives arms that are so far from their shares: the p-value of the
    chi-squared test with one degree of freedom."""
    total = offered + held
    if not total or not 0 < share_held < 1:
        return 1.0
    wanted = (total * (1 - share_held), total * share_held)
    distance = sum(
        (count - want) ** 2 / want for count, want in zip((offered, held), wanted, strict=True)
    )
    return math.erfc(math.sqrt(distance / 2))
