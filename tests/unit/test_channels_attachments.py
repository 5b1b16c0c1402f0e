"""What customers send besides words: how each platform names it, and how it gives it out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bot.channels.channel import Channel, ChannelEvent, read_event
from bot.channels.errors import TryAgain, Undeliverable
from bot.channels.http import Http, trusted
from bot.channels.platforms.dingtalk import DingTalk, DingTalkSettings
from bot.channels.platforms.feishu import Feishu, FeishuSettings
from bot.channels.platforms.feishu import _attachments as of_feishu
from bot.channels.platforms.line import Line, LineSettings
from bot.channels.platforms.line import _event as of_line
from bot.channels.platforms.messenger import Messenger, MessengerSettings
from bot.channels.platforms.messenger import _event as of_messenger
from bot.channels.platforms.slack import Slack, SlackSettings
from bot.channels.platforms.slack import _said as of_slack
from bot.channels.platforms.telegram import _event as of_telegram
from bot.channels.platforms.twilio import Twilio, TwilioSettings
from bot.channels.platforms.twilio import _event as of_twilio
from bot.channels.platforms.wechat import WeChat, WeChatSettings
from bot.channels.platforms.wechat import _event as of_wechat
from bot.channels.platforms.whatsapp import WhatsApp, WhatsAppSettings
from bot.channels.platforms.whatsapp import _event as of_whatsapp

MOST = 1000
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


def found(event: ChannelEvent | None) -> list[tuple[str, Any]]:
    assert event is not None
    assert read_event(json.loads(json.dumps(event.stored()))) == event
    return [(one.kind, next(iter(one.place.values()))) for one in event.attachments]


# What comes


def telegram(**what: Any) -> ChannelEvent | None:
    chat = {"id": 1, "type": "private"}
    message = {"message_id": 2, "chat": chat, "from": {"id": 1}, **what}
    return of_telegram("7", "media", message, message["from"])


@pytest.mark.parametrize(
    ("what", "kinds"),
    [
        ({"photo": [{"file_id": "S"}, {"file_id": "L"}]}, [("picture", "L")]),
        ({"voice": {"file_id": "V"}}, [("voice", "V")]),
        ({"video": {"file_id": "V"}}, [("video", "V")]),
        ({"document": {"file_id": "D"}, "animation": {"file_id": "D"}}, [("file", "D")]),
        ({"sticker": {"file_id": "S"}}, []),
        ({"photo": "none", "voice": [], "document": {"file_id": None}}, []),
    ],
)
def test_telegram(what: dict[str, Any], kinds: list[tuple[str, str]]) -> None:
    assert found(telegram(**what)) == kinds


def test_slack() -> None:
    files = [
        {"mimetype": "image/png", "url_private": "u1", "url_private_download": "d1"},
        {"mimetype": "audio/webm", "url_private": "u2"},
        {"mimetype": "application/pdf", "url_private": "u3"},
        {"mimetype": "image/png", "file_access": "check_file_info"},
    ]
    said = {"type": "message", "channel_type": "im", "channel": "D", "user": "U", "ts": "1.1"}
    event = of_slack("T", {**said, "subtype": "file_share", "text": "look", "files": files})
    assert found(event) == [("picture", "d1"), ("voice", "u2"), ("file", "u3")]
    assert event is not None
    assert event.kind == "text"


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        ("image", "picture"),
        ("audio", "voice"),
        ("video", "video"),
        ("document", "file"),
        ("sticker", None),
        ("location", None),
    ],
)
def test_whatsapp(kind: str, kept: str | None) -> None:
    event = of_whatsapp({"id": "w", "from": "1", "type": kind, kind: {"id": "9", "caption": "?"}})
    assert found(event) == ([(kept, "9")] if kept else [])


def test_messenger() -> None:
    kinds = ("image", "audio", "video", "file", "fallback", "template")
    sent = [{"type": kind, "payload": {"url": f"u-{kind}"}} for kind in kinds]
    said = {"sender": {"id": "P"}, "message": {"mid": "m", "attachments": sent}}
    assert found(of_messenger(said)) == [
        ("picture", "u-image"),
        ("voice", "u-audio"),
        ("video", "u-video"),
        ("file", "u-file"),
    ]


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        ({"type": "image", "id": "1", "contentProvider": {"type": "line"}}, [("picture", "1")]),
        ({"type": "audio", "id": "2"}, [("voice", "2")]),
        ({"type": "file", "id": "3", "fileName": "../x"}, [("file", "3")]),
        ({"type": "image", "id": "4", "contentProvider": {"type": "external"}}, []),
        ({"type": "image", "id": "../5"}, []),
        ({"type": "sticker", "id": "6"}, []),
    ],
)
def test_line(message: dict[str, Any], kinds: list[tuple[str, str]]) -> None:
    said = {"webhookEventId": "e", "source": {"userId": "U"}, "type": "message"}
    assert found(of_line({**said, "message": message})) == kinds


def test_twilio() -> None:
    fields = {"MessageSid": "S", "From": "+1", "To": "+2", "Body": "look", "NumMedia": "2"}
    media = {
        "MediaUrl0": "u0",
        "MediaContentType0": "image/jpeg",
        "MediaUrl1": "u1",
        "MediaContentType1": "application/pdf",
    }
    assert found(of_twilio({**fields, **media})) == [("picture", "u0"), ("file", "u1")]


@pytest.mark.parametrize(
    ("kind", "kept"),
    [("image", "picture"), ("voice", "voice"), ("shortvideo", "video"), ("location", None)],
)
def test_wechat(kind: str, kept: str | None) -> None:
    said = {"FromUserName": "o", "MsgType": kind, "MediaId": "m", "MsgId": "1"}
    assert found(of_wechat(said)) == ([(kept, "m")] if kept else [])


def test_feishu() -> None:
    def sent(kind: str, content: Any) -> list[tuple[str, str, str]]:
        message = {"message_id": "om", "message_type": kind, "content": json.dumps(content)}
        return [(one.kind, one.place["key"], one.place["type"]) for one in of_feishu(message)]

    assert sent("image", {"image_key": "img_v2"}) == [("picture", "img_v2", "image")]
    assert sent("audio", {"file_key": "file_v2"}) == [("voice", "file_v2", "file")]
    assert sent("file", {"file_key": "f", "file_name": "x"}) == [("file", "f", "file")]
    assert sent("media", {"file_key": "f", "image_key": "i"}) == [("video", "f", "file")]
    lines = [[{"tag": "text", "text": "look"}, {"tag": "img", "image_key": "i"}]]
    assert sent("post", {"title": "", "content": lines}) == [("picture", "i", "image")]
    assert sent("image", {"image_key": "../../auth"}) == []
    assert sent("image", ["image_key"]) == []


def test_dingtalk() -> None:
    channel = dingtalk(lambda request: httpx.Response(200))
    said = {"msgId": "1", "conversationId": "c", "senderId": "s", "conversationType": "1"}
    alone = {"msgtype": "audio", "content": {"downloadCode": "d", "recognition": "您好"}}
    assert found(channel._event({**said, **alone})) == [("voice", "d")]
    runs = [{"text": "坏了"}, {"type": "picture", "downloadCode": "e"}, {"type": "picture"}]
    rich = {"msgtype": "richText", "content": {"richText": runs}}
    event = channel._event({**said, **rich})
    assert found(event) == [("picture", "e")]
    assert event is not None
    assert event.text == "坏了"


# What is given out

Serve = Callable[[httpx.Request], httpx.Response]


def http(serve: Serve) -> Http:
    return Http(httpx.AsyncClient(transport=httpx.MockTransport(serve)))


def dingtalk(serve: Serve) -> DingTalk:
    return DingTalk(DingTalkSettings(_env_file=None, app_key="k", app_secret="s"), http(serve))


def meta(**more: str) -> dict[str, str]:
    return {"token": "t", "app_secret": "a", "verify_token": "v", **more}


def fetch(channel: Channel, **place: str) -> bytes:
    return asyncio.run(channel.fetch(place, MOST)).body


def test_only_addresses_of_the_platform_are_asked() -> None:
    api = "https://api.example"
    for url in (
        "https://api.example/v1/x",
        "https://cdn.example/x",
        "https://a.cdn.example/x",
    ):
        assert trusted(url, api, "cdn.example") == url
    for url in (
        "http://cdn.example/x",
        "https://cdn.example.evil/x",
        "https://evilcdn.example/x",
        "https://api.example.evil/x",
        "https://api.example@evil/x",
        "https://cdn.example@evil/x",
        "https://evil/?https://cdn.example/",
        "https://[",
        "https://127.0.0.1/x",
        "file:///etc/passwd",
        "",
    ):
        with pytest.raises(Undeliverable):
            trusted(url, api, "cdn.example")


def never(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"{request.url} was asked")


@pytest.mark.parametrize(
    "channel",
    [
        Slack(SlackSettings(_env_file=None, token="t", signing_secret="s"), http(never)),
        Messenger(MessengerSettings(_env_file=None, **meta()), http(never)),
        Twilio(TwilioSettings(_env_file=None, account="AC", token="t"), http(never)),
    ],
    ids=lambda channel: channel.name,
)
def test_no_other_address_learns_the_token(channel: Channel) -> None:
    with pytest.raises(Undeliverable, match="not the platform's"):
        fetch(channel, url="https://evil.example/x", type="image/png")


def test_what_whatsapp_names_is_checked_too() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "graph.facebook.com"
        return httpx.Response(200, json={"url": "https://evil.example/x"})

    channel = WhatsApp(WhatsAppSettings(_env_file=None, phone_id="1", **meta()), http(serve))
    with pytest.raises(Undeliverable, match="not the platform's"):
        fetch(channel, media="9")


def test_what_dingtalk_names_is_checked_too() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("accessToken"):
            return httpx.Response(200, json={"accessToken": "t", "expireIn": 7200})
        return httpx.Response(200, json={"downloadUrl": "https://evil.example/x"})

    with pytest.raises(Undeliverable, match="not the platform's"):
        fetch(dingtalk(serve), code="d")


def test_slack_tells_of_a_missing_scope_by_a_page() -> None:
    page = httpx.Response(200, html="<html>sign in</html>")
    settings = SlackSettings(_env_file=None, token="t", signing_secret="s")
    channel = Slack(settings, http(lambda request: page))
    with pytest.raises(Undeliverable, match="files:read"):
        fetch(channel, url="https://files.slack.com/x", type="image/png")


def test_line_may_need_a_moment() -> None:
    settings = LineSettings(_env_file=None, token="t", secret="s")
    channel = Line(settings, http(lambda request: httpx.Response(202)))
    with pytest.raises(TryAgain):
        fetch(channel, message="1")


def wechat(serve: Serve) -> WeChat:
    def with_token(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/cgi-bin/stable_token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 7200})
        return serve(request)

    settings = WeChatSettings(_env_file=None, app_id="a", secret="s", token="t", aes_key=AES_KEY)
    return WeChat(settings, http(with_token))


def test_wechat_names_the_address_of_a_video() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/cgi-bin/media/get":
            return httpx.Response(200, json={"video_url": "http://video.qq.com/v"})
        assert str(request.url) == "https://video.qq.com/v"
        return httpx.Response(200, content=b"film", headers={"content-type": "video/mp4"})

    assert fetch(wechat(serve), media="m") == b"film"


@pytest.mark.parametrize(
    ("code", "error"), [(40001, TryAgain), (-1, TryAgain), (40007, Undeliverable)]
)
def test_wechat_refuses_by_a_code(code: int, error: type[Exception]) -> None:
    channel = wechat(lambda request: httpx.Response(200, json={"errcode": code}))
    with pytest.raises(error):
        fetch(channel, media="m")


def feishu(serve: Serve) -> Feishu:
    def with_token(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            answer = {"code": 0, "tenant_access_token": "t", "expire": 7200}
            return httpx.Response(200, json=answer)
        return serve(request)

    settings = FeishuSettings(
        _env_file=None, app_id="a", app_secret="s", encrypt_key="e", verification_token="v"
    )
    return Feishu(settings, http(with_token))


@pytest.mark.parametrize(
    ("code", "error"), [(99991663, TryAgain), (99991400, TryAgain), (234003, Undeliverable)]
)
def test_feishu_refuses_by_a_code(code: int, error: type[Exception]) -> None:
    channel = feishu(lambda request: httpx.Response(400, json={"code": code}))
    with pytest.raises(error):
        fetch(channel, message="om", key="img", type="image")


def test_a_customers_json_is_no_refusal() -> None:
    channel = feishu(lambda request: httpx.Response(200, json={"code": 99991663}))
    assert json.loads(fetch(channel, message="om", key="f", type="file")) == {"code": 99991663}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, content=b"x" * (MOST + 1)), Undeliverable),
        (httpx.Response(200, content=b""), Undeliverable),
        (httpx.Response(404), Undeliverable),
        (httpx.Response(401), TryAgain),
        (httpx.Response(429, headers={"retry-after": "7"}), TryAgain),
        (httpx.Response(503, json={"parameters": {"retry_after": 7}}), TryAgain),
    ],
)
def test_what_may_come_instead(answer: httpx.Response, error: type[Exception]) -> None:
    settings = LineSettings(_env_file=None, token="t", secret="s")
    with pytest.raises(error) as raised:
        fetch(Line(settings, http(lambda request: answer)), message="1")
    if answer.status_code == 429:
        assert isinstance(raised.value, TryAgain)
        assert raised.value.after_s == 7


def test_a_platform_of_ones_own_need_not_give_anything_out() -> None:
    class Bare(Line):
        fetch = Channel.fetch

    bare = Bare(LineSettings(_env_file=None, token="t", secret="s"), http(never))
    with pytest.raises(Undeliverable):
        fetch(bare, message="1")
