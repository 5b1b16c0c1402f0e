"""The platform that docs/channels.md shows as an example works as it stands there."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channels.channel import ChannelSettings
from bot.messages import BotMessage, Button
from bot.settings import ROOT
from tests.integration.channels.platform import (
    FakePlatform,
    Shop,
    Shown,
    Webhook,
    altered,
    flipped,
    hidden,
    shop,
    without,
)

TOKEN, SECRET = "a-token", "the-secret-of-the-webhook"


def example() -> ModuleType:
    page = (ROOT / "docs/channels.md").read_text("utf-8")
    found = re.search(r"```python\n(\"\"\"Parrot.*?)```", page, re.DOTALL)
    assert found is not None
    module = ModuleType("bot.channels.parrot")
    sys.modules[module.__name__] = module  # its classes look up their annotations there
    exec(compile(found[1], "docs/channels.md", "exec"), module.__dict__)  # noqa: S102 - our page
    return module


parrot = example()


class FakeParrot(FakePlatform):
    channel = parrot.Parrot
    groups = False

    def __init__(self) -> None:
        super().__init__()
        self.keys: set[str] = set()

    def settings(self) -> ChannelSettings:
        made: ChannelSettings = parrot.ParrotSettings(
            _env_file=None, token=hidden(TOKEN), secret=hidden(SECRET), api=self.url
        )
        return made

    def signed(self, body: dict[str, Any], at: float | None = None) -> Webhook:
        content, moment = json.dumps(body).encode(), str(int(at or time.time()))
        signed = moment.encode() + b"." + content
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        return Webhook(content, {"x-parrot-time": moment, "x-parrot-signature": digest})

    def says(self, text: str, *, user: str = "1", group: bool = False, n: int = 0) -> Webhook:
        return self.signed({"id": f"e{user}-{n}", "type": "text", "user": user, "text": text})

    def presses(self, shown: Shown, payload: str, *, user: str = "1", n: int = 0) -> Webhook:
        return self.signed({"id": f"e{user}-{n}", "type": "button", "user": user, "text": payload})

    def sends_picture(self, *, user: str = "1", n: int = 0) -> Webhook:
        return self.signed({"id": f"e{user}-{n}", "type": "picture", "user": user})

    def forgeries(self, webhook: Webhook) -> list[Webhook]:
        names = ("x-parrot-time", "x-parrot-signature")
        changed = [change(webhook, name) for name in names for change in (altered, without)]
        return [*changed, flipped(webhook)]

    def chat_of(self, user: str, *, group: bool = False) -> str:
        return user

    async def take(self, path: str, request: Request) -> Response:
        body, key = await request.json(), request.headers.get("idempotency-key", "")
        if request.headers.get("authorization") != f"Bearer {TOKEN}" or path != "/messages":
            return self.complain(f"{path} with a wrong token", JSONResponse({}, 401))
        if not 0 < len(body["text"]) <= 500 or len(body["buttons"]) > 3 or not key:
            return self.complain("a wrong message", JSONResponse({}, 400))
        if key not in self.keys:
            self.keys.add(key)
            buttons = [(button["title"], button["value"]) for button in body["buttons"]]
            self.show(Shown(body["to"], body["text"], buttons))
        return JSONResponse({})


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Shop]:
    platform = FakeParrot()
    with platform.serving(), shop(platform, tmp_path) as started:
        yield started


def test_a_conversation(running: Shop) -> None:
    platform = running.platform
    buttons = [Button(title="Yes", payload="yes please")]
    running.gateway.fake.play = lambda session_id, text: [
        BotMessage(text=f"You said: {text}", buttons=buttons)
    ]
    [shown] = running.say("帐篷？")
    assert (shown.text, shown.buttons) == ("You said: 帐篷？", [("Yes", "yes please")])
    [pressed] = running.press(shown, "yes please")
    assert pressed.text == "You said: yes please"
    assert len(running.say("x" * 1990)) == 4
    webhook = platform.says("hello?", n=100)
    assert len(running.after(webhook)) == 1
    assert running.after(webhook) == []
    for forged in platform.forgeries(webhook):
        assert running.call(forged).status_code == 401
    assert running.call(platform.signed({}, time.time() - 600)).status_code == 401
    platform.faults = [Response(status_code=503)]
    assert len(running.say("again?")) == 1
