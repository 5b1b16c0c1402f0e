"""Where somebody can be reached, as they write it: an e-mail address or a telephone number."""

from __future__ import annotations

import unicodedata

import phonenumbers

from data import normalise
from data.rules.shop import ShopRules

_LONGEST = 500  # characters looked at


def read(rules: ShopRules, text: str) -> str | None:
    """The first address of a text, else its first telephone number in E.164; the shop's own are
    none of a customer's."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST])
    for match in normalise.EMAIL_IN_TEXT.finditer(plain):
        email = normalise.email(match[0])
        if email and email != (rules.shop.email or "").lower():
            return email
    own = _own(rules)
    for found in phonenumbers.PhoneNumberMatcher(plain, rules.shop.country):
        phone = normalise.phone(found.raw_string, rules.shop.country)
        if phone and phone != own:
            return phone
    return None


def is_own_number(rules: ShopRules, text: str) -> bool:
    """Whether a text is the shop's telephone number and nothing else."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST]).strip(" .?!。？！")
    digits = [c for c in plain if c.isdigit()]
    if not digits or any(c.isalpha() for c in plain):
        return False
    return digits == [c for c in rules.shop.phone or "" if c.isdigit()]


def _own(rules: ShopRules) -> str | None:
    return normalise.phone(rules.shop.phone, rules.shop.country) if rules.shop.phone else None
