"""For whom goods are: whether a text speaks of a child, and whether a product's record does.
Closed classes of Chinese and English."""

from __future__ import annotations

import re
from decimal import Decimal

from bot.understanding.quantities import UNDATED, Quantity, read
from data.models import Localized
from retrieval.text import singular

GROWN_UP = 14
"""Years from which on a person wears what grown-ups do: EN 14682 calls those below children."""
_MONTHS = {"month": Decimal(12), "week": Decimal(52), "day": Decimal(365)}  # of a year

# Whoever is a child, or may be a grown-up's: a present for a son may be for a child.
_MAY_BE_CHILD = re.compile(
    r"孩|儿子|女儿|闺女|宝宝|娃|小朋友|侄|外甥|孙|儿童|岁|"
    r"\b(?:kids?|child(?:ren)?|sons?|daughters?|bab(?:y|ies)|toddlers?|boys?|girls?|nephews?|nieces?|"
    r"grand(?:sons?|daughters?|kids?|child(?:ren)?)|year[- ]olds?)\b",
    re.I,
)
_ANIMAL = re.compile(
    r"[猫狗犬兔]|宠物|\b(?:cats?|dogs?|pupp(?:y|ies)|kittens?|rabbits?|pets?)\b", re.I
)
# Children for whom a thing is looked for; not those who come along ("a tent for us and two kids"),
# nor what is to keep them safe ("child-proof").
_FOR_CHILD = re.compile(
    r"(?<![和跟与带个家])(?:儿童|小孩子?|孩子|宝宝|婴儿|幼儿|童(?=[鞋装帽袜车]))(?!安全|锁)"
    r"|(?<!with )(?<!with my )(?<!with the )(?<!and )(?<!and a )(?<!and my )(?<!\d )(?<!two )"
    r"(?<!three )(?<!-)\b(?:kids?|child(?:ren)?|toddlers?|infants?|bab(?:y|ies)|boys?|girls?)\b"
    r"(?![- ]?(?:proof|safe|lock|friendly))",
    re.I,
)
CHILDREN = ("儿童", "孩子", "小孩", "宝宝", "婴儿", "幼儿", "童鞋", "童装", "小朋友",
            "kids", "child", "children", "toddler", "baby", "infant", "junior")  # fmt: skip
"""The words by which a product's record says that it is made for children."""
_BODY = re.compile(
    r"身高|脚[长宽围]|[胸腰臀头]围|背长|平时(?:穿)?的?码"
    r"|\btall\b|\bheight\b|\b(?:chest|waist|hips?|back length|foot length|usual size)\b",
    re.I,
)
_AGE = re.compile(r"龄|岁|\bages?\b", re.I)


def may_be_child(text: str) -> bool:
    """Whether a present that is spoken of so may be a child's."""
    return _MAY_BE_CHILD.search(text) is not None


def child(text: str) -> str | None:
    """The words that say that what is looked for is for a child: its age, else a word for one; None
    where the text speaks of none, or of somebody grown up."""
    ages = [said for said in read(text, UNDATED) if _years(said) is not None]
    if ages and may_be_child(text) and not _ANIMAL.search(text):
        young = [said for said in ages if (_years(said) or 0) < GROWN_UP]
        return text[young[0].start : young[0].end] if young else None
    found = _FOR_CHILD.search(text)
    return found[0] if found else None


def age(text: str) -> Decimal | None:
    """How many years old somebody is, by the first age that the text names."""
    return next((y for said in read(text, UNDATED) if (y := _years(said)) is not None), None)


def is_worn(sizing: Localized | None) -> bool:
    """Whether a product's word on its size speaks of one body that it must fit, which nobody shares
    with others."""
    return sizing is not None and any(map(_BODY.search, (sizing.zh, sizing.en)))


def is_several(goods: str) -> bool:
    """Whether goods are named in the plural: "mats"."""
    return goods.isascii() and singular(goods.lower()) != goods.lower()


def is_age(name: str) -> bool:
    """Whether an attribute that is called so tells for which age goods are."""
    return _AGE.search(name) is not None


def _years(said: Quantity) -> Decimal | None:
    if said.role != "age" or not isinstance(said.value, Decimal):
        return None
    return said.value / _MONTHS.get(said.unit or "", Decimal(1))
