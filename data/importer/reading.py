"""CSV files to rows of values, whatever program wrote them."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.importer.problems import Problems, shown
from data.importer.tables import Bilingual, Column, Table
from data.models import Localized

_OPTION = re.compile(r"option_([a-z][a-z0-9_]{0,19})_(zh|en)")
_LARGEST_CELL = 1_000_000  # characters


@dataclass(frozen=True, slots=True)
class Row:
    """`values` holds the columns that the file has; `given(name)` is false for the others."""

    line: int
    values: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)


@dataclass(frozen=True, slots=True)
class File:
    """The rows of one file that are right. `broken`: what the others have as their first key, where
    it can be read. `whole` is false when the file could not be read at all or not to its end."""

    rows: list[Row]
    broken: set[Any]
    whole: bool


def read(folder: Path, table: Table, problems: Problems) -> File:
    """One file; no rows when it is absent."""
    path = folder / table.file
    if not path.exists():
        return File([], set(), whole=True)
    text = _decode(path, problems)
    if text is None:
        return File([], set(), whole=False)
    records = _records(text, table, problems)
    _, header = next(records, (1, []))
    names = [name.strip().lower() for name in header]
    if not _header_is_right(table, names, problems):
        return File([], set(), whole=False)

    rows: list[Row] = []
    broken: set[Any] = set()
    seen: dict[tuple[Any, ...], int] = {}
    for line, cells in records:
        if line is None:
            return File(rows, broken, whole=False)
        row, right = _row(table, names, line, cells, problems)
        if not right:
            broken.add(row.get(table.key[0]))
            continue
        key = tuple(row[name] for name in table.key)
        if key in seen:
            what = f"{shown(' '.join(map(str, key)))} stands on line {seen[key]} already"
            problems.add(table.file, line, table.key[-1], f"{what}; keep one of the two")
            continue
        seen[key] = line
        rows.append(row)
    return File(rows, broken, whole=True)


def _decode(path: Path, problems: Problems) -> str | None:
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.add(path.name, None, None, f"cannot be read ({error.strerror})")
        return None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.add(path.name, None, None, "is UTF-16; save it as “CSV UTF-8”")
        return None
    for encoding in ("utf-8-sig", "gb18030"):  # Chinese Excel's plain CSV is GB 18030
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
    problems.add(path.name, line, None, "is neither UTF-8 nor GB 18030; save it as “CSV UTF-8”")
    return None


def _records(text: str, table: Table, problems: Problems) -> Iterator[tuple[int | None, list[str]]]:
    """Each record that is not blank, with the line on which it begins; None where the file stops
    being CSV."""
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.add(table.file, line, None, f"is not CSV from here on ({error})")
            yield None, []
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


def _header_is_right(table: Table, names: list[str], problems: Problems) -> bool:
    """Misspelt columns are refused: their values would be lost without a word."""
    known = table.names
    wrong = False

    def tell(name: str | None, what: str) -> None:
        nonlocal wrong
        wrong = True
        problems.add(table.file, 1, name, what)

    for position, name in enumerate(names, start=1):
        if not name:
            tell(None, f"the {position}. column has no name; name it or remove it")
        elif names.count(name) > 1 and names.index(name) == position - 1:
            tell(name, "stands twice; keep one")
        elif name not in known and not (table.options and _OPTION.fullmatch(name)):
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"perhaps {close[0]} is meant" if close else f"known are {', '.join(known)}"
            tell(None, f"{shown(name)} is not a column of this file; {hint}")
    for column in table.columns:
        if isinstance(column, Bilingual):
            zh, en = column.columns
            if column.required and zh not in names and en not in names:
                tell(zh, f"is missing; give {zh}, {en} or both")
        elif column.required and column.name not in names:
            tell(column.name, "is missing")
    return not wrong


def _row(
    table: Table, names: list[str], line: int, cells: list[str], problems: Problems
) -> tuple[Row, bool]:
    """The values that could be read, and whether all could."""
    if len(cells) != len(names):
        problems.add(
            table.file,
            line,
            None,
            f"has {len(cells)} cells where the header has {len(names)}; put cells that hold the "
            "separator in quotes",
        )
        return Row(line, {}), False
    given = dict(zip(names, (cell.strip() for cell in cells), strict=True))
    parsed: dict[str, Any] = {}
    right = True
    for column in table.columns:
        try:
            if isinstance(column, Bilingual):
                if any(name in given for name in column.columns):
                    parsed[column.name] = _both(column, given)
            elif column.name in given:
                parsed[column.name] = _one(column, given[column.name])
        except _WrongCell as wrong:
            problems.add(table.file, line, wrong.column, str(wrong))
            right = False
    if table.options:
        parsed["options"] = _options(given)
    return Row(line, parsed), right


class _WrongCell(Exception):
    def __init__(self, column: str, what: str) -> None:
        self.column = column
        super().__init__(what)


def _one(column: Column, cell: str) -> Any:
    if not cell:
        if column.required:
            raise _WrongCell(column.name, "is empty")
        return column.default
    return _parsed(column.name, column.parse, cell)


def _both(column: Bilingual, given: dict[str, str]) -> Any:
    zh_name, en_name = column.columns
    zh, en = (
        _parsed(name, column.parse, given[name]) if given.get(name) else None
        for name in column.columns
    )
    if column.listed:
        return {"zh": zh or [], "en": en or []}
    if zh is None and en is None:
        if column.required:
            raise _WrongCell(zh_name, f"is empty; fill {zh_name}, {en_name} or both")
        return None
    return Localized(zh=str(en if zh is None else zh), en=str(zh if en is None else en))


def _parsed(name: str, parse: Any, cell: str) -> Any:
    if "\0" in cell:
        raise _WrongCell(name, f"{shown(cell)} holds a NUL character; remove it")
    try:
        return parse(cell)
    except ValueError as error:
        raise _WrongCell(name, f"{shown(cell)} {error}") from None


def _options(given: dict[str, str]) -> dict[str, dict[str, str]]:
    """{"color": {"zh": "松绿", "en": "pine"}}, without options that this row leaves empty."""
    options: dict[str, dict[str, str]] = {}
    for name, cell in given.items():
        match = _OPTION.fullmatch(name)
        if match and cell:
            options.setdefault(match[1], {})[match[2]] = cell
    return {
        key: {
            "zh": texts.get("zh", texts.get("en", "")),
            "en": texts.get("en", texts.get("zh", "")),
        }
        for key, texts in options.items()
    }
