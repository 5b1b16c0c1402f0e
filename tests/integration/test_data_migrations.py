"""Migrations from nothing and from the first version, against the models."""

from __future__ import annotations

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, inspect, text
from sqlalchemy.exc import IntegrityError

from data import migrations
from data.database import create_engine, session_factory
from data.errors import DatabaseUnavailable, MigrationFailed
from data.models import Base
from data.repositories import DEMO
from data.unit_of_work import UnitOfWork

SESSION = "11111111-1111-1111-1111-111111111111"


@pytest.fixture
def bare(empty_database):
    engine = create_engine(empty_database)
    yield engine
    engine.dispose()


def differences(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return compare_metadata(context, Base.metadata)


def fill_first_version(engine):
    """A customer with an order, and a conversation in which the id m1 stands twice."""
    rows = [
        'INSERT INTO categories VALUES (\'tents\', \'{"zh": "帐篷", "en": "Tents"}\', \'{}\')',
        "INSERT INTO products (id, category_id, brand, name, aliases, summary, description,"
        " attributes, care, tags, return_class, launched_on) VALUES ('t', 'tents', 'Spruce',"
        ' \'{"zh": "帐", "en": "T"}\', \'{}\', \'{"zh": "", "en": ""}\','
        ' \'{"zh": "", "en": ""}\', \'[]\', \'{"zh": "", "en": ""}\', \'[]\', \'standard\','
        " '2025-01-01')",
        "INSERT INTO variants VALUES ('T-1', 't', 0, '{}', 89900, NULL, 'CNY', 3)",
        "INSERT INTO customers VALUES"
        " (1, 'lin@example.com', '林悦', NULL, 'zh', 'gold', '2025-01-01 00:00:00', true)",
        "INSERT INTO addresses VALUES"
        " (1, 1, '林悦', '文三路 1 号', '杭州', '浙江', '310000', 'CN', true)",
        "INSERT INTO orders VALUES ('SP10000001', 1, 'delivered', '2026-01-01 00:00:00',"
        " 'standard', 1, NULL, 'CNY', 89900, 0, 89900)",
        "INSERT INTO order_lines VALUES (1, 'SP10000001', 'T-1', 1, 89900)",
        "INSERT INTO chat_sessions VALUES ($SESSION, 1, 'sign_in',"
        " '2026-01-01 00:00:00', '2026-01-02 00:00:00')",
        *(
            f"INSERT INTO chat_messages VALUES ({line}, 'customer', NULL,"  # noqa: S608
            f" '{{\"text\": \"{words}\"}}', '2026-01-01 00:00:00')"
            for line, words in (
                ("1, $SESSION, 'm1'", "first"),
                ("2, $SESSION, 'm1'", "twin"),
                ("3, $SESSION, 'm2'", "x"),
            )
        ),
        "INSERT INTO feedback VALUES (1, $SESSION, 'm1', 1, NULL, '2026-01-01 00:00:00')",
    ]
    with engine.begin() as connection:
        for row in rows:
            connection.execute(text(row.replace(":", r"\:").replace("$SESSION", f"'{SESSION}'")))


def test_from_empty(bare):
    assert migrations.current(bare) is None
    migrations.upgrade(bare)
    assert migrations.current(bare) == migrations.head()
    assert differences(bare) == []


def test_from_the_first_version_with_rows(bare):
    migrations.upgrade(bare, "0001")
    columns = {column["name"] for column in inspect(bare).get_columns("chat_sessions")}
    assert "failed_identifications" not in columns
    fill_first_version(bare)
    migrations.upgrade(bare)

    assert differences(bare) == []
    with UnitOfWork(session_factory(bare)) as uow:
        session = uow.sessions.get(SESSION)
        assert session.failed_identifications == 0
        assert session.customer.tier == "gold"
        assert [line.body["text"] for line in uow.messages.of_session(SESSION)] == ["first", "x"]
        assert len(uow.feedbacks.of_session(SESSION)) == 1
        order = uow.orders.for_customer(1, "SP10000001")
        assert str(order.lines[0].unit_price) == "899.00"
        product = order.lines[0].variant.product
        assert (product.sold, product.brand, product.page_url) == (True, "Spruce", None)


def test_a_shop_of_0007_takes_what_any_shop_has(bare):
    migrations.upgrade(bare, "0001")
    fill_first_version(bare)
    migrations.upgrade(bare, "0007")
    migrations.upgrade(bare)
    sku, number = "S" * 80, "9" * 40
    rows = (
        "INSERT INTO customers (id, name, phone, language, personalised)"
        " VALUES (2, 'Noor', '+353851234567', 'en', true)",
        "INSERT INTO addresses (id, customer_id, country, is_default) VALUES (2, 2, 'IE', true)",
        f"INSERT INTO variants VALUES ('{sku}', 't', 1, '{{}}', 100, NULL, 'CNY', 1)",  # noqa: S608
        "INSERT INTO orders (number, customer_id, status, placed_at, address_id, currency,"  # noqa: S608
        f" subtotal, delivery_fee, total) VALUES ('{number}', 2, 'paid', '2026-01-01 00:00:00',"
        " 2, 'CNY', 100, 0, 100)",
        f"INSERT INTO order_lines VALUES (9, '{number}', '{sku}', 1, 100)",  # noqa: S608
    )
    with bare.begin() as connection:
        for row in rows:
            connection.execute(text(row.replace(":00:00'", "\\:00\\:00'")))
    with UnitOfWork(session_factory(bare)) as uow:
        order = uow.orders.for_customer(2, number)
        assert order is not None
        assert (order.delivery_method, order.customer.email, order.customer.tier) == (None,) * 3
        assert order.lines[0].variant.sku == sku
        assert uow.orders.for_customer(1, "SP10000001") is not None


@pytest.mark.parametrize(("email", "demo"), [("lin.yue@example.com", True), ("ann@a.ie", False)])
def test_a_database_that_holds_the_demo_shop_is_marked(bare, email, demo):
    migrations.upgrade(bare, "0008")
    with bare.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO customers (id, name, email, language, personalised)"
                " VALUES (1, 'Ann', :email, 'en', true)"
            ),
            {"email": email},
        )
    migrations.upgrade(bare)
    with UnitOfWork(session_factory(bare)) as uow:
        assert uow.marks.has(DEMO) is demo


def test_an_sqlite_file_is_copied_before_its_tables_change(tmp_path):
    file = tmp_path / "shop.db"
    file.touch(0o600)
    engine = create_engine(f"sqlite:///{file}")
    migrations.upgrade(engine, "0001")
    fill_first_version(engine)
    assert list(tmp_path.glob("*version*")) == []  # an empty shop needs no copy
    migrations.upgrade(engine)
    migrations.upgrade(engine)  # nor does one that is up to date

    (copy,) = tmp_path.glob("*version*")
    assert copy.name == "shop.db.version-0001"
    assert copy.stat().st_mode & 0o777 == 0o600  # like its source
    engine.dispose()
    copy.replace(file)
    restored = create_engine(f"sqlite:///{file}")
    assert migrations.current(restored) == "0001"
    with restored.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM chat_messages")).scalar() == 3


def test_without_a_copy_nothing_is_migrated(tmp_path):
    file = tmp_path / "shop.db"
    engine = create_engine(f"sqlite:///{file}")
    migrations.upgrade(engine, "0001")
    (tmp_path / "shop.db.version-0001").mkdir()  # where the copy should go
    with pytest.raises(MigrationFailed, match="nothing was migrated"):
        migrations.upgrade(engine)
    assert migrations.current(engine) == "0001"
    assert list(tmp_path.glob("*.half")) == []


def test_the_id_of_a_message_is_unique_afterwards(bare):
    migrations.upgrade(bare, "0001")
    fill_first_version(bare)
    migrations.upgrade(bare)
    with pytest.raises(IntegrityError), bare.begin() as connection:
        connection.execute(text("UPDATE chat_messages SET message_id = 'm1'"))


def test_foreign_keys_hold_after_a_migration(bare):
    migrations.upgrade(bare)
    with pytest.raises(IntegrityError), bare.begin() as connection:
        connection.execute(
            text("INSERT INTO variants VALUES ('X', 'missing', 0, '{}', 1, NULL, 'CNY', 1)")
        )


def test_twice_changes_nothing(bare):
    migrations.upgrade(bare)
    migrations.upgrade(bare)
    assert differences(bare) == []


def test_two_at_once(bare, empty_database):
    failures = []

    def run():
        engine = create_engine(empty_database)
        try:
            migrations.upgrade(engine)
        except Exception as error:  # whatever went wrong is what the test shows
            failures.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert differences(bare) == []


def test_an_interrupted_migration_leaves_the_tables_as_they_were(bare, monkeypatch):
    migrations.upgrade(bare, "0001")
    fill_first_version(bare)
    before = MetaData()
    before.reflect(bare)

    class Interrupted(Exception):
        pass

    script = migrations.ScriptDirectory.from_config(migrations._config())
    module = script.get_revision("0002").module
    original = module.upgrade

    def upgrade_then_stop():
        original()
        raise Interrupted

    monkeypatch.setattr(module, "upgrade", upgrade_then_stop)
    monkeypatch.setattr(migrations.ScriptDirectory, "from_config", lambda config: script)
    with pytest.raises(Interrupted):
        migrations.upgrade(bare)
    monkeypatch.undo()

    assert migrations.current(bare) == "0001"
    after = MetaData()
    after.reflect(bare)
    assert {n: sorted(t.columns.keys()) for n, t in after.tables.items()} == {
        n: sorted(t.columns.keys()) for n, t in before.tables.items()
    }
    with bare.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM chat_messages")).scalar() == 3
    migrations.upgrade(bare)
    assert differences(bare) == []


def test_down_and_up_again(bare):
    """The way back is for developers; it must at least lead back and forth."""
    migrations.upgrade(bare)
    with bare.connect() as connection:
        config = migrations._config()
        config.attributes["connection"] = connection
        migrations.command.downgrade(config, "base")
        connection.commit()
    assert inspect(bare).get_table_names() == ["alembic_version"]
    migrations.upgrade(bare)
    assert differences(bare) == []


def test_a_newer_database_is_refused_with_what_to_do(bare):
    migrations.upgrade(bare)
    with bare.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(MigrationFailed, match="Update the code"):
        migrations.upgrade(bare)


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "shop.db"
    path.write_text("not a database, but quite a long text all the same" * 20)
    with pytest.raises(DatabaseUnavailable):
        migrations.upgrade(create_engine(f"sqlite:///{path}"))
