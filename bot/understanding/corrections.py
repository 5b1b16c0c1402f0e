"""Whether a text puts right what its writer said before ("no sorry, 68 kg not 58", 说错了 是三个),
and which other order than the one told of it means ("not that one, the one with the tent", 上一单).
Closed classes of Chinese and English; no goods stand here."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST = 90  # characters: what is longer says more than a slip

# What tells that something was said wrongly.
_SLIP = (
    r"(?:我|刚才|刚刚|前面|上面|是|又)*(?:说|写|打|输|记|搞|弄|填|选|看|报|点)(?:错|反|岔|漏)(?:了|啦)?"
    r"(?:字|数字?|一个字|地方|地址|尺码)?|口误|笔误|手误|手滑|更正(?:一?下)?|纠正(?:一?下)?"
    r"|(?:我)?(?:的意思|想说的?|说的|指的|要的)(?:其实|应该)?是|我是说|应该(?:是|为)|才对"
    r"|\bi\s+(?:meant?|ment)(?:\s+to\s+(?:say|write|type|put))?\b|\bmake\s+(?:that|it)\b"
    r"|\b(?:typos?|correction|my\s+(?:mistake|bad|fault|error)|mistyped|misspoke|mistake)\b"
    r"|\b(?:that|it)\s+should\s+(?:be|say|read|have\s+been)\b|\bshould\s+(?:be|have\s+been)\b"
    r"|\bi\s+(?:said|wrote|typed|put)\s+(?:it\s+)?wrong\b|\bwrong\s+(?:number|one|size|figure)\b"
)
_TO_TWELVE = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
# A "no" that turns to something else, not one that keeps something out: "no headlamps".
_NO = (
    r"no+(?=\W*$|\s*[^\w\s]|\s+(?:\d|(?:sorry|oh|ah|wait|hang|hold|actually|rather|wrong|well|pardon|"
    r"i|it|its|that|thats|this|the|a|an|my|we|not|make|is|was|in|to|for|on|at|size|typo|should|"
    rf"{_TO_TWELVE})\b))"
)
# What only turns to something else.
_TURN = (
    r"不对(?:不对)?|不是(?:的|啦|啊)?(?=[\s，,。.!！]|是|$)|错了|不(?=[\s，,])|哦+|噢|喔|啊|呃|额|诶|欸|哎呀?|等等|"
    r"等一?下|慢着|且慢|抱歉|对不起|不好意思|其实|那个(?=[\s，,])|是"
    rf"|\b(?:{_NO}|nope|nah|oh|ah|oops|whoops|ups|sorry|apologies|wait|hang\s+on|hold\s+on|actually"
    r"|rather|wrong|well|er+m?|um+|hm+|pardon|it['’]?s|that['’]?s|a\s+sec(?:ond)?|ok(?:ay)?)\b"
)
_LEAD = re.compile(rf"(?P<slip>{_SLIP})|(?P<turn>{_TURN})", re.I)
_TAIL = re.compile(
    rf"(?:(?P<slip>{_SLIP})|(?P<turn>\bsorry|抱歉|不好意思|哈|啊|哦|呀|啦|\bof\s+course"
    rf"|\bplease|\bthen))$",
    re.I,
)
_EDGES = " \t\n,，.。!！…、:：;；~～-–—"
# "68 not 58", 是三个不是两个; "not 58, 68", 不是两个 是三个.
_NOT_BEHIND = re.compile(
    r"^(?P<new>.+?)[\s,，]*(?:(?:and|but)\s+)?(?:\bnot\b|\binstead\s+of\b|\brather\s+than\b"
    r"|而?不是|不(?=\s*[\d一二两三四五六七八九十]))\s*(?P<old>.+)$",
    re.I,
)
_NOT_BEFORE = re.compile(
    r"^(?:not|isn['’]?t|wasn['’]?t)\s+(?P<old_en>.+?)(?:\s*[,;–—-]\s*|\s+but\s+)(?P<new_en>.+)$"
    r"|^(?:不[是要]|并?非)\s*(?P<old_zh>.+?)(?:[\s,，。;；]+(?:而?是|应该是|要)?|(?:而?是|应该是))"
    r"\s*(?P<new_zh>.+)$",
    re.I,
)
_NUMERAL = re.compile(r"\d+(?:[.,]\d+)*|[零〇一二两三四五六七八九十百千万半]+")
_NUMBER_WORDS = re.compile(rf"\b(?:{_TO_TWELVE}|a|an)\b", re.I)

# What may stand around the words that are put right and adds nothing to them.
_BESIDE = re.compile(
    r"\b(?:the|a|an|one|ones|in|of|for|to|at|is|was|it|be|my|i|want(?:ed)?|need(?:ed)?|pairs?|size|"
    r"colou?r|please|me|us|we|are|need|budget|around|about|make|and|only|just|like|from)\b"
    r"|[的了吧呢嘛啊哦那这个只件条张台双顶把瓶包袋罐盒支块套辆本我要们想是买有号码款色去到寄送]|预算|身高|体重|尺码|颜色",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Correction:
    """`meant` are the words that are right, `instead` those that were wrong, "" where they are not
    said; `sure`: the text tells by itself that something was said wrongly."""

    meant: str
    instead: str = ""
    sure: bool = False


def read(text: str) -> Correction | None:
    """What a text puts right; None where it does nothing of the kind."""
    if len(text) > _LONGEST:
        return None
    rest, turned, slip = text.strip(), False, False
    while match := _LEAD.match(rest := rest.strip(_EDGES)):
        rest, turned = rest[match.end() :], True
        slip = slip or match["slip"] is not None
    while match := _TAIL.search(rest):
        rest = rest[: match.start()].strip(_EDGES)
        slip = slip or match["slip"] is not None
    if found := _NOT_BEFORE.match(rest):
        meant, old = found["new_en"] or found["new_zh"], found["old_en"] or found["old_zh"]
        return _of(meant, old, sure=True)
    if found := _NOT_BEHIND.match(rest):
        return _of(found["new"], found["old"], sure=True)
    if not slip and (found := _NOT_BEFORE.match(text.strip())) and found["new_zh"]:
        # Its 不是 was taken for a mere "no": 不是 两个 是三个.
        return _of(found["new_zh"], found["old_zh"], sure=True)
    return _of(rest, "", sure=slip) if (turned or slip) and rest else None


def _of(meant: str, instead: str, *, sure: bool) -> Correction | None:
    bare = meant.strip(_EDGES)
    if match := _LEAD.match(bare):
        bare = bare[match.end() :].strip(_EDGES)
    return Correction(bare, instead.strip(_EDGES + "?？"), sure) if bare else None


def beside(text: str) -> str:
    """The words of a text without those that add nothing to a value: "the green one" is green."""
    return " ".join(_BESIDE.sub(" ", text).split())


def with_number(words: str, others: str) -> str | None:
    """`words` with the number of `others` in the place of their own: "under 900" and "800" is
    "under 800"; None where one of them has none."""
    number = _NUMERAL.search(others) or _NUMBER_WORDS.search(others)
    place = _NUMERAL.search(words) or _NUMBER_WORDS.search(words)
    if number is None or place is None:
        return None
    return words[: place.start()] + number[0] + words[place.end() :]


def with_value(words: str, value: str) -> str | None:
    """`words` with all of `value` in the place of their number: "65" and "82 kg"."""
    place = _NUMERAL.search(words) or _NUMBER_WORDS.search(words)
    return words[: place.start()] + value + words[place.end() :] if place else None


# Another order.
_ORDER = r"(?:订单|单子?|那?笔)"
_THAT_ORDER = r"(?:那|这)一?(?:个|单|笔|份|张|次)(?:订单)?|的(?:订单|单子?)"
_TURNS_AWAY = re.compile(
    r"(?:不是(?:这|那)一?(?:个|单|笔|份|张)(?:订单)?|不是(?:它|这|那)|(?:这|那)一?(?:个|单)不是"
    r"|\b(?:not|wrong)\s+(?:that|this|the\s+right)?\s*(?:one|order)?\b|\bnot\s+(?:that|it|this)\b)",
    re.I,
)
_BACK_THEN = r"之前|上次|以前|前面|刚才|当时|昨天|前天|前几天|上周|上个?月"
_POINTS = re.compile(r"^(?:要|查|看|查查|看看|问|说|要看|找|算|取消|退|改)?\s*(?:一下)?\s*")
_BY_GOODS = [
    re.compile(pattern, re.I)
    for pattern in (
        rf"(?:{_BACK_THEN})?(?:里面?)?(?:买|订|有|装|下|含|里面有|带|放)了?(?P<goods>.{{1,14}}?)的?(?:{_THAT_ORDER})",
        rf"(?P<goods>.{{1,14}}?)的?(?:{_THAT_ORDER})",
        r"(?:(?:what|how)\s+about\s+)?(?:the|my|that)\s+(?:order|one|purchase|parcel)\s+"
        r"(?:with|for|of|containing|that\s+(?:has|had|contains)|(?:where|in\s+which)?\s*i\s+"
        r"(?:bought|got|ordered))\s+(?:(?:the|a|an|my|some)\s+)?(?P<goods>[\w' -]{2,40}?)"
        r"(?:\s+in(?:\s+it)?)?",
        r"(?:(?:what|how)\s+about\s+)?(?:the|my)\s+(?P<goods>[\w' -]{2,40}?)\s+"
        r"(?:order|one|purchase|parcel)",
    )
]
_LOOSE = (_BY_GOODS[1], _BY_GOODS[3])
_ENDS = r"\s*(?:呢|啊|吧|哦|哈|才对|then|please|instead|i\s+mean|i\s+meant)?[\s?？。.!！]*"
_OTHER_ORDER = re.compile(
    rf"(?:再?[上前]一?(?:个|笔|张)?{_ORDER}|(?:另外?|别|其他|其它|之前|早)(?:的)?[那一]*(?:个|单|笔|张)?{_ORDER}?"
    rf"|之前(?:的)?{_ORDER}|再早一?(?:个|单|笔)"
    r"|(?:(?:what|how)\s+about\s+)?(?:the|my)\s+(?:other|previous|earlier)(?:\s+(?:order|one|purchase|parcel))?"
    r"|(?:(?:what|how)\s+about\s+)?the\s+(?:order|one)\s+before(?:\s+(?:that|it|this))?)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class OtherOrder:
    """Another order than the one told of: that with these `goods`; "" for the one before it."""

    goods: str = ""
    surely: bool = True  # else these may be no goods at all: "the blue one"


def other_order(text: str) -> OtherOrder | None:
    """Which other order a text means that says nothing else; None where it does not."""
    if len(text) > _LONGEST:
        return None
    rest = text.strip(_EDGES)
    while match := _TURNS_AWAY.match(rest) or _LEAD.match(rest):
        rest = rest[match.end() :].strip(_EDGES)
    rest = re.sub(r"^(?:and|or|but|那么?|还有)\s*", "", rest, flags=re.I)
    if re.fullmatch(_OTHER_ORDER.pattern + _ENDS, rest, re.I):
        return OtherOrder()
    for pattern in _BY_GOODS:
        if found := re.fullmatch(pattern.pattern + _ENDS, rest, re.I):
            surely = pattern not in _LOOSE
            return OtherOrder(_POINTS.sub("", found["goods"]).strip(), surely)
    return None
