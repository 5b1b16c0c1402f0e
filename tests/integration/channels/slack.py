"""Slack's Web API, Events API and interactivity, as far as a shop's assistant uses them. Arguments
and blocks are read by Slack's own library."""

from __future__ import annotations

import hashlib
import hmac
import html
import inspect
import json
import time
from typing import Any
from urllib.parse import urlencode

from slack_sdk import WebClient
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channels.platforms.slack import Slack, SlackSettings
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

TOKEN = "xoxb-a-token"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
_SIGNATURE = "x-slack-signature"
_TIME = "x-slack-request-timestamp"


class FakeSlack(FakePlatform):
    channel = Slack

    def settings(self) -> SlackSettings:
        return SlackSettings(
            _env_file=None, token=hidden(TOKEN), signing_secret=hidden(SECRET), api=self.url
        )

    def signed(self, content: bytes, kind: str, at: float | None = None) -> Webhook:
        stamp = str(int(at or time.time()))
        base = b"v0:" + stamp.encode() + b":" + content
        signature = "v0=" + hmac.new(SECRET.encode(), base, hashlib.sha256).hexdigest()
        return Webhook(content, {_SIGNATURE: signature, _TIME: stamp, "content-type": kind})

    def callback(self, event: dict[str, Any], at: float | None = None) -> Webhook:
        body = {
            "token": "deprecated",
            "team_id": "T1",
            "api_app_id": "A1",
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{event.get('ts')}",
            "event_time": 1,
        }
        content = json.dumps(body, ensure_ascii=False).encode()
        return self.signed(content, "application/json", at)

    def says(self, text: str, *, user: str = "1", group: bool = False, n: int = 0) -> Webhook:
        written = html.escape(text, quote=False)
        event = {"user": f"U{user}", "ts": f"{1000 + n}.0001", "channel": f"D{user}"}
        if group:
            return self.callback(
                {**event, "type": "app_mention", "channel": "C1", "text": f"<@UBOT> {written}"}
            )
        return self.callback({**event, "type": "message", "channel_type": "im", "text": written})

    def presses(self, shown: Shown, payload: str, *, user: str = "1", n: int = 0) -> Webhook:
        action = {
            "type": "button",
            "action_id": "choice-0",
            "block_id": "B",
            "value": payload,
            "action_ts": f"{2000 + n}.0001",
        }
        body = {
            "type": "block_actions",
            "user": {"id": f"U{user}"},
            "team": {"id": "T1"},
            "channel": {"id": f"D{user}"},
            "message": {"ts": "1.1"},
            "actions": [action],
        }
        content = urlencode({"payload": json.dumps(body)}).encode()
        return self.signed(content, "application/x-www-form-urlencoded")

    def sends_picture(self, *, user: str = "1", n: int = 0) -> Webhook:
        return self.callback(
            {
                "type": "message",
                "subtype": "file_share",
                "channel_type": "im",
                "user": f"U{user}",
                "ts": f"{1000 + n}.0001",
                "channel": f"D{user}",
                "text": "",
                "files": [
                    {
                        "id": "F1",
                        "mimetype": "image/jpeg",
                        "url_private": f"{self.url}/files-pri/T1-F1/tent.jpg",
                        "url_private_download": f"{self.url}/files-pri/T1-F1/download/tent.jpg",
                    }
                ],
            }
        )

    def forgeries(self, webhook: Webhook) -> list[Webhook]:
        return [
            altered(webhook, _SIGNATURE),
            without(webhook, _SIGNATURE),
            altered(webhook, _TIME),
            without(webhook, _TIME),
            flipped(webhook),
        ]

    def expired(self, text: str) -> Webhook:
        event = {"type": "message", "channel_type": "im", "user": "U1", "channel": "D1"}
        return self.callback({**event, "ts": "1.1", "text": text}, time.time() - 600)

    def redelivered(self, webhook: Webhook) -> Webhook:
        again = self.signed(webhook.content, webhook.headers["content-type"])
        more = {"x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"}
        return Webhook(again.content, {**again.headers, **more})

    def chat_of(self, user: str, *, group: bool = False) -> str:
        return "C1" if group else f"D{user}"

    def refusal(self) -> Response:
        return JSONResponse({"ok": False, "error": "channel_not_found"})

    async def take(self, path: str, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self._bad("invalid_auth")
        if path == "/files-pri/T1-F1/download/tent.jpg" and request.method == "GET":
            return self.gives_picture()
        if not request.headers.get("content-type", "").startswith("application/json"):
            return self._bad("invalid_post_type")
        body = await request.json()
        if "channel" not in body:
            return self._bad("no channel")
        if wrong := _wrong(path, body):
            return self._bad(wrong)
        text, buttons = "", []
        if len(body["blocks"]) > 50 or len(body.get("text", "")) > 40_000:
            return self._bad("msg_too_long")
        for block in body["blocks"]:
            match block["type"]:
                case "rich_text":
                    part = "".join(_words(element) for element in block["elements"])
                    if not part or len(part) > 12_000:
                        return self._bad("invalid_blocks: rich text")
                    text += part
                case "actions":
                    for element in block["elements"]:
                        title, value = element["text"]["text"], element["value"]
                        if not 1 <= len(title) <= 75 or not 1 <= len(value) <= 2000:
                            return self._bad("invalid_blocks: button")
                        buttons.append((title, value))
                    if not 1 <= len(block["elements"]) <= 25 or len(
                        {element["action_id"] for element in block["elements"]}
                    ) != len(block["elements"]):
                        return self._bad("invalid_blocks: actions")
                case "image":
                    if not is_picture(block["image_url"]) or not block["alt_text"]:
                        return self._bad("invalid_blocks: image")
                case other:
                    return self._bad(f"invalid_blocks: {other}")
        if not body.get("text"):
            return self._bad("no_text")
        shown = Shown(body["channel"], text, buttons)
        match path:
            case "/chat.postMessage":
                number = self.show(shown)
            case "/chat.update":
                number = body["ts"]
                if number not in self.shown:
                    return JSONResponse({"ok": False, "error": "message_not_found"})
                self.edit(number, shown)
            case _:
                return self._bad("unknown_method")
        return JSONResponse({"ok": True, "channel": body["channel"], "ts": number})

    def _bad(self, error: str) -> Response:
        return self.complain(error, JSONResponse({"ok": False, "error": error}))


def _wrong(path: str, body: dict[str, Any]) -> str:
    """What Slack's own library, which knows arguments and blocks, would not send."""
    method = getattr(
        WebClient, path.removeprefix("/").replace(".post", "_post").replace(".up", "_up")
    )
    if unknown := set(body) - set(inspect.signature(method).parameters):
        return f"invalid_arguments: {sorted(unknown)}"
    blocks = Block.parse_all(body["blocks"])
    try:
        for block in blocks:
            block.validate_json()
        kept(body["blocks"], [block.to_dict() for block in blocks])
    except (SlackObjectFormationError, AssertionError) as error:
        return f"invalid_blocks: {error}"
    return ""


def _words(section: dict[str, Any]) -> str:
    """The words of a rich_text_section; it holds texts and links, none of them empty."""
    assert section["type"] == "rich_text_section"
    for element in section["elements"]:
        assert element["type"] in ("text", "link")
        assert element["text"]
        assert element["type"] != "link" or element["url"].startswith("http")
    return "".join(element["text"] for element in section["elements"])
