"""Plain words for what the reading finds too seldom so far, beside it: whoever is upset, what is
not wanted, that a price is asked. On trades that it never saw the reading finds more than these
words do, and both find the most."""

from __future__ import annotations

import re

from bot.understanding.reading import Reading, Request

_UPSET_MOODS = frozenset({"annoyed", "angry"})
_UPSET = re.compile(
    r"投诉|差评|太差|垃圾|骗|失望|生气|气死|无语|受不了|什么破|"
    r"\bcomplain|\bangry\b|\bfurious\b|\bterribl|\bawful|\bridiculous|\bscam|\bdisappoint|"
    r"\bworst\b|\bunacceptable\b|\bfed up\b",
    re.I,
)
_WITHOUT = re.compile(
    r"(?:不要|不想要|别要|除了|不喜欢)\s*(?P<zh>[\u4e00-\u9fff]{1,6}?)(?:的|色|以外|$|，|,|。)"
    r"|对\s*(?P<ill>[\u4e00-\u9fff]{1,6}?)过敏"
    r"|\ballergic to\s+(?:all\s+|any\s+)?(?P<sick>[a-z]{3,})"
    r"|\b(?:not|no|without|except|nothing (?:in|with))\s+(?:any\s+|made of\s+)?(?P<en>[a-z]{3,})",
    re.I,
)
_BEFORE = 80  # characters that may tell that it is of theirs
# What somebody has not, where they live, is no wish: "I live on the fifth floor, no lift".
_OF_THEIRS = re.compile(
    r"(?:\b(?:i|we)(?:['’]ve|\s+have|\s+had)?(?:\s+got)?|\bthere(?:['’]s|\s+is|\s+are)"
    r"|\b(?:live[sd]?|living)\b(?:(?!\b(?:i|we|need|want|looking)\b)[^.;!?]){0,60}?)\s*$",
    re.I,
)
# What stands behind "no" and "not" and is a measure: "no more than 500", "not over 2 kg".
_BOUNDS = frozenset({"more", "too", "very", "over", "above", "less", "under", "below", "longer"})
_BOUNDS_ZH = ("超过", "高于", "多于", "大于", "低于", "少于")


def upset(reading: Reading) -> bool:
    """Whether whoever wrote it is annoyed or angry."""
    return reading.mood in _UPSET_MOODS or any(
        _UPSET.search(request.words) for request in reading.requests
    )


def excluded(request: Request) -> list[str]:
    """The words for what is not wanted, in order, each once."""
    read = request.said("excluded")
    said = [
        word
        for match in _WITHOUT.finditer(request.words)
        if (word := match["zh"] or match["ill"] or match["sick"] or match["en"])
        and word.lower() not in _BOUNDS
        and not word.startswith(_BOUNDS_ZH)
        and not _OF_THEIRS.search(request.words[max(0, match.start() - _BEFORE) : match.start()])
        and not any(word in words for words in read)
    ]
    return list(dict.fromkeys([*read, *said]))


_PRICE = re.compile(r"多少钱|什么价|价格|几块|花了|付了|\b(?:how much|paid|pay|cost|price)\b", re.I)


def asks_price(text: str) -> bool:
    """Whether what something cost or costs is asked."""
    return _PRICE.search(text) is not None


_WORTH = re.compile(r"值不值|值得?[吗么嘛]|值得|划算|\bworth\b", re.I)


def asks_worth(text: str) -> bool:
    """Whether it is asked what something is worth beside another."""
    return _WORTH.search(text) is not None
