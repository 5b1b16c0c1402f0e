"""What the gateway refuses, how, and that the conversation goes on afterwards."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_gateway import Caller, calling, make_gateway, texts

from bot.gateway.errors import SENTENCES
from bot.gateway.limits import RateLimit
from bot.runtime.clean import clean

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The refusal's sentences, after checking its shape."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(answer.json()) == {"error"}
    assert error["code"] == code
    assert set(error["message"]) == {"zh", "en"}
    assert all(error["message"].values())
    sentences: dict[str, Any] = error["message"]
    return sentences


async def raw(caller: Caller, body: bytes, **headers: str) -> httpx.Response:
    headers = {"Content-Type": "application/json", **headers, **caller.key}
    return await caller.http.post("/api/v1/messages", content=body, headers=headers)


def body(text: str) -> bytes:
    return json.dumps({"text": text, "message_id": "m1"}).encode()


async def test_length_is_limited_and_told(tmp_path: Path) -> None:
    async with calling(make_gateway(tmp_path, message_chars=10)) as caller:
        sentences = refused(await caller.post("一" * 11), 413, "too_long")
        assert "10" in sentences["zh"]
        assert "10" in sentences["en"]
        assert texts(await caller.say("一" * 10)) == ["You said: " + "一" * 10]
        # Three characters once it is composed.
        refused(await caller.post("\ufb2c" * 10), 413, "too_long")


async def test_a_body_beyond_all_bounds_is_not_read_to_its_end(tmp_path: Path) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        refused(await raw(caller, body("x" * 300_000)), 413, "too_large")
        read = 0

        async def endless() -> Any:
            nonlocal read
            while read < 10_000_000:
                read += 65_536
                yield b" " * 65_536

        answer = await caller.http.post("/api/v1/messages", content=endless(), headers=caller.key)
        refused(answer, 413, "too_large")
        assert read < 1_000_000


@pytest.mark.parametrize("text", ["", "   \n\t", "\x00\x01\x1b", "\u202e\u2066"])
async def test_nothing_but_blanks_and_controls_is_empty(tmp_path: Path, text: str) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        refused(await caller.post(text), 422, "empty")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\xfa",
        b'{"text": "\xff", "message_id": "m1"}',
        b"[" * 100_000,
        b'{"text": ' + b"9" * 5000 + b"}",
    ],
)
async def test_what_is_not_json_in_utf8_is_refused(tmp_path: Path, content: bytes) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        answer = await raw(caller, content)
        assert answer.status_code in (400, 422)
        assert answer.json()["error"]["code"] in ("unreadable", "invalid")
        assert texts(await caller.say("still here?")) == ["You said: still here?"]


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        "text",
        {"text": "hello"},
        {"text": 5, "message_id": "m1"},
        {"text": None, "message_id": "m1"},
        {"text": "hello", "message_id": ""},
        {"text": "hello", "message_id": "../etc"},
        {"text": "hello", "message_id": "m" * 57},
        {"text": "hello", "message_id": "消息"},
        {"text": "hello", "message_id": "m1", "language": "fr"},
    ],
)
async def test_wrong_fields_are_named_and_never_repeated(tmp_path: Path, content: object) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        answer = await raw(caller, json.dumps(content).encode())
        refused(answer, 422, "invalid")
        assert "hello" not in answer.text
        assert "etc" not in answer.text


async def test_lone_surrogates_do_no_harm(tmp_path: Path) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        answer = await raw(caller, b'{"text": "hi \\ud800 there", "message_id": "m1"}')
        assert answer.status_code in (200, 422)
        answer.content.decode("utf-8")
        assert texts(await caller.say("still here?", "m2")) == ["You said: still here?"]


async def test_control_characters_never_reach_rasa(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    async with calling(gateway) as caller:
        await caller.say("a\x00b\x1b[31mc\u202ed\te\nf 👨‍👩‍👧 １")
    assert gateway.fake.asked[0][1] == "ab[31mcd\te\nf 👨‍👩‍👧 １"


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "'; DROP TABLE orders; --", "{{7*7}}", "👍👍", "/restart"]
)
async def test_hostile_text_is_only_text(tmp_path: Path, text: str) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        assert texts(await caller.say(text)) == [f"You said: {text}"]
        assert (await caller.history())[0]["text"] == text


def test_cleaning_composes_and_trims() -> None:
    assert clean("  e\u0301t\u00e9\r\n ") == "\u00e9t\u00e9"
    assert clean("\ud800") == ""


async def test_messages_are_limited_per_session_by_the_clock(tmp_path: Path) -> None:
    clock = Clock()
    async with calling(make_gateway(tmp_path, clock=clock, messages_per_minute=6)) as caller:
        assert [(await caller.post("x", f"m{n}")).status_code for n in range(3)] == [200, 200, 429]
        answer = await caller.post("x", "m3")
        sentences = refused(answer, 429, "too_many")
        assert answer.headers["Retry-After"] == "10"
        assert "10" in sentences["zh"]
        clock.now += 10
        assert (await caller.post("x", "m4")).status_code == 200
        first = caller.token
        await caller.open()
        assert caller.token != first
        assert (await caller.post("x", "m5")).status_code == 200


async def test_new_sessions_are_limited_per_address(tmp_path: Path) -> None:
    clock = Clock()
    async with calling(make_gateway(tmp_path, clock=clock, sessions_per_minute=3)) as caller:
        statuses = [(await caller.http.post("/api/v1/sessions", json={})).status_code] * 2
        answer = [await caller.http.post("/api/v1/sessions", json={}) for _ in range(2)][-1]
        assert statuses == [201, 201]
        refused(answer, 429, "too_many")
        clock.now += 20
        assert (await caller.http.post("/api/v1/sessions", json={})).status_code == 201


async def test_answers_under_way_are_limited_per_session(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path, open_streams=2)
    gateway.fake.gate = asyncio.Event()
    async with calling(gateway) as caller:
        session_key = dict(caller.key)
        turns = [asyncio.create_task(caller.post("x", f"m{n}")) for n in range(5)]
        for turn in asyncio.as_completed(turns, timeout=30):
            assert (await turn).status_code == 429
            if sum(turn.done() for turn in turns) == 3:
                break
        await caller.open()
        other = asyncio.create_task(caller.post("x", "m0"))
        gateway.fake.gate.set()
        answers = await asyncio.gather(*turns)
        assert sorted(answer.status_code for answer in answers) == [200, 200, 429, 429, 429]
        tired = next(answer for answer in answers if answer.status_code == 429)
        refused(tired, 429, "too_many_streams")
        assert (await other).status_code == 200
        assert session_key != caller.key


async def test_unknown_addresses_and_methods_are_refused_alike(tmp_path: Path) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        refused(await caller.http.get("/api/v2/messages"), 404, "not_found")
        refused(await caller.http.delete("/api/v1/messages"), 405, "method_not_allowed")
        refused(await caller.http.get("/webhook"), 404, "not_found")


def test_every_refusal_speaks_both_languages() -> None:
    for zh, en in SENTENCES.values():
        assert any("\u4e00" <= character <= "\u9fff" for character in zh)
        assert en.isascii()


def test_a_bucket_refills_and_forgets_the_oldest_keys() -> None:
    clock = Clock()
    limit = RateLimit(60, 2, keys=2, clock=clock)
    assert [limit.take("a") for _ in range(3)] == [0, 0, 1]
    clock.now += 0.5
    assert limit.take("a") == 1
    clock.now += 0.5
    assert limit.take("a") == 0
    clock.now += 1000
    assert [limit.take("a") for _ in range(3)] == [0, 0, 1]
    limit.take("b")
    limit.take("c")
    assert limit.take("a") == 0


async def test_reading_is_limited_too(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path, messages_per_minute=30, clock=Clock())
    async with calling(gateway) as caller:
        for path in ("/api/v1/messages", "/api/v1/sessions/current"):
            assert (await caller.http.get(path, headers=caller.key)).status_code == 200
        for _ in range(18):
            assert (await caller.http.get("/api/v1/messages", headers=caller.key)).is_success
        answer = await caller.http.get("/api/v1/messages", headers=caller.key)
        refused(answer, 429, "too_many")
        assert int(answer.headers["retry-after"]) >= 1
        assert texts(await caller.say("hello")) == ["You said: hello"]  # another allowance
