"""Decayed item-to-item co-occurrence by the order of purchases: what came how soon after what.

`cooccurrence.CoPurchases` counts pairs by days and explains them; here only the order is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from retrieval.recommend.evaluation import Scores
from retrieval.recommend.sequences import Histories, Ids, flatten, recency_weights

_LEAST = 1e-3  # pairs that would weigh less are left out


@dataclass(frozen=True, slots=True)
class TransitionSettings:
    """A pair `gap` purchases apart weighs gap_decay ** (gap - 1) for the later item given the
    earlier one, and `backward` times that the other way round (1: order does not matter). An
    item's row is divided by its sum to the power `normalise`, and items of a history count
    `history_decay` less for each purchase since."""

    gap_decay: float = 0.7
    backward: float = 0.2
    normalise: float = 0.5
    history_decay: float = 0.5


# Plain co-occurrence: pairs without a direction. What is tried on the validation items:
PLAIN = TransitionSettings(backward=1.0, history_decay=0.7)
BOTH_WAYS = tuple(
    replace(PLAIN, gap_decay=gap, history_decay=old)
    for gap in (0.5, 0.7, 0.85)
    for old in (0.5, 0.7, 0.85)
)
DIRECTED = tuple(
    TransitionSettings(gap, back, 0.5, old)
    for gap in (0.5, 0.7)
    for back in (0.1, 0.3)
    for old in (0.4, 0.6)
)


@dataclass(frozen=True, slots=True)
class Transitions:
    """Rows of a sparse matrix [items, items]: the weights of row i are
    weights[starts[i]:starts[i+1]], those of the items columns[starts[i]:starts[i+1]]."""

    settings: TransitionSettings
    starts: Ids
    columns: Ids
    weights: Scores

    @classmethod
    def fit(cls, histories: Histories, items: int, settings: TransitionSettings) -> Transitions:
        keys: list[Ids] = []
        weights: list[npt.NDArray[np.float64]] = []
        for gap, earlier, later in pairs_by_gap(histories):
            weight = settings.gap_decay ** (gap - 1)
            if weight < _LEAST:
                break
            keys.append(earlier * items + later)
            weights.append(np.full(len(earlier), weight))
            if settings.backward > 0:
                keys.append(later * items + earlier)
                weights.append(np.full(len(earlier), weight * settings.backward))
        every = np.concatenate([*keys, np.zeros(0, np.int64)])
        cells, place = np.unique(every, return_inverse=True)
        sums = np.bincount(place, np.concatenate([*weights, np.zeros(0)]), minlength=len(cells))
        rows = cells // items
        totals = np.bincount(rows, sums, minlength=items)
        sums = sums / np.maximum(totals[rows], 1e-9) ** settings.normalise
        starts = np.searchsorted(rows, np.arange(items + 1)).astype(np.int64)
        return cls(settings, starts, cells % items, sums.astype(np.float32))

    def scores(self, contexts: Histories) -> Scores:
        items = len(self.starts) - 1
        customer, columns, weights = self._said(contexts)
        found = np.bincount(customer * items + columns, weights, minlength=len(contexts) * items)
        return found.reshape(len(contexts), items).astype(np.float32)

    def scores_of(self, contexts: Histories, items: Ids) -> Scores:
        customer, columns, weights = self._said(contexts)
        order = np.argsort(items, kind="stable")
        near = np.minimum(np.searchsorted(items[order], columns), len(items) - 1)
        asked = items[order][near] == columns if len(items) else np.zeros(len(columns), np.bool_)
        cells = customer[asked] * len(items) + order[near[asked]]
        found = np.bincount(cells, weights[asked], minlength=len(contexts) * len(items))
        return found.reshape(len(contexts), len(items)).astype(np.float32)

    def _said(self, contexts: Histories) -> tuple[Ids, Ids, npt.NDArray[np.float64]]:
        """All the rows' weights, one row after another: (customer, item, weight)."""
        owned, customer = flatten(contexts)
        recency = recency_weights(contexts, self.settings.history_decay)
        lengths = self.starts[owned + 1] - self.starts[owned]
        ends = np.cumsum(lengths)
        places = np.arange(int(lengths.sum())) + np.repeat(
            self.starts[owned] - ends + lengths, lengths
        )
        weights = self.weights[places] * np.repeat(recency, lengths)
        return np.repeat(customer, lengths), self.columns[places], weights.astype(np.float64)


def pairs_by_gap(histories: Histories) -> Iterator[tuple[int, Ids, Ids]]:
    """For each gap from 1 on all (earlier item, later item) of one history so far apart."""
    flat, owner = flatten(histories)
    for gap in range(1, max(map(len, histories), default=0)):
        same = owner[gap:] == owner[:-gap]
        yield gap, flat[:-gap][same], flat[gap:][same]
