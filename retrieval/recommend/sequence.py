"""The trained sequence network as a model: scores of all items, a customer's vector, an index of
the items' vectors for serving.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from retrieval.errors import IndexCorrupt, IndexMismatch, IndexMissing
from retrieval.recommend.evaluation import Scores
from retrieval.recommend.network import SequenceNetwork
from retrieval.recommend.sequences import Histories, Ids
from retrieval.vectors import IndexKind, VectorIndex, kind_for

_INDEX, _ABOUT = "items.faiss", "items.json"


class SequenceModel:
    """Thread-safe once made: the network is only read. An empty history has no order to go by and
    scores 0 everywhere; the blend falls back on what is popular."""

    def __init__(self, network: SequenceNetwork) -> None:
        self.network = network.eval()

    @torch.no_grad()
    def customer_vectors(self, contexts: Histories) -> Scores:
        """float32 [customers, width]: inner products with `item_vectors` are the scores."""
        places = self.network.settings.places
        given = padded(contexts, places).to(self.network.item.weight.device)
        hidden = self.network(given.clamp(min=0), self._items)
        last = (given >= 0).sum(1) - 1
        found = hidden[torch.arange(len(contexts), device=hidden.device), last.clamp(min=0)]
        vectors: Scores = (found * (last >= 0)[:, None]).cpu().numpy()
        return vectors

    @cached_property
    def item_vectors(self) -> Scores:
        """float32 [items, width]."""
        vectors: Scores = self._items.cpu().numpy()
        return vectors

    @cached_property
    def _items(self) -> Tensor:
        with torch.no_grad():
            return self.network.item_vectors().detach()

    @cached_property
    def fingerprint(self) -> str:
        """Of all weights: what is built from this model holds for no other."""
        digest = hashlib.sha256()
        for name, value in sorted(self.network.state_dict().items()):
            digest.update(name.encode() + value.cpu().numpy().tobytes())
        return digest.hexdigest()[:32]

    def scores(self, contexts: Histories) -> Scores:
        found: Scores = self.customer_vectors(contexts) @ self.item_vectors.T
        return found

    def scores_of(self, contexts: Histories, items: Ids) -> Scores:
        found: Scores = self.customer_vectors(contexts) @ self.item_vectors[items].T
        return found


@dataclass(frozen=True, slots=True)
class ItemIndex:
    """The items' vectors in FAISS, tied to the model that made them."""

    vectors: VectorIndex
    fingerprint: str

    @classmethod
    def build(cls, model: SequenceModel) -> ItemIndex:
        vectors = model.item_vectors
        return cls(VectorIndex.build(vectors, kind_for(vectors)), model.fingerprint)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"{_INDEX}.new"
        self.vectors.save(fresh)
        fresh.replace(folder / _INDEX)
        about = {"fingerprint": self.fingerprint, "kind": self.vectors.kind}
        (folder / _ABOUT).write_text(json.dumps(about), encoding="utf-8")

    @classmethod
    def open(cls, folder: Path, model: SequenceModel) -> ItemIndex:
        """Raises `IndexMissing`, `IndexCorrupt`, and `IndexMismatch` when another model made it."""
        try:
            about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            kind: IndexKind = about["kind"]
            fingerprint = str(about["fingerprint"])
        except FileNotFoundError as error:
            raise IndexMissing(f"There is no index of items in {folder}; train again.") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexCorrupt(f"{folder / _ABOUT} is damaged; train again.") from error
        vectors = VectorIndex.load(folder / _INDEX, kind)
        shape = (vectors.size, vectors.dimensions)
        if fingerprint != model.fingerprint or shape != model.item_vectors.shape:
            raise IndexMismatch(
                f"The index in {folder} was made from another model; train again, or take the "
                "index and the model of one training."
            )
        return cls(vectors, fingerprint)

    def nearest(
        self, model: SequenceModel, context: Ids, k: int, *, again: bool = False
    ) -> tuple[Scores, Ids]:
        """The k best items for one customer: (scores, numbers), best first; without what they own
        unless it may be bought again. Raises `IndexMismatch` for another model."""
        if model.fingerprint != self.fingerprint:
            raise IndexMismatch("The index of items was made from another model; open its own.")
        vector = model.customer_vectors([context])[0]
        owned = np.zeros(0, np.int64) if again else np.unique(context)
        scores, found = self.vectors.search(vector, k + len(owned))
        new = ~np.isin(found, owned)
        return scores[new][:k], found[new][:k]


def padded(histories: Histories, places: int) -> Tensor:
    """The newest items of each history, oldest first: int64 [histories, at most `places`], −1
    behind the end."""
    length = max(1, min(places, max(map(len, histories), default=1)))
    rows = np.full((len(histories), length), -1, np.int64)
    for row, history in zip(rows, histories, strict=True):
        newest = history[-length:]
        row[: len(newest)] = newest
    return torch.from_numpy(rows)
