"""Money, dates, lists and punctuation as each language writes them.

Names of months and days, the grouping of figures, plurals and lists are Babel's (CLDR). English is
written the British way.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, get_currency_symbol

_LOCALES = {"zh": Locale("zh", script="Hans"), "en": Locale("en", "GB")}


_LAST_LATIN = "\u024f"  # the end of Unicode's Latin Extended-B


class _Marks(NamedTuple):
    """A language's punctuation, each with the space that belongs to it."""

    colon: str
    comma: str  # between parts of a sentence
    pause: str  # between the items of a bare list
    semicolon: str
    stop: str
    gap: str  # between sentences
    brackets: str
    span: str
    before_clock: str


_MARKS = {
    "zh": _Marks("：", "，", "、", "；", "。", "", "（{}）", "至", ""),
    "en": _Marks(": ", ", ", ", ", "; ", ".", " ", " ({})", " to ", ", "),
}


class _Patterns(NamedTuple):
    """Of CLDR: M month, d day, E weekday, y year."""

    day: str
    day_of_year: str
    short_day: str
    short_day_of_year: str
    month: str
    month_of_year: str


_PATTERNS = {
    "zh": _Patterns("M月d日（EEE）", "y年M月d日（EEE）", "M月d日", "y年M月d日", "M月", "y年M月"),
    "en": _Patterns("EEEE d MMMM", "EEEE d MMMM y", "d MMMM", "d MMMM y", "MMMM", "MMMM y"),
}


def _locale(language: str) -> Locale:
    return _LOCALES["zh" if language == "zh" else "en"]


def _marks(language: str) -> _Marks:
    return _MARKS["zh" if language == "zh" else "en"]


def _patterns(language: str) -> _Patterns:
    return _PATTERNS["zh" if language == "zh" else "en"]


def money(amount: Decimal, currency: str, language: str = "en") -> str:
    """¥99, ¥98.50, $1,299: with the sign that the currency has at home, and without decimals
    where they are nought."""
    locale = _locale(language)
    pattern = locale.currency_formats["standard"].pattern
    whole = amount == amount.to_integral_value()
    told = format_currency(
        amount,
        currency,
        format=pattern.replace(".00", "") if whole else pattern,
        locale=locale,
        currency_digits=not whole,
    )
    told = told.replace(get_currency_symbol(currency, locale), _sign(currency))
    return told.replace("\xa0", " ").strip()


def prices(least: Decimal, most: Decimal, currency: str, language: str = "en") -> str:
    """¥159–199; one price where they are the same."""
    first = money(least, currency, language)
    last = money(most, currency, language).replace(_sign(currency), "").strip()
    return first if least == most else f"{first}–{last}"


def _sign(currency: str) -> str:
    """The currency's own sign; letters are set off from the figure: CHF 100."""
    sign = _symbol(currency)
    return f"{sign} " if sign[-1].isalpha() else sign


@functools.cache
def _symbol(currency: str) -> str:
    """As it is written where it is money: ¥ for CNY, which English otherwise writes CN¥."""
    english = get_currency_symbol(currency, "en")
    if not any(character.isalpha() for character in english):
        return english
    try:  # the first two letters of most currency codes are the country's
        home = get_currency_symbol(currency, Locale.parse(f"und_{currency[:2]}"))
    except (UnknownLocaleError, ValueError):
        return english
    # Letters of another script are no sign to who does not read it: KWD, not د.ك.
    foreign = any(character.isalpha() and character > _LAST_LATIN for character in home)
    return english if foreign else home


def day(when: date, language: str, *, today: date | None = None) -> str:
    """11月24日（周二）, Tuesday 24 November; with the year where it is not `today`'s."""
    patterns = _patterns(language)
    other_year = today is not None and when.year != today.year
    pattern = patterns.day_of_year if other_year else patterns.day
    return format_date(when, pattern, locale=_locale(language))


def short_day(when: date, language: str, *, today: date) -> str:
    """5月3日, 3 May: inside a sentence; with the year where it is not `today`'s."""
    patterns = _patterns(language)
    pattern = patterns.short_day if when.year == today.year else patterns.short_day_of_year
    return format_date(when, pattern, locale=_locale(language))


def days(first: date, last: date, language: str, *, today: date) -> str:
    """One day or a span: 11月24日（周二）至11月26日（周四）."""
    if first == last:
        return day(first, language, today=today)
    span = _marks(language).span
    return f"{day(first, language, today=today)}{span}{day(last, language, today=today)}"


def month(when: date, language: str, *, today: date) -> str:
    """5月, May; with the year where it is not `today`'s."""
    patterns = _patterns(language)
    pattern = patterns.month if when.year == today.year else patterns.month_of_year
    return format_date(when, pattern, locale=_locale(language))


def moment(when: datetime, language: str, *, today: date) -> str:
    """11月24日（周二）15:30, Tuesday 24 November, 15:30."""
    joint = _marks(language).before_clock
    return f"{day(when.date(), language, today=today)}{joint}{clock(when.time())}"


def clock(at: time) -> str:
    return f"{at:%H:%M}"


def listed(items: Sequence[str], language: str) -> str:
    """A、B和C; A, B and C."""
    return format_list(items, locale=_locale(language))


def plural(count: int | Decimal | float, language: str, forms: Sequence[str]) -> str:
    """The form that goes with the count: of ("day", "days") the first for 1, else the second.

    A language takes as many forms as CLDR gives it, in the order of CLDR's names (zero, one, two,
    few, many, other): English two, Chinese one. Fewer forms than that serve for the rest too."""
    rule = _locale(language).plural_form
    names = [name for name in _PLURALS if name in rule.tags or name == "other"]
    return forms[min(names.index(rule(count)), len(forms) - 1)]


_PLURALS = ("zero", "one", "two", "few", "many", "other")


def language_name(which: str, language: str) -> str:
    """中文 or Chinese for "zh"."""
    return Locale(which).get_display_name(_locale(language).language) or which


def colon(language: str) -> str:
    return _marks(language).colon


def stop(language: str) -> str:
    """The full stop, without a space."""
    return _marks(language).stop


def joined(parts: Sequence[str], language: str) -> str:
    """Parts of a sentence, with commas: A，B; A, B."""
    return _marks(language).comma.join(parts)


def enumerated(items: Sequence[str], language: str) -> str:
    """A bare list, without an "and": A、B、C; A, B, C."""
    return _marks(language).pause.join(items)


def clauses(parts: Sequence[str], language: str) -> str:
    """Parts with commas of their own, with semicolons: A；B; A; B."""
    return _marks(language).semicolon.join(parts)


def called(name: str) -> str:
    """How a customer is spoken to: by the first of several names where they are written apart, as
    "Emma" of Emma Clarke; a Chinese name whole."""
    first, *rest = name.split()
    return first if rest and first.isascii() and first.isalpha() and len(first) > 1 else name


def bracketed(text: str, language: str) -> str:
    """（…） or " (…)", to follow a word."""
    return _marks(language).brackets.format(text)


def together(sentences: Sequence[str], language: str) -> str:
    """Sentences one after the other."""
    return _marks(language).gap.join(sentence for sentence in sentences if sentence)


def marked(text: str, numbers: Sequence[int], language: str) -> str:
    """A sentence with the numbers of its sources behind it: "…。[1]", "… [1][2]"."""
    return together([text, "".join(f"[{number}]" for number in numbers)], language)
