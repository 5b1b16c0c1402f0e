"""Numbers as people write them, in Chinese and English, turned into plain digits."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

_ZH_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_ZH_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_ZH_RUN = re.compile("[零〇一二两俩三四五六七八九十百千万]+")

_EN_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_EN_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_EN_VALUES = {word: n for n, word in enumerate(_EN_SMALL)} | {
    word: 10 * n for n, word in enumerate(_EN_TENS, start=2)
}
_EN_WORD = "|".join(sorted(_EN_VALUES, key=len, reverse=True))
_EN_RUN = re.compile(
    rf"\b(?:(?:{_EN_WORD})|an?(?=[\s-]+(?:hundred|thousand)\b))"
    rf"(?:[\s-]+(?:and\s+)?(?:{_EN_WORD}|hundred|thousand))*\b",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?:,\d{3})+(?!\d)")
_DIGIT_MYRIAD = re.compile(r"(\d+(?:\.\d+)?)\s*万")


def as_digits(text: str) -> str:
    """Write every number in the text with plain digits: "两百五" → "250", "twenty-five" → "25",
    "１，２９９" → "1299", "1.5万" → "15000". Everything else stays, in NFKC form.

    Chinese numerals are turned everywhere, also where they are no number ("一下" → "1下"), so
    readers of the result must look for a unit beside the digits.
    """
    text = unicodedata.normalize("NFKC", text)
    text = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), text)
    text = _DIGIT_MYRIAD.sub(lambda match: _plain(Decimal(match[1]) * 10_000), text)
    text = _ZH_RUN.sub(lambda match: _chinese(match[0]), text)
    return _EN_RUN.sub(lambda match: str(_english(match[0])), text)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _chinese(run: str) -> str:
    if not any(character in _ZH_UNITS for character in run):
        return "".join(str(_ZH_DIGITS[character]) for character in run)  # 二〇二六 → 2026
    total = section = digit = 0
    unit = 1
    for character in run:
        if character in _ZH_DIGITS:
            digit = _ZH_DIGITS[character]
            unit = 1 if digit == 0 else unit
            continue
        unit = _ZH_UNITS[character]
        if unit == 10_000:
            total += (section + digit) * unit
            section = 0
        else:
            section += (digit or 1) * unit
        digit = 0
    # A last digit right after a unit stands for the next lower one: 两百五 is 250, 一万二 12000.
    colloquial = digit and unit >= 100 and run[-2] in _ZH_UNITS
    return str(total + section + (digit * unit // 10 if colloquial else digit))


def _english(run: str) -> int:
    total = section = 0
    for word in re.split(r"[\s-]+", run.lower()):
        if word == "hundred":
            section = (section or 1) * 100
        elif word == "thousand":
            total += (section or 1) * 1000
            section = 0
        else:
            section += _EN_VALUES.get(word, 0)  # "and", "a", "an" add nothing
    return total + section
