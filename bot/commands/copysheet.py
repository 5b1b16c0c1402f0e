"""The table of a shop's marketing texts, a .csv or .json file: what was written, and what a person
said of it. What stands there is kept: neither a mended text nor an accepted one is written over."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from bot.errors import ShopguideError
from data.sequences import as_text
from llm.copy.plans import Order
from llm.copy.writer import Text

COLUMNS = (
    "product",
    "kind",
    "language",
    "platform",
    "tone",
    "length",
    "variant",
    "text",
    "origin",
    "status",
    "note",
)
OPEN, ACCEPTED, MEND = "to be accepted", "accepted", "to be mended"
_KEY = ("product", "kind", "language", "platform", "tone", "length", "variant")
# A run over a catalogue is kept this often; each time the whole file is written.
_SAVE_S = 3.0
_LARGEST = 64_000_000  # bytes; about 100,000 texts

Row = dict[str, str]


class SheetUnusable(ShopguideError):
    """A table of marketing texts cannot be read or written; the message says why."""


class Sheet:
    """`Sheet.open(path)`; `put` keeps a text, `save` writes the file, whole or not at all."""

    def __init__(self, path: Path, rows: Iterable[Row] = ()) -> None:
        self.path = path
        self.rows = list(rows)
        self._known = {_key(row) for row in self.rows}
        self._saved = time.monotonic()

    @classmethod
    def open(cls, path: Path) -> Self:
        """An empty table where there is no file. Raises `SheetUnusable`."""
        if path.suffix.lower() not in (".csv", ".json"):
            raise SheetUnusable(f"{path} is no table of texts; name a .csv or a .json file.")
        if not path.exists():
            return cls(path)
        try:
            if path.stat().st_size > _LARGEST:
                raise SheetUnusable(f"{path} is too large for a table of texts; begin a new one.")
            # Excel saves UTF-8 with a mark at the start.
            text = path.read_text(encoding="utf-8-sig")
            rows = json.loads(text) if path.suffix.lower() == ".json" else _of_csv(text)
        except (OSError, ValueError, csv.Error) as error:
            raise SheetUnusable(
                f"{path} cannot be read ({error}). Save it as UTF-8, or name another file."
            ) from None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise SheetUnusable(f"{path} is no table of texts: a list of rows is expected.")
        read = [{str(key): _cell(value) for key, value in row.items()} for row in rows]
        for number, row in enumerate(read, start=1):
            if lacking := [name for name in (*_KEY, "text", "status") if name not in row]:
                raise SheetUnusable(f"{path}, row {number}, has no column {lacking[0]}.")
        return cls(path, read)

    def has(self, product: str, order: Order) -> bool:
        return _key(_named(product, order)) in self._known

    def put(self, product: str, order: Order, text: Text) -> Row:
        row = _named(product, order) | {
            "text": text.text,
            "origin": text.origin,
            "status": MEND if text.problems else OPEN,
            "note": "; ".join(text.problems),
        }
        self.rows.append(row)
        self._known.add(_key(row))
        if time.monotonic() - self._saved > _SAVE_S:
            self.save()
        return row

    def with_status(self, status: str) -> list[Row]:
        return [row for row in self.rows if row["status"].strip().casefold() == status]

    def save(self) -> None:
        """Raises `SheetUnusable`."""
        beside = self.path.with_name(f".{self.path.name}.new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(self._written(), encoding="utf-8")
            beside.replace(self.path)
        except OSError as error:
            raise SheetUnusable(
                f"{self.path} cannot be written ({error.strerror or error})."
            ) from None
        self._saved = time.monotonic()

    def _written(self) -> str:
        if self.path.suffix.lower() == ".json":
            return json.dumps(self.rows, ensure_ascii=False, indent=1) + "\n"
        more = dict.fromkeys(name for row in self.rows for name in row)  # a person's own columns
        names = list(dict.fromkeys((*COLUMNS, *more)))
        out = io.StringIO()
        out.write("\ufeff")  # without it Excel takes Chinese for something else
        writer = csv.DictWriter(out, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: as_text(value) for key, value in row.items()} for row in self.rows)
        return out.getvalue()


def _of_csv(text: str) -> list[dict[str, Any]]:
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    return [{key: value for key, value in row.items() if key} for row in rows]


def _cell(value: object) -> str:
    """As it was before `as_text` put a sign before it."""
    told = "" if value is None else str(value)
    return told[1:] if told.startswith("'") and as_text(told[1:]) == told else told


def _named(product: str, order: Order) -> Row:
    return {
        "product": product,
        "kind": order.kind,
        "language": order.language,
        "platform": order.platform or "",
        "tone": order.tone,
        "length": order.length,
        "variant": str(order.variant),
    }


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in _KEY)
