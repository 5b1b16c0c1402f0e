"""Turns texts into vectors with multilingual-e5 in CTranslate2.

Runs in Rasa's Python 3.10 too: imports only numpy, tokenizers and ctranslate2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import ctranslate2
import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from retrieval.errors import EmbedderError

Vectors = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]  # (done, of all)

QUERY_PREFIX = "query: "
PASSAGE_PREFIX = "passage: "
MAX_TOKENS = 512
_BATCH_TOKENS = 4096  # padded tokens in one batch: about 60 MB of activations
# Raise when pooling, prefixes or truncation change: every index must then be built again.
_VERSION = 1


class TextEmbedder(Protocol):
    """What the index needs of an embedder; vectors are float32 rows of length 1."""

    dimensions: int
    fingerprint: str

    def embed_queries(self, texts: Sequence[str]) -> Vectors: ...

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors: ...


class Embedder:
    """A CTranslate2 encoder with e5's prefixes, mean pooling and L2 normalisation.

    `folder` holds model.bin, config.json and tokenizer.json. One instance serves all threads.
    Raises `EmbedderError` when a file is missing or damaged. Blank texts have a vector too.
    """

    def __init__(self, folder: Path | str, threads: int = 2) -> None:
        folder = Path(folder)
        missing = [n for n in ("model.bin", "tokenizer.json") if not (folder / n).is_file()]
        if missing:
            raise EmbedderError(
                f"The embedder's folder {folder} has no {' and no '.join(missing)}; "
                "run `python -m weights ensure e5-small`."
            )
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._encoder = ctranslate2.Encoder(str(folder), device="cpu", intra_threads=threads)
        except Exception as error:  # both libraries raise bare Exceptions and RuntimeErrors
            raise EmbedderError(
                f"The embedder in {folder} cannot be loaded ({error}); delete that folder and "
                "run `python -m weights ensure e5-small`."
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self.fingerprint = fingerprint(folder)
        self.dimensions = int(self.embed_queries(["a"]).shape[1])

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, dimensions]; texts beyond 512 tokens are cut."""
        return self._embed([QUERY_PREFIX + text for text in texts], None)

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """float32 [n, dimensions]; `progress` is called after each batch with (done, all)."""
        return self._embed([PASSAGE_PREFIX + text for text in texts], progress)

    def _embed(self, texts: list[str], progress: Progress | None) -> Vectors:
        if not texts:
            return np.zeros((0, getattr(self, "dimensions", 0)), np.float32)
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        # Texts of like length share a batch, so that little is padded.
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]), reverse=True)
        vectors = np.empty((len(texts), 0), np.float32)
        done = 0
        while done < len(order):
            size = max(1, _BATCH_TOKENS // len(ids[order[done]]))
            batch = order[done : done + size]
            pooled = self._forward([ids[i] for i in batch])
            if done == 0:
                vectors = np.empty((len(texts), pooled.shape[1]), np.float32)
            vectors[batch] = pooled
            done += len(batch)
            if progress is not None:
                progress(done, len(order))
        return vectors

    def _forward(self, batch: list[list[int]]) -> Vectors:
        pooled = token_means(self._encoder, batch)
        norms = np.linalg.norm(pooled, axis=1, keepdims=True)
        vectors: Vectors = (pooled / np.maximum(norms, 1e-12)).astype(np.float32)
        return vectors


def token_means(encoder: ctranslate2.Encoder, batch: list[list[int]]) -> Vectors:
    """float32 [texts, width]: the mean of the states of each text's tokens."""
    states = np.asarray(encoder.forward_batch(batch).last_hidden_state, np.float32)
    lengths = np.array([len(row) for row in batch])
    mask = (np.arange(states.shape[1])[None, :] < lengths[:, None]).astype(np.float32)
    means: Vectors = np.einsum("nth,nt->nh", states, mask) / lengths[:, None]
    return means


def fingerprint(folder: Path) -> str:
    """Names what made a vector: the model's and tokenizer's bytes, the prefixes, our version.

    Weights are too long to read at each start: their size and three samples stand for them.
    """
    digest = hashlib.sha256(f"{_VERSION}|{QUERY_PREFIX}|{PASSAGE_PREFIX}|{MAX_TOKENS}".encode())
    for name in ("model.bin", "config.json", "tokenizer.json"):
        path = folder / name
        if not path.is_file():
            continue
        size = path.stat().st_size
        digest.update(f"|{name}|{size}|".encode())
        sample = 1 << 16
        with path.open("rb") as file:
            for at in (0, size // 2, max(0, size - sample)):
                file.seek(at)
                digest.update(file.read(sample))
    return digest.hexdigest()[:32]
