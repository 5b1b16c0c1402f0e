"""WeChat Official Accounts (微信公众号).

Receiving: developers.weixin.qq.com/doc/offiaccount/Message_Management; in the plain mode the
signature covers no body, in the safe mode (with an EncodingAESKey) all of it. Sending: customer
service messages, message/custom/send and typing (…/doc/service/api/customer/message), within 48
hours of the customer's last message and no more than five for each; after a click on the menu or a
new follower three within a minute, which WeChat's own codes tell. Accounts that may not call it
(unverified ones) set PASSIVE: then the answer to WeChat's own call carries one text.

The stored pages are silent on, or disagree about: how many articles a news message may have (ten,
eight, one since 2018: we send one), how much text a menu takes (we keep all of it within 2048
bytes), and the codes of errors other than 45015, 45047, 45081: from memory.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
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
    same,
    secret,
)
from bot.channels.errors import TryAgain, Undeliverable
from bot.channels.http import Download, object_of, trusted
from bot.channels.platforms.tencent import (
    LINKS,
    TEXT_BYTES,
    Envelope,
    OptionalAesKey,
    article,
    attachments,
    media,
    read,
    signature,
    write,
)
from bot.channels.reading import words
from bot.channels.render import Capabilities, Piece, card_of, degrade
from bot.channels.split import split, utf8
from bot.channels.tokens import AccessToken
from bot.messages import BotMessage
from bot.wording.phrases import phrase


class WeChatSettings(ChannelSettings):
    model_config = SettingsConfigDict(env_prefix="SHOPGUIDE_WECHAT_")

    app_id: str = Field(description="AppID of the account, wx…")
    secret: SecretStr = Field(description="AppSecret of the account")
    token: SecretStr = Field(description="Token under 服务器配置")
    aes_key: OptionalAesKey = Field(
        SecretStr(""), description="EncodingAESKey of the safe mode; empty: the plain mode"
    )
    passive: bool = Field(False, description="the account may not send customer service messages")
    api: str = Field("https://api.weixin.qq.com", description="address of the interface")


_MEDIA = {"image", "voice", "video", "shortvideo", "location", "link", "file"}
_TOKEN = {40001, 40014, 42001}
_WINDOW_S = 48 * 3600.0
_PASSIVE_S = 4.5  # WeChat hangs up after five seconds, and calls three times
_SPENT_S = 10.0  # five messages were sent: the customer's next one lets the rest through


class WeChat(Channel):
    name = "wechat"
    title = "WeChat"
    Settings = WeChatSettings
    capabilities = Capabilities(
        text=TEXT_BYTES,
        measure=utf8,
        markup=LINKS,
        buttons=10,
        button_title=40,
        button_payload=120,
        says_title=True,
    )
    settings: WeChatSettings

    def __init__(self, settings: WeChatSettings, *parts: Any, **named: Any) -> None:
        super().__init__(settings, *parts, **named)
        key = secret(settings.aes_key)
        token = secret(settings.token)
        self._envelope = Envelope(token, key, settings.app_id) if key else None
        self._token = AccessToken(self._fetch)
        if settings.passive:
            self.capabilities = replace(self.capabilities, buttons=0)

    # What comes

    def verify(self, request: Request) -> None:
        query = request.query
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if self._envelope is not None and request.method == "POST":
            self._open(request)
        else:
            expected = signature(secret(self.settings.token), timestamp, nonce)
            same(query.get("signature", ""), expected)
        self.fresh(timestamp)

    def events(self, request: Request) -> Received:
        if request.method == "GET":
            return Received(answer=Answer(request.query.get("echostr", "")))
        event = _event(read(self._open(request)))
        return Received([event] if event is not None else [], Answer("success"))

    def _open(self, request: Request) -> bytes:
        if self._envelope is None:
            return request.body
        signed, timestamp, nonce = (
            request.query.get(name, "") for name in ("msg_signature", "timestamp", "nonce")
        )
        sealed = read(request.body).get("Encrypt", "")
        return self._envelope.open(sealed, signed, timestamp, nonce)

    # What goes

    def reply(
        self, messages: Sequence[BotMessage], to: Address, *, draft: str | None = None
    ) -> list[Call]:
        contents = [
            content
            for message in messages
            for piece in degrade(message, self._able(message), self.public_url)
            for content in _contents(piece, message.language)
        ]
        if self.settings.passive:
            contents = _as_one([content["text"]["content"] for content in contents])
        return [{"touser": to["user"], "at": to.get("at", 0), **content} for content in contents]

    def _able(self, message: BotMessage) -> Capabilities:
        """One product alone is an article; several are a list, since each article would be a
        message and five are allowed."""
        alone = len(message.cards) == 1 and not self.settings.passive
        leads = alone and bool(card_of(message.cards[0], message.language, self.public_url).url)
        return replace(self.capabilities, cards=int(leads))

    async def send(self, call: Call, key: str) -> None:
        body = {name: value for name, value in call.items() if name != "at"}
        if self.clock() - call["at"] > _WINDOW_S:
            raise Undeliverable("the customer has said nothing for 48 hours")
        await self._call("/cgi-bin/message/custom/send", body)

    async def fetch(self, place: Mapping[str, Any], most: int) -> Download:
        url = f"{self.settings.api}/cgi-bin/media/get"
        given = await media(self.http, url, self._token, _TOKEN, place["media"], most)
        video = words(given.object(), "video_url")
        if not video:
            return given
        video = re.sub(r"^http:(?=//[^/]+\.qq\.com/)", "https:", video)
        return await self.http.file(trusted(video, self.settings.api, "qq.com"), most)

    async def notice(self, event: ChannelEvent) -> None:
        if not self.settings.passive:
            body = {"touser": event.address["user"], "command": "Typing"}
            await self._call("/cgi-bin/message/custom/typing", body)

    @property
    def passive_s(self) -> float:
        return _PASSIVE_S if self.settings.passive else 0

    def passive(self, calls: Sequence[Call], request: Request) -> Answer | None:
        if not calls:
            return Answer("success")
        said = read(self._open(request))
        now = int(self.clock())
        reply = write(
            ToUserName=said.get("FromUserName", ""),
            FromUserName=said.get("ToUserName", ""),
            CreateTime=now,
            MsgType="text",
            Content=calls[0]["text"]["content"],
        )
        if self._envelope is not None:
            sealed = self._envelope.seal(reply.encode())
            nonce = str(secrets.randbelow(10**10))
            signed = self._envelope.sign(sealed, str(now), nonce)
            reply = write(Encrypt=sealed, MsgSignature=signed, TimeStamp=now, Nonce=nonce)
        return Answer(reply, "application/xml")

    async def _call(self, path: str, body: dict[str, Any]) -> None:
        """Raises `TryAgain`, `Undeliverable`."""
        token = await self._token.get()
        answer = await self.http.post(
            f"{self.settings.api}{path}",
            params={"access_token": token},
            # Customers would read \\u-escapes as they stand.
            content=json.dumps(body, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json; charset=utf-8"},
        )
        match object_of(answer).get("errcode", f"HTTP {answer.status_code}"):
            case 0:
                return
            case code if code in _TOKEN:
                self._token.drop(token)
                raise TryAgain(f"WeChat refuses the access token ({code})")
            case 45047:
                raise TryAgain("five messages were sent since the customer's last", _SPENT_S)
            case -1 | 45009 | 45011 as code:
                raise TryAgain(f"WeChat is busy ({code})", None if code == -1 else 60)
            case 45015:
                raise Undeliverable("the customer has said nothing for 48 hours, or has left")
            case code:
                raise Undeliverable(f"WeChat refuses the message ({code})")

    async def _fetch(self) -> tuple[str, float]:
        """Stable tokens: another gateway's does not end ours."""
        body = {
            "grant_type": "client_credential",
            "appid": self.settings.app_id,
            "secret": secret(self.settings.secret),
        }
        answer = await self.http.post(f"{self.settings.api}/cgi-bin/stable_token", json=body)
        said = object_of(answer)
        if not said.get("access_token"):  # the secret: mend it, and what waits is sent
            raise TryAgain(f"WeChat gives no access token ({said.get('errcode')})", 60)
        return str(said["access_token"]), float(said.get("expires_in", 7200))


def _event(said: dict[str, str]) -> ChannelEvent | None:
    """`said` is a message or an event as WeChat describes it."""
    user, kind, happened = (said.get(name, "") for name in ("FromUserName", "MsgType", "Event"))
    what: Literal["text", "press", "hello", "media"]
    text = ""
    if kind == "text":  # of a menu too: WeChat writes the title
        what, text = "text", said.get("Content", "")
    elif kind in _MEDIA:
        what = "media"
    elif kind == "event" and happened == "subscribe":
        what = "hello"
    elif kind == "event" and happened == "CLICK" and said.get("EventKey"):
        what, text = "press", said["EventKey"]
    else:
        return None  # somebody left, opened a page, told their place
    if not user:
        return None
    number = said.get("MsgId") or f"{said.get('CreateTime', '')}:{happened}:{text}"
    place: Address = {"user": user}
    return ChannelEvent(f"{user}:{number}", user, what, place, text, attachments=attachments(said))


def _contents(piece: Piece, language: str) -> Iterator[dict[str, Any]]:
    for card in piece.cards:
        yield {"msgtype": "news", "news": {"articles": [article(card, 64, 512)]}}
    text = piece.text(LINKS)
    if not piece.buttons:
        if text:
            yield _text(text)
        return
    # What is a link in a text may not be one in a menu.
    linked = any(span.url for line in piece.lines for span in line)
    titles = sum(utf8(button.title) for button in piece.buttons)
    if text and (linked or utf8(text) + titles > TEXT_BYTES):
        yield _text(text)
        text = phrase("channel.choose", language)
    choices = [{"id": str(n), "content": button.title} for n, button in enumerate(piece.buttons, 1)]
    menu = {"head_content": text, "list": choices, "tail_content": ""}
    yield {"msgtype": "msgmenu", "msgmenu": menu}


def _as_one(texts: Sequence[str]) -> list[dict[str, Any]]:
    whole = "\n\n".join(texts)
    if utf8(whole) > TEXT_BYTES:
        cut = split(whole, TEXT_BYTES - utf8("…"), utf8)[0]
        if cut.rfind("<a ") > cut.rfind("</a>"):  # within a link
            cut = cut[: cut.rfind("<a ")].rstrip()
        whole = f"{cut}…"
    return [_text(whole)] if whole else []


def _text(words: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": words}}
