"""Feishu's callbacks and interface, as far as a shop's assistant uses them."""

from __future__ import annotations

import base64
import hashlib
import html
import itertools
import json
import re
import secrets
import time
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channels.platforms.feishu import Feishu, FeishuSettings
from tests.integration.channels.platform import (
    FakePlatform,
    Shown,
    Webhook,
    altered,
    flipped,
    hidden,
    without,
)

APP = "cli_0123456789abcdef"
SECRET = "the-secret-of-the-app"
KEY = "the encrypt key"
TOKEN = "the-verification-token"
_TIME, _NONCE, _SIGNATURE = (
    f"x-lark-{name}" for name in ("request-timestamp", "request-nonce", "signature")
)


def encrypted(plain: bytes) -> str:
    vector = secrets.token_bytes(16)
    padding = 16 - len(plain) % 16
    encryptor = Cipher(AES(hashlib.sha256(KEY.encode()).digest()), CBC(vector)).encryptor()
    locked = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(vector + locked).decode()


class FakeFeishu(FakePlatform):
    channel = Feishu
    tokens = "/open-apis/auth/v3/tenant_access_token/internal"

    def __init__(self) -> None:
        super().__init__()
        self.given: set[str] = set()  # access tokens that it takes
        self.sent: dict[str, str] = {}  # messages by their uuid
        self._numbers = itertools.count(1)

    def forget(self) -> None:
        super().forget()
        self.sent.clear()
        self._numbers = itertools.count(1)

    def settings(self) -> FeishuSettings:
        return FeishuSettings(
            _env_file=None,
            app_id=APP,
            app_secret=hidden(SECRET),
            encrypt_key=hidden(KEY),
            verification_token=hidden(TOKEN),
            bot_name="Shop",
            api=self.url,
        )

    def signed(self, content: bytes, at: float | None = None) -> Webhook:
        timestamp, nonce = str(int(at or time.time())), "4231"
        signed = f"{timestamp}{nonce}{KEY}".encode() + content
        signature = hashlib.sha256(signed).hexdigest()
        return Webhook(
            content,
            {
                "content-type": "application/json",
                _TIME: timestamp,
                _NONCE: nonce,
                _SIGNATURE: signature,
            },
        )

    def callback(
        self, kind: str, event: dict[str, Any], id: str, at: float | None = None
    ) -> Webhook:
        head = {
            "event_id": id,
            "event_type": kind,
            "create_time": "1608725989000",
            "token": TOKEN,
            "app_id": APP,
            "tenant_key": "2ca1d211f64f6438",
        }
        body = {"schema": "2.0", "header": head, "event": event}
        sealed = encrypted(json.dumps(body, ensure_ascii=False).encode())
        return self.signed(json.dumps({"encrypt": sealed}).encode(), at)

    def message(
        self,
        content: dict[str, Any],
        *,
        user: str = "1",
        kind: str = "text",
        group: bool = False,
        n: int = 0,
        at: float | None = None,
    ) -> Webhook:
        message = {
            "message_id": f"om_{n}",
            "create_time": "1609073151345",
            "chat_id": "oc_group" if group else f"oc_{user}",
            "chat_type": "group" if group else "p2p",
            "message_type": kind,
            "content": json.dumps(content, ensure_ascii=False),
        }
        if group:
            bot = {"union_id": "on_b", "user_id": "", "open_id": "ou_bot"}
            message["mentions"] = [{"key": "@_user_1", "id": bot, "name": "Shop"}]  # type: ignore[assignment]
        person = {"union_id": f"on_{user}", "user_id": user, "open_id": f"ou_{user}"}
        sender = {"sender_id": person, "sender_type": "user", "tenant_key": "2ca1d211f64f6438"}
        body = {"sender": sender, "message": message}
        return self.callback("im.message.receive_v1", body, f"event-{n}", at)

    def says(self, text: str, *, user: str = "1", group: bool = False, n: int = 0) -> Webhook:
        written = f"@_user_1 {text}" if group else text
        return self.message({"text": written}, user=user, group=group, n=n)

    def presses(self, shown: Shown, payload: str, *, user: str = "1", n: int = 0) -> Webhook:
        event = {
            "operator": {"tenant_key": "2ca1d211f64f6438", "open_id": f"ou_{user}"},
            "token": "c-0123",
            "action": {"value": {"say": payload}, "tag": "button"},
            "host": "im_message",
            "context": {"open_message_id": "om_1", "open_chat_id": f"oc_{user}"},
        }
        return self.callback("card.action.trigger", event, f"press-{n}")

    def sends_picture(self, *, user: str = "1", n: int = 0) -> Webhook:
        return self.message({"image_key": "img_1"}, user=user, kind="image", n=n)

    def forgeries(self, webhook: Webhook) -> list[Webhook]:
        changed = [altered(webhook, name) for name in (_TIME, _NONCE, _SIGNATURE)]
        missing = [without(webhook, name) for name in (_TIME, _NONCE, _SIGNATURE)]
        plain = json.dumps({"header": {"token": TOKEN}, "event": {}}).encode()
        other = json.dumps({"schema": "2.0", "header": {"token": "other"}, "event": {}})
        token = self.signed(json.dumps({"encrypt": encrypted(other.encode())}).encode())
        return [*changed, *missing, flipped(webhook), replace(webhook, content=plain), token]

    def expired(self, text: str) -> Webhook:
        return self.message({"text": text}, at=time.time() - 600)

    def redelivered(self, webhook: Webhook) -> Webhook:
        return self.signed(webhook.content)

    def chat_of(self, user: str, *, group: bool = False) -> str:
        return "oc_group" if group else f"oc_{user}"

    def refusal(self) -> Response:
        return _said(230013, "Bot has NO availability to this user.")

    async def take(self, path: str, request: Request) -> Response:
        body = await request.json() if request.method != "GET" else {}
        if path == self.tokens:
            return self._new_token(body)
        if request.headers.get("authorization") not in {f"Bearer {token}" for token in self.given}:
            return _said(99991663, "Invalid access token for authorization.")
        if request.method == "GET":
            of_message = re.fullmatch(r"/open-apis/im/v1/messages/om_\d+/resources/img_1", path)
            if of_message is None or dict(request.query_params) != {"type": "image"}:
                return self._bad(234003, "File not in msg.")
            return self.gives_picture()
        found = re.fullmatch(r"/open-apis/im/v1/messages(?:/om_(\w+))?(/reply)?", path)
        if found is None:
            return self.complain(f"nothing at {path}", Response(status_code=404))
        number, reply = found.groups()
        if request.method == "PATCH":
            return self._change(number, body)
        known = {"msg_type", "content", "uuid"} | (set() if reply else {"receive_id"})
        by_chat = reply or request.query_params.get("receive_id_type") == "chat_id"
        if set(body) - {"uuid"} != known - {"uuid"} or not by_chat:
            return self._bad(230001, f"parameters {sorted(body)}")
        if body["msg_type"] != "interactive" or len(body.get("uuid", "")) > 50:
            return self._bad(230001, "no card, or too long a uuid")
        if (key := body.get("uuid")) in self.sent:
            return _ok(self.sent[key])
        shown = self._card("oc_group" if reply else body["receive_id"], body["content"])
        if isinstance(shown, Response):
            return shown
        message = self.show(shown)
        if key:
            self.sent[key] = message
        return _ok(message)

    def _change(self, number: str, body: dict[str, Any]) -> Response:
        if set(body) != {"content"}:
            return self._bad(230001, f"parameters {sorted(body)}")
        if number not in self.shown:
            return _said(230011, "The message is recalled.")
        shown = self._card(self.shown[number].chat, body["content"])
        if isinstance(shown, Response):
            return shown
        self.edit(number, shown)
        return _ok(number)

    def _card(self, chat: str, content: str) -> Shown | Response:
        card = json.loads(content)
        if len(content.encode()) > 30_000:
            return self._bad(230025, "The length of the message content reaches its limit.")
        if card["config"].get("update_multi") is not True:
            return self._bad(230099, "the card could not be changed")
        text, buttons = "", []
        for element in card["elements"]:
            if element["tag"] == "markdown" and element["content"]:
                text = _read(element["content"])
                if text.startswith("\0"):
                    return self._bad(230099, f"raw marks: {text[1:40]}")
            elif element["tag"] == "action" and element["actions"]:
                buttons = [
                    (one["text"]["content"], one["value"]["say"]) for one in element["actions"]
                ]
            else:
                return self._bad(230099, "Failed to create card content.")
        return Shown(chat, text, buttons)

    def _new_token(self, body: dict[str, str]) -> Response:
        if body != {"app_id": APP, "app_secret": SECRET}:
            return self._bad(10014, "app secret invalid")
        token = f"t-{next(self._numbers)}"
        self.given = {token}
        return JSONResponse({"code": 0, "msg": "ok", "tenant_access_token": token, "expire": 7200})

    def _bad(self, code: int, what: str) -> Response:
        return self.complain(what, _said(code, what))


def _read(markdown: str) -> str:
    """What the customer reads; behind a zero, what is left of marks that we do not write."""
    plain = re.sub(r"\[([^\[\]]*)\]\([^()\s]*\)", r"\1", markdown)
    plain = re.sub(r"\*\*([^*]+)\*\*", r"\1", plain)
    left = re.sub(r"&#\d+;", "", plain)
    if re.search(r"[&<>*_~`\[\]]", left):
        return "\0" + left
    return html.unescape(plain)


def _ok(number: str) -> Response:
    return JSONResponse({"code": 0, "msg": "success", "data": {"message_id": f"om_{number}"}})


def _said(code: int, what: str) -> Response:
    return JSONResponse({"code": code, "msg": what}, 400)
