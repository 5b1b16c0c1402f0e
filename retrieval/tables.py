"""Tables to lines that stand alone: each row with what its headings say of it.

A grid holds a cell in every place, a merged one in each of the places that it covers. Which rows
and columns are headings is taken from marks where the table has them (`th`, bold, merged), else
from its content: what no figure stands in, above or beside figures. Where nothing tells, a table of
two columns is read row by row, so that nothing in it is taken for a heading and lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from retrieval.sections import estimate_tokens
from retrieval.text import sentences
from retrieval.types import Language

# A row of many columns is told in lines of at most so many tokens, each with the row's own name:
# half a passage, so that two rows can stand beside each other in one.
_LINE = 110
# Headings over headings that tables have; what is below is rows.
_HEAD_ROWS = 3
_DIGIT = re.compile(r"\d")
_BARE = re.compile(r"[+\-−–—~～≤≥<>]?\s*\d[\d.,\s]*(?:\s*(?:[-–—~～]|to|至|到)\s*\d[\d.,]*)?")
# "Chest (cm)", "胸围（cm）", "Weight [g]": what the figures below are counted in.
_COUNTED = re.compile(r"(.*\S)\s*[(（\[【]\s*([^()（）\[\]【】]{1,12}?)\s*[)）\]】]")


@dataclass(frozen=True, slots=True)
class Cell:
    """`row` and `column` are where the cell begins; a merged one stands in several places. `head`:
    marked as a heading."""

    text: str
    row: int
    column: int
    head: bool = False


Grid = Sequence[Sequence[Cell]]


def grid_of(rows: Sequence[Sequence[str]]) -> list[list[Cell]]:
    """A grid without merged cells; short rows are filled with empty cells."""
    width = max(map(len, rows), default=0)
    return [
        [Cell(" ".join(text.split()), i, j) for j, text in enumerate([*row, *[""] * width][:width])]
        for i, row in enumerate(rows)
    ]


def lines_of(grid: Grid, language: Language, head_rows: int | None = None) -> list[str]:
    """One line a row, or several where it is long; rows without text give none.

    `head_rows`: how many rows of headings there are, where the table itself says so. A row of one
    merged cell between the others is a heading of those that follow, and a title above them all.
    """
    grid = [row for row in grid if any(cell.text for cell in row)]
    titles: list[str] = []
    while len(grid) > 1 and (head_rows is None or head_rows > 0) and _is_alone(grid[0]):
        titles.append(next(cell.text for cell in grid[0] if cell.text))
        grid = grid[1:]
        head_rows = None if head_rows is None else head_rows - 1
    if not grid:
        return []
    heads = _count_head_rows(grid) if head_rows is None else min(head_rows, len(grid))
    if heads == len(grid):  # nothing but headings: then they are what it says
        heads = 0
    names = _names(grid[:heads], len(grid[0]))
    body = grid[heads:]
    if heads == 1 and len(grid[0]) > 2 and _is_scale(grid[0], body):
        names = ["", *(f"{names[0]} {name}" for name in names[1:])]
    labels = _count_label_columns(body, grid[:heads])
    if heads and any(_COUNTED.fullmatch(row[0].text) for row in body):
        names[0] = ""  # the first column names facts: its heading is that of the row above
    counted = _counted(names, body)
    found: list[str] = [f"{title}" for title in titles]
    group = ""
    for row in body:
        if len(row) > 1 and _is_alone(row) and row[0].text:
            group = row[0].text
            found.append(group)
            continue
        found += _told(row, names, counted, labels, group, language)
    return found


def _is_alone(row: Sequence[Cell]) -> bool:
    """Whether one cell is all there is in a row of several, merged over it or the others empty."""
    texts = {(cell.row, cell.column) for cell in row if cell.text}
    merged = len({(cell.row, cell.column) for cell in row}) == 1
    return len(row) > 1 and len(texts) == 1 and (merged or (len(row) > 2 and bool(row[0].text)))


def _count_head_rows(grid: Grid) -> int:
    marked = 0
    while marked < len(grid) and all(cell.head for cell in grid[marked] if cell.text):
        marked += 1
    if 0 < marked < len(grid):
        return marked
    count = 0
    while count < min(_HEAD_ROWS, len(grid) - 1) and _spans_columns(grid[count]):
        count += 1
    if count:
        return count + (1 if count < len(grid) - 1 and not _has_figures(grid[count][1:]) else 0)
    first, rest = grid[0], grid[1:]
    if len(first) == 1 or not rest:
        return 0
    if _has_figures(first[1:]):
        return 1 if _is_scale(first, rest) else 0
    if not first[0].text or _names_figures(first, rest):
        return 1
    return 1 if len(first) > 2 and all(cell.text for cell in first) else 0


def _is_scale(first: Sequence[Cell], rest: Grid) -> bool:
    """Whether a row of figures goes along the top, as sizes do: "EU, 38, 39" over "Foot, 240,
    245"."""
    labelled = all(row[0].text and not _DIGIT.search(row[0].text) for row in [first, *rest])
    return len(first) > 2 and labelled and all(_BARE.fullmatch(cell.text) for cell in first[1:])


def _spans_columns(row: Sequence[Cell]) -> bool:
    """Whether a cell covers some columns, not all of them: a heading over headings."""
    begins = [(cell.row, cell.column) for cell in row if cell.text]
    return len(set(begins)) < len(begins) and len(set(begins)) > 1


def _has_figures(cells: Sequence[Cell]) -> bool:
    return any(_DIGIT.search(cell.text) for cell in cells)


def _names_figures(first: Sequence[Cell], rest: Grid) -> bool:
    """Whether under a cell without a figure most cells have one."""
    for j, cell in enumerate(first):
        below = [row[j].text for row in rest if row[j].text]
        figures = sum(bool(_DIGIT.search(text)) for text in below)
        if cell.text and not _DIGIT.search(cell.text) and figures * 2 > len(below):
            return True
    return False


def _names(heads: Grid, width: int) -> list[str]:
    """What the headings say of each column, from above: "Chest", "Women chest"."""
    names = []
    for j in range(width):
        cells = {(row[j].row, row[j].column): row[j].text for row in heads if row[j].text}
        names.append(" ".join(dict.fromkeys(cells.values())))
    return names


def _count_label_columns(body: Grid, heads: Grid) -> int:
    """How many first columns name the row: marked ones, or one more than are merged over rows."""
    width = len(body[0])
    marked = 0
    while marked < width - 1 and all(row[marked].head or not row[marked].text for row in body):
        marked += 1
    merged = 0
    while merged < width - 2 and _is_merged_down(body, merged):
        merged += 1
    if heads and not marked and not merged:
        return 1
    return max(1, marked, merged + 1 if merged else 0)


def _is_merged_down(body: Grid, column: int) -> bool:
    begins = [(row[column].row, row[column].column) for row in body]
    return len(set(begins)) < len(begins)


def _counted(names: Sequence[str], body: Grid) -> list[str]:
    """What the figures of each column are counted in, where its heading says so in brackets and
    nothing but figures stands below."""
    found = []
    for j, name in enumerate(names):
        match = _COUNTED.fullmatch(name)
        below = [row[j].text for row in body if _DIGIT.search(row[j].text)]
        bare = bool(below) and all(_BARE.fullmatch(text) for text in below)
        found.append(match[2] if match and bare else "")
    return found


def _told(
    row: Sequence[Cell],
    names: Sequence[str],
    counted: Sequence[str],
    labels: int,
    group: str,
    language: Language,
) -> Iterator[str]:
    colon, separator, stop = ("：", "；", "。") if language == "zh" else (": ", "; ", ".")
    comma = "，" if language == "zh" else ", "
    parts, seen = [], set[tuple[int, int]]()
    for j, cell in enumerate(row):
        place = (cell.row, cell.column)
        # A cell merged over columns is told once, under the first of their headings.
        if cell.text and (place not in seen):
            parts.append((j, _pair(names[j], cell.text, counted[j], separator, language)))
        seen.add(place)
    if not parts:
        return
    named = [text for j, text in parts if j < labels]
    values = [text for j, text in parts if j >= labels]
    figures = [cell.text for cell in row[labels:] if cell.text]
    of_row = _COUNTED.fullmatch(named[-1]) if named else None
    if of_row and figures and all(_BARE.fullmatch(text) for text in figures):
        named[-1] = of_row[1]
        values = [f"{value} {of_row[2]}" for value in values]
    if not named:
        named, values = values[:1], values[1:]
    label = comma.join(([group] if group and group not in named else []) + named)
    for group_of_values in _within(values, estimate_tokens(label)):
        text = label + (colon + separator.join(group_of_values) if group_of_values else "")
        yield text if text.endswith((".", "。", "!", "?", "！", "？")) else text + stop


def _pair(name: str, text: str, counted: str, separator: str, language: Language) -> str:
    """A cell with its heading. Its sentences stay in one line: a row is never cut apart."""
    parts = sentences(text, language)
    text = (
        separator.join(part.rstrip(".。") for part in parts[:-1])
        + (separator if len(parts) > 1 else "")
        + (parts[-1] if parts else "")
    )
    if len(parts) > 1:
        text = text.rstrip(".。")
    if counted and _BARE.fullmatch(text):
        match = _COUNTED.fullmatch(name)
        name = match[1] if match else name
        glued = "" if counted in "%％°" else " "
        text = f"{text}{glued}{counted}"
    return " ".join(part for part in (name, text) if part)


def _within(values: Sequence[str], label: int) -> Iterator[list[str]]:
    if not values:
        yield []
        return
    line: list[str] = []
    filled = label
    for value in values:
        size = estimate_tokens(value)
        if line and filled + size > _LINE:
            yield line
            line, filled = [], label
        line.append(value)
        filled += size
    yield line


def grid_of_html(table: Any) -> tuple[list[list[Cell]], int | None]:
    """The grid of a table of lxml's, and how many rows of headings it says it has: those of its
    `thead`, or the first ones of `th` alone; None when it does not say."""
    rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
    taken: dict[tuple[int, int], Cell] = {}
    for i, row in enumerate(rows):
        j = 0
        for each in row.iterchildren("th", "td"):
            while (i, j) in taken:
                j += 1
            text = " ".join(" ".join(each.itertext()).split())
            head = each.tag == "th" or (bool(text) and _is_bold(each, text))
            cell = Cell(text, i, j, head)
            down, across = _span(each, "rowspan"), _span(each, "colspan")
            for di in range(min(down, len(rows) - i)):
                for dj in range(across):
                    taken.setdefault((i + di, j + dj), cell)
            j += across
    width = max((j for _, j in taken), default=-1) + 1
    grid = [[taken.get((i, j)) or Cell("", i, j) for j in range(width)] for i in range(len(rows))]
    head = len([row for row in rows if row.getparent().tag == "thead"])
    return grid, head or None


# Nobody's table is wider; a hostile page may say a million.
_WIDEST = 100


def _span(cell: Any, name: str) -> int:
    try:
        return min(max(1, int(cell.get(name, 1))), _WIDEST)
    except ValueError:
        return 1


def _is_bold(cell: Any, text: str) -> bool:
    bold = "".join("".join(each.itertext()) for each in cell.iter("b", "strong"))
    return "".join(bold.split()) == "".join(text.split())


def lines_of_html_table(table: Any, language: Language) -> list[str]:
    """What a table of lxml's says, its caption first."""
    grid, heads = grid_of_html(table)
    caption = " ".join(" ".join(c.text_content() for c in table.iterchildren("caption")).split())
    return [*([caption] if caption else []), *lines_of(grid, language, heads)]
