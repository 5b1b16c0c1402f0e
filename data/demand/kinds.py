"""What is new goes by its kind: the few sales that it has, and how things of its kind sell."""

from __future__ import annotations

import numpy as np

from data.demand.panel import Floats, Panel

_RECENT = 26  # steps in which the others of a kind are looked at
_LEAST = 1e-3


def by_kind(panel: Panel, horizon: int) -> tuple[Floats, Floats]:
    """(expected of the next steps, steps that the kind counts for) of every thing.

    Sales a step are Poisson around a rate of the thing's own; rates within a kind scatter as a
    gamma distribution, whose mean and variance are those of the kind's other things (of the whole
    shop where the kind has fewer than three). With a prior worth b steps and n steps of its own,
    a thing's rate is expected where both together put it, and a sum of h steps scatters with a
    variance of 1 + h / (b + n) times its mean.
    """
    recent = panel.sold[:, -_RECENT:]
    known = (~np.isnan(recent)).sum(axis=1)
    rates = np.nansum(recent, axis=1) / np.maximum(known, 1)
    means, worth = np.empty(len(panel)), np.empty(len(panel))
    kinds = np.array(panel.kinds)
    for row in range(len(panel)):
        others = (np.arange(len(panel)) != row) & (known >= 8)
        like = others & (kinds == kinds[row])
        pool = like if like.sum() >= 3 else others
        if not pool.any():
            pool = known > 0
        of, steps = rates[pool], known[pool]
        mean = float(np.average(of, weights=steps)) if steps.sum() else 0.0
        # What Poisson alone would scatter is not of the rates.
        between = float(np.var(of)) - mean / max(float(np.mean(steps)), 1.0) if len(of) else 0.0
        worth[row] = np.clip(mean / between if between > _LEAST else 26.0, 1.0, 26.0)
        sold = float(np.nansum(recent[row]))
        means[row] = (mean * worth[row] + sold) / (worth[row] + known[row])
    return np.repeat(means[:, None], horizon, axis=1), worth + known
