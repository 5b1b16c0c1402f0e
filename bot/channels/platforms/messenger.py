"""Messenger: the Messenger Platform
(developers.facebook.com/documentation/business-messaging/messenger-platform).

The page subscribes to `messages`, `messaging_postbacks` and `messaging_referrals`; echoes of what
the page says, receipts and what another app has in hand (`standby`) are no events. Its "Get
Started" button has the payload GET_STARTED. A chat has one customer: there are no groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from bot.channels.channel import Address, Attachment, AttachmentKind, Call, ChannelEvent
from bot.channels.http import Download
from bot.channels.linking import read_link_command
from bot.channels.platforms.meta import WINDOW_S, MetaChannel, MetaSettings, in_time
from bot.channels.reading import objects, words
from bot.channels.render import Capabilities, Card, Piece, degrade
from bot.channels.split import utf16
from bot.messages import BotMessage


class MessengerSettings(MetaSettings):
    model_config = SettingsConfigDict(env_prefix="SHOPGUIDE_MESSENGER_")

    page: str = Field("", description="the page's user name or id; needed in links")
    human_agent: bool = Field(
        False, description="the app has Human Agent: people may answer for 7 days, not 24 hours"
    )


_HUMAN_S = 7 * WINDOW_S
_GET_STARTED = "GET_STARTED"
_KINDS: dict[str, AttachmentKind] = {
    "image": "picture",
    "audio": "voice",
    "video": "video",
    "file": "file",
}


class Messenger(MetaChannel):
    name = "messenger"
    title = "Messenger"
    Settings = MessengerSettings
    # Buttons are quick replies; a button template shows three and 640 characters.
    capabilities = Capabilities(
        text=2000,
        measure=utf16,
        buttons=13,
        button_title=20,
        button_payload=1000,
        cards=10,
        card_text=80,
    )
    settings: MessengerSettings

    # What comes

    def entry(self, entry: dict[str, Any]) -> Iterator[ChannelEvent]:
        for said in objects(entry.get("messaging")):
            if event := _event(said):
                yield event

    # What goes

    def reply(
        self, messages: Sequence[BotMessage], to: Address, *, draft: str | None = None
    ) -> list[Call]:
        began = float(to.get("at", self.clock()))
        how: Call = {"messaging_type": "RESPONSE", "until": began + WINDOW_S}
        # So late only people write: answers go out at once.
        if self.age_s(to) > WINDOW_S and self.settings.human_agent:
            how = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT", "until": began + _HUMAN_S}
        return [
            {"recipient": {"id": to["user"]}, **how, "message": _content(piece)}
            for message in messages
            for piece in degrade(message, self.capabilities, self.public_url)
        ]

    async def send(self, call: Call, key: str) -> None:
        await self.graph("me/messages", in_time(call, self.clock()))

    async def fetch(self, place: Mapping[str, Any], most: int) -> Download:
        return await self.http.file(self.own(place["url"]), most)

    async def notice(self, event: ChannelEvent) -> None:
        recipient = {"id": event.address["user"]}
        await self.graph("me/messages", {"recipient": recipient, "sender_action": "typing_on"})

    def link(self, code: str) -> str | None:
        page = self.settings.page
        return f"https://m.me/{quote(page)}?ref={quote(code)}" if page else None


def _event(said: dict[str, Any]) -> ChannelEvent | None:
    user = words(said, "sender", "id")
    message = said.get("message")
    if not user or (isinstance(message, dict) and message.get("is_echo")):
        return None
    address: Address = {"user": user}
    id = (
        words(said, "message", "mid")
        or words(said, "postback", "mid")
        or f"{user}:{words(said, 'timestamp')}"  # a referral, some postbacks
    )
    if payload := words(said, "message", "quick_reply", "payload"):
        return ChannelEvent(id, user, "press", address, payload)
    if isinstance(message, dict):
        text, sent = words(message, "text"), list(_attachments(message))
        if not text and not message.get("attachments"):
            return None
        return ChannelEvent(id, user, "text" if text else "media", address, text, attachments=sent)
    payload = words(said, "postback", "payload")
    code = words(said, "postback", "referral", "ref") or words(said, "referral", "ref")
    if read_link_command(code):  # the chat was opened by our own link
        return ChannelEvent(id, user, "text", address, code)
    if payload == _GET_STARTED:
        return ChannelEvent(id, user, "hello", address)
    return ChannelEvent(id, user, "press", address, payload) if payload else None


def _attachments(message: dict[str, Any]) -> Iterator[Attachment]:
    for one in objects(message.get("attachments")):
        kind, url = _KINDS.get(words(one, "type")), words(one, "payload", "url")
        if kind is not None and url:
            yield Attachment(kind, {"url": url})


def _content(piece: Piece) -> dict[str, Any]:
    if piece.cards:
        elements = [_element(card) for card in piece.cards]
        payload = {"template_type": "generic", "elements": elements}
        return {"attachment": {"type": "template", "payload": payload}}
    content: dict[str, Any] = {"text": piece.text()}
    if piece.buttons:
        content["quick_replies"] = [
            {"content_type": "text", "title": button.title, "payload": button.payload}
            for button in piece.buttons
        ]
    return content


def _element(card: Card) -> dict[str, Any]:
    element: dict[str, Any] = {"title": card.title, "subtitle": card.line}
    if card.image.startswith("https://"):
        element["image_url"] = card.image
    if card.url.startswith("https://"):
        element["default_action"] = {"type": "web_url", "url": card.url}
    return element
