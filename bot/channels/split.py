"""Long texts in pieces that a platform takes, cut where a reader would pause."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

Measure = Callable[[str], int]

# Behind these a text may be cut, the best place first.
_PAUSES = (
    re.compile(r"\n\n+"),
    re.compile(r"\n"),
    re.compile(r"[。！？!?…]+[”’」』）)\"']*|\.(?=\s)"),
    re.compile(r"[；;，,、：:]"),
    re.compile(r"\s"),
)
_JOINER = "\u200d"


def utf16(text: str) -> int:
    """Length in UTF-16 units, as JavaScript and Telegram count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8(text: str) -> int:
    """Length in bytes of UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def split(text: str, limit: int, measure: Measure = len) -> list[str]:
    """Pieces of at most `limit` by `measure`, which never shrinks when a text grows. Joined they
    are the text, but for white space where it was cut. No joined emoji, combined letter or flag is
    taken apart, unless it alone is longer than the limit."""
    pieces = []
    rest = text.strip()
    while rest:
        end = _longest(rest, limit, measure)
        if end < len(rest):
            end = _pause(rest, end)
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [piece for piece in pieces if piece]


def _longest(text: str, limit: int, measure: Measure) -> int:
    """Characters of the longest beginning within the limit; at least one."""
    if measure(text) <= limit:
        return len(text)
    least, most = 1, min(len(text), limit)
    while least < most:
        middle = (least + most + 1) // 2
        if measure(text[:middle]) <= limit:
            least = middle
        else:
            most = middle - 1
    return least


def _pause(text: str, end: int) -> int:
    """The best place to cut, in the second half of what fits."""
    for pause in _PAUSES:
        places = [found.end() for found in pause.finditer(text, 0, end)]
        if places and places[-1] > end // 2:
            return places[-1]
    return next(_breaks(text, end), end)


def _breaks(text: str, end: int) -> Iterator[int]:
    """Places from `end` on to the left where no character is taken apart."""
    for place in range(end, 0, -1):
        if not _joined(text, place):
            yield place


def _joined(text: str, place: int) -> bool:
    """Whether the characters on both sides of the place are shown as one."""
    before, after = text[place - 1], text[place]
    if after == _JOINER or before == _JOINER or unicodedata.combining(after):
        return True
    if unicodedata.category(after) in ("Mn", "Me", "Mc") or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True  # marks, variation selectors, skin tones
    if _is_flag(after) and _is_flag(before):
        run = 0
        while run < place and _is_flag(text[place - 1 - run]):
            run += 1
        return run % 2 == 1
    return False


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
