"""Customers who are like the buyers of a product: by what else they bought, as the items' vectors
see it, with FAISS.

A customer is the mean of the vectors of what they own, the newest counting most; the product itself
is left out, or its buyers would be alike by it alone. A customer is as like the buyers as their
nearest few of them: buyers of one thing may be several kinds of people, whose mean is nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from retrieval.embedder import Vectors
from retrieval.recommend.cooccurrence import PurchaseRow
from retrieval.vectors import VectorIndex, kind_for

_HALF_LIFE = timedelta(days=365)  # as a taste in retrieval/recommend/recommender.py
_NEIGHBOURS = 5
FEWEST = 3  # buyers with something else bought; of fewer nobody is alike but by chance


def like_buyers_of(
    product_id: str,
    purchases: Iterable[PurchaseRow],
    vectors: Mapping[str, Vectors],
    now: datetime,
    most: int,
) -> dict[int, float]:
    """The `most` customers who did not buy the product and are most like those who did, with how
    much; nobody where it has fewer than `FEWEST` buyers to be like. `purchases`: of everybody who
    lets their history be used; `vectors`: of length 1, by product."""
    owned: dict[int, dict[str, datetime]] = defaultdict(dict)
    for row in purchases:
        if row.product_id in vectors or row.product_id == product_id:
            before = owned[row.customer_id].get(row.product_id, row.placed_at)
            owned[row.customer_id][row.product_id] = max(before, row.placed_at)
    buyers = [who for who, what in owned.items() if product_id in what and len(what) > 1]
    others = [who for who, what in owned.items() if product_id not in what]
    if len(buyers) < FEWEST or not others:
        return {}
    seeds = _tastes([owned[who] for who in buyers], product_id, vectors, now)
    tastes = _tastes([owned[who] for who in others], product_id, vectors, now)
    index = VectorIndex.build(seeds, kind_for(seeds))
    likeness = {
        who: float(index.search(taste, _NEIGHBOURS)[0].mean())
        for who, taste in zip(others, tastes, strict=True)
    }
    ranked = sorted(likeness, key=lambda who: (-likeness[who], who))[:most]
    return {who: likeness[who] for who in ranked}


def _tastes(
    histories: Sequence[Mapping[str, datetime]],
    without: str,
    vectors: Mapping[str, Vectors],
    now: datetime,
) -> Vectors:
    """float32 [histories, dimensions] of length 1."""
    rows = []
    for history in histories:
        known = [(vectors[i], now - at) for i, at in history.items() if i != without]
        weights = np.array([0.5 ** (max(age, timedelta(0)) / _HALF_LIFE) for _, age in known])
        rows.append(np.asarray([vector for vector, _ in known]).T @ weights)
    tastes = np.asarray(rows, np.float32)
    lengths = np.linalg.norm(tastes, axis=1, keepdims=True)
    found: Vectors = np.ascontiguousarray(tastes / np.maximum(lengths, 1e-12), np.float32)
    return found
