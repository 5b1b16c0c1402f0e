"""The trained models at work in the assistant: candidates from FAISS and from the models' rows, the
blend's order of them, then the shop's rules and reasons as `Recommender` has them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

import numpy as np

from retrieval.errors import ModelMismatch
from retrieval.recommend import store
from retrieval.recommend.blend import CANDIDATES, Blend
from retrieval.recommend.content import ContentSimilarity
from retrieval.recommend.evaluation import Scores, VectorScorer, best
from retrieval.recommend.recommender import (
    FEWEST,
    LIFT,
    SAME,
    EvidenceKind,
    Explain,
    Recommendation,
    Recommender,
)
from retrieval.recommend.sequence import SequenceModel
from retrieval.recommend.sequences import Ids
from retrieval.recommend.spectral import Spectral
from retrieval.vectors import VectorIndex, kind_for

log = logging.getLogger(__name__)

# Of the products for sale so many must be known to the models, else they are of another shop.
KNOWN_PRODUCTS = 0.8
_NEWEST = 50  # purchases of a customer that are looked at
_TRIED = 10  # of these, how many different ones are tried as a reason
# Among fewer candidates than this nothing is left to choose from: what is allowed is ranked then.
_ENOUGH = 30
_MOST_RANKED = 2000


class Ranker:
    """The blend in two steps: each member's best items are the candidates, and only those are
    ranked. Thread-safe once made."""

    def __init__(self, blend: Blend, indexes: Mapping[str, VectorIndex] | None = None) -> None:
        """`indexes`: of members' item vectors, where they are built already."""
        self.blend = blend
        self.vectors: dict[str, tuple[VectorScorer, VectorIndex]] = {}
        for name, member in blend.members.items():
            model = member.scorer
            if isinstance(model, SequenceModel | Spectral | ContentSimilarity):
                vectors = model.item_vectors
                index = (indexes or {}).get(name)
                self.vectors[name] = (model, index or VectorIndex.build(vectors, kind_for(vectors)))

    def of(self, history: Ids) -> CustomerHistory:
        return CustomerHistory(self, history)


class CustomerHistory:
    """What the models say to one history, and to it without each of its newest different items
    (`tried`), which tells what moved a score. All of these go through the models together."""

    def __init__(self, ranker: Ranker, history: Ids) -> None:
        self._ranker = ranker
        self._history = history
        self.tried: list[int] = list(dict.fromkeys(history[::-1].tolist()))[:_TRIED]
        self._contexts = [history, *(history[history != item] for item in self.tried)]
        self._vectors = {
            name: model.customer_vectors(self._contexts)
            for name, (model, _) in ranker.vectors.items()
        }

    def candidates(self) -> Ids:
        """What any member has among its best, without what is in the history; sorted."""
        wanted = CANDIDATES + len(self._history)
        found = []
        for name, member in self._ranker.blend.members.items():
            if name in self._vectors:
                _, index = self._ranker.vectors[name]
                found.append(index.search(self._vectors[name][0], wanted)[1])
            else:
                scores = member.scorer.scores([self._history])[0]
                said = np.flatnonzero(scores > 0)
                found.append(said[best(scores[None, said], wanted)[0]])
        every = np.unique(np.concatenate(found))
        kept: Ids = every[~np.isin(every, self._history)]
        return kept

    def scores(self, items: Ids) -> Scores:
        """float32 [1 + len(tried), len(items)]: of the whole history, then without each of
        `tried`. A member's opinion is its share among `items`."""
        blend = self._ranker.blend
        said = []
        for name, member in blend.members.items():
            if name in self._vectors:
                model, _ = self._ranker.vectors[name]
                said.append(self._vectors[name] @ model.item_vectors[items].T)
            else:
                said.append(member.scorer.scores_of(self._contexts, items))
        return blend.together(said, items)


class TrainedRecommender(Recommender):
    """`Recommender` whose order for a customer is that of the trained models.

    Where they have nothing to go by (no purchase that they know, nearly nothing allowed) and where
    they fail, the order is the plain one: recommending never fails because of a model.
    """

    def __init__(self, plain: Recommender, items: Sequence[str], ranker: Ranker) -> None:
        """`items`: the models' items by number; of those that are not among the products nothing
        is recommended."""
        vars(self).update(vars(plain))  # all that was worked out holds here too
        self._plain = plain
        self._items = tuple(items)
        self._numbers = {
            item: number for number, item in enumerate(items) if item in self._products
        }
        self._ranker = ranker

    @classmethod
    def open(cls, folder: Path, plain: Recommender) -> TrainedRecommender:
        """With the models in a folder, and all else as `plain` has it. Raises what `store.load`
        raises, and `ModelMismatch` where the models are not of these products or were trained
        without the blend."""
        stored = store.load(folder)
        blend = stored.models.get("blend")
        if not isinstance(blend, Blend):
            raise ModelMismatch(
                f"The models in {folder} were trained without the blend; "
                "run `shopguide train recommend` without --only."
            )
        products = plain._products
        known = len(products.keys() & set(stored.items))
        if known < KNOWN_PRODUCTS * len(products):
            raise ModelMismatch(
                f"The models in {folder} know only {known:,} of the shop's {len(products):,} "
                "products; run `shopguide train recommend` again."
            )
        indexes = {} if stored.index is None else {"sequence": stored.index.vectors}
        return cls(plain, stored.items, Ranker(blend, indexes))

    @property
    def by_counts(self) -> Recommender:
        return self._plain

    def _ranked(
        self,
        owned: Mapping[str, Sequence[datetime]],
        exclude: AbstractSet[str],
        allowed: AbstractSet[str] | None,
        now: datetime,
    ) -> tuple[list[Recommendation], Explain]:
        history = self._history(owned)
        if len(history):
            try:
                found = self._by_models(history, owned, exclude, allowed)
            except Exception:
                log.exception("the trained models failed; recommending without them")
            else:
                if found[0]:
                    return found
        return super()._ranked(owned, exclude, allowed, now)

    def _by_models(
        self,
        history: Ids,
        owned: Mapping[str, object],
        exclude: AbstractSet[str],
        allowed: AbstractSet[str] | None,
    ) -> tuple[list[Recommendation], Explain]:
        """Scores are parts of the best one's, which is 1."""

        def fits(item: str) -> bool:
            return item in self._numbers and item not in owned and self._may(item, exclude, allowed)

        customer = self._ranker.of(history)
        candidates = customer.candidates()
        ranked = [number for number in candidates.tolist() if fits(self._items[number])]
        if len(ranked) < _ENOUGH and allowed is not None:
            left = islice((item for item in allowed if fits(item)), _MOST_RANKED)
            ranked = sorted(self._numbers[item] for item in left)
        scores = customer.scores(np.array(ranked, np.int64))
        parts = np.exp(scores[0] - scores[0].max(initial=-np.inf)).tolist()
        found = [
            Recommendation(self._items[number], part, None, "history", 0)
            for number, part in zip(ranked, parts, strict=True)
        ]
        column = {number: place for place, number in enumerate(ranked)}

        def explained(chosen: Iterable[Recommendation]) -> list[Recommendation]:
            """Each with the purchase without which its score falls most."""
            return [
                self._because(item, moved(column[self._numbers[item.product_id]]))
                if item.kind == "history"
                else item
                for item in chosen
            ]

        def moved(place: int) -> dict[int, float]:
            losses = scores[0, place] - scores[1:, place]
            return dict(zip(customer.tried, losses.tolist(), strict=True))

        return found, explained

    def _because(self, item: Recommendation, moved: Mapping[int, float]) -> Recommendation:
        """Of the purchases that moved the score at least half as far as the strongest one did, that
        of which there is most to tell. Where none moved it up, it is popular."""
        strongest = max(moved.values(), default=0.0)
        if strongest <= 0:
            buyers = self._together.buyers(item.product_id)
            return replace(item, kind="popular", count=buyers)
        told = [
            (self._told(self._items[number], item.product_id), by)
            for number, by in moved.items()
            if by >= strongest / 2
        ]
        (_, kind, because, count), _ = max(told)
        return replace(item, kind=kind, because=because, count=count)

    def _told(self, owned: str, item: str) -> tuple[int, EvidenceKind, str, int]:
        """(how much it tells, kind, the purchase, customers who bought both)."""
        count = self._together.count(owned, item)
        if count >= FEWEST:
            attract = self._together.lift(owned, item) >= LIFT
            return 3 if attract else 2, "co_purchase", owned, count
        if self.likeness(owned, item) > SAME and not self.is_substitute(owned, item):
            return 1, "similar", owned, count
        return 0, "history", owned, count

    def _history(self, owned: Mapping[str, Sequence[datetime]]) -> Ids:
        """The newest purchases that the models know, oldest first."""
        rows = sorted(
            (moment, self._numbers[item])
            for item, moments in owned.items()
            if item in self._numbers
            for moment in moments
        )
        return np.array([number for _, number in rows[-_NEWEST:]], np.int64)
