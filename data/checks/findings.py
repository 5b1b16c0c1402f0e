"""What a check says of one thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_EXAMPLES = 3


class Kind(StrEnum):
    """`WRONG` must be mended before the assistant starts or answers rightly; `ODD` is worth a look;
    of what is `SILENT` the assistant will not speak."""

    WRONG = "✗"
    ODD = "!"
    SILENT = "·"


@dataclass(frozen=True, slots=True)
class Finding:
    """`where`: the file, or what was imported; `text`: a sentence with what to do."""

    kind: Kind
    where: str
    text: str


def wrong(where: str, text: str) -> Finding:
    return Finding(Kind.WRONG, where, text)


def odd(where: str, text: str) -> Finding:
    return Finding(Kind.ODD, where, text)


def silent(where: str, text: str) -> Finding:
    return Finding(Kind.SILENT, where, text)


def some(things: Sequence[str]) -> str:
    """The first few of a list, and how many there are besides."""
    shown = ", ".join(things[:_EXAMPLES])
    more = len(things) - _EXAMPLES
    return f"{shown} and {more} more" if more > 0 else shown
