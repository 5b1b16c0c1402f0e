"""Which languages a shop speaks, and which of them a customer is answered in."""

from __future__ import annotations

from data.rules import ShopRules
from retrieval.text import Detected, detect_language
from retrieval.types import Language

ALL: tuple[Language, ...] = ("zh", "en")


def of_shop(rules: ShopRules) -> tuple[Language, ...]:
    """The languages of the shop, its own one first."""
    return rules.shop.languages


def spoken(wanted: str | None, languages: tuple[Language, ...]) -> Language:
    """The language to answer in: the one that is wanted, else English, else the shop's own."""
    choices: tuple[Language, ...] = ("zh",) if wanted == "zh" else ()
    return next((each for each in (*choices, "en") if each in languages), languages[0])


# What customers of both languages write, and what tells nothing of theirs: on a Chinese page "ok"
# and "hi" are answered in Chinese.
_SHARED = frozenset(
    "ok okay yes no hi hello hey bye thx app vip email e-mail wechat alipay paypal visa sms faq"
    .split()
)  # fmt: skip
_FEW = 3  # words: "IS THIS WATERPROOF OR NOT" is English, however loud


def own(text: str) -> Detected | None:
    """The language that a text has by itself; None where nothing tells it, as for a number, an
    address, a size, a name in capitals ("GORE-TEX?") and what is written in both languages."""
    detected = detect_language(text)
    words = text.replace("?", " ").replace("!", " ").replace(".", " ").replace(",", " ").split()
    few = len(words) <= _FEW
    if few and detected == "en" and all(w.isupper() or w.lower() in _SHARED for w in words):
        return None
    return detected


def of_tag(tag: object) -> Language | None:
    """The language of a page's tag (BCP 47): "zh-Hans-CN" → "zh"; None for one that is not ours."""
    primary = str(tag or "").partition("-")[0].lower()
    return next((each for each in ALL if each == primary), None)
