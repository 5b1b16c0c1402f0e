"""Low-rank item-to-item transitions: a truncated singular value decomposition of their matrix.

Two items that were never bought one after the other are near when they lead to, or come from, the
same ones; plain co-occurrence knows nothing of such pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from retrieval.recommend.evaluation import Scores
from retrieval.recommend.sequences import Histories, Ids, flatten, recency_weights, summed
from retrieval.recommend.transitions import Transitions, TransitionSettings

_ROUNDS = 2  # of the power iteration


@dataclass(frozen=True, slots=True)
class SpectralSettings:
    """`rank`: how many directions are kept. Sums of rows and columns are taken to the power
    `normalise` out of the matrix before, those of columns to the power `popularity` in after."""

    rank: int = 500
    gap_decay: float = 0.8
    backward: float = 0.4
    normalise: float = 0.5
    popularity: float = 0.3
    history_decay: float = 0.6
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Spectral:
    """`given`, `next`: float32 [items, rank]; the inner product of one item's row of `given` with
    another's of `next` says how well the second follows the first."""

    settings: SpectralSettings
    given: Scores
    next: Scores

    @classmethod
    def fit(cls, histories: Histories, items: int, settings: SpectralSettings) -> Spectral:
        counted = Transitions.fit(
            histories,
            items,
            TransitionSettings(settings.gap_decay, settings.backward, 0.0, settings.history_decay),
        )
        rows = np.repeat(np.arange(items), np.diff(counted.starts))
        # One more than counted, so that what was hardly ever bought is not the loudest.
        row_sums = 1 + np.bincount(rows, counted.weights, minlength=items)
        column_sums = 1 + np.bincount(counted.columns, counted.weights, minlength=items)
        power = settings.normalise
        cells = counted.weights / (row_sums[rows] * column_sums[counted.columns]) ** power
        matrix = torch.sparse_coo_tensor(
            torch.from_numpy(np.stack([rows, counted.columns])),
            torch.from_numpy(cells.astype(np.float32)),
            (items, items),
            is_coalesced=True,
            check_invariants=False,
        )
        rank = min(settings.rank, items)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            left, values, right = torch.svd_lowrank(matrix, q=rank, niter=_ROUNDS)
        popularity = torch.from_numpy((column_sums**settings.popularity).astype(np.float32))
        return cls(settings, (left * values).numpy(), (right * popularity[:, None]).numpy())

    @property
    def item_vectors(self) -> Scores:
        return self.next

    def customer_vectors(self, contexts: Histories) -> Scores:
        owned, _ = flatten(contexts)
        recency = recency_weights(contexts, self.settings.history_decay)
        return summed(self.given[owned] * recency[:, None], contexts)

    def scores(self, contexts: Histories) -> Scores:
        found: Scores = self.customer_vectors(contexts) @ self.next.T
        return found

    def scores_of(self, contexts: Histories, items: Ids) -> Scores:
        found: Scores = self.customer_vectors(contexts) @ self.next[items].T
        return found
