"""Reads a text's quantities from its tokens: one pass, each token looked at from few others.

A day or an hour goes before an amount; of an amount first its number, then its unit or currency,
then the words on either side that make it a bound, last what it is: by its unit, else by its
neighbours, else left open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.understanding.quantities import bounds, days, hours, units
from bot.understanding.quantities.amounts import Amounts
from bot.understanding.quantities.quantity import Bound, Quantity, Role
from bot.understanding.quantities.sentence import Found
from bot.understanding.quantities.tokens import Token, tokens
from bot.understanding.quantities.zh import DIGITS, PLACES

_NUMERALS = frozenset({*DIGITS, *PLACES})
_MOST = 100  # quantities of a text: more are a list of something else
_BEGINNINGS = frozenset({"十", "百", "千", "半", "½", "the", "end"})

UNDATED = date(2000, 1, 1)
"""The day for those who read no days."""


def read(
    text: str, now: datetime | date, taken: Sequence[tuple[int, int]] = (), *, toward: int = 0
) -> tuple[Quantity, ...]:
    """The quantities of a text in their order. Days are reckoned from `now`, and where it is a
    `datetime`, "an hour ago" too. Nothing is read within `taken`: names, numbers of orders.

    `toward` says where a bare day ("Friday", "the 3rd") is sought: -1 in the past, 1 from today on,
    0 where the words around it point."""
    said = tokens(text)
    for token in said:
        if any(start <= token.start and token.end <= end for start, end in taken):
            token.take()
    return tuple(_Reader(text, said, now, toward).all())


class _Reader(Amounts):
    def all(self) -> Iterable[Quantity]:
        place = count = 0
        while place < len(self.tokens) and count < _MOST:
            found = None
            token = self.tokens[place]
            if self._may_begin(token, self.at(place - 1)):
                found = self._day(place) or self._hour(place) or self._amount(place)
            if found is None:
                place += 1
                continue
            quantity, end = found
            self.last_role, self.last_end = quantity.role, end
            yield quantity
            count += 1
            place = max(end, place + 1)

    def _may_begin(self, token: Token, before: Token) -> bool:
        if token.code or token.get("idiom"):
            return False
        if before.text in _NUMERALS and token.text in _NUMERALS and not token.spaced:
            return False  # within a numeral that is none
        return bool(
            token.senses or token.number is not None or token.kind in ("ymd", "clock")
            or token.text in DIGITS or token.text in _BEGINNINGS
        )  # fmt: skip

    def _day(self, place: int) -> Found | None:
        found = days.day(self.tokens, place, self.today, self.toward)
        if found is None:
            return None
        weekday = self.at(place).get("week") or self.at(place).get("weekday") is not None
        again = weekday and self.last_role == "date" and self.last_end == place
        if again and self.at(place - 1).get("day") is not None:
            return None  # 今天周五
        bound: Bound = "about" if found.about else "exact"
        said, start, end = self._compared(found.start, found.end)
        last: date | None = found.last
        if said is not None and said.bound in (
            "at_most",
            "at_least",
            "less_than",
            "more_than",
            "about",
        ):
            bound = said.bound
            if last is not None and bound in ("at_most", "more_than"):
                found = replace(found, first=last)
            last = None
        if last is not None:
            bound = "between"
        # A month or a year only says roughly when: who asks for days may take it.
        role: Role | None = "date" if last is None or (last - found.first).days <= 2 else None
        return self.made(role, bound, found.first, last, None, start, end), end

    def _compared(self, start: int, end: int) -> tuple[bounds.Bounded | None, int, int]:
        """What stands behind a day or an hour, else before it, and compares with it ("before
        Friday", 三点以后); the tokens from which and up to which it then reaches."""
        if (said := bounds.after(self.tokens, end, when=True)) is not None:
            return said, start, said.end
        if (said := bounds.before(self.tokens, start, when=True)) is not None:
            return said, said.start, end
        return None, start, end

    def _hour(self, place: int) -> Found | None:
        ago = self._hours_ago(place)
        if ago is not None:
            return ago
        found = hours.hour(self.tokens, place)
        if found is None:
            return None
        start, end = found.start, found.end
        bound: Bound = "exact"
        if found.last is not None:
            if self.at(start - 1).get("between"):
                start -= 1
            return self.made("time", "between", found.first, found.last, None, start, end), end
        said, start, end = self._compared(start, end)
        if said is not None:
            bound = "about" if self.at(end - 1).text == "多" else said.bound
        return self.made("time", bound, found.first, None, None, start, end), end

    def _hours_ago(self, place: int) -> Found | None:
        """half an hour ago: the time it was then."""
        if not isinstance(self.now, datetime):
            return None
        found = days.lengths(self.tokens, place)
        if found is None or not self.at(found[1]).get("ago"):
            return None
        parts, end, bound = found
        if self.at(end).text in ("前", "之前", "以前") and self.at(end + 1).text in (
            "下",
            "要",
            "到",
        ):
            return None
        if any(unit not in ("hour", "minute") for _, unit in parts):
            return None
        minutes = sum((value * units.UNITS[unit].holds for value, unit in parts), Decimal(0))
        if minutes > 24 * 60:
            return None
        then = self.now - timedelta(minutes=float(minutes))
        value = then.time().replace(second=0, microsecond=0)
        return self.made("time", bound, value, None, None, place, end + 1), end + 1
