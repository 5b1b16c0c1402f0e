"""How a message goes on with what was said before, by the closed classes of both languages: a name
alone, several questions about one thing, several goods in a row, all of it together."""

from __future__ import annotations

import re
from itertools import pairwise

from bot.understanding.places import MEASURE

_LEAD = re.compile(
    r"\s*(?:(?:那么?|还有|换成?|要是|如果是?|再?看看)*|(?:(?:and|or|so|hm+|ok(?:ay)?|,)\s*)*"
    r"(?:(?:what|how)\s+about\s+)?(?:(?:the|your|that|for|with|in)\s+)*)",
    re.I,
)
_TAIL = re.compile(
    r"\s*(?P<asks>(?:的话)?\s*呢)?\s*(?:then|too|as well|one|instead)?\s*"
    r"(?P<mark>[?？]*)[\s.。!！]*",
    re.I,
)
_ASKS = re.compile(r"\b(?:and|or|what about|how about)\b", re.I)

_MOST = 3  # questions; more are asked in the last one's words
_QUESTION = (
    r"(?:is|are|was|do|does|did|can|could|will|would|should|has|have|"
    r"how|what|which|when|where|who|why)(?:n['’]t)?\b"
)
_FURTHER = r"(?:(?:and|also|plus|or)\s+)+(?:if\b[^?,]{3,60}?\s)?"
# A question ends at its mark, in Chinese also at a space or comma; in English the next one may
# begin behind a comma or "and".
_BETWEEN = re.compile(
    r"[?？]+\s*|(?<=[\u3400-\u9fff])[\s，,；;。]+(?=\S)"
    rf"|\s*[,;+]\s*(?=(?:{_FURTHER})?{_QUESTION})|\s+(?={_FURTHER}{_QUESTION})",
    re.I,
)
_ASKING = re.compile(
    rf"(?:{_FURTHER})?{_QUESTION}|.*(?:[吗嘛哪啥咋]|么\W*$|什么|怎么|多[少久大长重高宽厚远]"
    r"|(?<![前这那好十])几|(?P<verb>[\u3400-\u9fff])[不没](?P=verb)|有没有|是否|[能可]否"
    r"|[不没]\W*$)",
    re.I,
)

# "一个…": how goods are counted, and so told apart, in Chinese.
_COUNT = rf"[一两二三四五六七八九十几\d]+\s*{MEASURE}"
_COUNTS = re.compile(_COUNT)
_JOINT = re.compile(
    r"(?:(?:吧|please)\s*)?(?:(?:[,，、+＋&/]|和|跟|与|及|以及|还有|加上?|再来?|再加|配上?|或者?|还是"
    rf"|\b(?:and|or|plus|with)\b|{_COUNT})\s*)+",
    re.I,
)
_LAST = re.compile(
    r"(?:,\s*)?(?:and|or|plus)\s+(?:an?|some)\s+(?P<goods>[a-z-]{3,}(?:\s+[a-z-]{3,})?)"
    r"(?:\s+please)?[\s.?!]*",
    re.I,
)
_EITHER = re.compile(r"或者?|还是|\bor\b", re.I)
_ALL = re.compile(
    r"一共|总共|总计|合计|统共|全部|全套|整套|一整套|加起来|加一起|总价|一起"
    r"|\b(?:altogether|all together|together|everything|in total|in all|all in|total|the lot"
    r"|the whole (?:set|lot)"
    r"|(?:all|both) of (?:it|that|this|them|these|those)|(?:it|that|those|they) all)\b",
    re.I,
)


def goes_on(before: str, after: str) -> bool:
    """Whether a name between these words stands alone and asks of it what was asked before: "and
    the …?", 那…呢."""
    lead, tail = _LEAD.fullmatch(before), _TAIL.fullmatch(after)
    if lead is None or tail is None:
        return False
    return bool(tail["asks"] or tail["mark"] or _ASKS.search(before))


# What stands between a thing that is only named and what is asked of it: "…呢 ", "the …, ".
_THEN = re.compile(
    r"(?:(?:的|那?[个款只件条张台双顶把种]|ones?\b|then\b)\s?)*(?:(?:的话)?\s?呢|[?？,;–—-])", re.I
)
_EDGES = " \t\n，,。.;；?？!！–—-"
_CLAUSE = re.compile(r"[\s，,。.;；!！?？]+")


def then_asks(before: str, after: str) -> int | None:
    """Where, in `after`, a question begins behind a name between these words that stands alone, to
    ask of it what was asked before: "and the …, is it for snow?", …呢 刮大风行不行; None
    elsewhere."""
    clauses = [0, *(match.end() for match in _CLAUSE.finditer(before))]
    begin = next((at for at in clauses if _LEAD.fullmatch(before[at:])), None)
    blank = len(after) - len(after.lstrip())
    then = _THEN.match(after, blank)
    if begin is None or then is None:
        return None
    rest = after[then.end() :]
    question = rest.lstrip(_EDGES)
    if not asks(question) or not ("呢" in then[0] or _ASKS.search(before[begin:])):
        return None
    return len(after) - len(question)


def questions(text: str) -> list[tuple[int, int]]:
    """Where the questions of a text begin and end; the whole text where they are not several. What
    asks nothing belongs to the question before it, what stands first to the one behind."""
    borders = [0, *(match.end() for match in _BETWEEN.finditer(text)), len(text)]
    found: list[tuple[int, int]] = []
    asked = False
    for begin, end in pairwise(borders):
        asks = _ASKING.match(text[begin:end].lstrip()) is not None
        if found and not (asked and asks and len(found) < _MOST):
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
        asked = asked or asks
    return found


def asks(text: str) -> bool:
    """Whether a text is a question, by its mark or its words."""
    return "?" in text or "？" in text or _ASKING.match(text.lstrip()) is not None


def joins(text: str) -> bool:
    """Whether this, between the names of two goods, tells that both are meant: ", " "and", 加."""
    return _JOINT.match(text.lstrip()) is not None


def last_of_row(text: str) -> tuple[int, int] | None:
    """Where goods stand that end a row of them: " and a scratching post"; None elsewhere."""
    blank = len(text) - len(text.lstrip())
    match = _LAST.fullmatch(text[blank:])
    return (blank + match.start("goods"), blank + match.end("goods")) if match else None


def either(text: str) -> bool:
    """Whether one of both is meant, rather than both."""
    return _EITHER.search(text) is not None


def counts(text: str) -> bool:
    """Whether this is a number with its measure word and nothing else: 一顶."""
    return _COUNTS.fullmatch(text) is not None


def sums(text: str) -> bool:
    """Whether a text speaks of all of something together."""
    return _ALL.search(text) is not None
