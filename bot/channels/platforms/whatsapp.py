"""WhatsApp: the Cloud API (developers.facebook.com/documentation/business-messaging/whatsapp).

Up to three short buttons are reply buttons, up to ten an interactive list. After the 24 hours in
which a business may answer, only approved templates go: with `template` set, what an agent writes
then is carried by one.

Where sources disagree or are silent:
- The text above a list may have 4096 characters by one page, 1024 by others: 1024 are kept.
- No way is published to write `*` and its like as themselves. A zero-width space behind a mark that
  could open a style keeps it from doing so.
- Webhooks of groups do not tell whether the business is meant: messages of groups are no events.
- People with a username may come without a number: they are known and answered by `user_id`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

import structlog
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from bot.channels.channel import Address, Attachment, AttachmentKind, Call, ChannelEvent
from bot.channels.http import Download
from bot.channels.platforms.meta import WINDOW_S, MetaChannel, MetaSettings, in_time
from bot.channels.reading import objects, part, words
from bot.channels.render import Capabilities, Markup, Piece, degrade
from bot.channels.split import split, utf16
from bot.messages import BotMessage, Button
from bot.wording.phrases import phrase

log = structlog.get_logger("channels")


class WhatsAppSettings(MetaSettings):
    model_config = SettingsConfigDict(env_prefix="SHOPGUIDE_WHATSAPP_")

    phone_id: str = Field(description="Phone number ID of the shop's number")
    number: str = Field("", description="the shop's number, country code first; needed in links")
    template: str = Field(
        "", description="a template in zh_CN and en whose one variable says what comes after 24 h"
    )


_OPENS = re.compile(r"(?<![^\W_])([*_~`])(?=\S)")  # _ is a mark here, no letter
_BLOCK = re.compile(r"^(?=(?:[>*-]|\d+\.) )", re.MULTILINE)


def _escape(text: str) -> str:
    return _BLOCK.sub("\u200b", _OPENS.sub("\\1\u200b", text))


def _bold(text: str) -> str:
    if not text.strip() or re.search(r"[*\n]", text):
        return text  # a mark within would end it
    return f"*{text.strip()}*"


MARKUP = Markup(escape=_escape, bold=_bold)

_BODY = 1024
_LABEL = 20
_ROW = 24
_VARIABLE = 900  # a template has 1024 characters, its own words among them
_MEDIA = set("audio contacts document image location sticker video".split())
_KINDS: dict[str, AttachmentKind] = {
    "audio": "voice",
    "document": "file",
    "image": "picture",
    "video": "video",
}


class WhatsApp(MetaChannel):
    name = "whatsapp"
    title = "WhatsApp"
    Settings = WhatsAppSettings
    capabilities = Capabilities(
        text=4096, measure=utf16, markup=MARKUP, buttons=10, button_title=72, button_payload=200
    )
    settings: WhatsAppSettings

    # What comes

    def entry(self, entry: dict[str, Any]) -> Iterator[ChannelEvent]:
        for change in objects(entry.get("changes")):
            value = part(change, "value")
            if words(value, "metadata", "phone_number_id") != self.settings.phone_id:
                continue  # another number of the same account
            for message in objects(value.get("messages")):
                if event := _event(message):
                    yield event
            for status in objects(value.get("statuses")):
                for error in objects(status.get("errors")):
                    log.warning("a message failed after it was taken", code=words(error, "code"))

    # What goes

    def reply(
        self, messages: Sequence[BotMessage], to: Address, *, draft: str | None = None
    ) -> list[Call]:
        if self.age_s(to) > WINDOW_S and self.settings.template:
            contents = [content for message in messages for content in self._templates(message)]
            return [{**_place(to), **content} for content in contents]
        until = float(to.get("at", self.clock())) + WINDOW_S
        return [
            {**_place(to), **content, "until": until}
            for message in messages
            for piece in degrade(message, self.capabilities, self.public_url)
            for content in _contents(piece, message.language)
        ]

    def _templates(self, message: BotMessage) -> Iterator[dict[str, Any]]:
        """What the message says as a template's variable, which is one line."""
        pieces = degrade(message, self.capabilities, self.public_url)
        line = " ".join(" ".join(piece.text() for piece in pieces).split())
        for text in split(line, _VARIABLE, utf16):
            variable = {"type": "body", "parameters": [{"type": "text", "text": text}]}
            template = {
                "name": self.settings.template,
                "language": {"code": "zh_CN" if message.language == "zh" else "en"},
                "components": [variable],
            }
            yield {"type": "template", "template": template}

    async def send(self, call: Call, key: str) -> None:
        await self._post(
            {"messaging_product": "whatsapp", "recipient_type": "individual"}
            | in_time(call, self.clock())
        )

    async def fetch(self, place: Mapping[str, Any], most: int) -> Download:
        url = self.own(await self.named(place["media"]))
        return await self.http.file(url, most, headers=self.key())

    async def notice(self, event: ChannelEvent) -> None:
        if "message" in event.address:
            await self._post(
                {
                    "messaging_product": "whatsapp",
                    "status": "read",
                    "message_id": event.address["message"],
                    "typing_indicator": {"type": "text"},
                }
            )

    async def _post(self, body: Call) -> None:
        await self.graph(f"{self.settings.phone_id}/messages", body)

    def link(self, code: str) -> str | None:
        number = "".join(filter(str.isdecimal, self.settings.number))
        return f"https://wa.me/{number}?text={quote(code)}" if number else None


def _event(message: dict[str, Any]) -> ChannelEvent | None:
    number, user = words(message, "from"), words(message, "from_user_id")
    sender, id = number or user, words(message, "id")
    if not sender or not id or "group_id" in message:
        return None
    address: Address = {"message": id, **({"to": number} if number else {"recipient": user})}
    if pressed := _pressed(message):
        return ChannelEvent(id, sender, "press", address, pressed)
    if text := words(message, "text", "body") or words(message, "button", "text"):
        return ChannelEvent(id, sender, "text", address, text)
    match words(message, "type"):
        case kind if kind in _MEDIA:
            text, media = words(message, kind, "caption"), words(message, kind, "id")
            sent = [Attachment(_KINDS[kind], {"media": media})] if media and kind in _KINDS else []
            what: Literal["text", "media"] = "text" if text else "media"
            return ChannelEvent(id, sender, what, address, text, attachments=sent)
        case "request_welcome":
            return ChannelEvent(id, sender, "hello", address)
        case "order":
            note = words(message, "order", "text")
            return ChannelEvent(id, sender, "cart", address, note)
        case "" | "reaction" | "system" | "edit" | "revoke":
            return None  # nothing new was said
    return ChannelEvent(id, sender, "media", address)  # a poll, an event, what is yet to come


def _pressed(message: dict[str, Any]) -> str:
    return (
        words(message, "interactive", "button_reply", "id")
        or words(message, "interactive", "list_reply", "id")
        or words(message, "button", "payload")
    )


def _place(to: Address) -> dict[str, Any]:
    return {name: to[name] for name in ("to", "recipient") if name in to}


def _contents(piece: Piece, language: str) -> Iterator[dict[str, Any]]:
    text = piece.text(MARKUP)
    if not piece.buttons:
        yield _text(text)
        return
    if utf16(text) > _BODY:
        yield _text(text)
        text = phrase("channel.choose", language)
    yield {
        "type": "interactive",
        "interactive": {"body": {"text": text}, **_choice(piece.buttons, language)},
    }


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": text, "preview_url": False}}


def _choice(buttons: Sequence[Button], language: str) -> dict[str, Any]:
    titles = {button.title for button in buttons}
    if len(buttons) <= 3 and len(titles) == len(buttons) and max(map(utf16, titles)) <= _LABEL:
        replies = [
            {"type": "reply", "reply": {"id": button.payload, "title": button.title}}
            for button in buttons
        ]
        return {"type": "button", "action": {"buttons": replies}}
    section = {"rows": [_row(button) for button in buttons]}
    label = phrase("channel.options", language)
    return {"type": "list", "action": {"button": label, "sections": [section]}}


def _row(button: Button) -> dict[str, str]:
    """A title that is too long stands whole below."""
    if utf16(button.title) <= _ROW:
        return {"id": button.payload, "title": button.title}
    short = split(button.title, _ROW - 1, utf16)[0]
    return {"id": button.payload, "title": f"{short}…", "description": button.title}
