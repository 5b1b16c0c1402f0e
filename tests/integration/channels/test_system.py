"""The whole assistant, real Rasa and all, on every platform in both languages."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from bot.wording.phrases import phrase
from tests.integration.channels.platform import FakePlatform, Shown, Webhook, wait_until
from tests.integration.channels.platforms import PLATFORMS
from tests.running import System

_PATIENCE_S = 40


class Customer:
    """Somebody who writes to the running system on a platform."""

    def __init__(self, system: System, platform: FakePlatform, user: str) -> None:
        self.system = system
        self.platform = platform
        self.user = user
        self.chat = platform.chat_of(user)
        self._n = int(user) * 1000

    def call(self, webhook: Webhook) -> None:
        answer = httpx.request(
            webhook.method,
            f"{self.system.url}/channels/{self.platform.channel.name}",
            content=webhook.content,
            headers=webhook.headers,
            params=webhook.query or None,
        )
        assert answer.is_success, answer.text

    def say(self, text: str, until: str) -> list[Shown]:
        """Write, and wait for an answer that holds these words."""
        self._n += 1
        known = set(self.platform.shown)
        self.call(self.platform.says(text, user=self.user, n=self._n))

        def new() -> list[Shown]:
            shown = list(self.platform.shown.items())
            return [s for key, s in shown if key not in known and s.chat == self.chat]

        def words() -> str:
            return "\n".join("\n".join([shown.text, *shown.cards]) for shown in new())

        wait_until(lambda: until in words(), _PATIENCE_S)
        time.sleep(0.2)
        return new()


@pytest.mark.parametrize("kind", PLATFORMS, ids=lambda kind: kind.channel.name)
@pytest.mark.parametrize(
    ("language", "user", "email", "delivery", "free", "orders", "number"),
    [
        ("zh", "71", "chen.hao@example.com", "买60块的东西包邮吗", "¥99",
         "我的包裹到哪了", "SP61840357"),
        ("en", "72", "emma.clarke@example.com", "is 60 enough for free delivery?", "¥99",
         "where is order SP39274618?", "SP39274618"),
    ],
    ids=["zh", "en"],
)  # fmt: skip
def test_a_conversation(
    system: System,
    platforms: dict[str, FakePlatform],
    kind: type[FakePlatform],
    language: str,
    user: str,
    email: str,
    delivery: str,
    free: str,
    orders: str,
    number: str,
) -> None:
    platform = platforms[kind.channel.name]
    customer = Customer(system, platform, user)
    customer.say(delivery, free)

    customer.say(orders, phrase("channel.link_first", language)[:12])
    code = _code(system, email)
    customer.say(f"link {code}" if language == "en" else f"绑定 {code}", _linked(language))
    answer = customer.say(orders, number)
    assert number in "".join(shown.text + "".join(shown.cards) for shown in answer)
    assert platform.complaints == []


def _linked(language: str) -> str:
    return "解绑" if language == "zh" else '"unlink"'


def _code(system: System, email: str) -> str:
    api = f"{system.url}/api/v1"
    body: dict[str, Any] = {"identity": system.identity(email)}
    token = httpx.post(f"{api}/sessions", json=body).json()["token"]
    answer = httpx.post(f"{api}/link-code", headers={"Authorization": f"Bearer {token}"})
    return str(answer.json()["code"])
