"""What pages tell of their visitors: kept once, bounded, and only of who it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fake_gateway import EMAIL, IDENTITY_KEY, Caller, FakeGateway, calling, make_gateway
from sqlalchemy import select

from bot.gateway import events
from bot.gateway.tokens import mint_identity
from bot.runtime.metrics import EVENTS, REFUSED
from data.models import (
    BehaviourEvent,
    Category,
    Customer,
    EventKind,
    Impression,
    Localized,
    Product,
)

pytestmark = pytest.mark.anyio

TEXT = Localized(zh="字", en="text")
REF = "abcdefghijklmnopqrstuv"
VIEW = {"event_id": "e1", "kind": "view", "product_id": "tent"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def gateway(tmp_path: Path) -> FakeGateway:
    """A shop that sells one tent, and has recommended it once."""
    gateway = make_gateway(tmp_path)
    with gateway.unit_of_work() as uow:
        uow.session.add(Category(id="tents", name=TEXT, aliases={"zh": [], "en": []}))
        uow.session.flush()
        uow.products.add(
            Product(
                id="tent",
                category_id="tents",
                brand="Spruce",
                name=TEXT,
                aliases={"zh": [], "en": []},
                summary=TEXT,
                description=TEXT,
                attributes=[],
                care=TEXT,
                tags=[],
                launched_on=date(2025, 1, 1),
            )
        )
        uow.session.flush()
        customer = uow.customers.by_email(EMAIL)
        uow.impressions.add(
            Impression(
                ref=REF,
                customer_id=customer.id if customer else None,
                product_id="tent",
                surface="recommend",
                model="personal",
                rank=1,
                reason="popular",
                experiment="",
                arm="",
                shown_at=datetime.now(UTC),
            )
        )
        uow.commit()
    return gateway


async def send(caller: Caller, *events: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.http.post(
        "/api/v1/events", json={"events": list(events)}, headers=caller.key
    )
    assert answer.status_code == 200, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


def kept(gateway: FakeGateway) -> list[BehaviourEvent]:
    with gateway.unit_of_work() as uow:
        return list(uow.session.scalars(select(BehaviourEvent).order_by(BehaviourEvent.id)))


async def test_an_event_is_kept_once_however_often_it_is_sent(gateway: FakeGateway) -> None:
    async with calling(gateway) as caller:
        assert (await send(caller, VIEW, VIEW))["stored"] == 1
        again = await send(caller, VIEW, {**VIEW, "event_id": "e2"})
        assert again == {"stored": 1, "repeated": 1, "ignored": 0, "refused": []}
        await caller.open()  # another conversation has ids of its own
        assert (await send(caller, VIEW))["stored"] == 1
    assert len(kept(gateway)) == 3


async def test_each_kind_keeps_what_it_tells(gateway: FakeGateway) -> None:
    before = datetime.now(UTC)
    async with calling(gateway) as caller:
        session_id = (await caller.open())["session_id"]
        taken = await send(
            caller,
            {**VIEW, "age_s": 3600, "ref": REF},
            {"event_id": "e2", "kind": "search", "query": "  two \n person\u0000 tent "},
            {"event_id": "e3", "kind": "cart", "product_id": "tent", "pieces": 2},
            {"event_id": "e4", "kind": "rating", "product_id": "tent", "stars": 4},
            {"event_id": "e5", "kind": "dislike", "product_id": "tent"},
        )
        assert taken["stored"] == 5
    view, search, cart, rating, dislike = kept(gateway)
    assert view.impression_id is not None
    assert abs(before - timedelta(hours=1) - view.at) < timedelta(seconds=30)
    assert search.query is not None
    assert search.query.split() == ["two", "person", "tent"]
    assert (cart.kind, cart.value, cart.product_id) == (EventKind.CART, Decimal(2), "tent")
    assert rating.value == Decimal(4)
    assert dislike.kind is EventKind.DISLIKE
    assert {e.session_id for e in kept(gateway)} == {session_id}
    assert {e.customer_id for e in kept(gateway)} == {None}


async def test_one_event_that_is_wrong_does_not_hold_up_the_others(gateway: FakeGateway) -> None:
    async with calling(gateway) as caller:
        taken = await send(
            caller,
            {**VIEW, "product_id": "unknown"},
            {"event_id": "e2", "kind": "search", "query": "\u0007 "},
            {"event_id": "e3", "kind": "click", "ref": "0" * 22},
            {**VIEW, "event_id": "e4"},
        )
    assert taken["stored"] == 1
    assert taken["refused"] == [
        {"event_id": "e1", "reason": "unknown_product"},
        {"event_id": "e2", "reason": "empty_query"},
        {"event_id": "e3", "reason": "unknown_ref"},
    ]


async def test_a_click_counts_once_for_whom_it_was_shown_to(gateway: FakeGateway) -> None:
    click = {"event_id": "e1", "kind": "click", "ref": REF}
    async with calling(gateway) as caller:
        assert (await send(caller, click))["stored"] == 1
        assert (await send(caller, {**click, "event_id": "e2"}))["repeated"] == 1
    (only,) = kept(gateway)
    assert (only.kind, only.product_id, only.session_id) == (EventKind.CLICK, "tent", None)
    assert only.customer_id == 1


async def test_nothing_but_wishes_is_kept_of_whoever_switched_history_off(
    gateway: FakeGateway,
) -> None:
    with gateway.unit_of_work() as uow:
        uow.session.get_one(Customer, 1).personalised = False
        uow.commit()
    ignored = EVENTS.labels(outcome="ignored")._value.get()
    async with calling(gateway) as caller:
        await caller.open(identity=mint_identity(EMAIL, datetime.now(UTC), IDENTITY_KEY))
        taken = await send(caller, VIEW, {**VIEW, "event_id": "e2", "kind": "dislike"})
    assert taken == {"stored": 1, "repeated": 0, "ignored": 1, "refused": []}
    assert [e.kind for e in kept(gateway)] == [EventKind.DISLIKE]
    assert EVENTS.labels(outcome="ignored")._value.get() == ignored + 1


@pytest.mark.parametrize(
    "body",
    [
        {"events": []},
        {"events": [{**VIEW, "event_id": f"e{n}"} for n in range(21)]},
        {"events": [{**VIEW, "kind": "purchase"}]},  # no browser vouches for a payment
        {"events": [{**VIEW, "event_id": "not an id"}]},
        {"events": [{**VIEW, "customer": "somebody@example.com"}]},
        {"events": [{**VIEW, "age_s": -5}]},
        {"events": [{"event_id": "e", "kind": "rating", "product_id": "tent", "stars": 9}]},
        {"events": [{"event_id": "e", "kind": "search"}]},
    ],
)
async def test_what_is_no_event_is_refused_whole(
    gateway: FakeGateway, body: dict[str, Any]
) -> None:
    async with calling(gateway) as caller:
        answer = await caller.http.post("/api/v1/events", json=body, headers=caller.key)
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "invalid"
    assert kept(gateway) == []


async def test_events_have_a_limit_of_their_own(tmp_path: Path) -> None:
    refused = REFUSED.labels(reason="too_many")._value.get()
    async with calling(make_gateway(tmp_path, messages_per_minute=3)) as caller:
        assert (await send(caller, VIEW))["refused"]
        answer = await caller.http.post(
            "/api/v1/events", json={"events": [VIEW]}, headers=caller.key
        )
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        assert (await caller.post("hello")).status_code == 200
    assert REFUSED.labels(reason="too_many")._value.get() == refused + 1


async def test_a_visitor_s_conversation_fills_no_disk(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of whoever is known all is kept, by its age."""
    monkeypatch.setattr(events, "MOST_OF_A_VISITOR", 3)
    views = [{**VIEW, "event_id": f"e{n}"} for n in range(5)]
    async with calling(gateway) as caller:
        assert await send(caller, *views[:2]) == counted(stored=2)
        assert await send(caller, *views[2:]) == counted(stored=1, ignored=2)
        assert await send(caller, views[4]) == counted(ignored=1)
        await caller.open(identity=mint_identity(EMAIL, datetime.now(UTC), IDENTITY_KEY))
        assert await send(caller, *views) == counted(stored=5)


def counted(**numbers: int) -> dict[str, Any]:
    return {"stored": 0, "repeated": 0, "ignored": 0, "refused": [], **numbers}
