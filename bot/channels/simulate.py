"""`shopguide channels simulate NAME`: a platform in the terminal, against the running system.

The system has to be set to call us instead of the platform: SHOPGUIDE_NAME_API is an address of
this machine. A line is what the customer writes; what the system sends is printed.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx

from bot.channels.channel import ChannelSettings, secret
from bot.channels.platforms.telegram import TelegramSettings
from bot.runtime.processes import SystemFailed


class Simulated(ABC):
    """One platform: how it calls the webhook, and what a call of ours shows."""

    Settings: ClassVar[type[ChannelSettings]]

    @abstractmethod
    def webhook(self, settings: Any, text: str, n: int) -> tuple[dict[str, str], bytes]:
        """Headers and body for what the customer writes."""

    @abstractmethod
    def shown(self, path: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The text that a call shows, "" for none, and what the platform answers."""


class SimulatedTelegram(Simulated):
    Settings = TelegramSettings

    def webhook(
        self, settings: TelegramSettings, text: str, n: int
    ) -> tuple[dict[str, str], bytes]:
        person = {"id": 1, "is_bot": False, "first_name": "You"}
        chat = {"id": 1, "type": "private"}
        message = {"message_id": n, "date": n, "chat": chat, "from": person, "text": text}
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret(settings.secret)}
        return headers, json.dumps({"update_id": n, "message": message}).encode()

    def shown(self, path: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        answer = {"ok": True, "result": {"message_id": body.get("message_id", 1)}}
        final = body.get("parse_mode") == "HTML"  # growing text comes without
        if not final or not path.endswith(("/sendMessage", "/editMessageText")):
            return "", answer
        lines = [unescape(re.sub(r"<[^>]*>", "", body["text"]))]
        for row in (body.get("reply_markup") or {}).get("inline_keyboard", []):
            lines += [f"[{button['text']}]" for button in row]
        return "\n".join(lines), answer


SIMULATED: dict[str, type[Simulated]] = {"telegram": SimulatedTelegram}


def simulate(name: str, system: str, tell: Callable[[str], None]) -> None:
    """Until the end of the input. Raises `SystemFailed` with what is to be set."""
    if name not in SIMULATED:
        raise SystemFailed(f"{name} cannot be played; these can: {', '.join(SIMULATED)}.")
    platform = SIMULATED[name]()
    settings = platform.Settings()
    api = urlsplit(str(getattr(settings, "api", "")))
    if api.hostname not in ("127.0.0.1", "localhost") or api.port is None:
        raise SystemFailed(
            f"Set SHOPGUIDE_{name.upper()}_API=http://127.0.0.1:8099 for the running system and "
            "for this command, and start the system again."
        )
    heard = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text, answer = platform.shown(self.path, body)
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            if text:
                tell(f"bot> {text}")
                heard.set()

        def log_message(self, format: str, *args: object) -> None:
            """What is called is of no interest here."""

    with ThreadingHTTPServer((api.hostname, api.port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        numbers = itertools.count(int(time.time()))
        for line in sys.stdin:
            if not line.strip():
                continue
            heard.clear()
            headers, content = platform.webhook(settings, line.strip(), next(numbers))
            url = f"{system}/channels/{name}"
            try:
                answer = httpx.post(url, content=content, headers=headers, trust_env=False)
            except httpx.HTTPError:
                raise SystemFailed(
                    f"Nothing answers at {url}; start it: shopguide serve."
                ) from None
            if not answer.is_success:
                raise SystemFailed(f"{url} answered {answer.status_code}; is {name} switched on?")
            heard.wait(30)
            time.sleep(0.5)  # an answer may come in pieces
        server.shutdown()
