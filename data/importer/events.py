"""Events from a shop's own logs: a CSV or Parquet file, read in pieces, stored whole or not at all.

Every problem is told with its row (the first one below the names is row 1) and column. A row whose
event is stored already is counted and left as it is. docs/import.md lists the columns.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.parquet
from sqlalchemy import select

from data.errors import ImportRejected
from data.importer import values
from data.importer.problems import Problems, shown
from data.importer.terms import Terms
from data.models import BehaviourEvent, Customer, EventKind, Product
from data.unit_of_work import UnitOfWork

_COLUMNS = ("event_id", "kind", "at", "email", "phone", "visitor", "product", "query", "value")
_WHO = ("email", "phone", "visitor")
_REQUIRED = ("kind", "at")
# A click is of a recommendation that we have shown, which no other log knows of.
_KINDS = tuple(kind for kind in EventKind if kind is not EventKind.CLICK)
_PIECE = 20_000  # rows
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class EventCount:
    """What became of a file's events. `ignored`: of customers who do not want their history used.
    The last two are stored, and odd: a look at the file's clock may be worth it."""

    new: int = 0
    known: int = 0
    ignored: int = 0
    before_joining: int = 0
    before_launch: int = 0


@dataclass
class _Reading:
    """The shop as it stands, and what has been read of the file."""

    file: str
    customers: dict[str, Customer]  # by e-mail address and, where it is theirs alone, by phone
    products: dict[str, Product]
    terms: Terms
    now: datetime
    problems: Problems
    seen: dict[tuple[str, str], int] = field(default_factory=dict)
    count: EventCount = field(default_factory=EventCount)


class _Wrong(Exception):
    def __init__(self, column: str | None, what: str) -> None:
        self.column = column
        super().__init__(what)


def import_events(
    path: Path, uow: UnitOfWork, *, terms: Terms, now: datetime, dry_run: bool = False
) -> EventCount:
    """Import a file and commit; a dry run checks the same and stores nothing.

    Raises `ImportRejected` with every problem; then nothing is stored.
    """
    problems = Problems("row")
    with uow:
        reading = _Reading(
            path.name,
            _customers(uow),
            {product.id: product for product in uow.session.scalars(select(Product)).unique()},
            terms,
            now,
            problems,
        )
        first = 1
        for piece in _pieces(path, problems):
            rows = list(_events(piece, first, reading))
            first += len(piece)
            if not problems:
                stored = len(uow.behaviour.record(rows))
                reading.count.new += stored
                reading.count.known += len(rows) - stored
        problems.reject()
        if not dry_run:
            uow.commit()
    return reading.count


def _customers(uow: UnitOfWork) -> dict[str, Customer]:
    found: dict[str, Customer] = {}
    shared: set[str] = set()
    for customer in uow.session.scalars(select(Customer)):
        if customer.email:
            found[customer.email] = customer
        if customer.phone:
            shared |= {customer.phone} & found.keys()
            found[customer.phone] = customer
    return {name: customer for name, customer in found.items() if name not in shared}


def _pieces(path: Path, problems: Problems) -> Iterator[pd.DataFrame]:
    """The file's rows, some thousands at a time; none when its columns are wrong."""
    try:
        if path.suffix == ".parquet":
            file = pyarrow.parquet.ParquetFile(path)
            if _columns_are_right(path, file.schema_arrow.names, problems):
                for batch in file.iter_batches(_PIECE):
                    frame = batch.to_pandas()
                    yield frame.astype(object).where(frame.notna(), "")
            return
        # The line of names is read as a row: so it is what other rows' cells are counted by.
        pieces = pd.read_csv(
            path,
            sep=_separator(path),
            header=None,
            dtype=str,
            keep_default_na=False,
            encoding=_encoding(path),
            chunksize=_PIECE,
        )
        names: list[str] = []
        for piece in pieces:
            if not names:
                names = [str(name).strip().lower() for name in piece.iloc[0]]
                if not _columns_are_right(path, names, problems):
                    return
                piece = piece.iloc[1:]
            yield piece.set_axis(names, axis="columns")
    except OSError as error:
        raise ImportRejected([f"{path} cannot be read ({error.strerror or error})."]) from None
    except UnicodeDecodeError:
        raise ImportRejected([f"{path} is neither UTF-8 nor GB 18030; save it as UTF-8."]) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, pyarrow.ArrowInvalid) as error:
        kind = "Parquet" if path.suffix == ".parquet" else "CSV"
        raise ImportRejected([f"{path} is not {kind}: {str(error).strip()}."]) from None


def _encoding(path: Path) -> str:
    """UTF-8, or GB 18030 as Chinese Excel writes it."""
    with path.open("rb") as opened:
        while piece := opened.readline(1_000_000):
            try:
                piece.decode("utf-8")
            except UnicodeDecodeError:
                return "gb18030"
    return "utf-8-sig"


def _separator(path: Path) -> str:
    with path.open("rb") as opened:
        names = opened.readline(10_000)
    return max(",;\t", key=lambda separator: names.count(separator.encode()))


def _columns_are_right(path: Path, names: list[str], problems: Problems) -> bool:
    """Misspelt columns are refused: their values would be lost without a word."""
    wrong = False
    for position, name in enumerate(names):
        what = ""
        if name in names[:position]:
            what = f"{shown(name)} stands twice; keep one"
        elif name not in _COLUMNS:
            close = difflib.get_close_matches(name, _COLUMNS, n=1)
            hint = f"perhaps {close[0]} is meant" if close else f"known are {', '.join(_COLUMNS)}"
            what = f"{shown(name)} is not a column of events; {hint}"
        if what:
            wrong = True
            problems.add(path.name, None, None, what)
    for name in _REQUIRED:
        if name not in names:
            wrong = True
            problems.add(path.name, None, name, "is missing")
    if not set(_WHO) & set(names):
        wrong = True
        problems.add(path.name, None, "email", "is missing; give email, phone or visitor")
    return not wrong


def _events(piece: pd.DataFrame, first: int, reading: _Reading) -> Iterator[BehaviourEvent]:
    """The events of the rows that are right and are to be kept."""
    names = list(piece.columns)
    for number, cells in enumerate(piece.itertuples(index=False, name=None), start=first):
        row = dict(zip(names, cells, strict=True))
        try:
            event = _event(row, number, reading)
        except _Wrong as wrong:
            reading.problems.add(reading.file, number, wrong.column, str(wrong))
            continue
        if event is not None:
            yield event


def _event(row: dict[str, Any], number: int, reading: _Reading) -> BehaviourEvent | None:
    """None for a customer whose history is not to be used."""
    kind = EventKind(_read(row, "kind", values.word_of(*_KINDS), required=True))
    at = _moment(row, reading)
    customer, who = _customer(row, reading)
    visitor = _read(row, "visitor", values.identifier(32))
    if (who is None) == (visitor is None):
        raise _Wrong("email", "give either a customer, by e-mail address or phone, or a visitor")
    product = _product(row, kind, reading)
    query = _read(row, "query", values.text(200), required=kind is EventKind.SEARCH)
    if query and kind is not EventKind.SEARCH:
        raise _Wrong("query", "belongs to a search alone; leave it empty")
    value = _value(row, kind, reading.terms)
    origin = f"visitor:{visitor}" if visitor else "import"
    given = _read(row, "event_id", values.identifier(64))
    event_id = given or _digest(who, kind, at, product and product.id, query, value)
    if (origin, event_id) in reading.seen:
        before = reading.seen[origin, event_id]
        if given:
            raise _Wrong("event_id", f"{shown(given)} stands in row {before} already; keep one")
        raise _Wrong(None, f"is the same as row {before}; keep one, or give both an event_id")
    reading.seen[origin, event_id] = number
    if customer is not None and not customer.personalised:
        reading.count.ignored += 1
        return None
    if customer is not None and customer.joined_at and at < customer.joined_at:
        reading.count.before_joining += 1
    if product is not None and product.launched_on and at.date() < product.launched_on:
        reading.count.before_launch += 1
    return BehaviourEvent(
        origin=origin,
        event_id=event_id,
        customer_id=customer.id if customer else None,
        kind=kind,
        product_id=product.id if product else None,
        query=query,
        value=value,
        at=at,
    )


def _customer(row: dict[str, Any], reading: _Reading) -> tuple[Customer | None, str | None]:
    """The customer, and how the row names them."""
    columns = {"email": values.email, "phone": values.phone(reading.terms.country)}
    for column, parse in columns.items():
        who = _read(row, column, parse)
        if who is not None:
            if who not in reading.customers:
                what = f"{shown(who)} is no customer; import the customers first"
                raise _Wrong(column, what)
            return reading.customers[who], str(who)
    return None, None


def _read(row: dict[str, Any], column: str, parse: values.Parse, *, required: bool = False) -> Any:
    cell = str(row.get(column, "")).strip()
    if not cell:
        if required:
            raise _Wrong(column, "is empty")
        return None
    if "\0" in cell:
        raise _Wrong(column, f"{shown(cell)} holds a NUL character; remove it")
    try:
        return parse(cell)
    except ValueError as error:
        raise _Wrong(column, f"{shown(cell)} {error}") from None


def _moment(row: dict[str, Any], reading: _Reading) -> datetime:
    cell = row["at"]
    if isinstance(cell, datetime):  # pandas' own time is one too
        at = cell if cell.tzinfo else cell.replace(tzinfo=reading.terms.zone)
        at = datetime.fromtimestamp(at.timestamp(), UTC)
    else:
        parse = values.moment(reading.terms.zone, reading.terms.dates)
        at = _read(row, "at", parse, required=True)
    if at > reading.now:
        raise _Wrong("at", f"{shown(str(cell))} is still to come; look at the file's clock")
    if at < _EARLIEST:
        raise _Wrong("at", f"{shown(str(cell))} is before the year 2000; look at the file's clock")
    return at


def _product(row: dict[str, Any], kind: EventKind, reading: _Reading) -> Product | None:
    product_id = _read(row, "product", values.identifier(60), required=kind is not EventKind.SEARCH)
    if product_id is None:
        return None
    if product_id not in reading.products:
        what = f"{shown(product_id)} is not in the catalogue; import the product first"
        raise _Wrong("product", what)
    return reading.products[product_id]


def _value(row: dict[str, Any], kind: EventKind, terms: Terms) -> Decimal | None:
    needed = kind in (EventKind.RATING, EventKind.PURCHASE)
    value: Decimal | None = _read(row, "value", values.money(terms), required=needed)
    if kind is EventKind.RATING and value is not None and not 1 <= value <= 5:
        raise _Wrong("value", f"{shown(str(value))} is no rating; write 1 to 5 stars")
    return value


def _digest(*parts: object) -> str:
    """The same for rows that say the same."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:40]


def told(count: EventCount) -> list[str]:
    """The counts as lines for people."""
    words = {
        "new": "new",
        "known": "known already",
        "ignored": "left out: their customers do not want their history used",
        "before_joining": "before their customer joined (stored; look at the clock)",
        "before_launch": "before their product was launched (stored; look at the clock)",
    }
    counts = {each.name: getattr(count, each.name) for each in fields(count)}
    return [f"{counts[name]} events {words[name]}" for name in words if counts[name]] or [
        "0 events"
    ]
