"""Search: meaning and words, fused, one language of each passage, with a say on relevance."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock

import numpy as np

from retrieval.embedder import TextEmbedder, Vectors
from retrieval.fusion import fuse
from retrieval.index import PassageIndex
from retrieval.relevance import Relevance
from retrieval.text import detect_language
from retrieval.types import Filters, Hit, Language
from retrieval.vectors import Mask

# Longer questions are cut: the embedder reads 512 tokens at most.
MAX_CHARACTERS = 2000
ANY = Filters()
_DEPTH = 50  # candidates of each search before fusion
_REMEMBERED = 256


class Retriever:
    """Answers from one index. One instance serves all threads."""

    def __init__(self, index: PassageIndex, embedder: TextEmbedder) -> None:
        self.index = index
        self._embedder = embedder
        self._relevance = Relevance.read(index.folder)
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def open(cls, path: Path, embedder: TextEmbedder) -> Retriever:
        """Errors as of `PassageIndex.open`: missing, damaged, or built with another embedder."""
        return cls(PassageIndex.open(path, embedder.fingerprint), embedder)

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
        if not query.strip() or k <= 0:
            return []
        allowed = self.index.passages.allowed(filters)
        if allowed is not None and not allowed.any():
            return []
        vector = self.embed(query)
        _, nearest = self.index.vectors.search(vector, max(_DEPTH, 4 * k), allowed)
        lexical = self.index.lexical.scores(query)
        worded = _best(lexical, max(_DEPTH, 4 * k), allowed)
        fused = fuse([nearest.tolist(), worded])
        wanted = language or ("zh" if detect_language(query) == "zh" else "en")
        numbers = self._one_language(fused, wanted, allowed, k)
        similarities = self.index.vectors.vectors(np.array(list(numbers), np.int64)) @ vector
        return [
            Hit(
                passage=self.index.passages[number],
                score=score,
                similarity=float(similarity),
                lexical=float(lexical[number]),
            )
            for (number, score), similarity in zip(numbers.items(), similarities, strict=True)
        ]

    def relevance(self, hits: list[Hit], query: str) -> float:
        """How likely the hits answer the query, 0 to 1, as calibrated at the last build."""
        return self._relevance.probability(hits, self.index.lexical, query)

    def relevant(self, hits: list[Hit], query: str) -> bool:
        """Whether the hits are worth an answer; else the honest answer is "I don't know"."""
        return bool(hits) and self.relevance(hits, query) >= self._relevance.threshold

    def _one_language(
        self, fused: dict[int, float], wanted: str, allowed: Mask | None, k: int
    ) -> dict[int, float]:
        """The k best numbers with their scores; twins count as the one in the wanted language, if
        the filters allow that one, with the better score of the two."""
        passages = self.index.passages
        chosen: dict[int, float] = {}
        for number, score in fused.items():
            twin = passages.twin(number)
            if (
                twin is not None
                and passages.language(number) != wanted
                and (allowed is None or allowed[twin])
            ):
                number = twin
            if number not in chosen:
                chosen[number] = score
            if len(chosen) == k:
                break
        return chosen


def _best(scores: Vectors, count: int, allowed: Mask | None) -> list[int]:
    """Numbers of the highest scores above zero among the allowed, best first."""
    candidates = np.flatnonzero((scores > 0) if allowed is None else (scores > 0) & allowed)
    order = np.argsort(-scores[candidates], kind="stable")[:count]
    best: list[int] = candidates[order].tolist()
    return best
