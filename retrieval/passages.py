"""The passages of an index on disk: read one by one when asked for, filtered by columns.

A million passages as Python objects would take a gigabyte; here they stay in their file, and only
their language, kind and source are in memory, as numbers.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrieval.types import Filters, Language, Passage

_LANGUAGES: tuple[Language, ...] = ("zh", "en")
_KINDS = ("document", "product")
TEXTS = "passages.jsonl"
COLUMNS = "passages.npz"


class PassageStore:
    """Passages numbered from 0 in the order written, as in the indexes beside them."""

    def __init__(self, folder: Path) -> None:
        columns = np.load(folder / COLUMNS)
        self._ends: npt.NDArray[np.int64] = columns["ends"]
        self._languages: npt.NDArray[np.uint8] = columns["languages"]
        self._kinds: npt.NDArray[np.uint8] = columns["kinds"]
        self._sources: npt.NDArray[np.int32] = columns["sources"]
        self._twinned: npt.NDArray[np.bool_] = columns["twinned"]
        self.hashes: list[str] = columns["hashes"].tolist()
        self._source_numbers = {name: i for i, name in enumerate(columns["names"].tolist())}
        self._file = (folder / TEXTS).open("rb")
        self._map = (
            mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if len(self._ends) else b""
        )

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages that passages are in, Chinese first."""
        return tuple(name for i, name in enumerate(_LANGUAGES) if (self._languages == i).any())

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> Passage:
        start = int(self._ends[number - 1]) if number else 0
        return Passage(**json.loads(self._map[start : int(self._ends[number])]))

    def __iter__(self) -> Iterator[Passage]:
        return (self[number] for number in range(len(self)))

    def allowed(self, filters: Filters, reader: Language) -> npt.NDArray[np.bool_]:
        """Mask of the passages that pass. Of a page or product that exists in both languages only
        the reader's passes; what exists in one alone passes for everybody."""
        masks = [(self._languages == _LANGUAGES.index(reader)) | ~self._twinned]
        if filters.kind is not None:
            masks.append(self._kinds == _KINDS.index(filters.kind))
        if filters.sources is not None:
            numbers = [self._source_numbers.get(source, -1) for source in filters.sources]
            masks.append(np.isin(self._sources, numbers))
        mask: npt.NDArray[np.bool_] = np.logical_and.reduce(masks)
        return mask

    def close(self) -> None:
        """Let go of the file; the store cannot be read afterwards."""
        if isinstance(self._map, mmap.mmap):
            self._map.close()
        self._file.close()


def write(folder: Path, passages: Sequence[Passage], hashes: Sequence[str]) -> None:
    """Write what `PassageStore` opens; `hashes` name what was embedded, one a passage."""
    ends, end = np.zeros(len(passages), np.int64), 0
    with (folder / TEXTS).open("wb") as file:
        for i, passage in enumerate(passages):
            end += file.write(json.dumps(asdict(passage), ensure_ascii=False).encode() + b"\n")
            ends[i] = end
    names = sorted({passage.source for passage in passages})
    number = {name: i for i, name in enumerate(names)}
    np.savez(
        folder / COLUMNS,
        ends=ends,
        languages=np.array([_LANGUAGES.index(p.language) for p in passages], np.uint8),
        kinds=np.array([_KINDS.index(p.kind) for p in passages], np.uint8),
        sources=np.array([number[p.source] for p in passages], np.int32),
        twinned=_twinned(passages),
        hashes=np.array(hashes, dtype="U32"),
        names=np.array(names, dtype=f"U{max(map(len, names), default=1)}"),
    )


def _twinned(passages: Sequence[Passage]) -> npt.NDArray[np.bool_]:
    """Whether each passage's source exists in the other language too."""
    languages = {(passage.source, passage.language) for passage in passages}
    both = {source for source, _ in languages if {(source, "zh"), (source, "en")} <= languages}
    return np.array([passage.source in both for passage in passages], bool)
