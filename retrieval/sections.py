"""Text in sections, and sections in texts short enough to embed and to quote."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from retrieval.text import HAN, sentences
from retrieval.types import Language

MAX_TOKENS = 220


@dataclass(frozen=True, slots=True)
class Unit:
    """What is never cut apart: a sentence, a list item, a table row.

    `lead` is the line that introduces a list; it is repeated where a list goes on in the next
    piece. `line` says that the unit begins a line of its own.
    """

    text: str
    line: bool = False
    lead: str | None = None


@dataclass(slots=True)
class Section:
    """The text under one heading. `path` holds the headings above it, outermost first."""

    path: tuple[str, ...]
    units: list[Unit] = field(default_factory=list)
    is_pair: bool = False  # the last heading is a question, the text its answer


# Marks of lists that people write and Markdown does not know: "1、", "（1）", "•".
_LIST_ITEM = re.compile(r"^(?:[•·]\s*|(?=\d{1,3}[、）)]|[（(]\d{1,3}[）)]))")
# How pairs of question and answer are marked in running text: "Q: …", "Q3. …", "问：…", "答：…".
_QUESTION = re.compile(
    r"(?:Q(?:uestion)?\s?\d{0,3}\s?[.:：、]|问题?\s?\d{0,3}\s?[:：])\s*(?=\S)", re.I
)
_ANSWER = re.compile(
    r"(?:A(?:nswer)?\s?\d{0,3}\s?[.:：、]|[答]案?\s?\d{0,3}\s?[:：])\s*(?=\S)", re.I
)
PAIR = 7  # the level of a question that an answer follows: below all headings


def begins_line(text: str) -> bool:
    """Whether a line of running text stands alone: a marked item, question or answer."""
    return any(mark.match(text) for mark in (_LIST_ITEM, _QUESTION, _ANSWER))


class Collector:
    """Gathers the units of a document under its headings, in reading order."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._headings: list[tuple[int, str]] = []
        self.sections = [Section(())]

    def open(self, level: int, text: str) -> None:
        """A heading; those of its level and below it end."""
        text = " ".join(text.split())
        if text:
            self._headings = [(at, above) for at, above in self._headings if at < level]
            self._headings.append((level, text))
            path = tuple(text for _, text in self._headings)
            self.sections.append(Section(path, is_pair=level == PAIR))

    def paragraph(self, text: str) -> None:
        """Lines of running text; marked items of lists and marked questions begin their own."""
        lead, prose = self.lead(), ""
        for line in text.split("\n"):
            asked = _QUESTION.match(line)
            item = _LIST_ITEM.match(line)
            if asked:
                self._prose(prose)
                prose = ""
                self.open(PAIR, line[asked.end() :])
            elif item:
                self._prose(prose)
                prose, lead = "", lead if not prose else self.lead()
                self.lines([line[item.end() :]], lead)
            else:
                prose += line + "\n"
        self._prose(prose)

    def _prose(self, text: str) -> None:
        for line in text.split("\n"):
            answered = _ANSWER.match(line) if self._is_asked() else None
            found = sentences(line[answered.end() :] if answered else line, self.language)
            self.sections[-1].units += [Unit(one, line=i == 0) for i, one in enumerate(found)]

    def _is_asked(self) -> bool:
        """Whether a marked question waits for its answer."""
        last = self._headings[-1:]
        return bool(last) and last[0][0] == PAIR and not self.sections[-1].units

    def lines(self, lines: Iterable[str], lead: str | None = None) -> None:
        """Lines that stand alone: items of a list, rows of a table."""
        lead = lead or self.lead()
        self.sections[-1].units += [Unit(text, line=True, lead=lead) for text in lines if text]

    def lead(self) -> str | None:
        """The line that introduces what follows, if one does."""
        before = self.sections[-1].units
        return before[-1].text if before and before[-1].text.endswith((":", "：")) else None

    def found(self) -> list[Section]:
        """The sections that hold text."""
        return [section for section in self.sections if section.units]


_HAN_COUNT = re.compile(f"[{HAN}]")
_WORDS = re.compile(r"[A-Za-z0-9]+|[^\w\s]")


def estimate_tokens(text: str) -> int:
    """About how many tokens the embedder makes of a text (within a fifth on shop texts)."""
    han = len(_HAN_COUNT.findall(text))
    other = len(_WORDS.findall(text))
    return math.ceil(han * 0.7 + other * 1.2)


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
