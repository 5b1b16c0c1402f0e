"""XLSX and CSV: each table of a sheet with its headings; two columns of questions and answers are
pairs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import openpyxl
import yaml
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from retrieval.errors import DocumentError
from retrieval.formats.archive import check_archive
from retrieval.formats.read import Read, faq
from retrieval.sections import Section, Unit
from retrieval.tables import Cell, Grid, grid_of, lines_of
from retrieval.types import Language

# A sheet is read so far: a cell in Excel's last row would make a table of 17 billion cells.
_ROWS, _COLUMNS = 20_000, 200
_BOLD_ROWS, _BOLD_COLUMNS = 10, 2
_WORDS = Path(__file__).parents[1] / "words"


def read_xlsx(content: bytes, language: Language) -> Read:
    """An XLSX file, sheet by sheet; hidden sheets, rows and columns are left out and named. Raises
    `DocumentError`."""
    check_archive(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    except (
        BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, AttributeError, OSError,
    ) as error:  # fmt: skip
        raise DocumentError("is damaged: Excel's parts in it cannot be read.") from error
    read = Read([])
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            read.notes.append(f"the sheet {sheet.title} is hidden and was left out.")
            continue
        if sheet.max_row > _ROWS or sheet.max_column > _COLUMNS:
            read.notes.append(
                f"the sheet {sheet.title} was read up to row {_ROWS} and column {_COLUMNS}."
            )
        path = (sheet.title,) if len(book.worksheets) > 1 else ()
        read.sections += _sections(_grid(sheet, read.notes), path, language)
    if not read.sections:
        raise DocumentError("has no cells with text.")
    return read


def read_csv(text: str, language: Language) -> Read:
    """A CSV file, whatever its cells are parted by. Raises `DocumentError`."""
    try:
        dialect: Any = csv.Sniffer().sniff(text[:10_000], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        rows = list(csv.reader(io.StringIO(text), dialect))
    except csv.Error as error:
        raise DocumentError(f"is no CSV file that can be read: {error}.") from error
    sections = list(_sections(grid_of(rows), (), language))
    if not sections:
        raise DocumentError("has no cells with text.")
    read = Read(sections)
    if len(rows) > _ROWS:
        raise DocumentError(f"has {len(rows)} rows; split it at {_ROWS} rows a file.")
    return read


def _grid(sheet: Any, notes: list[str]) -> list[list[Cell]]:
    rows, columns = min(sheet.max_row, _ROWS), min(sheet.max_column, _COLUMNS)
    kept = [i for i in range(1, rows + 1) if not sheet.row_dimensions[i].hidden]
    shown = [j for j in range(1, columns + 1) if not _is_hidden(sheet, j)]
    if len(kept) < rows or len(shown) < columns:
        notes.append(
            f"{rows - len(kept)} hidden rows and {columns - len(shown)} hidden columns of the "
            f"sheet {sheet.title} were left out."
        )
    begins = {
        (i, j): (merged.min_row, merged.min_col)
        for merged in sheet.merged_cells.ranges
        for i in range(merged.min_row, min(merged.max_row, rows) + 1)
        for j in range(merged.min_col, min(merged.max_col, columns) + 1)
    }
    unknown = 0
    grid = []
    hidden = set(range(1, rows + 1)) - set(kept)
    for i, cells in enumerate(sheet.iter_rows(max_row=rows, max_col=columns), start=1):
        if i in hidden:
            continue
        row = []
        for j in shown:
            at = begins.get((i, j), (i, j))
            cell = cells[j - 1] if at == (i, j) else sheet.cell(*at)
            text = "" if cell.value is None else shown_value(cell.value, cell.number_format)
            unknown += text.startswith("#") and text.endswith(("!", "?", "/A"))
            # Styles are slow to read, and headings stand at the edges.
            bold = text and (i <= _BOLD_ROWS or j <= _BOLD_COLUMNS) and cell.font
            row.append(Cell(text, *at, head=bool(bold and bold.b)))
        grid.append(row)
    if unknown:
        notes.append(f"{unknown} cells of the sheet {sheet.title} hold an error of Excel's.")
    return grid


def _is_hidden(sheet: Any, column: int) -> bool:
    letter = get_column_letter(column)
    return letter in sheet.column_dimensions and bool(sheet.column_dimensions[letter].hidden)


def shown_value(value: Any, form: str = "General") -> str:
    """A cell as its reader sees it: "15%", "¥8.00", "2026-05-01"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, datetime):
        return (
            value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
        )
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (int, float)):
        return _number(value, form)
    return " ".join(str(value).split())


def _number(value: float, form: str) -> str:
    positive = form.partition(";")[0]
    if "%" in positive:
        return f"{round(value * 100, 6):g}%"
    places = re.search(r"0\.(0+)", positive)
    text = f"{value:.{len(places[1])}f}" if places else f"{round(value, 9):.12g}"
    # What the format writes around the figure, in quotes or as a currency: "kg", [$¥-804], $.
    around = r'\[\$([^\]-]*)[^\]]*\]|"([^"]*)"|([$€£¥￥])'
    before, _, after = positive.partition("0") if "#" not in positive else positive.partition("#")
    signs = ["".join("".join(m) for m in re.findall(around, part)) for part in (before, after)]
    return f"{signs[0]}{text}{signs[1]}"


@cache
def _heads(language: Language) -> Any:
    words = yaml.safe_load((_WORDS / f"{language}.yaml").read_text("utf-8"))
    return words["pairs"]


def pair_columns(names: Sequence[str]) -> tuple[int, int] | None:
    """Which columns hold questions and answers, where their names say so."""
    lowered = [name.strip().casefold() for name in names]
    found = []
    for part in ("question", "answer"):
        known = [word for each in ("zh", "en") for word in _heads(each)[part]]
        found.append(next((i for i, name in enumerate(lowered) if name in known), None))
    question, answer = found
    return None if question is None or answer is None else (question, answer)


def _sections(grid: Grid, path: tuple[str, ...], language: Language) -> Iterator[Section]:
    for block in _blocks(grid):
        pairs = pair_columns([cell.text for cell in block[0]])
        if pairs is not None:
            for row in block[1:]:
                question, answer = (row[column].text for column in pairs)
                if question and answer:
                    yield faq(question, answer, language, path)
            continue
        title = block[0][0].text if len(block) > 1 and _is_title(block[0]) else ""
        lines = lines_of(block[1:] if title else block, language)
        if lines:
            yield Section(
                (*path, title) if title else path, [Unit(line, line=True) for line in lines]
            )


def _is_title(row: Sequence[Cell]) -> bool:
    texts = {(cell.row, cell.column) for cell in row if cell.text}
    return len(row) > 1 and len(texts) == 1 and bool(row[0].text)


def _blocks(grid: Grid) -> Iterator[list[list[Cell]]]:
    """The tables of a sheet: rows between empty rows, without empty columns."""
    block: list[Sequence[Cell]] = []
    for row in [*grid, []]:
        if any(cell.text for cell in row):
            block.append(row)
        elif block:
            used = [j for j in range(len(block[0])) if any(each[j].text for each in block)]
            yield [[each[j] for j in used] for each in block]
            block = []
