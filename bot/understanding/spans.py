"""The words that a reading marks in a request, as whole words.

The model marks tokens of its own, which may begin or end within a word: "fragran", 鱼味 of
三文鱼味. What stands before a Chinese noun to count it is no part of it: 鞋 of 哪双鞋.
"""

from __future__ import annotations

import re

from bot.understanding.places import MEASURE
from bot.understanding.reading import Request, Span
from retrieval.lexical import terms
from retrieval.text import tokenize

# Words for what was ordered, whatever it is.
_WHATEVER = re.compile(
    r"(?:(?:my|the|a|last) )*(?:parcel|package|packet|order|shipment|delivery|box|stuff|thing|item"
    r"|goods|product|purchase)s?"
    r"|[我你的那这个件]{0,6}(?:包裹|快递|快件|东西|货物?|订单|单子?|商品|物品|宝贝)",
    re.I,
)
_GOODS = frozenset({"product", "goods", "other_product"})
_BESIDE = 2  # characters between an option and its goods: a space, 的


def said(request: Request, *kinds: str) -> list[str]:
    """The words of all spans of these kinds, in order, each widened to whole words and once; those
    that tell nothing ("the", 的) are left out."""
    whole = [_whole(request, span) for span in request.spans if span.kind in kinds]
    return list(dict.fromkeys(request.words[start:end] for start, end in filter(None, whole)))


def goods(request: Request) -> str:
    """The first words of a request for goods, with the option that stands before them: "blue
    jacket", 蓝色的外套; "" where it names none, or only calls them a parcel."""
    options = [_whole(request, span) for span in request.spans if span.kind == "option"]
    for each in request.spans:
        place = _whole(request, each)
        if each.kind not in _GOODS or place is None:
            continue
        start, end = place
        if _WHATEVER.fullmatch(request.words[start:end]):
            continue
        before = (o[0] for o in options if o is not None and 0 <= start - o[1] <= _BESIDE)
        return request.words[next(before, start) : end]
    return ""


def _whole(request: Request, span: Span) -> tuple[int, int] | None:
    """Where the words of a span stand in those of its request, widened to whole ones; None where
    they tell nothing."""
    start, end = span.start - request.start, span.end - request.start
    tokens = [t for t in tokenize(request.words) if t.start < end and start < t.end]
    while tokens and not terms(tokens[0].text):
        del tokens[0]
    while tokens and not terms(tokens[-1].text):
        del tokens[-1]
    if not tokens:
        return None
    first = tokens[0].start
    # A measure word that was cut off with the goods is none of them: 件|外套.
    begin = start if re.fullmatch(MEASURE, request.words[first:start]) else first
    return begin, tokens[-1].end
