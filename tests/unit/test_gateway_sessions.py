"""Who a conversation belongs to: session tokens, and the shop's word about who is signed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from fake_gateway import EMAIL, IDENTITY_KEY, SESSION_KEY, Caller, calling, make_door

from bot.gateway.tokens import mint_identity, mint_session
from data import access
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
    async with calling(make_door(tmp_path)) as caller:
        opened = await caller.open()
        assert set(opened) == {"session_id", "token", "expires_at", "customer"}
        assert opened["customer"] is None
        assert datetime.fromisoformat(opened["expires_at"]) > now()
        assert (await caller.post("hello")).status_code == 200


async def test_only_our_own_unexpired_session_tokens_open_a_session(tmp_path: Path) -> None:
    async with calling(make_door(tmp_path)) as caller:
        session_id = (await caller.open())["session_id"]
        ours = {"sid": session_id, "exp": now() + timedelta(hours=1), "aud": "shopguide-session"}
        assert await status(caller, signed(ours)) == 200
        for bad in (
            signed(ours, "another key that is long enough for HS256"),
            signed(ours, IDENTITY_KEY),
            signed({**ours, "exp": now() - timedelta(seconds=1)}),
            signed({**ours, "aud": "shopguide"}),
            signed({name: ours[name] for name in ("sid", "exp")}),
            signed({name: ours[name] for name in ("sid", "aud")}),
            signed({name: ours[name] for name in ("exp", "aud")}),
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
    "method", ["GET /messages", "POST /feedback", "POST /events", "PUT /sessions/identity"]
)
async def test_every_way_to_a_session_needs_the_token(tmp_path: Path, method: str) -> None:
    verb, path = method.split()
    async with calling(make_door(tmp_path)) as caller:
        answer = await caller.http.request(
            verb, f"/api/v1{path}", json={"rating": 1, "identity": "x"}
        )
        assert answer.status_code == 401


async def test_a_session_that_the_database_lost_or_ended_takes_no_message(tmp_path: Path) -> None:
    door = make_door(tmp_path)
    async with calling(door) as caller:
        session_id = (await caller.open())["session_id"]
        unknown = mint_session("no-such-session", now() + timedelta(hours=1), SESSION_KEY)
        assert await status(caller, unknown) == 401
        with door.unit_of_work() as uow:
            uow.session.get_one(ChatSession, session_id).expires_at = now() - timedelta(seconds=1)
            uow.commit()
        kept = mint_session(session_id, now() + timedelta(hours=1), SESSION_KEY)
        assert await status(caller, kept) == 401


async def test_sessions_see_their_own_history_only(tmp_path: Path) -> None:
    async with calling(make_door(tmp_path)) as caller:
        await caller.say("mine")
        await caller.open()
        assert await caller.history() == []


async def test_the_shop_says_who_is_signed_in(tmp_path: Path) -> None:
    door = make_door(tmp_path)
    identity = mint_identity(EMAIL, now(), IDENTITY_KEY)
    async with calling(door) as caller:
        opened = await caller.open(identity=identity)
        assert opened["customer"] == "林悦"
        with door.unit_of_work() as uow:
            customer = access.customer_of_session(uow, opened["session_id"])
        assert customer is not None
        assert customer.email == EMAIL

        anonymous = await caller.open()
        answer = await caller.http.put(
            "/api/v1/sessions/identity", json={"identity": identity}, headers=caller.key
        )
        assert answer.json() == {"customer": "林悦"}
        with door.unit_of_work() as uow:
            assert access.customer_of_session(uow, anonymous["session_id"]) is not None


async def test_an_identity_that_is_forged_expired_or_unknown_is_refused(tmp_path: Path) -> None:
    claims = {"email": EMAIL, "aud": "shopguide", "exp": now() + timedelta(minutes=1)}
    door = make_door(tmp_path)
    async with calling(door) as caller:
        for bad in (
            signed(claims, SESSION_KEY),
            signed({**claims, "exp": now() - timedelta(minutes=1)}, IDENTITY_KEY),
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
    door = make_door(tmp_path)
    with door.unit_of_work() as uow:
        uow.session.add(
            Customer(email="other@example.com", name="陈浩", language="zh", joined_at=now())
        )
        uow.commit()
    async with calling(door) as caller:
        opened = await caller.open(identity=mint_identity(EMAIL, now(), IDENTITY_KEY))
        other = mint_identity("other@example.com", now(), IDENTITY_KEY)
        answer = await caller.http.put(
            "/api/v1/sessions/identity", json={"identity": other}, headers=caller.key
        )
        assert answer.status_code == 401
        with door.unit_of_work() as uow:
            customer = access.customer_of_session(uow, opened["session_id"])
        assert customer is not None
        assert customer.email == EMAIL
