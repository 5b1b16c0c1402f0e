"""What a customer writes of who they are, and what proves it, read by the ways that the shop takes
and by the shapes of its country."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers

from data import normalise
from data.access import CODE_DIGITS, Claim
from data.rules import order_numbers
from data.rules.shop import ShopRules, Way

_LONGEST = 500  # characters looked at
_SPACE_IN_DIGITS = re.compile(r"(?<=\d) (?=\d)")

_SAID_OF_IT = re.compile(
    r"\b(?:my|the|your|one-time|code|is|it['’]?s)\b|一次性|验证码|驗證碼|是", re.I
)
_CODE = re.compile(r"[\W_]*(\d{3}[ \-]?\d{3})[\W_]*")


@dataclass(frozen=True, slots=True)
class _Rest:
    """A text from which what was read is taken out."""

    text: str

    def without(self, start: int, end: int) -> _Rest:
        return _Rest(f"{self.text[:start]} {self.text[end:]}")


def read(rules: ShopRules, text: str) -> Claim:
    """As much of a claim as the text holds."""
    ways = rules.shop.identify
    email = phone = postcode = number = None
    rest = _Rest(unicodedata.normalize("NFKC", text[:_LONGEST])[:_LONGEST])
    if match := normalise.EMAIL_IN_TEXT.search(rest.text):
        email, rest = normalise.email(match[0]), rest.without(*match.span())
    if "order_number" in ways and rules.shop.order_number is not None:
        number = next(iter(order_numbers.find(rules, rest.text)), None)
    if "phone" in ways:
        for found in phonenumbers.PhoneNumberMatcher(rest.text, rules.shop.country):
            phone = normalise.phone(found.raw_string, rules.shop.country)
            rest = rest.without(found.start, found.end)
            break
    if "postcode" in ways:
        postcode = rules.places.postcode(rest.text, expected=True) or rules.places.postcode(
            _SPACE_IN_DIGITS.sub("", rest.text), expected=True
        )
    if "order_number" in ways and rules.shop.order_number is None:
        others = order_numbers.find(rules, rest.text)
        number = next((other for other in others if other != postcode), None)
    return Claim(email if "email" in ways else None, phone, postcode, number)


def code(text: str) -> str | None:
    """The one-time code that a text is, by itself or said to be one: "123 456", "my code is
    123456", 验证码123456."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST])
    match = _CODE.fullmatch(_SAID_OF_IT.sub(" ", plain))
    digits = re.sub(r"\D", "", match[1]) if match else ""
    return digits if len(digits) == CODE_DIGITS and digits.isascii() else None


def missing(rules: ShopRules, claim: Claim) -> tuple[tuple[Way, ...], ...]:
    """What the claim lacks: for each part the ways of which one will do."""
    parts = []
    if not (claim.email or claim.phone):
        parts.append(rules.shop.identified_by)
    if not (claim.postcode or claim.order_number):
        parts.append(rules.shop.proved_by)
    return tuple(parts)


def example(rules: ShopRules, way: Way) -> str | None:
    """How such a thing looks in the shop's country."""
    match way:
        case "email":
            return "name@example.com"
        case "phone":
            kind = phonenumbers.PhoneNumberType.MOBILE
            number = phonenumbers.example_number_for_type(rules.shop.country, kind)
            national = phonenumbers.PhoneNumberFormat.NATIONAL
            return phonenumbers.format_number(number, national) if number else None
        case "postcode":
            return rules.places.postcode_example
        case "order_number" | "code":
            return None
