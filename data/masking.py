"""Hides what says who somebody is in free text: for lists that agents skim, reports, and training.

What has a form that can be checked is found wherever it stands: e-mail addresses, bank cards (by
their check digit), IBANs and Chinese identity numbers (by theirs), telephone numbers as their
countries write them. Addresses are found where a number stands beside a word for a street; a name
is not found at all, so what is masked may still tell who wrote it.
"""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

from data import normalise

# Who is only written to by name, a bank account's holder say, is not found: see above.
# Digits of a card in groups, as cards print them; ISO/IEC 7812 has 12 to 19.
_CARD = re.compile(r"(?<![\d.])\d(?:[ -]?\d){11,18}(?![\d.])")
_IDENTITY = re.compile(r"(?<![\dA-Za-z])\d{17}[\dXx](?![\dA-Za-z])")
_IBAN = re.compile(
    r"(?<![A-Za-z\d])[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?(?![A-Za-z\d])"
)
_STREET = re.compile(
    # 文三路 199 号 3 幢 502 室
    r"[\u4e00-\u9fff]{1,12}(?:路|街|道|巷|弄|胡同|小区|村)\s*\d{1,5}\s*(?:号|弄|栋|幢|室)"
    r"(?:\s*\d{1,5}\s*(?:号楼|号|栋|幢|单元|楼|层|室))*"
    # 12 Elm Road; Lindenstraße 5
    r"|\b\d{1,5}[a-z]?,? (?:[A-Z][\w.'’-]{1,20} ){1,4}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Court|Ct|Square|Place)\b"
    r"|\b[A-ZÄÖÜ][\wäöüß-]{2,30}(?:straße|strasse|str\.|weg|platz|allee|gasse) \d{1,4}[a-z]?\b"
)
_LONGEST = 4000  # characters looked at; what is longer is cut, so that no text takes long


def mask(text: str, country: str | None = None) -> str:
    """The text with 〔email〕, 〔card〕, 〔id〕, 〔phone〕 and 〔address〕 in the places of such.
    Telephone numbers without their country's code are those of `country` (ISO 3166)."""
    text = unicodedata.normalize("NFKC", text[:_LONGEST])
    text = normalise.EMAIL_IN_TEXT.sub("〔email〕", text)
    text = _IDENTITY.sub(lambda found: "〔id〕" if _is_identity(found[0]) else found[0], text)
    text = _IBAN.sub(lambda found: "〔id〕" if _is_iban(found[0]) else found[0], text)
    text = _CARD.sub(lambda found: "〔card〕" if _is_card(found[0]) else found[0], text)
    text = _STREET.sub("〔address〕", text)
    return _without_phones(text, country)


def _without_phones(text: str, country: str | None) -> str:
    found = list(phonenumbers.PhoneNumberMatcher(text, country))
    for match in reversed(found):
        text = f"{text[: match.start]}〔phone〕{text[match.end :]}"
    return text


def _is_card(text: str) -> bool:
    """By Luhn's check digit."""
    digits = [int(digit) for digit in re.sub(r"\D", "", text)]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_identity(text: str) -> bool:
    """By the check digit of GB 11643: weights are powers of 2 modulo 11."""
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def _is_iban(text: str) -> bool:
    """By ISO 7064's remainder of 97."""
    plain = text.replace(" ", "")
    number = "".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])
    return 15 <= len(plain) <= 34 and int(number) % 97 == 1
