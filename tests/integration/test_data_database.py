"""Databases and the unit of work."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from data_rows import NOW, customer, fill, variant
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError

from data.database import check, create_engine, plain_errors, session_factory
from data.errors import DatabaseUnavailable
from data.models import Customer, Order
from data.unit_of_work import UnitOfWork


def test_leaving_rolls_back(new_uow):
    with new_uow() as uow:
        uow.customers.add(customer("a@example.com", "A", "310000"))
        uow.session.flush()
        assert uow.customers.by_email("a@example.com")
    with new_uow() as uow:
        assert uow.customers.by_email("a@example.com") is None


def test_an_error_rolls_back_and_goes_on(new_uow):
    def stop_midway():
        with new_uow() as uow:
            uow.customers.add(customer("a@example.com", "A", "310000"))
            uow.session.flush()
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        stop_midway()
    with new_uow() as uow:
        assert uow.customers.by_email("a@example.com") is None


def test_only_commit_persists(new_uow):
    with new_uow() as uow:
        uow.customers.add(customer("a@example.com", "A", "310000"))
        uow.commit()
        uow.customers.add(customer("b@example.com", "B", "310000"))
    with new_uow() as uow:
        found = uow.customers.by_email("a@example.com")
        assert uow.customers.by_email("b@example.com") is None
    # Read inside, readable outside.
    assert (found.name, found.tier, found.personalised) == ("A", None, True)


def test_what_is_stored_as_what(new_uow, engine):
    fill(new_uow())
    with new_uow() as uow:
        guest = customer("c@example.com", "C", "310000")
        guest.tier = "top"
        uow.customers.add(guest)
        uow.commit()
    with engine.connect() as connection:
        price = connection.execute(text("SELECT price FROM variants WHERE sku = 'DOME-1'"))
        assert price.scalar() == 129950
        tiers = connection.execute(text("SELECT DISTINCT tier FROM customers"))
        assert set(tiers.scalars()) == {None, "top"}  # the shop's own word, none before it is known


def test_times_come_back_in_utc(new_uow):
    hangzhou = timezone(timedelta(hours=8))
    with new_uow() as uow:
        guest = customer("a@example.com", "A", "310000")
        guest.joined_at = datetime(2026, 1, 1, 7, 30, tzinfo=hangzhou)
        uow.customers.add(guest)
        uow.commit()
    with new_uow() as uow:
        joined = uow.customers.by_email("a@example.com").joined_at
    assert joined.isoformat() == "2025-12-31T23:30:00+00:00"


def test_naive_times_and_fractions_of_fen_are_refused(new_uow):
    with new_uow() as uow:
        guest = customer("a@example.com", "A", "310000")
        guest.joined_at = datetime(2026, 1, 1)
        uow.customers.add(guest)
        with pytest.raises(StatementError, match="no time zone"):
            uow.session.flush()
    fill(new_uow())
    with new_uow() as uow:
        dome = uow.products.get("dome-tent")
        dome.variants.append(variant("DOME-9", "1.005", 1))
        with pytest.raises(StatementError, match="two decimal places"):
            uow.session.flush()


def test_foreign_keys_hold(new_uow):
    fill(new_uow())
    with new_uow() as uow:
        order = uow.session.get(Order, "SP10000001")
        order.customer_id = 424242
        with pytest.raises(IntegrityError):
            uow.session.flush()


def test_errors_do_not_show_customers_values(new_uow):
    fill(new_uow())
    with new_uow() as uow:
        uow.customers.add(customer("lin@example.com", "林悦的秘密", "310000"))
        with pytest.raises(IntegrityError) as caught:
            uow.session.flush()
    assert "林悦的秘密" not in str(caught.value)


def test_sqlite_settings(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/new/folder/shop.db")
    with engine.connect() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5000}


def test_readers_go_on_while_one_writes(new_uow):
    fill(new_uow())
    with new_uow() as writer, new_uow() as reader:
        lin = writer.customers.by_email("lin@example.com")
        lin.name = "改名"
        writer.session.flush()
        assert reader.customers.by_email("lin@example.com").name == "林悦"


def test_in_memory_database_is_shared_by_its_sessions():
    engine = create_engine("sqlite://")
    Customer.metadata.create_all(engine)
    factory = session_factory(engine)
    with UnitOfWork(factory) as uow:
        uow.customers.add(customer("a@example.com", "A", "310000"))
        uow.commit()
    with UnitOfWork(factory) as uow:
        assert uow.customers.by_email("a@example.com")


def test_missing_tables_are_said_plainly(empty_database):
    engine = create_engine(empty_database)
    with pytest.raises(DatabaseUnavailable, match=r"python -m data\.prepare"):
        check(engine)
    with (
        pytest.raises(DatabaseUnavailable, match="products"),
        UnitOfWork(session_factory(engine)) as uow,
    ):
        uow.products.catalogue()
    engine.dispose()


def test_ready_database_passes_the_check(engine):
    check(engine)


def test_a_silent_server_is_said_plainly():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    engine = create_engine(f"postgresql://nobody:secret@127.0.0.1:{port}/shop")
    with pytest.raises(DatabaseUnavailable) as caught:
        check(engine)
    assert "does not answer" in str(caught.value)
    assert "secret" not in str(caught.value)
    with (
        pytest.raises(DatabaseUnavailable),
        UnitOfWork(session_factory(engine)) as uow,
    ):
        uow.products.catalogue()


@pytest.mark.parametrize(
    "url", ["", "shop.db", "mysql://localhost/shop", "sqlite:////proc/no/x.db"]
)
def test_unusable_settings_are_said_plainly(url):
    with pytest.raises(DatabaseUnavailable):
        create_engine(url)


def test_money_adds_up_alike(new_uow):
    fill(new_uow())
    with new_uow() as uow:
        lin = uow.customers.by_email("lin@example.com")
        assert uow.orders.spend(lin.id, NOW - timedelta(days=999)) == Decimal("2123.90")


def test_a_unit_of_work_by_url(database):
    fill(UnitOfWork.at(database))
    with UnitOfWork.at(database) as uow:
        assert uow.products.get("steel-mug").brand == "Spruce"


def test_a_full_disk_is_said_and_nothing_is_stored(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE words (word TEXT)")

    def write_much():
        with plain_errors(), engine.begin() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}")
            for _ in range(100):
                connection.exec_driver_sql("INSERT INTO words VALUES (?)", ("x" * 1000,))

    with pytest.raises(DatabaseUnavailable, match="Make room"):
        write_much()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM words").scalar() == 0
