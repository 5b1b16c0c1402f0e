"""How sure a figure is, and when an experiment may stop.

**Stop rule.** Customers get their arm by a hash, so when two arms do equally well, whoever converts
comes from one of them with the probability of its share, whatever anybody else did. Each converting
customer is thus one toss of a coin whose bias is known, and `evidence` is a bet against that bias:
a mixture of likelihood ratios over Beta-distributed biases (Robbins 1970), which is a martingale
that begins at 1 while nothing is different. By Ville's inequality it ever exceeds 1/α with a
probability of at most α. So it may be looked at after every customer, as often as one likes, and
stopped at any time; no number of customers need be fixed beforehand, and nothing is approximated.
`ratio_interval` is the confidence sequence of the same bet: the truth lies in it at all times
together with a probability of 1 − α.

`wilson` and `bootstrap` are for one look: they say how sure a figure is by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

ALPHA = 0.05
_Z = 1.959964  # of 95 %
_RESAMPLES = 1000
# How many customers' worth of belief the bet begins with: such that a lift of a fifth, the size
# worth finding, is found soonest. The bound on false stops does not depend on it.
_BELIEF = 100.0


@dataclass(frozen=True)
class Interval:
    """`low` and `high` hold the truth with a probability of 95 %."""

    value: float
    low: float
    high: float


def wilson(successes: float, trials: float) -> Interval:
    """A share of independent trials, which may count in part; without any, anything from 0 to 1
    (Wilson 1927)."""
    if trials == 0:
        return Interval(math.nan, 0.0, 1.0)
    share, z2 = successes / trials, _Z**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = _Z / (1 + z2 / trials)
    spread *= math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return Interval(share, max(0.0, centre - spread), min(1.0, centre + spread))


def bootstrap(
    above: Sequence[float], below: Sequence[float] | None = None, *, seed: int = 0
) -> Interval:
    """The mean of `above`, or with `below` the ratio of both sums, one number a customer in each:
    customers are drawn anew, since what one customer does belongs together. The same numbers give
    the same interval."""
    top = np.asarray(above, dtype=float)
    bottom = np.ones(len(top)) if below is None else np.asarray(below, dtype=float)
    if len(top) == 0 or bottom.sum() == 0:
        return Interval(math.nan, math.nan, math.nan)
    rng = np.random.default_rng(seed)
    drawn = np.empty(_RESAMPLES)
    for i in range(_RESAMPLES):
        chosen = rng.integers(0, len(top), len(top))
        weight = bottom[chosen].sum()
        drawn[i] = top[chosen].sum() / weight if weight else math.nan
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return Interval(float(top.sum() / bottom.sum()), float(low), float(high))


def evidence(converted: int, of: int, share: float) -> float:
    """The bet against "both arms do equally well" after `of` customers converted in both arms
    together, `converted` of them in the arm that gets `share` of these two arms' customers. At
    1/α or more the experiment may stop."""
    return math.exp(min(700.0, _log_evidence(converted, of, share, share)))


def ratio_interval(converted: int, of: int, share: float, alpha: float = ALPHA) -> Interval:
    """How many times as often a customer of the arm converts as one of the other arm; valid at
    all times together, with a probability of 1 − `alpha`."""

    def bet(bias: float) -> float:
        return _log_evidence(converted, of, share, bias) - math.log(1 / alpha)

    seen = converted / of if of else share
    low = 0.0 if bet(_TINY) < 0 else _crossing(bet, _TINY, max(seen, _TINY))
    high = 1.0 if bet(1 - _TINY) < 0 else _crossing(bet, 1 - _TINY, min(seen, 1 - _TINY))
    usual = share / (1 - share)

    def ratio(bias: float) -> float:
        return math.inf if bias >= 1 else bias / (1 - bias) / usual

    return Interval(ratio(seen), ratio(low), ratio(high))


_TINY = 1e-9


def _log_evidence(converted: int, of: int, share: float, bias: float) -> float:
    """Log of the mixture's likelihood over that of `bias`; the mixture is centred at `share`."""
    a, b = _BELIEF * share, _BELIEF * (1 - share)
    mixture = _log_beta(converted + a, of - converted + b) - _log_beta(a, b)
    return mixture - converted * math.log(bias) - (of - converted) * math.log(1 - bias)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _crossing(bet: Callable[[float], float], outside: float, inside: float) -> float:
    """Where the bet changes its sign between a bias that is rejected and one that is not."""
    for _ in range(100):
        middle = (outside + inside) / 2
        if bet(middle) >= 0:
            outside = middle
        else:
            inside = middle
    return inside
