"""What only WhatsApp and Messenger do: the challenge, windows, lists, templates, echoes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.channels.channel import Address, Channel, Request
from bot.channels.errors import ChannelError, TryAgain, Undeliverable
from bot.channels.http import Http
from bot.messages import BotMessage, Button, OrderCard, ProductCard
from bot.wording.phrases import phrase
from tests.integration.channels.messenger import FakeMessenger
from tests.integration.channels.meta import FakeMeta
from tests.integration.channels.platform import Shop, said, shop, wait_until
from tests.integration.channels.whatsapp import FakeWhatsApp

DAY_S = 24 * 3600.0


@pytest.fixture
def whatsapp(tmp_path: Path) -> Iterator[Shop]:
    platform = FakeWhatsApp()
    with platform.serving(), shop(platform, tmp_path) as started:
        yield started


@pytest.fixture
def messenger(tmp_path: Path) -> Iterator[Shop]:
    platform = FakeMessenger()
    with platform.serving(), shop(platform, tmp_path) as started:
        yield started


def sent_after(platform: FakeMeta, age_s: float, to: Address, message: BotMessage) -> list[str]:
    """What customers see of a message that is made so long after they wrote."""

    async def send() -> None:
        http = Http(httpx.AsyncClient(trust_env=False))
        channel: Channel = platform.channel(platform.settings(), http)
        for call in channel.reply([message], {**to, "at": time.time() - age_s}):
            await channel.send(call, "k")
        await http.close()

    with platform.serving():
        asyncio.run(send())
    assert platform.complaints == []
    return [shown.text for shown in platform.shown.values()]


@pytest.mark.parametrize("kind", [FakeWhatsApp, FakeMessenger])
def test_the_challenge_is_answered_to_who_knows_the_verify_token(
    kind: type[FakeMeta], tmp_path: Path
) -> None:
    platform = kind()
    with platform.serving(), shop(platform, tmp_path) as running:
        answer = running.call(platform.subscription())
        assert (answer.status_code, answer.text) == (200, "1158201444")
        assert answer.headers["content-type"].startswith("text/plain")
        assert running.call(platform.subscription("guessed")).status_code == 401


def test_what_is_no_message_is_no_event(whatsapp: Shop, messenger: Shop) -> None:
    fake = FakeWhatsApp()
    status = {"id": "wamid.1", "status": "delivered", "recipient_id": "16501"}
    reaction = {"message_id": "wamid.1", "emoji": "👍"}
    for webhook in (
        fake.event(statuses=[status]),
        fake.event("another number", messages=[{"from": "1", "id": "2", "text": {"body": "x"}}]),
        fake.message("1", 2, type="reaction", reaction=reaction),
        fake.says("hello everybody", group=True, n=3),
        fake.signed({"entry": [{"changes": [{"value": {"messages": "none"}}, 7]}, None]}),
        fake.signed({"entry": 1}),
    ):
        assert whatsapp.after(webhook) == []
    other = FakeMessenger()
    for webhook in (
        other.event("1", 1, message={"mid": "m_1", "text": "from the page", "is_echo": True}),
        other.event("1", 2, read={"watermark": 1}),
        other.event("1", 3, delivery={"mids": ["m_1"]}),
        other.signed({"entry": [{"standby": [{"sender": {"id": "1"}, "message": {"text": "x"}}]}]}),
        other.signed({"entry": [{"messaging": [{"sender": {"user_ref": "x"}, "message": {}}]}]}),
    ):
        assert messenger.after(webhook) == []
    assert whatsapp.gateway.fake.asked == messenger.gateway.fake.asked == []


def test_what_fails_later_is_logged_by_its_code_alone() -> None:
    fake = FakeWhatsApp()
    error = {"code": 131047, "title": "Re-engagement message", "message": "to 16501"}
    status = {"id": "wamid.1", "status": "failed", "recipient_id": "16501", "errors": [error]}
    webhook = fake.event(statuses=[status])
    channel = fake.channel(fake.settings(), Http(httpx.AsyncClient()))
    request = Request("POST", "https://shop.example", webhook.headers, {}, webhook.content)
    with capture_logs() as logs:
        assert channel.events(request).events == []
    assert [(line["log_level"], line["code"]) for line in logs] == [("warning", "131047")]
    assert "16501" not in str(logs)


def offering(titles: list[str], text: str = "Which one?") -> BotMessage:
    buttons = [Button(title=title, payload=f"about {title}") for title in titles]
    return BotMessage(text=text, buttons=buttons, language="en")


def test_many_or_long_choices_are_a_list(whatsapp: Shop) -> None:
    long = "The two-person three-season tent in green"
    whatsapp.gateway.fake.play = lambda session, text: [offering([long, "B", "C", "D"])]
    [shown] = whatsapp.say("tents")
    assert [title for title, _ in shown.buttons] == ["The two-person…", "B", "C", "D"]
    whatsapp.gateway.fake.play = lambda session, text: [BotMessage(text=f"You said: {text}")]
    assert said(whatsapp.press(shown, f"about {long}")) == f"You said: about {long}"


def test_a_long_text_stands_above_the_choices(whatsapp: Shop) -> None:
    long = "It is dry and warm. " * 100
    whatsapp.gateway.fake.play = lambda session, text: [offering(["A", "B"], long)]
    first, second = whatsapp.say("tents")
    assert first.text == long.strip()
    assert (second.text, len(second.buttons)) == ("Choose one, or just write:", 2)


def test_who_has_only_a_username_is_answered(whatsapp: Shop) -> None:
    fake = FakeWhatsApp()
    message = {"from_user_id": "US.9", "id": "wamid.9", "type": "text", "text": {"body": "hi"}}
    [shown] = whatsapp.after(fake.event(messages=[message]))
    assert (shown.chat, shown.text) == ("US.9", "You said: hi")


def test_whoever_waits_sees_a_typing_sign(whatsapp: Shop, messenger: Shop) -> None:
    for running in (whatsapp, messenger):
        platform: Any = running.platform
        running.hold()
        assert running.call(platform.says("hello?", n=1)).is_success
        wait_until(lambda platform=platform: platform.typing != [])
        running.release()
        running.settle()


def test_after_a_day_whatsapp_gets_a_template_or_nothing() -> None:
    words = BotMessage(text="小李：您的包裹\n明天到。", language="zh")
    to = {"to": "16501"}
    platform = FakeWhatsApp()
    assert sent_after(platform, DAY_S - 60, to, words) == ["小李：您的包裹\n明天到。"]
    with pytest.raises(Undeliverable, match="window"):
        sent_after(platform, DAY_S + 60, to, words)
    platform.template = "about_your_question"
    late = sent_after(platform, DAY_S + 60, to, words)
    assert late[-1] == "About your question: 小李：您的包裹 明天到。"


def test_after_a_day_only_people_write_on_messenger() -> None:
    words, to = BotMessage(text="It comes tomorrow."), {"user": "PSID1"}
    platform = FakeMessenger()
    assert sent_after(platform, DAY_S - 60, to, words) == ["It comes tomorrow."]
    with pytest.raises(Undeliverable, match="window"):
        sent_after(platform, DAY_S + 60, to, words)
    platform.human_agent = True
    assert len(sent_after(platform, DAY_S + 60, to, words)) == 2
    tags = [(sent["messaging_type"], sent.get("tag")) for sent in platform.sent]
    assert tags == [("RESPONSE", None), ("MESSAGE_TAG", "HUMAN_AGENT")]
    with pytest.raises(Undeliverable, match="window"):
        sent_after(platform, 7 * DAY_S + 60, to, words)


def test_products_are_a_carousel_and_long_orders_are_told(messenger: Shop) -> None:
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
    order = OrderCard(
        number="SP61840357",
        status="shipped",
        status_text="Shipped",
        placed_on="21 Nov",
        items=["Daybreak 38 pack"] * 6,
        total="699",
        currency="CNY",
    )
    cards = [product, product, order]
    messenger.gateway.fake.play = lambda session, text: [BotMessage(text="Here:", cards=cards)]
    first, second = messenger.say("my things")
    assert second.cards == ["Ridgeline\n¥899 · in stock"] * 2
    assert "SP61840357" in first.text
    platform: Any = messenger.platform
    element = platform.sent[-1]["message"]["attachment"]["payload"]["elements"][0]
    assert element["default_action"] == {"type": "web_url", "url": "https://shop.example/tent"}
    assert element["image_url"] == "https://shop.example/tent.jpg"


def test_a_chat_that_is_opened_is_greeted_and_its_link_links(messenger: Shop) -> None:
    fake = FakeMessenger()
    greeting = {"title": "Get Started", "payload": "GET_STARTED"}
    messenger.after(fake.event("1", 1, postback=greeting))
    assert [text for _, text, _ in messenger.gateway.fake.asked] == ["你好"]
    for n, what in enumerate(
        (
            {"postback": {**greeting, "referral": {"ref": "AAAA-2222", "source": "SHORTLINK"}}},
            {"referral": {"ref": "AAAA-2222", "source": "SHORTLINK", "type": "OPEN_THREAD"}},
        ),
        2,
    ):
        [shown] = messenger.after(fake.event("1", n, **what))
        assert shown.text == phrase("channel.link_wrong", "en", minutes=15)
    [channel] = messenger.channels.channels.values()
    assert channel.link("K7QM-X2RD") == "https://m.me/shop?ref=K7QM-X2RD"


def test_links_open_whatsapp_with_the_code(whatsapp: Shop) -> None:
    [channel] = whatsapp.channels.channels.values()
    assert channel.link("K7QM-X2RD") == "https://wa.me/15550783881?text=K7QM-X2RD"


@pytest.mark.parametrize(("code", "outcome"), [(131056, "again"), (190, "token"), (100, "dead")])
def test_errors_are_read_by_their_codes(code: int, outcome: str) -> None:
    platform = FakeWhatsApp()
    platform.faults = [platform.refused(code)]
    expected: type[ChannelError] = Undeliverable if outcome == "dead" else TryAgain
    with pytest.raises(expected, match=f"Graph API error {code}") as raised:
        sent_after(platform, 0, {"to": "16501"}, BotMessage(text="hello"))
    assert isinstance(raised.value, TryAgain) == (outcome != "dead")
    if isinstance(raised.value, TryAgain):
        assert raised.value.after_s == (60 if outcome == "token" else None)
