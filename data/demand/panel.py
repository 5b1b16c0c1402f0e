"""Sales of all things that a shop sells, step by step, as what they are: sold, not to be had,
promoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

Step = Literal["day", "week", "month"]
DAYS: Mapping[Step, int] = {"day": 1, "week": 7, "month": 30}
# Steps after which a season begins anew.
PERIOD: Mapping[Step, int] = {"day": 7, "week": 52, "month": 12}
SIGNALS = ("views", "searches", "carts")


@dataclass(frozen=True)
class Series:
    """One thing's sales. NaN in `sold`: it could not be had (or was not sold yet), so that nobody
    knows what would have been asked for. `price` is a share of the usual one. The arrays of
    `signals` are counts of views, searches and carts, all people together."""

    name: str
    kind: str
    step: Step
    starts: tuple[date, ...]
    sold: Floats
    promoted: Bools
    price: Floats
    signals: Mapping[str, Floats]


@dataclass(frozen=True)
class Panel:
    """The series of many things beside each other: row i of each matrix is `names[i]`, column t the
    step that begins at `starts[t]`. `planned` and `planned_price` are what is known of the steps
    after the last: promotions to come, and prices as they stand."""

    step: Step
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    starts: tuple[date, ...]
    sold: Floats
    promoted: Bools
    price: Floats
    signals: Mapping[str, Floats] = field(default_factory=dict)
    country: str | None = None
    planned: Bools | None = None
    planned_price: Floats | None = None

    @classmethod
    def of(
        cls,
        sold: Floats,
        *,
        step: Step = "week",
        first: date = date(2024, 1, 1),
        names: Sequence[str] = (),
        kinds: Sequence[str] = (),
        **more: Any,
    ) -> Panel:
        """From a matrix of sales alone; nothing was promoted, all prices are the usual ones."""
        count, steps = sold.shape
        return cls(
            step=step,
            names=tuple(names) or tuple(str(number) for number in range(count)),
            kinds=tuple(kinds) or ("",) * count,
            starts=tuple(_later(first, step, number) for number in range(steps)),
            sold=sold.astype(float),
            **{
                "promoted": np.zeros(sold.shape, bool),
                "price": np.ones(sold.shape),
                **more,
            },
        )

    def __len__(self) -> int:
        return len(self.names)

    @property
    def steps(self) -> int:
        return len(self.starts)

    @property
    def period(self) -> int:
        return PERIOD[self.step]

    def after(self, count: int) -> tuple[date, ...]:
        """The beginnings of the steps that come after the last."""
        return tuple(_later(self.starts[0], self.step, self.steps + n) for n in range(count))

    def series(self, name: str) -> Series:
        row = self.names.index(name)
        return Series(
            name,
            self.kinds[row],
            self.step,
            self.starts,
            self.sold[row],
            self.promoted[row],
            self.price[row],
            {key: values[row] for key, values in self.signals.items()},
        )

    def until(self, steps: int) -> Panel:
        """As it was known after so many steps. What was promoted then was planned before."""
        return replace(
            self,
            starts=self.starts[:steps],
            sold=self.sold[:, :steps],
            promoted=self.promoted[:, :steps],
            price=self.price[:, :steps],
            signals={key: values[:, :steps] for key, values in self.signals.items()},
            planned=self._joined(self.promoted, self.planned)[:, steps:],
            planned_price=self._joined(self.price, self.planned_price)[:, steps:],
        )

    def rows(self, which: Sequence[int] | Ints) -> Panel:
        """Some of the things."""
        chosen = np.asarray(which, int)
        return replace(
            self,
            names=tuple(self.names[row] for row in chosen),
            kinds=tuple(self.kinds[row] for row in chosen),
            sold=self.sold[chosen],
            promoted=self.promoted[chosen],
            price=self.price[chosen],
            signals={key: values[chosen] for key, values in self.signals.items()},
            planned=None if self.planned is None else self.planned[chosen],
            planned_price=None if self.planned_price is None else self.planned_price[chosen],
        )

    def plan(self, horizon: int) -> tuple[Bools, Floats]:
        """What is promoted in the next steps, and at which share of the usual price."""
        promoted = np.zeros((len(self), horizon), bool)
        price = np.ones((len(self), horizon))
        if self.planned is not None:
            known = min(horizon, self.planned.shape[1])
            promoted[:, :known] = self.planned[:, :known]
        if self.planned_price is not None and self.planned_price.shape[1]:
            known = min(horizon, self.planned_price.shape[1])
            price[:, :known] = self.planned_price[:, :known]
            price[:, known:] = self.planned_price[:, known - 1 : known]
        return promoted, price

    @staticmethod
    def _joined(known: NDArray[Any], planned: NDArray[Any] | None) -> NDArray[Any]:
        return known if planned is None else np.hstack([known, planned])


def _later(first: date, step: Step, count: int) -> date:
    if step != "month":
        return first + timedelta(DAYS[step] * count)
    years, month = divmod(first.month - 1 + count, 12)
    return date(first.year + years, month + 1, 1)
