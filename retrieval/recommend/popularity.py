"""What most customers have: the same for everybody."""

from __future__ import annotations

import numpy as np

from retrieval.recommend.evaluation import Scores
from retrieval.recommend.sequences import Histories, Ids, buyers


class Popularity:
    """`shares`: float32 [items], the share of customers who have each."""

    def __init__(self, shares: Scores) -> None:
        self.shares = shares

    @classmethod
    def fit(cls, histories: Histories, items: int) -> Popularity:
        found = buyers(histories, items) / max(1, len(histories))
        return cls(found.astype(np.float32))

    def scores(self, contexts: Histories) -> Scores:
        return np.repeat(self.shares[None], len(contexts), axis=0)

    def scores_of(self, contexts: Histories, items: Ids) -> Scores:
        return np.repeat(self.shares[None, items], len(contexts), axis=0)
