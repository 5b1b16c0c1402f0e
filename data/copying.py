"""Rows of one database into another, whichever of SQLite and PostgreSQL either is: for backups
and for systems that try things out on a copy.

All rows are read in one transaction, so that they fit together though somebody goes on writing,
and written in one, so that a copy is whole or none.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, MetaData, Table, func, select, text
from sqlalchemy.types import Integer

from data import migrations
from data.database import plain_errors
from data.errors import DataError
from data.models import Base

_AT_ONCE = 500  # rows in memory; attachments are some MB each at most
_LARGE_AT_ONCE = 8


class NotEmpty(DataError):
    """The database holds rows already; the text says what to do."""


class OtherVersion(DataError):
    """The database is of another version of the code."""


def copy_shop(source: Engine, target: Engine) -> int:
    """All of a shop's database into a new one; returns how many rows. Raises `OtherVersion`,
    `DatabaseUnavailable`."""
    if migrations.current(source) != migrations.head():
        raise OtherVersion("The database is not of this version; run `make setup` first.")
    migrations.upgrade(target)
    return copy_rows(source, target, Base.metadata, replace=True)


def copy_rows(source: Engine, target: Engine, metadata: MetaData, *, replace: bool = False) -> int:
    """All rows of the tables, which both have alike; returns how many. With `replace` in the place
    of those that the target has; without, raises `NotEmpty` where it has some. Raises
    `DatabaseUnavailable`."""
    tables = metadata.sorted_tables  # what is referred to first
    with plain_errors(), source.connect() as reading, target.begin() as writing:
        _one_moment(reading)
        if replace:
            for table in reversed(tables):
                writing.execute(table.delete())
        elif full := [table.name for table in tables if _has_rows(writing, table)]:
            raise NotEmpty(
                f"The database holds rows already ({', '.join(full[:5])}). Restore into a new one, "
                "or replace them by --replace."
            )
        count = sum(_copy(reading, writing, table) for table in tables)
        _count_on(writing, tables)
    return count


def _one_moment(connection: Connection) -> None:
    """What is read from now on is as it stands now. SQLite's transactions are so by themselves
    once they are begun."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    else:
        connection.exec_driver_sql("BEGIN")


def _has_rows(connection: Connection, table: Table) -> bool:
    return connection.execute(select(func.count()).select_from(table)).scalar_one() > 0


def _copy(reading: Connection, writing: Connection, table: Table) -> int:
    large = any(column.type.python_type is bytes for column in table.columns)
    rows = reading.execution_options(yield_per=_LARGE_AT_ONCE if large else _AT_ONCE).execute(
        select(table)
    )
    count = 0
    for part in rows.mappings().partitions():
        writing.execute(table.insert(), [dict(row) for row in part])
        count += len(part)
    return count


def _count_on(connection: Connection, tables: Sequence[Table]) -> None:
    """PostgreSQL numbers new rows by a counter of its own, which knows nothing of these."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        key = list(table.primary_key)
        if len(key) == 1 and isinstance(key[0].type, Integer):
            name = key[0].name
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', '{name}'),"  # noqa: S608
                    f" (SELECT max({name}) FROM {table.name})) "
                    f"WHERE pg_get_serial_sequence('{table.name}', '{name}') IS NOT NULL"
                )
            )
