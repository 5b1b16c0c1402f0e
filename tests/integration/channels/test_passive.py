"""Accounts that may only answer the platform's own request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bot.channels.channel import Answer, Call, Request
from bot.channels.platforms.telegram import Telegram
from tests.integration.channels.platform import Shop, shop
from tests.integration.channels.telegram import FakeTelegram


class Passive(Telegram):
    @property
    def passive_s(self) -> float:
        return 0.5

    def passive(self, calls: Sequence[Call], request: Request) -> Answer | None:
        return Answer(json.dumps([call["text"] for call in calls]), "application/json")


class FakePassive(FakeTelegram):
    channel = Passive


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Shop]:
    platform = FakePassive()
    with platform.serving(), shop(platform, tmp_path) as started:
        yield started
        assert platform.shown == {}


def test_the_request_carries_the_answer(running: Shop) -> None:
    webhook = running.platform.says("hello?", n=1)
    assert running.call(webhook).json() == ["You said: hello?"]
    assert running.call(webhook).json() == []  # repeated: it has been told


def test_an_answer_that_takes_longer_comes_with_the_platforms_next_try(running: Shop) -> None:
    running.hold()
    webhook = running.platform.says("hello?", n=1)
    assert running.call(webhook).status_code == 503
    running.release()
    assert running.call(webhook).json() == ["You said: hello?"]
    assert len(running.gateway.fake.asked) == 1


def test_the_last_try_is_answered_and_the_next_event_brings_the_rest(running: Shop) -> None:
    running.hold()
    webhook = running.platform.says("one", n=1)
    assert [running.call(webhook).status_code for _ in range(3)] == [503, 503, 200]
    running.release()
    assert running.call(running.platform.says("two", n=2)).json() == ["You said: one"]
    assert running.call(running.platform.says("three", n=3)).json() == ["You said: two"]
