"""LINE: the Messaging API (developers.line.biz/en/reference/messaging-api).

An answer that is ready within the reply token's minute is a reply, which is free; what comes later,
or behind the first five messages, is a push, which counts against the account's plan. A push that
is repeated carries the same retry key and is shown once. A reply knows no such key: when LINE took
one and its acknowledgement was lost, the token is used up and the same is pushed, shown twice.

In groups and rooms the account listens when it is mentioned. The reference does not say in what
units the place of a mention counts; UTF-16, in which LINE counts texts, is taken. Quick replies are
not shown by LINE on computers, where customers write instead.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from bot.channels.channel import (
    Address,
    Attachment,
    AttachmentKind,
    Call,
    Channel,
    ChannelEvent,
    ChannelSettings,
    Received,
    Request,
    bearer,
    same,
    secret,
)
from bot.channels.errors import TryAgain, Undeliverable
from bot.channels.http import Download, object_of
from bot.channels.reading import objects, part, words
from bot.channels.render import Capabilities, Card, Piece, degrade
from bot.channels.split import split, utf16
from bot.messages import BotMessage


class LineSettings(ChannelSettings):
    model_config = SettingsConfigDict(env_prefix="SHOPGUIDE_LINE_")

    token: SecretStr = Field(description="Channel access token (long-lived)")
    secret: SecretStr = Field(description="Channel secret")
    account: str = Field("", description="Basic ID of the account, @…; needed in links")
    api: str = Field("https://api.line.me", description="address of the Messaging API")
    data_api: str = Field(
        "https://api-data.line.me", description="address where it gives out pictures and files"
    )


_TOGETHER = 5  # messages of one call
_TOKEN_S = 50.0  # LINE promises a minute
_LABEL = 20
_ALT = 400
_LOADING_S = 20  # a multiple of five; an answer ends it
_MEDIA = set("audio file image location sticker video".split())
_KINDS: dict[str, AttachmentKind] = {
    "audio": "voice",
    "file": "file",
    "image": "picture",
    "video": "video",
}


class Line(Channel):
    name = "line"
    title = "LINE"
    Settings = LineSettings
    capabilities = Capabilities(
        text=5000,
        measure=utf16,
        buttons=13,
        button_title=_LABEL,
        button_payload=300,
        cards=12,
    )
    settings: LineSettings

    def verify(self, request: Request) -> None:
        key = secret(self.settings.secret).encode()
        digest = hmac.new(key, request.body, hashlib.sha256).digest()
        same(request.headers.get("x-line-signature", ""), base64.b64encode(digest).decode())

    # What comes

    def events(self, request: Request) -> Received:
        found = (_event(said) for said in objects(request.json().get("events")))
        return Received([event for event in found if event is not None])

    # What goes

    def reply(
        self, messages: Sequence[BotMessage], to: Address, *, draft: str | None = None
    ) -> list[Call]:
        shown = [
            _message(piece)
            for message in messages
            for piece in degrade(message, self.capabilities, self.public_url)
        ]
        calls: list[Call] = [
            {"to": to["to"], "messages": shown[n : n + _TOGETHER]}
            for n in range(0, len(shown), _TOGETHER)
        ]
        if calls and "token" in to:
            calls[0] |= {"token": to["token"], "until": to.get("at", self.clock()) + _TOKEN_S}
        return calls

    async def send(self, call: Call, key: str) -> None:
        if "token" in call and self.clock() < call["until"]:
            reply = {"replyToken": call["token"], "messages": call["messages"]}
            answer = await self._post("message/reply", reply)
            if answer.is_success:
                return  # else the token is used up, and a push tells whether that was all
        push = {"to": call["to"], "messages": call["messages"]}
        retry_key = str(uuid.uuid5(uuid.NAMESPACE_URL, key))
        answer = await self._post("message/push", push, {"X-Line-Retry-Key": retry_key})
        if not answer.is_success and answer.status_code != 409:  # 409: LINE has it already
            reason = words(object_of(answer), "message") or f"HTTP {answer.status_code}"
            raise Undeliverable(reason)

    async def fetch(self, place: Mapping[str, Any], most: int) -> Download:
        url = f"{self.settings.data_api}/v2/bot/message/{place['message']}/content"
        return await self.http.file(url, most, headers=bearer(secret(self.settings.token)))

    async def notice(self, event: ChannelEvent) -> None:
        if not event.group:
            await self._post(
                "chat/loading/start",
                {"chatId": event.address["to"], "loadingSeconds": _LOADING_S},
            )

    def link(self, code: str) -> str | None:
        account = self.settings.account
        return f"https://line.me/R/oaMessage/{quote(account)}/?{quote(code)}" if account else None

    async def _post(
        self, path: str, body: Call, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Raises `TryAgain`."""
        answer = await self.http.post(
            f"{self.settings.api}/v2/bot/{path}",
            json=body,
            headers={**bearer(secret(self.settings.token)), **(headers or {})},
        )
        if answer.status_code == 401:  # mend it, and what waits is sent
            raise TryAgain("LINE refuses the token", 60)
        return answer


def _event(said: dict[str, Any]) -> ChannelEvent | None:
    id, user = words(said, "webhookEventId"), words(said, "source", "userId")
    place = words(said, "source", "groupId") or words(said, "source", "roomId")
    if not id or not (place or user) or words(said, "mode") == "standby":
        return None
    address: Address = {"to": place or user}
    if token := words(said, "replyToken"):
        address["token"] = token
    conversation, group = f"{place}:{user}" if place else user, bool(place)
    match words(said, "type"):
        case "postback":
            pressed = words(said, "postback", "data")
            return (
                ChannelEvent(id, conversation, "press", address, pressed, group)
                if pressed
                else None
            )
        case "follow":
            return ChannelEvent(id, conversation, "hello", address)
        case "message":
            text = _meant(part(said, "message")) if group else words(said, "message", "text")
            if text is not None and (text or group):
                return ChannelEvent(id, conversation, "text", address, text, group)
            if words(said, "message", "type") in _MEDIA and not group:
                sent = _attachments(part(said, "message"))
                return ChannelEvent(id, conversation, "media", address, attachments=sent)
    return None  # an unsent message, somebody who joined


def _attachments(message: dict[str, Any]) -> list[Attachment]:
    """What the message is, if LINE has it: a page of another's may be somewhere else."""
    kind, id = _KINDS.get(words(message, "type")), words(message, "id")
    elsewhere = words(message, "contentProvider", "type") == "external"
    if kind is None or not id.isdecimal() or elsewhere:
        return []
    return [Attachment(kind, {"message": id})]


def _meant(message: dict[str, Any]) -> str | None:
    """What a group's message says to the account, without its mentions; None for all else."""
    spots = [
        (int(words(spot, "index")), int(words(spot, "length")))
        for spot in objects(part(message, "mention").get("mentionees"))
        if spot.get("isSelf") is True
        and words(spot, "index").isdecimal()
        and words(spot, "length").isdecimal()
    ]
    if not spots:
        return None
    text = words(message, "text").encode("utf-16-le", "surrogatepass")
    for index, length in sorted(spots, reverse=True):
        text = text[: 2 * index] + text[2 * (index + length) :]
    return text.decode("utf-16-le", "replace").strip()


def _message(piece: Piece) -> dict[str, Any]:
    if piece.cards:
        told = "\n".join(card.title for card in piece.cards)
        bubbles = [_bubble(card) for card in piece.cards]
        return {
            "type": "flex",
            "altText": split(told, _ALT, utf16)[0],
            "contents": {"type": "carousel", "contents": bubbles},
        }
    message: dict[str, Any] = {"type": "text", "text": piece.text()}
    if piece.buttons:
        items = [
            {
                "type": "action",
                "action": {
                    "type": "postback",
                    "label": button.title,
                    "data": button.payload,
                    "displayText": button.title,
                },
            }
            for button in piece.buttons
        ]
        message["quickReply"] = {"items": items}
    return message


def _bubble(card: Card) -> dict[str, Any]:
    title = {"type": "text", "text": card.title, "weight": "bold", "wrap": True}
    facts = [{"type": "text", "text": fact, "size": "sm", "wrap": True} for fact in card.facts]
    contents = [title, *(fact for fact in facts if fact["text"])]
    bubble: dict[str, Any] = {
        "type": "bubble",
        "body": {"type": "box", "layout": "vertical", "spacing": "sm", "contents": contents},
    }
    if card.image.startswith("https://"):
        bubble["hero"] = {"type": "image", "url": card.image, "size": "full", "aspectMode": "cover"}
    if card.url:
        bubble["action"] = {"type": "uri", "label": card.title[:_LABEL], "uri": card.url}
    return bubble
