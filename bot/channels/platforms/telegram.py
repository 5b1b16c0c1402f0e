"""Telegram: the Bot API by webhook (https://core.telegram.org/bots/api).

Set the webhook once: setWebhook with `url` https://…/channels/telegram, `secret_token`, and
`allowed_updates` ["message", "edited_message", "callback_query"].
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import AfterValidator, Field, SecretStr
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
    same,
    secret,
)
from bot.channels.errors import TryAgain, Undeliverable
from bot.channels.http import Download, object_of
from bot.channels.reading import objects, part, words
from bot.channels.render import Capabilities, Markup, Piece, degrade
from bot.channels.split import utf16
from bot.messages import BotMessage
from bot.settings import weakness


def _strong(setting: SecretStr) -> SecretStr:
    """It is all that proves a call to be Telegram's, and the shop chooses it."""
    if complaint := weakness(secret(setting)):
        raise ValueError(f"it {complaint}")
    return setting


class TelegramSettings(ChannelSettings):
    model_config = SettingsConfigDict(env_prefix="SHOPGUIDE_TELEGRAM_")

    token: SecretStr = Field(description="the bot's token, from @BotFather")
    secret: Annotated[SecretStr, AfterValidator(_strong)] = Field(
        description="`secret_token` of setWebhook, at least 32 characters"
    )
    username: str = Field("", description="the bot's name without @; needed in groups and links")
    api: str = Field("https://api.telegram.org", description="address of the Bot API")


def _bold(words: str) -> str:
    return f"<b>{words}</b>"


def _link(words: str, url: str) -> str:
    return f'<a href="{html.escape(url)}">{words}</a>'


HTML = Markup(escape=lambda text: html.escape(text, quote=False), bold=_bold, link=_link)

_MEDIA = (
    "animation audio contact document location paid_media photo poll sticker story venue video "
    "video_note voice"
).split()
_KINDS: dict[str, AttachmentKind] = {
    "voice": "voice",
    "audio": "voice",
    "video": "video",
    "video_note": "video",
    "document": "file",  # an animation comes as one, too
}


class Telegram(Channel):
    name = "telegram"
    title = "Telegram"
    Settings = TelegramSettings
    # 4096 characters are allowed after entities are parsed: tags counted, we stay below.
    capabilities = Capabilities(
        text=4096,
        measure=utf16,
        markup=HTML,
        buttons=8,
        button_title=40,
        button_payload=64,
        edit_every_s=1.2,
    )
    settings: TelegramSettings

    def verify(self, request: Request) -> None:
        same(
            request.headers.get("x-telegram-bot-api-secret-token", ""),
            secret(self.settings.secret),
        )

    # What comes

    def events(self, request: Request) -> Received:
        update = request.json()
        number = words(update, "update_id")
        if pressed := part(update, "callback_query"):
            event = self._pressed(number, pressed)
        else:
            message, edited = part(update, "message"), part(update, "edited_message")
            # Of edits those of words say something new: a live position moves all the time.
            said = message or (edited if edited.get("text") else {})
            event = self._message(number, said)
        return Received([event] if event is not None else [])

    def _pressed(self, number: str, pressed: dict[str, Any]) -> ChannelEvent | None:
        data, message = words(pressed, "data"), part(pressed, "message")
        if not data or not message:
            return None
        query = words(pressed, "id")
        return _event(number, "press", message, part(pressed, "from"), data, query=query)

    def _message(self, number: str, message: dict[str, Any]) -> ChannelEvent | None:
        sender = part(message, "from")
        if not sender or sender.get("is_bot"):
            return None
        text = words(message, "text") or words(message, "caption")
        if words(message, "chat", "type") != "private":
            meant = self._meant(message, text)
            if meant is None:
                return None
            text = meant
        if re.fullmatch(r"/start", text.strip()):
            return _event(number, "hello", message, sender)
        if message.get("text") or (text and not message.get("voice")):
            return _event(number, "text", message, sender, text)
        if any(kind in message for kind in _MEDIA):
            return _event(number, "media", message, sender)
        return None  # somebody joined, a title changed

    def _meant(self, message: dict[str, Any], text: str) -> str | None:
        """What a group's message says to the bot: its name or a command of it, or an answer to
        it; None for all else."""
        name = self.settings.username
        if not name:
            return None
        answered = words(message, "reply_to_message", "from", "username")
        called = re.compile(rf"@{re.escape(name)}\b", re.IGNORECASE)
        if answered.lower() != name.lower() and not called.search(text):
            return None
        return called.sub("", text).strip()

    # What goes

    def reply(
        self, messages: Sequence[BotMessage], to: Address, *, draft: str | None = None
    ) -> list[Call]:
        pieces = [
            piece
            for message in messages
            for piece in degrade(message, self.capabilities, self.public_url)
        ]
        calls = []
        for n, piece in enumerate(pieces):
            call: Call = {"method": "sendMessage", **self._place(to), **_content(piece)}
            if n == 0 and "answers" in to:
                call["reply_parameters"] = {
                    "message_id": to["answers"],
                    "allow_sending_without_reply": True,
                }
            if n == 0 and draft is not None:
                call["edit"] = int(draft)
            calls.append(call)
        return calls

    @staticmethod
    def _place(to: Address) -> dict[str, Any]:
        return {name: to[name] for name in ("chat_id", "message_thread_id") if name in to}

    async def send(self, call: Call, key: str) -> None:
        body = {name: value for name, value in call.items() if name not in ("method", "edit")}
        if "edit" in call:
            edited = {
                name: value
                for name, value in body.items()
                if name not in ("reply_parameters", "message_thread_id")
            }
            try:
                await self._call("editMessageText", {**edited, "message_id": call["edit"]})
            except Undeliverable as error:
                if "not modified" in str(error):
                    return
            else:
                return  # else the growing message is gone: send it anew
        await self._call(call["method"], body)

    async def show(self, text: str, to: Address, draft: str | None) -> str | None:
        if "answers" in to or not text.strip():
            return None  # groups allow twenty messages a minute, edits among them
        shown = text if utf16(text) <= 4000 else f"{text[:1900]}…"
        body = {**self._place(to), "text": shown}
        if draft is not None:
            await self._call("editMessageText", {**body, "message_id": int(draft)}, again=True)
            return draft
        sent = await self._call("sendMessage", body)
        return str(sent["message_id"])

    async def fetch(self, place: Mapping[str, Any], most: int) -> Download:
        file = await self._call("getFile", {"file_id": place["file"]})
        path = quote(words(file, "file_path"))
        url = f"{self.settings.api}/file/bot{secret(self.settings.token)}/{path}"
        return await self.http.file(url, most)

    async def notice(self, event: ChannelEvent) -> None:
        if "query" in event.address:
            await self._call("answerCallbackQuery", {"callback_query_id": event.address["query"]})
        await self._call("sendChatAction", {**self._place(event.address), "action": "typing"})

    def link(self, code: str) -> str | None:
        name = self.settings.username
        return f"https://t.me/{name}?start={code}" if name else None

    async def _call(
        self, method: str, body: dict[str, Any], *, again: bool = False
    ) -> dict[str, Any]:
        """Its result. Raises `TryAgain`, `Undeliverable`."""
        url = f"{self.settings.api}/bot{secret(self.settings.token)}/{method}"
        answer = await self.http.post(url, json=body)
        said = object_of(answer)
        if said.get("ok"):
            result = said.get("result")
            return result if isinstance(result, dict) else {}
        reason = str(said.get("description") or f"HTTP {answer.status_code}")
        if again and "not modified" in reason:
            return {}
        if answer.status_code in (401, 404):  # the token: mend it, and what waits is sent
            raise TryAgain(f"Telegram refuses the token ({reason})", 60)
        raise Undeliverable(reason)


def _event(
    update: str,
    kind: Literal["text", "press", "hello", "media"],
    message: dict[str, Any],
    sender: dict[str, Any],
    text: str = "",
    *,
    query: str = "",
) -> ChannelEvent | None:
    chat, person = _number(part(message, "chat"), "id"), words(sender, "id")
    if not update or chat is None or not person:
        return None
    group = words(message, "chat", "type") != "private"
    thread = _number(message, "message_thread_id") if message.get("is_topic_message") else None
    answered = _number(message, "message_id")
    address: Address = {"chat_id": chat}
    if thread is not None:
        address["message_thread_id"] = thread
    if group and kind != "press" and answered is not None:
        address["answers"] = answered
    if query:
        address["query"] = query
    code = words(sender, "language_code")
    return ChannelEvent(
        id=update,
        conversation=f"{chat}:{thread or ''}:{person}" if group else str(chat),
        kind=kind,
        address=address,
        text=text,
        group=group,
        language="zh" if code.startswith("zh") else "en" if code else None,
        attachments=[] if kind == "press" else list(_attachments(message)),
    )


def _attachments(message: dict[str, Any]) -> Iterator[Attachment]:
    if sizes := objects(message.get("photo")):  # the largest comes last
        yield Attachment("picture", {"file": words(sizes[-1], "file_id")})
    for name, kind in _KINDS.items():
        if file := words(message, name, "file_id"):
            yield Attachment(kind, {"file": file})


def _number(value: dict[str, Any], name: str) -> int | None:
    found = value.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _content(piece: Piece) -> dict[str, Any]:
    content: dict[str, Any] = {
        "text": piece.text(HTML),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    if piece.buttons:
        content["reply_markup"] = {
            "inline_keyboard": [
                [{"text": button.title, "callback_data": button.payload}]
                for button in piece.buttons
            ]
        }
    return content
