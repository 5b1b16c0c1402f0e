"""Recommendations, measured offline: each customer's last item ranked among all items, on the data
set rec/Beauty.txt (or the file named by --file), every model in one table.

`hr10` and `ndcg10` are of the blend, fitted without the validation items, as `fit` says; the keys
that end in `_with` are of the same settings fitted with them. `cooccurrence_*` is plain decayed
co-occurrence, `transitions_*` the one with a direction, both tuned on validation and fitted on the
same. `train_s` is all choosing and fitting for the first of the two. Times of serving are of one
core: the customer's vector, then the nearest of 100,000 made-up items in FAISS, beside the same
product of matrices in NumPy.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import faiss
import numpy as np
import torch

from bot.recommending import Measured, as_figures, measure, show, told
from retrieval.errors import SequencesError
from retrieval.recommend.fitting import Plan
from retrieval.recommend.network import NetworkSettings, SequenceNetwork
from retrieval.recommend.sequence import ItemIndex, SequenceModel
from retrieval.recommend.sequences import read_sequences
from tests.benchmarks import _bench

# NDCG@10 of plain co-occurrence times 1.12.
TARGET_NDCG10 = 0.057
_ITEMS = 100_000
_QUERIES = 300
_HISTORY = 10
_BEST = 10
# Published on Beauty with the same split and full ranking: HR@10, NDCG@10.
_PUBLISHED = [
    ("SASRec", 0.0605, 0.0318),
    ("S3-Rec", 0.0647, 0.0327),
    ("TIGER", 0.0648, 0.0384),
    ("ICLRec", 0.0744, 0.0403),
]


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
    with told() as tell, tempfile.TemporaryDirectory() as folder:
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
    """One customer after the other, on one core."""
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    torch.manual_seed(0)
    model = SequenceModel(SequenceNetwork(_ITEMS, NetworkSettings()))
    histories = np.random.default_rng(0).integers(_ITEMS, size=(_QUERIES, _HISTORY))
    index = ItemIndex.build(model)

    def brute(row: int) -> None:
        scores = model.scores([histories[row]])[0]
        top = np.argpartition(-scores, _BEST)[:_BEST]
        top[np.argsort(-scores[top])]

    def nearest(row: int) -> None:
        index.nearest(model, histories[row], _BEST)

    found = {"serve_items": _ITEMS}
    for name, serve in (("serve", nearest), ("serve_numpy", brute)):
        times = _times(serve)
        found[f"{name}_p50_ms"] = round(1000 * _bench.percentile(times, 50), 2)
        found[f"{name}_p99_ms"] = round(1000 * _bench.percentile(times, 99), 2)
    torch.set_num_threads(2)
    faiss.omp_set_num_threads(2)
    _bench.show(
        f"The best {_BEST} of {_ITEMS:,} items for one customer, one core",
        ["", "p50 ms", "p99 ms"],
        [
            ["FAISS", found["serve_p50_ms"], found["serve_p99_ms"]],
            ["NumPy, all scores", found["serve_numpy_p50_ms"], found["serve_numpy_p99_ms"]],
        ],
    )
    return found


def _times(serve: Callable[[int], None]) -> list[float]:
    for row in range(10):
        serve(row)
    times = []
    for row in range(_QUERIES):
        started = time.perf_counter()
        serve(row)
        times.append(time.perf_counter() - started)
    return times


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--file", type=Path, help="another shop's histories")
    parser.add_argument(
        "--fit", choices=("without", "with", "both"), default="both", help="default: both"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("recommend", __doc__, measure_all, arguments, options=_options)


if __name__ == "__main__":
    sys.exit(main())
