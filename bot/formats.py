"""Money, dates and lists as each language writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}
_ZH_DAYS = "一二三四五六日"


def money(amount: Decimal, currency: str) -> str:
    """¥99, ¥98.50: without decimals where they are nought."""
    digits = f"{amount:,.2f}".removesuffix(".00")
    sign = _SIGNS.get(currency)
    return f"{sign}{digits}" if sign else f"{digits} {currency}"


def day(when: date, language: str, *, today: date | None = None) -> str:
    """11月24日（周二）, Tuesday 24 November; with the year where it is not `today`'s."""
    other_year = today is not None and when.year != today.year
    if language == "zh":
        year = f"{when.year}年" if other_year else ""
        return f"{year}{when.month}月{when.day}日（周{_ZH_DAYS[when.weekday()]}）"
    year = f" {when.year}" if other_year else ""
    return f"{when:%A} {when.day} {when:%B}{year}"


def short_day(when: date, language: str, *, today: date) -> str:
    """5月3日, 3 May: inside a sentence; with the year where it is not `today`'s."""
    if language == "zh":
        year = f"{when.year}年" if when.year != today.year else ""
        return f"{year}{when.month}月{when.day}日"
    year = f" {when.year}" if when.year != today.year else ""
    return f"{when.day} {when:%B}{year}"


def days(first: date, last: date, language: str, *, today: date) -> str:
    """One day or a span: 11月24日（周二）至11月26日（周四）."""
    if first == last:
        return day(first, language, today=today)
    joint = "至" if language == "zh" else " to "
    return f"{day(first, language, today=today)}{joint}{day(last, language, today=today)}"


def moment(when: datetime, language: str, *, today: date) -> str:
    """11月24日（周二）15:30, Tuesday 24 November, 15:30."""
    joint = "" if language == "zh" else ", "
    return f"{day(when.date(), language, today=today)}{joint}{clock(when.time())}"


def clock(at: time) -> str:
    return f"{at:%H:%M}"


def listed(items: Sequence[str], language: str) -> str:
    """A、B和C; A, B and C."""
    if len(items) < 2:
        return "".join(items)
    joint, last = ("、", "和") if language == "zh" else (", ", " and ")
    return joint.join(items[:-1]) + last + items[-1]


def month(when: date, language: str, *, today: date) -> str:
    """5月, May; with the year where it is not `today`'s."""
    same = when.year == today.year
    if language == "zh":
        return f"{when.month}月" if same else f"{when.year}年{when.month}月"
    return f"{when:%B}" if same else f"{when:%B} {when.year}"


def bracketed(text: str, language: str) -> str:
    """（…） or " (…)", to follow a word."""
    return f"（{text}）" if language == "zh" else f" ({text})"


def together(sentences: Sequence[str], language: str) -> str:
    """Sentences one after the other."""
    return ("" if language == "zh" else " ").join(sentence for sentence in sentences if sentence)
