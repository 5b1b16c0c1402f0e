"""The questions asked of the database, each on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from data_rows import NOW, fill
from sqlalchemy import event

from data.access import open_session
from data.models import ChatMessage, ChatSession, Feedback, Ticket
from data.repositories import Purchase, Rating
from data.unit_of_work import UnitOfWork


@pytest.fixture
def uow(new_uow: Callable[[], UnitOfWork]) -> UnitOfWork:
    fill(new_uow())
    return new_uow()


def test_catalogue_comes_whole_and_stays_readable(uow, engine):
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with uow:
        products = uow.products.catalogue()
    assert len(statements) == 2  # products with categories, then all variants
    assert [product.id for product in products] == ["dome-tent", "ridge-tent", "steel-mug"]
    ridge = products[1]
    assert ridge.category.name["zh"] == "帐篷"
    assert [variant.sku for variant in ridge.variants] == ["RIDGE-1", "RIDGE-2"]
    assert ridge.variants[0].price == Decimal("699.00")
    assert ridge.launched_on.year == 2025
    assert ridge.return_class == "standard"


def test_products_by_id(uow):
    with uow:
        assert uow.products.get("ridge-tent").brand == "Spruce"
        assert uow.products.get("no-such") is None
        found = uow.products.get_many(["steel-mug", "no-such", "ridge-tent"])
        assert [product.id for product in found] == ["steel-mug", "ridge-tent"]
        assert uow.products.get_many([]) == []
        variant = uow.products.variant("DOME-1")
        assert uow.products.variant("NO-1") is None
        assert [category.id for category in uow.products.categories()] == ["mugs", "tents"]
    assert variant.product.id == "dome-tent"


@pytest.mark.parametrize(
    ("conditions", "ids"),
    [
        ({}, {"ridge-tent", "dome-tent", "steel-mug"}),
        ({"category_id": "tents"}, {"ridge-tent", "dome-tent"}),
        ({"category_id": "boats"}, set()),
        ({"max_price": Decimal("699.00")}, {"ridge-tent", "steel-mug"}),
        ({"max_price": Decimal("698.99")}, {"steel-mug"}),
        ({"min_price": Decimal("1299.50")}, {"dome-tent"}),
        ({"in_stock": True}, {"ridge-tent", "dome-tent"}),
        # The variant at 899 is sold out and the one in stock costs less: one must meet all.
        ({"in_stock": True, "min_price": Decimal(800), "max_price": Decimal(900)}, set()),
    ],
)
def test_matching_products(uow, conditions, ids):
    with uow:
        assert uow.products.matching(**conditions) == ids


def test_offers_are_the_cheapest_that_can_be_bought(uow):
    with uow:
        offers = uow.products.offers()
        ridge = uow.products.get("ridge-tent")
        ridge.variants[0].stock, ridge.variants[1].stock = 0, 2  # only the dearer one is left
        uow.commit()
        later = uow.products.offers()
    assert offers["ridge-tent"] == (Decimal("699.00"), True)
    assert offers["steel-mug"].in_stock is False
    assert later["ridge-tent"] == (Decimal("899.00"), True)
    assert offers.keys() == {"ridge-tent", "dome-tent", "steel-mug"}


def test_customer_by_any_spelling_of_the_address(uow):
    with uow:
        lin = uow.customers.by_email("  LIN@Example.COM ")
        assert lin.name == "林悦"
        assert uow.customers.by_email("ｌｉｎ＠example.com") is lin
        assert uow.customers.by_email("nobody@example.com") is None
        assert uow.customers.by_email("nonsense") is None
        assert uow.customers.get(lin.id) is lin
        assert uow.customers.get(0) is None
        assert lin.addresses[0].postcode == "310000"


def test_orders_newest_first_with_everything_to_show(uow):
    with uow:
        lin = uow.customers.by_email("lin@example.com")
        orders = uow.orders.of_customer(lin.id)
        assert [order.number for order in uow.orders.of_customer(lin.id, limit=1)] == ["SP10000003"]
    assert [order.number for order in orders] == ["SP10000003", "SP10000002", "SP10000001"]
    delivered = orders[1]
    assert [line.variant.product.name["en"] for line in delivered.lines] == [
        "Spruce ridge-tent",
        "Spruce steel-mug",
    ]
    assert delivered.total == Decimal("1465.90")
    assert delivered.address.city == "杭州"
    assert [event.place["en"] for event in delivered.shipments[0].events] == [
        "Hangzhou",
        "Shanghai",
    ]
    assert delivered.shipments[0].delivered_at == NOW - timedelta(days=7)


def test_order_only_of_its_customer(uow):
    with uow:
        lin = uow.customers.by_email("lin@example.com")
        assert uow.orders.for_customer(lin.id, "SP10000001").customer_id == lin.id
        for number in ("SP20000001", "SP99999999", "", "' OR 1=1 --", "SP1000\x000001"):
            assert uow.orders.for_customer(lin.id, number) is None


def test_purchases_are_rows_without_cancelled_orders(uow):
    with uow:
        lin = uow.customers.by_email("lin@example.com")
        chen = uow.customers.by_email("chen@example.com")
        rows = uow.orders.purchases()
        own = uow.orders.purchases(lin.id)
    assert [row[1:] for row in rows] == [
        ("ridge-tent", NOW - timedelta(days=400), 1),
        ("ridge-tent", NOW - timedelta(days=10), 2),
        ("steel-mug", NOW - timedelta(days=10), 1),
        ("steel-mug", NOW - timedelta(days=2), 3),
    ]
    assert own == rows[:3]
    assert rows[3] == Purchase(chen.id, "steel-mug", NOW - timedelta(days=2), 3)


def test_purchases_of_whoever_said_no_are_nobody_elses_to_learn_from(uow):
    with uow:
        lin = uow.customers.by_email("lin@example.com")
        lin.personalised = False
        uow.session.flush()
        assert {row.customer_id for row in uow.orders.purchases()} == {
            uow.customers.by_email("chen@example.com").id
        }
        assert len(uow.orders.purchases(lin.id)) == 3


def test_spend_counts_what_was_kept_within_the_time(uow):
    with uow:
        lin = uow.customers.by_email("lin@example.com")
        assert uow.orders.spend(lin.id, NOW - timedelta(days=365)) == Decimal("1465.90")
        assert uow.orders.spend(lin.id, NOW - timedelta(days=401)) == Decimal("2123.90")
        assert uow.orders.spend(lin.id, NOW) == Decimal("0.00")


def test_reviews_and_ratings(uow):
    with uow:
        texts = [review.text for review in uow.reviews.of_product("ridge-tent")]
        assert texts == ["Roomy for two.", "搭起来很快。"]
        assert [r.rating for r in uow.reviews.of_product("ridge-tent", "zh", limit=5)] == [5]
        assert uow.reviews.rating("ridge-tent") == Rating(4.5, 2)
        assert uow.reviews.ratings(["ridge-tent", "dome-tent"]) == {
            "ridge-tent": Rating(4.5, 2),
            "dome-tent": Rating(None, 0),
        }


def line(session_id: str, message_id: str, **more: object) -> ChatMessage:
    values = {"sender": "customer", "body": {"text": "你好"}, "created_at": NOW, **more}
    return ChatMessage(session_id=session_id, message_id=message_id, **values)


def test_a_message_id_is_recorded_once_in_a_session(uow):
    with uow:
        one = open_session(uow, timedelta(hours=1), now=NOW)
        other = open_session(uow, timedelta(hours=1), now=NOW)
        assert uow.messages.record(line(one.id, "m1"))
        assert not uow.messages.record(line(one.id, "m1", body={"text": "again"}))
        assert uow.messages.record(line(other.id, "m1"))
        later = NOW + timedelta(seconds=2)
        assert uow.messages.record(
            line(one.id, "m2", sender="bot", reply_to="m1", created_at=later)
        )
        uow.commit()
    with uow:
        lines = uow.messages.of_session(one.id)
        assert [(row.message_id, row.sender) for row in lines] == [
            ("m1", "customer"),
            ("m2", "bot"),
        ]
        assert lines[0].body == {"text": "你好"}
        assert [row.message_id for row in uow.messages.replies(one.id, "m1")] == ["m2"]


def test_texts_with_nul_and_broken_characters_are_stored(uow):
    with uow:
        session = open_session(uow, timedelta(hours=1), now=NOW)
        body = {"text": "a\x00b\ud800c😀"}
        assert uow.messages.record(line(session.id, "m\x001", body=body))
        uow.feedbacks.add(
            Feedback(session_id=session.id, rating=1, comment="ok\x00\udfff😀", created_at=NOW)
        )
        uow.commit()
    with uow:
        assert [row.comment for row in uow.feedbacks.of_session(session.id)] == ["ok\ufffd\ufffd😀"]
        assert uow.messages.of_session(session.id)[0].message_id == "m\ufffd1"
        assert "😀" in uow.messages.of_session(session.id)[0].body["text"]
        assert uow.products.get("ridge\x00tent") is None
        assert uow.sessions.get("\x00") is None
        assert uow.sessions.get("\ud800") is None


def test_tickets(uow):
    with uow:
        session = open_session(uow, timedelta(hours=1), now=NOW)
        assert uow.tickets.open_of_session(session.id) is None
        uow.tickets.add(
            Ticket(
                session_id=session.id,
                language="en",
                reason="asked",
                transcript=[{"sender": "customer", "text": "人工", "at": NOW.isoformat()}],
                created_at=NOW,
            )
        )
        uow.commit()
        ticket = uow.tickets.open_of_session(session.id)
        assert ticket.transcript[0]["text"] == "人工"
        assert uow.tickets.open() == [ticket]
        ticket.status = "closed"
        uow.commit()
        assert uow.tickets.open_of_session(session.id) is None


def test_tickets_of_proven_customers_come_first(new_uow):
    """Anybody can file the others."""
    with new_uow() as uow:
        fill(uow)
        lin = uow.customers.by_email("lin@example.com")
        for name, customer in (("a", None), ("b", lin.id), ("c", None), ("d", lin.id)):
            uow.session.add(
                ChatSession(id=name, created_at=NOW, expires_at=NOW, customer_id=customer)
            )
            uow.session.flush()
            uow.tickets.add(
                Ticket(
                    session_id=name, language="en", reason="asked", transcript=[], status="open",
                    created_at=NOW,
                )
            )  # fmt: skip
        uow.commit()
        assert [ticket.session_id for ticket in uow.tickets.open()] == ["b", "d", "a", "c"]
