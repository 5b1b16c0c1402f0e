"""CSV files as they stand: records of cells by the names of their columns, whatever program wrote
them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.importer.problems import Notices, Problems

_LARGEST_CELL = 1_000_000  # characters
# Of a Chinese catalogue far fewer characters are rare or traditional, of Big5 and Shift-JIS read as
# GB 18030 more than half.
_ODD_SHARE = 0.2
# Two in five Chinese characters are of the second half: that so many are all of the first happens
# once in 450 files.
_KOREAN_FROM = 12


@dataclass(frozen=True, slots=True)
class Record:
    """`line`: on which it begins. `cells`: stripped, by the column's name as the file has it."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """One file. `whole` is false when it could not be read at all or not to its end."""

    file: str
    columns: tuple[str, ...]
    records: list[Record]
    whole: bool
    broken: int = 0  # records left out, since they have more or fewer cells than there are columns


def read_source(
    path: Path, problems: Problems, notices: Notices, encoding: str | None = None
) -> Source:
    """A CSV file in `encoding`, else in UTF-8 or GB 18030, with commas, semicolons or tabs."""
    nothing = Source(path.name, (), [], whole=False)
    text = _decode(path, problems, notices, encoding)
    if text is None:
        return nothing
    records = _records(text, path.name, problems)
    first, header = next(records, (1, []))
    if first is None:
        return nothing
    columns = tuple(name.strip() for name in header)
    if not _columns_are_right(path.name, columns, problems):
        return nothing
    found: list[Record] = []
    broken = 0
    for line, cells in records:
        if line is None:
            return Source(path.name, columns, found, whole=False)
        if len(cells) != len(columns):
            problems.add(
                path.name,
                line,
                None,
                f"has {len(cells)} cells where the header has {len(columns)}; put cells that hold "
                "the separator in quotes",
            )
            broken += 1
            continue
        stripped = (cell.strip() for cell in cells)
        found.append(Record(line, dict(zip(columns, stripped, strict=True))))
    return Source(path.name, columns, found, whole=True, broken=broken)


def read_json_lines(path: Path, problems: Problems) -> Source:
    """A file with an object of texts and numbers on each line, in UTF-8."""
    found: list[Record] = []
    columns: dict[str, None] = {}
    broken = 0
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        problems.add(path.name, None, None, f"cannot be read as UTF-8 ({error})")
        return Source(path.name, (), [], whole=False)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except (ValueError, RecursionError):
            cells = None
        if not isinstance(cells, dict) or any(
            isinstance(cell, dict | list | bool) for cell in cells.values()
        ):
            what = 'is no object of texts and numbers; write {"id": "1", …} on one line'
            problems.add(path.name, number, None, what)
            broken += 1
            continue
        columns |= dict.fromkeys(cells)
        texts = {name: "" if cell is None else str(cell).strip() for name, cell in cells.items()}
        found.append(Record(number, texts))
    return Source(path.name, tuple(columns), found, whole=True, broken=broken)


def _decode(path: Path, problems: Problems, notices: Notices, encoding: str | None) -> str | None:
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.add(path.name, None, None, f"cannot be read ({error.strerror})")
        return None
    if encoding is not None:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            what = f"is not {encoding}; name another --encoding, or save it as “CSV UTF-8”"
            problems.add(path.name, line, None, what)
            return None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.add(path.name, None, None, "is UTF-16; save it as “CSV UTF-8”")
        return None
    for known in ("utf-8-sig", "gb18030"):  # Chinese Excel's plain CSV is GB 18030
        try:
            text = raw.decode(known)
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            continue
        if known == "gb18030" and not reads_as_chinese(text, raw):
            break
        if known == "gb18030":
            notices.add("Files that are not UTF-8, read as Chinese in GB 18030", path.name)
        return text
    else:
        problems.add(path.name, line, None, "is neither UTF-8 nor GB 18030; save it as “CSV UTF-8”")
        return None
    what = "is not UTF-8, and makes no sense as GB 18030; save it as “CSV UTF-8”, or name its "
    problems.add(path.name, None, None, f"{what}encoding, such as --encoding big5")
    return None


def reads_as_chinese(text: str, raw: bytes) -> bool:
    """Whether bytes that can be GB 18030 are likely to be. Every text of another East Asian
    encoding can be read as one, but gives characters that are hardly ever written: outside the
    6,763 of GB 2312. Korean gives common ones, but none of the second half by sound."""
    han = [character for character in text if ord(character) > 0x7F and character.isalnum()]
    odd = [c for c in text if "\ue000" <= c <= "\uf8ff"] + [c for c in han if not _is_common(c)]
    if len(odd) > _ODD_SHARE * max(len(han), 1):
        return False
    try:
        korean = raw.decode("euc_kr")
    except UnicodeDecodeError:
        return True
    hangul = [character for character in korean if "\uac00" <= character <= "\ud7a3"]
    return len(hangul) < max(_KOREAN_FROM, len(han))


def _is_common(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _records(text: str, file: str, problems: Problems) -> Iterator[tuple[int | None, list[str]]]:
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
            problems.add(file, line, None, f"is not CSV from here on ({error})")
            yield None, []
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


def _columns_are_right(file: str, columns: tuple[str, ...], problems: Problems) -> bool:
    """Each has a name of its own."""
    right = True
    lower = [name.lower() for name in columns]
    for position, name in enumerate(lower):
        what = ""
        if not name:
            what = f"the {position + 1}. column has no name; name it or remove it"
            problems.add(file, 1, None, what)
        elif name in lower[:position] and lower.index(name) == lower[:position].index(name):
            what = "stands twice; keep one"
            problems.add(file, 1, columns[position], what)
        right = right and not what
    return right
