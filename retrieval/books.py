"""Which documents an index was made of: kept in the folder of each build, beside its passages.

With them a document that has not changed is taken from the last build instead of being read again,
and `shopguide sources` tells what there is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

from retrieval.errors import IndexCorrupt, IndexMismatch, IndexMissing
from retrieval.index import PassageIndex, current, replace_text
from retrieval.ingest import Document, Known
from retrieval.types import Passage

FILE = "documents.json"


def write(folder: Path, documents: Sequence[Document]) -> None:
    """Keep them in a build's folder."""
    lines = [json.dumps(asdict(each), ensure_ascii=False) for each in documents]
    replace_text(folder / FILE, "[\n" + ",\n".join(lines) + "\n]\n")


def read(folder: Path) -> list[Document]:
    """Those of a build; none of one that kept none, or whose list is damaged: then all are read
    again."""
    try:
        return [
            Document(**{**each, "languages": tuple(each["languages"]),
                        "notes": tuple(each["notes"])})
            for each in json.loads((folder / FILE).read_text("utf-8"))
        ]  # fmt: skip
    except (OSError, ValueError, TypeError, KeyError):
        return []


def documents(out: Path) -> list[Document]:
    """Those of the current build in `out`. Errors as of `index.current`."""
    return read(current(out)[0])


def known(out: Path) -> dict[str, Known]:
    """The documents of the current build with their passages, by place; none when it is not
    whole."""
    try:
        index = PassageIndex.open(out)
    except (IndexMissing, IndexCorrupt, IndexMismatch):
        return {}
    found = read(index.folder)
    passages: dict[tuple[str, str], list[Passage]] = {}
    if found:
        for passage in index.passages:
            if passage.kind == "document":
                passages.setdefault((passage.source, passage.language), []).append(passage)
    index.close()
    whole = {}
    for document in found:
        own = [
            passage
            for language in document.languages
            for passage in passages.get((document.source, language), ())
        ]
        if len(own) == document.passages:
            whole[document.place] = Known(document, sorted(own, key=_order))
    return whole


def _order(passage: Passage) -> tuple[int, ...]:
    return tuple(int(part) for part in passage.id.rpartition("#")[2].split("."))


def dated(found: Sequence[Document], before: dict[str, Known], today: date) -> list[Document]:
    """With the day on which each got the content that it has."""
    return [
        replace(
            each,
            changed=before[each.place].document.changed
            if each.place in before and before[each.place].document.digest == each.digest
            else today.isoformat(),
        )
        for each in found
    ]
