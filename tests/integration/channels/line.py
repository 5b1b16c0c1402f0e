"""LINE's Messaging API and webhooks, as far as a shop's assistant uses them. Shapes are read by
LINE's own library, which knows them from LINE's own description."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

from linebot.v3.messaging import (
    PushMessageRequest,
    ReplyMessageRequest,
    ShowLoadingAnimationRequest,
)
from pydantic.v1 import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channels.platforms.line import Line, LineSettings
from tests.integration.channels.platform import (
    FakePlatform,
    Shown,
    Webhook,
    altered,
    flipped,
    hidden,
    is_picture,
    kept,
    without,
)

TOKEN = "a-channel-access-token"
SECRET = "channel_secret"
BOT = "Ubot"
_SIGNATURE = "x-line-signature"


class FakeLine(FakePlatform):
    channel = Line

    def __init__(self) -> None:
        super().__init__()
        self.reply_tokens: dict[str, tuple[str, float]] = {}  # not used yet: chat and moment
        self.retry_keys: set[str] = set()
        self.loading: list[str] = []

    def forget(self) -> None:
        super().forget()
        self.retry_keys.clear()

    def settings(self) -> LineSettings:
        return LineSettings(
            _env_file=None,
            token=hidden(TOKEN),
            secret=hidden(SECRET),
            account="@shop",
            api=self.url,
            data_api=self.url,
        )

    def signed(self, body: dict[str, Any]) -> Webhook:
        content = json.dumps(body, ensure_ascii=False).encode()
        digest = hmac.new(SECRET.encode(), content, hashlib.sha256).digest()
        signature = base64.b64encode(digest).decode()
        return Webhook(content, {_SIGNATURE: signature, "content-type": "application/json"})

    def event(self, user: str, n: int, group: bool = False, **what: Any) -> Webhook:
        token = f"token-{user}-{n}"
        chat = self.chat_of(user, group=group)
        self.reply_tokens.setdefault(token, (chat, time.time()))
        source = {"type": "user", "userId": f"U{user}"}
        if group:
            source = {"type": "group", "groupId": "C1", "userId": f"U{user}"}
        said = {
            "mode": "active",
            "timestamp": 1692251666727,
            "source": source,
            "webhookEventId": f"01H-{user}-{n}",
            "deliveryContext": {"isRedelivery": False},
            "replyToken": token,
            **what,
        }
        return self.signed({"destination": BOT, "events": [said]})

    def message(self, text: str, **more: Any) -> dict[str, Any]:
        return {"type": "text", "id": "468", "quoteToken": "q", "text": text, **more}

    def says(self, text: str, *, user: str = "1", group: bool = False, n: int = 0) -> Webhook:
        message = self.message(text)
        if group:
            spot = {"index": 0, "length": 7, "type": "user", "userId": BOT, "isSelf": True}
            message = self.message(f"@Shop🍎 {text}", mention={"mentionees": [spot]})
        return self.event(user, n, group, type="message", message=message)

    def presses(self, shown: Shown, payload: str, *, user: str = "1", n: int = 0) -> Webhook:
        return self.event(user, n, type="postback", postback={"data": payload})

    def sends_picture(self, *, user: str = "1", n: int = 0) -> Webhook:
        picture = {
            "type": "image",
            "id": "354718",
            "quoteToken": "q",
            "contentProvider": {"type": "line"},
        }
        return self.event(user, n, type="message", message=picture)

    def forgeries(self, webhook: Webhook) -> list[Webhook]:
        return [altered(webhook, _SIGNATURE), without(webhook, _SIGNATURE), flipped(webhook)]

    def redelivered(self, webhook: Webhook) -> Webhook:
        body = json.loads(webhook.content)
        body["events"][0]["deliveryContext"]["isRedelivery"] = True
        return self.signed(body)

    def chat_of(self, user: str, *, group: bool = False) -> str:
        return "C1" if group else f"U{user}"

    def refusal(self) -> Response:
        return _error(400, "Failed to send messages")

    async def take(self, path: str, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.complain("a wrong token", _error(401, "Authentication failed"))
        if path == "/v2/bot/message/354718/content" and request.method == "GET":
            return self.gives_picture()
        body = await request.json()
        try:
            match path:
                case "/v2/bot/message/reply":
                    return self._reply(body)
                case "/v2/bot/message/push":
                    return self._push(body, request.headers.get("x-line-retry-key", ""))
                case "/v2/bot/chat/loading/start":
                    assert held(body, ShowLoadingAnimationRequest)
                    assert body["loadingSeconds"] % 5 == 0
                    assert body["chatId"].startswith("U"), "only for chats of two"
                    self.loading.append(body["chatId"])
                    return JSONResponse({}, 202)
        except (AssertionError, ValidationError, ValueError) as error:
            return self.complain(f"{path}: {error}", _error(400, "invalid"))
        return self.complain(f"no such path {path}", _error(404, "Not found"))

    def _reply(self, body: dict[str, Any]) -> Response:
        assert held(body, ReplyMessageRequest)
        token = body["replyToken"]
        chat, given = self.reply_tokens.pop(token, ("", 0.0))
        if time.time() - given > 60:
            return _error(400, "Invalid reply token")
        return self._show(chat, body)

    def _push(self, body: dict[str, Any], retry_key: str) -> Response:
        assert held(body, PushMessageRequest)
        assert str(uuid.UUID(retry_key)) == retry_key
        if retry_key in self.retry_keys:
            return _error(409, "The retry key is already accepted")
        self.retry_keys.add(retry_key)
        return self._show(body["to"], body)

    def _show(self, chat: str, body: dict[str, Any]) -> Response:
        shown = [_shown(chat, message) for message in body["messages"]]
        sent = [{"id": self.show(message), "quoteToken": "q"} for message in shown]
        return JSONResponse({"sentMessages": sent})


def held(body: dict[str, Any], shape: Any) -> bool:
    """Whether LINE's library reads the body, and keeps all of it: else a field is not LINE's."""
    return kept(body, shape.from_dict(body).to_dict())


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _shown(chat: str, message: dict[str, Any]) -> Shown:
    shown = Shown(chat, "")
    if message["type"] == "text":
        shown.text = message["text"]
        assert shown.text.strip()
        assert _units(shown.text) <= 5000
    else:
        assert message["type"] == "flex"
        assert 1 <= _units(message["altText"]) <= 400
        assert len(json.dumps(message["contents"]).encode()) <= 50_000
        bubbles = message["contents"]["contents"]
        assert 1 <= len(bubbles) <= 12
        for bubble in bubbles:
            assert len(json.dumps(bubble).encode()) <= 30_000
            assert is_picture(bubble.get("hero", {"url": "https://x/1.jpg"})["url"])
            texts = [component["text"] for component in bubble["body"]["contents"]]
            assert all(texts), "an empty text"
            shown.cards.append("\n".join(texts))
    for item in message.get("quickReply", {}).get("items", []):
        action = item["action"]
        assert action["type"] == "postback"
        assert 1 <= len(action["label"]) <= 20
        assert 1 <= len(action["data"]) <= 300
        assert 1 <= len(action["displayText"]) <= 300
        shown.buttons.append((action["label"], action["data"]))
    assert len(shown.buttons) <= 13
    return shown


def _error(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)
