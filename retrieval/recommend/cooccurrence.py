"""Who bought this also bought that: pairs by customer, the closer in time and the younger the
more they weigh.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

_DAY_S = 86400.0
_WINDOW = 8  # half-lives


class PurchaseRow(Protocol):
    """What is needed of a purchase; `data.repositories.Purchase` is one."""

    @property
    def customer_id(self) -> int: ...
    @property
    def product_id(self) -> str: ...
    @property
    def placed_at(self) -> datetime: ...


class CoPurchases:
    """Pairs of different products that one customer bought.

    A pair counts once a customer, with the weight
    0.5 ** (days between / `gap_days`) * 0.5 ** (days since the later one / `age_days`)
    of the customer's two purchases of them that lie closest: things bought together belong
    together more than things bought months apart, and last month says more than last year.
    Purchases more than eight half-lives (eight weeks) apart are no pair.
    """

    def __init__(
        self,
        purchases: Iterable[PurchaseRow],
        now: datetime,
        *,
        gap_days: float = 7.0,
        age_days: float = 365.0,
    ) -> None:
        histories: dict[int, list[tuple[float, str]]] = defaultdict(list)
        for row in purchases:
            day = row.placed_at.timestamp() / _DAY_S
            histories[row.customer_id].append((day, row.product_id))
        today = now.timestamp() / _DAY_S
        self._weights: dict[str, dict[str, float]] = defaultdict(dict)
        self._counts: dict[str, dict[str, int]] = defaultdict(dict)
        self._popularity: dict[str, float] = defaultdict(float)
        self._buyers: dict[str, int] = defaultdict(int)
        for history in histories.values():
            history.sort()
            for product_id, day in {product_id: day for day, product_id in history}.items():
                self._buyers[product_id] += 1
                self._popularity[product_id] += _decay(today - day, age_days)
            for (a, b), (gap, later) in _pairs(history, _WINDOW * gap_days).items():
                weight = _decay(gap, gap_days) * _decay(today - later, age_days)
                for one, other in ((a, b), (b, a)):
                    weights, counts = self._weights[one], self._counts[one]
                    weights[other] = weights.get(other, 0.0) + weight
                    counts[other] = counts.get(other, 0) + 1
        self._sums = {a: sum(row.values()) for a, row in self._weights.items()}
        self._total = sum(self._sums.values())

    def popularity(self, product_id: str) -> float:
        """Buyers of a product, those who bought lately weighing more."""
        return self._popularity.get(product_id, 0.0)

    def buyers(self, product_id: str) -> int:
        return self._buyers.get(product_id, 0)

    def count(self, a: str, b: str) -> int:
        """Customers who bought both within eight weeks."""
        return self._counts.get(a, {}).get(b, 0)

    def beside(self, product_id: str) -> Mapping[str, float]:
        """The weights of all pairs with a product."""
        return self._weights.get(product_id, {})

    def affinity(self, a: str, b: str) -> float:
        """The pair's weight by the geometric mean of all weights of both, 0 to 1: what everybody
        buys goes with everything and says little."""
        weight = self._weights.get(a, {}).get(b, 0.0)
        return weight / math.sqrt(self._sums[a] * self._sums[b]) if weight else 0.0

    def lift(self, a: str, b: str) -> float:
        """The pair's weight by what it would be if the two had nothing to do with each other;
        above 1 they attract."""
        weight = self._weights.get(a, {}).get(b, 0.0)
        return weight * self._total / (self._sums[a] * self._sums[b]) if weight else 0.0


def _decay(days: float, half_life: float) -> float:
    return float(math.exp2(-max(0.0, days) / half_life))


def _pairs(
    history: list[tuple[float, str]], window: float
) -> dict[tuple[str, str], tuple[float, float]]:
    """For each two products bought within `window` days of each other: the least gap between two
    purchases of them, and the later day of those; of equal gaps the youngest."""
    found: dict[tuple[str, str], tuple[float, float]] = {}
    start = 0
    for i, (later, b) in enumerate(history):
        while later - history[start][0] > window:
            start += 1
        for earlier, a in history[start:i]:
            if a != b:
                pair = (a, b) if a < b else (b, a)
                known = found.get(pair)
                if known is None or later - earlier <= known[0]:
                    found[pair] = (later - earlier, later)
    return found
