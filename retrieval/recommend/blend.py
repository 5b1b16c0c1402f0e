"""A learned blend: one score from the shares that several models give to an item.

The weights are learned on the validation items by a listwise softmax over candidates: two for each
model (of the share's logarithm and of its square root: a product and a sum of opinions) and one for
popularity, a dozen numbers in all, which cannot learn an item or a customer by heart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from retrieval.errors import ModelMismatch
from retrieval.recommend.evaluation import ItemScorer, Scores, best, candidate_scores, sample
from retrieval.recommend.sequences import Histories, Ids, Split

# How a model's scores become shares of one: they are counts, or the logarithms of such.
Scale = Literal["counts", "logits"]

_FLOOR = 1e-5
_CANDIDATES = 100  # of each model
_PENALTY = 1e-3
_CUSTOMERS = 8000


@dataclass(frozen=True, slots=True)
class Member:
    scorer: ItemScorer
    scale: Scale = "counts"


@dataclass(frozen=True, slots=True)
class Blend:
    """`weights`: float32 [2 for each member in turn, 1 for popularity]; `popularity`: float32
    [items], the share of customers who have each."""

    members: Mapping[str, Member]
    popularity: Scores
    weights: Scores

    @classmethod
    def fit(cls, members: Mapping[str, Member], popularity: Scores, held: Split) -> Blend:
        """Learn the weights on `held`, whose targets no member was fitted on."""
        chosen = sample(held, _CUSTOMERS)
        features, targets = _examples(members, popularity, chosen)
        return cls(members, popularity, _learn(features, targets))

    @classmethod
    def of(
        cls, members: Mapping[str, Member], popularity: Scores, weights: Sequence[float]
    ) -> Blend:
        """Weights that were learned before, over the same kinds of members."""
        if len(weights) != 2 * len(members) + 1:
            raise ModelMismatch("The blend's weights belong to other models; train again.")
        return cls(members, popularity, np.array(weights, np.float32))

    def scores(self, contexts: Histories) -> Scores:
        found = np.zeros((len(contexts), len(self.popularity)), np.float32)
        for i, member in enumerate(self.members.values()):
            share = shares(member.scorer.scores(contexts), member.scale)
            found += self.weights[2 * i] * np.log(share + _FLOOR)
            found += self.weights[2 * i + 1] * np.sqrt(share)
        found += self.weights[-1] * np.log(self.popularity + _FLOOR)
        return found


def shares(scores: Scores, scale: Scale) -> Scores:
    """Each row's scores as parts of one: float32 [rows, items]; zeros where nothing is said."""
    if scale == "logits":
        spread = np.exp(scores - scores.max(1, keepdims=True))
    else:
        spread = np.maximum(scores, 0)
    found: Scores = (spread / np.maximum(spread.sum(1, keepdims=True), 1e-12)).astype(np.float32)
    return found


class _One:
    """Scores computed before, as a model, to choose candidates from."""

    def __init__(self, found: Scores) -> None:
        self.found = found

    def scores(self, contexts: Histories) -> Scores:
        return self.found.copy()


def _examples(
    members: Mapping[str, Member], popularity: Scores, held: Split, batch: int = 512
) -> tuple[Tensor, Tensor]:
    """(features [customers, candidates, weights] with NaN for no candidate, place of the target) of
    those customers among whose candidates the target is."""
    features: list[Tensor] = []
    targets: list[Tensor] = []
    width = len(members) * _CANDIDATES
    for start in range(0, len(held.contexts), batch):
        contexts = held.contexts[start : start + batch]
        wanted = held.targets[start : start + batch]
        columns: list[Scores] = []
        proposed: list[Ids] = []
        for member in members.values():
            scores = member.scorer.scores(contexts)
            share = shares(scores, member.scale)
            columns += [np.log(share + _FLOOR), np.sqrt(share)]
            (_, masked), *_ = candidate_scores(
                _One(scores), contexts, again=held.again, batch=batch
            )
            proposed.append(best(masked, _CANDIDATES))
        columns.append(np.repeat(np.log(popularity + _FLOOR)[None], len(contexts), 0))
        candidates = np.sort(np.concatenate(proposed, 1), axis=1)
        candidates[:, 1:][candidates[:, 1:] == candidates[:, :-1]] = -1
        picked = np.stack(
            [np.take_along_axis(column, np.maximum(candidates, 0), 1) for column in columns], 2
        )
        picked[candidates < 0] = np.nan
        hit = candidates == wanted[:, None]
        told = hit.any(1)
        full = np.full((int(told.sum()), width, picked.shape[2]), np.nan, np.float32)
        full[:, : picked.shape[1]] = picked[told]
        features.append(torch.from_numpy(full))
        targets.append(torch.from_numpy(hit[told].argmax(1)))
    return torch.cat(features), torch.cat(targets)


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
