"""Reciprocal-rank fusion: one order out of several, whatever their scores mean."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

# Cormack, Clarke and Büttcher (2009) took 60 for rankings of a thousand web pages; among fifty
# passages the first places say more. Chosen on the calibration questions.
SMOOTHING = 10


def fuse(
    rankings: Iterable[Sequence[Key]], weights: Iterable[float] | None = None
) -> dict[Key, float]:
    """Each key's sum of weight / (10 + rank) over the rankings that hold it (rank 1 is the best),
    in descending order; keys of equal score keep the order in which they first appear."""
    scores: dict[Key, float] = {}
    listed = list(rankings)
    weighing = [1.0] * len(listed) if weights is None else list(weights)
    for ranking, weight in zip(listed, weighing, strict=True):
        for rank, key in enumerate(ranking, start=1):
            scores[key] = scores.get(key, 0.0) + weight / (SMOOTHING + rank)
    return dict(sorted(scores.items(), key=lambda item: -item[1]))
