"""Rows of cells, from our own files or translated from another system's, to rows of values."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.importer import values
from data.importer.problems import Notices, Problems, shown
from data.importer.sheets import read_json_lines, read_source
from data.importer.tables import ADDRESS, Bilingual, Column, Table
from data.importer.terms import Terms
from data.models import Localized

# The name of an option is the shop's own: option_color, option_Skin tone, option_尺码_zh.
_OPTION = re.compile(r"option_(\S.{0,39}?)(?:_(zh|en))?", re.IGNORECASE)
EMPTIED = "-"  # in a cell: what the shop has there goes; an empty cell would leave it


@dataclass(frozen=True, slots=True)
class Given:
    """One row in our columns, still as text. `names`: what a column is called in `file`, where it
    was translated from another one. `only_new`: what the shop has already stays as it is."""

    file: str
    line: int
    cells: dict[str, str]
    names: dict[str, str] = field(default_factory=dict)
    only_new: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """All rows for one of our tables. `whole` is false when some could not be read."""

    rows: list[Given]
    columns: frozenset[str]
    whole: bool = True

    @classmethod
    def of(cls, rows: Iterable[Given]) -> Sheet:
        found = list(rows)
        return cls(found, frozenset(name for row in found for name in row.cells))


@dataclass(frozen=True, slots=True)
class Row:
    """`values` holds what was given; what a cell leaves empty, or a file leaves out, is not in it.
    `columns`: those that the file has."""

    file: str
    line: int
    values: dict[str, Any]
    columns: frozenset[str]
    names: dict[str, str]
    only_new: bool = False
    alone: dict[str, str] = field(default_factory=dict)
    """Texts that the row gives in one language only, with that one; a new row has them in both."""

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)


@dataclass(frozen=True, slots=True)
class File:
    """The rows of one table that are right. `broken`: what the others have as their first key,
    where it can be read. `whole` is false when the file could not be read to its end."""

    rows: list[Row]
    broken: set[Any]
    whole: bool


def own_files(folder: Path, file: str) -> tuple[Path, Path]:
    """Where one of our files may stand; the first that is there counts."""
    return folder / file, (folder / file).with_suffix(".jsonl")


def read(
    folder: Path, table: Table, terms: Terms, problems: Problems, notices: Notices
) -> Sheet | None:
    """One of our own files, as CSV or as JSON, an object a line; None when it is absent."""
    path = next((p for p in own_files(folder, table.file) if p.exists()), None)
    if path is None:
        return None
    if path.suffix == ".jsonl":
        source = read_json_lines(path, problems)
    else:
        source = read_source(path, problems, notices, terms.encoding)
    if not source.whole or not _columns_are_known(table, source.columns, problems):
        return Sheet([], frozenset(), whole=False)
    names = {name: name.lower() for name in source.columns}
    return Sheet(
        [
            Given(path.name, record.line, {names[n]: c for n, c in record.cells.items()})
            for record in source.records
        ],
        frozenset(names.values()),
        whole=not source.broken,
    )


def _columns_are_known(table: Table, names: Iterable[str], problems: Problems) -> bool:
    """Misspelt columns are refused: their values would be lost without a word."""
    right = True
    for name in (name.lower() for name in names):
        if name not in table.names and not (table.options and _OPTION.fullmatch(name)):
            close = difflib.get_close_matches(name, table.names, n=1)
            hint = (
                f"perhaps {close[0]} is meant" if close else f"known are {', '.join(table.names)}"
            )
            problems.add(table.file, 1, None, f"{shown(name)} is not a column of this file; {hint}")
            right = False
    if table.who and not {"email", "phone", "number"} & {name.lower() for name in names}:
        problems.add(table.file, 1, "email", "is missing; give email, phone or both")
        right = False
    for column in table.columns:
        if column.name in table.key and column.name not in {name.lower() for name in names}:
            problems.add(table.file, 1, column.name, "is missing")
            right = False
    return right


def parse(table: Table, sheet: Sheet, problems: Problems, notices: Notices) -> File:
    """The rows' values; each that cannot be read is told with its place. An address that another
    system let its customers write is not held against the whole export: the part is left out."""
    rows: list[Row] = []
    broken: set[Any] = set()
    seen: dict[tuple[Any, ...], Row] = {}
    spelled: dict[tuple[str, ...], Row] = {}
    for given in sheet.rows:
        row, right = _row(table, sheet, given, problems, notices)
        if not right:
            broken.add(row.get(table.key[0]))
            continue
        key = tuple(row[name] for name in table.key)
        if key in seen and row.only_new:
            _fill_gaps(seen[key], row)
            continue
        if key in seen and not (table.repeats and given.names):
            what = f"{shown(' '.join(map(str, key)))} stands on line {seen[key].line} already"
            _tell(problems, given, table.key[0], f"{what}; keep one of the two")
            continue
        alike = spelled.setdefault(tuple(str(part).casefold() for part in key), row)
        if tuple(alike[name] for name in table.key) != key:
            what = f"{shown(' '.join(map(str, key)))} differs from line {alike.line} in capitals "
            _tell(problems, given, table.key[0], f"{what}only; write both alike")
            continue
        seen[key] = row
        rows.append(row)
    return File(rows, broken, sheet.whole)


def _fill_gaps(row: Row, other: Row) -> None:
    """What another file says of the same; an address is taken whole."""
    has_place = any(row.get(name) for name in ADDRESS[:-1])
    for name, value in other.values.items():
        if name not in ADDRESS or not has_place:
            row.values.setdefault(name, value)


def _tell(problems: Problems, given: Given, column: str, what: str) -> None:
    problems.add(given.file, given.line, given.names.get(column, column), what)


def _row(
    table: Table, sheet: Sheet, given: Given, problems: Problems, notices: Notices
) -> tuple[Row, bool]:
    """The values that could be read, and whether all could."""
    parsed: dict[str, Any] = {}
    alone: dict[str, str] = {}
    right = True
    for column in table.columns:
        try:
            if isinstance(column, Bilingual):
                _read_both(column, given.cells, parsed, alone)
            else:
                _read_one(column, given.cells, parsed)
        except _WrongCell as wrong:
            if given.names and wrong.column in ADDRESS:
                what = "Parts of addresses that could not be read, left out"
                notices.add(what, f"line {given.line}: {shown(given.cells[wrong.column])}")
                continue
            _tell(problems, given, wrong.column, str(wrong))
            right = False
    for name in table.key:
        if right and name != "who" and parsed.get(name) is None:
            _tell(problems, given, name, "is empty")
            right = False
    if table.options and (options := _options(given.cells)):
        parsed["options"] = options
    row = Row(given.file, given.line, parsed, sheet.columns, given.names, given.only_new, alone)
    if table.who:
        named = _name_owner(row)
        right = right and (named or _may_be_nameless(table, row, given, problems))
    return row, right


def _name_owner(row: Row) -> bool:
    """Sets `who` by what can be read."""
    phone = row.get("phone") or ""
    who = row.get("email") or (phone if phone.startswith("+") else None)
    if who is not None:
        row.values["who"] = who
    return who is not None


def _may_be_nameless(table: Table, row: Row, given: Given, problems: Problems) -> bool:
    """Whether a row that names nobody will do: for an order that the shop knows it does."""
    phone = row.get("phone")
    if phone:
        what = f"{shown(phone)} is not a telephone number; write it with its country's code, +1 …"
        _tell(problems, given, "phone", what)
        return False
    if "who" in table.key:
        _tell(problems, given, "email", "is empty, and so is phone; one of the two is needed")
        return False
    return True


class _WrongCell(Exception):
    def __init__(self, column: str, what: str) -> None:
        self.column = column
        super().__init__(what)


def _read_one(column: Column, cells: dict[str, str], parsed: dict[str, Any]) -> None:
    cell = cells.get(column.name, "")
    if cell == EMPTIED and not column.required:
        parsed[column.name] = column.default
    elif cell:
        parsed[column.name] = _parsed(column.name, column.parse, cell)


def _read_both(
    column: Bilingual, cells: dict[str, str], parsed: dict[str, Any], alone: dict[str, str]
) -> None:
    both_name, *own = column.columns
    given = [cells.get(name) or cells.get(both_name, "") for name in own]
    if not any(given):
        return
    if EMPTIED in given and not column.required:
        parsed[column.name] = column.default
        return
    said = (name if cells.get(name) else both_name for name in own)
    zh, en = (
        _parsed(name, column.parse, cell) if cell else None
        for name, cell in zip(said, given, strict=True)
    )
    if zh is None or en is None:
        alone[column.name] = "en" if zh is None else "zh"
    if column.listed:
        parsed[column.name] = {"zh": zh or [], "en": en or []}
    else:
        parsed[column.name] = Localized(
            zh=str(en if zh is None else zh), en=str(zh if en is None else en)
        )


def _parsed(name: str, read: values.Parse, cell: str) -> Any:
    if "\0" in cell:
        raise _WrongCell(name, f"{shown(cell)} holds a NUL character; remove it")
    try:
        return read(cell)
    except ValueError as error:
        raise _WrongCell(name, f"{shown(cell)} {error}") from None


def _options(cells: dict[str, str]) -> dict[str, dict[str, str]]:
    """{"color": {"zh": "松绿", "en": "pine"}}, without options that this row leaves empty. Capitals
    in an option's name do not matter."""
    options: dict[str, dict[str, str]] = {}
    for name, cell in cells.items():
        match = _OPTION.fullmatch(name)
        if match and cell:
            texts = options.setdefault(match[1].lower(), {})
            if match[2]:
                texts[match[2].lower()] = cell
            else:
                for language in ("zh", "en"):
                    texts.setdefault(language, cell)
    return {
        key: {
            "zh": texts.get("zh", texts.get("en", "")),
            "en": texts.get("en", texts.get("zh", "")),
        }
        for key, texts in options.items()
    }
