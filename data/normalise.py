"""One spelling for the words by which customers and orders are found.

Chinese keyboards type full-width letters and digits (ＳＰ２０４１７３８８); Unicode's compatibility
form makes them plain. Letters of another alphabet that only look alike stay different.
Each function returns None for a text that cannot be such a word at all.
"""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

_LONGEST = 1000  # characters looked at; nobody's e-mail address or order number is longer
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s\x00-\x1f\x7f.]+")
# In a sentence: letters of any alphabet but Chinese, which stands around it without a space.
# Lengths by RFC 5321 and RFC 1035.
_HAN = "\u3400-\u9fff"
_MAILBOX = rf"(?:(?![{_HAN}])[\w.!#$%&*+/=?^`{{|}}~'\-])"
_NAME = rf"(?:(?![{_HAN}])[\w\-])"
EMAIL_IN_TEXT = re.compile(
    rf"(?<!{_MAILBOX}){_MAILBOX}{{1,64}}@{_NAME}{{1,63}}(?:\.{_NAME}{{1,63}}){{1,8}}"
)
_POSTCODE = re.compile(r"[0-9A-Z][0-9A-Z \-]{1,10}[0-9A-Z]")
_ORDER_NUMBER = re.compile(r"(?=[A-Z\-]*[0-9])[A-Z0-9][A-Z0-9\-]{2,39}")


def email(text: str) -> str | None:
    """Lower case, at most 254 characters, one @ and a dot after it."""
    plain = _plain(text).lower()
    return plain if len(plain) <= 254 and _EMAIL.fullmatch(plain) else None


def postcode(text: str) -> str | None:
    """Upper case, without spaces and hyphens, 3 to 12 letters and digits."""
    plain = _plain(text).upper()
    spelt = re.sub(r"[ \-]", "", plain)
    return spelt if _POSTCODE.fullmatch(plain) and len(spelt) >= 3 else None


def order_number(text: str) -> str | None:
    """Upper case, 3 to 40 letters, digits and hyphens, a digit among them; a leading # is
    dropped."""
    plain = _plain(text).upper().removeprefix("#").replace(" ", "")
    return plain if _ORDER_NUMBER.fullmatch(plain) else None


def phone(text: str, country: str) -> str | None:
    """In E.164 ("+8613800138000"); a number without its country's code is of `country`."""
    plain = _plain(text)
    try:
        number = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _plain(text: str) -> str:
    if len(text) > _LONGEST:
        return ""
    return unicodedata.normalize("NFKC", text).strip()
