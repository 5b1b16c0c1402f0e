"""Who bought this also bought that: counts over customers, younger pairs weighing more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

_DAY = timedelta(days=1)


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
    0.5 ** (days between the two / `gap_days`) * 0.5 ** (days since the later one / `age_days`):
    things bought together belong together more than things bought years apart, and last month
    says more than last year. Times are those of the pair's closest two purchases.
    """

    def __init__(
        self,
        purchases: Iterable[PurchaseRow],
        now: datetime,
        *,
        gap_days: float = 60.0,
        age_days: float = 365.0,
    ) -> None:
        times: dict[int, dict[str, list[datetime]]] = defaultdict(lambda: defaultdict(list))
        for row in purchases:
            times[row.customer_id][row.product_id].append(row.placed_at)
        self._weights: dict[str, dict[str, float]] = defaultdict(dict)
        self._counts: dict[str, dict[str, int]] = defaultdict(dict)
        self._popularity: dict[str, float] = defaultdict(float)
        self._buyers: dict[str, int] = defaultdict(int)
        self._customers = len(times)
        for bought in times.values():
            for product_id, days in bought.items():
                self._buyers[product_id] += 1
                self._popularity[product_id] += _decay(now - max(days), age_days)
            listed = sorted(bought)
            for i, a in enumerate(listed):
                for b in listed[i + 1 :]:
                    gap, later = _closest(bought[a], bought[b])
                    weight = _decay(gap, gap_days) * _decay(now - later, age_days)
                    for one, other in ((a, b), (b, a)):
                        row = self._weights[one]
                        row[other] = row.get(other, 0.0) + weight
                        count = self._counts[one]
                        count[other] = count.get(other, 0) + 1

    def popularity(self, product_id: str) -> float:
        """Buyers of a product, younger purchases weighing more."""
        return self._popularity.get(product_id, 0.0)

    def buyers(self, product_id: str) -> int:
        return self._buyers.get(product_id, 0)

    def count(self, a: str, b: str) -> int:
        """Customers who bought both."""
        return self._counts.get(a, {}).get(b, 0)

    def beside(self, product_id: str) -> Mapping[str, float]:
        """Weights of the products bought by its buyers."""
        return self._weights.get(product_id, {})

    def affinity(self, a: str, b: str) -> float:
        """The pair's weight by the geometric mean of both popularities, 0 to about 1: what
        everybody buys goes with everything and says little."""
        weight = self._weights.get(a, {}).get(b, 0.0)
        if weight == 0.0:
            return 0.0
        return weight / (self._popularity[a] * self._popularity[b]) ** 0.5

    def lift(self, a: str, b: str) -> float:
        """How much likelier a buyer of `a` bought `b` than any customer, by plain counts."""
        customers = self._customers
        expected = self._buyers.get(a, 0) * self._buyers.get(b, 0) / customers if customers else 0.0
        return self.count(a, b) / expected if expected else 0.0


def _decay(span: timedelta, half_life_days: float) -> float:
    days: float = max(0.0, span / _DAY)
    return float(0.5 ** (days / half_life_days))


def _closest(a: list[datetime], b: list[datetime]) -> tuple[timedelta, datetime]:
    """The least time between two purchases of the lists, and the later of those two; of equal
    gaps the youngest."""
    pairs = ((abs(x - y), max(x, y)) for x in a for y in b)
    return min(pairs, key=lambda pair: (pair[0], -pair[1].timestamp()))
