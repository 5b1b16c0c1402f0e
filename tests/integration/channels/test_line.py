"""What only LINE does: replies that turn into pushes, groups by mention, Flex carousels."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from linebot.v3.webhook import WebhookParser
from linebot.v3.webhooks import MessageEvent, PostbackEvent
from starlette.responses import JSONResponse

from bot.messages import BotMessage, ProductCard
from tests.integration.channels.line import SECRET, FakeLine
from tests.integration.channels.platform import Shop, Shown, shop, wait_until

REPLY, PUSH = "/v2/bot/message/reply", "/v2/bot/message/push"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Shop]:
    platform = FakeLine()
    with platform.serving(), shop(platform, tmp_path) as started:
        yield started


def test_the_webhooks_of_this_fake_are_lines_own() -> None:
    fake = FakeLine()
    parser = WebhookParser(SECRET)
    for webhook in (fake.says("hello", group=True), fake.sends_picture()):
        signature = webhook.headers["x-line-signature"]
        [event] = parser.parse(webhook.content.decode(), signature)
        assert isinstance(event, MessageEvent)
    pressed = fake.presses(Shown("U1", ""), "payload")
    [event] = parser.parse(pressed.content.decode(), pressed.headers["x-line-signature"])
    assert isinstance(event, PostbackEvent)


def test_the_first_five_messages_are_the_reply_and_the_rest_is_pushed(running: Shop) -> None:
    many = [BotMessage(text=f"message {n}") for n in range(7)]
    running.gateway.fake.play = lambda session, text: many
    platform: Any = running.platform
    assert [shown.text for shown in running.say("tell me")] == [f"message {n}" for n in range(7)]
    assert [path for path in platform.paths if "message" in path] == [REPLY, PUSH]


def test_an_answer_whose_token_is_used_up_is_pushed_once(running: Shop) -> None:
    platform: Any = running.platform
    webhook = platform.says("hello?", n=1)
    platform.reply_tokens.clear()
    assert [shown.text for shown in running.after(webhook)] == ["You said: hello?"]
    assert [path for path in platform.paths if "message" in path] == [REPLY, PUSH]


def test_a_push_whose_acknowledgement_was_lost_is_not_shown_twice(running: Shop) -> None:
    platform: Any = running.platform
    webhook = platform.says("hello?", n=1)
    platform.reply_tokens.clear()
    take = platform.take

    async def lose(path: str, request: Any) -> Any:
        answer = await take(path, request)
        if path == PUSH and answer.status_code == 200:
            return JSONResponse({"message": "lost"}, 500)
        return answer

    platform.take = lose
    assert [shown.text for shown in running.after(webhook)] == ["You said: hello?"]
    assert platform.paths.count(PUSH) == 2


def test_a_late_answer_is_pushed(tmp_path: Path) -> None:
    platform = FakeLine()
    with platform.serving(), shop(platform, tmp_path) as running:
        [channel] = running.channels.channels.values()
        [call] = channel.reply([BotMessage(text="hello")], {"to": "U1", "token": "t", "at": 0})

        async def send() -> None:
            await channel.send(call, "key")

        asyncio.run_coroutine_threadsafe(send(), running.gateway.loop).result()
    assert platform.paths == [PUSH]
    assert platform.texts("U1") == ["hello"]


def test_groups_are_heard_only_when_they_mention_the_account(running: Shop) -> None:
    fake = FakeLine()
    other = {"index": 0, "length": 5, "type": "user", "userId": "U7", "isSelf": False}
    all = {"index": 0, "length": 4, "type": "all"}
    for n, more in enumerate(
        ({}, {"mention": {"mentionees": [other]}}, {"mention": {"mentionees": [all, 3]}}), 1
    ):
        message = fake.message("@Shop where is my order?", **more)
        assert running.after(fake.event("1", n, True, type="message", message=message)) == []
    picture = {"type": "image", "id": "1"}
    assert running.after(fake.event("1", 7, True, type="message", message=picture)) == []
    [shown] = running.say("hello", group=True)
    assert (shown.chat, shown.text) == ("C1", "You said: hello")


def test_what_is_no_message_is_no_event_and_a_follower_is_greeted(running: Shop) -> None:
    fake = FakeLine()
    message = fake.message("x")
    for webhook in (
        fake.signed({"destination": "U", "events": []}),  # the console's "Verify"
        fake.event("1", 1, type="unsend", unsend={"messageId": "1"}),
        fake.event("1", 2, type="unfollow"),
        fake.event("1", 3, True, type="join"),
        fake.event("1", 4, type="message", message=message, mode="standby"),
        fake.event("1", 5, type="message", message=message, source={"type": "user"}),
        fake.signed({"events": [None, {"type": "message"}, 7]}),
    ):
        assert running.after(webhook) == []
    assert running.after(fake.event("1", 6, type="follow", follow={"isUnblocked": False}))
    assert [text for _, text, _ in running.gateway.fake.asked] == ["你好"]


def test_products_are_a_carousel_with_pictures_and_links(running: Shop) -> None:
    product = ProductCard(
        product_id="tent",
        title="Ridgeline",
        summary="",
        price="899",
        currency="CNY",
        in_stock=True,
        stock_text="in stock",
        url="https://shop.example/tent",
        image="https://shop.example/tent.jpg",
    )
    cards = [product] * 13
    running.gateway.fake.play = lambda session, text: [BotMessage(text="", cards=cards)]
    shown = running.say("tents")
    assert [len(message.cards) for message in shown] == [12, 1]
    [channel] = running.channels.channels.values()
    [call] = channel.reply([BotMessage(text="", cards=[product])], {"to": "U1"})
    [bubble] = call["messages"][0]["contents"]["contents"]
    assert bubble["hero"]["url"] == "https://shop.example/tent.jpg"
    assert bubble["action"]["uri"] == "https://shop.example/tent"
    assert call["messages"][0]["altText"] == "Ridgeline"
    assert json.dumps(call)


def test_whoever_waits_sees_a_loading_sign(running: Shop) -> None:
    platform: Any = running.platform
    running.hold()
    assert running.call(platform.says("hello?", n=1)).is_success
    wait_until(lambda: platform.loading == ["U1"])
    running.release()
    running.settle()


def test_a_link_opens_the_chat_with_the_code(running: Shop) -> None:
    [channel] = running.channels.channels.values()
    assert channel.link("K7QM-X2RD") == "https://line.me/R/oaMessage/%40shop/?K7QM-X2RD"
