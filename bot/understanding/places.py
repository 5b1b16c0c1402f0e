"""What of a list a text points to ("the first two", 第一个和第三个, "the small one", 儿童款), or
whether to none of it. Grammar of Chinese and English; no goods stand here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.lexical import terms

_ORDINALS = [
    (r"第[一1]|\bfirst\b", 0),
    (r"第[二2]|\bsecond\b", 1),
    (r"第[三3]|\bthird\b", 2),
    (r"最后|\blast one\b", -1),
]
# "Is there anything waterproof?" asks what there is, not about the product talked of.
_OPEN = re.compile(r"\b(?:any|some)thing\b", re.I)
_FIRST_FEW = re.compile(r"前([两二2三3])|\bfirst (two|2|three|3)\b")

# Measure words that goods are counted by.
MEASURE = "[个款种只件条张台双顶把瓶包袋罐盒支块套辆本]"
_CHARACTERS = r"[^\s，。？！、,.?!那这哪]"
_COMPARING = "(?:[大小贵轻重长短厚薄粗细宽窄新旧]|便宜|实惠)"
_DESCRIBED = [
    re.compile(pattern, re.I)
    for pattern in (
        rf"[那这]一?{MEASURE}({_CHARACTERS}{{1,8}}?)的(?![话时])",  # 那个儿童的
        rf"(?!另)({_CHARACTERS}{{1,8}}?)的?[那这]一?{MEASURE}(?!的)",  # 大的那个
        rf"({_CHARACTERS}{{1,6}}?)(?<![退付汇贷罚])款(?![式项的])",  # 儿童款
        # 大的呢
        rf"(更?{_COMPARING})的(?=\s*(?:[呢吧吗有多能可够要是好行]|$|[，。？！,.?!]))",
        rf"(?:^|[那要])({_CHARACTERS}{{1,6}}?)的(?=\s*呢)",  # 75 寸的呢
        r"\b(?:the|that|your)\s+(?!other\s)((?:[\w'-]+\s+){1,3}?)ones?\b",
        r"\b(?:the|that)\s+(\d{2,4})\b(?!\s*[\w%])",  # "no, the 400"
        r"\bthe\s+(\w+)\s+of\s+(?:the\s+(?:two|three)|them|those|these)\b",
    )
]
_OTHER = re.compile(
    rf"另外?(?:的)?[那一]?{MEASURE}"
    r"|\bthe other(?:\s+one)?\b(?=\s*(?:[?.!,]|$|(?:is|does|has|in|costs?|and|then|for|with)\b))",
    re.I,
)
# "Which colours do you have?" asks for no product; 哪个颜色 neither.
_OPTION = r"(?:颜色|色|码|尺|号|型号|规格|口味|版本|尺寸)"
_WHICH = re.compile(
    rf"哪一?{MEASURE}(?!\s*{_OPTION})|谁(?=更|最)"
    r"|\bwhich(?:\s+ones?\b|\s+of\s+(?:the\s+(?:two|three)|these|those|them|both)\b"
    r"|(?=\s+(?:is|are|has|have|does|do|can|could|will|would|should)\b)"
    r"|['’]s\b|(?=\s+[a-z]+s\s+(?!do\b|does\b|are\b|is\b|have\b|can\b|come\b|did\b|will\b)))",
    re.I,
)
# Says that it should be good, and not by what.
_JUDGING = re.compile(
    r"[更比较最还]*(?:好|合适|推荐|建议|划算|值得?|适合)|买|选|一点|些"
    r"|\b(?:good|better|best|recommend(?:ed)?|suggest|buy|get|take|choose|pick|then)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Pointing:
    """`text[start:end]` points to one of several by these `words`; "" where it is the other."""

    start: int
    end: int
    words: str = ""


def picked_by_place(text: str, shown: list[str]) -> list[str]:
    """Those of a list that a text names by their place: "the first two", "第一个和第三个"."""
    lowered = text.lower()
    if few := _FIRST_FEW.search(lowered):
        return shown[: 2 if (few[1] or few[2]) in "两二2two" else 3]
    return [
        shown[position]
        for pattern, position in _ORDINALS
        if re.search(pattern, lowered) and -len(shown) <= position < len(shown)
    ]


def pointings(text: str) -> Iterator[Pointing]:
    """What points to one of several by what it is, before what points to the other one."""
    for pattern in _DESCRIBED:
        for match in pattern.finditer(text):
            yield Pointing(match.start(), match.end(), match[1].strip())
    for match in _OTHER.finditer(text):
        yield Pointing(match.start(), match.end())


# 这个, "it": one thing, and by nothing that it is.
_ONE_THING = re.compile(
    rf"(?<!哪)[这那]一?{MEASURE}(?![月星])|它(?!们)|\b(?:this|that)\s+one\b|\b(?:it|this|that)\b(?=\s|['’]s\b|[?,.!]|$)"
    rf"(?!\s+(?:possible|ok|okay|true|free|up\s+to)\b)",
    re.I,
)


def one_thing(text: str) -> tuple[int, int] | None:
    """Where a text points to one thing by no more than "this" or "it"; None where it does not."""
    match = _ONE_THING.search(text)
    return match.span() if match else None


def which_of_them(text: str) -> tuple[int, int] | None:
    """Where a text asks which of several it is that is so: "which one" of "which one is lighter",
    哪个 of 哪个抗风; None where it does not."""
    match = _WHICH.search(text)
    return match.span() if match else None


def says_by_what(text: str) -> bool:
    """Whether a text that asks which one says more than that it should be good."""
    match = _WHICH.search(text)
    rest = text[: match.start()] + " " + text[match.end() :] if match else text
    return bool(set(terms(_JUDGING.sub(" ", rest))))


def asks_what_there_is(text: str) -> bool:
    """Whether a text asks for anything that is so, not about what was talked of."""
    return _OPEN.search(text) is not None
