"""What is like what the customer bought last, by the vectors of the items' texts."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.recommend.evaluation import Scores
from retrieval.recommend.sequences import Histories, Ids, flatten, recency_weights, summed


@dataclass(frozen=True, slots=True)
class ContentSimilarity:
    """`vectors`: float32 [items, dimensions] of length 1, zeros for items without a text."""

    vectors: Scores
    history_decay: float = 0.6

    @property
    def item_vectors(self) -> Scores:
        return self.vectors

    def customer_vectors(self, contexts: Histories) -> Scores:
        owned, _ = flatten(contexts)
        recency = recency_weights(contexts, self.history_decay)
        return summed(self.vectors[owned] * recency[:, None], contexts)

    def scores(self, contexts: Histories) -> Scores:
        found: Scores = self.customer_vectors(contexts) @ self.vectors.T
        return found

    def scores_of(self, contexts: Histories, items: Ids) -> Scores:
        found: Scores = self.customer_vectors(contexts) @ self.vectors[items].T
        return found
