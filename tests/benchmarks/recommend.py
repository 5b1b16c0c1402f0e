"""Recommendations, measured offline: each customer's last item ranked among all items, on the data
set rec/Beauty.txt (or the file named by --file), every model in one table.

`hr10` and `ndcg10` are of the blend, fitted without the validation items, as `fit` says; the keys
that end in `_with` are of the same settings fitted with them. `cooccurrence_*` is plain decayed
co-occurrence, `transitions_*` the one with a direction, both tuned on validation and fitted on the
same. `train_s` is all choosing and fitting for the first of the two. `serve_*` are times on one
core of recommending among 100,000 made-up items, beside the same scores of all of them in NumPy.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import faiss
import numpy as np
import torch

from bot.commands.train_recommend import Measured, as_figures, measure, progress_shown, show
from data.models import Localized, Product
from retrieval.errors import SequencesError
from retrieval.recommend import CoPurchases, Recommender
from retrieval.recommend.blend import Blend, Member
from retrieval.recommend.content import ContentSimilarity
from retrieval.recommend.evaluation import ItemScorer, Scores, best
from retrieval.recommend.fitting import BLENDED, Plan
from retrieval.recommend.network import NetworkSettings, SequenceNetwork
from retrieval.recommend.popularity import Popularity
from retrieval.recommend.ridge import Ridge, RidgeSettings
from retrieval.recommend.sequence import ItemIndex, SequenceModel
from retrieval.recommend.sequences import Ids, read_sequences
from retrieval.recommend.serving import Ranker, TrainedRecommender
from retrieval.recommend.spectral import Spectral, SpectralSettings
from retrieval.recommend.transitions import Transitions, TransitionSettings
from tests.benchmarks import _bench

# NDCG@10 of plain co-occurrence times 1.12.
TARGET_NDCG10 = 0.057
_ITEMS = 100_000
_GROUP = 50
_CUSTOMERS = 20_000
_QUERIES = 300
_HISTORY = 10
_BEST = 10
_NOW = datetime(2026, 11, 1, tzinfo=UTC)
# Published on Beauty with the same split and full ranking: HR@10, NDCG@10.
_PUBLISHED = [
    ("SASRec", 0.0605, 0.0318),
    ("S3-Rec", 0.0647, 0.0327),
    ("TIGER", 0.0648, 0.0384),
    ("ICLRec", 0.0744, 0.0403),
]


class _Purchase(NamedTuple):
    customer_id: int
    product_id: str
    placed_at: datetime


def measure_all(options: argparse.Namespace) -> _bench.Figures:
    figures = _serving()
    try:
        return {**_quality(options), **figures}
    except (_bench.Missing, SequencesError) as missing:
        _bench.skipped("the ranking of held-out items", missing)
        return figures


def _quality(options: argparse.Namespace) -> _bench.Figures:
    path = options.file or _bench.data_folder(options.data, "rec") / "Beauty.txt"
    sequences = read_sequences(path)
    with progress_shown() as tell, tempfile.TemporaryDirectory() as folder:
        measured = measure(sequences, Plan(folder=Path(folder)), options.fit, told=tell)
    show(sequences, measured, texts=None)
    if path.name == "Beauty.txt":
        _bench.show("Published", ["model", "HR@10", "NDCG@10"], _PUBLISHED)
    first = measured[0]
    figures = {"fit": first.fit, "train_s": round(first.train_s, 1), **_keys(first, "")}
    for one in measured[1:]:
        figures |= _keys(one, f"_{one.fit}")
    plain = figures["cooccurrence_ndcg10"]
    figures["ratio"] = round(figures["ndcg10"] / plain, 3) if plain else None
    return {**figures, "reports": as_figures(measured)}


def _keys(measured: Measured, suffix: str) -> _bench.Figures:
    found = {}
    for name, report in measured.reports.items():
        prefix = "" if name == "blend" else f"{name}_"
        found[f"{prefix}hr10{suffix}"] = round(report.hr[10].mean, 4)
        found[f"{prefix}ndcg10{suffix}"] = round(report.ndcg[10].mean, 4)
    return found


def _serving() -> _bench.Figures:
    """One customer after the other, on one core, in a made-up shop: what the assistant calls, with
    everything that it leaves out, and the reasons."""
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    shop = _Shop(np.random.default_rng(0))
    ranker = shop.recommender._ranker
    sequence = ranker.blend.members["sequence"].scorer
    assert isinstance(sequence, SequenceModel)
    index = ItemIndex.build(sequence)

    def whole(row: int) -> None:
        shop.recommend(row)

    def candidates(row: int) -> None:
        ranker.of(shop.histories[row]).candidates()

    def nearest(row: int) -> None:
        index.nearest(sequence, shop.histories[row], _BEST)

    found: _bench.Figures = {"serve_items": _ITEMS}
    rows = []
    for key, what, serve, times in (
        ("serve", f"{_BEST} recommendations: candidates, rules, order, reasons", whole, _QUERIES),
        ("serve_candidates", "candidates of all models alone, FAISS", candidates, _QUERIES),
        ("serve_vector", "one vector and its neighbours alone, FAISS", nearest, _QUERIES),
        ("serve_numpy", "all scores and the best of them, NumPy", shop.plainly, _QUERIES // 10),
    ):
        took = _times(serve, times)
        found[f"{key}_p50_ms"] = round(1000 * _bench.percentile(took, 50), 2)
        found[f"{key}_p99_ms"] = round(1000 * _bench.percentile(took, 99), 2)
        rows.append([what, found[f"{key}_p50_ms"], found[f"{key}_p99_ms"]])
    agreed = [_agreement(shop, row) for row in range(_QUERIES // 10)]
    found["serve_recall10"] = round(float(np.mean(agreed)), 3)
    torch.set_num_threads(2)
    faiss.omp_set_num_threads(2)
    _bench.show(
        f"Recommending among {_ITEMS:,} items to one customer, one core",
        ["", "p50 ms", "p99 ms"],
        rows,
    )
    print(f"Of NumPy's best {_BEST}, {found['serve_recall10']:.1%} are found by way of FAISS.")
    return found


class _Shop:
    """Items in groups that are bought together, with models of the size that training makes. Their
    numbers are drawn, not trained: times do not depend on that."""

    def __init__(self, chance: np.random.Generator) -> None:
        group = np.arange(_ITEMS) // _GROUP
        middles = chance.standard_normal((_ITEMS // _GROUP, 384)).astype(np.float32)
        texts = middles[group] + chance.standard_normal((_ITEMS, 384)).astype(np.float32)
        texts /= np.linalg.norm(texts, axis=1, keepdims=True)
        homes = chance.integers(_ITEMS // _GROUP, size=_CUSTOMERS)
        bought = homes[:, None] * _GROUP + chance.integers(_GROUP, size=(_CUSTOMERS, _HISTORY))
        self.histories = list(bought.astype(np.int64))
        names = [f"item-{number}" for number in range(_ITEMS)]
        self.purchases = [
            [
                _Purchase(customer, names[item], _NOW - timedelta(days=10 * (_HISTORY - place)))
                for place, item in enumerate(history.tolist())
            ]
            for customer, history in enumerate(self.histories)
        ]
        products = {
            name: Product(
                id=name,
                category_id=f"category-{number // _GROUP}",
                name=Localized(name, name),
                rebuy_days=60 if number % 10 == 0 else None,
                launched_on=_NOW.date() - timedelta(days=number % 1000),
            )
            for number, name in enumerate(names)
        }
        self.allowed = frozenset(name for name in names if chance.random() < 0.9)
        self.unwanted = [frozenset(chance.choice(names, 20).tolist()) for _ in range(_QUERIES)]
        plain = Recommender(
            products,
            dict(zip(names, texts, strict=True)),
            CoPurchases(itertools.chain.from_iterable(self.purchases), _NOW),
            exploration=0.1,
        )
        ranker = Ranker(self._blend(chance, group, texts))
        self.recommender = TrainedRecommender(plain, names, ranker)

    def _blend(self, chance: np.random.Generator, group: Ids, texts: Scores) -> Blend:
        rank = SpectralSettings().rank
        near = chance.standard_normal((_ITEMS // _GROUP, rank)).astype(np.float32)[group]
        near += chance.standard_normal((_ITEMS, rank)).astype(np.float32)
        most = RidgeSettings().most
        torch.manual_seed(0)
        members: dict[str, ItemScorer] = {
            "transitions": Transitions.fit(self.histories, _ITEMS, TransitionSettings()),
            "ridge": Ridge(
                RidgeSettings(),
                _ITEMS,
                np.sort(chance.choice(_ITEMS, most, replace=False)),
                chance.standard_normal((most, most), np.float32),
            ),
            "spectral": Spectral(SpectralSettings(), near, near),
            "sequence": SequenceModel(SequenceNetwork(_ITEMS, NetworkSettings())),
            "content": ContentSimilarity(texts),
        }
        return Blend(
            {name: Member(model, BLENDED[name]) for name, model in members.items()},
            Popularity.fit(self.histories, _ITEMS).shares,
            np.ones(2 * len(members) + 1, np.float32),
        )

    def recommend(self, row: int) -> None:
        self.recommender.for_customer(
            self.purchases[row],
            exclude=self.unwanted[row],
            allowed=self.allowed,
            now=_NOW,
            k=_BEST,
        )

    def plainly(self, row: int) -> list[int]:
        history = self.histories[row]
        scores = self.recommender._ranker.blend.scores([history])
        scores[0, history] = -np.inf
        return best(scores, _BEST)[0].tolist()


def _agreement(shop: _Shop, row: int) -> float:
    """The share of the best of all items that are among the best of the candidates."""
    ranker, history = shop.recommender._ranker, shop.histories[row]
    customer = ranker.of(history)
    candidates = customer.candidates()
    order = np.argsort(-customer.scores(candidates)[0], kind="stable")[:_BEST]
    return len(set(candidates[order].tolist()) & set(shop.plainly(row))) / _BEST


def _times(serve: Callable[[int], object], times: int) -> list[float]:
    for row in range(10):
        serve(row)
    took = []
    for row in range(times):
        started = time.perf_counter()
        serve(row)
        took.append(time.perf_counter() - started)
    return took


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--file", type=Path, help="another shop's histories")
    parser.add_argument(
        "--fit", choices=("without", "with", "both"), default="both", help="default: both"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("recommend", __doc__, measure_all, arguments, options=_options)


if __name__ == "__main__":
    sys.exit(main())
