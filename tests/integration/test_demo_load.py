"""The demo shop in a real database."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from data.database import create_engine
from data.demo import DEMO_CUSTOMERS, load
from data.models import Base, Customer, Order, Product, Review, TrackingEvent


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
