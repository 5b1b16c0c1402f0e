"""Search: meaning and words, fused, one language of each passage; and of what it finds the
sentences that answer, as a judge reads them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np

from retrieval.embedder import TextEmbedder, Vectors
from retrieval.encode import headed, sentences_of
from retrieval.errors import RetrievalError
from retrieval.fusion import fuse
from retrieval.index import PassageIndex
from retrieval.judge import CANDIDATES, SentenceJudge, merit
from retrieval.text import detect_language
from retrieval.types import Filters, Hit, Language, Near
from retrieval.vectors import Mask

# Longer questions are cut: the embedder reads 512 tokens at most.
MAX_CHARACTERS = 2000
ANY = Filters()
_LEXICAL_WEIGHT = 0.3  # of meaning's 1; chosen on the calibration questions
_DEPTH = 50  # candidates of each search before fusion
_REMEMBERED = 256
_NEAR = (
    CANDIDATES  # sentences of a passage that may be judged: of one product, all there is room for
)
_JUDGED = 12  # passages of whose sentences the nearest are judged
# From which likelihood on a sentence is worth an answer. On the trades kept for choosing .88 of the
# questions that have one pass, and .51 of the others are held; a question turned away costs a
# customer more than a passage that does not fit.
ANSWERS = 0.2


class _Closeness(NamedTuple):
    similarity: float
    sentences: list[tuple[float, int]]  # the passage's nearest: cosine and place


class Retriever:
    """Answers from one index. One instance serves all threads."""

    def __init__(
        self, index: PassageIndex, embedder: TextEmbedder, judge: SentenceJudge | None = None
    ) -> None:
        """Without a `judge` it can search, not answer."""
        self.index = index
        self.languages = index.passages.languages
        self._embedder = embedder
        self._judge = judge
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def open(
        cls, path: Path, embedder: TextEmbedder, judge: SentenceJudge | None = None
    ) -> Retriever:
        """Errors as of `PassageIndex.open`: missing, damaged, or built with another embedder."""
        return cls(PassageIndex.open(path, embedder.fingerprint), embedder, judge)

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
        customer's; the query's own when not given). A shop that has one language is searched in it,
        whatever the question's: the embedder reads both.
        """
        query = query[:MAX_CHARACTERS]
        reader = language or _language(query)
        if self.languages and reader not in self.languages:
            reader = self.languages[0]
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

    def answering(
        self,
        query: str,
        *,
        filters: Filters = ANY,
        k: int = 5,
        language: Language | None = None,
    ) -> list[Hit]:
        """The k passages with the sentences that are likeliest to answer, best first, whatever is
        in them: `holds_answer` tells whether one does. `near` begins with that sentence.

        The sentences judged are those nearest to the query among the best passages, and of each of
        these its nearest. Raises `RetrievalError` where there is no judge.
        """
        hits = self.search(query, filters=filters, k=max(k, _JUDGED), language=language)
        pairs = [(n, near) for n, hit in enumerate(hits) for near in hit.near]
        pairs.sort(key=lambda pair: (pair[1] is not hits[pair[0]].near[0], -pair[1].similarity))
        pairs = pairs[:CANDIDATES]
        judged = self.judge.judge(query, [headed(hits[n].passage, s.sentence) for n, s in pairs])
        # Beside the sentence's own nearness that of its passage: "how do I return something" is
        # answered under that heading rather than by a case of it.
        merits = [
            merit(each, hits[n].similarity + (s.similarity - hits[n].near[0].similarity) / 2)
            for each, (n, s) in zip(judged, pairs, strict=True)
        ]
        best: dict[int, Hit] = {}
        for at in sorted(range(len(pairs)), key=lambda at: -merits[at]):
            n, near = pairs[at]
            if n not in best:
                others = tuple(each for each in hits[n].near if each is not near)
                best[n] = replace(
                    hits[n], score=merits[at], near=(near, *others), answers=judged[at]
                )
        return list(best.values())[:k]

    @property
    def judge(self) -> SentenceJudge:
        if self._judge is None:
            raise RetrievalError("This retriever searches only; open it with a judge to answer.")
        return self._judge

    def _compare(self, numbers: list[int], query: Vectors) -> dict[int, _Closeness]:
        """How close the query is to each passage: half its whole, half its best sentence."""
        wholes = self.index.vectors.vectors(np.array(numbers, np.int64)) @ query
        found = {}
        for number, whole in zip(numbers, wholes.tolist(), strict=True):
            index = self.index.sentences
            nearest = index.nearest(number, query, _NEAR) if index else []
            similarity = (whole + nearest[0][0]) / 2 if nearest else whole
            found[number] = _Closeness(similarity, nearest)
        return found

    def _hit(self, number: int, score: float, close: _Closeness, lexical: Vectors) -> Hit:
        passage = self.index.passages[number]
        parts = sentences_of(passage)
        # An index of hundreds of thousands of passages has no sentences' vectors.
        nearest = close.sentences or [(close.similarity, n) for n in range(len(parts[:_NEAR]))]
        return Hit(
            passage=passage,
            score=score,
            similarity=close.similarity,
            lexical=float(lexical[number]),
            near=tuple(Near(parts[place], cosine) for cosine, place in nearest),
        )


def holds_answer(hits: Sequence[Hit]) -> bool:
    """Whether judged hits answer at all; else the honest answer is "I don't know"."""
    return likely(hits) >= ANSWERS


def likely(hits: Sequence[Hit]) -> float:
    """How likely it is that one of some judged hits answers, 0 to 1."""
    return max((hit.answers or 0.0 for hit in hits), default=0.0)


def _language(query: str) -> Language:
    return "zh" if detect_language(query) == "zh" else "en"


def _best(scores: Vectors, count: int, allowed: Mask) -> list[int]:
    """Numbers of the highest scores above zero among the allowed, best first."""
    candidates = np.flatnonzero((scores > 0) & allowed)
    order = np.argsort(-scores[candidates], kind="stable")[:count]
    best: list[int] = candidates[order].tolist()
    return best
