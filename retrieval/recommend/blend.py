"""A learned blend of several models, in two steps: each model's best hundred items are a customer's
candidates, and those are ordered by one score from the shares that the models give to them.

The weights are learned on the validation items by a listwise softmax over the candidates: two for
each model (of the share's logarithm and of its square root: a product and a sum of opinions) and
one for popularity, a dozen numbers in all, which cannot learn an item or a customer by heart.
Serving takes the same two steps (serving.py), so that what is measured is what is served.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from retrieval.errors import ModelMismatch
from retrieval.recommend.evaluation import ItemScorer, Scores, best, sample
from retrieval.recommend.sequences import Histories, Ids, Split, flatten

# How a model's scores become shares of one: they are counts, or the logarithms of such.
Scale = Literal["counts", "logits"]
Mask = npt.NDArray[np.bool_]

CANDIDATES = 100  # of each model
_FLOOR = 1e-4
_PENALTY = 1e-3
_CUSTOMERS = 8000


@dataclass(frozen=True, slots=True)
class Member:
    scorer: ItemScorer
    scale: Scale = "counts"


@dataclass(frozen=True, slots=True)
class Blend:
    """`weights`: float32 [2 for each member in turn, 1 for popularity]; `popularity`: float32
    [items], the share of customers who have each; `again`: whether what a customer has is a
    candidate too."""

    members: Mapping[str, Member]
    popularity: Scores
    weights: Scores
    again: bool = False

    @classmethod
    def fit(cls, members: Mapping[str, Member], popularity: Scores, held: Split) -> Blend:
        """Learn the weights on `held`, whose targets no member was fitted on."""
        nothing = np.zeros(2 * len(members) + 1, np.float32)
        blend = cls(members, popularity, nothing, held.again)
        return replace(blend, weights=_learn(*blend._examples(sample(held, _CUSTOMERS))))

    @classmethod
    def of(
        cls,
        members: Mapping[str, Member],
        popularity: Scores,
        weights: Sequence[float],
        again: bool,
    ) -> Blend:
        """Weights that were learned before, over the same kinds of members."""
        if len(weights) != 2 * len(members) + 1:
            raise ModelMismatch("The blend's weights belong to other models; train again.")
        return cls(members, popularity, np.array(weights, np.float32), again)

    def scores(self, contexts: Histories) -> Scores:
        """What is no candidate comes after all that are, the most popular first; for a customer of
        whom nothing is known all items do."""
        candidates, features = self._candidates(contexts)
        ranked = features @ self.weights
        ranked[candidates < 0] = np.inf
        last = np.minimum(ranked.min(1, keepdims=True, initial=np.inf), 0.0)
        found: Scores = (last - 2 + self.popularity).astype(np.float32)
        row, column = np.nonzero(candidates >= 0)
        found[row, candidates[row, column]] = ranked[row, column]
        empty = [row for row, context in enumerate(contexts) if not len(context)]
        found[empty] = self.popularity
        return found

    def scores_of(self, contexts: Histories, items: Ids) -> Scores:
        """Of `items` as the candidates of each customer."""
        said = [member.scorer.scores_of(contexts, items) for member in self.members.values()]
        return self.together(said, items)

    def together(self, said: Sequence[Scores], items: Ids) -> Scores:
        """One score, float32 [customers, len(items)], from each member's of the same shape."""
        candidates = np.broadcast_to(items, said[0].shape)
        found: Scores = self._features(said, candidates) @ self.weights
        return found

    def _candidates(self, contexts: Histories) -> tuple[Ids, Scores]:
        """(candidates [contexts, most], sorted, −1 where there are fewer; their features)."""
        said = [member.scorer.scores(contexts) for member in self.members.values()]
        owned, customer = flatten(contexts)
        proposed = []
        for scores, member in zip(said, self.members.values(), strict=True):
            proper = proposable(scores, member.scale)
            if not self.again:
                proper[customer, owned] = -np.inf
            proposed.append(best(proper, CANDIDATES))
        candidates = np.sort(np.concatenate(proposed, 1), axis=1)
        candidates[:, 1:][candidates[:, 1:] == candidates[:, :-1]] = -1
        picked = [np.take_along_axis(scores, np.maximum(candidates, 0), 1) for scores in said]
        return candidates, self._features(picked, candidates)

    def _features(self, said: Sequence[Scores], candidates: Ids) -> Scores:
        """float32 [customers, candidates, weights] from the members' scores of the candidates."""
        none = candidates < 0
        columns: list[Scores] = []
        for scores, member in zip(said, self.members.values(), strict=True):
            share = shares(scores, member.scale, none)
            columns += [np.log(share + _FLOOR), np.sqrt(share)]
        columns.append(np.log(self.popularity + _FLOOR)[candidates])
        return np.stack(columns, 2)

    def _examples(self, held: Split, batch: int = 512) -> tuple[Tensor, Tensor]:
        """(features with NaN for no candidate, place of the target) of those customers among whose
        candidates the target is."""
        features: list[Tensor] = []
        targets: list[Tensor] = []
        for start in range(0, len(held.contexts), batch):
            candidates, found = self._candidates(held.contexts[start : start + batch])
            hit = candidates == held.targets[start : start + batch, None]
            told = hit.any(1)
            found[candidates < 0] = np.nan
            features.append(torch.from_numpy(found[told]))
            targets.append(torch.from_numpy(hit[told].argmax(1)))
        return torch.cat(features), torch.cat(targets)


def proposable(scores: Scores, scale: Scale) -> Scores:
    """A copy in which what nothing is said of is no candidate: −inf."""
    return scores.copy() if scale == "logits" else np.where(scores > 0, scores, -np.inf)


def shares(scores: Scores, scale: Scale, none: Mask | None = None) -> Scores:
    """Each row's scores as parts of one: float32 [rows, items]; zeros where nothing is said, and
    for what is `none` of the candidates."""
    if none is not None:
        scores = np.where(none, np.float32(-np.inf), scores)
    if scale == "logits":
        most = scores.max(1, keepdims=True)
        spread = np.exp(scores - np.where(np.isfinite(most), most, 0))
    else:
        spread = np.maximum(scores, 0)
    found: Scores = (spread / np.maximum(spread.sum(1, keepdims=True), 1e-12)).astype(np.float32)
    return found


def _learn(features: Tensor, targets: Tensor) -> Scores:
    """Weights that make the targets likely among their candidates, for features as they are."""
    if not len(targets):
        return np.ones(features.shape[2], np.float32)
    none = features[..., 0].isnan()
    known = features[~none]
    middle, spread = known.mean(0), known.std(0).clamp(min=1e-6)
    normed = ((features - middle) / spread).nan_to_num()
    weights = torch.zeros(features.shape[2], requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=80, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        scores = (normed @ weights).masked_fill(none, -torch.inf)
        missed: Tensor = torch.nn.functional.cross_entropy(scores, targets)
        found = missed + _PENALTY * weights.square().sum()
        found.backward()  # type: ignore[no-untyped-call]  # torch's
        return found

    optimizer.step(loss)  # type: ignore[no-untyped-call]  # torch's
    found: Scores = (weights.detach() / spread).numpy()
    return found
