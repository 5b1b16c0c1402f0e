"""Recommendations with the evidence that moved them, so that the reason told is the true one."""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Literal

import numpy as np

from data.models import Product
from data.profile import usual_gap
from retrieval.embedder import Vectors
from retrieval.recommend.cooccurrence import CoPurchases, PurchaseRow

EvidenceKind = Literal["co_purchase", "similar", "popular", "rebuy", "history", "new"]

_NOBODY: frozenset[str] = frozenset()
# What people buy together says more than what is alike, which is mostly owned already; both say
# more than what everybody buys.
_CO_PURCHASE, _SIMILAR = 1.0, 0.02
_POPULAR = 0.05
_REBUY = 0.6
# From so many purchases of a product on a customer has a rhythm of their own.
_RHYTHM = 3
# A customer's own older purchases say less about what they want next.
_TASTE_DAYS = 365.0
# A pair that fewer customers share is chance.
FEWEST = 2
# Companions attract each other; two of one category must do so strongly, for tents are compared,
# while a tent and its footprint are bought together.
LIFT, _LIFT_WITHIN = 1.5, 2.0
# Likeness from which two things of one category do the same.
SAME = 0.5
_PER_CATEGORY = 2
# Maximal marginal relevance in proportion, since scores differ by orders of magnitude: a product
# that is the same as a chosen one keeps half of its score.
_DIVERSITY = 0.5
# Chosen is among so many of the best, and so many of one category.
_POOL, _LISTED = 60, 6
# What fewer customers have is little known; of such things the newest are tried out.
_LITTLE_KNOWN, _TRIED = 5, 500
_NEW = timedelta(days=180)
_SAMPLE = 1000  # products by which it is told what unlike means


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`because`: for a customer, the purchase of theirs that moved the score most; for a product,
    that product; None for what is merely popular or new. `kind`: what is to be told of that
    purchase ("history": only that it moved the score). `count`: customers who bought both within
    eight weeks (the buyers of this one when `popular` or `new`; this customer's purchases of it
    when `rebuy`)."""

    product_id: str
    score: float
    because: str | None
    kind: EvidenceKind
    count: int


Explain = Callable[[Iterable[Recommendation]], list[Recommendation]]


@dataclass(frozen=True, slots=True)
class _Traits:
    category: str
    noun: str  # the last word of the English name: "Tent", "Footprint"
    used_up: bool


class Recommender:
    """Fitted on all customers' purchases; holds no customer's data but counts of pairs.

    `exploration`: the share of the places in customers' lists that go to products which few know
    yet. Every method returns at most `k` items, the best first, only of `allowed` (what is in
    stock, within a price, …; None: any) and none of `exclude`.
    """

    def __init__(
        self,
        products: Mapping[str, Product],
        vectors: Mapping[str, Vectors],
        together: CoPurchases,
        *,
        exploration: float = 0.0,
    ) -> None:
        self._products = products
        self._vectors = vectors
        self._together = together
        self._exploration = exploration
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
        self._by_popularity = sorted(products, key=lambda i: (-self._popular[i], i))
        unknown = [i for i in products if together.buyers(i) < _LITTLE_KNOWN and i in vectors]
        unknown.sort(key=lambda i: (products[i].launched_on or date.min, i), reverse=True)
        self._little_known = unknown[:_TRIED]
        self._little_known_matrix = self._matrix[[self._rows[i] for i in self._little_known]]

    @classmethod
    def fit(
        cls,
        purchases: Iterable[PurchaseRow],
        products: Sequence[Product],
        vectors: Mapping[str, Vectors],
        *,
        now: datetime,
        exploration: float = 0.0,
    ) -> Recommender:
        """`vectors`: rows of length 1 by product id (`ProductSearch.vectors`); products without
        one are never called similar. Purchases of products that are gone are left out."""
        known = {product.id: product for product in products}
        rows = [row for row in purchases if row.product_id in known]
        return cls(known, vectors, CoPurchases(rows, now), exploration=exploration)

    @property
    def by_counts(self) -> Recommender:
        """The same without trained models."""
        return self

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
        since the last purchase has passed: this customer's usual time where it is known, else
        everybody's. At most two of a category, and a third of them bought again. The same question
        has the same answer all day.
        """
        owned: dict[str, list[datetime]] = defaultdict(list)
        for row in purchases:
            if row.product_id in self._products:
                owned[row.product_id].append(row.placed_at)
        found, explain = self._ranked(owned, exclude, allowed, now)
        for product_id, moments in owned.items():
            if product_id not in exclude and (allowed is None or product_id in allowed):
                found += self._again(product_id, moments, now)
        chosen = explain(self._varied(found, k))
        places = self._places_to_explore(owned, exclude, now, k)
        tried = self._explored(owned, chosen, exclude, allowed, now, places)
        return [*chosen[: k - len(tried)], *tried]

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
            if count < FEWEST or together.lift(product_id, other) < LIFT:
                continue
            if self.is_substitute(product_id, other):
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

    def _ranked(
        self,
        owned: Mapping[str, Sequence[datetime]],
        exclude: AbstractSet[str],
        allowed: AbstractSet[str] | None,
        now: datetime,
    ) -> tuple[list[Recommendation], Explain]:
        """Products that the customer does not own, with scores, and what adds the reasons to those
        that are chosen; here all have them already. `owned`: when they bought what.

        Without any purchase the first of what is popular."""
        if not owned:
            popular = (i for i in self._by_popularity if self._may(i, exclude, allowed))
            first = islice(self._some_of_each(popular), _POOL)
            return [self._next(product_id, {}, {}, now) for product_id in first], list
        last = {product_id: max(moments) for product_id, moments in owned.items()}
        known = [product_id for product_id in last if product_id in self._vectors]
        likenesses = dict(zip(known, self._likenesses(known, self._matrix), strict=True))
        found = [
            self._next(product_id, last, likenesses, now)
            for product_id in self._products
            if product_id not in last and self._may(product_id, exclude, allowed)
        ]
        return found, list

    def _some_of_each(self, product_ids: Iterable[str]) -> Iterator[str]:
        """In their order, not too many of any category."""
        listed: Counter[str] = Counter()
        for product_id in product_ids:
            category = self._traits[product_id].category
            if listed[category] < _LISTED:
                listed[category] += 1
                yield product_id

    def _places_to_explore(
        self, owned: Mapping[str, object], exclude: AbstractSet[str], now: datetime, k: int
    ) -> int:
        """How many of k places, `exploration` of them in the long run and never all; drawn by the
        customer's products, what they have seen and the day."""
        drawn = "|".join([*sorted(owned), "", *sorted(exclude), str(now.date())])
        chance = zlib.crc32(drawn.encode()) / 2**32
        return min(int(k * self._exploration + chance), k - 1)

    def _explored(
        self,
        owned: Mapping[str, object],
        chosen: Sequence[Recommendation],
        exclude: AbstractSet[str],
        allowed: AbstractSet[str] | None,
        now: datetime,
        places: int,
    ) -> list[Recommendation]:
        """Products that few have bought, those most like what this customer has bought."""
        known = [item for item in owned if item in self._vectors]
        if not places or not known or not self._little_known:
            return []
        alike = self._likenesses(known, self._little_known_matrix)
        taken = {item.product_id for item in chosen}
        found: list[Recommendation] = []
        for place in np.argsort(-alike.max(0), kind="stable").tolist():
            product_id = self._little_known[place]
            if product_id in owned or product_id in taken:
                continue
            if not self._may(product_id, exclude, allowed):
                continue
            likeness, nearest = max(zip(alike[:, place].tolist(), known, strict=True))
            if likeness <= 0 or any(self.is_substitute(other, product_id) for other in known):
                continue
            launched = self._products[product_id].launched_on
            if launched is not None and now.date() - launched < _NEW:
                buyers = self._together.buyers(product_id)
                found.append(Recommendation(product_id, likeness, None, "new", buyers))
            elif likeness > SAME:
                count = self._together.count(nearest, product_id)
                found.append(Recommendation(product_id, likeness, nearest, "similar", count))
            if len(found) == places:
                break
        return found

    def _likenesses(self, known: Sequence[str], others: Vectors) -> Vectors:
        """Of products with vectors to the rows of `others`: float32 [known, others]."""
        cosines = self._matrix[[self._rows[i] for i in known]] @ others.T
        spread: Vectors = np.maximum(0.0, (cosines - self._unlike) / (1 - self._unlike + 1e-9))
        return spread.astype(np.float32, copy=False)

    def _candidates(
        self, exclude: AbstractSet[str], allowed: AbstractSet[str] | None
    ) -> Iterable[str]:
        return (i for i in self._products if self._may(i, exclude, allowed))

    def _may(
        self, product_id: str, exclude: AbstractSet[str], allowed: AbstractSet[str] | None
    ) -> bool:
        return product_id not in exclude and (allowed is None or product_id in allowed)

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
        kind: EvidenceKind = "popular"
        for owned, day in last.items():
            weight = _taste(now - day)
            count = self._together.count(owned, product_id)
            bought = self._together.affinity(owned, product_id) if count >= FEWEST else 0.0
            # One tent is enough: likeness speaks for goods of which people own several.
            row = likenesses.get(owned)
            alike = 0.0 if row is None else float(row[self._rows[product_id]])
            if alike and self.is_substitute(owned, product_id):
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
        self, product_id: str, moments: Sequence[datetime], now: datetime
    ) -> list[Recommendation]:
        """A product that the customer has bought: again when it is used up by now, else nothing."""
        usual = self._products[product_id].rebuy_days
        if usual is None:
            return []
        days = float(usual)
        age = now - max(moments)
        if len(moments) >= _RHYTHM:
            days = usual_gap(moments) or usual
        if age < timedelta(days=days):
            return []
        return [Recommendation(product_id, _REBUY * _taste(age), product_id, "rebuy", len(moments))]

    def is_substitute(self, a: str, b: str) -> bool:
        """Whether one does what the other does: of one category, bought once, called alike or
        described alike, and not bought together."""
        one, other = self._traits[a], self._traits[b]
        if one.category != other.category or one.used_up:
            return False
        if one.noun == other.noun:
            return True
        return self.likeness(a, b) > SAME and self._together.lift(a, b) < _LIFT_WITHIN

    def _varied(self, found: Iterable[Recommendation], k: int) -> list[Recommendation]:
        """The best k by maximal marginal relevance (Carbonell and Goldstein 1998): what is like a
        chosen one counts less. At most two of a category and a third of them bought again."""
        ranked = sorted(found, key=lambda item: (-item.score, item.product_id))
        by_id = {item.product_id: item for item in ranked}
        pool = [by_id[i] for i in islice(self._some_of_each(by_id), _POOL)]
        worth = np.array([item.score for item in pool])
        rows = self._matrix[[self._rows[item.product_id] for item in pool]]
        alike = np.zeros(len(pool))
        chosen: list[Recommendation] = []
        categories: Counter[str] = Counter()
        again = 0
        while len(chosen) < k and np.isfinite(worth).any():
            place = int(np.argmax(worth * (1 - _DIVERSITY * alike)))
            item, worth[place] = pool[place], -np.inf
            category = self._traits[item.product_id].category
            rebuy = item.kind == "rebuy"
            if categories[category] == _PER_CATEGORY or (rebuy and again == max(1, k // 3)):
                continue
            categories[category] += 1
            again += rebuy
            chosen.append(item)
            cosines = rows @ rows[place]
            alike = np.maximum(alike, (cosines - self._unlike) / (1 - self._unlike + 1e-9))
        return chosen


def _median_cosine(products: Mapping[str, Product], vectors: Mapping[str, Vectors]) -> float:
    """The usual cosine of two products of different categories: what unlike means to this
    embedder in this shop."""
    listed = [i for i in sorted(products) if i in vectors]
    listed = listed[:: max(1, len(listed) // _SAMPLE)]
    if len(listed) < 2:
        return 0.0
    matrix = np.stack([vectors[i] for i in listed])
    categories = np.array([products[i].category_id for i in listed])
    apart = categories[:, None] != categories[None, :]
    return float(np.median((matrix @ matrix.T)[apart])) if apart.any() else 0.0


def _taste(age: timedelta) -> float:
    return float(0.5 ** (max(0.0, age / timedelta(days=1)) / _TASTE_DAYS))
