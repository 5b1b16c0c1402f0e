"""The shop's own sentences behind what the code decides."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from threading import Lock

import numpy as np

from bot.messages import CitationView
from llm.quotes import units
from retrieval.embedder import TextEmbedder, Vectors
from retrieval.retriever import Retriever
from retrieval.types import Language, Passage

Unit = tuple[Passage, str]

_KEPT = 20_000  # sentences; 30 MB of vectors


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
    """Finds, in a document named by its id, the sentence nearest to a text."""

    def __init__(self, retriever: Retriever, vectors: SentenceVectors) -> None:
        self._retriever = retriever
        self._vectors = vectors
        self._units: dict[tuple[str, str], list[Unit]] = defaultdict(list)
        for passage in retriever.index.passages:
            if passage.kind == "document":
                self._units[passage.source, passage.language] += [
                    (passage, unit) for unit in units(passage)
                ]

    def cite(self, text: str, document: str, language: Language) -> CitationView | None:
        """None when the shop has no such document in this language."""
        found = self._units.get((document, language))
        if not found:
            return None
        vectors = self._vectors.of([unit for _, unit in found])
        passage, sentence = found[int((vectors @ self._retriever.embed(text)).argmax())]
        return CitationView(
            number=1, title=passage.title, source=document, quote=sentence, url=passage.url
        )
