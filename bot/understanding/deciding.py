"""Questions that a thing's own record decides with yes or no: whether it fits another, what it is
made of, what is in it. Closed classes of Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

Verb = Literal["is", "has", "can"]

_YES_NO = re.compile(
    r"[吗么嘛]|[不没](?=\s*(?:[?？。，,!！]|$))|有没有|(\S)[不没]\1|是否|还是"
    r"|(?:^|[.?!,;:]\s*|\b(?:and|also|but|so|then|hi|hey|hello)\s+)(?:is|are|does|do|has|have|can"
    r"|could|will|would|any|isn['’]?t|doesn['’]?t)\b|\b(?:right|yes|correct)\s*\?",
    re.I,
)
# What asks for more than yes or no: "is it waterproof and how long does it last".
_OPEN = re.compile(
    r"什么|哪|怎么|咋|多少|多[久大长重高宽厚远]|\b(?:what|which|how|why|where|when|who)\b", re.I
)
_FITS = re.compile(
    r"适[配用合]|兼容|配套|通用|匹配|[能可]以?[不能]?能?[用配装放套接洗]|[用配装放套接]得[上下了进]"
    r"|\bfits?\b|\b(?:goes?|works?|used?)\s+(?:with|on|in|under|for|together)\b|\bcompatible\b"
    r"|\bsuit(?:s|able|ed)?\b|\b(?:made|meant|ok(?:ay)?|good|right|safe)\s+for\b"
    r"|\buse\b[^.?!]{0,60}?\b(?:with|on|for)\b",
    re.I,
)
_ALL_OF = re.compile(
    r"100\s*[%％]|百分之?百|[纯全](?=[\u4e00-\u9fff])|\b(?:pure|all|fully)\b", re.I
)
_EITHER = re.compile(r"还是|\bor\b", re.I)
_HAS = re.compile(
    r"[有带含送配附]|\b(?:has|have|come|comes|include[ds]?|contains?|any|with)\b", re.I
)
_CAN = re.compile(r"[能可]|\bcan\b", re.I)

# What attributes are called that tell what a thing goes with, and what it does not.
_FITTING = re.compile(
    r"适[用合配]|兼容|配套|燃料|\bfits?\b|\bfor\b|\bsuits?\b|\bcompatib|\bworks with\b"
    r"|\bfuel\b|\btakes\b",
    re.I,
)
_UNFIT = re.compile(r"不适|不能|不可|不配|禁|\bnot\b", re.I)
_MATERIAL = re.compile(
    r"材[质料]|面料|成[分份]|\bmaterials?\b|\bfabrics?\b|\bcomposition\b|\bingredients?\b", re.I
)
_ALLERGENS = re.compile(r"过敏|致敏|\ballergens?\b", re.I)

# How the value of an attribute begins that says yes or no.
_DENIES = re.compile(r"[无否不未]|没有?|(?:no|none|not|without|never)\b", re.I)
_AFFIRMS = re.compile(
    r"[有是含带送附可]|自带|内置|(?:yes|included|with|built-in|contains?)\b", re.I
)
_IN_IT = re.compile(r"(?:[含有对]|\b(?:any|contains?|have|has|with|no|to|traces of)\b)\s*$", re.I)
_SHARE = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)\s*[%％]")
_PARTS = re.compile(r"[,，、;；]|\band\b|和")
_EVERY = re.compile(r"^\s*(?:所有|全部|各种|一切|all|any|every|most)\s*", re.I)
_TRACES = re.compile(r"可能|微量|\bmay\b|\btraces?\b", re.I)

# Regulation (EU) 1169/2011, annex II: the allergens that food must tell of, and what they are
# called in both languages. GB 7718 has the first eight of them.
_ALLERGEN_GROUPS = (
    "麸质 小麦 大麦 黑麦 燕麦 面筋 gluten wheat barley rye oat oats spelt",
    "甲壳 甲壳类 虾 蟹 crustacean crustaceans shrimp prawn crab lobster",
    "鱼 鱼类 fish salmon tuna cod",
    "蛋 蛋类 鸡蛋 egg eggs",
    "花生 peanut peanuts",
    "大豆 黄豆 soy soya soybean soybeans",
    "奶 牛奶 乳 乳糖 乳制品 milk lactose dairy whey",
    "坚果 核桃 杏仁 巴旦木 榛子 腰果 碧根果 开心果 夏威夷果 nut nuts walnut walnuts almond almonds "
    "hazelnut hazelnuts cashew cashews pecan pecans pistachio pistachios macadamia macadamias",
    "芹菜 celery",
    "芥末 mustard",
    "芝麻 sesame",
    "亚硫酸盐 二氧化硫 sulphite sulphites sulfite sulfites",
    "羽扇豆 lupin",
    "软体 贝类 鱿鱼 mollusc molluscs clam clams squid oyster oysters",
)
ALLERGENS = tuple(frozenset(group.split()) for group in _ALLERGEN_GROUPS)
_ALLERGEN_WORDS = frozenset().union(*ALLERGENS)


def is_yes_or_no(text: str) -> bool:
    """Whether a text asks something that yes or no answers, or one of two, and nothing else."""
    return _YES_NO.search(text) is not None and not _OPEN.search(text)


def asks_fit(text: str) -> bool:
    """Whether a text asks whether one thing goes with another."""
    return _FITS.search(text) is not None


def asks_all(text: str) -> bool:
    """Whether a text asks for a thing of one material alone: "100% wool", 纯棉."""
    return _ALL_OF.search(text) is not None


def either(text: str) -> tuple[str, str] | None:
    """What stands before and behind the "or" of a question: 单板 and 合板."""
    before, found, after = text, _EITHER.search(text), ""
    if found is None:
        return None
    before, after = text[: found.start()], text[found.end() :]
    return before.strip(), after.strip(" ?？")


def verb(text: str) -> Verb:
    """By which verb a question is answered in Chinese: 有, 可以 or 是."""
    return "has" if _HAS.search(text) else "can" if _CAN.search(text) else "is"


def tells_fit(name: str) -> bool | None:
    """Whether an attribute that is called so tells what a thing goes with (True) or what not
    (False); None where it tells neither."""
    if not _FITTING.search(name):
        return None
    return not _UNFIT.search(name)


def tells_material(name: str) -> bool:
    return _MATERIAL.search(name) is not None


def tells_allergens(name: str) -> bool:
    return _ALLERGENS.search(name) is not None


def says(value: str) -> bool | None:
    """Whether the value of an attribute says yes or no by how it begins; None where neither."""
    told = value.strip()
    if _DENIES.match(told):
        return False
    return True if _AFFIRMS.match(told) else None


def parts(value: str) -> list[str]:
    """What a value lists: "85% wool, 15% nylon" is two."""
    return [part for part in _PARTS.split(value) if part.strip()]


def share(part: str) -> Decimal | None:
    """The share that a part of a material has of the whole, in percent."""
    found = _SHARE.search(part)
    return Decimal(found[1]) if found else None


def bare(part: str) -> str:
    """A part of such a value without a word for all of it: "all tents", 所有帐篷."""
    return _EVERY.sub("", part).strip(" .。").lower()


def is_asked_in(text: str, start: int) -> bool:
    """Whether what stands there is an allergen that is asked to be in something: "any nuts in …",
    含坚果, "allergic to milk"."""
    word = re.match(r"[a-z]*", text[start:].lower())
    han = any(text.startswith(w, start) for w in _ALLERGEN_WORDS if not w.isascii())
    named = han or bool(word and word[0] in _ALLERGEN_WORDS)
    return named and _IN_IT.search(text[:start]) is not None


def says_traces(value: str) -> bool:
    return _TRACES.search(value) is not None


def allergens_in(text: str) -> Iterator[frozenset[str]]:
    """The groups of allergens of which a text names one."""
    words = set(re.findall(r"[a-z]+", text.lower()))
    for group in ALLERGENS:
        if words & group or any(word in text for word in group if not word.isascii()):
            yield group
