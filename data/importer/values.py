"""From a cell's text to a value; a ValueError says what the cell should be.

A message begins after the cell's text: "is not a whole number; write 12".
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.languages import get_official_languages
from babel.numbers import get_currency_symbol
from inscriptis import get_text
from inscriptis.model.config import ParserConfig

from data import normalise
from data.importer.terms import DayForm, DecimalMark, Terms

Parse = Callable[[str], Any]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]*")
_DAY = r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})"
_TIME = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:\s*([AaPp])\.?[Mm]\.?)?"
_OFFSET = r"(Z|UTC|GMT|[+-]\d{2}:?\d{2})"
_ONLY_DAY = re.compile(_DAY)
_MOMENT = re.compile(rf"{_DAY}(?:(?:T|,?\s+){_TIME}(?:\s*{_OFFSET})?)?")
# A space or an apostrophe between thousands, as 1 299,00 and 1'299.00 have.
_THOUSANDS = re.compile(r"(?<=\d)[ \u202f'’](?=\d{3}(?!\d))")
_LONGEST_AMOUNT = 20  # characters
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|<!--|&(?:[A-Za-z]{2,8}|#\d{1,6}|#x[0-9A-Fa-f]{1,5});")
_BULLET = re.compile(r"^ *[*+o-] (?=\S)", re.MULTILINE)
_CARD_DIGITS = 12  # so many digits are a card number rather than its end
_LARGEST = 2_000_000_000  # fits the databases' integers
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d{1,3}", re.I)  # 7.81234E+11
_MADE_DECIMAL = re.compile(r"\d{3,}\.0")
# Units and how files spell them, in lower case; the first is how it is kept.
_UNITS = (
    "mg milligram milligrams milligramm 毫克",
    "g gr gram grams gramme grammes gramm 克",
    "kg kgs kilo kilos kilogram kilograms kilogramm 公斤 千克",
    "oz ounce ounces 盎司",
    "lb lbs pound pounds 磅",
    "ml millilitre millilitres milliliter milliliters 毫升",
    "L ltr litre litres liter liters 升",
    "lm lumen lumens 流明",
    "mAh 毫安时 毫安",
    "Wh 瓦时",
    "W watt watts 瓦",
    "GB gigabyte gigabytes",
    "TB terabyte terabytes",
    "Hz hertz 赫兹 赫",
    "mm millimetre millimetres millimeter millimeters 毫米",
    "cm centimetre centimetres centimeter centimeters zentimeter 厘米",
    "m metre metres meter meters 米",
    "inch inches in zoll 英寸",
    "°C celsius 摄氏度 ℃ °c",
)
_UNIT_OF = {
    unicodedata.normalize("NFKC", spelling).casefold(): line.split()[0]
    for line in _UNITS
    for spelling in line.split()
}


def text(longest: int) -> Parse:
    """A short text; character references of HTML are undone."""

    def parse(cell: str) -> str:
        plain = html.unescape(cell) if _MARKUP.search(cell) else cell
        if len(plain) > longest:
            raise ValueError(f"has {len(plain)} characters; {longest} fit")
        return plain

    return parse


def prose(longest: int) -> Parse:
    """A text of any length; HTML becomes text with its paragraphs and lists."""

    def parse(cell: str) -> str:
        plain = _without_markup(cell) if _MARKUP.search(cell) else cell
        if len(plain) > longest:
            raise ValueError(f"has {len(plain)} characters; {longest} fit")
        return plain

    return parse


def _without_markup(cell: str) -> str:
    plain = get_text(cell, ParserConfig(display_links=False)).replace("\xa0", " ")
    lines = (line.rstrip() for line in _BULLET.sub("- ", plain).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


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


def code(read: Parse) -> Parse:
    """For what a spreadsheet takes for a number, though it is none: it cuts off its last digits, or
    adds ".0"."""

    def parse(cell: str) -> Any:
        plain = unicodedata.normalize("NFKC", cell)
        if _SHORTENED.fullmatch(plain):
            raise ValueError(
                "was shortened by a spreadsheet; format the column as text there, and export it "
                "again"
            )
        return read(plain[:-2] if _MADE_DECIMAL.fullmatch(plain) else cell)

    return parse


def unit(cell: str) -> str:
    """As the catalogue writes units, whatever language or spelling the file has: Gram, 克 → g."""
    plain = str(text(20)(cell))
    return _UNIT_OF.get(unicodedata.normalize("NFKC", plain).casefold().rstrip("."), plain)


def sku(cell: str) -> str:
    """As the shop writes it."""
    if len(cell) > 80 or not cell.isprintable():
        raise ValueError("is not a SKU; write up to 80 characters on one line")
    return cell


def url(cell: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"]{3,2000}", cell):
        raise ValueError("is not an address; write https://shop.example/page")
    return cell


def email(cell: str) -> str:
    plain = normalise.email(cell)
    if plain is None:
        raise ValueError("is not an e-mail address; write name@example.com")
    return plain


def phone(country: str) -> Parse:
    """In E.164 where it is a telephone number, else as it stands: it is shown, but names nobody."""

    def parse(cell: str) -> str:
        return normalise.phone(cell, country) or str(text(30)(cell))

    return parse


def postcode(cell: str) -> str:
    plain = normalise.postcode(cell)
    if plain is None:
        raise ValueError("is not a postcode; write 3 to 12 letters and digits, or leave it empty")
    return plain


def order_number(cell: str) -> str:
    plain = normalise.order_number(cell)
    if plain is None:
        raise ValueError("is not an order number; write 3 to 40 letters, digits or hyphens")
    return plain


def whole(cell: str, least: int = 0) -> int:
    if not re.fullmatch(r"[0-9]{1,10}(\.0+)?", cell):
        raise ValueError(f"is not a whole number from {least} on; write 12")
    value = int(cell.split(".")[0])
    if not least <= value <= _LARGEST:
        raise ValueError(f"is not a whole number from {least} on; write 12")
    return value


def at_least_one(cell: str) -> int:
    return whole(cell, least=1)


def stars(cell: str) -> int:
    if not re.fullmatch(r"[1-5](\.0+)?", cell):
        raise ValueError("is not a number of stars; write 1 to 5")
    return int(cell[0])


def language(cell: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}([-_][A-Za-z]{2,4})?", cell):
        raise ValueError("is not a language; write its two letters, such as zh")
    return cell[:2].lower()


def stock(cell: str) -> int:
    """Pieces; below nothing where more were sold than there are."""
    return -whole(cell[1:]) if cell.startswith("-") else whole(cell)


def number(cell: str) -> float | int:
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", cell):
        raise ValueError("is not a number; write 1850 or 1.5")
    return float(cell) if "." in cell else int(cell)


def money(terms: Terms) -> Parse:
    """An amount in the shop's currency, with or without its sign; 1,299 and 1.299 need
    `terms.decimal`."""
    signs = _currency_signs(terms.currency, terms.country)

    def parse(cell: str) -> Decimal:
        plain = unicodedata.normalize("NFKC", cell).strip()
        for sign in signs:
            bare = plain.upper().removeprefix(sign).removesuffix(sign).strip()
            if bare != plain.upper():
                plain = bare
                break
        amounts = _amounts(_THOUSANDS.sub("", plain), terms.decimal)
        if len(amounts) > 1:
            first, second = sorted(amounts)
            raise ValueError(
                f"could be {first} or {second}; say which with --decimal point or --decimal comma"
            )
        for amount in amounts:
            if amount == amount.quantize(Decimal("0.01")):
                return amount.quantize(Decimal("0.01"))
        raise ValueError(
            f"is not an amount in {terms.currency}; write 899 or 899.00, with at most two decimal "
            "places"
        )

    return parse


def _amounts(plain: str, decimal: DecimalMark | None) -> set[Decimal]:
    """What the text can mean."""
    found: set[Decimal] = set()
    for name, mark, group in (("point", ".", ","), ("comma", ",", ".")):
        if decimal in (None, name) and len(plain) <= _LONGEST_AMOUNT:
            digits = rf"\d{{1,13}}|\d{{1,3}}(?:{re.escape(group)}\d{{3}}){{1,4}}"
            match = re.fullmatch(rf"({digits})(?:{re.escape(mark)}(\d{{1,6}}))?", plain)
            if match:
                found.add(Decimal(f"{match[1].replace(group, '')}.{match[2] or 0}").normalize())
    return {amount.quantize(Decimal(1)) if amount == int(amount) else amount for amount in found}


@cache
def _currency_signs(currency: str, country: str) -> list[str]:
    """What may stand before or behind an amount in the currency, longest first."""
    spoken = [f"{language}_{country}" for language in get_official_languages(country)]
    signs = {currency}
    for name in ("en", "zh", *spoken):
        try:
            signs.add(get_currency_symbol(currency, name).upper())
        except (UnknownLocaleError, ValueError):
            continue
    return sorted(signs, key=len, reverse=True)


def currency(of_shop: str) -> Parse:
    """The shop's own: amounts in another cannot be added to it, nor spoken of in it."""

    def parse(cell: str) -> str:
        if cell.upper() != of_shop:
            raise ValueError(f"is not the shop's currency, which is {of_shop} (shop.yaml)")
        return of_shop

    return parse


def country(languages: tuple[str, ...]) -> Parse:
    """Two or three letters, or its name in English, Chinese or a language of the shop."""

    def parse(cell: str) -> str:
        plain = unicodedata.normalize("NFKC", cell).strip()
        code = plain.upper()
        aliases = get_global("territory_aliases").get(code, [code])
        if len(aliases) == 1 and aliases[0] in _countries("en"):
            return str(aliases[0])
        for language in ("en", "zh", *languages):
            for known, name in _countries(language).items():
                if name == plain.casefold():
                    return known
        raise ValueError("is not a country; write its two letters, such as CN, or its name")

    return parse


@cache
def _countries(language: str) -> dict[str, str]:
    """Names in the language, in lower case, by code."""
    territories = Locale.parse(language).territories
    return {code: name.casefold() for code, name in territories.items() if code.isalpha()}


def day(form: DayForm | None) -> Parse:
    """A day whose order of parts is `form`'s, or can only be one."""

    def parse(cell: str) -> date:
        match = _ONLY_DAY.fullmatch(cell)
        if match is None:
            raise ValueError("is not a day; write 2026-11-22")
        return _day(match, form)

    return parse


def _day(match: re.Match[str], form: DayForm | None) -> date:
    first, second, third = match[1], match[2], match[3]
    orders = {
        "YYYY": [(first, second, third)],
        "MM": [(third, first, second)],
        "DD": [(third, second, first)],
    }
    if len(first) == 4:
        readings = orders["YYYY"]
    elif form is None:
        readings = orders["MM"] + orders["DD"]
    else:
        readings = orders[re.split(r"\W", form)[0]]
    days = {found for reading in readings if (found := _valid(*reading)) is not None}
    if len(days) > 1:
        one, other = sorted(days)
        raise ValueError(
            f"could be {one} or {other}; say which with --dates MM/DD/YYYY or --dates DD/MM/YYYY"
        )
    if not days:
        raise ValueError(f"is not a day; write 2026-11-22{f' or {form}' if form else ''}")
    return days.pop()


def _valid(year: str, month: str, number: str) -> date | None:
    try:
        return date(int(year), int(month), int(number)) if len(year) == 4 else None
    except ValueError:
        return None


def moment(zone: tzinfo, form: DayForm | None = None) -> Parse:
    """Without an offset of its own a moment is by the clock of `zone`. Also as spreadsheets and
    other systems write it: 2026/11/22 9:05, 11/22/2026 9:05 PM, 2026-11-22 09:05:00 +0100."""

    def parse(cell: str) -> datetime:
        match = _MOMENT.fullmatch(cell)
        if match is None:
            raise ValueError(
                "is not a time; write 2026-11-22 09:05, or with an offset 2026-11-22T09:05+08:00"
            )
        on = _day(match, form)
        hour, minute, second = int(match[4] or 0), int(match[5] or 0), int(match[6] or 0)
        if match[7]:
            hour = hour % 12 + (12 if match[7].lower() == "p" else 0)
        try:
            at = datetime(on.year, on.month, on.day, hour, minute, second)
            return at.replace(tzinfo=_offset(match[8]) or zone).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError("is not a time; write a time such as 2026-11-22 09:05") from None

    return parse


def _offset(written: str | None) -> tzinfo | None:
    if written is None:
        return None
    if not written[1:].replace(":", "").isdigit():
        return UTC
    digits = written[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-size if written[0] == "-" else size)


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
