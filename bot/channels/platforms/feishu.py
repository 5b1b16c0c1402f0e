"""Feishu (飞书) and Lark: an app with a bot.

Receiving: open.feishu.cn/document, "将事件发送至开发者服务器" and "接收事件"; events
im.message.receive_v1, card.action.trigger and bot_p2p_chat_entered_v1. Sending: im/v1/messages,
which knows repetitions by `uuid`, replies, and PATCH, which changes a card five times a second at
most. Cards hold 30 kB. Everything goes as a card of JSON 1.0, since only cards can be changed
often: texts as its Markdown, whose special characters are written as numbers (`&#42;`). That list,
and the codes of errors other than 230020, 230011 and 230025, are from memory. Pictures of products
would have to be uploaded first and are not shown.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from binascii import Error as NoBase64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from bot.channels.channel import (
    Address,
    Answer,
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
from bot.channels.errors import Refused, TryAgain, Undeliverable
from bot.channels.http import Download, object_of
from bot.channels.reading import objects, part, words
from bot.channels.render import Capabilities, Markup, Piece, Span, TextLine, degrade
from bot.channels.split import split, utf8
from bot.channels.tokens import AccessToken
from bot.messages import BotMessage


class FeishuSettings(ChannelSettings):
    model_config = SettingsConfigDict(env_prefix="SHOPGUIDE_FEISHU_")

    app_id: str = Field(description="App ID, cli_…")
    app_secret: SecretStr = Field(description="App Secret")
    encrypt_key: SecretStr = Field(description="Encrypt Key under 加密策略")
    verification_token: SecretStr = Field(description="Verification Token under 加密策略")
    bot_name: str = Field("", description="the bot's name as people mention it; needed in groups")
    api: str = Field(
        "https://open.feishu.cn", description="address of the interface; Lark's is another"
    )


def _escape(text: str) -> str:
    marks = re.sub(r"[&<>*_~`\[\]()!#$\\|+\-]", lambda found: f"&#{ord(found[0])};", text)
    return re.sub(r"(?m)^([ \t]*)=", r"\1&#61;", marks)  # else the line above is a heading


def _link(text: str, url: str) -> str:
    quoted = url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
    return f"[{text}]({quoted})"


MARKDOWN = Markup(escape=_escape, bold=lambda text: f"**{text}**", link=_link)

_TOKEN = {99991661, 99991663, 99991664, 99991668, 99991671}
_BUSY = {230020, 99991400, 11232, 11233, 11247}
_GONE = {230011, 230031}  # recalled, or older than 14 days
_BLOCK = 16
_KINDS: dict[str, AttachmentKind] = {
    "image": "picture",
    "img": "picture",  # in a rich text
    "audio": "voice",
    "media": "video",
    "file": "file",
}


class Feishu(Channel):
    name = "feishu"
    title = "Feishu"
    Settings = FeishuSettings
    capabilities = Capabilities(
        text=8000,  # bytes; with buttons and JSON's own escapes far below 30 kB
        measure=utf8,
        markup=MARKDOWN,
        buttons=10,
        button_title=40,
        button_payload=500,
        edit_every_s=1.0,
    )
    settings: FeishuSettings

    def __init__(self, settings: FeishuSettings, *parts: Any, **named: Any) -> None:
        super().__init__(settings, *parts, **named)
        self._token = AccessToken(self._fetch)

    # What comes

    def verify(self, request: Request) -> None:
        said = self._open(request)
        token = words(said, "header", "token") or words(said, "token")
        same(token, secret(self.settings.verification_token))
        if said.get("type") == "url_verification":
            return  # comes unsigned; it is sealed, and holds the token
        timestamp = request.headers.get("x-lark-request-timestamp", "")
        nonce = request.headers.get("x-lark-request-nonce", "")
        signed = f"{timestamp}{nonce}{secret(self.settings.encrypt_key)}".encode() + request.body
        expected = hashlib.sha256(signed).hexdigest()
        same(request.headers.get("x-lark-signature", ""), expected)
        self.fresh(timestamp)

    def events(self, request: Request) -> Received:
        said = self._open(request)
        if said.get("type") == "url_verification":
            challenge = json.dumps({"challenge": str(said.get("challenge", ""))})
            return Received(answer=Answer(challenge, "application/json"))
        number, body = words(said, "header", "event_id"), part(said, "event")
        event: ChannelEvent | None = None
        match words(said, "header", "event_type"):
            case "im.message.receive_v1":
                event = self._message(body)
            case "card.action.trigger":
                event = _pressed(number, body)
            case "im.chat.access_event.bot_p2p_chat_entered_v1" if not body.get("last_message_id"):
                event = _event(number, "hello", words(body, "chat_id"))
        return Received([event] if event is not None else [], Answer("{}", "application/json"))

    def _open(self, request: Request) -> dict[str, Any]:
        sealed = request.json().get("encrypt")
        if not isinstance(sealed, str):
            raise Refused("the body is not sealed")
        opened = decrypt(secret(self.settings.encrypt_key), sealed)
        try:
            said = json.loads(opened)
        except ValueError:
            raise Refused("what was sealed is no JSON") from None
        if not isinstance(said, dict):
            raise Refused("what was sealed is no JSON object")
        return said

    def _message(self, body: dict[str, Any]) -> ChannelEvent | None:
        message, person = part(body, "message"), words(body, "sender", "sender_id", "open_id")
        if words(body, "sender", "sender_type") != "user":
            return None
        group = words(message, "chat_type") != "p2p"
        mentions = objects(message.get("mentions"))
        if group and not any(one.get("name") == self.settings.bot_name for one in mentions):
            return None
        text = _text(message)
        for key in filter(None, (words(one, "key") for one in mentions)):
            text = re.sub(rf"{re.escape(key)}(?!\d)", "", text)
        sent = list(_attachments(message))
        in_words = words(message, "message_type") in ("text", "post") and not sent
        what: Literal["text", "media"] = "text" if text.strip() or in_words else "media"
        number, chat = words(message, "message_id"), words(message, "chat_id")
        event = _event(number, what, chat, text.strip(), (person, number) if group else None)
        return event and replace(event, attachments=sent)

    # What goes

    def reply(
        self, messages: Sequence[BotMessage], to: Address, *, draft: str | None = None
    ) -> list[Call]:
        pieces = [
            piece
            for message in messages
            for piece in degrade(message, self.capabilities, self.public_url)
        ]
        calls = [{**to, "card": _card(piece, group="answers" in to)} for piece in pieces]
        if calls and draft is not None:
            calls[0]["edit"] = draft
        return calls

    async def send(self, call: Call, key: str) -> None:
        if "edit" in call:
            try:
                await self._change(call["edit"], call["card"])
            except Undeliverable as error:
                if error.args[1:] != ("gone",):
                    raise
            else:
                return  # else the growing message is gone: send it anew
        await self._post(call, call["card"], hashlib.sha256(key.encode()).hexdigest()[:32])

    async def show(self, text: str, to: Address, draft: str | None) -> str | None:
        if "answers" in to or not text.strip():
            return None  # a group's five calls a second are shared by all of its bots
        lines: tuple[TextLine, ...] = tuple((Span(line),) for line in text.strip().split("\n"))
        if utf8(MARKDOWN.text(lines)) > self.capabilities.text:
            lines = ((Span(split(text, self.capabilities.text // 6, utf8)[0]),),)
        card = _card(Piece(lines))
        if draft is not None:
            await self._change(draft, card)
            return draft
        said = await self._post(to, card)
        return str(said["message_id"])

    async def fetch(self, place: Mapping[str, Any], most: int) -> Download:
        token = await self._token.get()
        given = await self.http.download(
            f"{self.settings.api}/open-apis/im/v1/messages/{place['message']}"
            f"/resources/{place['key']}",
            most,
            params={"type": place["type"]},
            headers=bearer(token),
        )
        if given.status >= 400 and (code := given.object().get("code")):
            self._check(code, token)
            raise Undeliverable(f"Feishu does not give it out ({code})")
        return given.file()

    async def _post(self, to: Address, card: dict[str, Any], key: str = "") -> dict[str, Any]:
        body: dict[str, Any] = {"msg_type": "interactive", "content": _json(card)}
        if key:
            body["uuid"] = key
        if "answers" in to:
            return await self._call("POST", f"/im/v1/messages/{to['answers']}/reply", body)
        body["receive_id"] = to["chat"]
        return await self._call("POST", "/im/v1/messages?receive_id_type=chat_id", body)

    async def _change(self, message: str, card: dict[str, Any]) -> None:
        await self._call("PATCH", f"/im/v1/messages/{message}", {"content": _json(card)})

    async def _call(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Its data. Raises `TryAgain`, `Undeliverable`."""
        token = await self._token.get()
        ask = self.http.patch if method == "PATCH" else self.http.post
        answer = await ask(
            f"{self.settings.api}/open-apis{path}",
            json=body,
            headers=bearer(token),
        )
        said = object_of(answer)
        code = said.get("code", f"HTTP {answer.status_code}")
        if code == 0:
            data = said.get("data")
            return data if isinstance(data, dict) else {}
        self._check(code, token)
        raise Undeliverable(f"Feishu refuses the message ({code})", *["gone"][: code in _GONE])

    def _check(self, code: object, token: str) -> None:
        """Raises `TryAgain` for the code of a refused token or of a busy platform."""
        if code in _TOKEN:
            self._token.drop(token)
            raise TryAgain(f"Feishu refuses the access token ({code})")
        if code in _BUSY:
            raise TryAgain(f"Feishu is busy ({code})")

    async def _fetch(self) -> tuple[str, float]:
        answer = await self.http.post(
            f"{self.settings.api}/open-apis/auth/v3/tenant_access_token/internal",
            json={"app_id": self.settings.app_id, "app_secret": secret(self.settings.app_secret)},
        )
        said = object_of(answer)
        if said.get("code") != 0 or not said.get("tenant_access_token"):
            # The secret: mend it, and what waits is sent.
            raise TryAgain(f"Feishu gives no access token ({said.get('code')})", 60)
        return str(said["tenant_access_token"]), float(said.get("expire", 7200))


def decrypt(key: str, sealed: str) -> bytes:
    """AES-256-CBC in base64: the key is the SHA-256 of the Encrypt Key, the vector the first
    block. Raises `Refused`."""
    try:
        locked = base64.b64decode(sealed, validate=True)
    except NoBase64:
        raise Refused("the body is no base64") from None
    if len(locked) < 2 * _BLOCK or len(locked) % _BLOCK:
        raise Refused("the body is no sealed one")
    cipher = Cipher(AES(hashlib.sha256(key.encode()).digest()), CBC(locked[:_BLOCK]))
    decryptor = cipher.decryptor()
    plain = decryptor.update(locked[_BLOCK:]) + decryptor.finalize()
    padding = plain[-1]
    if not 1 <= padding <= _BLOCK or plain[-padding:] != bytes([padding]) * padding:
        raise Refused("the body is padded wrongly")
    return plain[:-padding]


def _attachments(message: dict[str, Any]) -> Iterator[Attachment]:
    """Resources of a message; a rich text has pictures and videos among its words."""
    content, number = _content(message), words(message, "message_id")
    found = [(words(message, "message_type"), content)]
    if isinstance(content.get("content"), list):
        found = [(words(one, "tag"), one) for line in content["content"] for one in objects(line)]
    for name, where in found:
        kind = _KINDS.get(name)
        key = words(where, "image_key" if kind == "picture" else "file_key")
        if kind is not None and re.fullmatch(r"[\w-]+", key):
            place = {"message": number, "key": key}
            yield Attachment(kind, {**place, "type": "image" if kind == "picture" else "file"})


def _content(message: dict[str, Any]) -> dict[str, Any]:
    try:
        content = json.loads(words(message, "content"))
    except (ValueError, RecursionError):
        return {}
    found = part(content)
    if words(message, "message_type") == "post" and "content" not in found:
        # Keyed by its language, as a message from Feishu's interface for robots is.
        found = next((one for one in found.values() if isinstance(one, dict)), found)
    return found


def _text(message: dict[str, Any]) -> str:
    """What a text or a rich text says; "" for pictures, voice, files and cards."""
    content = _content(message)
    if message.get("message_type") == "text":
        return words(content, "text")
    if message.get("message_type") != "post":
        return ""
    lines = content.get("content")
    said = [
        "".join(words(one, "text") for one in objects(line))
        for line in (lines if isinstance(lines, list) else [])
    ]
    return "\n".join([words(content, "title"), *said]).strip()


def _pressed(number: str, body: dict[str, Any]) -> ChannelEvent | None:
    said = words(body, "action", "value", "say")
    if not said:
        return None
    chat, message = (words(body, "context", f"open_{one}_id") for one in ("chat", "message"))
    group = bool(part(body, "action", "value").get("group"))
    person = words(body, "operator", "open_id")
    return _event(number, "press", chat, said, (person, message) if group else None)


def _event(
    number: str,
    kind: Literal["text", "press", "hello", "media"],
    chat: str,
    text: str = "",
    place: tuple[str, str] | None = None,
) -> ChannelEvent | None:
    """`place` in a group: the person, and the message that is answered."""
    if not number or not chat:
        return None
    if place is None:
        return ChannelEvent(number, chat, kind, {"chat": chat}, text)
    person, message = place
    address = {"chat": chat, "answers": message}
    return ChannelEvent(number, f"{chat}:{person}", kind, address, text, group=True)


def _card(piece: Piece, *, group: bool = False) -> dict[str, Any]:
    elements: list[dict[str, Any]] = [{"tag": "markdown", "content": piece.text(MARKDOWN)}]
    if piece.buttons:
        mark = {"group": True} if group else {}
        actions = [
            {
                "tag": "button",
                "text": {"tag": "plain_text", "content": button.title},
                "type": "default",
                "value": {"say": button.payload, **mark},
            }
            for button in piece.buttons
        ]
        elements.append({"tag": "action", "actions": actions})
    return {"config": {"wide_screen_mode": True, "update_multi": True}, "elements": elements}


def _json(card: dict[str, Any]) -> str:
    return json.dumps(card, ensure_ascii=False)
