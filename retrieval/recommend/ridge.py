"""What comes next as a linear function of what was bought: ridge regression in closed form.

Each place of each history is an example: the items before it, older ones weighing less, are to
tell the items after it, later ones counting less (Choi et al. 2021, "Session-aware Linear
Item-Item Models", the transition part). The item-to-item weights are the decayed transitions with
what the owned items have in common taken out, which plain co-occurrence counts several times.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from retrieval.recommend.evaluation import Scores
from retrieval.recommend.sequences import (
    Histories,
    Ids,
    buyers,
    flatten,
    from_the_end,
    recency_weights,
    summed,
)

_LEAST = 1e-3


@dataclass(frozen=True, slots=True)
class RidgeSettings:
    """`penalty`: of the squared weights. Time grows with the cube of the items and memory with
    their square: the `most` most bought items take part, about a minute and 2 GB on two cores."""

    past_decay: float = 0.5
    future_decay: float = 0.5
    history_decay: float = 0.6
    penalty: float = 80.0
    most: int = 12_500


@dataclass(frozen=True)
class Ridge:
    """`weights`: float32 [taking part, taking part]; `chosen`: the numbers of those items."""

    settings: RidgeSettings
    items: int
    chosen: Ids
    weights: Scores

    @classmethod
    def fit(cls, histories: Histories, items: int, settings: RidgeSettings) -> Ridge:
        order = np.argsort(-buyers(histories, items), kind="stable")
        chosen = np.sort(order[: settings.most]).astype(np.int64)
        place = np.full(items, -1, np.int64)
        place[chosen] = np.arange(len(chosen))
        gram, towards = _moments(histories, place, len(chosen), settings)
        gram.diagonal().add_(settings.penalty)
        factor = torch.linalg.cholesky(gram)
        del gram  # at 12,000 items each of these matrices takes 600 MB
        weights = torch.cholesky_solve(towards, factor)
        return cls(settings, items, chosen, weights.numpy())

    @cached_property
    def _place(self) -> Ids:
        """Of each item among those that take part, -1 for the others."""
        place = np.full(self.items, -1, np.int64)
        place[self.chosen] = np.arange(len(self.chosen))
        return place

    def scores(self, contexts: Histories) -> Scores:
        place = self._place
        owned, customer = flatten(contexts)
        recency = recency_weights(contexts, self.settings.history_decay)
        known = place[owned] >= 0
        counts = np.bincount(customer[known], minlength=len(contexts))
        rows = functional.embedding_bag(
            torch.from_numpy(place[owned[known]]),
            torch.from_numpy(self.weights),
            torch.from_numpy(np.cumsum(counts) - counts),
            mode="sum",
            per_sample_weights=torch.from_numpy(recency[known]),
        )
        found = np.zeros((len(contexts), self.items), np.float32)
        found[:, self.chosen] = rows.numpy()
        return found

    def scores_of(self, contexts: Histories, items: Ids) -> Scores:
        owned, _ = flatten(contexts)
        recency = recency_weights(contexts, self.settings.history_decay)
        rows, columns = self._place[owned], self._place[items]
        cells = self.weights[rows[:, None], columns] * recency[:, None]
        cells[(rows < 0)[:, None] | (columns < 0)] = 0.0
        return summed(cells, contexts)


def _moments(
    histories: Histories, place: Ids, size: int, settings: RidgeSettings
) -> tuple[torch.Tensor, torch.Tensor]:
    """XᵀX and XᵀY over all examples, float32 [size, size], summed by pairs instead of examples: the
    decays of a pair's examples form geometric series."""
    past, future = settings.past_decay, settings.future_decay
    inside = [place[history] for history in histories]
    gram = torch.zeros(size * size)
    towards = torch.zeros(size * size)
    flat, customer = flatten(inside)
    after = from_the_end(inside)

    def add(to: torch.Tensor, a: Ids, b: Ids, weight: npt.NDArray[np.float64]) -> None:
        both = (a >= 0) & (b >= 0) & (weight > 0)
        cells = torch.from_numpy(a[both] * size + b[both])
        to.index_add_(0, cells, torch.from_numpy(weight[both].astype(np.float32)))

    # An item with `after` items after it stands in that many examples.
    add(gram, flat, flat, _series(past**2, after))
    for gap in range(1, max(map(len, histories), default=0)):
        if max(past, future) ** (gap - 1) * gap < _LEAST:
            break
        same = customer[gap:] == customer[:-gap]
        earlier, later, left = flat[:-gap][same], flat[gap:][same], after[gap:][same]
        weight = past**gap * _series(past**2, left)
        add(gram, earlier, later, weight)
        add(gram, later, earlier, weight)
        # The border lies behind the earlier item or further on, up to just before the later one.
        between = sum(past**i * future ** (gap - 1 - i) for i in range(gap))
        add(towards, earlier, later, np.full(len(earlier), between))
    return gram.view(size, size), towards.view(size, size)


def _series(ratio: float, terms: Ids) -> npt.NDArray[np.float64]:
    """1 + ratio + … of so many terms."""
    found: npt.NDArray[np.float64] = (1 - ratio ** terms.astype(np.float64)) / (1 - ratio)
    return found
