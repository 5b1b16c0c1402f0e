"""WeCom (企业微信): an app of the corporation's own, for those who see it.

Receiving: developer.work.weixin.qq.com/document/path/90238, events 90240; sending 90236. An app has
no groups. Texts of 2048 bytes and their truncation are as documented (90241); so are template
cards, but of the sizes within them (news of 128 and 512 bytes, titles of buttons, a menu's
subtitle of 112 characters) and of error codes the stored pages are silent: those are from memory.
Template cards show in WeCom itself, not in its plugin within WeChat.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from bot.channels.channel import (
    Address,
    Answer,
    Call,
    Channel,
    ChannelEvent,
    ChannelSettings,
    Received,
    Request,
    secret,
)
from bot.channels.errors import TryAgain, Undeliverable
from bot.channels.http import Download, object_of
from bot.channels.platforms.tencent import (
    LINKS,
    TEXT_BYTES,
    AesKey,
    Envelope,
    article,
    attachments,
    media,
    read,
)
from bot.channels.render import Capabilities, Piece, degrade
from bot.channels.split import split, utf8
from bot.channels.tokens import AccessToken
from bot.messages import BotMessage
from bot.wording.phrases import phrase


class WeComSettings(ChannelSettings):
    model_config = SettingsConfigDict(env_prefix="SHOPGUIDE_WECOM_")

    corp_id: str = Field(description="id of the corporation, ww…")
    agent_id: int = Field(description="AgentId of the app")
    secret: SecretStr = Field(description="Secret of the app")
    token: SecretStr = Field(description="Token under 接收消息")
    aes_key: AesKey = Field(description="EncodingAESKey under 接收消息, 43 letters and digits")
    api: str = Field("https://qyapi.weixin.qq.com", description="address of the interface")


_BUSY = {-1, 45009, 45033, 45047}
_TOKEN = {40001, 40014, 42001}
_MEDIA = {"image", "voice", "video", "file", "location", "link"}
_SUBTITLE = 112  # characters of a card with buttons


class WeCom(Channel):
    name = "wecom"
    title = "WeCom"
    Settings = WeComSettings
    capabilities = Capabilities(
        text=TEXT_BYTES,
        measure=utf8,
        markup=LINKS,
        buttons=6,
        button_title=20,
        button_payload=1024,
        cards=8,
    )
    settings: WeComSettings

    def __init__(self, settings: WeComSettings, *parts: Any, **named: Any) -> None:
        super().__init__(settings, *parts, **named)
        self._envelope = Envelope(
            secret(settings.token), secret(settings.aes_key), settings.corp_id
        )
        self._token = AccessToken(self._fetch)

    # What comes

    def verify(self, request: Request) -> None:
        self._open(request)
        self.fresh(request.query.get("timestamp", ""))

    def events(self, request: Request) -> Received:
        opened = self._open(request)
        if request.method == "GET":
            return Received(answer=Answer(opened.decode("utf-8", "replace")))
        event = _event(read(opened))
        return Received([event] if event is not None else [])

    def _open(self, request: Request) -> bytes:
        query = request.query
        if request.method == "GET":
            sealed = query.get("echostr", "")
        else:
            sealed = read(request.body).get("Encrypt", "")
        signed, timestamp, nonce = (
            query.get(name, "") for name in ("msg_signature", "timestamp", "nonce")
        )
        return self._envelope.open(sealed, signed, timestamp, nonce)

    # What goes

    def reply(
        self, messages: Sequence[BotMessage], to: Address, *, draft: str | None = None
    ) -> list[Call]:
        return [
            {"touser": to["user"], **content}
            for message in messages
            for piece in degrade(message, self.capabilities, self.public_url)
            for content in _contents(piece, message.language)
        ]

    async def send(self, call: Call, key: str) -> None:
        body = {**call, "agentid": self.settings.agent_id}
        if "template_card" in call:
            # Each card needs an id of its own; the same at each attempt.
            task = hashlib.sha256(key.encode()).hexdigest()[:32]
            body["template_card"] = {**call["template_card"], "task_id": task}
        token = await self._token.get()
        answer = await self.http.post(
            f"{self.settings.api}/cgi-bin/message/send", params={"access_token": token}, json=body
        )
        said = object_of(answer)
        code = said.get("errcode", f"HTTP {answer.status_code}")
        if code in _TOKEN:
            self._token.drop(token)
            raise TryAgain(f"WeCom refuses the access token ({code})")
        if code in _BUSY:
            raise TryAgain(f"WeCom is busy ({code})", 60 if code == 45009 else None)
        if code != 0:
            raise Undeliverable(f"WeCom refuses the message ({code})")
        if said.get("invaliduser"):
            raise Undeliverable("the person does not see the app")

    async def fetch(self, place: Mapping[str, Any], most: int) -> Download:
        url = f"{self.settings.api}/cgi-bin/media/get"
        return await media(self.http, url, self._token, _TOKEN, place["media"], most)

    async def _fetch(self) -> tuple[str, float]:
        answer = await self.http.get(
            f"{self.settings.api}/cgi-bin/gettoken",
            params={"corpid": self.settings.corp_id, "corpsecret": secret(self.settings.secret)},
        )
        said = object_of(answer)
        if said.get("errcode") != 0 or not said.get("access_token"):
            # The secret: mend it, and what waits is sent.
            raise TryAgain(f"WeCom gives no access token ({said.get('errcode')})", 60)
        return str(said["access_token"]), float(said.get("expires_in", 7200))


def _event(said: dict[str, str]) -> ChannelEvent | None:
    """`said` is a message or an event as WeCom describes it."""
    user, kind = said.get("FromUserName", ""), said.get("MsgType", "")
    if not user:
        return None
    what: Literal["text", "press", "hello", "media"]
    text = ""
    if kind == "text":
        what, text = "text", said.get("Content", "")
    elif kind in _MEDIA:
        what = "media"
    elif kind == "event" and said.get("Event") in ("template_card_event", "click"):
        what, text = "press", said.get("EventKey", "")
        if not text:
            return None
    elif kind == "event" and said.get("Event") == "subscribe":
        what = "hello"
    else:
        return None  # entering the app, a place, changes of the corporation's people
    number = said.get("MsgId") or ":".join(
        said.get(name, "") for name in ("CreateTime", "Event", "EventKey", "TaskId")
    )
    place: Address = {"user": user}
    return ChannelEvent(f"{user}:{number}", user, what, place, text, attachments=attachments(said))


def _contents(piece: Piece, language: str) -> Iterator[dict[str, Any]]:
    for leads, cards in groupby(piece.cards, lambda card: bool(card.url)):
        if leads:
            articles = [article(card, 128, 512) for card in cards]
            yield {"msgtype": "news", "news": {"articles": articles}}
        else:  # an article has to lead somewhere
            words = "\n\n".join("\n".join((card.title, *card.facts)) for card in cards)
            for part in split(LINKS.escape(words), TEXT_BYTES, utf8):
                yield _text(part)
    text = piece.text(LINKS)
    title = phrase("channel.choose", language)
    linked = any(span.url for line in piece.lines for span in line)
    within = bool(piece.buttons) and len(text) <= _SUBTITLE and not linked
    if text and not within:
        yield _text(text)
    if piece.buttons:
        shown = {"sub_title_text": text} if within and text != title else {}
        yield {
            "msgtype": "template_card",
            "template_card": {
                "card_type": "button_interaction",
                "main_title": {"title": title},
                **shown,
                "button_list": [
                    {"text": button.title, "style": 1, "key": button.payload}
                    for button in piece.buttons
                ],
            },
        }


def _text(words: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": words}}
