"""Entities that have a shape: order numbers, e-mail addresses, postcodes, prices, sizes, dates.

Offsets always point into the text given, full-width letters and digits (ＳＰ２０４１) included.
Order numbers, e-mails and postcodes come in the spelling of the database; prices, sizes and dates
are marked as written, since bot/reading.py measures them in the whole sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """`text[start:end]` is an `entity`; `value` is what it says."""

    entity: str
    value: str
    start: int
    end: int


_HAN_NUMBER = "零一二两三四五六七八九十百千"
_NUMBER = rf"(?:\d+(?:[.,]\d+)*|[{_HAN_NUMBER}]+)"
_MONEY = r"(?:元|块钱|块|圆|人民币|rmb|cny|yuan|kuai)"

# "SP" and 2 to 20 digits, so that a number with a slip in it is still answered as an order number.
_ORDER = re.compile(r"(?<![a-z0-9])sp[\s\-:#]?(\d(?:[ \-]?\d){1,19})(?!\d)", re.I)
_BARE_ORDER = re.compile(
    r"(?:订单号?|单号|order(?:\s*(?:number|no\.?|nr\.?))?|#)\s*(?:是|is|:|#)?\s*(\d{8})(?!\d)", re.I
)
_EMAIL = re.compile(r"[a-z0-9._%+\-]+@[a-z0-9\-]+(?:\.[a-z0-9\-]+)+", re.I)
_POSTCODE = re.compile(r"(?<![\d.a-z@])[0-8]\d{5}(?![\d.]|\s*" + _MONEY + ")", re.I)
_POSTCODE_WORD = re.compile(r"邮编|邮政编码|post\s?code|postal|\bzip\b", re.I)
_PRICE = re.compile(
    rf"[¥￥]\s*\d+(?:[.,]\d+)*|{_NUMBER}\s*{_MONEY}|"
    rf"{_NUMBER}(?=\s*(?:以内|以下|之内|之下|以上|左右|上下))|"
    r"(?<=预算)\s*\d+|(?<=不超过)\s*\d+|(?<=低于)\s*\d+|"
    r"(?:(?<=under )|(?<=below )|(?<=less than )|(?<=up to )|(?<=around )|(?<=budget ))\d+"
    r"(?!\s*(?:kg|g|l|litres?|liters?|grams?|mm|cm|m|kilos?|days?|people)\b)",
    re.I,
)
_SIZE = re.compile(
    r"(?<![\d.a-z])(?:(?:3[4-9]|4[0-9])(?:\.5)?\s*(?:码|号)|(?:xs|s|m|l|xl|xxl|xxxl|2xl|3xl)\s*(?:码|号)"
    r"|(?:xs|xl|xxl|xxxl|2xl|3xl)(?![a-z0-9]))"
    r"|\bsizes?\s+(?:eu\s*)?(?:3[4-9](?:\.5)?|4[0-9](?:\.5)?|xs|s|m|l|xl|xxl)\b"
    r"|\beu\s*(?:3[4-9]|4[0-9])\b|均码|(?<=in )(?:a )?(?:3[4-9]|4[0-9])\b",
    re.I,
)
_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    "sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_DATE = re.compile(
    rf"20\d\d\s*[-/.年]\s*\d{{1,2}}\s*[-/.月]\s*\d{{1,2}}\s*[日号]?"
    rf"|(?:\d{{1,2}}|[{_HAN_NUMBER}]{{1,3}})月(?:\d{{1,2}}|[{_HAN_NUMBER}]{{1,3}})[日号]"
    rf"|大?前天|昨[天晚]|今[天晚早]|明[天早晚]|大?后天|上上?个?(?:周|星期|礼拜)[一二三四五六日天]?"
    rf"|上上?个?月|去年|{_NUMBER}\s*(?:个半?月|个?星期|周|天|年)(?:多)?(?:之前|以前|前)"
    rf"|(?:下个?|这个?|本)?(?:周|星期|礼拜)[一二三四五六日天末]"
    rf"|\b(?:the )?day (?:before yesterday|after tomorrow)\b|\byesterday\b|\btoday\b|\btomorrow\b"
    rf"|\blast (?:week|month|year)\b"
    rf"|\b(?:\w+|a few|a couple of) (?:days?|weeks?|months?|years?) ago\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTH})\b|\b(?:{_MONTH})\s+\d{{1,2}}\b"
    rf"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b",
    re.I,
)


def _plain(text: str) -> str:
    """The same text, character for character, with full-width forms made plain."""
    folded = (unicodedata.normalize("NFKC", character) for character in text)
    return "".join(new if len(new) == 1 else old for new, old in zip(folded, text, strict=True))


def _orders(text: str) -> Iterator[Found]:
    for match in _ORDER.finditer(text):
        yield Found("order_number", "SP" + re.sub(r"\D", "", match[1]), *match.span())
    for match in _BARE_ORDER.finditer(text):
        yield Found("order_number", "SP" + match[1], *match.span(1))


def _emails(text: str) -> Iterator[Found]:
    for match in _EMAIL.finditer(text):
        yield Found("email", match[0].lower(), *match.span())


def _postcodes(text: str) -> Iterator[Found]:
    """Six digits are a postcode when the message says so, names an e-mail, or is nothing else."""
    if not (
        _POSTCODE_WORD.search(text) or _EMAIL.search(text) or re.fullmatch(r"\W*\d{6}\W*", text)
    ):
        return
    for match in _POSTCODE.finditer(text):
        yield Found("postcode", match[0], *match.span())


def _as_written(entity: str, pattern: re.Pattern[str]) -> Callable[[str], Iterator[Found]]:
    def find(text: str) -> Iterator[Found]:
        for match in pattern.finditer(text):
            spaces = len(match[0]) - len(match[0].lstrip())
            yield Found(entity, match[0].strip(), match.start() + spaces, match.end())

    return find


_FINDERS = (
    _orders,
    _emails,
    _postcodes,
    _as_written("price", _PRICE),
    _as_written("date", _DATE),
    _as_written("size", _SIZE),
)


def find(text: str) -> list[Found]:
    """All entities in order of their place; of two that overlap the more certain kind stays."""
    plain = _plain(text)
    found: list[Found] = []
    for finder in _FINDERS:
        for one in finder(plain):
            if all(one.end <= other.start or one.start >= other.end for other in found):
                found.append(one)
    return sorted(found, key=lambda one: one.start)
