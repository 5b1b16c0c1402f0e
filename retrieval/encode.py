"""What is embedded of a passage: the whole under its headings, and each sentence for itself.

A passage's vector leans a little towards its headings' own vector, which costs nothing at search
and finds short questions better. The sentences' vectors decide the order among the candidates and
which sentence to quote; they are looked up by number, not searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrieval.embedder import Progress, TextEmbedder, Vectors
from retrieval.text import sentences
from retrieval.types import Passage, embedding_text

SENTENCES = "sentences.npy"
SENTENCE_ENDS = "sentence-ends.npy"
# Chosen on the calibration questions: 0.1 to 0.3 do about as well.
_HEADING_WEIGHT = 0.2

Halves = npt.NDArray[np.float16]
Ends = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Encoded:
    """`passages` float32 [n, d]; `sentences` float16 [m, d]; passage i's end at ends[i]."""

    passages: Vectors
    sentences: Halves
    ends: Ends


def sentences_of(passage: Passage) -> list[str]:
    return sentences(passage.text, passage.language)


def headed(passage: Passage, sentence: str) -> str:
    """A sentence as it is embedded: under its passage's headings."""
    return f"{passage.title} {passage.heading}".strip() + f"\n{sentence}"


def encode(
    passages: Sequence[Passage], embedder: TextEmbedder, progress: Progress | None = None
) -> Encoded:
    """Embed passages and their sentences; equal texts (headings, mostly) are embedded once."""
    numbers: dict[str, int] = {}

    def number(text: str) -> int:
        return numbers.setdefault(text, len(numbers))

    wholes, heads, parts, ends = [], [], [], []
    for passage in passages:
        heading = f"{passage.title} {passage.heading}".strip()
        wholes.append(number(embedding_text(passage)))
        heads.append(number(heading))
        parts += [number(headed(passage, sentence)) for sentence in sentences_of(passage)]
        ends.append(len(parts))
    vectors = embedder.embed_passages(list(numbers), progress)
    mixed = (1 - _HEADING_WEIGHT) * vectors[wholes] + _HEADING_WEIGHT * vectors[heads]
    mixed /= np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-12)
    return Encoded(
        passages=mixed.astype(np.float32),
        sentences=vectors[parts].astype(np.float16),
        ends=np.array(ends, np.int64),
    )


def join(parts: Sequence[Encoded]) -> Encoded:
    """One after the other, as if encoded together."""
    offset, ends = 0, []
    for part in parts:
        ends.append(part.ends + offset)
        offset += len(part.sentences)
    return Encoded(
        passages=np.concatenate([part.passages for part in parts]),
        sentences=np.concatenate([part.sentences for part in parts]),
        ends=np.concatenate(ends),
    )


class SentenceVectors:
    """The sentences' vectors of an index, mapped from their file."""

    def __init__(self, folder: Path) -> None:
        self.vectors: Halves = np.load(folder / SENTENCES, mmap_mode="r")
        self.ends: Ends = np.load(folder / SENTENCE_ENDS)

    @staticmethod
    def save(folder: Path, encoded: Encoded) -> None:
        np.save(folder / SENTENCES, encoded.sentences)
        np.save(folder / SENTENCE_ENDS, encoded.ends)

    def of(self, number: int) -> Halves:
        """The rows of one passage; none for a passage without a sentence."""
        start = int(self.ends[number - 1]) if number else 0
        return self.vectors[start : int(self.ends[number])]

    def nearest(self, number: int, query: Vectors, most: int) -> list[tuple[float, int]]:
        """The highest cosines with the query among the passage's sentences, and which they are."""
        cosines = self.of(number).astype(np.float32) @ query
        return [(float(cosines[n]), int(n)) for n in np.argsort(-cosines, kind="stable")[:most]]
