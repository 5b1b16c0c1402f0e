"""Orders and tickets as the customer sees them, for every state that they can be in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot import desk
from bot.actions import views
from bot.actions.skill import Turn
from bot.phrases import phrase
from data import migrations
from data.database import create_engine, session_factory
from data.models import ChatSession, Localized, Order, OrderStatus, Shipment, Ticket
from data.rules import ShopRules
from data.unit_of_work import UnitOfWork

RULES = ShopRules.load(Path(__file__).resolve().parents[2] / "data/demo/rules.yaml")
PLACED = datetime(2026, 11, 16, 2, 30, tzinfo=UTC)  # 10:30 in the shop


def turn(language: str) -> Turn:
    """As much of a turn as views need."""
    services = SimpleNamespace(rules=RULES)
    said = SimpleNamespace(
        language=language,
        services=services,
        phrase=lambda key, **facts: phrase(key, language, **facts),
    )
    return cast("Turn", said)


def order(status: OrderStatus, *, shipped: bool = False, delivered: bool = False) -> Order:
    made = Order(number="SP1", status=status, placed_at=PLACED)
    if shipped:
        made.shipments = [
            Shipment(
                carrier=Localized("顺丰", "SF"),
                tracking_number="1",
                shipped_at=PLACED + timedelta(days=1),
                delivered_at=PLACED + timedelta(days=3) if delivered else None,
            )
        ]
    return made


def steps(status: OrderStatus, language: str = "en", **of: Any) -> list[tuple[str, str, str]]:
    return [
        (step.title, step.at or "", step.state)
        for step in views.order_steps(turn(language), order(status, **of))
    ]


def test_an_order_under_way_shows_what_is_behind_and_before_it() -> None:
    assert steps(OrderStatus.SHIPPED, shipped=True) == [
        ("Placed", "11-16 10:30", "done"),
        ("Paid", "", "done"),
        ("Packed", "", "done"),
        ("Shipped", "11-17 10:30", "current"),
        ("Delivered", "", "todo"),
    ]
    assert [title for title, _, _ in steps(OrderStatus.SHIPPED, "zh", shipped=True)] == [
        *("已下单", "已付款", "已打包", "已发货", "已签收"),
    ]


def test_an_order_that_came_is_done() -> None:
    last = steps(OrderStatus.DELIVERED, shipped=True, delivered=True)
    assert last[-1] == ("Delivered", "11-19 10:30", "done")
    assert {state for _, _, state in last} == {"done"}


def test_cancelled_and_returned_orders_have_their_own_ways() -> None:
    assert steps(OrderStatus.CANCELLED) == [
        ("Placed", "11-16 10:30", "done"),
        ("Cancelled", "", "done"),
    ]
    assert steps(OrderStatus.RETURNED, shipped=True, delivered=True) == [
        ("Placed", "11-16 10:30", "done"),
        ("Delivered", "11-19 10:30", "done"),
        ("Return requested", "", "done"),
        ("Return received", "", "current"),
        ("Refunded", "", "todo"),
    ]


@pytest.mark.parametrize("status", list(OrderStatus))
def test_every_state_has_one_place(status: OrderStatus) -> None:
    shown = views.order_steps(turn("en"), order(status))
    states = [step.state for step in shown]
    assert states == sorted(states, key=["done", "current", "todo"].index)
    assert states.count("current") <= 1
    assert states[0] != "todo"


def test_a_ticket_waits_is_taken_and_closed(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    migrations.upgrade(engine)
    sunday_night = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
    monday_noon = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)

    def ticket() -> Ticket:
        return Ticket(
            session_id="s1", language="zh", reason="asked", transcript=[], created_at=PLACED
        )

    with UnitOfWork(session_factory(engine)) as uow:
        uow.sessions.add(ChatSession(id="s1", created_at=PLACED, expires_at=PLACED))
        uow.session.flush()
        first, second = ticket(), ticket()
        for filed in (first, second):
            uow.tickets.add(filed)
            uow.session.flush()

        waiting = desk.view(uow, second, RULES, monday_noon)
        assert (waiting.state, waiting.position, waiting.opens) == ("queued", 2, None)
        at_night = desk.view(uow, first, RULES, sunday_night)
        assert at_night.position == 1
        assert at_night.opens is not None
        assert datetime.fromisoformat(at_night.opens) > sunday_night
        assert at_night.opens.endswith("+08:00")

        first.agent = "小李"
        uow.session.flush()
        taken = desk.view(uow, first, RULES, sunday_night)
        assert (taken.state, taken.agent, taken.position) == ("agent", "小李", None)
        assert desk.view(uow, second, RULES, monday_noon).position == 1
        first.status = "closed"
        assert desk.view(uow, first, RULES, monday_noon).state == "closed"
