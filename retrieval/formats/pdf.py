"""PDF: lines with their sizes make headings and paragraphs, ruled tables keep their merged cells.

pdfplumber gives both. Tables without rules are told by their columns, and text in two columns is
read column by column.
"""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
from pdfplumber.utils.exceptions import PdfminerException

from retrieval.errors import DocumentError
from retrieval.formats.read import Read
from retrieval.sections import PAIR, Collector
from retrieval.tables import Cell, grid_of, lines_of
from retrieval.text import HAN
from retrieval.types import Language

_PAGES = 1_000
# A heading is set so much larger than most of the text, or in bold in a short line of its own.
_LARGER = 1.12
_HEADING_LENGTH = 80
# Lines that stand on so many of the pages, of three at least, are headers and footers.
_EVERY_PAGE, _FEWEST_PAGES = 0.6, 3
_EDGE = 0.09  # of the page's height: 27 mm of A4
# Text is in two columns when so many lines on a page part at the same place.
_COLUMN_LINES = 5
# A table without rules: so many lines at least, gaps of so many letters' sizes between its columns,
# rows not further apart than so many of their heights.
_ALIGNED, _WIDE, _ROW_GAP = 3, 1.5, 3.0
# Running text is set in lines of more than so many letters' sizes: 14 Chinese characters, or about
# 28 Latin letters.
_LONG = 14
_SPACE = 0.15  # of a letter's size: a wider gap parts words
# A paragraph ends where the next line is further down than so many of its heights.
_GAP = 1.7
_BOLD = re.compile(r"bold|black|heavy|semibold|demi|黑体|simhei", re.IGNORECASE)
_ENDS = (".", "。", "!", "！", "?", "？", ":", "：", ";", "；")
_UNMAPPED = re.compile(r"\(cid:\d+\)")
# "Page 3 of 12", "第3页共12页", "- 3 -", with what is no letter and no digit taken out.
_LETTERS = re.compile(r"\W+")
_PAGE_NUMBER = re.compile(r"(?:page|第)?\d{1,4}页?(?:of|共)?\d{0,4}页?", re.IGNORECASE)
# What begins a line of its own: items of lists, marked questions and answers.
_MARKED = re.compile(
    r"[•·▪●–-]\s|\d{1,3}[.、）)]\D|[（(]\d|[QA]\s?\d*[.:：]|[问答]题?案?\s?\d*[:：]"
)
_HAN_END = re.compile(f"[{HAN}，。；：、！？）]$")


@dataclass(frozen=True, slots=True)
class _Line:
    """`top` and `bottom` in points from the top of the page; `size` of most of its letters;
    `edge`: it stands where headers and footers do."""

    text: str
    top: float
    bottom: float
    size: float
    bold: bool
    edge: bool


@dataclass(frozen=True, slots=True)
class _Table:
    grid: list[list[Cell]]


def read_pdf(content: bytes, language: Language) -> Read:
    """A PDF file. Raises `DocumentError`: encrypted, damaged, or scanned."""
    logging.getLogger("pdfminer").setLevel(logging.ERROR)  # it complains of every odd font
    try:
        with pdfplumber.open(io.BytesIO(content)) as file:
            pages = file.pages
            if len(pages) > _PAGES:
                raise DocumentError(f"has {len(pages)} pages; split it at {_PAGES}.")
            blocks = []
            pictured = []
            for page in pages:
                found = _blocks(page)
                blocks.append(found)
                if not found and page.images:
                    pictured.append(page.page_number)
                page.close()
            count = len(pages)
    except DocumentError:
        raise
    except Exception as error:  # pdfminer raises whatever a damaged file makes it stumble over
        raise DocumentError(_cause(error)) from error
    if not any(blocks):
        if pictured:
            raise DocumentError(
                "is scanned: its pages are pictures. Run text recognition over it (ocrmypdf does) "
                "and put the outcome here."
            )
        raise DocumentError("has no text.")
    read = _Reader(language)
    read.read(blocks)
    notes = []
    if pictured:
        pages_named = ", ".join(map(str, pictured[:5])) + (" …" if len(pictured) > 5 else "")
        notes.append(f"of {count} pages {len(pictured)} are pictures, not read: {pages_named}.")
    if read.unmapped:
        notes.append(
            f"{read.unmapped} lines are in fonts that do not say their letters, and were left out."
        )
    sections = read.found()
    if not sections:
        raise DocumentError("has no text that can be read: its fonts do not say their letters.")
    return Read(sections, notes=notes)


def _cause(error: Exception) -> str:
    causes = [error, error.__cause__, *error.args]
    if any(isinstance(each, (PDFPasswordIncorrect, PDFEncryptionError)) for each in causes):
        return "is encrypted; save it without a password."
    if isinstance(error, PdfminerException):
        error = next((each for each in error.args if isinstance(each, Exception)), error)
    return f"is damaged: it cannot be read as PDF ({type(error).__name__})."


def _blocks(page: Any) -> list[_Line | _Table]:
    """The tables and the lines outside them, from above."""
    tables = [table for table in page.find_tables() if _is_table(table)]
    boxes = [table.bbox for table in tables]

    def outside(thing: dict[str, Any]) -> bool:
        x, y = (thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2
        return not any(a <= x <= c and b <= y <= d for a, b, c, d in boxes)

    rest = page.filter(lambda thing: thing["object_type"] != "char" or outside(thing))
    found: list[tuple[float, _Line | _Table]] = [
        (table.bbox[1], _Table(_grid(table))) for table in tables
    ]
    lines = [line for line in rest.extract_text_lines(return_chars=True) if line["text"].strip()]
    for rows in _aligned(_in_columns(lines)):
        order = rows[0].line.get("order", rows[0].top)
        table = _Table(grid_of([[text for _, _, text in row.parts] for row in rows]))
        found.append((order, table if len(rows) > 1 else _line(rows[0].line, page.height)))
    return [block for _, block in sorted(found, key=lambda each: each[0])]


def _line(line: dict[str, Any], height: float) -> _Line:
    sizes = Counter(round(char["size"], 1) for char in line["chars"])
    bold = sum(bool(_BOLD.search(char["fontname"])) for char in line["chars"])
    return _Line(
        " ".join(line["text"].split()),
        line["top"],
        line["bottom"],
        sizes.most_common(1)[0][0],
        bold * 2 > len(line["chars"]),
        not _EDGE * height < line["top"] < (1 - _EDGE) * height,
    )


def _in_columns(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where running text stands in two columns, the lines of the first before those of the second.

    Lines of two long parts tell where the columns part; one that goes across ends them. `order` is
    where a line stands among the others then.
    """
    starts = Counter(
        round(parts[1][0])
        for line in lines
        if len(parts := _parts_of(line)) == 2 and _runs_on(parts, line)
    )
    at, count = starts.most_common(1)[0] if starts else (0, 0)
    if count < _COLUMN_LINES:
        return list(lines)
    found: list[dict[str, Any]] = []
    region: list[dict[str, Any]] = []
    for line in [*lines, None]:
        if line is not None and not any(a < at - 2 and b > at + 2 for a, b, _ in _parts_of(line)):
            region.append(line)
            continue
        halves = [_half(each, at, left=left) for left in (True, False) for each in region]
        told = [half for half in halves if half is not None]
        for i, half in enumerate(told):
            span = region[-1]["bottom"] - region[0]["top"]
            half["order"] = region[0]["top"] + span * i / len(told)
        found += told
        region = []
        if line is not None:
            found.append(line)
    return found


def _runs_on(parts: Sequence[tuple[float, float, str]], line: dict[str, Any]) -> bool:
    """Whether all parts are as long as lines of running text, which cells of a table are not."""
    return all(end - begin > _LONG * line["chars"][0]["size"] for begin, end, _ in parts)


def _half(line: dict[str, Any], at: float, *, left: bool) -> dict[str, Any] | None:
    """What of a line stands to the left of `at`, or to its right; None when nothing does."""
    chars = [char for char in line["chars"] if (char["x0"] < at - 1) == left]
    if not any(char["text"].strip() for char in chars):
        return None
    text = " ".join(part for _, _, part in _parts_of({"chars": chars}))
    return {**line, "chars": chars, "text": text}


@dataclass(frozen=True, slots=True)
class _Row:
    """A line and its parts between wide gaps, each with where it begins and ends."""

    line: dict[str, Any]
    parts: list[tuple[float, float, str]]

    @property
    def top(self) -> float:
        return float(self.line["top"])


def _aligned(lines: Sequence[dict[str, Any]]) -> Iterator[list[_Row]]:
    """The lines one by one, those together that stand as a table without rules: at least three in
    a row with the same number of parts, not all long, each below the one above it."""
    rows = [_Row(line, _parts_of(line)) for line in lines]
    at = 0
    while at < len(rows):
        end = at + 1
        while end < len(rows) and _goes_below(rows[end], rows[end - 1]):
            end += 1
        if end - at >= _ALIGNED:
            yield rows[at:end]
        else:
            yield from ([row] for row in rows[at:end])
        at = end


def _parts_of(line: dict[str, Any]) -> list[tuple[float, float, str]]:
    parts: list[tuple[float, float, str]] = []
    for char in line["chars"]:
        gap = char["x0"] - parts[-1][1] if parts else 0.0
        if parts and gap < _WIDE * char["size"]:
            begin, _, text = parts[-1]
            space = " " if gap > _SPACE * char["size"] else ""
            parts[-1] = (begin, char["x1"], text + space + char["text"])
        else:
            parts.append((char["x0"], char["x1"], char["text"]))
    return [(begin, end, " ".join(text.split())) for begin, end, text in parts]


def _goes_below(row: _Row, above: _Row) -> bool:
    alike = len(row.parts) == len(above.parts) > 1
    near = row.top - above.top < _ROW_GAP * (above.line["bottom"] - above.top)
    short = not _runs_on(row.parts, row.line)
    # Columns are set flush left, flush right or centred: what is below overlaps what is above.
    return (
        alike
        and near
        and short
        and all(
            a < d and c < b for (a, b, _), (c, d, _) in zip(row.parts, above.parts, strict=True)
        )
    )


def _is_table(table: Any) -> bool:
    """Whether it has rows and columns: a frame round a text has not."""
    return len(table.rows) > 1 and max(len(row.cells) for row in table.rows) > 1


def _grid(table: Any) -> list[list[Cell]]:
    """The table's places, each with the cell that covers it: a merged one covers several."""
    page = table.page
    texts = {box: _cell_text(page, box) for box in table.cells}
    tops = sorted({round(box[1], 1) for box in table.cells})
    lefts = sorted({round(box[0], 1) for box in table.cells})
    grid = []
    for i, top in enumerate(tops):
        row = []
        for j, left in enumerate(lefts):
            x, y = left + 1, top + 1  # a point inside
            box = next((b for b in table.cells if b[0] <= x <= b[2] and b[1] <= y <= b[3]), None)
            if box is None:
                row.append(Cell("", i, j))
            else:
                begins = (tops.index(round(box[1], 1)), lefts.index(round(box[0], 1)))
                row.append(Cell(texts[box][0], *begins, head=texts[box][1]))
        grid.append(row)
    return grid


def _cell_text(page: Any, box: tuple[float, float, float, float]) -> tuple[str, bool]:
    inside = page.crop(box, strict=False)
    text = _joined((inside.extract_text() or "").splitlines())
    bold = sum(bool(_BOLD.search(char["fontname"])) for char in inside.chars)
    return text, bool(text) and bold * 2 > len(inside.chars)


def _joined(lines: Sequence[str]) -> str:
    """Lines of one paragraph: words cut at a line's end are whole again, Han needs no space."""
    text = ""
    for line in (" ".join(each.split()) for each in lines):
        if text.endswith("-") and line[:1].islower() and text[-2:-1].isalpha():
            text = text[:-1] + line
        elif text and line:
            text += ("" if _HAN_END.search(text) else " ") + line
        else:
            text += line
    return text


class _Reader(Collector):
    """Puts the lines of all pages together."""

    def __init__(self, language: Language) -> None:
        super().__init__(language)
        self.unmapped = 0

    def read(self, pages: Sequence[Sequence[_Line | _Table]]) -> None:
        repeated = _repeated(pages)
        blocks = [
            [block for block in page if not (isinstance(block, _Line) and _key(block) in repeated)]
            for page in pages
        ]
        lines = [block for page in blocks for block in page if isinstance(block, _Line)]
        usual = Counter(
            size for line in lines for size in [line.size] * len(line.text)
        ).most_common(1)
        body = usual[0][0] if usual else 0.0
        larger = sorted({line.size for line in lines if line.size >= body * _LARGER}, reverse=True)
        waiting: list[_Line] = []
        for block in _with_tables_joined(blocks):
            level = self._level(block, body, larger) if isinstance(block, _Line) else None
            if waiting and (isinstance(block, _Table) or level or _parts(waiting[-1], block)):
                self._say(waiting)
                waiting = []
            if isinstance(block, _Table):
                self.lines(lines_of(block.grid, self.language))
            elif level:
                self.open(level, block.text)
            elif _UNMAPPED.search(block.text):
                self.unmapped += 1
            else:
                waiting.append(block)
        self._say(waiting)

    def _level(self, line: _Line, body: float, larger: Sequence[float]) -> int | None:
        if line.text.endswith(("?", "？")) and len(line.text) <= _HEADING_LENGTH and line.bold:
            return PAIR
        if line.size in larger and len(line.text) <= _HEADING_LENGTH:
            return min(larger.index(line.size) + 1, PAIR - 2)
        bold = line.bold and len(line.text) <= _HEADING_LENGTH and not line.text.endswith(_ENDS)
        return PAIR - 1 if bold else None

    def _say(self, lines: Sequence[_Line]) -> None:
        if len(lines) > 1 and lines[0].text.endswith(("?", "？")) and _is_question(lines[0].text):
            self.open(PAIR, lines[0].text)
            lines = lines[1:]
        text = _joined([line.text for line in lines])
        if text:
            self.paragraph(text)


def _is_question(text: str) -> bool:
    return len(text) <= _HEADING_LENGTH and not re.search(r"[.。!！]\s*\S", text)


def _key(line: _Line) -> str:
    return re.sub(r"\d+", "#", line.text) if line.edge else ""


def _repeated(pages: Sequence[Sequence[_Line | _Table]]) -> set[str]:
    """What stands at the edge of most pages, with another page number at most."""
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update({_key(block) for block in page if isinstance(block, _Line) and block.edge})
    numbers = {
        key for key in counts if _PAGE_NUMBER.fullmatch(_LETTERS.sub("", key.replace("#", "1")))
    }
    if len(pages) < _FEWEST_PAGES:
        return numbers
    return numbers | {key for key, count in counts.items() if count >= _EVERY_PAGE * len(pages)}


def _parts(last: _Line, block: _Line | _Table) -> bool:
    """Whether a paragraph ends between two lines."""
    if isinstance(block, _Table):
        return True
    height = last.bottom - last.top
    gap = block.top - last.top
    # On the next page it goes on where the last line did not end a sentence.
    if gap <= 0:
        return last.text.endswith(_ENDS)
    return gap > _GAP * height or _MARKED.match(block.text) is not None


def _with_tables_joined(
    pages: Sequence[Sequence[_Line | _Table]],
) -> Iterator[_Line | _Table]:
    """All blocks; a table that begins a page goes on from the one that ended the page before, if
    it has as many columns; its headings, where they are said again, are said once."""
    found: list[_Line | _Table] = []
    for page in pages:
        for place, block in enumerate(page):
            last = found[-1] if found and place == 0 else None
            joins = (
                isinstance(block, _Table)
                and isinstance(last, _Table)
                and len(block.grid[0]) == len(last.grid[0])
            )
            if joins and isinstance(block, _Table) and isinstance(last, _Table):
                found[-1] = _Table(_appended(last.grid, block.grid))
            else:
                found.append(block)
    yield from found


def _appended(above: list[list[Cell]], below: list[list[Cell]]) -> list[list[Cell]]:
    again = [c.text for c in above[0]] == [c.text for c in below[0]]
    by = len(above)
    return above + [
        [Cell(cell.text, cell.row + by, cell.column, cell.head) for cell in row]
        for row in (below[1:] if again else below)
    ]
