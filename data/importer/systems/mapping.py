"""Files of any other system, by a mapping that their owner writes: our columns ← theirs.

    dates: DD.MM.YYYY          # optional, as --dates and --decimal
    decimal: comma
    files:
      customers.csv:           # one of ours
        from: kunden.csv       # theirs; one of theirs may serve several of ours
        columns:
          email: E-Mail                          # ours: theirs
          name: [Vorname, Nachname]              # joined with a space
          country: {constant: DE}
      orders.csv:
        from: bestellungen.csv
        columns:
          number: Bestellnummer
          status: {column: Status, values: {bezahlt: paid, versendet: shipped}, otherwise: paid}

Where their file repeats a row of ours, as an order stands with each of its lines, the first that
says something counts.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.errors import ImportRejected
from data.importer.problems import Problems, shown
from data.importer.reading import Given, Sheet
from data.importer.sheets import Record, Source
from data.importer.tables import Table
from data.importer.terms import DayForm, DecimalMark


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Cell(_Part):
    """Where the text of a cell comes from."""

    column: str | None = None
    constant: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    otherwise: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.column is None) == (self.constant is None):
            raise ValueError("give either column or constant")
        return self

    @property
    def theirs(self) -> list[str]:
        return [self.column] if self.column is not None else []

    def text(self, record: Record) -> str:
        if self.constant is not None:
            return self.constant
        found = record.cells[str(self.column)]
        if not self.values or not found:
            return found
        by_case = {theirs.casefold(): ours for theirs, ours in self.values.items()}
        unknown = found if self.otherwise is None else self.otherwise
        return by_case.get(found.casefold(), unknown)


class FileMapping(_Part):
    from_: Annotated[str, Field(alias="from")]
    columns: Annotated[dict[str, str | list[str] | Cell], Field(min_length=1)]


class Mapping(_Part):
    dates: DayForm | None = None
    decimal: DecimalMark | None = None
    files: Annotated[dict[str, FileMapping], Field(min_length=1)]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises `ImportRejected` with a sentence for each key that is wrong."""
        try:
            return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            reason = str(error).splitlines()[0]
            raise ImportRejected([f"{path} cannot be read ({reason})."]) from None
        except ValidationError as error:
            problems = {
                f"{path}, {'.'.join(str(part) for part in problem['loc'])}: "
                f"{problem['msg'].removeprefix('Value error, ')}."
                for problem in error.errors(include_url=False)
            }
            raise ImportRejected(sorted(problems)) from None


def check_columns(mapping: Mapping, tables: Sequence[Table], problems: Problems) -> None:
    """Our files and columns are named as we name them."""
    known = {table.file: table for table in tables}
    for file, part in mapping.files.items():
        table = known.get(file)
        if table is None:
            problems.add(file, None, None, f"is none of our files: {', '.join(known)}")
            continue
        for name in part.columns:
            if name not in table.names and not (table.options and name.startswith("option_")):
                problems.add(file, None, None, _unknown(name, table.names, "our columns"))


def translate_by(
    mapping: Mapping, sources: Sequence[Source], problems: Problems, tables: Sequence[Table]
) -> dict[str, Sheet]:
    """Our tables' rows; what does not fit is told."""
    check_columns(mapping, tables, problems)
    problems.reject()
    by_file = {source.file: source for source in sources}
    by_name = {table.file: table for table in tables}
    sheets = {}
    for file, part in mapping.files.items():
        source = by_file.get(part.from_)
        if source is None:
            what = f"{shown(part.from_)} is none of the files given: {', '.join(by_file)}"
            problems.add(file, None, "from", what)
            continue
        sheets[file] = _sheet(part, source, by_name[file], problems)
    problems.reject()
    return sheets


def _sheet(part: FileMapping, source: Source, table: Table, problems: Problems) -> Sheet:
    names: dict[str, str] = {}
    for ours, cell in part.columns.items():
        theirs = _theirs(cell)
        for name in theirs:
            if name not in source.columns:
                problems.add(source.file, 1, None, _unknown(name, source.columns, "its columns"))
        names[ours] = theirs[0] if theirs else ours
    if problems:
        return Sheet.of([])
    rows: dict[tuple[str, ...], Given] = {}
    for record in source.records:
        cells = {ours: _text(cell, record) for ours, cell in part.columns.items()}
        own = tuple(_key(cells, name) for name in table.key)
        if table.repeats or not all(own):
            own = (*own, str(record.line))
        first = rows.setdefault(own, Given(source.file, record.line, cells, names))
        for name, text in cells.items():
            first.cells[name] = first.cells[name] or text
    return Sheet.of(rows.values())


def _theirs(cell: str | list[str] | Cell) -> list[str]:
    if isinstance(cell, Cell):
        return cell.theirs
    return cell if isinstance(cell, list) else [cell]


def _text(cell: str | list[str] | Cell, record: Record) -> str:
    if isinstance(cell, Cell):
        return cell.text(record)
    return " ".join(filter(None, (record.cells[name] for name in _theirs(cell))))


def _key(cells: dict[str, str], name: str) -> str:
    if name == "who":
        return cells.get("email") or cells.get("phone", "")
    return cells.get(name, "")


def _unknown(name: str, known: Sequence[str], whose: str) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"perhaps {close[0]} is meant" if close else f"they are {', '.join(known)}"
    return f"{shown(name)} is none of {whose}; {hint}"
