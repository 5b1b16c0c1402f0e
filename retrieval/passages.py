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

from retrieval.types import Filters, Passage

_LANGUAGES = ("zh", "en")
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
        self._twins: npt.NDArray[np.int32] = columns["twins"]
        self.hashes: list[str] = columns["hashes"].tolist()
        self._source_numbers = {name: i for i, name in enumerate(columns["names"].tolist())}
        self._file = (folder / TEXTS).open("rb")
        self._map = (
            mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if len(self._ends) else b""
        )

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> Passage:
        start = int(self._ends[number - 1]) if number else 0
        return Passage(**json.loads(self._map[start : int(self._ends[number])]))

    def __iter__(self) -> Iterator[Passage]:
        return (self[number] for number in range(len(self)))

    def source_number(self, number: int) -> int:
        """Equal for passages of the same source."""
        return int(self._sources[number])

    def language(self, number: int) -> str:
        return _LANGUAGES[self._languages[number]]

    def twin(self, number: int) -> int | None:
        """The passage that says the same in the other language, if there is one."""
        twin = int(self._twins[number])
        return None if twin < 0 else twin

    def allowed(self, filters: Filters) -> npt.NDArray[np.bool_] | None:
        """Mask of the passages that pass, or None when all do."""
        masks = []
        if filters.language is not None:
            masks.append(self._languages == _LANGUAGES.index(filters.language))
        if filters.kind is not None:
            masks.append(self._kinds == _KINDS.index(filters.kind))
        if filters.sources is not None:
            numbers = [self._source_numbers.get(source, -1) for source in filters.sources]
            masks.append(np.isin(self._sources, numbers))
        return np.logical_and.reduce(masks) if masks else None

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
        twins=_twins(passages),
        hashes=np.array(hashes, dtype="U32"),
        names=np.array(names, dtype=f"U{max(map(len, names), default=1)}"),
    )


def _twins(passages: Sequence[Passage]) -> npt.NDArray[np.int32]:
    """Passages with the same id in both languages are twins, if their sources are laid out alike
    in both: otherwise equal numbers mean nothing."""
    layouts: dict[tuple[str, str], list[int]] = {}
    for i, passage in enumerate(passages):
        layouts.setdefault((passage.source, passage.language), []).append(i)
    twins = np.full(len(passages), -1, np.int32)
    for (source, language), numbers in layouts.items():
        if language != "zh":
            continue
        others = layouts.get((source, "en"), [])
        if {_section(passages[i]) for i in numbers} != {_section(passages[i]) for i in others}:
            continue
        by_id = {passages[i].id: i for i in others}
        # A section that is longer in one language has its first part as the twin of all parts.
        first = {_section(passages[i]): i for i in reversed(numbers)}
        for i in numbers:
            twins[i] = by_id.get(passages[i].id, by_id[_section(passages[i])])
        mine = {passages[i].id: i for i in numbers}
        for j in others:
            twins[j] = mine.get(passages[j].id, first[_section(passages[j])])
    return twins


def _section(passage: Passage) -> str:
    name, _, number = passage.id.rpartition("#")
    return f"{name}#{number.split('.')[0]}"
