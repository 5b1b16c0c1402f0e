"""A database of one's own on the machine's PostgreSQL."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from data.database import create_engine

SERVER = os.environ.get("SHOPGUIDE_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


@contextmanager
def own_database(purpose: str) -> Iterator[str]:
    """Its URL; dropped afterwards. Skips where no server answers."""
    server = create_engine(SERVER).execution_options(isolation_level="AUTOCOMMIT")
    name = f"shopguide_{purpose}_{uuid.uuid4().hex[:12]}"
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
    except OperationalError as error:
        pytest.skip(f"PostgreSQL does not answer: {str(error.orig).splitlines()[0]}")
    yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()
