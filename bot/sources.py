"""The shop's own sentences behind what the code decides."""

from __future__ import annotations

from collections import defaultdict
from threading import Lock

from bot.messages import CitationView
from llm.quotes import units
from retrieval.embedder import TextEmbedder, Vectors
from retrieval.retriever import Retriever
from retrieval.types import Language, Passage

Unit = tuple[Passage, str]


class Sources:
    """Finds, in a document named by its id, the sentence nearest to a text.

    A document's sentences are embedded when it is first cited, and kept: citing then costs one
    query vector.
    """

    def __init__(self, retriever: Retriever, embedder: TextEmbedder) -> None:
        self._retriever = retriever
        self._embedder = embedder
        self._units: dict[tuple[str, str], list[Unit]] = defaultdict(list)
        for passage in retriever.index.passages:
            if passage.kind == "document":
                self._units[passage.source, passage.language] += [
                    (passage, unit) for unit in units(passage)
                ]
        self._vectors: dict[tuple[str, str], Vectors] = {}
        self._lock = Lock()

    def cite(self, text: str, document: str, language: Language) -> CitationView | None:
        """None when the shop has no such document in this language."""
        key = (document, language)
        if not self._units.get(key):
            return None
        with self._lock:
            if key not in self._vectors:
                sentences = [unit for _, unit in self._units[key]]
                self._vectors[key] = self._embedder.embed_passages(sentences)
        nearest = int((self._vectors[key] @ self._retriever.embed(text)).argmax())
        passage, sentence = self._units[key][nearest]
        return CitationView(
            number=1, title=passage.title, source=document, quote=sentence, url=passage.url
        )
