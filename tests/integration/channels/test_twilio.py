"""What only Twilio does: signed addresses, segments, WhatsApp through the same account."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.errors import ChannelError, TryAgain, Undeliverable
from bot.channels.http import Http
from bot.channels.platforms.twilio import Twilio
from bot.messages import BotMessage
from tests.integration.channels.platform import Shop, number_of, said, shop, wait_until
from tests.integration.channels.test_behaviours import rich
from tests.integration.channels.twilio import (
    SHOP,
    FakeTwilio,
    FakeTwilioWhatsApp,
    segments,
)

DAY_S = 24 * 3600.0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Shop]:
    platform = FakeTwilio()
    with platform.serving(), shop(platform, tmp_path) as started:
        yield started


@pytest.fixture
def whatsapp(tmp_path: Path) -> Iterator[Shop]:
    platform = FakeTwilioWhatsApp()
    with platform.serving(), shop(platform, tmp_path) as started:
        yield started


def test_the_answer_of_the_webhook_is_empty_twiml(running: Shop) -> None:
    answer = running.call(running.platform.says("hello", n=1))
    assert answer.text == "<Response/>"
    assert answer.headers["content-type"].startswith("text/xml")
    running.settle()


def test_behind_a_proxy_the_public_address_is_the_signed_one(tmp_path: Path) -> None:
    platform = FakeTwilio()
    platform.public_url = "https://shop.example"
    with platform.serving(), shop(platform, tmp_path) as running:
        webhook = platform.says("hello", n=1)
        [shown] = running.after(webhook)
        assert shown.text == "You said: hello"
        platform.public_url = "https://shop.example:443"
        assert running.call(platform.says("hello", n=2)).is_success
        platform.public_url = running.url
        assert running.call(platform.says("hello", n=3)).status_code == 401
        running.settle()


def test_what_is_no_message_is_no_event(running: Shop) -> None:
    fake: Any = running.platform
    sid = {"MessageSid": "SM1", "From": SHOP, "To": "+14158670001"}
    for webhook in (
        fake.signed({**sid, "MessageStatus": "delivered", "SmsStatus": "delivered"}),
        fake.message("1", 1, Body="STOP", OptOutType="STOP"),
        fake.signed({"Body": "from nobody"}),
        fake.signed({}),
    ):
        assert running.after(webhook) == []
    assert running.gateway.fake.asked == []


def test_what_is_no_form_is_refused(running: Shop) -> None:
    webhook = running.platform.says("hello", n=1)
    for content in (b"\xff=%ff&&=&a", b"", b"{}"):
        assert running.call(replace(webhook, content=content)).status_code == 401


def test_each_sms_has_at_most_ten_segments(running: Shop) -> None:
    for sentence in ("It is dry and warm. ", "外帐三千毫米。", "Only €9 {now}. ", "👍🏽 fine! "):
        running.gateway.fake.play = lambda session, text, line=sentence: [
            BotMessage(text=line * 300)
        ]
        shown = running.say("everything about it")
        counts = [segments(message.text) for message in shown]
        assert max(counts) <= 10
        assert min(counts[:-1]) >= 9


def test_whatsapp_goes_by_whatsapp(whatsapp: Shop) -> None:
    whatsapp.gateway.fake.play = lambda session, text: [BotMessage(text=f"*You* said: {text}")]
    [shown] = whatsapp.say("hello *there*")
    assert shown.chat == "whatsapp:+14158670001"
    assert shown.text == "*You* said: hello *there*"
    [channel] = whatsapp.channels.channels.values()
    [call] = channel.reply([BotMessage(text="x")], {"to": "whatsapp:+1", "from": "whatsapp:+2"})
    assert (call["To"], call["From"], call["Body"]) == ("whatsapp:+1", "whatsapp:+2", "x")


@pytest.mark.parametrize(
    ("question", "product", "choice"),
    [
        ("想买个帐篷", "岭线双人三季帐", "看看别的"),
        ("a tent under two kilograms", "Ridgeline <2> & *fly*", "Show me others"),
    ],
)
def test_a_conversation_on_whatsapp(
    whatsapp: Shop, question: str, product: str, choice: str
) -> None:
    whatsapp.gateway.fake.play = rich
    told = said(whatsapp.say(question))
    for words in (product, "SP61840357", "SF 1234"):
        assert words in told
    assert said(whatsapp.say(number_of(choice, told))) == f"picked: {choice}"


def test_whoever_waits_on_whatsapp_sees_a_typing_sign(whatsapp: Shop) -> None:
    platform: Any = whatsapp.platform
    whatsapp.hold()
    assert whatsapp.call(platform.says("hello?", n=1)).is_success
    wait_until(lambda: len(platform.typing) == 1)
    whatsapp.release()
    whatsapp.settle()


def test_a_button_of_a_template_is_pressed(whatsapp: Shop) -> None:
    platform: Any = whatsapp.platform
    webhook = platform.message("1", 1, Body="Yes", ButtonText="Yes", ButtonPayload="I agree")
    assert [shown.text for shown in whatsapp.after(webhook)] == ["You said: I agree"]


def send(platform: FakeTwilio, age_s: float) -> None:
    async def work() -> None:
        http = Http(httpx.AsyncClient(trust_env=False))
        channel = Twilio(platform.settings(), http, clock=lambda: age_s)
        address = {"to": f"{platform.prefix}+1", "from": f"{platform.prefix}{SHOP}", "at": 0}
        for call in channel.reply([BotMessage(text="hello")], address):
            await channel.send(call, "key")
        await http.close()

    with platform.serving():
        asyncio.run(work())


def test_whatsapp_is_answered_for_a_day_and_sms_for_ever() -> None:
    send(FakeTwilio(), 30 * DAY_S)
    send(FakeTwilioWhatsApp(), DAY_S - 60)
    with pytest.raises(Undeliverable, match="window"):
        send(FakeTwilioWhatsApp(), DAY_S + 60)


@pytest.mark.parametrize(
    ("status", "code", "again"), [(400, 21611, True), (401, 20003, True), (400, 21211, False)]
)
def test_errors_are_read_by_their_codes_and_name_no_number(
    status: int, code: int, again: bool
) -> None:
    platform = FakeTwilio()
    platform.faults = [platform.error(status, code)]
    expected: type[ChannelError] = TryAgain if again else Undeliverable
    with pytest.raises(expected, match=str(code)) as raised:
        send(platform, 0)
    assert "+1" not in str(raised.value)
