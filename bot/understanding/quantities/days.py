"""Days and stretches of days among tokens, reckoned from today: 上周三, the 12th, 双十一, 3 weeks
and 2 days ago, next Friday.

A week begins on Monday, and "last" and "next" (上, 下) count whole weeks: said on a Friday, "next
Friday" is in seven days, "last Wednesday" nine days back. A bare weekday or day of the month is the
nearest one in the direction that the words around it point.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from bot.understanding.quantities import units
from bot.understanding.quantities.numerals import number
from bot.understanding.quantities.quantity import Bound
from bot.understanding.quantities.tokens import Token

_WEEK_DAYS = dict(zip("一二三四五六日天", (0, 1, 2, 3, 4, 5, 6, 6), strict=True))
_BEFORE_DAYS = frozenset("on by next last this until till til from before and or".split())
# The first day of the Chinese year, by the calendar of the Hong Kong Observatory.
_NEW_YEARS = (
    "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03",
    "2031-01-23", "2032-02-11", "2033-01-31", "2034-02-19", "2035-02-08",
)  # fmt: skip
_ORDERED = frozenset({"order", "orders", "delivery", "parcel"})
_LONGEST_AGO = 36_500  # days
_MOST_PARTS = 4  # a year, two months, a week and three days
_NEAR = 8  # tokens on either side that tell past from future


@dataclass(frozen=True, slots=True)
class Day:
    """`tokens[start:end]` name `first`, or the days from it to `last`."""

    first: date
    start: int
    end: int
    last: date | None = None
    about: bool = False


@dataclass(frozen=True, slots=True)
class _When:
    today: date
    toward: int


def day(tokens: Sequence[Token], at: int, today: date, toward: int = 0) -> Day | None:
    """The day, or the stretch of days, that is named from a token on. A bare day is sought in the
    past where `toward` is -1, from today on where it is 1, else where the words around point."""
    when = _When(today, toward)
    for read in (_written, _weekday, _week, _month_day, _day_month, _relative, _holiday, _month_of,
                 _ordinal, _year, _late, _ago):  # fmt: skip
        found = read(tokens, at, when)
        if found is not None:
            return found
    return None


def _at(tokens: Sequence[Token], at: int) -> Token:
    return tokens[at] if 0 <= at < len(tokens) else _NONE


_NONE = Token("", 0, 0, kind="sign")


def _date(year: int, month: int, day_: int) -> date | None:
    try:
        return date(year, month, day_)
    except ValueError:
        return None


def _written(tokens: Sequence[Token], at: int, when: _When) -> Day | None:
    if tokens[at].kind != "ymd":
        return None
    year, month, day_ = (int(part) for part in re.split(r"[-/.]", tokens[at].text))
    found = _date(year, month, day_)
    return Day(found, at, at + 1) if found else None


def _weekday(tokens: Sequence[Token], at: int, when: _When) -> Day | None:
    """上周三, next friday, saturday week, tuesday of last week, 周一."""
    today = when.today
    place = at
    modifier = tokens[place].get("modifier")
    if modifier is not None:
        place += 1
        if _at(tokens, place).text == "个":
            place += 1
    elif _at(tokens, at).text == "本":
        modifier, place = 0, at + 1
    wanted, end = _day_of_week(tokens, place)
    if wanted is None:
        return None
    this = today - timedelta(days=today.weekday())
    if modifier is not None:
        return Day(this + timedelta(days=7 * modifier + wanted), at, end)
    if _at(tokens, end).get("week") and tokens[end].text.isascii():  # saturday week
        return Day(_next(today, wanted) + timedelta(days=7), at, end + 1)
    further = end + (_at(tokens, end).text in ("of", "in", "the"))
    shifted = _at(tokens, further).get("modifier")
    if shifted is not None and _at(tokens, further + 1).get("week"):
        return Day(this + timedelta(days=7 * shifted + wanted), at, further + 2)
    if [_at(tokens, end + n).text for n in range(2)] == ["before", "last"]:
        return Day(this + timedelta(days=wanted - 14), at, end + 2)
    place = end + (_at(tokens, end).text == "the")
    numbered = number(tokens, place)
    if numbered is not None and _at(tokens, numbered.end).get("suffix"):  # friday the 11th
        exact = _ordinal(tokens, end, when)
        if exact is not None:
            return Day(exact.first, at, exact.end)
    ordered = _at(tokens, end).text in _ORDERED
    if ordered or _points(tokens, at, end, when) < 0:
        return Day(today - timedelta(days=(today.weekday() - wanted) % 7 or 7), at, end)
    return Day(_next(today, wanted), at, end)


def _day_of_week(tokens: Sequence[Token], at: int) -> tuple[int | None, int]:
    token = _at(tokens, at)
    if (wanted := token.get("weekday")) is not None:
        if (
            token.text in ("sun", "sat", "wed", "mon")
            and _at(tokens, at - 1).text not in _BEFORE_DAYS
        ):
            return None, at
        return wanted, at + 1
    if token.get("week") and not token.text.isascii():
        named = _at(tokens, at + 1).text
        if named in _WEEK_DAYS and number(tokens, at - 1 if at else len(tokens)) is None:
            return _WEEK_DAYS[named], at + 2
        if named.isdigit() and 1 <= int(named) <= 6:
            return int(named) - 1, at + 2
    return None, at


def _next(today: date, weekday: int) -> date:
    return today + timedelta(days=(weekday - today.weekday()) % 7)


def _points(tokens: Sequence[Token], start: int, end: int, when: _When) -> int:
    """-1 where the words around speak of what has been, 1 of what will be."""
    if when.toward:
        return when.toward
    if any(_at(tokens, start - n).get("until") for n in (1, 2)):
        return 1
    behind = _at(tokens, end)
    if behind.get("until") or (behind.get("since") and not behind.text.isascii()):
        return 1
    found = 0
    for distance in range(1, _NEAR + 1):
        for place in (start - distance, end + distance - 1):
            if not start <= place < end and 0 <= place < len(tokens):
                token = tokens[place]
                if token.get("past") and not token.get("future"):
                    found -= _NEAR + 1 - distance
                elif token.get("future") and not token.get("past"):
                    found += _NEAR + 1 - distance
    return -1 if found < 0 else 1


def _week(tokens: Sequence[Token], at: int, when: _When) -> Day | None:
    """last week, 下周, this weekend, 周末, 上个月, last year: a stretch of days."""
    today = when.today
    modifier = tokens[at].get("modifier")
    place = at + 1 if modifier is not None else at
    if tokens[at].text == "the" and _at(tokens, at + 1).get("weekend"):
        place = at + 1
    if modifier is not None and _at(tokens, place).text == "个":
        place += 1
    token = _at(tokens, place)
    if token.get("weekend") and place == at and token.text.isascii():
        return None  # a weekend bag
    monday = today - timedelta(days=today.weekday())
    if token.get("weekend"):
        saturday = monday + timedelta(days=7 * (modifier or 0) + 5)
        return Day(saturday, at, place + 1, saturday + timedelta(days=1))
    if modifier is None:
        return None
    if token.get("week"):
        if not token.text.isascii() and _at(tokens, place + 1).text == "末":
            saturday = monday + timedelta(days=7 * modifier + 5)
            return Day(saturday, at, place + 2, saturday + timedelta(days=1))
        first = monday + timedelta(days=7 * modifier)
        return Day(first, at, place + 1, first + timedelta(days=6))
    if token.get("month_word"):
        year, month = _shifted(today, modifier)
        numbered = number(tokens, place + 1)
        behind = _at(tokens, numbered.end).text if numbered else ""
        if numbered is not None and behind in ("号", "日"):
            named = _date(year, month, int(numbered.value)) if numbered.value < 32 else None
            return Day(named, at, numbered.end + 1) if named else None
        return _whole(year, month, at, place + 1)
    if token.get("year_word"):
        year = today.year + modifier
        return Day(date(year, 1, 1), at, place + 1, date(year, 12, 31))
    month = token.get("month")
    if month:
        year = today.year + (modifier if modifier and month >= 0 else 0)
        if modifier == -1 and month < today.month:
            year = today.year
        if modifier == 1 and month > today.month:
            year = today.year
        return _whole(year, month, at, place + 1)
    return None


def _shifted(today: date, months: int) -> tuple[int, int]:
    whole = today.year * 12 + today.month - 1 + months
    return whole // 12, whole % 12 + 1


def _whole(year: int, month: int, start: int, end: int) -> Day:
    return Day(date(year, month, 1), start, end, date(year, month, monthrange(year, month)[1]))


def _month_day(tokens: Sequence[Token], at: int, when: _When) -> Day | None:
    """5月3号, 2026年5月3日, may 3rd, 明年6月1号."""
    today = when.today
    year: int | None = None
    place = at
    shift = tokens[at].get("year")
    if shift is not None:
        year, place = today.year + shift, at + 1
    else:
        years = number(tokens, at)
        if years is not None and _at(tokens, years.end).text == "年" and 2000 <= years.value < 2100:
            year, place = int(years.value), years.end + 1
    months = number(tokens, place)
    if months is not None and _at(tokens, months.end).text == "月" and 1 <= months.value <= 12:
        days = number(tokens, months.end + 1)
        if days is not None and 1 <= days.value <= 31 and days.to is None:
            end = days.end + (_at(tokens, days.end).text in ("号", "日"))
            return _near(year, int(months.value), int(days.value), at, end, tokens, when)
        if _at(tokens, months.end + 1).text in ("份", "底", "初") or year is not None:
            return _whole(year or today.year, int(months.value), at, months.end + 1)
        return None
    month = tokens[at].get("month")
    if not month:
        return None
    place = at + 1 + (_at(tokens, at + 1).text in ("the", "."))
    days = number(tokens, place)
    if days is None or not 1 <= days.value <= 31 or days.to is not None:
        ordinal = _at(tokens, place).get("ordinal")
        if ordinal:
            return _near(None, month, ordinal, at, place + 1, tokens, when)
        return None
    end = days.end + bool(_at(tokens, days.end).get("suffix"))
    if _at(tokens, end).get("unit") and not _at(tokens, end).get("letter"):
        return None
    years = number(tokens, end + (_at(tokens, end).text == ","))
    if years is not None and 2000 <= years.value < 2100 and years.digits:
        return _near(int(years.value), month, int(days.value), at, years.end, tokens, when)
    return _near(None, month, int(days.value), at, end, tokens, when)


def _near(
    year: int | None, month: int, day_: int, start: int, end: int, tokens: Sequence[Token],
    when: _When,
) -> Day | None:  # fmt: skip
    """The day of this year, or of the year in the direction that the words point."""
    if year is not None:
        found = _date(year, month, day_)
        return Day(found, start, end) if found else None
    today = when.today
    this = _date(today.year, month, day_)
    if this is None:
        return None
    sure = bool(when.toward)
    points = _points(tokens, start, end, when)
    if this > today and points < 0 and (sure or (this - today).days > 183):
        this = _date(today.year - 1, month, day_) or this
    elif this < today and points > 0 and (sure or (today - this).days > 90):
        this = _date(today.year + 1, month, day_) or this
    return Day(this, start, end)


def _day_month(tokens: Sequence[Token], at: int, when: _When) -> Day | None:
    """the 3rd of may, 3 may 2026."""
    place = at + (tokens[at].text == "the")
    ordinal = _at(tokens, place).get("ordinal")
    days = None if ordinal else number(tokens, place)
    if ordinal is None and (days is None or not 1 <= days.value <= 31 or days.to):
        return None
    end = place + 1 if days is None else days.end
    end += bool(_at(tokens, end).get("suffix"))
    end += _at(tokens, end).text == "of"
    month = _at(tokens, end).get("month")
    if not month:
        return None
    end += 1
    value = ordinal or int(days.value if days else 0)
    years = number(tokens, end)
    if years is not None and 2000 <= years.value < 2100 and years.digits:
        return _near(int(years.value), month, value, at, years.end, tokens, when)
    return _near(None, month, value, at, end, tokens, when)


def _relative(tokens: Sequence[Token], at: int, when: _When) -> Day | None:
    today = when.today
    offset = tokens[at].get("day")
    if offset is None:
        return None
    text = tokens[at].text
    if text in ("今", "昨", "明", "当天"):
        return None
    return Day(today + timedelta(days=offset), at, at + 1)


def _holiday(tokens: Sequence[Token], at: int, when: _When) -> Day | None:
    today = when.today
    shift = tokens[at].get("year")
    place = at + (shift is not None)
    named = _at(tokens, place).get("holiday")
    end = place + 1
    lunar = _at(tokens, place).get("lunar_holiday")
    if lunar is not None:
        return _new_year(today, shift, lunar, when.toward, at, end)
    if named is None:
        return None
    found = date(today.year + (shift or 0), *named)
    if shift is None:
        points = _points(tokens, at, end, when)
        sure = bool(when.toward)
        if points > 0 and found < today and (sure or (today - found).days > 60):
            found = date(today.year + 1, *named)
        elif points < 0 and found > today and (sure or (found - today).days > 60):
            found = date(today.year - 1, *named)
    if _at(tokens, end).text == "那" and _at(tokens, end + 1).text == "天":
        end += 2
    elif "".join(_at(tokens, end + n).text for n in range(3)) == "第二天":
        found, end = found + timedelta(days=1), end + 3
    return Day(found, at, end)


def _new_year(
    today: date, shift: int | None, offset: int, toward: int, start: int, end: int
) -> Day | None:
    """The first day of the Chinese year, or the eve before it; the next one unless the year is said
    or the past is meant."""
    days = [date.fromisoformat(each) + timedelta(days=offset) for each in _NEW_YEARS]
    if shift is not None:
        days = [each for each in days if each.year == today.year + shift]
    elif toward < 0:
        days = [each for each in reversed(days) if each <= today]
    else:
        days = [each for each in days if each >= today]
    return Day(days[0], start, end) if days else None


def _month_of(tokens: Sequence[Token], at: int, when: _When) -> Day | None:
    """september 2024, september or october 2024, may last year, since january."""
    today = when.today
    month = tokens[at].get("month")
    if not month or (tokens[at].text in ("may", "mar", "march", "jun", "dec") and not at):
        return None
    end, last = at + 1, month
    if _at(tokens, end).text in ("or", "and", "to") and _at(tokens, end + 1).get("month"):
        last, end = tokens[end + 1].get("month"), end + 2
    years = number(tokens, end)
    year: int | None = None
    if years is not None and years.digits and 2000 <= years.value < 2100:
        year, end = int(years.value), years.end
    elif _at(tokens, end).get("modifier") is not None and _at(tokens, end + 1).get("year_word"):
        year, end = today.year + tokens[end].get("modifier"), end + 2
    elif _at(tokens, at - 1).text not in (
        "in",
        "since",
        "of",
        "from",
        "by",
        "until",
        "till",
        "before",
    ):
        return None
    if year is None:
        year = today.year
        if month > today.month and _points(tokens, at, end, when) < 0:
            year -= 1
        elif month < today.month and _points(tokens, at, end, when) > 0:
            year += 1
    whole = _whole(year, last, at, end)
    if tokens[at - 1].get("since") and tokens[at - 1].text == "since":
        return Day(date(year, month, 1), at, end)
    return Day(date(year, month, 1), at, end, whole.last)


def _ordinal(tokens: Sequence[Token], at: int, when: _When) -> Day | None:
    """the 12th, 20号: of this month, or of the one before or behind it."""
    today = when.today
    place = at + (tokens[at].text == "the")
    days = number(tokens, place)
    if days is None or days.to is not None or not 1 <= days.value <= 31:
        return None
    if days.value != int(days.value):
        return None
    end = days.end
    behind = _at(tokens, end)
    if tokens[at - 1 if at else 0].get("weekday") is not None and place == at:
        if not behind.get("suffix"):
            return None
    elif place > at or tokens[at - 1 if at else 0].text in (
        "by",
        "on",
        "until",
        "before",
        "since",
        "till",
    ):
        if not behind.get("suffix") or not days.digits:
            return None
    elif (
        _at(tokens, at - 1).text
        in ("大", "小", "换", "大了", "小了", "了", "差", "路", "街", "巷", "弄", "村")
        or behind.text != "号"
        or _at(tokens, end + 1).text in ("码", "楼", "店", "柜", "鞋", "电")
    ):
        return None
    value, end = int(days.value), end + 1
    if _at(tokens, end).text in ("floor", "birthday", "one", "time"):
        return None
    points = _points(tokens, at, end, when)
    months = 0
    if points > 0 and value < today.day:
        months = 1
    elif points < 0 and value > today.day:
        months = -1
    year, month = _shifted(today, months)
    found = _date(year, month, value)
    return Day(found, at, end) if found else None


def _year(tokens: Sequence[Token], at: int, when: _When) -> Day | None:
    """in 2025, 去年."""
    today = when.today
    shift = tokens[at].get("year")
    if shift is not None:
        if _at(tokens, at + 1).text in ("底", "末"):
            return Day(date(today.year + shift, 12, 31), at, at + 2)
        if shift == 0:
            return None
        year = today.year + shift
        return Day(date(year, 1, 1), at, at + 1, date(year, 12, 31))
    years = number(tokens, at)
    if years is None or not years.digits or not 2000 <= years.value < 2100 or years.to:
        return None
    if tokens[at - 1 if at else 0].text not in ("in", "since", "until", "of"):
        return None
    year = int(years.value)
    return Day(date(year, 1, 1), at, years.end, date(year, 12, 31))


def _late(tokens: Sequence[Token], at: int, when: _When) -> Day | None:
    """月底, 年底, the end of the month."""
    today = when.today
    of = tokens[at].get("late_of")
    end = at + 1
    if of is None:
        words = [_at(tokens, at + n).text for n in range(4)]
        if words[:2] != ["end", "of"]:
            return None
        named = words[3] if words[2] in ("the", "this") else words[2]
        end = at + (4 if words[2] in ("the", "this") else 3)
        of = named if named in ("month", "year", "week") else None
    if of == "month":
        return Day(date(today.year, today.month, monthrange(today.year, today.month)[1]), at, end)
    if of == "year":
        return Day(date(today.year, 12, 31), at, end)
    if of == "week":
        return Day(today + timedelta(days=6 - today.weekday()), at, end)
    return None


def lengths(
    tokens: Sequence[Token], at: int
) -> tuple[list[tuple[Decimal, str]], int, Bound] | None:
    """Lengths of time from a token on, with the place behind them: 3 weeks and 2 days, 一个半月."""
    parts: list[tuple[Decimal, str]] = []
    bound: Bound = "exact"
    end = at
    while end < len(tokens) and len(parts) < _MOST_PARTS:
        found = _length(tokens, end)
        if found is None:
            break
        value, unit, end, said = found
        bound = said if said != "exact" else bound
        parts.append((value, unit))
        further = end + (_at(tokens, end).text in ("and", "零", "又", ","))
        if _length(tokens, further) is None or _at(tokens, end).text == ",":
            break
        end = further
    return (parts, end, bound) if parts else None


def _length(tokens: Sequence[Token], at: int) -> tuple[Decimal, str, int, Bound] | None:
    if at >= len(tokens):
        return None
    value: Decimal | None = None
    bound: Bound = "exact"
    end = at
    token = tokens[at]
    if token.text == "半" or token.get("half"):
        value, end = Decimal("0.5"), at + 1
    elif token.get("article"):
        value, end = Decimal(1), at + 1
    else:
        found = number(tokens, at)
        if found is None:
            return None
        value, end, bound = found.value, found.end, found.bound
        if token.get("couple"):
            bound = "about"
    if _at(tokens, end).text in ("full", "whole", "of", "more"):
        end += 1
    if _at(tokens, end).text == "个":
        end += 1
    if _at(tokens, end).text == "半":
        value, end = value + Decimal("0.5"), end + 1
    if _at(tokens, end).text == "多":
        bound, end = "more_than", end + 1
    unit = _at(tokens, end).get("unit")
    if unit is None or unit.what != "time":
        return None
    end += 1
    if _at(tokens, end).get("and_half"):
        value, end = value + Decimal("0.5"), end + 1
    elif _at(tokens, end).text in ("半", "多"):
        bound = "more_than" if tokens[end].text == "多" else bound
        value, end = value + (Decimal("0.5") if tokens[end].text == "半" else 0), end + 1
    return value, unit.name, end, bound


def _ago(tokens: Sequence[Token], at: int, when: _When) -> Day | None:
    """ten days ago, 三周前, a month and a half ago, a week before last."""
    today = when.today
    found = lengths(tokens, at)
    if found is None:
        return None
    parts, end, bound = found
    behind = _at(tokens, end)
    later = behind.text in ("from now", "time") or (
        behind.text == "from" and _at(tokens, end + 1).text == "now"
    )
    if later:
        end += 1
    elif not behind.get("ago"):
        return None
    if any(unit in ("hour", "minute", "second") for _, unit in parts):
        return None
    end += 1
    if _at(tokens, end).get("day") == 0:  # two weeks ago today
        end += 1
    sign = 1 if later else -1
    back = reckoned(today, parts, sign)
    said = number(tokens, at)
    if said is not None and said.to is not None and len(parts) == 1 and back is not None:
        other = reckoned(today, [(said.to, parts[0][1])], sign)  # 十几天前, two or three weeks ago
        return Day(min(back, other), at, end, max(back, other)) if other is not None else None
    return Day(back, at, end, about=bound == "about") if back else None


def reckoned(today: date, parts: Sequence[tuple[Decimal, str]], sign: int) -> date | None:
    """The day so long before (-1) or after (1) today; a month counts 30 days, a year 365."""
    days = sum((value * units.DAYS[unit] for value, unit in parts), Decimal(0))
    if days > _LONGEST_AGO:
        return None
    try:
        return today + timedelta(days=sign * round(days))
    except OverflowError:
        return None
