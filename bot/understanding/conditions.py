"""In which state the goods of a case are: the facts that the reading tells, in the shop's terms."""

from __future__ import annotations

import re

from bot.understanding.named import named, words_of
from bot.understanding.reading import Request
from data.rules.shop import Returns

# What a shop may name in its rules (data.rules.shop.CONDITIONS), by the fact that it follows from.
# Whoever has used a thing has opened it.
_FOLLOW = {
    "opened": {"opened"},
    "used": {"used", "worn", "opened"},
    "washed": {"washed", "used", "worn", "opened"},
    "altered": {"altered"},
    "activated": {"activated", "opened"},
    "broken_by_customer": {"damaged"},
}
# The shop's to put right.
_FAULTS = frozenset({"faulty", "arrived_damaged", "wrong_item", "missing"})
# The customer's to choose: what does not fit or please is sound.
_NO_FAULTS = frozenset({"wrong_size", "changed_mind"})
# Plain words for the same, beside the reading: on trades that it never saw it finds three times as
# many facts as they do, and with them a tenth more (docs/reading.md).
_FAULTY = re.compile(
    r"坏了|坏的|破了|断了|漏水|开胶|质量问题|有问题|瑕疵|发错|不亮|故障|"
    r"\bbroke|\bfault|\bdefect|\bdamaged\b|\bleak|\btorn\b|\bwrong item\b|stopped working"
    r"|not working|n['’]?t work|(?:not|n['’]?t) (?:turn|switch) on",
    re.I,
)
# A state that no sound goods are in, and how it is told of some that somebody has: they came so,
# are so, have it. One closed class a language.
_STATE = (
    r"(?:bent|broken|cracked|torn|ripped|dented|chipped|snapped|smashed|crushed|shattered|burst"
    r"|punctured|jammed|frayed|warped|leaking|damaged|faulty|defective"
    r"|stuck(?!\s+(?:in|at|on|with|for|since|somewhere)\b))"
)
_MARK = r"(?:cracks?|tears?|holes?|dents?|rips?|leaks?|scratch(?:es)?|stains?|chips?)"
_CAME = (
    r"\b(?:arriv(?:ed|es)|came|delivered|turned up|got here|received|got|unpacked|unboxed|opened)\b"
)
_CAME_SO = re.compile(
    rf"{_CAME}[^.!?]{{0,40}}?\b(?:{_STATE}|{_MARK}|scratched|stained|dirty|dead)\b"
    r"|(?:收到|到手|送到|送来|寄来|到货|拆开|打开|拿到)[^，。！？]{0,12}?"
    r"(?:[弯裂断碎破坏瘪]|变形|划痕|掉漆|漏|凹|脏)",
    re.I,
)
_IS_SO = re.compile(
    r"(?:\b(?:is|was|are|were|got|gets|has|have|had|went|keeps|just)|['’](?:s|re))\s+"
    r"(?:(?:all|already|now|just|completely|totally|half|slightly|badly|a bit|come|gone)\s+)*"
    rf"(?:{_STATE}|dead|(?:an?|some)\s+(?:\w+\s+)?(?:{_STATE}|{_MARK}))\b"
    r"|(?:弯|裂|断|碎|破|坏|瘪|变形|开线|脱线|脱胶|掉漆|卡住|卡死|鼓包|生锈|发霉|漏气|漏)了"
    r"|是[坏破断弯裂碎]的|拉不[上动]|充不[进上]|开不了机|没反应|有(?:划痕|裂[缝痕纹口]|破洞)",
    re.I,
)
_IF = re.compile(r"如果|要是|万一|假如|的话|\b(?:if|in case|unless|should it)\b", re.I)
_WORDS = {
    "opened": r"拆[了开封过]|开封|打开[了过]|\bopened\b|\bunsealed\b|\bunboxed\b",
    "used": r"用过|使用过|\bused\b",
    "worn": r"穿过|穿了|\bworn\b|\bwore\b",
    "washed": r"洗过|洗了|\bwashed\b",
    "altered": r"改过|改了|\baltered\b|\bmodified\b",
    "activated": r"激活|开过机|\bactivated\b",
    "damaged": r"[摔弄磕刮碰]坏|[摔弄磕碰]破|\bdropped\b|\bscratched\b",
}
# Tried at home: neither used nor worn.
_TRIED = re.compile(
    r"没(?:有)?(?:用|穿|洗)过|试穿|试过|试搭"
    r"|\bnot used\b|\bnever (?:used|worn)\b|\btried\b|\bunused\b",
    re.I,
)
_BY_TRYING = frozenset({"used", "worn", "washed"})
# What stands before a shop's own condition that does not hold: one closed class a language.
_NOT = re.compile(
    r"(?:没有?|未曾?|不曾)$|(?:\b(?:not|never|without)|n['’]t)(?: (?:been|being|yet|even|ever))* $",
    re.I,
)


def faulty(request: Request) -> bool:
    """Whether a fault is told of."""
    read = bool(request.facts & _FAULTS) and not request.facts & _NO_FAULTS
    words = request.words
    return read or any(each.search(words) for each in (_FAULTY, _CAME_SO, _IS_SO))


def came_damaged(request: Request) -> bool:
    """Whether goods are told to have arrived in a state that no sound ones are in."""
    return "arrived_damaged" in request.facts or _CAME_SO.search(request.words) is not None


# What a shop's page is asked about a case, in plain words, the gravest case first: whoever tells of
# one tells of much beside.
_PLAINLY = {
    "wrong_item": {"zh": "发错货怎么办", "en": "What do you do when the wrong item came?"},
    "missing": {
        "zh": "收到的包裹少了东西怎么办",
        "en": "What do you do when something is missing from the parcel?",
    },
    "arrived_damaged": {
        "zh": "收到的商品破损了怎么办",
        "en": "What do you do when goods arrive damaged?",
    },
    "faulty": {
        "zh": "买的东西用了一阵坏了怎么办",
        "en": "What do you do when goods turn out faulty?",
    },
}


def plainly(request: Request, language: str) -> str | None:
    """The question of what is done about the case that a request tells of; None where it tells of
    none."""
    told_of = set(request.facts)
    if came_damaged(request):
        told_of.add("arrived_damaged")
    elif faulty(request):
        told_of.add("faulty")
    return next((asks[language] for case, asks in _PLAINLY.items() if case in told_of), None)


def supposed(request: Request) -> bool:
    """Whether a case is only supposed, and has not happened: "if it breaks", 万一坏了."""
    return _IF.search(request.words) is not None


def told(request: Request, returns: Returns) -> frozenset[str]:
    """Ids of the conditions that a request tells of."""
    said = {name for name, words in _WORDS.items() if _holds(words, request.words)}
    if _TRIED.search(request.words):
        said -= _BY_TRYING
    told_of = {condition for fact in request.facts for condition in _FOLLOW.get(fact, ())}
    found = told_of | said | ({"opened"} if said & _FOLLOW["used"] else set())
    own = {
        name: words_of(condition.says, condition.words)
        for name, condition in returns.conditions.items()
    }
    found |= {
        name
        for name in named(request.words, own)
        if _holds(its := "|".join(map(re.escape, own[name])), request.words)
        or not re.search(its, request.words, re.I)
    }
    return frozenset(found)


def _holds(words: str, text: str) -> bool:
    """Whether one of the words stands in the text and is not denied there."""
    return any(not _NOT.search(text[: m.start()]) for m in re.finditer(words, text, re.I))
