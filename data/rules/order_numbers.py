"""Order numbers in what customers write: by the shop's own shape, where it says one, else by what
order numbers look like anywhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import phonenumbers

from data import normalise
from data.rules.shop import ShopRules

_LONGEST = 500  # characters looked at
_TOKEN = re.compile(r"[A-Z0-9](?:[A-Z0-9\-]*[A-Z0-9])?")
_EMAIL = re.compile(r"(?<!\S)\S+@\S+")
_DATE = re.compile(r"(?:19|20)\d\d-\d{1,2}-\d{1,2}")
# What stands before an order number; one closed class a language.
_CALLED = re.compile(
    r"(?:#|\bORDERS?\b(?:\s*(?:NUMBER|NO|NR|ID)\b\.?)?|订单(?:号码?|编号)?|单号)\s*(?:IS\b|是|为)?[\s:：#]*$"
)
# Between the parts into which somebody breaks a number: "SP 2041 7388", "SP#20417388".
_GAP = re.compile(r"[ :#\-]{1,2}")
_PARTS = 5  # of so many at most
_DIGITS_OF_MIXED, _DIGITS_ALONE = 4, 6  # a number that nothing calls an order's has so many digits
_DIGITS_CALLED = 3  # and one that is called so


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


def find(rules: ShopRules, text: str) -> list[str]:
    """The order numbers in a text, in the spelling of the database, in their order."""
    plain, tokens = _tokens(text)
    shape = rules.shop.order_number
    if shape is not None:
        return list(_of_shape(plain, tokens, shape.pattern))
    phones = _phones(plain, rules.shop.country)
    return [
        number
        for token in tokens
        if (number := normalise.order_number(token.text))
        and not _DATE.fullmatch(token.text)
        and (
            _is_called(plain, token)
            or _stands_alone(plain, token)
            or (_looks_like_one(plain, token) and not any(s <= token.start < e for s, e in phones))
        )
    ]


def fits(rules: ShopRules, text: str) -> bool:
    """Whether the text is an order number of the shop's shape."""
    number = normalise.order_number(text)
    shape = rules.shop.order_number
    return number is not None and (shape is None or bool(re.fullmatch(shape.pattern, number)))


def odd(rules: ShopRules, text: str) -> str | None:
    """What the text calls an order number and is none of the shop's: another shop's, or one with a
    slip in it. Never anything for a shop that says no shape."""
    if rules.shop.order_number is None or find(rules, text):
        return None
    plain, tokens = _tokens(text)
    known = _prefix(rules.shop.order_number.pattern)
    for token in tokens:
        digits = _digits(token.text)
        begins_so = bool(known) and token.text.startswith(known) and digits >= 2
        if _DATE.fullmatch(token.text):
            continue
        if begins_so or (digits >= _DIGITS_CALLED and _is_called(plain, token)):
            return token.text
    return None


def _tokens(text: str) -> tuple[str, list[_Token]]:
    plain = unicodedata.normalize("NFKC", text[:_LONGEST])[:_LONGEST].upper()
    plain = _EMAIL.sub(lambda match: " " * len(match[0]), plain)
    return plain, [_Token(match[0], *match.span()) for match in _TOKEN.finditer(plain)]


def _of_shape(plain: str, tokens: list[_Token], pattern: str) -> Iterator[str]:
    """The longest runs of tokens that make a number of the pattern."""
    first = 0
    while first < len(tokens):
        for last in range(min(first + _PARTS, len(tokens)), first, -1):
            number = _joined(plain, tokens[first:last], pattern)
            if number is not None:
                yield number
                first = last
                break
        else:
            first += 1


def _joined(plain: str, run: list[_Token], pattern: str) -> str | None:
    for one, other in pairwise(run):
        if not _GAP.fullmatch(plain[one.end : other.start]):
            return None
    text = "".join(token.text for token in run)
    # Written with hyphens that it does not have, or without the letters that all begin with.
    for candidate in (text, text.replace("-", ""), _prefix(pattern) + text):
        if re.fullmatch(pattern, candidate) and normalise.order_number(candidate):
            return candidate
    return None


@cache
def _prefix(pattern: str) -> str:
    """The letters with which every number of the pattern begins: SP of SP\\d{8}."""
    match = re.match(r"[A-Z]+(?![A-Z?*+{|])", pattern)
    return match[0] if match else ""


def _is_called(plain: str, token: _Token) -> bool:
    return _CALLED.search(plain[max(0, token.start - 30) : token.start]) is not None


def _stands_alone(plain: str, token: _Token) -> bool:
    rest = plain[: token.start] + plain[token.end :]
    alone = not any(character.isalnum() for character in rest)
    return alone and _digits(token.text) >= _DIGITS_OF_MIXED and _is_code(token.text)


def _looks_like_one(plain: str, token: _Token) -> bool:
    enough = _DIGITS_OF_MIXED if token.text[0].isalpha() else _DIGITS_ALONE
    long_enough = _digits(token.text) >= enough
    return long_enough and _is_code(token.text) and not _is_measure(plain, token)


def _is_code(text: str) -> bool:
    """W0000001, 20417388, and not 5000MAH."""
    return text[0].isalpha() or not any(character.isalpha() for character in text)


def _is_measure(plain: str, token: _Token) -> bool:
    """1299元, ¥1299, 12.50: amounts and decimals."""
    before, after = plain[: token.start][-1:], plain[token.end :].lstrip()[:1]
    currency = bool(before) and (before in ".,+" or not (before.isalnum() or before.isspace()))
    return (currency and before not in "#:：(（,，。;；!?？！") or after in (
        *("元", "块", "%", "."),
        *("円", "€", "$", "£"),
    )


def _phones(plain: str, country: str) -> list[tuple[int, int]]:
    return [(m.start, m.end) for m in phonenumbers.PhoneNumberMatcher(plain, country)]


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)
