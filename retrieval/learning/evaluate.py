"""Measures how well sentences that answer are found, on trades of the ground that were not learned
and on public questions kept apart: by the judge of what the search finds, by the search, by the
encoder as it was, and by BM25.

    python -m retrieval.learning.evaluate                      # the trades of the test
    python -m retrieval.learning.evaluate pets toys            # others
    python -m retrieval.learning.evaluate --data FOLDER        # and public questions
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ground.readings import TEST, language_of
from retrieval.embedder import TextEmbedder
from retrieval.judge import CANDIDATES, Judge, merit
from retrieval.learning import samples
from retrieval.learning.samples import ANSWERS, Group, Shop
from retrieval.lexical import LexicalIndex
from weights import locate

PUBLIC = 600  # questions of each public set
JUDGED = "judge"
_AT = (1, 5, 16)
HEAD = f"{'':34}questions    MRR  " + "  ".join(f"in {k:2d}" for k in _AT)


@dataclass
class Ranks:
    """The rank of the first sentence that answers, from 1, of each question that has one."""

    ranks: list[int] = field(default_factory=list)

    def add(self, scores: np.ndarray, right: np.ndarray) -> None:
        self.ranks.append(1 + int(np.argmax(right[np.argsort(-scores, kind="stable")])))

    def mrr(self) -> float:
        return float(np.mean([1 / rank for rank in self.ranks]))

    def within(self, k: int) -> float:
        return float(np.mean([rank <= k for rank in self.ranks]))

    def row(self, name: str) -> str:
        shares = "  ".join(f"{self.within(k):.3f}" for k in _AT)
        return f"{name:34}{len(self.ranks):9d}  {self.mrr():.3f}  {shares}"


@dataclass
class Told:
    """How likely it is, from 0 to 1 or as a cosine, that anything answers each question, and
    whether something does."""

    scores: list[float] = field(default_factory=list)
    answered: list[bool] = field(default_factory=list)

    def auc(self) -> float:
        """The chance that a question with an answer is told from one without."""
        scores, answered = np.array(self.scores), np.array(self.answered)
        ahead = scores[answered][:, None] - scores[~answered][None, :]
        return float(((ahead > 0) + 0.5 * (ahead == 0)).mean())


@dataclass
class Found:
    """By way of searching and by language, by trade, and "all"; "judge" is the first search's
    candidates judged."""

    ranks: dict[tuple[str, str], Ranks] = field(default_factory=lambda: defaultdict(Ranks))
    told: dict[tuple[str, str], Told] = field(default_factory=lambda: defaultdict(Told))


def of_trades(
    trades: Iterable[str], searches: dict[str, TextEmbedder | None], judge: Judge | None
) -> Found:
    """`searches` by name; None is BM25."""
    found = Found()
    for trade in trades:
        shop = Shop(trade)
        lexical = LexicalIndex(shop.texts)
        for place, (name, embedder) in enumerate(searches.items()):
            if embedder is not None:
                vectors = embedder.embed_passages(shop.texts)
                queries = embedder.embed_queries(shop.questions)
            for n, (question, graded) in enumerate(zip(shop.questions, shop.grades, strict=True)):
                language = language_of(question)
                shown = np.flatnonzero(shop.shown(language))
                right = np.array([graded.get(int(i)) == ANSWERS for i in shown])
                every = lexical.scores(question) if embedder is None else vectors @ queries[n]
                scores = {name: every[shown]}
                if judge is not None and place == 0:
                    texts = [shop.texts[i] for i in shown]
                    scores[JUDGED] = judged(judge, question, texts, every[shown])
                for way, values in scores.items():
                    for key in (language, trade, "all"):
                        if right.any():
                            found.ranks[way, key].add(values, right)
                        told = found.told[way, key]
                        told.scores.append(float(values.max()))
                        told.answered.append(bool(right.any()))
    return found


def judged(judge: Judge, question: str, texts: list[str], scores: np.ndarray) -> np.ndarray:
    """Scores by the judge for what the search has found first; the rest behind, in its order."""
    best = np.argsort(-scores, kind="stable")[:CANDIDATES]
    values = scores - 100.0  # below all that is judged
    for n, each in zip(best, judge.judge(question, [texts[n] for n in best]), strict=True):
        values[n] = merit(each, float(scores[n]))
    return values


def of_public(groups: Iterable[Group], scores_of: Callable[[Group], np.ndarray]) -> Ranks:
    ranks = Ranks()
    for group in groups:
        right = np.array([each.grade == ANSWERS for each in group.sentences])
        if right.any():
            ranks.add(scores_of(group), right)
    return ranks


def _by(reader: TextEmbedder | Judge) -> Callable[[Group], np.ndarray]:
    def scores(group: Group) -> np.ndarray:
        texts = [each.text for each in group.sentences]
        if isinstance(reader, Judge):
            return np.array(reader.judge(group.question, texts))
        found: np.ndarray = reader.embed_passages(texts) @ reader.embed_queries([group.question])[0]
        return found

    return scores


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trades", nargs="*", default=list(TEST))
    parser.add_argument("--embedder", default="search", help="a known name or a folder")
    parser.add_argument("--data", type=Path, help="folder of public data (docs/benchmarks.md)")
    parser.add_argument("--judge", type=Path, help="a folder; the installed one otherwise")
    options = parser.parse_args()
    judge = Judge(options.judge or locate(JUDGED))
    searches: dict[str, TextEmbedder | None] = {
        options.embedder: samples.embedder(options.embedder),
        "e5-small": samples.embedder("e5-small"),
        "BM25": None,
    }
    found = of_trades(options.trades, searches, judge)
    print(HEAD)
    for (name, key), ranks in found.ranks.items():
        print(ranks.row(f"{key}, {name}"))
    print("Told whether anything answers, AUC:")
    for (name, key), told in found.told.items():
        print(f"  {key}, {name}: {told.auc():.3f}")
    if options.data:
        readers: dict[str, TextEmbedder | Judge] = {JUDGED: judge}
        readers |= {name: each for name, each in searches.items() if each is not None}
        for title, read in (("ePQA", samples.epqa), ("Chinese reading", samples.reading)):
            try:
                groups = [g for key, g in read(options.data) if samples.apart(key)][:PUBLIC]
            except FileNotFoundError as missing:
                print(f"{missing.filename} is not there; it is not measured.", file=sys.stderr)
                continue
            for name, reader in readers.items():
                print(of_public(groups, _by(reader)).row(f"{title}, {name}"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
