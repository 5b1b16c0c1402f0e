"""Telegram's Bot API, as far as a shop's assistant uses it. Parameters and types are read by
python-telegram-bot, which knows them."""

from __future__ import annotations

import html
import inspect
import json
from html.parser import HTMLParser
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.constants import InlineKeyboardButtonLimit as Data
from telegram.constants import MessageLimit, ParseMode

from bot.channels.platforms.telegram import Telegram, TelegramSettings
from tests.integration.channels.platform import (
    FakePlatform,
    Shown,
    Webhook,
    altered,
    hidden,
    kept,
    without,
)

TOKEN = "123456:a-token"
SECRET = "the-secret-of-the-webhook-that-is-long"
_HEADER = "x-telegram-bot-api-secret-token"


class FakeTelegram(FakePlatform):
    channel = Telegram

    def settings(self) -> TelegramSettings:
        return TelegramSettings(
            _env_file=None,
            token=hidden(TOKEN),
            secret=hidden(SECRET),
            username="shop_bot",
            api=self.url,
        )

    def update(self, n: int, **what: Any) -> Webhook:
        body = {"update_id": 1000 + n, **what}
        content = json.dumps(body, ensure_ascii=False).encode()
        return Webhook(content, {_HEADER: SECRET, "content-type": "application/json"})

    def message(self, n: int, user: str, group: bool = False, **what: Any) -> dict[str, Any]:
        chat = (
            {"id": -100 - int(user), "type": "supergroup", "title": "Campers"}
            if group
            else {"id": int(user), "type": "private"}
        )
        sender = {"id": int(user), "is_bot": False, "first_name": "Li", "language_code": "en"}
        return {"message_id": 5000 + n, "date": 1, "chat": chat, "from": sender, **what}

    def says(self, text: str, *, user: str = "1", group: bool = False, n: int = 0) -> Webhook:
        written = f"@shop_bot {text}" if group else text
        return self.update(n, message=self.message(n, user, group, text=written))

    def presses(self, shown: Shown, payload: str, *, user: str = "1", n: int = 0) -> Webhook:
        message = self.message(n, user, text=shown.text)
        message["from"] = {"id": 99, "is_bot": True, "first_name": "Shop", "username": "shop_bot"}
        sender = {"id": int(user), "is_bot": False, "first_name": "Li"}
        pressed = {"id": f"q{n}", "from": sender, "message": message, "data": payload}
        return self.update(n, callback_query={**pressed, "chat_instance": "1"})

    def sends_picture(self, *, user: str = "1", n: int = 0) -> Webhook:
        photo = [
            {"file_id": id, "file_unique_id": f"U{id}", "width": size, "height": size}
            for id, size in (("thumb", 90), ("F", 1280))
        ]
        return self.update(n, message=self.message(n, user, photo=photo))

    def forgeries(self, webhook: Webhook) -> list[Webhook]:
        return [altered(webhook, _HEADER), without(webhook, _HEADER)]

    def chat_of(self, user: str, *, group: bool = False) -> str:
        return str(-100 - int(user)) if group else user

    def refusal(self) -> Response:
        return _refused(403, "Forbidden: bot was blocked by the user")

    async def take(self, path: str, request: Request) -> Response:
        if path == f"/file/bot{TOKEN}/photos/file_1.jpg" and request.method == "GET":
            return self.gives_picture()
        _, bot, method = path.split("/")
        if bot != f"bot{TOKEN}":
            return self.complain("a wrong token", _refused(401, "Unauthorized"))
        body = await request.json()
        match method:
            case "sendChatAction":
                if body.get("action") != "typing" or "chat_id" not in body:
                    return self._bad("no chat action")
                return _ok(True)
            case "answerCallbackQuery":
                if not str(body.get("callback_query_id", "")).startswith("q"):
                    return self._bad("no such query")
                return _ok(True)
            case "getFile":
                if body != {"file_id": "F"}:
                    return self._bad("Bad Request: invalid file_id")
                if len(self.picture) > 20_000_000:
                    return _refused(400, "Bad Request: file is too big")
                return _ok(
                    {
                        "file_id": "F",
                        "file_unique_id": "UF",
                        "file_size": len(self.picture),
                        "file_path": "photos/file_1.jpg",
                    }
                )
            case "sendMessage" | "editMessageText":
                return self._text(method, body)
        return self._bad(f"no method {method}", 404)

    def _text(self, method: str, body: dict[str, Any]) -> Response:
        if wrong := _wrong(method, body):
            return self._bad(f"Bad Request: {wrong}")
        text = body["text"]
        if body.get("parse_mode") == "HTML":
            reader = _Reader()
            reader.feed(text)
            reader.close()
            if reader.wrong:
                return self._bad(f"Bad Request: can't parse entities: {reader.wrong}")
            text = reader.text
        if not text.strip():
            return self._bad("Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > MessageLimit.MAX_TEXT_LENGTH:
            return self._bad("Bad Request: message is too long")
        buttons = []
        for row in (body.get("reply_markup") or {}).get("inline_keyboard", []):
            for button in row:
                size = len(button["callback_data"].encode())
                if not Data.MIN_CALLBACK_DATA <= size <= Data.MAX_CALLBACK_DATA:
                    return self._bad("Bad Request: BUTTON_DATA_INVALID")
                buttons.append((button["text"], button["callback_data"]))
        shown = Shown(str(body["chat_id"]), text, buttons)
        if method == "sendMessage":
            number = self.show(shown)
        else:
            number = str(body["message_id"])
            if number not in self.shown:
                return _refused(400, "Bad Request: message to edit not found")
            if (self.shown[number].text, self.shown[number].buttons) == (text, buttons):
                return _refused(400, "Bad Request: message is not modified")
            self.edit(number, shown)
        chat = {"id": body["chat_id"], "type": "private" if body["chat_id"] > 0 else "supergroup"}
        return _ok({"message_id": int(number), "date": 1, "chat": chat})

    def _bad(self, what: str, status: int = 400) -> Response:
        return self.complain(what, _refused(status, what))


def _wrong(method: str, body: dict[str, Any]) -> str:
    """What another library, which knows the Bot API's parameters and types, would not send."""
    named = {"sendMessage": Bot.send_message, "editMessageText": Bot.edit_message_text}
    if unknown := set(body) - set(inspect.signature(named[method]).parameters):
        return f"unknown parameters {sorted(unknown)}"
    kinds = {
        "reply_markup": InlineKeyboardMarkup,
        "link_preview_options": LinkPreviewOptions,
        "reply_parameters": ReplyParameters,
    }
    try:
        for name in kinds.keys() & body.keys():
            kept(body[name], kinds[name].de_json(body[name], None).to_dict())
        ParseMode(body.get("parse_mode", "HTML"))
    except (AssertionError, TypeError, ValueError) as error:
        return str(error)
    return ""


class _Reader(HTMLParser):
    """Telegram's HTML: a few tags, closed in order, and four named entities."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.text = ""
        self.wrong = ""
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("b", "i", "a", "code", "pre"):
            self.wrong = f"unsupported start tag {tag}"
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong = f"unexpected end tag {tag}"

    def handle_data(self, data: str) -> None:
        if "<" in data:
            self.wrong = "an unescaped <"
        self.text += data

    def handle_entityref(self, name: str) -> None:
        if name not in ("lt", "gt", "amp", "quot"):
            self.wrong = f"unknown entity {name}"
        self.text += html.unescape(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.text += html.unescape(f"&#{name};")

    def close(self) -> None:
        super().close()
        if self._open:
            self.wrong = f"can't find end tag of {self._open[-1]}"


def _ok(result: object) -> Response:
    return JSONResponse({"ok": True, "result": result})


def _refused(status: int, description: str) -> Response:
    return JSONResponse({"ok": False, "error_code": status, "description": description}, status)
