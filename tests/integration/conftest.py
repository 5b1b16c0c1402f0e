"""Databases for the tests: each test that asks for one runs on SQLite and on PostgreSQL.

PostgreSQL is reached at SHOPGUIDE_TEST_POSTGRES (default: postgres@127.0.0.1, no password). A run
makes a database of its own, each test a schema in it; the database is dropped at the end.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import OperationalError

from data import migrations
from data.database import create_engine, session_factory
from data.unit_of_work import UnitOfWork

SERVER = os.environ.get("SHOPGUIDE_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a database made for this run."""
    server = create_engine(SERVER).execution_options(isolation_level="AUTOCOMMIT")
    name = f"shopguide_test_{uuid.uuid4().hex[:12]}"
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
    except OperationalError as error:
        pytest.skip(f"PostgreSQL does not answer: {str(error.orig).splitlines()[0]}")
    yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.db'}"
    server = request.getfixturevalue("postgresql_server")
    schema = f"s{uuid.uuid4().hex[:12]}"
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    engine.dispose()
    url = make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
    return url.render_as_string(hide_password=False)


@pytest.fixture
def engine(empty_database: str) -> Iterator[Engine]:
    """An engine on a database with all tables and no rows."""
    engine = create_engine(empty_database)
    migrations.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def new_uow(engine: Engine) -> Callable[[], UnitOfWork]:
    """Makes units of work on `engine`."""
    factory = session_factory(engine)
    return lambda: UnitOfWork(factory)
