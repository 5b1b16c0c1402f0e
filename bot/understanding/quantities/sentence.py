"""A sentence while its quantities are read, and an amount on its way to become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from bot.understanding.quantities.numerals import Number
from bot.understanding.quantities.quantity import Bound, Quantity, Role, Value
from bot.understanding.quantities.tokens import Token

_NONE = Token("", 0, 0, kind="sign")
_SHOUTED = 8  # capital letters and no small one: S is no size among them

Found = tuple[Quantity, int]
"""A quantity, and the place of the token behind it."""


@dataclass(slots=True)
class Amount:
    """A number with its unit, in tokens. `counts_nothing`: 一个, 5G, of which nothing is said."""

    number: Number
    start: int
    end: int
    role: Role | None = None
    unit: str | None = None
    value: Decimal = Decimal(0)
    to: Decimal | None = None
    bound: Bound = "exact"
    written: str | None = None  # of a size
    counts_nothing: bool = False


class Sentence:
    """`last_role` and `last_end` are those of the quantity read last."""

    def __init__(self, text: str, said: Sequence[Token], now: datetime | date, toward: int) -> None:
        self.text = text
        self.tokens = said
        self.now = now
        self.today = now.date() if isinstance(now, datetime) else now
        self.toward = toward
        self.last_role: Role | None = None
        self.last_end = 0
        self.shouted = sum(map(str.isupper, text)) > _SHOUTED and text.isupper()

    def at(self, place: int) -> Token:
        return self.tokens[place] if 0 <= place < len(self.tokens) else _NONE

    def made(
        self, role: Role | None, bound: Bound, value: Value, to: Value | None, unit: str | None,
        start: int, end: int,
    ) -> Quantity:  # fmt: skip
        return Quantity(
            role, bound, value, to, unit, self.tokens[start].start, self.tokens[end - 1].end
        )
