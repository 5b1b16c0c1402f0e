"""Engines and sessions for the shop's database: SQLite in a file by default, PostgreSQL by URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool

from data.errors import DatabaseUnavailable

DEFAULT_URL = "sqlite:///var/shop.db"
_WAIT_S = 5  # for a lock, a free connection, or a server that does not answer
_DISK_FULL = "53100"  # PostgreSQL's code; SQLite says it in words
_NO_SUCH_TABLE = "42P01"  # PostgreSQL's code; SQLite reports it as an operational error
_SETUP_LOCK = 0x53484F50  # any fixed number: one advisory lock for all set-up of a shop


def create_engine(url: str = DEFAULT_URL) -> Engine:
    """An engine for `sqlite:///FILE`, `sqlite://` (in memory, for tests) or
    `postgresql://USER@HOST/NAME`. Makes the folder of an SQLite file; connects on first use.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUnavailable(
            "The database setting is not a URL; write sqlite:///FILE or "
            "postgresql://USER:PASSWORD@HOST/NAME."
        ) from None
    options: dict[str, Any] = {"hide_parameters": True}  # errors reach logs; customers must not
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed, options)
        case "postgresql":
            return sqlalchemy.create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                pool_pre_ping=True,
                pool_timeout=_WAIT_S,
                connect_args={"connect_timeout": _WAIT_S, "tcp_user_timeout": _WAIT_S * 1000},
                **options,
            )
        case other:
            raise DatabaseUnavailable(
                f"'{other}' databases are not served; use sqlite:///FILE or postgresql://…."
            )


def _sqlite(url: sqlalchemy.URL, options: dict[str, Any]) -> Engine:
    in_memory = url.database in (None, "", ":memory:")
    if in_memory:
        options |= {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    else:
        options |= {"pool_timeout": _WAIT_S, "connect_args": {"timeout": _WAIT_S}}
        folder = Path(str(url.database)).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnavailable(
                f"The folder {folder} for the database cannot be made ({error.strerror}); "
                "name a file in a folder that you may write to."
            ) from None
    engine = sqlalchemy.create_engine(url, **options)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_mode = WAL")  # readers go on while one writes
        cursor.execute("PRAGMA secure_delete = ON")  # what is deleted leaves the file too
        cursor.execute(f"PRAGMA busy_timeout = {_WAIT_S * 1000}")
        cursor.close()

    @event.listens_for(engine, "checkout")
    def _durable(connection: Any, _record: object, _proxy: object) -> None:
        # Each commit reaches the disk: what a platform or a page was told that we have must outlive
        # the machine's power. Who needs no such thing says so (data/leases.py): NORMAL, which WAL
        # makes safe but not durable, spares a write to the disk.
        connection.execute("PRAGMA synchronous = FULL")

    return engine


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Sessions whose objects keep their values after a commit."""
    return sessionmaker(engine, expire_on_commit=False)


def check(engine: Engine) -> None:
    """Ask the database for one row; raises `DatabaseUnavailable`. For readiness."""
    with plain_errors(), engine.connect() as connection:
        connection.execute(text("SELECT 1 FROM products LIMIT 1"))


def empty_log(engine: Engine) -> bool:
    """Move SQLite's write-ahead log into its file and cut it to nothing: what was deleted still
    stands in it, and while another process has the file open nobody else does so. False when
    somebody reads or writes for longer than `_WAIT_S`. A server has no such log of ours."""
    if engine.dialect.name != "sqlite":
        return True
    with plain_errors(), engine.connect() as connection:
        busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
        return not busy


@contextmanager
def plain_errors() -> Iterator[None]:
    """A database that is down, locked, broken or without tables becomes `DatabaseUnavailable`.

    Its text does not hold the values that the database was asked with.
    """
    try:
        yield
    except (DBAPIError, sqlalchemy.exc.TimeoutError) as error:
        if isinstance(error, DBAPIError) and not _is_outage(error):
            raise
        cause = getattr(error, "orig", None) or error
        lines = str(cause).strip().splitlines() or [type(cause).__name__]
        if "disk is full" in lines[0] or getattr(cause, "sqlstate", None) == _DISK_FULL:
            raise DatabaseUnavailable(
                "The disk of the database is full. Make room and run this again; nothing is stored "
                "by half."
            ) from error
        raise DatabaseUnavailable(
            f"The database does not answer ({lines[0]}). Check that it runs and that "
            "`python -m data.prepare` has set it up."
        ) from error


def _is_outage(error: DBAPIError) -> bool:
    """Not a value that the database refused, nor a mistake in a statement."""
    return (
        error.connection_invalidated
        or isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.InterfaceError)
        or type(error) is sqlalchemy.exc.DatabaseError  # SQLite: the file is not a database
        or getattr(error.orig, "sqlstate", None) == _NO_SUCH_TABLE
    )


def hold_setup_lock(connection: Connection) -> None:
    """Until this connection's transaction ends, no other process sets this database up."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SETUP_LOCK})")
