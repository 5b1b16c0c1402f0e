"""What only DingTalk does: sessions that end, groups, callbacks in a sealed envelope."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.channels.platforms.tencent import Envelope
from bot.messages import BotMessage, Button
from tests.integration.channels.dingtalk import AES_KEY, KEY, TOKEN, FakeDingTalk
from tests.integration.channels.platform import Shop, Webhook, shop


@pytest.fixture
def fake() -> Iterator[FakeDingTalk]:
    platform = FakeDingTalk()
    with platform.serving():
        yield platform


@pytest.fixture
def running(fake: FakeDingTalk, tmp_path: Path) -> Iterator[Shop]:
    with shop(fake, tmp_path) as started:
        yield started


def test_answers_go_by_the_session_and_after_its_end_by_the_robot(
    fake: FakeDingTalk, running: Shop
) -> None:
    assert [shown.text for shown in running.say("一")] == ["You said: 一"]
    assert (fake.by_robot, fake.given) == (0, set())
    fake.session_s = 30
    assert [shown.text for shown in running.say("二")] == ["You said: 二"]
    assert (fake.by_robot, fake.given) == (1, {"token-1"})
    fake.session_s = 5400
    webhook = fake.says("三", n=77)
    fake.sessions.clear()  # it ended before its time
    assert [shown.text for shown in running.after(webhook)] == ["You said: 三"]
    [shown] = running.after(fake.says("四", group=True, n=78))
    assert (shown.chat, fake.by_robot) == ("cid-group", 2)


def test_only_the_sessions_of_the_settings_are_called(fake: FakeDingTalk, running: Shop) -> None:
    elsewhere = {
        "msgtype": "text",
        "text": {"content": "hello"},
        "sessionWebhook": "http://127.0.0.1:1/robot/sendBySession?session=s",
    }
    assert [shown.text for shown in running.after(fake.message(elsewhere))] == ["You said: hello"]
    assert fake.by_robot == 1


def test_a_group_is_told_the_choices_in_words(running: Shop) -> None:
    button = Button(title="看看_别的", payload="看看_别的")
    running.gateway.fake.play = lambda session_id, text: [BotMessage(text=text, buttons=[button])]
    [shown] = running.say("帐篷", group=True)
    assert (shown.text, shown.buttons) == ("帐篷\n· 看看_别的", [])
    [shown] = running.say("帐篷")
    assert (shown.text, shown.buttons) == ("帐篷", [("看看_别的", "看看_别的")])


def test_a_refused_token_is_fetched_anew(fake: FakeDingTalk, running: Shop) -> None:
    fake.session_s = 0
    running.say("一")
    fake.given = set()
    assert [shown.text for shown in running.say("二")] == ["You said: 二"]
    assert fake.given == {"token-2"}


def callback(said: dict[str, str], name: str = "msg_signature") -> Webhook:
    envelope = Envelope(TOKEN, AES_KEY, KEY)
    sealed = envelope.seal(json.dumps(said).encode())
    timestamp, nonce = str(int(time.time() * 1000)), "nEXhMP4r"
    signed = envelope.sign(sealed, timestamp, nonce)
    query = {name: signed, "timestamp": timestamp, "nonce": nonce}
    return Webhook(json.dumps({"encrypt": sealed}).encode(), query=query)


@pytest.mark.parametrize("name", ["msg_signature", "signature"])
def test_a_callback_is_answered_in_its_envelope(running: Shop, name: str) -> None:
    answer = running.call(callback({"EventType": "check_url"}, name)).json()
    opened = Envelope(TOKEN, AES_KEY, KEY).open(
        answer["encrypt"], answer["msg_signature"], answer["timeStamp"], answer["nonce"]
    )
    assert opened == b"success"
    forged = callback({"EventType": "check_url"}, name)
    forged.query[name] = forged.query[name][::-1]
    assert running.call(forged).status_code == 401


@pytest.mark.parametrize(
    "odd",
    [{"msgtype": None}, {"msgId": []}, {"text": "hello"}, {"sessionWebhookExpiredTime": 10**4000}],
)
def test_what_is_odd_is_no_event_or_no_words(
    fake: FakeDingTalk, running: Shop, odd: dict[str, object]
) -> None:
    webhook = fake.message({"msgtype": "unknown", **odd})
    assert running.call(webhook).status_code == 200
    deep = replace(webhook, content=b'{"a":' * 20_000)
    assert running.call(deep).status_code == 401
    running.settle()
    assert running.gateway.fake.asked == []
