"""How good a forecast was, on a scale that the sales themselves give (the M5 competition's)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.demand.panel import Floats

# Of the M5 competition, "Uncertainty": from the 99 % interval to the median.
LEVELS = (0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995)


def squared_scale(sold: Floats) -> Floats:
    """The mean squared error of the naive forecast one step ahead, a row a thing, from its first
    sale on; NaN where all steps are alike."""
    return _scale(sold, lambda change: change**2)


def absolute_scale(sold: Floats) -> Floats:
    """The mean absolute error of the same."""
    return _scale(sold, np.abs)


def _scale(sold: Floats, of: np.ufunc | object) -> Floats:
    begun = np.cumsum(np.nan_to_num(sold), axis=1) > 0
    change = np.where(begun[:, :-1], np.diff(sold, axis=1), np.nan)
    assert callable(of)  # noqa: S101 - for mypy: a ufunc is not typed as one
    errors = of(change)
    count = (~np.isnan(errors)).sum(axis=1)
    mean = np.nansum(errors, axis=1) / np.maximum(count, 1)
    return np.where((count > 0) & (mean > 0), mean, np.nan)


def rmsse(actual: Floats, forecast: Floats, scale: Floats) -> Floats:
    """Root mean squared scaled error, a row a thing; NaN where nothing is known."""
    error = (actual - forecast) ** 2
    count = (~np.isnan(error)).sum(axis=1)
    mean = np.nansum(error, axis=1) / np.maximum(count, 1)
    return np.where(count > 0, np.sqrt(mean / scale), np.nan)


def scaled_pinball(
    actual: Floats, quantiles: Sequence[Floats], scale: Floats, levels: Sequence[float] = LEVELS
) -> Floats:
    """The mean pinball loss of the levels by the absolute scale, a row a thing."""
    losses = []
    for level, at in zip(levels, quantiles, strict=True):
        over = actual - at
        losses.append(np.maximum(level * over, (level - 1) * over))
    loss = np.mean(losses, axis=0)
    count = (~np.isnan(loss)).sum(axis=1)
    return np.where(count > 0, np.nansum(loss, axis=1) / np.maximum(count, 1) / scale, np.nan)
