"""Where a text speaks of a store: "your … shop", 在…有门店吗. Grammar of Chinese and
English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_STORE = r"(?:门店|实体店|分店|体验店|旗舰店|店铺|专柜|店)(?![家员主长])"
_BETWEEN = r"(?:[市区省那这的边里]|哪|有没有|有|没|开了?|几?[个家])*"
_SHOP = r"(?:store|shop|branch|branche|showroom|outlet)s?"


_IN = [
    re.compile(pattern, re.I)
    for pattern in (
        rf"\b{_SHOP}\b[^.!?]{{0,20}}?\b(?:in|at|near|around) ([a-z][\w-]*)",
        rf"\b([a-z][\w-]*) {_SHOP}\b",
    )
]


def where(text: str, marked: Iterable[str] = ()) -> Iterator[str]:
    """The words at which a text speaks of a store, which may name a place; `marked`: words that the
    reading takes for one."""
    for words in marked:
        if re.search(rf"{re.escape(words)}{_BETWEEN}{_STORE}", text):
            yield words
    for pattern in _IN:
        yield from pattern.findall(text)
