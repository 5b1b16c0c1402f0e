"""What goes with an item, and what people take instead of it, from the order of purchases alone.

Companions are bought by the same customers, more often than chance. Substitutes are bought by like
customers, before and after the same things, but hardly by the same ones: their neighbours in the
transitions agree while they themselves are no neighbours. Where items have texts or categories,
`Recommender` uses those too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval.recommend.sequences import NOTHING, Histories, Ids, buyers, flatten

_FEWEST = 2  # customers; a pair that fewer share is chance
_LIFT = 1.5


@dataclass(frozen=True, slots=True)
class Relations:
    """`customers`: how many of them there are; `have`: how many have each item; `owners`: the
    customers who have it."""

    customers: int
    have: Ids
    owners: tuple[Ids, ...]
    owned: tuple[Ids, ...]

    @classmethod
    def fit(cls, histories: Histories, items: int) -> Relations:
        owned = tuple(np.unique(history) for history in histories)
        flat, owner = flatten(owned)
        order = np.argsort(flat, kind="stable")
        borders = np.searchsorted(flat[order], np.arange(1, items))
        owners = tuple(np.split(owner[order], borders))
        return cls(max(1, len(histories)), buyers(histories, items), owners, owned)

    def companions(self, item: int, k: int = 5) -> list[tuple[int, float]]:
        """(item, lift), the surest first; those that two customers or more have both of and that
        are bought together half as often again as by chance."""
        both = self._shared(item)
        lift = self._lift(item, both)
        # Weighed by how sure it is: one lucky pair has a high lift too.
        cosine = both / np.sqrt(np.maximum(1, self.have * self.have[item]))
        cosine[(both < _FEWEST) | (lift < _LIFT)] = 0.0
        return [(i, float(lift[i])) for i in _first(cosine, k)]

    def substitutes(self, item: int, k: int = 5) -> list[tuple[int, float]]:
        """(item, likeness 0 to 1), the most alike first: by the cosine of what is bought beside the
        two, without those that are bought together more often than chance."""
        own = self._shared(item).astype(np.float64)
        own[item] = 0.0
        length = np.linalg.norm(own)
        found = np.zeros(len(self.have))
        near = np.unique(
            np.concatenate([self._beside(i) for i in np.flatnonzero(own).tolist()] or [NOTHING])
        )
        together = self._lift(item, self._shared(item))
        for other in near.tolist():
            if other == item or together[other] > 1.0:
                continue
            others = self._shared(other).astype(np.float64)
            others[other] = 0.0
            found[other] = (own @ others) / np.maximum(length * np.linalg.norm(others), 1e-9)
        return [(i, float(found[i])) for i in _first(found, k)]

    def _beside(self, item: int) -> Ids:
        return np.flatnonzero(self._shared(item)).astype(np.int64)

    def _shared(self, item: int) -> Ids:
        """How many customers have this item and each other one: int64 [items]."""
        rows = [self.owned[owner] for owner in self.owners[item]]
        counts = np.bincount(np.concatenate([*rows, NOTHING]), minlength=len(self.have))
        counts[item] = 0
        return counts.astype(np.int64)

    def _lift(self, item: int, both: Ids) -> npt.NDArray[np.float64]:
        chance = np.maximum(self.have * self.have[item], 1) / self.customers
        found: npt.NDArray[np.float64] = both / chance
        return found


def _first(scores: npt.NDArray[np.float64], k: int) -> list[int]:
    """The numbers of the k best above 0, best first."""
    return [int(i) for i in np.argsort(-scores, kind="stable")[:k] if scores[i] > 0]
