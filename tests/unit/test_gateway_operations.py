"""Readiness, outages, logs and metrics: what those who run the shop see."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from fake_gateway import EMAIL, IDENTITY_KEY, calling, make_gateway
from sqlalchemy import text as sql

from bot.gateway import logs
from bot.gateway.tokens import mint_identity
from bot.messages import BotMessage

pytestmark = pytest.mark.anyio

SECRET = "我的手机号是 13800138000, call me"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything logged in the test, as a shop's logs have it."""
    stream = io.StringIO()
    logs.configure("info", stream)
    yield stream
    structlog.reset_defaults()


async def test_readiness_is_asked_of_the_parts_once_a_second(tmp_path: Path) -> None:
    now = 0.0
    asked: list[str] = []
    gateway = make_gateway(tmp_path, clock=lambda: now)
    gateway._checks = {"database": lambda: not asked.append("database")}
    async with calling(gateway) as caller:
        answers = await asyncio.gather(*(caller.http.get("/readyz") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert len(asked) == 1
        now = 1.0
        await caller.http.get("/readyz")
        assert len(asked) == 2


async def test_alive_is_not_ready(tmp_path: Path) -> None:
    seconds = itertools.count(step=2)  # so that each request finds what was known too old
    gateway = make_gateway(tmp_path, clock=lambda: float(next(seconds)))
    async with calling(gateway) as caller:
        answer = await caller.http.get("/readyz")
        assert answer.status_code == 200
        assert answer.json() == dict.fromkeys(["rasa", "database", "index", "generator"], True)
        for part in ("database", "index", "generator"):
            gateway.parts[part] = False
            answer = await caller.http.get("/readyz")
            assert answer.status_code == 503
            assert answer.json()[part] is False
            gateway.parts[part] = True
        gateway.fake.down = True
        answer = await caller.http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["rasa"] is False
        assert (await caller.http.get("/healthz")).json() == {"status": "alive"}
        gateway.fake.down = False
        assert (await caller.http.get("/readyz")).status_code == 200


async def test_readiness_is_asked_once_a_second(tmp_path: Path) -> None:
    now = [0.0]
    gateway = make_gateway(tmp_path, clock=lambda: now[0])
    asked: list[str] = []
    ready = gateway.rasa.ready

    async def counted() -> bool:
        asked.append("rasa")
        return await ready()

    gateway.rasa.ready = counted  # type: ignore[method-assign]
    async with calling(gateway) as caller:
        answers = await asyncio.gather(*(caller.http.get("/readyz") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert len(asked) == 1
        gateway.parts["database"] = False
        now[0] = 0.9
        assert (await caller.http.get("/readyz")).status_code == 200
        now[0] = 1.0
        assert (await caller.http.get("/readyz")).status_code == 503
        assert len(asked) == 2


async def test_a_check_that_fails_is_a_part_that_is_not_ready(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    del gateway.parts["index"]  # its check raises KeyError now
    async with calling(gateway) as caller:
        answer = await caller.http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["index"] is False


async def test_a_database_that_is_gone_is_a_503_in_both_languages(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    async with calling(gateway) as caller:
        with gateway.unit_of_work() as uow:
            uow.session.execute(sql("DROP TABLE chat_messages"))
            uow.commit()
        answer = await caller.http.get("/api/v1/messages", headers=caller.key)
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "unavailable"
        assert set(answer.json()["error"]["message"]) == {"zh", "en"}
        assert "sql" not in answer.text.lower()


async def test_logs_hold_no_text_and_nobody(tmp_path: Path, written: io.StringIO) -> None:
    gateway = make_gateway(tmp_path)

    def fail(session_id: str, text: str) -> list[BotMessage]:
        raise RuntimeError(f"cannot answer {text}")

    async with calling(gateway) as caller:
        await caller.open(identity=mint_identity(EMAIL, datetime.now(UTC), IDENTITY_KEY))
        await caller.say(SECRET, "m1")
        gateway.fake.down = True
        await caller.say(SECRET, "m2")
        gateway.fake.down = False
        gateway.fake.play = fail
        await caller.say(SECRET, "m3")
        await caller.post(SECRET * 500, "m4")
        feedback = {"rating": -1, "comment": SECRET}
        await caller.http.post("/api/v1/feedback", json=feedback, headers=caller.key)
    logged = written.getvalue()
    assert "13800138000" not in logged
    assert "手机号" not in logged
    assert EMAIL not in logged
    assert caller.token not in logged
    events = [json.loads(line)["event"] for line in logged.splitlines()]
    assert {"turn", "turn apologised", "turn failed"} <= set(events)


async def test_texts_are_logged_only_when_asked_for(tmp_path: Path, written: io.StringIO) -> None:
    async with calling(make_gateway(tmp_path, log_texts=True)) as caller:
        await caller.say("你好")
    turn = next(line for line in written.getvalue().splitlines() if '"turn"' in line)
    assert json.loads(turn)["text"] == "你好"


async def test_metrics_count_turns_and_name_nobody(tmp_path: Path) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        await caller.say(SECRET)
        await caller.post("", "m2")
        answer = await caller.http.get("/metrics")
    assert 'shopguide_turns_total{kind="answer",outcome="answered"}' in answer.text
    assert 'shopguide_refused_total{reason="empty"}' in answer.text
    assert "13800138000" not in answer.text
