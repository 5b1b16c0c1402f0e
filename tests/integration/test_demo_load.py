"""The demo shop in a real database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, event, func, select, text
from sqlalchemy.orm import Session

from bot.commands.serve import loaded_demo
from bot.runtime.processes import SystemFailed
from data import migrations
from data.database import create_engine
from data.models import Base, Customer, Mark, Order, Product, Review, TrackingEvent
from data.repositories import DEMO
from data.unit_of_work import open_database
from demo import DEMO_CUSTOMERS, load


def test_load_fills_an_empty_database_and_leaves_the_commit_to_the_caller(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    Base.metadata.create_all(engine)
    commits: list[object] = []
    event.listen(engine, "commit", commits.append)
    told: list[tuple[str, float]] = []

    with Session(engine) as session:
        load(
            session,
            today=date(2026, 11, 22),
            progress=lambda part, share: told.append((part, share)),
        )
        assert commits == []
        session.commit()

    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("done", 1.0)
    with Session(engine) as session:
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []

        def count(model: type[Base]) -> int:
            return session.scalar(select(func.count()).select_from(model)) or 0

        assert count(Product) >= 80
        assert count(Customer) >= 320
        assert count(Order) >= 3000
        assert count(Review) >= 1500
        assert count(TrackingEvent) > 15000
        for who in DEMO_CUSTOMERS:
            customer = session.scalars(select(Customer).where(Customer.email == who.email)).one()
            assert {order.number for order in customer.orders} == {o.number for o in who.orders}
            order = session.get_one(Order, who.orders[0].number)
            assert order.total == sum(line.unit_price * line.quantity for line in order.lines) + (
                order.delivery_fee
            )
    engine.dispose()


def test_a_database_is_the_demos_only_as_long_as_nobody_real_is_in_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    migrations.upgrade(create_engine(url))
    units = open_database(url)
    with units() as uow:
        uow.session.add(Customer(name="Ann", email="lin.yue@example.com", language="en"))
        uow.commit()
    assert not loaded_demo(units)  # by its mark, not by who is in it
    with units() as uow:
        uow.session.add(Mark(name=DEMO, at=datetime.now(UTC)))
        uow.session.add(Customer(name="", language="en"))  # who was erased
        uow.commit()
    assert loaded_demo(units)
    for known in ({"email": "ann@shop.cn"}, {"phone": "+8613800138000"}):
        with units() as uow:
            uow.session.add(Customer(name="Ann", language="en", **known))
            uow.session.flush()
            uow.session.commit()
        with pytest.raises(SystemFailed, match="database of its own"):
            loaded_demo(units)
        with units() as uow:
            uow.session.execute(delete(Customer).where(Customer.name == "Ann"))
            uow.commit()


def test_loading_marks_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    migrations.upgrade(create_engine(url))
    with Session(create_engine(url)) as session:
        load(session, today=date(2026, 11, 22))
        session.commit()
    assert loaded_demo(open_database(url))
