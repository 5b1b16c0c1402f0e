"""What skills ask of a sentence: a price range, sums, a day, an hour, a size, how many.

All of these return None (or nothing) rather than guess: a rule of the shop is then told in general
instead of for a case that the customer did not name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from bot.understanding.quantities import units, zh
from bot.understanding.quantities.grammar import UNDATED, read
from bot.understanding.quantities.quantity import LOWER, UPPER, Quantity

_ABOUT = Decimal("0.2")  # "around 300" reaches a fifth either way
# Days of a week, a month, a year, with those that one may have more or fewer.
_STRETCHES = ((7, 0), (30, 2), (365, 1))
_DAY_OR_TWO = 3
_MORNING = time(9)  # of a day that is named without an hour
# The parts of a day, a closed class, with an hour in the midst of each.
_PARTS = (
    (re.compile(r"afternoon|下午|午后|傍晚", re.I), time(15)),
    (re.compile(r"noon|lunch|中午|正午", re.I), time(12)),
    (re.compile(r"morning|[早晨]|上午", re.I), _MORNING),
    (re.compile(r"evening|nigh?te?\b|[晚夜]", re.I), time(20)),
)
_BEHIND_DAY = re.compile(r"[\u4e00-\u9fff]{1,2}|\s*(?:in the |at )?[a-z]+", re.I)
_NOW = re.compile(r"现在|马上|\b(?:right )?now\b", re.I)
_JUST = re.compile(r"刚刚?(?:收到|买)|\bjust (?:bought|received|got)\b", re.I)
# A length of time behind these is how long ago something came: 买了三个星期了, had it for a month.
_SINCE_THEN = re.compile(
    r"(?:买|收到?|到货?|签收)了?(?:已经|有|快|都)*\s*$"
    r"|\b(?:had|owned)\s+(?:it|them|this|these)?\s*(?:for\s+)?$|\bfor\s+$",
    re.I,
)
_PLAIN_SIZE = re.compile(r"\d{2}(?:\.5)?|X{0,4}[SML]|\dXL", re.I)
_LETTERS = {"2XL": "XXL", "3XL": "XXXL"}
# Between how many and what: "two pairs of warm socks".
_BETWEEN_COUNT = re.compile(r"\s*(?:个|x\s*|of(?: the)?\s*)?(?:[a-z-]+\s+){0,3}", re.I)
_OF_SOMETHING = re.compile(r"\s+[a-z]{2,12}\s+of\b", re.I)
_OF_THEM = re.compile(r"\s*of (?:them|it|these|em)\b", re.I)
_HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Both ends included; None is open."""

    least: Decimal | None = None
    most: Decimal | None = None


def price_range(text: str, *, about: Decimal = _ABOUT) -> PriceRange | None:
    """The price limits in "500以内", "more than 300 but less than 900", "200到300", "around 300",
    which reaches the share `about` either way."""
    least: Decimal | None = None
    most: Decimal | None = None
    for said in read(text, UNDATED):
        value, to = said.value, said.to
        if said.role != "price" or said.bound == "exact" or not isinstance(value, Decimal):
            continue
        if said.bound == "about":
            value, to = value * (1 - about), value * (1 + about)
        if said.bound not in UPPER and least is None:
            least = value
        if said.bound in UPPER and most is None:
            most = value
        elif said.bound not in LOWER and isinstance(to, Decimal) and most is None:
            most = to
    return None if least is None and most is None else PriceRange(least, most)


def amounts(text: str) -> list[Decimal]:
    """The sums of money in the sentence, in order; bare numbers count, numbers with other units
    (days, sizes, litres), order numbers and times do not."""
    return [
        said.value
        for said in read(text, UNDATED)
        if said.role in ("price", None) and isinstance(said.value, Decimal)
    ]


def past_day(text: str, today: date) -> date | None:
    """The past day that the customer names: "两个月前", "上周三", "on 3 May", "had it for a week".

    Of a stretch of days ("last month") it is the one as long ago as the words say."""
    found = read(text, today, toward=-1)
    for said in found:
        if isinstance(said.value, date) and said.value <= today:
            return _within(said, today)
    for said in found:
        known = said.role == "duration" and said.unit in units.DAYS
        if not known or said.unit is None or said.to is not None:
            continue
        if isinstance(said.value, Decimal) and _SINCE_THEN.search(text[: said.start]):
            return today - timedelta(days=round(said.value * units.DAYS[said.unit]))
    return today if _JUST.search(text) else None


def _within(said: Quantity, today: date) -> date | None:
    """Of last week the day a week ago, of last month that a month ago; of four or five days ago the
    earlier one, of "ten to twenty days ago" none."""
    first, last = said.value, said.to
    if not isinstance(first, date) or not isinstance(last, date):
        return first if isinstance(first, date) else None
    length = (last - first).days + 1
    if length <= _DAY_OR_TWO:
        return first
    back = next((days for days, more in _STRETCHES if abs(length - days) <= more), None)
    return None if back is None else min(max(today - timedelta(days=back), first), last)


def clock(text: str) -> time | None:
    """The time of day that is named: "下午三点半", "3pm", "15:00", "at three", "noon"."""
    return next((t for said in read(text, UNDATED) if isinstance(t := said.value, time)), None)


def moment(text: str, now: datetime) -> datetime | None:
    """When the customer means to order: a day and time from `now` on, in `now`'s time zone.

    "at three" is today's three o'clock; "tonight" this evening; "周六", "tomorrow" without an hour
    is that day's morning (09:00). Of several days the first to come is meant, for what is ordered
    comes later. None when neither a day nor an hour is named.
    """
    today = now.date()
    found = read(text, today, toward=1)
    at = next((t for said in found if isinstance(t := said.value, time)), None)
    # "by Thursday" is when it shall be there (`due`).
    said_days = [said for said in found if said.bound not in UPPER and _is_from(said, today)]
    said_day = min(said_days, key=_day_of, default=None)
    day = _day_of(said_day) if said_day else today if _NOW.search(text) else None
    if day is None and at is None:
        return None
    if at is None:
        part = _part_of_day(text, said_day) if said_day else None
        if day == today:
            return max(now, datetime.combine(day, part, tzinfo=now.tzinfo)) if part else now
        at = part or _MORNING
    return datetime.combine(day or today, at, tzinfo=now.tzinfo)


def past_moment(text: str, now: datetime, *, done: bool) -> datetime | None:
    """When the customer ordered or paid, in `now`'s time zone: 昨天下午三点, "last night", "an hour
    ago". `done`: it is known to be over, so that "on Tuesday" is the last one. A day without an
    hour is that day's morning (09:00)."""
    found = read(text, now, toward=-1 if done else 1)
    at = next((t for said in found if isinstance(t := said.value, time)), None)
    days = [said for said in found if isinstance(said.value, date) and said.value <= now.date()]
    said_day = min(days, key=_day_of, default=None)
    if said_day is None and (at is None or (clock(text) and not done)):
        return None  # "at three" may be to come, "an hour ago" may not
    part = _part_of_day(text, said_day) if said_day else None
    if at is None and part is None and said_day and _day_of(said_day) == now.date():
        return None  # "today" may be to come
    hour = at or part or _MORNING
    when = datetime.combine(_day_of(said_day) if said_day else now, hour, tzinfo=now.tzinfo)
    return when if when < now else None


def _is_from(said: Quantity, today: date) -> bool:
    return isinstance(said.value, date) and said.value >= today


def _day_of(said: Quantity) -> date:
    if not isinstance(said.value, date):
        raise TypeError(f"{said.value!r} is no day; look at the quantity's role before.")
    return said.value


def _part_of_day(text: str, said: Quantity) -> time | None:
    """The hour of the part of the day that is named with it: tonight, 明天下午."""
    behind = _BEHIND_DAY.match(text, said.end)
    words = text[said.start : behind.end() if behind else said.end]
    return next((at for part, at in _PARTS if part.search(words)), None)


def due(text: str, today: date) -> date | None:
    """The last day on which something may come: "by Thursday", 周四前, "before Friday"."""
    for said in read(text, today, toward=1):
        if isinstance(said.value, date) and said.bound in UPPER and said.value >= today:
            return said.value - timedelta(days=1) if said.bound == "less_than" else said.value
    return None


def size(text: str) -> str | None:
    """A shoe size (EU) or clothes size, as the catalogue writes it: "42", "XL"."""
    for said in read(text, UNDATED):
        if said.role == "size" and _PLAIN_SIZE.fullmatch(str(said.value)):
            written = str(said.value).upper()
            return _LETTERS.get(written, written)
    return next((size for word, size in zh.SIZES.items() if word in text), None)


def quantity_before(text: str, start: int) -> int:
    """How many of what is named at `start`: "2 个" or "two pairs of" right before it, else 1."""
    for said in reversed(_counts(text)):
        if said.end <= start:
            near = _BETWEEN_COUNT.fullmatch(text, said.end, start)
            return _whole(said) if near else 1
    return 1


def quantity(text: str) -> int:
    """How many of what was talked of: "两个一起买", "two of them"; else 1."""
    for said in _counts(text):
        if _HAN.search(text[said.start : said.end]) or _OF_THEM.match(text, said.end):
            return _whole(said)
    return 1


def _counts(text: str) -> list[Quantity]:
    return [
        said
        for said in read(text, UNDATED)
        if said.unit is None and said.bound == "exact" and _counts_things(said, text)
    ]


def _counts_things(said: Quantity, text: str) -> bool:
    """Whether it is read as a count, or counts what things come in: "three packs of"."""
    return said.role == "count" or (
        said.role is None and _OF_SOMETHING.match(text, said.end) is not None
    )


def _whole(said: Quantity) -> int:
    return max(1, int(said.value)) if isinstance(said.value, Decimal) else 1
