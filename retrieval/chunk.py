"""Markdown to plain text in pieces short enough to embed and to quote.

Knows the Markdown that help pages are written in: headings, paragraphs, lists, tables, quotes,
fenced text, and inline marks. Anything else is text; no Markdown is an error.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from retrieval.text import HAN, sentences
from retrieval.types import Language

MAX_TOKENS = 220


@dataclass(frozen=True, slots=True)
class Unit:
    """What is never cut apart: a sentence, a list item, a table row.

    `lead` is the line that introduces a list; it is repeated where a list goes on in the next
    piece. `line` says that the unit begins a line of its own; `opens` that it begins a paragraph.
    """

    text: str
    line: bool = False
    lead: str | None = None


@dataclass(slots=True)
class Section:
    """The text under one heading. `path` holds the headings above it, outermost first."""

    path: tuple[str, ...]
    units: list[Unit] = field(default_factory=list)


_HAN_COUNT = re.compile(f"[{HAN}]")
_WORDS = re.compile(r"[A-Za-z0-9]+|[^\w\s]")


def estimate_tokens(text: str) -> int:
    """About how many tokens the embedder makes of a text (within a fifth on shop texts)."""
    han = len(_HAN_COUNT.findall(text))
    other = len(_WORDS.findall(text))
    return math.ceil(han * 0.7 + other * 1.2)


def parse(markdown: str, language: Language) -> list[Section]:
    """Sections in reading order; those without text are left out."""
    sections = [Section(())]
    headings: list[tuple[int, str]] = []
    for block in _blocks(markdown):
        if isinstance(block, _Heading):
            headings = [(level, text) for level, text in headings if level < block.level]
            headings.append((block.level, block.text))
            sections.append(Section(tuple(text for _, text in headings)))
        else:
            sections[-1].units += _units(block, sections[-1].units, language)
    return [section for section in sections if section.units]


def pack(units: list[Unit], language: Language, limit: int = MAX_TOKENS) -> list[str]:
    """Joins units into texts of at most `limit` tokens, about equally long.

    A unit that is longer than that alone (text without any punctuation) is cut at spaces, or else
    anywhere.
    """
    units = [piece for unit in units for piece in _cut(unit, limit)]
    sizes = [estimate_tokens(unit.text) for unit in units]
    pieces = max(1, math.ceil(sum(sizes) / limit))
    target = sum(sizes) / pieces
    texts: list[str] = []
    current: list[Unit] = []
    filled = 0
    for unit, size in zip(units, sizes, strict=True):
        full = current and (filled + size > limit or filled + size / 2 > target)
        if full:
            texts.append(_join(current, language))
            current, filled = [], 0
            if unit.lead is not None:
                current.append(Unit(unit.lead, line=True))
                filled = estimate_tokens(unit.lead)
        current.append(unit)
        filled += size
    if current:
        texts.append(_join(current, language))
    return texts


def _cut(unit: Unit, limit: int) -> Iterator[Unit]:
    if estimate_tokens(unit.text) <= limit:
        yield unit
        return
    rest = unit.text
    width = max(limit, len(rest) * limit // estimate_tokens(rest))
    line = unit.line
    while rest:
        end = width
        if len(rest) > width:
            space = max(rest.rfind(mark, width // 2, width) for mark in " ，,；;、")
            end = space + 1 if space > 0 else width
        yield Unit(rest[:end].strip(), line=line, lead=unit.lead)
        rest, line = rest[end:].strip(), False


def _join(units: list[Unit], language: Language) -> str:
    text = ""
    for unit in units:
        if not text:
            text = unit.text
        elif unit.line:
            text += "\n" + unit.text
        else:
            text += ("" if language == "zh" else " ") + unit.text
    return text


# --- blocks ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Heading:
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class _Paragraph:
    lines: list[str]


@dataclass(frozen=True, slots=True)
class _List:
    items: list[str]


@dataclass(frozen=True, slots=True)
class _Table:
    header: list[str]
    rows: list[list[str]]


_Block = _Heading | _Paragraph | _List | _Table

_HEADING = re.compile(r"^ {0,3}(#{1,6})(?:\s+(.*?))?\s*#*\s*$")
_ITEM = re.compile(r"^(\s*)(?:([-*+•])|(\d{1,3})[.)、])\s+(\S.*)$")
_RULE = re.compile(r"^ {0,3}(?:[-*_]\s*){3,}$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_DIVIDER = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def _blocks(markdown: str) -> Iterator[_Block]:
    lines = _COMMENT.sub("", markdown.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    i = 0
    paragraph: list[str] = []
    while i < len(lines):
        line = re.sub(r"^\s*(?:>\s?)+", "", lines[i])
        heading, fence = _HEADING.match(line), _FENCE.match(line)
        table = "|" in line and i + 1 < len(lines) and _is_divider(lines[i + 1])
        marked = heading or fence or table or _ITEM.match(line) or _RULE.match(line)
        if line.strip() and not marked:
            paragraph.append(line)
            i += 1
            continue
        if paragraph:
            yield _Paragraph(paragraph)
            paragraph = []
        if heading:
            if text := inline(heading.group(2) or ""):
                yield _Heading(len(heading.group(1)), text)
            i += 1
        elif fence:
            end = i + 1
            while end < len(lines) and not lines[end].lstrip().startswith(fence.group(1)):
                end += 1
            if body := [text for text in lines[i + 1 : end] if text.strip()]:
                yield _List(body)
            i = end + 1
        elif table:
            i, block = _read_table(lines, i)
            yield block
        elif _RULE.match(line) or not line.strip():
            i += 1
        else:
            i, items = _read_list(lines, i)
            yield _List(items)
    if paragraph:
        yield _Paragraph(paragraph)


def _is_divider(line: str) -> bool:
    return "-" in line and bool(_DIVIDER.match(line))


def _read_table(lines: list[str], i: int) -> tuple[int, _Table]:
    header = _cells(lines[i])
    i += 2
    rows = []
    while i < len(lines) and "|" in lines[i]:
        rows.append(_cells(lines[i]))
        i += 1
    return i, _Table(header, rows)


def _cells(line: str) -> list[str]:
    line = line.strip().removeprefix("|")
    line = re.sub(r"(?<!\\)\|$", "", line)
    cells = re.split(r"(?<!\\)\|", line)
    return [inline(cell.replace("\\|", "|").replace("<br>", " ")) for cell in cells]


def _read_list(lines: list[str], i: int) -> tuple[int, list[str]]:
    """Items with their number when numbered; indented lines go on with the item above."""
    items: list[str] = []
    while i < len(lines):
        item = _ITEM.match(lines[i])
        if item:
            number, text = item.group(3), item.group(4)
            items.append(f"{number}. {text}" if number else text)
        elif lines[i].strip() and lines[i][0] in " \t":
            items[-1] += " " + lines[i].strip()
        elif not lines[i].strip() and i + 1 < len(lines) and _ITEM.match(lines[i + 1]):
            pass
        else:
            break
        i += 1
    return i, items


def _units(block: _Block, before: list[Unit], language: Language) -> list[Unit]:
    if isinstance(block, _Table):
        lead = _lead(before)
        return [
            Unit(_row(block.header, row, language), line=True, lead=lead)
            for row in block.rows
            if any(row)
        ]
    if isinstance(block, _List):
        lead = _lead(before)
        items = [inline(item) for item in block.items]
        return [Unit(item, line=True, lead=lead) for item in items if item]
    assert isinstance(block, _Paragraph)  # noqa: S101 - headings never come here
    joiner = "" if language == "zh" else " "
    text = ""
    for line in block.lines:
        # Two spaces or a backslash at the end break the line; else a paragraph is one run.
        end = "\n" if line.endswith(("  ", "\\")) else joiner
        text += inline(line.rstrip().removesuffix("\\")) + end
    found = sentences(text, language)
    return [Unit(sentence, line=i == 0) for i, sentence in enumerate(found)]


def _lead(before: list[Unit]) -> str | None:
    if before and before[-1].text.endswith((":", "：")):
        return before[-1].text
    return None


def _row(header: list[str], row: list[str], language: Language) -> str:
    """A table's row as a line that stands alone: "Size M: chest 96–104 cm; waist 82–90 cm."."""
    colon, separator, stop = ("：", "；", "。") if language == "zh" else (": ", "; ", ".")
    pairs = [
        " ".join(part for part in (name, cell) if part)
        for name, cell in zip(header + [""] * len(row), row, strict=False)
        if cell
    ]
    if not pairs:
        return ""
    text = pairs[0] + (colon + separator.join(pairs[1:]) if len(pairs) > 1 else "")
    return text if text.endswith((".", "。")) else text + stop


# --- inline marks ---------------------------------------------------------------------------

# Spans are bounded, so that a page of unclosed marks takes no more time than any other.
_INLINE = [
    (re.compile(r"!\[([^\[\]]{0,300})\]\([^()]{0,500}\)"), r"\1"),
    (re.compile(r"\[([^\[\]]{1,300})\]\([^()]{0,500}\)"), r"\1"),
    (re.compile(r"\[([^\[\]]{1,300})\]\[[^\[\]]{0,100}\]"), r"\1"),
    (re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,500})>"), r"\1"),
    # What chat models take for the beginning of a new speaker: no page needs it.
    (re.compile(r"<\|[^<>|]{1,60}\|>"), ""),
    (re.compile(r"</?[A-Za-z][^<>]{0,300}>"), ""),
    (re.compile(r"`{1,3}([^`]{1,300})`{1,3}"), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)(.{1,300}?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*]{1,300})(?<=\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_]{1,300})(?<=\S)_(?![\w_])"), r"\1"),
    (re.compile(r"~~(.{1,300}?)~~"), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])"), r"\1"),
]


def inline(text: str) -> str:
    """One line without inline marks; a link keeps its words, an image its description."""
    for pattern, replacement in _INLINE:
        text = pattern.sub(replacement, text)
    return re.sub(r"\s+", " ", html.unescape(text)).strip()
