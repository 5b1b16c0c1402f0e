"""What a quantity in a sentence is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Literal

Role = Literal["price", "count", "measure", "size", "age", "date", "duration", "time"]
Bound = Literal["exact", "at_most", "at_least", "about", "between", "more_than", "less_than"]
Value = Decimal | date | time | str

UPPER: frozenset[Bound] = frozenset({"at_most", "less_than"})
LOWER: frozenset[Bound] = frozenset({"at_least", "more_than"})


@dataclass(frozen=True, slots=True)
class Quantity:
    """`text[start:end]` says how much, how many, how big, when.

    `role` is None where nothing in the sentence tells: who asks for a price may take it for one.
    `value` is a `Decimal`, a `date`, a `time` (in the shop's time zone), or a size as it is
    written; `to` the upper end where `bound` is "between". `unit` is one of units.py, None where
    none is said.
    """

    role: Role | None
    bound: Bound
    value: Value
    to: Value | None
    unit: str | None
    start: int
    end: int

    @property
    def least(self) -> Value | None:
        """The lower end, where there is one; that of an exact value is the value itself."""
        return None if self.bound in UPPER else self.value

    @property
    def most(self) -> Value | None:
        """The upper end, where there is one."""
        if self.bound in LOWER:
            return None
        return self.value if self.to is None else self.to
