"""What a text of the shop says of a word: that it is so, that it is not, or nothing.

A product's text tells what it lacks as often as what it has ("no wireless charging", 不含酒精,
"fragrance-free"). A denial reaches from its word to the end of the sentence; these few words are a
closed class of each language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from retrieval.lexical import terms
from retrieval.text import HAN

_SENTENCE = re.compile(r"[.;](?=\s|$)|[。；！？!?\n]")
_DENIAL = re.compile(
    r"不(?:含|是|能|可|支持|带|会|适合|防|用|配|要|得|建议)|没有|无(?!线|论)|未|零(?!下|食|度)|非(?!常)|别"
    r"|\b(?:no|not|without|never|neither|nor|cannot|except|lacks?)\b|n['’]t\b|\bfree (?:of|from)\b",
    re.I,
)
# Behind the word itself: "fragrance-free", "sugar free".
_FREE = re.compile(r"[\s-]?free\b(?! (?:of|from)\b)", re.I)
# A few words beside the ones that are looked for: "oily and combination skin".
_APART = 8
_MOST_WORDS = 4  # of what is looked for; each more would multiply the ways to look


def says(texts: Iterable[str], words: str) -> bool | None:
    """Whether one of the texts says `words` of its subject: True as soon as one affirms it, False
    where all that speak of it deny it, None where none does. Case and plurals do not count; several
    words must stand together."""
    wanted = words.casefold().strip()
    if not wanted:
        return None
    found: bool | None = None
    for text in texts:
        for sentence in _SENTENCE.split(text.casefold()):
            told = _told(sentence, wanted)
            if told:
                return True
            found = told if told is not None else found
    return found


def _told(sentence: str, wanted: str) -> bool | None:
    start, end = _place(sentence, wanted)
    if end < 0:
        return None
    denied = _DENIAL.search(sentence[:start]) or _FREE.match(sentence, end)
    return not denied


def _place(sentence: str, wanted: str) -> tuple[int, int]:
    """Where the words stand in the sentence; (0, -1) where they do not."""
    if re.search(f"[{HAN}]", wanted):
        start = sentence.find(wanted)
        return (start, start + len(wanted)) if start >= 0 else (0, -1)
    spoken = [_forms(word) for word in [*dict.fromkeys(terms(wanted))][:_MOST_WORDS]]
    if not spoken:
        return 0, -1
    gap = rf"(?:[\s,/&-]+[\w'-]+){{0,{_APART}}}?[\s,/&-]+" if len(spoken) > 1 else ""
    match = re.search(rf"\b{gap.join(spoken)}\b", sentence)
    return match.span() if match else (0, -1)


def _forms(word: str) -> str:
    """A word in the singular and the plural."""
    if word.endswith("y"):
        return rf"{re.escape(word[:-1])}(?:y|ys|ies)"
    return rf"{re.escape(word)}(?:e?s)?"
