"""A retriever that goes on with the newest build: an index is built anew while it answers."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

import structlog

from retrieval.embedder import TextEmbedder
from retrieval.errors import RetrievalError
from retrieval.index import CURRENT, PassageIndex
from retrieval.judge import SentenceJudge
from retrieval.retriever import ANY, Retriever
from retrieval.types import Filters, Hit, Language

log = structlog.get_logger("retrieval")

# How often it looks for a newer build: reading a small file takes 20 µs.
_LOOK_S = 2.0


class LiveRetriever(Retriever):
    """Each search runs on one build from its beginning to its end; the next may run on a newer one.

    A newer build is opened in a thread of its own, so that nobody waits for it; one that cannot be
    opened leaves the one before in its place. `products`: those that the rest of the system knows;
    what a newer build has of others waits until it is started anew.
    """

    def __init__(
        self,
        path: Path,
        embedder: TextEmbedder,
        products: frozenset[str],
        judge: SentenceJudge | None = None,
    ) -> None:
        index = PassageIndex.open(path, embedder.fingerprint)
        super().__init__(index, embedder, judge)
        self._path = path
        self._products = products
        self._now = Retriever(index, embedder, judge)
        self._looked = time.monotonic()
        self._opening = threading.Lock()

    def search(
        self,
        query: str,
        *,
        filters: Filters = ANY,
        k: int = 5,
        language: Language | None = None,
    ) -> list[Hit]:
        self._look()
        hits = self._now.search(query, filters=filters, k=k, language=language)
        return [
            hit
            for hit in hits
            if hit.passage.kind != "product" or hit.passage.source in self._products
        ]

    def refresh(self) -> bool:
        """Go on with the newest build; False when it is the one that is in use, or cannot be
        opened, which is logged."""
        with self._opening:
            try:
                newest = (self._path / CURRENT).read_text("utf-8").strip()
                if newest == self.index.folder.name:
                    return False
                index = PassageIndex.open(self._path, self._embedder.fingerprint)
                fresh = Retriever(index, self._embedder, self._judge)
            except (RetrievalError, OSError) as error:
                log.error("the new index cannot be opened; the one before stays", cause=str(error))
                return False
            # Searches under way hold the old one; its files close when the last of them ends.
            self._now, self.index = fresh, index
            self.languages = fresh.languages
            log.info("answers come from a new index", passages=index.manifest.count)
            return True

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_S:
            return
        self._looked = now
        with contextlib.suppress(OSError):
            if (self._path / CURRENT).read_text("utf-8").strip() != self.index.folder.name:
                threading.Thread(target=self.refresh, name="new index", daemon=True).start()
