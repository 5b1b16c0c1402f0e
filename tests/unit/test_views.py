"""Orders and tickets as the customer sees them, for every state that they can be in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.dialogue import desk
from bot.wording import formats, views
from bot.wording.phrases import phrase
from bot.wording.voice import Voice
from data import migrations
from data.database import create_engine, session_factory
from data.models import (
    ChatSession,
    Localized,
    Order,
    OrderStatus,
    Product,
    Shipment,
    Ticket,
    Variant,
)
from data.rules import ShopRules
from data.rules.shop import Pages
from data.unit_of_work import UnitOfWork
from retrieval.types import Language

RULES = ShopRules.load(Path(__file__).resolve().parents[2] / "demo/shop")
PLACED = datetime(2026, 11, 16, 2, 30, tzinfo=UTC)  # 10:30 in the shop


@dataclass
class Speaker(Voice):
    language: Language

    @property
    def rules(self) -> ShopRules:
        return RULES

    @property
    def today(self) -> date:
        return RULES.today(PLACED)

    def phrase(self, key: str, **facts: object) -> str:
        return phrase(key, self.language, **facts)


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


def steps(status: OrderStatus, language: Language = "en", **of: Any) -> list[tuple[str, str, str]]:
    return [
        (step.title, step.at or "", step.state)
        for step in views.order_steps(Speaker(language), order(status, **of))
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
    shown = views.order_steps(Speaker("en"), order(status))
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


def test_a_product_is_shown_where_the_shop_shows_it() -> None:
    of = Product(id="x-5")
    pages = Pages(product="https://s.example/p/{id}", picture="https://s.example/{id}.jpg")
    with_pages = RULES.model_copy(update={"shop": RULES.shop.model_copy(update={"pages": pages})})
    assert views.page_url(with_pages, of) == "https://s.example/p/x-5"
    assert views.picture_url(with_pages, of) == "https://s.example/x-5.jpg"
    of.page_url, of.picture_url = "https://s.example/?p=4#top", "https://cdn.example/5.jpg"
    assert views.page_url(with_pages, of, "r1") == "https://s.example/?p=4&ref=r1#top"
    assert views.picture_url(with_pages, of) == "https://cdn.example/5.jpg"
    bare = with_pages.model_copy(update={"shop": RULES.shop.model_copy(update={"pages": Pages()})})
    assert views.page_url(bare, Product(id="x-5"), "r1") == "/products/x-5?ref=r1"
    assert views.picture_url(bare, Product(id="x-5")) is None


def kinds(*of: tuple[str, str, int, int]) -> Product:
    """A product with variants: (colour in English, in Chinese, price, pieces)."""
    return Product(
        id="tent",
        name=Localized("帐篷", "Tent"),
        summary=None,
        variants=[
            Variant(
                sku=str(place),
                options={
                    "color": {"zh": zh, "en": en},
                    "zip": {"zh": "左", "en": "left"},
                },
                price=Decimal(price),
                currency="CNY",
                stock=pieces,
            )
            for place, (en, zh, price, pieces) in enumerate(of)
        ],
    )


def test_a_card_tells_the_kinds_that_can_be_chosen() -> None:
    for language, color, pine in (("en", "Colour", "pine"), ("zh", "颜色", "松绿")):
        one = kinds(("pine", "松绿", 900, 0), ("sand", "沙色", 800, 3))
        card = views.product_card(Speaker(language), one)
        assert next(each.options for each in card.variants) == {
            color: pine,
            "Zip": "left" if language == "en" else "左",
        }
        assert [each.available for each in card.variants] == [False, True]
        assert [each.variant_id for each in card.variants] == ["0", "1"]
        assert card.from_price
        assert card.variant_id is None
        # Of what is asked for by its colour, only that can be chosen.
        card = views.product_card(Speaker(language), one, variants=one.variants[:1])
        assert (card.variants, card.variant_id, card.from_price) == ([], "0", False)
    many = kinds(*((f"c{n}", f"色{n}", 900, 1) for n in range(80)))
    assert len(views.product_card(Speaker("en"), many).variants) == 60
    assert not views.product_card(Speaker("en"), many).from_price


def test_the_demo_shop_says_where_its_pictures_are() -> None:
    assert views.picture_url(RULES, kinds(("pine", "松绿", 900, 1))) == "/pictures/tent.svg"


def test_people_are_spoken_to_by_their_first_name_or_their_whole_one() -> None:
    assert formats.called("Emma Clarke") == "Emma"
    assert formats.called("林悦") == "林悦"
    assert formats.called("J. Smith") == "J. Smith"
    assert formats.called("Madonna") == "Madonna"
