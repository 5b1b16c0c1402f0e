"""Which of the shop's own things, such as tiers and classes, a text names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from data.models import Localized


def named(text: str, things: Mapping[str, Iterable[str]]) -> list[str]:
    """Ids whose words stand in the text, in the order of their mention. Of words that overlap the
    longest counts: who says "Gold Plus" does not name Gold."""
    spans = sorted(
        (match.start() - match.end(), match.start(), match.end(), thing)
        for thing, words in things.items()
        for word in words
        for match in re.finditer(_pattern(word), text, re.IGNORECASE)
    )
    taken: list[tuple[int, int, str]] = []
    for _, start, end, thing in spans:
        if all(end <= other or start >= last for other, last, _ in taken):
            taken.append((start, end, thing))
    return list(dict.fromkeys(thing for *_, thing in sorted(taken)))


def words_of(name: Localized | None, words: Iterable[str]) -> list[str]:
    """A name in both languages and what else the thing is called."""
    return [*([name.zh, name.en] if name else []), *words]


def _pattern(word: str) -> str:
    """Whole words, where the writing has spaces."""
    before = r"\b" if re.match(r"[A-Za-z0-9_]", word) else ""
    after = r"\b" if re.search(r"[A-Za-z0-9_]$", word) else ""
    # In "用Gold卡" a Chinese character stands beside the word: no word of the same writing.
    return f"(?a:{before}{re.escape(word)}{after})"
