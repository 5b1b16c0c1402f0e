"""How widely a count scatters around what is expected of it: the negative binomial distribution,
the Poisson one where it scatters no more than that."""

from __future__ import annotations

import numpy as np
from scipy import stats

from data.demand.panel import Floats

# At and below this ratio of variance to mean there is no negative binomial; Poisson stands in.
_POISSON = 1.001
_LEAST = 1e-4  # an expectation of nothing at all still leaves something to chance


def at_most(counts: Floats, mean: Floats, ratio: Floats) -> Floats:
    """The probability of so many or fewer; `ratio` is the variance by the mean. 0 below zero."""
    mean, ratio = np.maximum(mean, _LEAST), np.asarray(ratio, float)
    wide = np.maximum(ratio, _POISSON)
    found = np.where(
        ratio > _POISSON,
        stats.nbinom.cdf(counts, mean / (wide - 1), 1 / wide),
        stats.poisson.cdf(counts, mean),
    )
    return np.asarray(np.where(np.asarray(counts) < 0, 0.0, found), float)


def quantile(level: Floats | float, mean: Floats, ratio: Floats) -> Floats:
    """The least count that is not exceeded with this probability."""
    mean, ratio = np.maximum(mean, _LEAST), np.asarray(ratio, float)
    level = np.clip(level, 0.0, 1 - 1e-9)
    wide = np.maximum(ratio, _POISSON)
    found = np.where(
        ratio > _POISSON,
        stats.nbinom.ppf(level, mean / (wide - 1), 1 / wide),
        stats.poisson.ppf(level, mean),
    )
    return np.asarray(np.maximum(found, 0.0), float)  # ppf(0) is −1
