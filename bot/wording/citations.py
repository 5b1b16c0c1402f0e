"""The shop's own sentences behind what the code decides.

sources.yaml in the shop's folder says which page proves which decision; where it says nothing, the
page is looked for.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from threading import Lock

import numpy as np

from bot.messages import CitationView
from llm.quotes import units
from retrieval.embedder import TextEmbedder, Vectors
from retrieval.index import PassageIndex
from retrieval.lexical import terms
from retrieval.retriever import Retriever, holds_answer
from retrieval.types import Filters, Language, Passage

Unit = tuple[Passage, str]

_CITED = 2  # pages quoted of one answer; more would bury it
_KEPT = 20_000  # sentences; 30 MB of vectors


# A word that one sentence of a page alone shares with the text (the province, the tier, the method)
# tells the rows of a table apart, whose cosines differ by less than this.
_RARE = 0.1


def _rarest_shared(text: str, sentences: Sequence[str]) -> Vectors:
    """float32 [sentences], 0 to 1: of the words that each shares with the text the rarest, as one
    through the number of sentences that have it."""
    said, held = set(terms(text)), [set(terms(sentence)) for sentence in sentences]
    counts = Counter(word for words in held for word in words)
    rarest = [max((1 / counts[word] for word in said & words), default=0.0) for words in held]
    return np.array(rarest, np.float32)


class SentenceVectors:
    """Vectors of the shop's sentences, each computed when it is first needed and then kept."""

    def __init__(self, embedder: TextEmbedder) -> None:
        self._embedder = embedder
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    def of(self, sentences: Sequence[str]) -> Vectors:
        """float32 [len(sentences), dimensions], each row of length 1."""
        with self._lock:
            fresh = [text for text in dict.fromkeys(sentences) if text not in self._kept]
            if fresh:
                vectors = self._embedder.embed_passages(fresh)
                self._kept.update(zip(fresh, vectors, strict=True))
            found: Vectors = np.stack([self._kept[text] for text in sentences])
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found


class Sources:
    """Finds the sentences of the shop's pages that are nearest to what was decided. `pages`: ids of
    pages, by the decision that they prove."""

    def __init__(
        self,
        retriever: Retriever,
        vectors: SentenceVectors,
        pages: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._retriever = retriever
        self._vectors = vectors
        self._pages = pages or {}
        self._index: PassageIndex | None = None
        self._units: dict[tuple[str, str], list[Unit]] = {}

    def _units_now(self) -> dict[tuple[str, str], list[Unit]]:
        """The units of the pages by source and language, of the index that is in use now."""
        index = self._retriever.index
        if index is not self._index:
            found: dict[tuple[str, str], list[Unit]] = defaultdict(list)
            for passage in index.passages:
                if passage.kind == "document":
                    own = [(passage, unit) for unit in units(passage)]
                    found[passage.source, passage.language] += own
            self._units, self._index = dict(found), index
        return self._units

    def pages(self, decision: str) -> tuple[str, ...]:
        """The pages that the shop names for a decision."""
        return tuple(self._pages.get(decision, ()))

    def of(self, text: str, decisions: Sequence[str], language: Language) -> list[CitationView]:
        """What proves a text: a sentence of each page that the shop names for the decisions, the
        first ones first; else the best sentence of all pages, if one is near enough to answer a
        question; else nothing."""
        named = dict.fromkeys(page for each in decisions for page in self._pages.get(each, ()))
        known = self._units_now()
        found = [known[page, language] for page in named if (page, language) in known]
        if not found:
            found = self._looked_for(text, language)
        return [self._nearest(text, each, n) for n, each in enumerate(found[:_CITED], start=1)]

    def _looked_for(self, text: str, language: Language) -> list[list[Unit]]:
        pages = Filters(kind="document")
        hits = self._retriever.answering(text, filters=pages, k=1, language=language)
        if not holds_answer(hits):
            return []
        passage = hits[0].passage
        found = [(passage, unit) for unit in units(passage)]
        return [found] if found else []

    def _nearest(self, text: str, found: Sequence[Unit], number: int) -> CitationView:
        sentences = [unit for _, unit in found]
        near = self._vectors.of(sentences) @ self._retriever.embed(text)
        near += _RARE * _rarest_shared(text, sentences)
        passage, sentence = found[int(near.argmax())]
        return CitationView(
            number=number,
            title=passage.title,
            source=passage.source,
            quote=sentence,
            url=passage.url,
        )
