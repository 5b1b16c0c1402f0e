"""From a cell's text to a value; a ValueError says what the cell should be.

A message begins after the cell's text: "is not a whole number; write 12".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any

from data import normalise

Parse = Callable[[str], Any]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]*")
_MONEY = re.compile(r"[¥￥]?\s*(\d+|\d{1,3}(?:,\d{3})+)(\.\d{1,2})?")
_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_CARD_DIGITS = 12  # so many digits are a card number rather than its end
_LARGEST = 2_000_000_000  # fits the databases' integers


def text(longest: int) -> Parse:
    def parse(cell: str) -> str:
        if len(cell) > longest:
            raise ValueError(f"has {len(cell)} characters; {longest} fit")
        return cell

    return parse


def identifier(longest: int) -> Parse:
    """Letters, digits, dot, hyphen and underscore: it becomes part of addresses."""

    def parse(cell: str) -> str:
        if len(cell) > longest or not _ID.fullmatch(cell):
            raise ValueError(
                f"is not an id; write up to {longest} letters A–Z, digits, dots, hyphens or "
                "underscores"
            )
        return cell

    return parse


def email(cell: str) -> str:
    plain = normalise.email(cell)
    if plain is None:
        raise ValueError("is not an e-mail address; write name@example.com")
    return plain


def postcode(cell: str) -> str:
    plain = normalise.postcode(cell)
    if plain is None:
        raise ValueError("is not a postcode; write 3 to 12 letters and digits, such as 310000")
    return plain


def order_number(cell: str) -> str:
    plain = normalise.order_number(cell)
    if plain is None:
        raise ValueError("is not an order number; write 3 to 20 letters, digits or hyphens")
    return plain


def whole(cell: str, least: int = 0) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", cell) or not least <= int(cell) <= _LARGEST:
        raise ValueError(f"is not a whole number from {least} on; write 12")
    return int(cell)


def at_least_one(cell: str) -> int:
    return whole(cell, least=1)


def number(cell: str) -> float | int:
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", cell):
        raise ValueError("is not a number; write 1850 or 1.5")
    return float(cell) if "." in cell else int(cell)


def money(cell: str) -> Decimal:
    match = _MONEY.fullmatch(cell)
    if match is None or len(match[1]) > 13:
        raise ValueError("is not an amount; write 899 or 899.00, with at most two decimal places")
    return Decimal(match[1].replace(",", "") + (match[2] or "")).quantize(Decimal("0.01"))


def currency(cell: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", cell):
        raise ValueError("is not a currency; write its three letters, such as CNY")
    return cell


def country(cell: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", cell):
        raise ValueError("is not a country; write its two letters, such as CN")
    return cell


def day(cell: str) -> date:
    match = _DAY.fullmatch(cell)
    try:
        if match is None:
            raise ValueError
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise ValueError("is not a day; write 2026-11-22") from None


def moment(zone: tzinfo) -> Parse:
    """Without an offset of its own a moment is by the clock of `zone`. Also as a spreadsheet
    writes it: 2026/11/22 9:05."""

    def parse(cell: str) -> datetime:
        plain = _DAY.sub(lambda m: f"{m[1]}-{m[2]:0>2}-{m[3]:0>2}", cell, count=1)
        plain = re.sub(r"[ T](\d):", r" 0\1:", plain)
        try:
            at = datetime.fromisoformat(plain)
        except ValueError:
            raise ValueError(
                "is not a time; write 2026-11-22 09:05, or with an offset 2026-11-22T09:05+08:00"
            ) from None
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        try:
            return at.astimezone(UTC)
        except OverflowError:
            raise ValueError("is too far away; write a time such as 2026-11-22 09:05") from None

    return parse


def yes_or_no(cell: str) -> bool:
    match cell.lower():
        case "yes" | "true" | "1" | "是":
            return True
        case "no" | "false" | "0" | "否":
            return False
    raise ValueError("is neither; write yes or no")


def one_of(choices: type[StrEnum]) -> Parse:
    def parse(cell: str) -> StrEnum:
        try:
            return choices(cell.lower())
        except ValueError:
            raise ValueError(f"is not known; write one of {', '.join(choices)}") from None

    return parse


def word_of(*choices: str) -> Parse:
    def parse(cell: str) -> str:
        if cell.lower() not in choices:
            raise ValueError(f"is not known; write one of {', '.join(choices)}")
        return cell.lower()

    return parse


def several(cell: str) -> list[str]:
    """Words separated by | (a comma may belong to a name)."""
    return [part.strip() for part in cell.split("|") if part.strip()]


def payment_label(cell: str) -> str:
    if sum(character.isdigit() for character in cell) >= _CARD_DIGITS:
        raise ValueError("holds a whole card number; keep only its end, such as Visa •••• 4242")
    return str(text(60)(cell))
