"""Entities that have a shape: e-mail addresses, phone numbers, postcodes, order numbers.

The shapes are those of any shop in any country, enough to understand a message by; what a number
means here the actions read by the shop's own rules (data/rules/order_numbers.py, proofs.py).
Offsets always point into the text given, full-width letters and digits (ＳＰ２０４１) included.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.text import HAN


@dataclass(frozen=True)
class Found:
    """`text[start:end]` is an `entity`; `value` is what it says, in plain width."""

    entity: str
    value: str
    start: int
    end: int


# As data.normalise.EMAIL_IN_TEXT, which the actions read by; Rasa's process has no data/. From the
# first character on, so that no run is read twice.
_MAILBOX = rf"(?:(?![{HAN}])[\w.!#$%&*+/=?^`{{|}}~'\-])"
_NAME = rf"(?:(?![{HAN}])[\w\-])"
_EMAIL = re.compile(
    rf"(?<!{_MAILBOX}){_MAILBOX}{{1,64}}@{_NAME}{{1,63}}(?:\.{_NAME}{{1,63}}){{1,8}}"
)

# With its country's code, with brackets, in groups, or called so.
_PHONE = re.compile(
    r"\+\d[\d ().\-]{6,17}\d|\(\d{2,5}\)[ \-]?\d{2,4}[ \-]?\d{3,4}(?!\d)"
    r"|(?<![\d\-])\d{2,4}[ \-]\d{3,4}[ \-]\d{4}(?![\d\-])"
    r"|(?:电话|手机号?|\b(?:phone|mobile)(?: number)?)\s*(?:是|is\b)?[:：]?\s*"
    r"(?P<called>\d[\d \-]{5,16}\d)",
    re.I,
)

# Digits, with a hyphen or without (78228-1234); British (SW1A 1AA); Canadian (K1A 0B1).
_POSTCODE = re.compile(
    r"(?<![a-z\d@.\-#])(?:\d{4,6}(?:-\d{3,4})?|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}"
    r"|[a-z]\d[a-z] ?\d[a-z]\d)(?![a-z\d@\-]|\.\d)",
    re.I,
)
_POSTCODE_WORD = re.compile(r"邮编|邮政编码|post\s?code|postal|\bzip\b", re.I)

# 4 to 40 letters, digits and hyphens.
_TOKEN = re.compile(r"(?<![a-z\d@.])[a-z\d][a-z\d\-]{2,38}[a-z\d](?![a-z\d@]|\.\d)", re.I)
_CALLED = re.compile(
    r"(?:#|订单号?|单号|\border(?:\s*(?:number|no\.?|nr\.?|id))?)\s*(?:是|is\b)?\s*[:：#]?\s*$",
    re.I,
)
_DATE = re.compile(r"(?:19|20)\d\d-\d{1,2}-\d{1,2}")
_MOST = 20  # in one message; who writes more means none of them
_CALLED_DIGITS = 4
_CALLED_WITHIN = 30  # characters before a number, in which a word may call it an order's
# Without a word for it: a model's name has shorter runs of digits (WH-1000XM5), a sum fewer digits.
_RUN_OF_MIXED, _BARE_DIGITS = 5, 7


def _plain(text: str) -> str:
    """The same text, character for character, with full-width forms made plain."""
    folded = (unicodedata.normalize("NFKC", character) for character in text)
    return "".join(new if len(new) == 1 else old for new, old in zip(folded, text, strict=True))


def _emails(text: str) -> Iterator[Found]:
    for match in _EMAIL.finditer(text):
        yield Found("email", match[0].lower(), *match.span())


def _phones(text: str) -> Iterator[Found]:
    for match in _PHONE.finditer(text):
        part = "called" if match["called"] else 0
        yield Found("phone", match[part], *match.span(part))


def _postcodes(text: str) -> Iterator[Found]:
    """Where the message says so, where it names an e-mail or a phone, and where it is all of it."""
    said = _POSTCODE_WORD.search(text) or _EMAIL.search(text) or _PHONE.search(text)
    for match in _POSTCODE.finditer(text):
        rest = text[: match.start()] + text[match.end() :]
        if said or not any(character.isalnum() for character in rest):
            yield Found("postcode", match[0].upper(), *match.span())


def _order_numbers(text: str) -> Iterator[Found]:
    for match in _TOKEN.finditer(text):
        token = match[0]
        digits = sum(character.isdigit() for character in token)
        called = digits >= _CALLED_DIGITS and _CALLED.search(
            text[max(0, match.start() - _CALLED_WITHIN) : match.start()]
        )
        if not _DATE.fullmatch(token) and (called or _looks_like_one(token, digits)):
            yield Found("order_number", token.upper(), *match.span())


def _looks_like_one(token: str, digits: int) -> bool:
    if not any(character.isalpha() for character in token):
        return digits >= _BARE_DIGITS
    run = max((len(run) for run in re.findall(r"\d+", token)), default=0)
    return token[0].isalpha() and run >= _RUN_OF_MIXED


_FINDERS = (_emails, _phones, _postcodes, _order_numbers)


def find(text: str) -> list[Found]:
    """All entities in order of their place; of two that overlap the more certain kind stays."""
    plain = _plain(text)
    found: list[Found] = []
    for finder in _FINDERS:
        for one in itertools.islice(finder(plain), _MOST):
            if all(one.end <= other.start or one.start >= other.end for other in found):
                found.append(one)
    return sorted(found, key=lambda one: one.start)
