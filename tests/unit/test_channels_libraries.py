"""What platforms send, read by their own libraries and by us, who do not use them: signatures,
what is sealed, and who says what."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
from typing import Any
from urllib.parse import urlencode

import httpx
import lark_oapi as lark
from hypothesis import given
from hypothesis import strategies as st
from lark_oapi.core.utils import AESCipher
from lark_oapi.event.callback.model.p2_card_action_trigger import (
    P2CardActionTrigger,
    P2CardActionTriggerResponse,
)
from linebot.v3.webhook import SignatureValidator
from pydantic import SecretStr
from slack_sdk.signature import Clock, SignatureVerifier
from telegram import Update
from telegram.constants import ChatType
from twilio.request_validator import RequestValidator
from wechatpy import parse_message
from wechatpy.replies import deserialize_reply

from bot.channels.channel import Channel, ChannelEvent, Request
from bot.channels.errors import Refused
from bot.channels.http import Http
from bot.channels.platforms import feishu
from bot.channels.platforms.feishu import Feishu
from bot.channels.platforms.line import Line, LineSettings
from bot.channels.platforms.slack import Slack, SlackSettings
from bot.channels.platforms.telegram import Telegram
from bot.channels.platforms.twilio import Twilio, TwilioSettings, gsm_units
from bot.channels.platforms.wechat import WeChat
from bot.messages import BotMessage
from tests.integration.channels.feishu import KEY, TOKEN, FakeFeishu
from tests.integration.channels.platform import Shown, Webhook
from tests.integration.channels.telegram import FakeTelegram
from tests.integration.channels.twilio import segments
from tests.integration.channels.wechat import ACCOUNT, FakePlainWeChat

HTTP = Http(httpx.AsyncClient())


def accepts(channel: Channel, request: Request) -> bool:
    try:
        channel.verify(request)
    except Refused:
        return False
    return True


@given(key=st.text(min_size=1), body=st.text(), wrong=st.booleans())
def test_line(key: str, body: str, wrong: bool) -> None:
    keys = LineSettings(_env_file=None, token=SecretStr("t"), secret=SecretStr(key))
    signed = f"{body}!" if wrong else body
    digest = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    request = Request(
        "POST", "https://shop.example", {"x-line-signature": signature}, {}, body.encode()
    )
    accepted = accepts(Line(keys, HTTP), request)
    assert accepted == SignatureValidator(key).validate(body, signature) == (not wrong)


@given(
    key=st.text(min_size=1),
    address=st.sampled_from(
        [
            "https://shop.example/channels/twilio",
            "https://shop.example:8443/channels/twilio?a=1&b=%20",
            "http://127.0.0.1:8000/channels/twilio",
        ]
    ),
    fields=st.dictionaries(st.text(min_size=1), st.text()),
    wrong=st.booleans(),
)
def test_twilio(key: str, address: str, fields: dict[str, str], wrong: bool) -> None:
    library = RequestValidator(key)
    signature = library.compute_signature(f"{address}x" if wrong else address, fields)
    keys = TwilioSettings(_env_file=None, account="AC1", token=SecretStr(key))
    body = urlencode(fields).encode()
    request = Request("POST", address, {"x-twilio-signature": signature}, {}, body)
    accepted = accepts(Twilio(keys, HTTP), request)
    assert accepted == library.validate(address, fields, signature) == (not wrong)


@given(st.text(alphabet=st.sampled_from("aZ @€{[~\n外é👍🏽")), st.sampled_from("a€外👍"))
def test_units_of_an_sms_grow_with_it_and_count_its_segments(text: str, more: str) -> None:
    assert len(text) <= gsm_units(text) <= gsm_units(text + more)
    assert segments(text) <= max(1, math.ceil(gsm_units(text) / 152))


# Slack


@given(
    key=st.text(min_size=1).filter(str.strip),
    body=st.text().map(str.encode),
    age=st.integers(-600, 600),
    wrong=st.booleans(),
)
def test_slack(key: str, body: bytes, age: int, wrong: bool) -> None:
    now = 1_700_000_000

    class Now(Clock):
        def now(self) -> float:
            return now

    library = SignatureVerifier(key, Now())
    timestamp = str(now - age)
    signed = library.generate_signature(timestamp=timestamp, body=body + b"!" if wrong else body)
    headers = {"x-slack-request-timestamp": timestamp, "x-slack-signature": signed or ""}
    keys = SlackSettings(_env_file=None, token=SecretStr("t"), signing_secret=SecretStr(key))
    channel = Slack(keys, HTTP, clock=lambda: now)
    accepted = accepts(channel, Request("POST", "https://shop.example", headers, {}, body))
    assert accepted == library.is_valid_request(body, headers) == (not wrong and abs(age) <= 300)


# Feishu


@given(key=st.text(min_size=1), sealed=st.binary(max_size=80))
def test_feishu_opens_what_its_library_opens(key: str, sealed: bytes) -> None:
    try:
        theirs: bytes | None = AESCipher(key).decrypt(sealed)
    except ValueError:
        theirs = None
    try:
        ours: bytes | None = feishu.decrypt(key, base64.b64encode(sealed).decode())
    except Refused:
        ours = None
    assert ours == theirs


def test_feishu_hears_what_its_library_hears() -> None:
    fake = FakeFeishu()
    heard: list[tuple[str, ...]] = []

    def message(said: lark.im.v1.P2ImMessageReceiveV1) -> None:
        body = said.event.message
        heard.append((body.message_id, body.chat_id, json.loads(body.content)["text"]))

    def press(said: P2CardActionTrigger) -> P2CardActionTriggerResponse:
        context = said.event.context
        heard.append((said.header.event_id, context.open_chat_id, said.event.action.value["say"]))
        return P2CardActionTriggerResponse({})

    library = (
        lark.EventDispatcherHandler.builder(KEY, TOKEN)
        .register_p2_im_message_receive_v1(message)
        .register_p2_card_action_trigger(press)
        .build()
    )
    shown = Shown("oc_1", "?")
    webhooks = [fake.says("帐篷 👍🏽", n=1), fake.presses(shown, "看看别的", n=2)]
    webhooks += [forged for webhook in webhooks for forged in fake.forgeries(webhook)]
    channel = Feishu(fake.settings(), HTTP)
    for webhook in webhooks:
        request = lark.RawRequest()
        request.uri, request.body = "/channels/feishu", webhook.content
        # The library knows the headers as Feishu writes them.
        names = ("X-Lark-Request-Timestamp", "X-Lark-Request-Nonce", "X-Lark-Signature")
        given = {name: webhook.headers.get(name.lower()) for name in names}
        request.headers = {name: value for name, value in given.items() if value is not None}
        heard.clear()
        ours = asked(webhook)
        accepted = accepts(channel, ours)
        assert accepted == (library.do(request).status_code == 200)
        if accepted:
            [event] = channel.events(ours).events
            assert heard == [(event.id, event.address["chat"], event.text)]


def asked(webhook: Webhook) -> Request:
    url = "https://shop.example/channels/x"
    return Request(webhook.method, url, webhook.headers, webhook.query, webhook.content)


# Telegram


def test_telegram_hears_what_its_library_hears() -> None:
    fake = FakeTelegram()
    channel = Telegram(fake.settings(), HTTP)

    def read(webhook: Webhook) -> tuple[ChannelEvent, Update]:
        [event] = channel.events(asked(webhook)).events
        update = Update.de_json(json.loads(webhook.content), None)
        assert update is not None
        assert update.effective_chat is not None
        assert (event.id, event.address["chat_id"]) == (
            str(update.update_id),
            update.effective_chat.id,
        )
        assert event.group == (update.effective_chat.type != ChatType.PRIVATE)
        return event, update

    event, update = read(fake.says("帐篷 👍🏽", n=1))
    assert event.text == update.message.text
    event, update = read(fake.says("tents?", group=True, n=2))
    assert f"@shop_bot {event.text}" == update.message.text
    assert event.address["answers"] == update.message.message_id
    event, update = read(fake.presses(Shown("1", "?"), "看看别的", n=3))
    assert (event.text, event.address["query"]) == (
        update.callback_query.data,
        update.callback_query.id,
    )
    event, update = read(fake.sends_picture(n=4))
    largest = max(update.message.photo, key=lambda size: size.width)
    assert (event.kind, event.attachments[0].place) == ("media", {"file": largest.file_id})


# WeChat and WeCom


def test_wechat_hears_what_another_library_hears() -> None:
    fake = FakePlainWeChat()
    channel = WeChat(fake.settings(), HTTP)

    def read(webhook: Webhook) -> tuple[ChannelEvent, Any]:
        [event] = channel.events(asked(webhook)).events
        message = parse_message(webhook.content)
        assert event.conversation == message.source
        assert event.address == {"user": message.source}
        return event, message

    event, message = read(fake.says("帐篷 ]]> <b>", n=1))
    assert (event.text, event.id) == (message.content, f"o1:{message.id}")
    event, message = read(fake.sends_picture(n=2))
    assert (event.kind, message.type) == ("media", "image")
    event, message = read(fake.message("1", "event", Event="subscribe"))
    assert (event.kind, message.event) == ("hello", "subscribe")
    event, message = read(fake.message("1", "event", Event="CLICK", EventKey="我的订单"))
    assert (event.kind, event.text) == ("press", message.key)


def test_wechat_reads_our_passive_answers() -> None:
    fake = FakePlainWeChat()
    passive = fake.settings().model_copy(update={"passive": True})
    channel = WeChat(passive, HTTP)
    words = "外帐 ]]> <b> & 👍🏽"
    [call] = channel.reply([BotMessage(text=words)], {"user": "o1"})
    answer = channel.passive([call], asked(fake.says("?", n=1)))
    assert answer is not None
    reply = deserialize_reply(answer.body)
    assert (reply.type, reply.target, reply.source, reply.content) == ("text", "o1", ACCOUNT, words)
