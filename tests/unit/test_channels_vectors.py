"""Published vectors of platforms' signatures, and each altered in one place, at every place.

They are read from the file that CHANNEL_VECTORS names, else from vectors/channels.json in a folder
beside the checkout.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr

from bot.channels.channel import Channel, Request
from bot.channels.errors import Refused
from bot.channels.http import Http
from bot.channels.platforms.dingtalk import DingTalk, DingTalkSettings
from bot.channels.platforms.feishu import decrypt
from bot.channels.platforms.line import Line, LineSettings
from bot.channels.platforms.messenger import Messenger, MessengerSettings
from bot.channels.platforms.slack import Slack, SlackSettings
from bot.channels.platforms.telegram import Telegram, TelegramSettings
from bot.channels.platforms.twilio import Twilio, TwilioSettings
from bot.channels.platforms.wechat import WeChat, WeChatSettings
from bot.channels.platforms.wecom import WeCom, WeComSettings
from bot.channels.platforms.whatsapp import WhatsApp, WhatsAppSettings
from bot.settings import ROOT


def _file() -> Path | None:
    if named := os.environ.get("CHANNEL_VECTORS"):
        return Path(named)
    return next(iter(sorted(ROOT.parent.glob("*/vectors/channels.json"))), None)


_FILE = _file()

needs_vectors = pytest.mark.skipif(
    _FILE is None,
    reason="no published vectors: CHANNEL_VECTORS names no file, none is beside the checkout",
)


def vector(name: str) -> dict[str, Any]:
    assert _FILE is not None
    found: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))[name]
    return found


@needs_vectors
def test_no_vector_is_left_out() -> None:
    assert _FILE is not None
    known = {name for name, found in json.loads(_FILE.read_text("utf-8")).items() if name != "note"}
    tested = """dingtalk_callback feishu_encrypt line meta_sha256 slack telegram twilio wechat_plain
    wecom"""
    assert known == set(tested.split())


def refused(channel: Channel, request: Request) -> bool:
    try:
        channel.verify(request)
    except Refused:
        return True
    return False


def altered(text: str) -> list[str]:
    """The text with another character, at each place in turn."""
    return [
        text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]
        for place in range(len(text))
    ]


@needs_vectors
def test_slack() -> None:
    given = vector("slack")
    settings = SlackSettings(
        _env_file=None, token=SecretStr("t"), signing_secret=SecretStr(given["secret"])
    )
    at = float(given["timestamp"])

    def request(**changed: str) -> Request:
        told = {**given, **changed}
        headers = {
            "x-slack-request-timestamp": told["timestamp"],
            "x-slack-signature": f"v0={told['signature']}",
        }
        return Request("POST", "https://shop.example", headers, {}, told["body"].encode())

    def slack(now: float = at) -> Slack:
        return Slack(settings, Http(httpx.AsyncClient()), clock=lambda: now)

    assert not refused(slack(), request())
    for name in ("signature", "timestamp", "body"):
        for changed in altered(given[name]):
            assert refused(slack(), request(**{name: changed}))
    assert not refused(slack(at + 299), request())
    assert refused(slack(at + 301), request())
    assert refused(slack(at - 301), request())


WEBHOOK_SECRET = "s3cret_token_of_the_webhook-0123456789"


def test_telegram() -> None:
    settings = TelegramSettings(
        _env_file=None, token=SecretStr("t"), secret=SecretStr(WEBHOOK_SECRET)
    )
    channel = Telegram(settings, Http(httpx.AsyncClient()))

    def request(token: str) -> Request:
        headers = {"x-telegram-bot-api-secret-token": token}
        return Request("POST", "https://shop.example", headers, {}, b"{}")

    assert not refused(channel, request(WEBHOOK_SECRET))
    for changed in [*altered(WEBHOOK_SECRET), "", f"{WEBHOOK_SECRET} "]:
        assert refused(channel, request(changed))


@needs_vectors
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_wecom(method: str) -> None:
    given = vector("wecom")
    called = given[method.lower()]
    settings = WeComSettings(
        _env_file=None,
        corp_id=given["receive_id"],
        agent_id=1,
        secret=SecretStr("s"),
        token=SecretStr(given["token"]),
        aes_key=SecretStr(given["encoding_aes_key"]),
    )
    at = float(called["timestamp"])

    def request(**changed: str) -> Request:
        told = {**called, **changed}
        query = {"timestamp": told["timestamp"], "nonce": told["nonce"]}
        query["msg_signature"] = told["signature"]
        if method == "GET":
            query["echostr"] = told["encrypted"]
            return Request("GET", "https://shop.example", {}, query, b"")
        body = f"<xml><Encrypt><![CDATA[{told['encrypted']}]]></Encrypt></xml>"
        return Request("POST", "https://shop.example", {}, query, body.encode())

    def wecom(now: float = at) -> WeCom:
        return WeCom(settings, Http(httpx.AsyncClient()), clock=lambda: now)

    assert not refused(wecom(), request())
    received = wecom().events(request())
    if method == "GET":
        assert received.answer.body == called["plaintext"]
    else:
        assert [event.text for event in received.events] == [called["contains"]]
    for name in ("signature", "timestamp", "nonce", "encrypted"):
        for changed in altered(called[name]):
            assert refused(wecom(), request(**{name: changed}))
    assert refused(wecom(at + 301), request())
    other = settings.model_copy(update={"corp_id": "wx5823bf96d3bd56c8"})
    assert refused(WeCom(other, Http(httpx.AsyncClient()), clock=lambda: at), request())


@needs_vectors
def test_wechat_plain() -> None:
    given = vector("wechat_plain")
    settings = WeChatSettings(
        _env_file=None, app_id="wx", secret=SecretStr("s"), token=SecretStr(given["token"])
    )
    at = float(given["timestamp"])

    def request(**changed: str) -> Request:
        told = {**given, **changed}
        query = {name: told[name] for name in ("timestamp", "nonce", "signature")}
        return Request("GET", "https://shop.example", {}, {**query, "echostr": "e"}, b"")

    def wechat(now: float = at) -> WeChat:
        return WeChat(settings, Http(httpx.AsyncClient()), clock=lambda: now)

    assert not refused(wechat(), request())
    assert wechat().events(request()).answer.body == "e"
    for name in ("timestamp", "nonce", "signature"):
        for changed in altered(given[name]):
            assert refused(wechat(), request(**{name: changed}))
    assert refused(wechat(at + 301), request())


def meta(secret: str) -> list[Channel]:
    keys = {"token": SecretStr("t"), "app_secret": SecretStr(secret)}
    http, verify = Http(httpx.AsyncClient()), SecretStr("v")
    return [
        WhatsApp(WhatsAppSettings(_env_file=None, verify_token=verify, phone_id="1", **keys), http),
        Messenger(MessengerSettings(_env_file=None, verify_token=verify, **keys), http),
    ]


@needs_vectors
def test_meta() -> None:
    given = vector("meta_sha256")

    def request(signature: str, body: str) -> Request:
        headers = {"x-hub-signature-256": signature}
        return Request("POST", "https://shop.example", headers, {}, body.encode())

    right = f"sha256={given['signature']}"
    for channel in meta(given["secret"]):
        assert not refused(channel, request(right, given["body"]))
        for changed in [*altered(right), given["signature"], f"sha1={given['signature']}", ""]:
            assert refused(channel, request(changed, given["body"]))
        for changed in [*altered(given["body"]), ""]:
            assert refused(channel, request(right, changed))
    for secret in altered(given["secret"]):
        for channel in meta(secret):
            assert refused(channel, request(right, given["body"]))


@needs_vectors
def test_feishu() -> None:
    given = vector("feishu_encrypt")
    key, sealed = given["encrypt_key"], given["encrypted"]
    assert decrypt(key, sealed).decode() == given["plaintext"]
    for changed in altered(key):
        assert not opens_as(changed, sealed, given["plaintext"])
    for changed in altered(sealed):
        assert not opens_as(key, changed, given["plaintext"])


def opens_as(key: str, sealed: str, plaintext: str) -> bool:
    try:
        return decrypt(key, sealed) == plaintext.encode()
    except Refused:
        return False


@needs_vectors
def test_line() -> None:
    given = vector("line")

    def line(secret: str) -> Line:
        settings = LineSettings(_env_file=None, token=SecretStr("t"), secret=SecretStr(secret))
        return Line(settings, Http(httpx.AsyncClient()))

    def request(signature: str, body: str) -> Request:
        headers = {"x-line-signature": signature}
        return Request("POST", "https://shop.example", headers, {}, body.encode())

    channel = line(given["secret"])
    assert not refused(channel, request(given["signature"], given["body"]))
    for changed in [*altered(given["signature"]), given["signature"].rstrip("="), ""]:
        assert refused(channel, request(changed, given["body"]))
    for changed in [*altered(given["body"]), ""]:
        assert refused(channel, request(given["signature"], changed))
    for changed in altered(given["secret"]):
        assert refused(line(changed), request(given["signature"], given["body"]))


@needs_vectors
def test_dingtalk_callback() -> None:
    known = vector("dingtalk_callback")
    settings = DingTalkSettings(
        _env_file=None,
        app_key=known["receive_id"],
        app_secret=SecretStr("s"),
        token=SecretStr(known["token"]),
        aes_key=SecretStr(known["encoding_aes_key"]),
    )
    at = float(known["timestamp"]) / 1000  # milliseconds

    def request(**changed: str) -> Request:
        told = {**known, **changed}
        query = {name: told[name] for name in ("timestamp", "nonce", "signature")}
        body = json.dumps({"encrypt": told["encrypted"]}).encode()
        return Request("POST", "https://shop.example", {}, query, body)

    def dingtalk(now: float = at) -> DingTalk:
        return DingTalk(settings, Http(httpx.AsyncClient()), clock=lambda: now)

    assert not refused(dingtalk(), request())
    for name in ("signature", "timestamp", "nonce", "encrypted"):
        for changed in altered(known[name]):
            assert refused(dingtalk(), request(**{name: changed}))
    assert refused(dingtalk(at + 301), request())
    bare = settings.model_copy(update={"token": SecretStr(""), "aes_key": SecretStr("")})
    assert refused(DingTalk(bare, Http(httpx.AsyncClient()), clock=lambda: at), request())


@needs_vectors
def test_twilio() -> None:
    given = vector("twilio")

    def twilio(token: str) -> Twilio:
        settings = TwilioSettings(_env_file=None, account="AC1", token=SecretStr(token))
        return Twilio(settings, Http(httpx.AsyncClient()))

    def request(signature: str, url: str, params: dict[str, str]) -> Request:
        headers = {"x-twilio-signature": signature}
        return Request("POST", url, headers, {}, urlencode(params).encode())

    token, url, params, right = (given[n] for n in ("token", "url", "params", "signature"))
    channel = twilio(token)
    assert not refused(channel, request(right, url, params))
    reversed_params = dict(reversed(params.items()))
    assert not refused(channel, request(right, url, reversed_params))
    assert not refused(channel, request(right, url.replace(".com/", ".com:443/"), params))
    for changed in [*altered(right), ""]:
        assert refused(channel, request(changed, url, params))
    for changed in altered(url):
        assert refused(channel, request(right, changed, params))
    for name, value in params.items():
        for changed in altered(value):
            assert refused(channel, request(right, url, {**params, name: changed}))
        assert refused(channel, request(right, url, {n: v for n, v in params.items() if n != name}))
    assert refused(channel, request(right, url, {**params, "More": ""}))
    for changed in altered(token):
        assert refused(twilio(changed), request(right, url, params))
