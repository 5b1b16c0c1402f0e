"""Times of day among tokens: 下午三点半, half past three, 2:12pm, after 4, noon.

An hour from one to seven without a half of the day is taken for the afternoon or evening: people
speak of their waking hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time

from bot.understanding.quantities.numerals import number
from bot.understanding.quantities.tokens import Token

_LATEST_AFTERNOON = 7
_HALF_OF_DAY = {
    "this morning": "am", "this afternoon": "pm", "this evening": "pm", "tonight": "night",
    "last night": "night", "今晚": "night", "明晚": "night", "昨晚": "night", "前晚": "night",
    "今早": "am", "明早": "am", "今晨": "am", "明晨": "am",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hour:
    """`at_start`: `tokens[start:end]` name `first`, or from it to `last`."""

    first: time
    start: int
    end: int
    last: time | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    hour: int
    minute: int
    half: str | None
    end: int
    sure: bool  # nothing but a time is said so


_NONE = Token("", 0, 0, kind="sign")


def _at(tokens: Sequence[Token], at: int) -> Token:
    return tokens[at] if 0 <= at < len(tokens) else _NONE


def hour(tokens: Sequence[Token], at: int) -> Hour | None:
    """The time of day that is named from a token on."""
    noon = tokens[at].get("noon")
    if noon:
        return Hour(time(12) if noon == 12 else time(23, 59), at, at + 1)
    first = _said(tokens, at, None)
    if first is None:
        if tokens[at].get("half_day") == "noon":
            return Hour(time(12), at, at + 1)
        return None
    if first.half is None:
        first = replace(first, half=_half_before(tokens, at))
    following = _at(tokens, first.end)
    if following.get("range") or (following.text == "and" and _at(tokens, at - 1).get("between")):
        last = _said(tokens, first.end + 1, first.half)
        if last is None and first.sure:
            return _of(first, at, first.end, first.half)
        if last is not None and (first.sure or last.sure or _is_time(tokens, at, first, last)):
            half = first.half or (last.half if last.hour > first.hour else None)
            if first.half is None and last.half is None and first.hour < last.hour:
                half = "am" if last.hour > _LATEST_AFTERNOON else None
            later = None if last.hour == 12 else last.half or first.half
            begun, ended = _time(first, half), _time(last, later)
            if begun and ended:
                return Hour(begun, at, last.end, ended)
    if not first.sure and not _is_time(tokens, at, first):
        return None
    return _of(first, at, first.end, first.half)


def _half_before(tokens: Sequence[Token], at: int) -> str | None:
    """tonight at 8, 明早8点."""
    for back in (1, 2):
        half = _HALF_OF_DAY.get(_at(tokens, at - back).text)
        if half is not None:
            return half
    return None


def _of(said: _Said, start: int, end: int, half: str | None) -> Hour | None:
    found = _time(said, half)
    return Hour(found, start, end) if found else None


def _is_time(tokens: Sequence[Token], at: int, said: _Said, last: _Said | None = None) -> bool:
    """Whether a bare number is an hour: "after 4", "till six", not "by 3 people"."""
    if said.minute or not 1 <= said.hour <= 12:
        return False
    before = _at(tokens, at - 1)
    word = before.text
    after = _at(tokens, (last or said).end)
    if word in ("between", "from") and last is None:
        return False
    if word not in (
        "at",
        "by",
        "before",
        "after",
        "till",
        "til",
        "until",
        "gone",
        "between",
        "from",
    ):
        return False
    if after.get("unit") or after.get("currency") or after.text in ("%", "x", "pm", "am"):
        return False
    if word == "from" or word == "between":
        return last is not None and last.hour <= 12
    ends = after.get("function") or after.kind == "sign" or after.get("day") is not None
    return bool(ends or not after.text or after.get("weekday") is not None) and after.text != "-"


def _said(tokens: Sequence[Token], at: int, inherited: str | None) -> _Said | None:
    if at >= len(tokens):
        return None
    token = tokens[at]
    half = inherited
    place = at
    if (of := token.get("half_day")) is not None and not token.text.isascii():
        half, place = of, at + 1
    elif token.get("day") is not None and token.text in ("今晚", "明晚", "昨晚", "后晚"):
        pass
    if (phrase := token.get("minutes_past")) is not None:
        hours = number(tokens, at + 1)
        if hours is not None and 1 <= hours.value <= 12:
            way, minutes = phrase
            whole = int(hours.value)
            return _minutes(tokens, whole, minutes, way, hours.end)
    whole_hour = _at(tokens, at + 1).get("num") if token.text == "half" else None
    if whole_hour is not None and 1 <= whole_hour <= 12 and not _counted(_at(tokens, at + 2)):
        half, end = _suffix(tokens, at + 2)
        return _Said(int(whole_hour), 30, half, end, True)
    if _at(tokens, place).kind == "clock":
        hour_, minute = (int(part) for part in tokens[place].text.replace("：", ":").split(":"))
        written = "given" if len(tokens[place].text.split(":")[0]) == 2 else None
        suffix, end = _suffix(tokens, place + 1)
        return _Said(hour_, minute, suffix or half or written, end, True)
    hours = number(tokens, place)
    if hours is None or hours.to is not None or hours.value != int(hours.value) or hours.value > 24:
        return _dotted(tokens, place)
    value, end = int(hours.value), hours.end
    behind = _at(tokens, end)
    if behind.text in ("past", "to") and not tokens[place].text[0].isdigit() and value < 30:
        further = number(tokens, end + 1)
        if further is not None and 1 <= further.value <= 12 and value in (5, 10, 20, 25):
            return _minutes(tokens, int(further.value), value, behind.text, further.end)
    if behind.text in ("点", "时", "点钟") and value <= 24:
        if _at(tokens, end + 1).text in ("间", "候", "儿"):
            return None
        return _chinese(tokens, value, half, end + 1)
    suffix, behind_it = _suffix(tokens, end)
    if suffix is not None:
        return _Said(value, 0, suffix, behind_it, True)
    if behind.get("oclock"):
        suffix, behind_it = _suffix(tokens, end + 1)
        return _Said(value, 0, suffix or half, behind_it if suffix else end + 1, True)
    if place > at:
        return None
    return _Said(value, 0, half, end, False)


def _counted(token: Token) -> bool:
    return bool(token.get("unit") or token.get("currency") or token.get("scale"))


def _dotted(tokens: Sequence[Token], at: int) -> _Said | None:
    """4.30 pm."""
    token = _at(tokens, at)
    if token.number is None or "." not in token.text or token.code:
        return None
    suffix, end = _suffix(tokens, at + 1)
    hours, minutes = token.text.split(".", 1)
    if suffix is None or len(minutes) != 2 or int(hours) > 24 or int(minutes) > 59:
        return None
    return _Said(int(hours), int(minutes), suffix, end, True)


def _suffix(tokens: Sequence[Token], at: int) -> tuple[str | None, int]:
    token = _at(tokens, at)
    if token.get("day") is not None:  # which has a place of its own: at eight this morning
        return _HALF_OF_DAY.get(token.text), at
    if token.text.isascii() and token.text and (half := token.get("half_day")):
        return half, at + 1
    return None, at


def _minutes(tokens: Sequence[Token], whole: int, minutes: int, way: str, end: int) -> _Said:
    suffix, end = _suffix(tokens, end)
    if way == "to":
        return _Said((whole - 2) % 12 + 1, 60 - minutes, suffix, end, True)
    return _Said(whole, minutes, suffix, end, True)


def _chinese(tokens: Sequence[Token], value: int, half: str | None, end: int) -> _Said | None:
    if _at(tokens, end).text == "钟":
        return _Said(value, 0, half, end + 1, True)
    if _at(tokens, end).text == "半":
        return _Said(value, 30, half, end + 1, True)
    quarters = number(tokens, end)
    if quarters is not None and quarters.to is None and quarters.value < 60:
        behind = _at(tokens, quarters.end)
        if behind.text == "刻":
            return _Said(value, int(quarters.value) * 15 % 60, half, quarters.end + 1, True)
        if behind.text == "分" or (
            quarters.value > 9 and not behind.get("each") and not behind.get("unit")
        ):
            return _Said(
                value, int(quarters.value), half, quarters.end + (behind.text == "分"), True
            )
    return _Said(value, 0, half, end, True)


def _time(said: _Said, half: str | None) -> time | None:
    hour_, minute = said.hour, said.minute
    if hour_ in (12, 24) and half == "night" and not minute:
        return time(23, 59)
    if half is None and 1 <= hour_ <= _LATEST_AFTERNOON:
        hour_ += 12
    elif half in ("pm", "night") and 1 <= hour_ <= 11:
        hour_ += 0 if half == "night" and hour_ < 5 else 12
    elif half == "noon" and hour_ < 3:
        hour_ += 12
    elif half == "am" and hour_ == 12:
        hour_ = 0
    if hour_ == 24 and not minute:
        return time(23, 59)
    return time(hour_, minute) if hour_ < 24 and minute < 60 else None
