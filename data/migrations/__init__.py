"""Bring a shop's tables to this version of the code.

A migration is a file in versions/, numbered in order, written with plain SQL types so that it
stays true when data/models.py changes. A test migrates an empty database and one of the first
version with rows in it, on SQLite and PostgreSQL, and compares the outcome with the models.

An SQLite file is copied before its tables change: FILE.version-0005 is the shop as it was, for
whoever goes back to the older code. A PostgreSQL server's backups are its administrator's.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine

from data.database import hold_setup_lock, plain_errors
from data.errors import MigrationFailed


def head() -> str:
    """The version that this code needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise MigrationFailed("The folder data/migrations/versions is empty; reinstall the code.")
    return revision


def current(engine: Engine) -> str | None:
    """The version of the tables; None without tables."""
    with plain_errors(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


# The second of two set-ups waits so long for the first, which may copy tables of a whole shop: a
# request would have given up by then.
_WAIT_S = 60


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate in one transaction: an interruption leaves the tables as they were.

    Of two processes that start at once, the second waits and finds the work done. Raises
    `MigrationFailed`, also when an SQLite file cannot be copied before.
    """
    try:
        with plain_errors(), engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {_WAIT_S * 1000}")
                _upgrade_sqlite(connection, revision)
            else:
                hold_setup_lock(connection)
                _run(connection, revision)
                connection.commit()
    except CommandError as error:
        raise MigrationFailed(
            f"The database is of a version that this code does not know ({error}). "
            "Update the code, or restore a backup made with it."
        ) from error


def _upgrade_sqlite(connection: Connection, revision: str) -> None:
    """SQLite changes a table by copying it and dropping the old one, which must not be taken for
    deleting its rows: foreign keys rest meanwhile, and are checked before the end."""
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    try:
        hold_setup_lock(connection)
        before = MigrationContext.configure(connection).get_current_revision()
        if before not in (None, revision, head()):
            _keep_copy(connection, before)
        _run(connection, revision)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            tables = ", ".join(sorted({row[0] for row in broken}))
            raise MigrationFailed(
                f"Rows in {tables} refer to rows that do not exist, so nothing was migrated. "
                "Restore a backup or delete those rows."
            )
        connection.commit()
    finally:
        connection.rollback()
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")


def _keep_copy(connection: Connection, version: str | None) -> None:
    """Put the file as it is beside itself; nobody writes while the setup lock is held."""
    file = Path(connection.engine.url.database or "")
    if not file.is_file():
        return  # in memory, for tests
    copy = file.with_name(f"{file.name}.version-{version}")
    half = copy.with_name(f"{copy.name}.half")
    half.unlink(missing_ok=True)
    try:
        half.touch(mode=0o600)
        shutil.copymode(file, half)
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(half)) as target:
            source.backup(target)
        half.replace(copy)
    except (OSError, sqlite3.Error) as error:
        half.unlink(missing_ok=True)
        raise MigrationFailed(
            f"{file} could not be copied to {copy.name} ({error}), so nothing was migrated. Make "
            "room on its disk and run this again."
        ) from error


def _run(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
