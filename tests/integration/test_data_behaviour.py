"""Events, impressions and corrections on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from data_rows import NOW, customer, fill
from sqlalchemy import delete, func, select

from data.access import open_session, sign_in
from data.experiments import report
from data.models import (
    Address,
    BehaviourEvent,
    Customer,
    EventKind,
    Impression,
    ProfileCorrection,
)
from data.unit_of_work import UnitOfWork

NewUow = Callable[[], UnitOfWork]


def event(event_id: str, origin: str = "import", **columns: object) -> BehaviourEvent:
    chosen = {"kind": EventKind.VIEW, "product_id": "ridge-tent", "at": NOW, **columns}
    return BehaviourEvent(event_id=event_id, origin=origin, **chosen)


def impression(ref: str, **columns: object) -> Impression:
    chosen = {
        "product_id": "ridge-tent",
        "surface": "recommend",
        "model": "m",
        "rank": 1,
        "reason": "popular",
        "experiment": "",
        "arm": "",
        "shown_at": NOW,
        **columns,
    }
    return Impression(ref=ref, **chosen)


@pytest.fixture
def uow(new_uow: NewUow) -> UnitOfWork:
    uow = new_uow()
    fill(uow)
    return uow


def test_an_event_sent_twice_is_kept_once_for_each_sender(uow: UnitOfWork) -> None:
    with uow:
        first = uow.behaviour.record([event("a"), event("b"), event("a")])
        assert first == {("import", "a"), ("import", "b")}
        again = uow.behaviour.record([event("a"), event("c"), event("a", origin="visit")])
        assert again == {("import", "c"), ("visit", "a")}
        uow.commit()
    with uow:
        assert len(uow.behaviour.everybodys()) == 4


def test_more_events_than_one_statement_takes(uow: UnitOfWork) -> None:
    with uow:
        stored = uow.behaviour.record([event(f"e{n}") for n in range(1203)])
        assert len(stored) == 1203


def test_what_was_done_before_signing_in_is_the_customers(uow: UnitOfWork) -> None:
    with uow:
        session = open_session(uow, timedelta(hours=1), now=NOW)
        other = open_session(uow, timedelta(hours=1), now=NOW)
        uow.behaviour.record(
            [
                event("a", session.id, session_id=session.id),
                event("a", other.id, session_id=other.id),
            ]
        )
        uow.commit()
        lin = sign_in(uow, session.id, "lin@example.com", now=NOW)
        assert lin is not None
        assert [e.session_id for e in uow.behaviour.of_customer(lin.id)] == [session.id]
        owners = {e.session_id: owner for e, owner in uow.behaviour.everybodys()}
        assert owners == {session.id: lin.id, other.id: None}
        lin.personalised = False
        uow.commit()
        assert [owner for _, owner in uow.behaviour.everybodys()] == [None]


def test_dislikes_are_the_customers_and_the_conversations(uow: UnitOfWork) -> None:
    with uow:
        session = open_session(uow, timedelta(hours=1), now=NOW)
        lin = uow.customers.by_email("lin@example.com")
        assert lin is not None
        uow.behaviour.record(
            [
                event("a", session.id, session_id=session.id, kind=EventKind.DISLIKE),
                event("b", customer_id=lin.id, kind=EventKind.DISLIKE, product_id="dome-tent"),
                event("c", customer_id=lin.id, kind=EventKind.VIEW, product_id="steel-mug"),
            ]
        )
        assert uow.behaviour.disliked(None, session.id) == {"ridge-tent"}
        assert uow.behaviour.disliked(lin.id, None) == {"dome-tent"}
        assert uow.behaviour.disliked(lin.id, session.id) == {"ridge-tent", "dome-tent"}
        assert uow.behaviour.disliked(None, None) == frozenset()


def test_the_newest_correction_of_a_line_stands(uow: UnitOfWork) -> None:
    with uow:
        lin = uow.customers.by_email("lin@example.com")
        assert lin is not None
        for value in ("42", "43"):
            uow.corrections.put(
                ProfileCorrection(
                    customer_id=lin.id, aspect="size", subject="shoes", value=value, at=NOW
                )
            )
            uow.commit()
        assert [c.value for c in uow.corrections.of_customer(lin.id)] == ["43"]


def test_answers_to_impressions(uow: UnitOfWork) -> None:
    with uow:
        shown, other = impression("r1", experiment="x", arm="a"), impression("r2")
        uow.impressions.add(shown)
        uow.impressions.add(other)
        uow.session.flush()
        uow.behaviour.record(
            [
                event("c1", kind=EventKind.CLICK, impression_id=shown.id),
                event(
                    "c0", kind=EventKind.CLICK, impression_id=shown.id, at=NOW - timedelta(hours=1)
                ),
                event("c2", kind=EventKind.CLICK, impression_id=other.id),
            ]
        )
        assert uow.impressions.answers("x", EventKind.CLICK) == {shown.id: NOW - timedelta(hours=1)}
        assert uow.impressions.by_ref("r2") is other
        assert uow.impressions.by_ref("r3") is None
        assert set(uow.impressions.experiments()) == {"", "x"}
        assert [i.ref for i in uow.impressions.of_experiment("x")] == ["r1"]
        assert uow.impressions.of_experiment("x", NOW + timedelta(seconds=1)) == []


def test_a_purchase_that_no_order_tells_of_counts_once(uow: UnitOfWork) -> None:
    with uow:
        chen = uow.customers.by_email("chen@example.com")
        assert chen is not None
        # Two days ago Chen ordered three mugs, for 179.70.
        before = NOW - timedelta(days=3)
        uow.impressions.add(impression("r1", customer_id=chen.id, shown_at=before))
        known = {"customer_id": chen.id, "kind": EventKind.PURCHASE, "value": Decimal("10.00")}
        uow.session.flush()
        uow.behaviour.record(
            [
                event("a", at=NOW - timedelta(days=2), **(known | {"product_id": "steel-mug"})),
                event("b", at=NOW - timedelta(days=2), **known),
                event("c", at=NOW - timedelta(days=5), **known),
            ]
        )
        (arm,) = report.read(uow, "", None).arms
        assert (arm.name, arm.buyers, arm.revenue.value) == ("m", 1, pytest.approx(189.7))
        assert arm.claimed == 10.0


def test_what_was_kept_is_bought_and_sold(uow: UnitOfWork) -> None:
    with uow:
        lin = uow.customers.by_email("lin@example.com")
        assert lin is not None
        bought = uow.orders.bought(lin.id)
        assert [b.order_number for b in bought] == ["SP10000001", "SP10000002", "SP10000002"]
        assert bought[0].options == {"color": {"zh": "松绿", "en": "pine"}}
        sales = uow.orders.sales(NOW - timedelta(days=30))
        assert [(s.product_id, s.amount) for s in sales] == [
            ("ridge-tent", Decimal("1398.00")),
            ("steel-mug", Decimal("59.90")),
            ("steel-mug", Decimal("179.70")),
        ]


def test_deleting_a_customer_deletes_what_was_kept_of_them(uow: UnitOfWork) -> None:
    with uow:
        uow.customers.add(customer("gone@example.com", "G", "100000"))
        uow.session.flush()
        gone = uow.customers.by_email("gone@example.com")
        assert gone is not None
        shown = impression("r1", customer_id=gone.id)
        uow.impressions.add(shown)
        uow.session.flush()
        uow.behaviour.record([event("a", customer_id=gone.id, impression_id=shown.id), event("b")])
        uow.corrections.put(
            ProfileCorrection(
                customer_id=gone.id, aspect="size", subject="shoes", value=None, at=NOW
            )
        )
        uow.commit()
        uow.session.execute(delete(Address).where(Address.customer_id == gone.id))
        uow.session.execute(delete(Customer).where(Customer.id == gone.id))
        uow.commit()
        counts = [
            uow.session.scalar(select(func.count()).select_from(table))
            for table in (BehaviourEvent, Impression, ProfileCorrection)
        ]
        assert counts == [1, 0, 0]
