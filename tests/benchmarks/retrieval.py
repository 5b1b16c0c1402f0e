"""Retrieval: ranking on public product questions and on our own, and speed beside brute force.

ePQA (epqa_dev.csv, in the data folder's pqa): each question's ten candidate sentences about its
product are ranked; a candidate counts when it answers in full (label 2), and questions without one
are left out. `mrr` is the mean reciprocal rank of the first that counts, `p1` the share of
questions where it stands first; candidates of equal score share their mean rank, since the file
lists them by the relevance that another system gave them. The keys with `partly` count label 1 too.

Ours (own_questions.yaml): the share of questions with a right source among the first five passages
of the demo shop, in each language.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from demo import catalogue
from retrieval.build import build, gather
from retrieval.embedder import TextEmbedder
from retrieval.embedders import load_embedder
from retrieval.judge import Judge, load_judge
from retrieval.lexical import LexicalIndex
from retrieval.retriever import Retriever, holds_answer
from retrieval.vectors import VectorIndex
from tests.benchmarks import _bench
from weights import WeightsError, locate

QUESTIONS = Path(__file__).with_name("own_questions.yaml")
_REPEATS = 5

Scorer = Callable[[int, list[int]], np.ndarray]


def measure(options: argparse.Namespace) -> _bench.Figures:
    try:
        embedder, judge = load_embedder(locate("search")), load_judge()
    except WeightsError as error:
        raise _bench.Missing(str(error)) from error
    figures: dict[str, Any] = {}
    try:
        figures |= _epqa(_bench.data_folder(options.data, "pqa") / "epqa_dev.csv", embedder, judge)
    except _bench.Missing as missing:
        _bench.skipped("ePQA", missing)
    with tempfile.TemporaryDirectory() as folder:
        demo = _bench.ROOT / "demo" / "shop"
        _, products = catalogue.read(demo.parent / "catalogue")
        passages = gather(demo / "documents", products).passages
        started = time.perf_counter()
        built = build(passages, Path(folder), embedder)
        figures |= {
            "passages": built.passages,
            "build_s": round(time.perf_counter() - started, 1),
        }
        retriever = Retriever.open(Path(folder), embedder, judge)
        figures |= _own(retriever)
        figures |= _speed(retriever)
        retriever.index.close()
    return figures


# --- ePQA -----------------------------------------------------------------------------------


def _epqa(path: Path, embedder: TextEmbedder, judge: Judge) -> dict[str, Any]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    groups: dict[tuple[str, str], list[int]] = {}
    for i, row in enumerate(rows):
        groups.setdefault((row["qid"], row["ASIN"]), []).append(i)
    candidates = [row["candidate"] for row in rows]
    labels = np.array([int(row["label"]) for row in rows])
    questions = [rows[numbers[0]]["question"] for numbers in groups.values()]
    passages = embedder.embed_passages(candidates)
    queries = embedder.embed_queries(questions)
    lexical = LexicalIndex(candidates)

    def by_meaning(question: int, numbers: list[int]) -> np.ndarray:
        return passages[numbers] @ queries[question]

    def by_words(question: int, numbers: list[int]) -> np.ndarray:
        return lexical.scores(questions[question])[numbers]

    def by_judge(question: int, numbers: list[int]) -> np.ndarray:
        return np.array(judge.judge(questions[question], [candidates[n] for n in numbers]))

    figures: dict[str, Any] = {}
    table = []
    for name, scorer in (("judge", by_judge), ("search", by_meaning), ("BM25", by_words)):
        prefix = "epqa" if name == "search" else f"{name.lower()}_epqa"
        line: list[object] = [name]
        for least, suffix in ((2, ""), (1, "_partly")):
            mrr, first, count = _rank(scorer, list(groups.values()), labels >= least)
            figures[f"{prefix}_mrr{suffix}"] = round(mrr, 4)
            figures[f"{prefix}_p1{suffix}"] = round(first, 4)
            figures[f"epqa_questions{suffix}"] = count
            line += [mrr, first]
        table.append(line)
    _bench.show(
        "ePQA, ten candidates a question", ["", "MRR", "P@1", "MRR partly", "P@1 partly"], table
    )
    return figures


def _rank(
    scorer: Scorer, groups: Sequence[list[int]], counts: np.ndarray
) -> tuple[float, float, int]:
    reciprocal, first = [], []
    for question, numbers in enumerate(groups):
        right = counts[numbers]
        if not right.any():
            continue
        scores = np.asarray(scorer(question, numbers))
        best = scores[right].max()
        above, equal = int((scores > best).sum()), int((scores == best).sum())
        hits = int((scores[right] == best).sum())
        # Of the orders of the equals, each as likely: the mean over where the first right one is.
        places = _places(equal, hits)
        reciprocal.append(sum(p / (above + i) for i, p in enumerate(places, start=1)))
        first.append(places[0] if above == 0 else 0.0)
    return float(np.mean(reciprocal)), float(np.mean(first)), len(first)


def _places(equal: int, hits: int) -> list[float]:
    """Probability that the first of `hits` among `equal` shuffled candidates is at 1, 2, …"""
    left, places = 1.0, []
    for i in range(equal - hits + 1):
        here = hits / (equal - i)
        places.append(left * here)
        left *= 1 - here
    return places


# --- our own questions ----------------------------------------------------------------------


def _own(retriever: Retriever) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    table = []
    for language, questions in yaml.safe_load(QUESTIONS.read_text("utf-8")).items():
        first = five = passed = 0
        reciprocal = 0.0
        for question in questions:
            hits = retriever.answering(question["ask"], language=language)
            places = [
                i for i, hit in enumerate(hits, 1) if hit.passage.source in question["sources"]
            ]
            five += bool(places)
            first += places[:1] == [1]
            reciprocal += 1 / places[0] if places else 0.0
            passed += holds_answer(hits)
        count = len(questions)
        figures |= {
            f"own_questions_{language}": count,
            f"own_recall5_{language}": round(five / count, 4),
            f"own_recall1_{language}": round(first / count, 4),
            f"own_mrr_{language}": round(reciprocal / count, 4),
            f"own_answered_{language}": round(passed / count, 4),
        }
        table.append(
            [language, count, five / count, first / count, reciprocal / count, passed / count]
        )
    _bench.show(
        "Our own questions, demo shop",
        ["", "questions", "recall@5", "recall@1", "MRR", "held answered"],
        table,
    )
    return figures


# --- speed ----------------------------------------------------------------------------------


def _speed(retriever: Retriever) -> dict[str, Any]:
    """Queries a second of each step, and FAISS beside a plain product of matrices in NumPy."""
    asked = [
        question["ask"]
        for questions in yaml.safe_load(QUESTIONS.read_text("utf-8")).values()
        for question in questions
    ]
    vectors = [retriever.embed(text) for text in asked]
    matrix = retriever.index.vectors.all_vectors()

    def brute(i: int) -> None:
        scores = matrix @ vectors[i]
        top = np.argpartition(-scores, 10)[:10]
        top[np.argsort(-scores[top])]

    index: VectorIndex = retriever.index.vectors
    steps: dict[str, Callable[[int], object]] = {
        "search": lambda i: retriever.search(asked[i]),
        "faiss": lambda i: index.search(vectors[i], 10),
        "numpy": brute,
        "bm25": lambda i: retriever.index.lexical.scores(asked[i]),
    }
    figures: dict[str, Any] = {}
    table = []
    for name, step in steps.items():
        times = []
        for _ in range(_REPEATS):
            for i in range(len(asked)):
                started = time.perf_counter()
                step(i)
                times.append(1000 * (time.perf_counter() - started))
        rate = 1000 * len(times) / sum(times)
        figures[f"{name}_per_s"] = round(rate, 1)
        figures[f"{name}_p50_ms"] = _bench.percentile(times, 50)
        table.append([name, rate, _bench.percentile(times, 50), _bench.percentile(times, 95)])
    _bench.show(
        f"Speed over {len(matrix)} passages (the questions' vectors are known)",
        ["", "a second", "p50 ms", "p95 ms"],
        table,
    )
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("retrieval", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
