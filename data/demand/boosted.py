"""One boosted model of all things together: what a thing alone has too few sales to teach (the
season of its kind, what holidays, prices and promotions do, what views, searches and carts
announce) is learned from all.

Each row that it learns from is a thing, a step at which one stands, and a step ahead. Sales are
told as shares of what the thing sold of late, so that big and small ones teach each other; a row
weighs as much as the thing sells. The model is scikit-learn's, with the Poisson deviance.
"""

from __future__ import annotations

import numpy as np

from data.demand import calendar
from data.demand.panel import SIGNALS, Bools, Floats, Ints, Panel

_LEARNT = 60_000  # rows at most; beyond, a sample: ten seconds on one core
_FIRST = 8  # steps that a thing must have behind it
_WINDOWS = (1, 4, 13, 26)
_SETTINGS = {
    "loss": "poisson",
    "learning_rate": 0.06,
    "max_iter": 120,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 60,
    "l2_regularization": 5.0,
    "categorical_features": [0],
}


def boosted(panel: Panel, horizon: int, seed: int = 0) -> Floats:
    """What is expected of each thing in the next steps. Without enough to learn from, what the
    things sold of late."""
    table = _Table(panel, horizon)
    rows, targets, weights = table.learnt(np.random.default_rng(seed))
    now = np.full(len(panel), panel.steps)
    level = table.level(np.arange(len(panel)), now)
    flat = np.repeat(level[:, None], horizon, axis=1)
    if len(rows) < 200 or targets.sum() <= 0:
        return flat
    from sklearn.ensemble import HistGradientBoostingRegressor

    # A column without two values says nothing, and cannot be cut; the kind stays first.
    told = [
        0,
        *(n for n in range(1, rows.shape[1]) if len(np.unique(rows[~np.isnan(rows[:, n]), n])) > 1),
    ]
    model = HistGradientBoostingRegressor(random_state=seed, **_SETTINGS)
    model.fit(rows[:, told], targets, sample_weight=weights)
    found = np.empty((len(panel), horizon))
    for ahead in range(1, horizon + 1):
        asked = table.rows(np.arange(len(panel)), now, np.full(len(panel), ahead))[:, told]
        found[:, ahead - 1] = model.predict(asked) * level
    return found


class _Table:
    """The panel's facts as cumulated sums, so that each row is looked up and not counted again."""

    def __init__(self, panel: Panel, horizon: int) -> None:
        self._panel, self._horizon = panel, horizon
        self._known = _cumulated(~np.isnan(panel.sold))
        self._sold = _cumulated(np.nan_to_num(panel.sold))
        self._asked = _cumulated(np.nan_to_num(panel.sold) > 0)
        kinds = sorted(set(panel.kinds))
        self._kind = np.array([kinds.index(kind) for kind in panel.kinds])
        # More kinds than the model has bins for are taken as one.
        self._kind_code = np.where(self._kind < 254, self._kind, 254)
        self._of_kind = np.zeros((max(len(kinds), 1), panel.steps + 1))
        np.add.at(self._of_kind, self._kind, self._sold)
        self._of_all = self._sold.sum(axis=0, keepdims=True)
        self._signals = [_cumulated(panel.signals[key]) for key in SIGNALS if key in panel.signals]
        promoted, price = panel.plan(horizon)
        self._promoted = np.hstack([panel.promoted, promoted])
        self._price = np.hstack([panel.price, price])
        days = (*panel.starts, *panel.after(horizon))
        self._calendar = calendar.features(days, panel.step, panel.country)
        asked = np.nan_to_num(panel.sold) > 0
        steps = np.arange(panel.steps)
        last = np.maximum.accumulate(np.where(asked, steps, -1), axis=1)
        self._last = np.hstack([np.full((len(panel), 1), -1), last])
        self._begun = np.argmax(~np.isnan(panel.sold), axis=1)

    def learnt(self, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
        """(rows, targets, weights) of steps that are over."""
        things, origins, aheads = (
            each.ravel()
            for each in np.meshgrid(
                np.arange(len(self._panel)),
                np.arange(_FIRST, self._panel.steps),
                np.arange(1, self._horizon + 1),
                indexing="ij",
            )
        )
        target = origins + aheads - 1
        fits = target < self._panel.steps
        things, origins, aheads, target = (each[fits] for each in (things, origins, aheads, target))
        behind = self._known[things, origins] >= _FIRST
        sold = self._panel.sold[things, target]
        chosen = np.flatnonzero(behind & ~np.isnan(sold))
        if len(chosen) > _LEARNT:
            chosen = np.sort(rng.choice(chosen, _LEARNT, replace=False))
        things, origins, aheads = things[chosen], origins[chosen], aheads[chosen]
        level = self.level(things, origins)
        return self.rows(things, origins, aheads), sold[chosen] / level, level

    def level(self, things: Ints, origins: Ints) -> Floats:
        """What a thing sold a step in the last half of a year, and a little, so that what did not
        sell can again."""
        return self._mean(self._sold, things, origins, 26) + 0.05

    def rows(self, things: Ints, origins: Ints, aheads: Ints) -> Floats:
        panel, period = self._panel, self._panel.period
        level = self.level(things, origins)
        target = origins + aheads - 1
        own = [self._mean(self._sold, things, origins, window) / level for window in _WINDOWS]
        asked = self._mean(self._asked, things, origins, 26)
        since = np.minimum(origins - 1 - self._last[things, origins], 60)
        year_ago = target - period
        season = [
            self._season(of, row, origins, year_ago)
            for of, row in (
                (self._of_kind, self._kind[things]),
                (self._of_all, np.zeros_like(things)),
            )
        ]
        same = np.where(year_ago >= 0, panel.sold[things, np.maximum(year_ago, 0)] / level, np.nan)
        columns = [
            self._kind_code[things],
            aheads,
            np.log(level),
            *own,
            asked,
            since,
            origins - self._begun[things],
            same,
            *season,
            self._promoted[things, target],
            self._price[things, target],
            self._mean(_cumulated(panel.promoted), things, origins, 4),
            *self._calendar[target].T,
        ]
        for signal in self._signals:
            before = self._mean(signal, things, origins, 26) + 0.1
            columns += [
                self._mean(signal, things, origins, 1) / before,
                self._mean(signal, things, origins, 4) / before,
            ]
        return np.column_stack(columns).astype(float)

    def _mean(self, sums: Floats, things: Ints, origins: Ints, window: int) -> Floats:
        """Of the steps before the origin that are known."""
        first = np.maximum(origins - window, 0)
        known = self._known[things, origins] - self._known[things, first]
        return np.asarray(
            (sums[things, origins] - sums[things, first]) / np.maximum(known, 1), float
        )

    def _season(self, sums: Floats, row: Ints, origins: Ints, year_ago: Ints) -> Floats:
        """How much more was sold around the step a season ago than before the place where one
        stands, a season ago; NaN where that is not known."""
        window = max(self._panel.period // 12, 1)
        period = self._panel.period
        there = (year_ago - window >= 0) & (origins - period - 2 * window >= 0)
        last = np.clip(year_ago + window + 1, 0, np.minimum(origins, self._panel.steps))
        first = np.clip(year_ago - window, 0, last)
        then = (sums[row, last] - sums[row, first]) / np.maximum(last - first, 1)
        at = np.clip(origins - period, 0, None)
        back = np.clip(at - 2 * window, 0, None)
        before = (sums[row, at] - sums[row, back]) / np.maximum(at - back, 1)
        return np.where(there & (before > 0), then / np.maximum(before, 1e-9), np.nan)


def _cumulated(values: Floats | Bools) -> Floats:
    """Sums up to and without each step; NaN counts as nothing."""
    sums = np.nancumsum(np.asarray(values, float), axis=1)
    return np.hstack([np.zeros((len(values), 1)), sums])
