"""Search: meaning and words, fused, one language of each passage, with a say on relevance."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np

from retrieval.embedder import TextEmbedder, Vectors
from retrieval.encode import sentences_of
from retrieval.fusion import fuse
from retrieval.index import PassageIndex
from retrieval.relevance import Calibration, signals
from retrieval.text import detect_language
from retrieval.types import Filters, Hit, Language
from retrieval.vectors import Mask

# Longer questions are cut: the embedder reads 512 tokens at most.
MAX_CHARACTERS = 2000
ANY = Filters()
_LEXICAL_WEIGHT = 0.3  # of meaning's 1; chosen on the calibration questions
_DEPTH = 50  # candidates of each search before fusion
_REMEMBERED = 256


class _Closeness(NamedTuple):
    similarity: float
    sentence: int | None  # which sentence of the passage is the closest


class Retriever:
    """Answers from one index. One instance serves all threads."""

    def __init__(
        self, index: PassageIndex, embedder: TextEmbedder, calibration: Calibration | None = None
    ) -> None:
        self.index = index
        self._embedder = embedder
        self._calibration = calibration or Calibration()
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def open(cls, path: Path, embedder: TextEmbedder) -> Retriever:
        """Errors as of `PassageIndex.open`: missing, damaged, or built with another embedder."""
        index = PassageIndex.open(path, embedder.fingerprint)
        return cls(index, embedder, Calibration.read(index.folder))

    def embed(self, query: str) -> Vectors:
        """The query's vector [dimensions]; the last queries' are remembered, since a turn asks
        for documents and for products with the same words."""
        query = query[:MAX_CHARACTERS]
        with self._lock:
            if query in self._vectors:
                self._vectors.move_to_end(query)
                return self._vectors[query]
        vector: Vectors = self._embedder.embed_queries([query])[0]
        with self._lock:
            self._vectors[query] = vector
            while len(self._vectors) > _REMEMBERED:
                self._vectors.popitem(last=False)
        return vector

    def search(
        self,
        query: str,
        *,
        filters: Filters = ANY,
        k: int = 5,
        language: Language | None = None,
    ) -> list[Hit]:
        """The k best passages, best first; none for a blank query.

        Of a passage that exists in both languages only one comes back, in `language` (the
        customer's; the query's own when not given).
        """
        query = query[:MAX_CHARACTERS]
        reader = language or _language(query)
        allowed = self.index.passages.allowed(filters, reader)
        if not query.strip() or k <= 0 or not allowed.any():
            return []
        vector = self.embed(query)
        depth = max(_DEPTH, 4 * k)
        _, nearest = self.index.vectors.search(vector, depth, allowed)
        lexical = self.index.lexical.scores(query)
        worded = _best(lexical, depth, allowed)
        close = self._compare(list(dict.fromkeys([*nearest.tolist(), *worded])), vector)
        meant = sorted(close, key=lambda number: -close[number].similarity)
        fused = fuse([meant, worded], weights=[1.0, _LEXICAL_WEIGHT])
        return [self._hit(number, fused[number], close[number], lexical) for number in [*fused][:k]]

    def relevance(self, hits: list[Hit], query: str) -> float:
        """How likely the hits answer the query, 0 to 1, as calibrated at the last build."""
        if not hits:
            return 0.0
        model = self._calibration[_language(query)]
        return model.of(signals(hits, self.index.lexical, query))

    def relevant(self, hits: list[Hit], query: str) -> bool:
        """Whether the hits are worth an answer; else the honest answer is "I don't know"."""
        return self.relevance(hits, query) >= self._calibration[_language(query)].threshold

    def _compare(self, numbers: list[int], query: Vectors) -> dict[int, _Closeness]:
        """How close the query is to each passage: half its whole, half its best sentence."""
        wholes = self.index.vectors.vectors(np.array(numbers, np.int64)) @ query
        found = {}
        for number, whole in zip(numbers, wholes.tolist(), strict=True):
            best = self.index.sentences and self.index.sentences.best(number, query)
            if best:
                found[number] = _Closeness((whole + best[0]) / 2, best[1])
            else:
                found[number] = _Closeness(whole, None)
        return found

    def _hit(self, number: int, score: float, close: _Closeness, lexical: Vectors) -> Hit:
        passage = self.index.passages[number]
        return Hit(
            passage=passage,
            score=score,
            similarity=close.similarity,
            lexical=float(lexical[number]),
            sentence="" if close.sentence is None else sentences_of(passage)[close.sentence],
        )


def _language(query: str) -> Language:
    return "zh" if detect_language(query) == "zh" else "en"


def _best(scores: Vectors, count: int, allowed: Mask) -> list[int]:
    """Numbers of the highest scores above zero among the allowed, best first."""
    candidates = np.flatnonzero((scores > 0) & allowed)
    order = np.argsort(-scores[candidates], kind="stable")[:count]
    best: list[int] = candidates[order].tolist()
    return best
