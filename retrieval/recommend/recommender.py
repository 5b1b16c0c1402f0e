"""Recommendations with the evidence that moved them, so that the reason told is the true one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from data.models import Product
from retrieval.embedder import Vectors
from retrieval.recommend.cooccurrence import CoPurchases, PurchaseRow

Kind = Literal["co_purchase", "similar", "popular", "rebuy"]

_NOBODY: frozenset[str] = frozenset()
# What people buy together says more than what is alike, which is mostly owned already; both say
# more than what everybody buys.
_CO_PURCHASE, _SIMILAR = 1.0, 0.02
_POPULAR = 0.05
_REBUY = 0.6
# A customer's own older purchases say less about what they want next.
_TASTE_DAYS = 365.0
# A pair that fewer customers share is chance.
_FEWEST = 2
# Companions attract each other; two of one category must do so strongly, for tents are compared,
# while a tent and its footprint are bought together.
_LIFT, _LIFT_WITHIN = 1.5, 2.0
# Likeness from which two things of one category do the same.
_SAME = 0.5
_PER_CATEGORY = 2


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`because`: for a customer, the purchase of theirs that moved the score most; for a product,
    that product; None for what is merely popular. `count`: customers who bought both within eight
    weeks (the buyers of this one when `popular`; this customer's purchases of it when `rebuy`)."""

    product_id: str
    score: float
    because: str | None
    kind: Kind
    count: int


@dataclass(frozen=True, slots=True)
class _Traits:
    category: str
    noun: str  # the last word of the English name: "Tent", "Footprint"
    used_up: bool


class Recommender:
    """Fitted on all customers' purchases; holds no customer's data but counts of pairs.

    Every method returns at most `k` items in descending order of score, only of `allowed` (what
    is in stock, within a price, …; None: any) and none of `exclude`.
    """

    def __init__(
        self,
        products: Mapping[str, Product],
        vectors: Mapping[str, Vectors],
        together: CoPurchases,
    ) -> None:
        self._products = products
        self._vectors = vectors
        self._together = together
        most = max((together.popularity(i) for i in products), default=0.0)
        self._traits = {
            i: _Traits(p.category_id, p.name.en.split()[-1], p.rebuy_days is not None)
            for i, p in products.items()
        }
        self._rows = {product_id: i for i, product_id in enumerate(products)}
        width = next((len(vector) for vector in vectors.values()), 1)
        # A product without a vector is a row of zeros, unlike everything.
        self._matrix = np.zeros((len(products), width), np.float32)
        for product_id, row in self._rows.items():
            if product_id in vectors:
                self._matrix[row] = vectors[product_id]
        self._unlike = _median_cosine(products, vectors)
        self._popular = {i: together.popularity(i) / most if most else 0.0 for i in products}

    @classmethod
    def fit(
        cls,
        purchases: Iterable[PurchaseRow],
        products: Sequence[Product],
        vectors: Mapping[str, Vectors],
        *,
        now: datetime,
    ) -> Recommender:
        """`vectors`: rows of length 1 by product id (`ProductSearch.vectors`); products without
        one are never called similar. Purchases of products that are gone are left out."""
        known = {product.id: product for product in products}
        rows = [row for row in purchases if row.product_id in known]
        return cls(known, vectors, CoPurchases(rows, now))

    def for_customer(
        self,
        purchases: Iterable[PurchaseRow],
        *,
        exclude: AbstractSet[str] = _NOBODY,
        allowed: AbstractSet[str] | None = None,
        now: datetime,
        k: int = 3,
    ) -> list[Recommendation]:
        """For one customer's purchases; without any, what is popular.

        What the customer owns is left out, except goods that are used up, once their usual time
        since the last purchase has passed. At most two of a category, and a third of them
        bought again.
        """
        last: dict[str, datetime] = {}
        times: Counter[str] = Counter()
        for row in purchases:
            if row.product_id in self._products:
                times[row.product_id] += 1
                last[row.product_id] = max(row.placed_at, last.get(row.product_id, row.placed_at))
        found: list[Recommendation | None] = []
        likenesses = self._likenesses(list(last))
        for product_id in self._candidates(exclude, allowed):
            if product_id in last:
                found.append(self._again(product_id, last[product_id], times[product_id], now))
            else:
                found.append(self._next(product_id, last, likenesses, now))
        return self._varied([item for item in found if item is not None], k)

    def goes_with(
        self,
        product_id: str,
        *,
        exclude: AbstractSet[str] = _NOBODY,
        allowed: AbstractSet[str] | None = None,
        now: datetime,
        k: int = 3,
    ) -> list[Recommendation]:
        """Companions: bought by its buyers more often than by others, and no substitutes (of
        another category, or unlike it)."""
        if product_id not in self._products:
            return []
        together = self._together
        found = []
        for other in self._candidates(exclude | {product_id}, allowed):
            count = together.count(product_id, other)
            if count < _FEWEST or together.lift(product_id, other) < _LIFT:
                continue
            if self._is_substitute(product_id, other):
                continue
            score = together.affinity(product_id, other)
            found.append(Recommendation(other, score, product_id, "co_purchase", count))
        return self._varied(found, k)

    def similar_to(
        self,
        product_id: str,
        *,
        exclude: AbstractSet[str] = _NOBODY,
        allowed: AbstractSet[str] | None = None,
        k: int = 3,
    ) -> list[Recommendation]:
        """Substitutes: what is of the category and called the same, as tents are, the most alike
        first."""
        if product_id not in self._products or product_id not in self._vectors:
            return []
        wanted = self._traits[product_id]
        found = [
            Recommendation(
                other,
                self.likeness(product_id, other),
                product_id,
                "similar",
                self._together.count(product_id, other),
            )
            for other in self._candidates(exclude | {product_id}, allowed)
            if other in self._vectors
            and (self._traits[other].category, self._traits[other].noun)
            == (wanted.category, wanted.noun)
        ]
        return sorted(found, key=lambda item: (-item.score, item.product_id))[:k]

    def likeness(self, a: str, b: str) -> float:
        """Cosine of two products, spread from 0 (unlike) to 1 (the same)."""
        if a not in self._vectors or b not in self._vectors:
            return 0.0
        cosine = float(self._vectors[a] @ self._vectors[b])
        return max(0.0, (cosine - self._unlike) / (1 - self._unlike + 1e-9))

    def _likenesses(self, owned: Sequence[str]) -> dict[str, Vectors]:
        """For each owned product with a vector its likeness to all products, by row."""
        known = [product_id for product_id in owned if product_id in self._vectors]
        if not known:
            return {}
        cosines = self._matrix[[self._rows[i] for i in known]] @ self._matrix.T
        spread = np.maximum(0.0, (cosines - self._unlike) / (1 - self._unlike + 1e-9))
        return dict(zip(known, spread.astype(np.float32), strict=True))

    def _candidates(
        self, exclude: AbstractSet[str], allowed: AbstractSet[str] | None
    ) -> Iterable[str]:
        return (
            product_id
            for product_id in self._products
            if product_id not in exclude and (allowed is None or product_id in allowed)
        )

    def _next(
        self,
        product_id: str,
        last: Mapping[str, datetime],
        likenesses: Mapping[str, Vectors],
        now: datetime,
    ) -> Recommendation:
        """A product that the customer does not own: every purchase of theirs speaks for it as far
        as its buyers bought this, and as far as the two are alike."""
        score = 0.0
        strongest, evidence = 0.0, None
        kind: Kind = "popular"
        for owned, day in last.items():
            weight = _taste(now - day)
            count = self._together.count(owned, product_id)
            bought = self._together.affinity(owned, product_id) if count >= _FEWEST else 0.0
            # One tent is enough: likeness speaks for goods of which people own several.
            row = likenesses.get(owned)
            alike = 0.0 if row is None else float(row[self._rows[product_id]])
            if alike and self._is_substitute(owned, product_id):
                alike = 0.0
            parts = (_CO_PURCHASE * weight * bought, _SIMILAR * weight * alike)
            score += sum(parts)
            if sum(parts) > strongest:
                strongest, evidence = sum(parts), owned
                kind = "co_purchase" if parts[0] >= parts[1] else "similar"
        score += _POPULAR * self._popular[product_id]
        count = (
            self._together.count(evidence, product_id)
            if evidence is not None
            else self._together.buyers(product_id)
        )
        return Recommendation(product_id, score, evidence, kind, count)

    def _again(
        self, product_id: str, day: datetime, times: int, now: datetime
    ) -> Recommendation | None:
        """A product that the customer has bought: again when it is used up by now."""
        days = self._products[product_id].rebuy_days
        if days is None or now - day < timedelta(days=days):
            return None
        score = _REBUY * _taste(now - day)
        return Recommendation(product_id, score, product_id, "rebuy", times)

    def _is_substitute(self, a: str, b: str) -> bool:
        """Whether one does what the other does: of one category, bought once, called alike or
        described alike, and not bought together."""
        one, other = self._traits[a], self._traits[b]
        if one.category != other.category or one.used_up:
            return False
        if one.noun == other.noun:
            return True
        return self.likeness(a, b) > _SAME and self._together.lift(a, b) < _LIFT_WITHIN

    def _varied(self, found: Iterable[Recommendation], k: int) -> list[Recommendation]:
        """The best k, with at most two of a category and a third of them bought again."""
        chosen: list[Recommendation] = []
        categories: Counter[str] = Counter()
        again = 0
        for item in sorted(found, key=lambda item: (-item.score, item.product_id)):
            category = self._traits[item.product_id].category
            rebuy = item.kind == "rebuy"
            if categories[category] == _PER_CATEGORY or (rebuy and again == max(1, k // 3)):
                continue
            categories[category] += 1
            again += rebuy
            chosen.append(item)
            if len(chosen) == k:
                break
        return chosen


def _median_cosine(products: Mapping[str, Product], vectors: Mapping[str, Vectors]) -> float:
    """The usual cosine of two products of different categories: what unlike means to this
    embedder in this shop."""
    listed = [i for i in sorted(products) if i in vectors]
    if len(listed) < 2:
        return 0.0
    matrix = np.stack([vectors[i] for i in listed])
    categories = np.array([products[i].category_id for i in listed])
    apart = categories[:, None] != categories[None, :]
    return float(np.median((matrix @ matrix.T)[apart])) if apart.any() else 0.0


def _taste(age: timedelta) -> float:
    return float(0.5 ** (max(0.0, age / timedelta(days=1)) / _TASTE_DAYS))
