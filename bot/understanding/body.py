"""What a text tells of a body, to choose a size by. Closed classes of Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bot.understanding.quantities import UNDATED, Quantity, read, units

Part = Literal["height", "weight", "chest", "waist"]

_ASKS = re.compile(
    r"(?:什么|多大|哪个?|几|啥|多少)(?:尺?码|尺寸|号)|[穿选拿买]多大|尺?码(?:怎么|咋)选"
    r"|\b(?:what|which)\s+(?:[\w-]+\s+){0,2}sizes?\b|\bsizes?\s+(?:should|would|do|shall|to|am)\b"
    r"|\bsize\s+(?:for|up|down)\b",
    re.I,
)
# How the columns of a size chart and the customers call what is measured.
NAMES: Mapping[Part, re.Pattern[str]] = {
    "height": re.compile(r"身高|个子|\bheight\b|\btall\b", re.I),
    "weight": re.compile(r"体重|\bweight\b|\bweigh\b", re.I),
    "chest": re.compile(r"胸围|\bchest\b|\bbust\b", re.I),
    "waist": re.compile(r"腰围|\bwaist\b", re.I),
}
_WOMAN = re.compile(r"女|太太|妈|她|\b(?:wom[ae]n|female|lad(?:y|ies)|girl|wife|she|her)\b", re.I)
_MAN = re.compile(
    r"男|先生|爸|老公|(?<![其吉])他(?!们)"
    r"|\b(?:m[ae]n|male|gentlem[ae]n|boy|husband|boyfriend|dad|father|he|him|his|guy)\b",
    re.I,
)
# Centimetres and kilograms of grown-ups and of children who choose by a chart.
_HEIGHTS, _WEIGHTS = (Decimal(90), Decimal(220)), (Decimal(25), Decimal(200))
_BEFORE = 12  # characters before a figure that may say what is measured


@dataclass(frozen=True)
class Body:
    """Centimetres and kilograms, by what is measured; `woman`, `man`: the text speaks of one."""

    figures: Mapping[Part, Decimal]
    woman: bool = False
    man: bool = False


def asks_size(text: str) -> bool:
    """Whether a text asks which size to take."""
    return _ASKS.search(text) is not None


def is_for_women(heading: str) -> bool:
    """Whether a chart that stands under this heading is for women."""
    return _WOMAN.search(heading) is not None


def told(text: str) -> Body:
    """What a text tells of a body: by the words before a figure, by its unit, and of figures
    without either the first that is as long as somebody is tall."""
    found: dict[Part, Decimal] = {}
    last = 0
    for said in read(text, UNDATED):
        value = _in_metric(said)
        before = text[max(last, said.start - _BEFORE) : said.start]
        last = said.end
        if value is None:
            continue
        named = [(m.end(), part) for part, n in NAMES.items() for m in n.finditer(before)]
        part = max(named)[1] if named else _by_size(said, value)
        if said.role == "price" and not named:
            continue
        if part is not None:
            found.setdefault(part, value)
    woman = is_for_women(text)
    return Body(found, woman, not woman and _MAN.search(text) is not None)


def together(words: str, parts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same parts of a text, those in one that tell of a body and that ask which size: "is it
    for somebody of 1.70 m, and in what size?"."""
    asks = [n for n, (start, end) in enumerate(parts) if asks_size(words[start:end])]
    tells = [n for n, (start, end) in enumerate(parts) if told(words[start:end]).figures]
    if not asks or not tells:
        return list(parts)
    first, last = min(asks[0], tells[0]), max(asks[0], tells[-1])
    return [*parts[:first], (parts[first][0], parts[last][1]), *parts[last + 1 :]]


def _in_metric(said: Quantity) -> Decimal | None:
    """Centimetres or kilograms; a figure without a unit as it is."""
    if not isinstance(said.value, Decimal) or said.to is not None:
        return None
    if said.unit is None:
        return said.value
    for unit in ("cm", "kg"):
        if (value := units.same(said.value, said.unit, unit)) is not None:
            return value
    return None


def _by_size(said: Quantity, value: Decimal) -> Part | None:
    unit = units.UNITS.get(said.unit or "")
    if (unit is None or unit.what == "length") and _HEIGHTS[0] <= value <= _HEIGHTS[1]:
        return "height"
    if unit is not None and unit.what == "mass" and _WEIGHTS[0] <= value <= _WEIGHTS[1]:
        return "weight"
    return None
