"""Who a conversation belongs to: session tokens, and the shop's word about who is signed in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from fake_gateway import EMAIL, IDENTITY_KEY, RULES, SESSION_KEY, Caller, calling, make_gateway

from bot.gateway.tokens import mint_identity, mint_session
from bot.gateway.turns import RunningTurn
from bot.messages import BotMessage
from data import access
from data.capabilities import Capability
from data.models import ChatSession, Customer

pytestmark = pytest.mark.anyio


def now() -> datetime:
    return datetime.now(UTC)  # read anew: long runs outlive a token signed when this was imported


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def signed(claims: dict[str, object], key: str = SESSION_KEY, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, key, algorithm=algorithm)


async def status(caller: Caller, token: str) -> int:
    caller.token = token
    return (await caller.post("hello")).status_code


async def test_a_session_opens_with_a_token_that_works(tmp_path: Path) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        opened = await caller.open()
        assert set(opened) == {"session_id", "token", "expires_at", "customer"}
        assert opened["customer"] is None
        assert datetime.fromisoformat(opened["expires_at"]) > now()
        assert (await caller.post("hello")).status_code == 200


async def test_only_our_own_unexpired_session_tokens_open_a_session(tmp_path: Path) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        session_id = (await caller.open())["session_id"]
        ends = now() + timedelta(hours=1)
        ours = {"sid": session_id, "epoch": 0, "exp": ends, "aud": "shopguide-session"}
        assert await status(caller, signed(ours)) == 200
        for bad in (
            signed(ours, "another key that is long enough for HS256"),
            signed(ours, IDENTITY_KEY),
            signed({**ours, "exp": now() - timedelta(seconds=1)}),
            signed({**ours, "aud": "shopguide"}),
            signed({name: ours[name] for name in ("sid", "epoch", "exp")}),
            signed({name: ours[name] for name in ("sid", "epoch", "aud")}),
            signed({name: ours[name] for name in ("sid", "exp", "aud")}),
            signed({**ours, "epoch": 1}),
            signed({**ours, "epoch": "0"}),
            signed({name: ours[name] for name in ("epoch", "exp", "aud")}),
            jwt.encode(ours, None, algorithm="none"),
            signed(ours) + "x",
            session_id,
            "",
            "…",
        ):
            caller.http.headers.clear()
            assert await _bearer_status(caller, bad) == 401, bad


async def _bearer_status(caller: Caller, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}".encode()}
    body = {"text": "hello", "message_id": "m"}
    answer = await caller.http.post("/api/v1/messages", json=body, headers=headers)
    if answer.status_code == 401:
        assert answer.json()["error"]["code"] == "unauthorized"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    return answer.status_code


@pytest.mark.parametrize(
    "method",
    [
        "GET /messages",
        "POST /feedback",
        "POST /events",
        "PUT /sessions/identity",
        "DELETE /sessions/current",
    ],
)
async def test_every_way_to_a_session_needs_the_token(tmp_path: Path, method: str) -> None:
    verb, path = method.split()
    async with calling(make_gateway(tmp_path)) as caller:
        answer = await caller.http.request(
            verb, f"/api/v1{path}", json={"rating": 1, "identity": "x"}
        )
        assert answer.status_code == 401


async def test_a_session_that_the_database_lost_or_ended_takes_no_message(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    async with calling(gateway) as caller:
        session_id = (await caller.open())["session_id"]
        unknown = mint_session("no-such-session", 0, now() + timedelta(hours=1), SESSION_KEY)
        assert await status(caller, unknown) == 401
        with gateway.unit_of_work() as uow:
            uow.session.get_one(ChatSession, session_id).expires_at = now() - timedelta(seconds=1)
            uow.commit()
        kept = mint_session(session_id, 0, now() + timedelta(hours=1), SESSION_KEY)
        assert await status(caller, kept) == 401


async def test_sessions_see_their_own_history_only(tmp_path: Path) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        await caller.say("mine")
        await caller.open()
        assert await caller.history() == []


async def test_the_shop_says_who_is_signed_in(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    identity = mint_identity(EMAIL, now(), IDENTITY_KEY)
    async with calling(gateway) as caller:
        opened = await caller.open(identity=identity)
        assert opened["customer"] == "林悦"
        with gateway.unit_of_work() as uow:
            customer = access.customer_of_session(uow, opened["session_id"], Capability.READ_ORDERS)
        assert customer is not None
        assert customer.email == EMAIL

        anonymous = await caller.open()
        answer = await caller.http.put(
            "/api/v1/sessions/identity", json={"identity": identity}, headers=caller.key
        )
        assert answer.json()["customer"] == "林悦"
        with gateway.unit_of_work() as uow:
            session_id = anonymous["session_id"]
            known = access.customer_of_session(uow, session_id, Capability.READ_ORDERS)
            assert known is not None


async def test_a_better_proof_makes_the_older_token_worthless(tmp_path: Path) -> None:
    """A token that somebody else has seen, or planted, must not become the customer's."""
    identity = mint_identity(EMAIL, now(), IDENTITY_KEY)
    async with calling(make_gateway(tmp_path)) as caller:
        planted = (await caller.open())["token"]
        body = {"identity": identity}
        answer = await caller.http.put("/api/v1/sessions/identity", json=body, headers=caller.key)
        assert await status(caller, planted) == 401
        assert await status(caller, answer.json()["token"]) == 200
        # It is no better proof the second time: other tabs go on.
        again = await caller.http.put("/api/v1/sessions/identity", json=body, headers=caller.key)
        assert await status(caller, answer.json()["token"]) == 200
        assert await status(caller, again.json()["token"]) == 200


async def test_a_proof_in_the_chat_brings_the_token_to_whoever_gave_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = make_gateway(tmp_path)
    say, followers = gateway.say, asyncio.Queue[RunningTurn]()

    async def counted(*message: Any, **more: Any) -> RunningTurn:
        turn = await say(*message, **more)
        followers.put_nowait(turn)
        return turn

    monkeypatch.setattr(gateway, "say", counted)

    def play(session_id: str, text: str) -> list[BotMessage]:
        with gateway.unit_of_work() as uow:
            assert access.sign_in(uow, session_id, EMAIL)
        return [BotMessage(text="Thank you, that matches.")]

    gateway.fake.play = play
    gateway.fake.notes = {"kind": "identify", "proved": True}
    async with calling(gateway) as caller:
        planted = (await caller.open())["token"]
        gateway.fake.gate = asyncio.Event()
        proving = asyncio.create_task(caller.say("lin@example.com 310000", "proof"))
        first = await followers.get()
        joining = asyncio.create_task(caller.say("lin@example.com 310000", "proof"))
        assert await followers.get() is first
        gateway.fake.gate.set()
        done, other = (await proving)[-1], (await joining)[-1]
        assert "token" not in other.data
        assert await status(caller, planted) == 401
        assert await status(caller, done.data["token"]) == 200


async def test_an_ended_session_is_over(tmp_path: Path) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        await caller.say("hello")
        token = caller.token
        ended = await caller.http.delete("/api/v1/sessions/current", headers=caller.key)
        assert ended.status_code == 204
        assert await status(caller, token) == 401
        again = await caller.http.delete("/api/v1/sessions/current", headers=caller.key)
        assert again.status_code == 401


@pytest.mark.parametrize(
    "spelling",
    [
        "ｌin@example.com",
        "lin@example．com",
        "lin@exampl\u2147.com",
        "lin@example.com\u00a0",
        " lin@example.com",
    ],
)
async def test_a_vouched_address_is_no_other_spelling_of_it(tmp_path: Path, spelling: str) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        body = {"identity": mint_identity(spelling, now(), IDENTITY_KEY)}
        answer = await caller.http.post("/api/v1/sessions", json=body)
        assert answer.status_code == 401
        capitals = {"identity": mint_identity(EMAIL.upper(), now(), IDENTITY_KEY)}
        opened = await caller.http.post("/api/v1/sessions", json=capitals)
        assert opened.json()["customer"] == "林悦"


async def test_an_identity_that_is_forged_expired_or_unknown_is_refused(tmp_path: Path) -> None:
    claims = {"email": EMAIL, "aud": "shopguide", "exp": now() + timedelta(minutes=1)}
    gateway = make_gateway(tmp_path)
    async with calling(gateway) as caller:
        for bad in (
            signed(claims, SESSION_KEY),
            signed({**claims, "exp": now() - timedelta(minutes=2)}, IDENTITY_KEY),
            signed({**claims, "aud": "shopguide-session"}, IDENTITY_KEY),
            signed({**claims, "email": "nobody@example.com"}, IDENTITY_KEY),
            jwt.encode(claims, None, algorithm="none"),
            "not a token",
        ):
            answer = await caller.http.post("/api/v1/sessions", json={"identity": bad})
            assert answer.status_code == 401
            assert answer.json()["error"]["code"] == "identity_refused"
            answer = await caller.http.put(
                "/api/v1/sessions/identity", json={"identity": bad}, headers=caller.key
            )
            assert answer.status_code == 401


async def test_a_session_never_changes_hands(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    with gateway.unit_of_work() as uow:
        uow.session.add(
            Customer(email="other@example.com", name="陈浩", language="zh", joined_at=now())
        )
        uow.commit()
    async with calling(gateway) as caller:
        opened = await caller.open(identity=mint_identity(EMAIL, now(), IDENTITY_KEY))
        other = mint_identity("other@example.com", now(), IDENTITY_KEY)
        answer = await caller.http.put(
            "/api/v1/sessions/identity", json={"identity": other}, headers=caller.key
        )
        assert answer.status_code == 401
        with gateway.unit_of_work() as uow:
            customer = access.customer_of_session(uow, opened["session_id"], Capability.READ_ORDERS)
        assert customer is not None
        assert customer.email == EMAIL


async def test_anybody_is_told_how_long_it_is_kept_and_where_to_ask(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path, keep_days=30)
    async with calling(gateway) as caller:
        told = (await caller.http.get("/api/v1/notice")).json()
    shop = told.pop("shop")
    assert told == {
        "keep_days": 30,
        "privacy_url": None,
        "email": RULES.shop.email,
        "files": [],
        "file_mb": 10,
        "picture_hosts": [],
    }
    assert (shop["name"]["en"], shop["phone"]) == (RULES.name.en, RULES.shop.phone)
