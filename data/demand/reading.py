"""The shop's database as a panel of sales.

Sold is what was ordered, paid and kept: orders that were called off, never paid, returned or paid
back are left out, whole, on the day of the order (the database knows no returned part of one). What
has no stock left was sold out by its last sale, so that from the day after it nothing is known of
what would have been asked for; earlier gaps are known where demand.yaml tells of them.

A step is promoted when demand.yaml says so, or when a thing went for a tenth less than its usual
price. Views, searches and carts are counts of everybody together, and those of customers who do
not want their history used are not among them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

import numpy as np
from sqlalchemy import func, or_, select
from sqlalchemy.orm import selectinload

from data.demand.events import Events, StockOut
from data.demand.panel import DAYS, SIGNALS, Bools, Floats, Panel, Step
from data.errors import DataError
from data.models import (
    BehaviourEvent,
    ChatSession,
    Customer,
    EventKind,
    Order,
    OrderLine,
    OrderStatus,
    Product,
    Variant,
)
from data.repositories import KEPT
from data.unit_of_work import UnitOfWork

_REDUCED = 0.9  # of the usual price; a smaller reduction is a change of price
_SEASONS_AHEAD = 53  # steps for which planned promotions are looked up: a year and a bit
# Of a longer silence of the whole shop nobody knows whether it is the shop's or the import's.
_SILENT_DAYS = 14
# An order that waits for its payment holds the piece, so it too was the last of the stock.
_HELD = (*KEPT, OrderStatus.PENDING_PAYMENT)

_KINDS = {EventKind.VIEW: "views", EventKind.SEARCH: "searches", EventKind.CART: "carts"}


class NoSales(DataError):
    """There is nothing that could be forecast from; the text says what to do."""


@dataclass(frozen=True)
class Thing:
    """A product, or one of its variants (`sku`), with the pieces that there are of it today."""

    id: str
    product: Product
    sku: str | None
    stock: int


@dataclass(frozen=True)
class Sales:
    """A panel, and what each of its rows is. The last step ends with the day `last`; `lines` of
    orders were counted."""

    panel: Panel
    things: tuple[Thing, ...]
    last: date
    lines: int


@dataclass(frozen=True)
class _Line:
    day: date
    sku: str
    product_id: str
    quantity: int
    price: float
    kept: bool


def read(
    uow: UnitOfWork,
    *,
    zone: tzinfo,
    today: date,
    country: str | None = None,
    events: Events | None = None,
    step: Step = "week",
    variants: bool = False,
) -> Sales:
    """All that is sold now. Steps are counted back from yesterday, so that each is whole. Raises
    `NoSales` where there are no orders that were kept."""
    events = events or Events()
    lines = _lines(uow, zone, today)
    kept = [line for line in lines if line.kept]
    if not kept:
        raise NoSales(
            "There are no orders yet that were paid and kept; import some with `shopguide import` "
            "(docs/import.md), then ask again."
        )
    last = max(line.day for line in kept)
    yesterday = today - timedelta(1)
    if (yesterday - last).days <= _SILENT_DAYS:
        last = yesterday
    first = min(line.day for line in kept)
    steps = max(((last - first).days + 1) // DAYS[step], 1)
    begins = last - timedelta(steps * DAYS[step] - 1)
    starts = tuple(begins + timedelta(DAYS[step] * number) for number in range(steps))
    things = _things(uow, variants)
    table = _Table(things, starts, step, last)
    table.fill(lines, begins, _ordinary(things))
    table.hide(things, lines, events)
    promoted, planned = table.promotions(things, events, _SEASONS_AHEAD)
    panel = Panel(
        step=step,
        names=tuple(thing.id for thing in things),
        kinds=tuple(thing.product.category_id for thing in things),
        starts=starts,
        sold=table.sold,
        promoted=promoted,
        price=table.price,
        signals=_signals(uow, things, starts, step, zone),
        country=country,
        planned=planned,
        planned_price=np.array([[_now(thing)] for thing in things]),
    )
    return Sales(panel, things, last, len(kept))


def _lines(uow: UnitOfWork, zone: tzinfo, today: date) -> list[_Line]:
    """What was ordered before today, the shop's own days."""
    rows = uow.session.execute(
        select(
            Order.placed_at,
            OrderLine.sku,
            OrderLine.quantity,
            OrderLine.unit_price,
            Order.status,
        )
        .join(OrderLine, OrderLine.order_number == Order.number)
        .where(Order.status.in_(_HELD))
        .order_by(Order.placed_at)
    )
    variants = uow.session.execute(select(Variant.sku, Variant.product_id))
    products = {row.sku: row.product_id for row in variants}
    return [
        _Line(day, sku, products[sku], quantity, float(price), status in KEPT)
        for at, sku, quantity, price, status in rows
        if (day := at.astimezone(zone).date()) < today
    ]


def _things(uow: UnitOfWork, variants: bool) -> tuple[Thing, ...]:
    products = uow.session.scalars(
        select(Product)
        .where(Product.sold)
        .options(selectinload(Product.variants))
        .order_by(Product.id)
    ).unique()
    found = []
    for product in products:
        if variants:
            found += [Thing(each.sku, product, each.sku, each.stock) for each in product.variants]
        elif product.variants:
            stock = sum(each.stock for each in product.variants)
            found.append(Thing(product.id, product, None, stock))
    return tuple(found)


def _ordinary(things: Sequence[Thing]) -> dict[str, float]:
    """The usual price of each variant: the one before a reduction."""
    return {
        each.sku: float(each.list_price or each.price)
        for thing in things
        for each in thing.product.variants
    }


def _now(thing: Thing) -> float:
    """What it goes for now, as a share of the usual price."""
    prices = [
        float(each.price) / float(each.list_price or each.price)
        for each in thing.product.variants
        if float(each.price) > 0 and thing.sku in (None, each.sku)
    ]
    return float(np.mean(prices)) if prices else 1.0


class _Table:
    """Rows of things, columns of steps."""

    def __init__(
        self, things: Sequence[Thing], starts: Sequence[date], step: Step, last: date
    ) -> None:
        self._row = {thing.sku or thing.id: row for row, thing in enumerate(things)}
        self._starts, self._days, self._last = starts, DAYS[step], last
        shape = (len(things), len(starts))
        self.sold, self.price = np.zeros(shape), np.ones(shape)
        self._first_sale: dict[int, date] = {}

    def _column(self, day: date) -> int:
        return (day - self._starts[0]).days // self._days

    def row_of(self, line: _Line) -> int | None:
        return self._row.get(line.sku, self._row.get(line.product_id))

    def fill(self, lines: Sequence[_Line], begins: date, usual: Mapping[str, float]) -> None:
        shares: dict[tuple[int, int], list[tuple[float, int]]] = defaultdict(list)
        for line in lines:
            row = self.row_of(line)
            if not line.kept or row is None or line.quantity <= 0:
                continue
            self._first_sale.setdefault(row, line.day)
            if not begins <= line.day <= self._last:
                continue
            column = self._column(line.day)
            self.sold[row, column] += line.quantity
            if usual.get(line.sku, 0) > 0:
                share = line.price / usual[line.sku]
                shares[row, column].append((share, line.quantity))
        for (row, column), found in shares.items():
            prices, weights = zip(*found, strict=True)
            self.price[row, column] = float(np.average(prices, weights=weights))
        self._level()

    def _level(self) -> None:
        """Prices change over the years: the usual one is that of the half-year around a step."""
        steps = self.sold.shape[1]
        half = max(182 // self._days, 1)
        for row in range(len(self.price)):
            asked = np.flatnonzero(self.sold[row] > 0)
            if not len(asked):
                continue
            paid = self.price[row, asked].copy()
            for number, column in enumerate(asked):
                near = paid[np.abs(asked - column) <= half]
                self.price[row, column] = paid[number] / float(np.median(near))
            idle = np.ones(steps, bool)
            idle[asked] = False
            self.price[row, idle] = 1.0

    def hide(self, things: Sequence[Thing], lines: Sequence[_Line], events: Events) -> None:
        """NaN where nobody could buy: before it was there, and while there was none."""
        bought: dict[int, date] = {}
        for line in lines:
            row = self.row_of(line)
            if row is not None:
                bought[row] = max(bought.get(row, line.day), line.day)
        for row, thing in enumerate(things):
            begun = self._first_sale.get(row)
            launched = thing.product.launched_on
            if launched is not None:
                # What is dated after its first sale was on sale before.
                begun = min(begun, launched) if begun else launched
            # A step that it was there for only a part of says too little of it.
            self._hide(row, date.min, (begun or date.max) - timedelta(1), whole=False)
            if thing.stock <= 0 and row in bought:
                self._hide(row, bought[row] + timedelta(1), date.max, whole=True)
            for gap in events.out_of_stock:
                if self._all_gone(thing, gap):
                    self._hide(row, gap.first, gap.last, whole=False)

    @staticmethod
    def _all_gone(thing: Thing, gap: StockOut) -> bool:
        category = thing.product.category_id
        if gap.about(thing.product.id, category, thing.sku):
            return True
        # Of a product, all variants may be named one by one.
        return thing.sku is None and {v.sku for v in thing.product.variants} <= set(gap.products)

    def _hide(self, row: int, first: date, last: date, *, whole: bool) -> None:
        """Of these days; a step that they cover in part is hidden too, unless only `whole` ones
        are. A step with sales stays: so much was asked for at least."""
        for column, start in enumerate(self._starts):
            end = start + timedelta(self._days - 1)
            if end < first or start > last:
                continue
            covered = first <= start and end <= last
            if (covered or not whole) and not self.sold[row, column]:
                self.sold[row, column] = np.nan

    def promotions(
        self, things: Sequence[Thing], events: Events, ahead: int
    ) -> tuple[Bools, Bools]:
        """(promoted, planned)."""
        steps = len(self._starts)
        found = np.zeros((len(things), steps + ahead), bool)
        for row, thing in enumerate(things):
            for promotion in events.promotions:
                if not promotion.about(thing.product.id, thing.product.category_id, thing.sku):
                    continue
                first = max(self._column(promotion.first), 0)
                last = self._column(promotion.last)
                if last >= 0:
                    found[row, first : last + 1] = True
        found[:, :steps] |= (self.price < _REDUCED) & (np.nan_to_num(self.sold) > 0)
        return found[:, :steps], found[:, steps:]


def _signals(
    uow: UnitOfWork,
    things: Sequence[Thing],
    starts: Sequence[date],
    step: Step,
    zone: tzinfo,
) -> dict[str, Floats]:
    """Counts a step; a search counts for the products whose name or kind it names. Empty where
    nothing is kept of any."""
    whose = func.coalesce(BehaviourEvent.customer_id, ChatSession.customer_id)
    rows = uow.session.execute(
        select(
            BehaviourEvent.at, BehaviourEvent.kind, BehaviourEvent.product_id, BehaviourEvent.query
        )
        .outerjoin(ChatSession, ChatSession.id == BehaviourEvent.session_id)
        .outerjoin(Customer, Customer.id == whose)
        .where(
            BehaviourEvent.kind.in_(list(_KINDS)),
            or_(Customer.id.is_(None), Customer.personalised),
        )
    ).all()
    if not rows:
        return {}
    found = {key: np.zeros((len(things), len(starts))) for key in SIGNALS}
    of_product: dict[str, list[int]] = defaultdict(list)
    for row, thing in enumerate(things):
        of_product[thing.product.id].append(row)
    named: dict[str, list[int]] = {}
    for at, kind, product_id, query in rows:
        column = (at.astimezone(zone).date() - starts[0]).days // DAYS[step]
        if not 0 <= column < len(starts):
            continue
        if product_id is not None:
            hit = of_product.get(product_id, [])
        elif query:
            if query not in named:
                named[query] = _searched(query, things)
            hit = named[query]
        else:
            continue
        found[_KINDS[kind]][hit, column] += 1
    return found


def _searched(query: str, things: Sequence[Thing]) -> list[int]:
    words = query.casefold()
    return [
        row
        for row, thing in enumerate(things)
        if any(name.casefold() in words for name in _called(thing.product))
    ]


def _called(product: Product) -> Iterable[str]:
    for of in (product, product.category):
        yield from (of.name.zh, of.name.en)
        for names in of.aliases.values():
            yield from (name for name in names if len(name) > 1)
