"""What only Feishu does: its challenge, its cards in groups, rich texts, repetitions by uuid."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels.http import Http
from bot.channels.platforms.feishu import Feishu
from bot.messages import BotMessage, Button
from bot.wording.phrases import phrase
from tests.integration.channels.feishu import TOKEN, FakeFeishu, encrypted
from tests.integration.channels.platform import Shop, Webhook, shop


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Shop]:
    platform = FakeFeishu()
    with platform.serving(), shop(platform, tmp_path) as started:
        yield started


def challenge(token: str) -> Webhook:
    """Comes unsigned while the address is being set."""
    said = {"challenge": "ajls384kdjx98XX", "token": token, "type": "url_verification"}
    sealed = encrypted(json.dumps(said).encode())
    return Webhook(json.dumps({"encrypt": sealed}).encode(), {"content-type": "application/json"})


def test_the_challenge_is_answered_to_who_holds_the_token(running: Shop) -> None:
    assert running.call(challenge(TOKEN)).json() == {"challenge": "ajls384kdjx98XX"}
    assert running.call(challenge("other")).status_code == 401


def test_a_rich_text_is_read_without_mentions(running: Shop) -> None:
    content = {
        "title": "",
        "content": [
            [{"tag": "text", "text": "两人帐篷"}, {"tag": "img", "image_key": "i"}],
            [{"tag": "a", "href": "https://x", "text": "这款"}],
        ],
    }
    webhook = running.platform.message(content, kind="post", n=1)  # type: ignore[attr-defined]
    answer, notice = running.after(webhook)
    assert answer.text == "You said: 两人帐篷\n这款"
    assert notice.text == phrase("channel.media_beside", "zh")


def test_a_group_is_answered_only_where_the_bot_is_named(running: Shop) -> None:
    platform = running.platform
    assert isinstance(platform, FakeFeishu)
    person = {"sender_id": {"open_id": "ou_1"}, "sender_type": "user"}
    message = {
        "message_id": "om_7",
        "chat_id": "oc_group",
        "chat_type": "group",
        "message_type": "text",
        "content": '{"text": "@_user_1 包邮吗"}',
        "mentions": [{"key": "@_user_1", "name": "Li Lei"}],
    }
    event = {"sender": person, "message": message}
    assert running.after(platform.callback("im.message.receive_v1", event, "event-7")) == []
    [shown] = running.say("包邮吗", group=True)
    assert (shown.chat, shown.text) == ("oc_group", "You said: 包邮吗")


def test_what_is_pressed_in_a_group_stays_in_the_group(running: Shop) -> None:
    platform = running.platform
    assert isinstance(platform, FakeFeishu)
    button = Button(title="看看别的", payload="看看别的")
    running.gateway.fake.play = lambda session_id, text: [BotMessage(text=text, buttons=[button])]
    running.say("帐篷", group=True)
    event = {
        "operator": {"open_id": "ou_1"},
        "action": {"value": {"say": "看看别的", "group": True}, "tag": "button"},
        "context": {"open_message_id": "om_1", "open_chat_id": "oc_group"},
    }
    [shown] = running.after(platform.callback("card.action.trigger", event, "press-1"))
    assert (shown.chat, shown.text) == ("oc_group", "看看别的")
    sessions = {session for session, _, _ in running.gateway.fake.asked}
    assert len(sessions) == 1


def test_a_growing_text_that_was_recalled_is_sent_anew_and_each_call_once() -> None:
    async def run(fake: FakeFeishu) -> None:
        http = Http()
        channel = Feishu(fake.settings(), http)
        to = {"chat": "oc_1"}
        draft = await channel.show("Free *del", to, None)
        assert await channel.show("Free *delivery* " * 2000, to, draft) == draft
        [call] = channel.reply([BotMessage(text="Free *delivery*")], to, draft=draft)
        await channel.send(call, "key")
        assert fake.texts("oc_1") == ["Free *delivery*"]
        fake.shown.clear()  # recalled
        for _ in range(2):  # the second acknowledgement was lost
            await channel.send(call, "key")
        assert fake.texts("oc_1") == ["Free *delivery*"]
        await http.close()

    fake = FakeFeishu()
    with fake.serving():
        asyncio.run(run(fake))
    assert (fake.complaints, fake.given) == ([], {"t-1"})


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"sender": {"sender_type": "user"}, "message": []},
        {"sender": {"sender_type": "app"}, "message": {"message_id": "om_1"}},
        {"message": {"message_id": 1, "chat_id": "oc_1", "content": "{"}},
    ],
)
def test_what_is_odd_is_no_event(running: Shop, event: dict[str, object]) -> None:
    platform = running.platform
    assert isinstance(platform, FakeFeishu)
    for kind in ("im.message.receive_v1", "card.action.trigger", "p2p_chat_create"):
        answer = running.call(platform.callback(kind, event, "event-1"))
        assert (answer.status_code, answer.text) == (200, "{}")
    running.settle()
    assert platform.shown == {}
