"""How good recommendations are: leave-one-out, the held-out item ranked among all items.

Where scores are equal, every order of the equals is taken as equally likely and the metrics are
their means: no model gains by the order in which items happen to be numbered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from retrieval.recommend.sequences import Histories, Ids, Split, buyers, flatten

Scores = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]

_BATCH = 512
_SAMPLES = 1000
_HEAD = 0.2


class ItemScorer(Protocol):
    """A fitted model. `scores`: float32 [contexts, items], finite, the higher the sooner; an empty
    context is a customer of whom nothing is known. The caller may write into the array.
    `scores_of`: the same of the items named alone, float32 [contexts, len(items)]."""

    def scores(self, contexts: Histories) -> Scores: ...

    def scores_of(self, contexts: Histories, items: Ids) -> Scores: ...


class VectorScorer(ItemScorer, Protocol):
    """A model whose scores are inner products, so that an index can find the best items."""

    @property
    def item_vectors(self) -> Scores: ...

    def customer_vectors(self, contexts: Histories) -> Scores: ...


@dataclass(frozen=True, slots=True)
class Ranks:
    """Of each target: how many candidates score higher, and how many the same (itself too)."""

    above: Ids
    equal: Ids


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over customers with the 95 % interval of its bootstrap."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Report:
    """`coverage`: share of the items that are in anybody's first k; `novelty`: mean −log₂ of the
    share of customers who have a recommended item; `diversity`: 1 − mean cosine of two items of
    one list, by who bought them; `popular`: share of the recommended items that are among the
    most bought ones, which together make a fifth of all purchases. `groups`: by history."""

    customers: int
    hr: dict[int, Figure]
    ndcg: dict[int, Figure]
    mrr: Figure
    coverage: float
    novelty: float
    diversity: float
    popular: float
    groups: dict[str, dict[str, float]]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def hit_rate(ranks: Ranks, k: int) -> Values:
    """Of each target the chance to be among the first k: float64 [targets]."""
    share: Values = np.clip((k - ranks.above) / ranks.equal, 0.0, 1.0)
    return share


def ndcg(ranks: Ranks, k: int) -> Values:
    """1 / log₂(rank + 1) of each target, 0 beyond rank k."""
    gains = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
    first, last = np.minimum(ranks.above, k), np.minimum(ranks.above + ranks.equal, k)
    found: Values = (gains[last] - gains[first]) / ranks.equal
    return found


def reciprocal_rank(ranks: Ranks) -> Values:
    """1 / rank of each target."""
    most = int((ranks.above + ranks.equal).max(initial=0))
    sums = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, most + 1))])
    found: Values = (sums[ranks.above + ranks.equal] - sums[ranks.above]) / ranks.equal
    return found


def bootstrap(values: Values, *, seed: int = 0, samples: int = _SAMPLES) -> Figure:
    """The mean of the values and where it lies in 95 of 100 drawings of as many customers."""
    chance = np.random.default_rng(seed)
    means = [values[chance.integers(len(values), size=len(values))].mean() for _ in range(samples)]
    low, high = np.percentile(means, [2.5, 97.5])
    return Figure(float(values.mean()), float(low), float(high))


def ranks_of(scores: Scores, targets: Ids) -> Ranks:
    """Of targets [n] among the candidates of scores [n, items]; −inf is no candidate."""
    own = scores[np.arange(len(targets)), targets][:, None]
    candidate = np.isfinite(scores)
    return Ranks(
        ((scores > own) & candidate).sum(1, dtype=np.int64),
        # A target that is no candidate comes after all the others.
        np.maximum(((scores == own) & (candidate | ~np.isfinite(own))).sum(1, dtype=np.int64), 1),
    )


def candidate_scores(
    model: ItemScorer, contexts: Histories, *, again: bool, batch: int = _BATCH
) -> Iterator[tuple[slice, Scores]]:
    """Scores of the customers in turn; what they own is −inf unless it may be bought again."""
    for start in range(0, len(contexts), batch):
        part = contexts[start : start + batch]
        scores = model.scores(part)
        if not again:
            owned, customer = flatten(part)
            scores[customer, owned] = -np.inf
        yield slice(start, start + len(part)), scores


def rank_all(model: ItemScorer, held: Split) -> Ranks:
    found = [
        ranks_of(scores, held.targets[rows])
        for rows, scores in candidate_scores(model, held.contexts, again=held.again)
    ]
    return Ranks(np.concatenate([r.above for r in found]), np.concatenate([r.equal for r in found]))


def sample(held: Split, size: int, *, seed: int = 0) -> Split:
    """At most `size` of the customers, for choosing among settings."""
    if len(held.contexts) <= size:
        return held
    rows = np.random.default_rng(seed).choice(len(held.contexts), size, replace=False)
    contexts = [held.contexts[i] for i in rows]
    return Split(held.train, contexts, held.targets[rows], held.items, held.again)


def evaluate(
    model: ItemScorer, held: Split, *, ks: tuple[int, ...] = (5, 10, 20), seed: int = 0
) -> Report:
    """Measure a fitted model; lists are of the length 10 where one length is asked for."""
    found, lists = [], []
    for rows, scores in candidate_scores(model, held.contexts, again=held.again):
        found.append(ranks_of(scores, held.targets[rows]))
        lists.append(best(scores, 10))
    ranks = Ranks(
        np.concatenate([r.above for r in found]), np.concatenate([r.equal for r in found])
    )
    shown = np.concatenate(lists)
    have = buyers(held.train, held.items)
    return Report(
        len(held.targets),
        {k: bootstrap(hit_rate(ranks, k), seed=seed) for k in ks},
        {k: bootstrap(ndcg(ranks, k), seed=seed) for k in ks},
        bootstrap(reciprocal_rank(ranks), seed=seed),
        len(np.unique(shown[shown >= 0])) / held.items,
        _novelty(shown, have, len(held.train)),
        _diversity(shown, held.train, have),
        float(_head(have)[shown[shown >= 0]].mean()),
        _groups(held.contexts, ranks),
    )


def best(scores: Scores, k: int) -> Ids:
    """The k best candidates of each row, best first, −1 where there are fewer: int64 [rows, k]."""
    k = min(k, scores.shape[1])
    found = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, found, 1), axis=1, kind="stable")
    found = np.take_along_axis(found, order, 1).astype(np.int64)
    found[~np.isfinite(np.take_along_axis(scores, found, 1))] = -1
    return found


def _novelty(shown: Ids, have: Ids, customers: int) -> float:
    # An item that nobody has counts as if one had it.
    share = np.maximum(have, 1) / customers
    return float(-np.log2(share)[shown[shown >= 0]].mean())


def _head(have: Ids) -> npt.NDArray[np.bool_]:
    """Which items are the most bought ones, that make a fifth of all purchases."""
    order = np.argsort(-have, kind="stable")
    before = np.cumsum(have[order]) - have[order]
    head = np.zeros(len(have), np.bool_)
    head[order[before < _HEAD * have.sum()]] = True
    return head


def _diversity(shown: Ids, train: Histories, have: Ids) -> float:
    """By the cosine of the sets of customers who have the items."""
    owners: dict[int, list[int]] = {}
    for customer, history in enumerate(train):
        for item in set(history.tolist()):
            owners.setdefault(item, []).append(customer)
    sets = {item: frozenset(found) for item, found in owners.items()}
    known: dict[tuple[int, int], float] = {}
    total, pairs = 0.0, 0
    for row in shown[:: max(1, len(shown) // 2000)].tolist():
        listed = [item for item in row if item >= 0]
        for place, a in enumerate(listed):
            for b in listed[place + 1 :]:
                pair = (a, b) if a < b else (b, a)
                if pair not in known:
                    both = len(sets.get(a, frozenset()) & sets.get(b, frozenset()))
                    known[pair] = both / np.sqrt(max(1, have[a]) * max(1, have[b]))
                total += 1 - known[pair]
                pairs += 1
    return total / pairs if pairs else 0.0


def _groups(contexts: Histories, ranks: Ranks) -> dict[str, dict[str, float]]:
    """Customers with at most as many items as the median one has, and the others."""
    lengths = np.array([len(context) for context in contexts])
    middle = int(np.median(lengths))
    groups = {f"to {middle} items": lengths <= middle, f"over {middle} items": lengths > middle}
    return {
        name: {
            "customers": int(chosen.sum()),
            "hr10": float(hit_rate(ranks, 10)[chosen].mean()),
            "ndcg10": float(ndcg(ranks, 10)[chosen].mean()),
        }
        for name, chosen in groups.items()
        if chosen.any()
    }
