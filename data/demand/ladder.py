"""The ladder of models that know one thing's own sales: each takes the matrix of sales (a row a
thing, NaN where nothing is known) and gives what it expects of the next steps.

Croston's method and its kin run over all rows and settings at once; their settings are those with
the least squared error one step ahead. ETS is statsmodels'. (statsforecast has all of these, but
holds pandas below 3 and brings numba, which compiles for seconds at each start.)
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable

import numpy as np

from data.demand.classes import ADI
from data.demand.panel import Floats

# Smoothing constants to choose from; beyond .3 intermittent demand is followed into its noise.
_RATES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
# A season is learned by ETS from two of them, and has a parameter a step: 52 are too many.
_LONGEST_SEASON = 24

Model = Callable[[Floats, int, int], Floats]
"""(sales, horizon, period) → a row a thing, a column a step ahead; never below zero."""


def naive(sold: Floats, horizon: int, period: int) -> Floats:
    """As in the last step that is known."""
    return np.repeat(_last_known(sold)[:, None], horizon, axis=1)


def seasonal_naive(sold: Floats, horizon: int, period: int) -> Floats:
    """As at the same place of the last season that is known there, else as in the last step."""
    found = naive(sold, horizon, period)
    steps = sold.shape[1]
    for ahead in range(horizon):
        same = sold[:, (steps + ahead) % period : steps : period]
        if same.shape[1]:
            known = _last_known(same, nothing=np.nan)
            found[:, ahead] = np.where(np.isnan(known), found[:, ahead], known)
    return found


def croston(sold: Floats, horizon: int, period: int) -> Floats:
    """Croston 1972: the smoothed size by the smoothed interval."""
    return _croston(sold, horizon, lambda rates: np.ones_like(rates))


def sba(sold: Floats, horizon: int, period: int) -> Floats:
    """Syntetos and Boylan 2005: Croston's method without its bias."""
    return _croston(sold, horizon, lambda rates: 1 - rates / 2)


def _croston(sold: Floats, horizon: int, factor: Callable[[Floats], Floats]) -> Floats:
    rates = np.array(_RATES)[None, :]
    size, interval = (np.repeat(start[:, None], rates.size, axis=1) for start in _beginnings(sold))
    since = np.ones_like(size)
    error = np.zeros_like(size)
    level = factor(rates) * size / interval
    for step in range(sold.shape[1]):
        now = sold[:, step, None]
        known, asked = ~np.isnan(now), np.nan_to_num(now) > 0
        error += np.where(known, (np.nan_to_num(now) - level) ** 2, 0)
        size = np.where(asked, size + rates * (np.nan_to_num(now) - size), size)
        interval = np.where(asked, interval + rates * (since - interval), interval)
        since = np.where(asked, 1.0, since + known)
        level = np.where(asked, factor(rates) * size / interval, level)
    return _best(level, error, horizon)


def tsb(sold: Floats, horizon: int, period: int) -> Floats:
    """Teunter, Syntetos and Babai 2011: the smoothed size times the smoothed probability of being
    asked for, which falls while nobody asks."""
    pairs = np.array(list(itertools.product(_RATES, _RATES)))
    rate, chance_rate = pairs[None, :, 0], pairs[None, :, 1]
    start, interval = _beginnings(sold)
    size = np.repeat(start[:, None], len(pairs), axis=1)
    chance = np.repeat(1 / interval[:, None], len(pairs), axis=1)
    error = np.zeros_like(size)
    for step in range(sold.shape[1]):
        now = sold[:, step, None]
        known, filled = ~np.isnan(now), np.nan_to_num(now)
        asked = filled > 0
        error += np.where(known, (filled - size * chance) ** 2, 0)
        chance = np.where(known, chance + chance_rate * (asked - chance), chance)
        size = np.where(asked, size + rate * (filled - size), size)
    return _best(size * chance, error, horizon)


def ets(sold: Floats, horizon: int, period: int) -> Floats:
    """Exponential smoothing: the level alone, with a damped trend, or with a season, whichever has
    the least corrected information criterion; of what is seldom asked for the level alone, as its
    trends and seasons are chance. What is not known is taken as it was around it."""
    return np.vstack([_ets_of(row, horizon, period) for row in sold]).reshape(-1, horizon)


def _ets_of(row: Floats, horizon: int, period: int) -> Floats:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    known = _filled(row)
    if len(known) < 3 or np.ptp(known) == 0:
        return np.full(horizon, known.mean() if len(known) else 0.0)
    shapes: list[dict[str, object]] = [{}]
    often = np.mean(known > 0) * ADI >= 1
    if often and len(known) >= 10:
        shapes.append({"trend": "add", "damped_trend": True})
    if often and period <= _LONGEST_SEASON and len(known) >= 2 * period + 2:
        shapes.append({"seasonal": "add", "seasonal_periods": period})
    best, found = np.inf, np.full(horizon, known.mean())
    for shape in shapes:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one that does not converge loses by its criterion
            try:
                fitted = ExponentialSmoothing(
                    known,
                    initialization_method="heuristic" if len(known) >= 10 else "legacy-heuristic",
                    **shape,
                ).fit()
                ahead = np.asarray(fitted.forecast(horizon), float)
            except (ValueError, np.linalg.LinAlgError):
                continue
        if fitted.aicc < best and np.isfinite(ahead).all():
            best, found = float(fitted.aicc), ahead
    return np.asarray(np.maximum(found, 0.0), float)


def _filled(row: Floats) -> Floats:
    """From the first step that is known; gaps are drawn straight between what is beside them."""
    there = np.flatnonzero(~np.isnan(row))
    if not len(there):
        return np.zeros(0)
    row = row[there[0] :]
    there = there - there[0]
    return np.asarray(np.interp(np.arange(len(row)), there, row[there]), float)


def _last_known(sold: Floats, nothing: float = 0.0) -> Floats:
    known = ~np.isnan(sold)
    last = sold.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    return np.asarray(np.where(known.any(axis=1), sold[np.arange(len(sold)), last], nothing), float)


def _beginnings(sold: Floats) -> tuple[Floats, Floats]:
    """The mean size and the mean interval, to start smoothing from."""
    asked, known = np.nan_to_num(sold) > 0, ~np.isnan(sold)
    count = asked.sum(axis=1)
    size = np.nansum(sold, axis=1) / np.maximum(count, 1)
    interval = np.maximum(known.sum(axis=1), 1) / np.maximum(count, 1)
    return size, np.maximum(interval, 1.0)


def _best(level: Floats, error: Floats, horizon: int) -> Floats:
    chosen = level[np.arange(len(level)), np.argmin(error, axis=1)]
    return np.repeat(chosen[:, None], horizon, axis=1)


MODELS: dict[str, Model] = {
    "naive": naive,
    "seasonal": seasonal_naive,
    "ets": ets,
    "croston": croston,
    "sba": sba,
    "tsb": tsb,
}
