"""Vector search as the shop grows: made-up clustered vectors in each kind of FAISS index, beside
brute force in NumPy over the same vectors.

Queries are passages with noise, so that each has near neighbours, as questions have. recall10 is
the share of the ten truly nearest that the index finds. Each index is measured after it was saved
and mapped into memory again, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from retrieval.vectors import IndexKind, VectorIndex
from tests.benchmarks import _bench

DIMENSIONS = 384
KINDS: tuple[IndexKind, ...] = ("flat", "hnsw", "ivf")
_SIZES = (100_000, 1_000_000)
_QUERIES = 200
_NEAREST = 10
_CLUSTER = 50  # passages to a subject
_SPREAD = 1.0  # of a passage about its subject, and half of that for a query about its passage
_SEED = 20_260_901


def measure(options: argparse.Namespace) -> _bench.Figures:
    rows: list[_bench.Figures] = []
    for size in options.passages or _SIZES:
        # Vectors, the index while it is built, and room to breathe.
        needed = 3.5 * 4 * DIMENSIONS * size
        if psutil.virtual_memory().available < needed:
            _bench.skipped(f"{size:,} passages", f"needs {needed / 1e9:.1f} GB of free memory.")
            continue
        rows += _measure(size, options.kind or KINDS)
        _print(rows)
    if not rows:
        return {}
    # The keys of one row stand at the top: the index that the shop chooses at the largest size.
    chosen = [row for row in rows if row["index"] in ("hnsw", "ivf")] or rows
    return {**chosen[-1], "rows": rows}


def made_up(size: int) -> tuple[np.ndarray, np.ndarray]:
    """float32 rows of length 1: `size` passages in clusters, and the queries."""
    random = np.random.default_rng(_SEED)
    centres = random.standard_normal((max(1, size // _CLUSTER), DIMENSIONS), np.float32)
    vectors = np.empty((size, DIMENSIONS), np.float32)
    for start in range(0, size, 50_000):
        part = vectors[start : start + 50_000]
        random.standard_normal(dtype=np.float32, out=part)
        part *= _SPREAD
        part += centres[random.integers(len(centres), size=len(part))]
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    asked = vectors[random.integers(size, size=_QUERIES)]
    noise = random.standard_normal(asked.shape, np.float32) / np.sqrt(DIMENSIONS)
    queries = asked + _SPREAD / 2 * noise
    return vectors, queries / np.linalg.norm(queries, axis=1, keepdims=True)


def _measure(size: int, kinds: Sequence[IndexKind]) -> list[_bench.Figures]:
    vectors, queries = made_up(size)
    truth, brute = _brute_force(vectors, queries)
    rows = [{"passages": size, "index": "numpy", **brute, "recall10": 1.0}]
    with tempfile.TemporaryDirectory(prefix="shopguide-bench-") as folder:
        np.save(Path(folder) / "queries.npy", queries)
        np.save(Path(folder) / "truth.npy", truth)
        for kind in kinds:
            started = time.perf_counter()
            VectorIndex.build(vectors, kind).save(Path(folder) / kind)
            build_s = round(time.perf_counter() - started, 1)
            searched = _in_own_process(Path(folder), kind)
            rows.append({"passages": size, "index": kind, **searched, "build_s": build_s})
            (Path(folder) / kind).unlink()
    return rows


def _brute_force(vectors: np.ndarray, queries: np.ndarray) -> tuple[np.ndarray, _bench.Figures]:
    nearest, times = [], []
    for query in queries:
        started = time.perf_counter()
        scores = vectors @ query
        best = np.argpartition(-scores, _NEAREST)[:_NEAREST]
        nearest.append(best[np.argsort(-scores[best])])
        times.append(time.perf_counter() - started)
    memory = round(vectors.nbytes / 1e9, 2)
    return np.array(nearest), {**_milliseconds(times), "memory_gb": memory}


def _in_own_process(folder: Path, kind: IndexKind) -> _bench.Figures:
    command = [sys.executable, "-m", "tests.benchmarks.scale", "--search", str(folder), kind]
    ran = subprocess.run(command, cwd=_bench.ROOT, stdout=subprocess.PIPE, text=True, check=True)
    figures: _bench.Figures = json.loads(ran.stdout.splitlines()[-1])
    return figures


def search(folder: Path, kind: IndexKind) -> _bench.Figures:
    """Open the saved index and answer the queries; memory is what that added."""
    queries, truth = np.load(folder / "queries.npy"), np.load(folder / "truth.npy")
    process = psutil.Process()
    before = process.memory_info().rss
    started = time.perf_counter()
    index = VectorIndex.load(folder / kind, kind)
    load_s = time.perf_counter() - started
    times, found = [], 0
    for query, nearest in zip(queries, truth, strict=True):
        started = time.perf_counter()
        _, ids = index.search(query, _NEAREST)
        times.append(time.perf_counter() - started)
        found += len(np.intersect1d(ids, nearest))
    return {
        **_milliseconds(times),
        "recall10": round(found / truth.size, 4),
        "memory_gb": round((process.memory_info().rss - before) / 1e9, 2),
        "load_s": round(load_s, 3),
    }


def _milliseconds(times: Sequence[float]) -> dict[str, Any]:
    return {
        "p50_ms": round(1000 * _bench.percentile(times, 50), 2),
        "p99_ms": round(1000 * _bench.percentile(times, 99), 2),
    }


def _print(rows: Sequence[_bench.Figures]) -> None:
    keys = ["p50_ms", "p99_ms", "recall10", "memory_gb", "build_s", "load_s"]
    _bench.show(
        f"Search among passages of {DIMENSIONS} numbers, {_QUERIES} queries, ten nearest",
        ["index", "passages", *keys],
        [[row["index"], f"{row['passages']:,}", *(row.get(key) for key in keys)] for row in rows],
    )


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--passages", type=int, action="append", help="default: 100000 and 1000000")
    parser.add_argument("--kind", choices=KINDS, action="append", help="default: all three")


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("scale", __doc__, measure, arguments, options=_options)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--search"]:
        print(json.dumps(search(Path(sys.argv[2]), sys.argv[3])))  # type: ignore[arg-type]
        sys.exit(0)
    sys.exit(main())
