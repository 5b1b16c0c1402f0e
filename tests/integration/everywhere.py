"""Rows with one word in every text of every table that can hold something of a customer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Engine, LargeBinary, String, inspect
from sqlalchemy import Enum as EnumType

from data.inventory import TABLES
from data.models import Base, Localized, LocalizedType, MoneyType, UTCDateTime
from data.unit_of_work import UnitOfWork

# What a column must hold for the code to understand the row.
_PLAIN: dict[str, Any] = {
    "status": "open",
    "state": "kept",
    "language": "zh",
    "country": "CN",
    "currency": "CNY",
    "sender": "customer",
    "period_s": 3600,
    "why": [],
}


def tables(goes: str) -> list[type[Base]]:
    """The tables of which something is deleted that way."""
    named = {holding.place for holding in TABLES if goes in holding.goes}
    mapped = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    in_order = [table.name for table in Base.metadata.sorted_tables if table.name in named]
    return [mapped[name] for name in in_order]


def row(table: type[Base], word: str, at: datetime, known: dict[str, Any]) -> Base:
    """With `word` in each text; `known` has values by column, and keys of other tables' rows."""
    values: dict[str, Any] = {}
    for column in inspect(table).columns:
        name = column.key
        if name in known:
            values[name] = known[name]
        elif column.foreign_keys:
            values[name] = known.get(next(iter(column.foreign_keys)).column.table.name)
        elif name in _PLAIN:
            values[name] = _PLAIN[name]
        elif not (column.primary_key and _numbered(column.type)):
            values[name] = _value(column.type, word, at)
    return table(**values)


def _numbered(kind: Any) -> bool:
    return not isinstance(getattr(kind, "impl", kind), String)


def _value(kind: Any, word: str, at: datetime) -> Any:
    implementation = getattr(kind, "impl", kind)
    match kind:
        case UTCDateTime():
            return at
        case MoneyType():
            return Decimal(1)
        case LocalizedType():
            return Localized.of("-")  # a carrier's name, which says nothing of a customer
        case EnumType():
            return next(iter(kind.enum_class))
    match implementation:
        case String():
            return word[: implementation.length]
        case JSON():
            return {"text": word}
        case LargeBinary():
            return word.encode()
    return at.date() if implementation.python_type.__name__ == "date" else 1


def holding(engine: Engine, state: Path, word: str) -> set[str]:
    """The tables, and the files under the state folder, in which the word stands."""
    found = set()
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            rows = connection.execute(table.select()).all()
            if any(word in repr(value) for each in rows for value in each):
                found.add(table.name)
    for file in state.rglob("*"):
        if file.is_file() and word.encode() in file.read_bytes():
            found.add(file.name)
    return found


def tracker(state: Path, events: list[tuple[str, datetime, str]]) -> None:
    """Rasa 3.6's tracker store with (conversation, moment, text) in it."""
    (state / "rasa").mkdir()
    with closing(sqlite3.connect(state / "rasa" / "tracker.db")) as rasa, rasa:
        rasa.execute("PRAGMA journal_mode = WAL")
        rasa.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id, type_name, "
                     "timestamp FLOAT, intent_name, action_name, data TEXT)")  # fmt: skip
        for sender, at, text in events:
            rasa.execute(
                "INSERT INTO events (sender_id, type_name, timestamp, data)"
                " VALUES (?, 'user', ?, ?)",
                (sender, at.timestamp(), f'{{"text": "{text}"}}'),
            )


def held_open(*files: Path) -> Iterator[sqlite3.Connection]:
    """As a running gateway and Rasa hold them: then closing does not empty the logs."""
    for file in files:
        connection = sqlite3.connect(file)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connection


def conversation_of(uow: UnitOfWork, name: str, at: datetime, customer_id: int | None) -> None:
    from data.models import ChatSession

    uow.session.add(ChatSession(id=name, created_at=at, expires_at=at, customer_id=customer_id))
    uow.session.flush()
