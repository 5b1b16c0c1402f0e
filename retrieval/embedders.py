"""Chooses the embedder that a folder holds."""

from __future__ import annotations

from pathlib import Path

from retrieval.embedder import Embedder, TextEmbedder


def load_embedder(folder: Path, threads: int = 2) -> TextEmbedder:
    """A converted model when the folder holds model.bin, else a sentence-transformers model.

    Raises `EmbedderError` when it is neither.
    """
    if (folder / "model.bin").is_file():
        return Embedder(folder, threads)
    # Imported here: Transformers and torch take seconds, which the default never needs.
    from retrieval.sentence_transformer import SentenceTransformer

    return SentenceTransformer(folder, threads)
