"""Whatever a platform sends, rightly signed, is an event or none: they add kinds and fields."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels import feishu
from bot.channels.base import Channel, Request
from bot.channels.errors import Refused
from bot.channels.http import Http
from tests.integration.channels.dingtalk import FakeDingTalk
from tests.integration.channels.feishu import KEY, FakeFeishu, encrypted
from tests.integration.channels.line import FakeLine
from tests.integration.channels.messenger import FakeMessenger
from tests.integration.channels.platform import FakePlatform, Shown, Webhook
from tests.integration.channels.slack import FakeSlack
from tests.integration.channels.telegram import FakeTelegram
from tests.integration.channels.whatsapp import FakeWhatsApp

HTTP = Http(httpx.AsyncClient())


def opened(webhook: Webhook) -> Any:
    """What a call says, in the clear."""
    if "form" in webhook.headers.get("content-type", ""):
        return json.loads(parse_qs(webhook.content.decode())["payload"][0])
    said = json.loads(webhook.content)
    if "encrypt" in said:
        return json.loads(feishu.decrypt(KEY, said["encrypt"]))
    return said


def closed(webhook: Webhook, said: object) -> Webhook:
    """The call, saying this."""
    text = json.dumps(said)
    if "form" in webhook.headers.get("content-type", ""):
        return replace(webhook, content=urlencode({"payload": text}).encode())
    if b'"encrypt"' in webhook.content:
        sealed = json.dumps({"encrypt": encrypted(text.encode())})
        return replace(webhook, content=sealed.encode())
    return replace(webhook, content=text.encode())


def calls() -> list[tuple[Channel, Webhook]]:
    found: list[tuple[Channel, Webhook]] = []
    kinds: list[type[FakePlatform]] = [
        FakeTelegram, FakeSlack, FakeWhatsApp, FakeMessenger, FakeFeishu, FakeLine, FakeDingTalk,
    ]  # fmt: skip
    for kind in kinds:
        fake = kind()
        channel = fake.channel(fake.settings(), HTTP)
        shown = Shown(fake.chat_of("1"), "?", [("Yes", "yes")])
        webhooks = [fake.says("hello", n=1), fake.presses(shown, "yes", n=2)]
        webhooks.append(fake.sends_picture(n=3))
        if fake.groups:
            webhooks.append(fake.says("hello", group=True, n=4))
        found += [(channel, webhook) for webhook in webhooks]
    return found


CALLS = calls()
ODD = st.sampled_from([None, True, 7, -1.5, "", "x", [], ["x"], {}, {"x": {}}])


def spots(value: object) -> list[Callable[[Any, Any], None]]:
    """For each part of the value, however deep, what puts another into its place (of a copy)."""
    found: list[Callable[[Any, Any], None]] = []

    def walk(part: Any, path: tuple[Any, ...]) -> None:
        keys = (
            part if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
        )
        for key in keys:
            found.append(lambda root, odd, at=(*path, key): put(root, at, odd))
            walk(part[key], (*path, key))

    def put(root: Any, path: tuple[Any, ...], odd: Any) -> None:
        for key in path[:-1]:
            root = root[key]
        if odd == "gone" and isinstance(root, dict):
            del root[path[-1]]
        else:
            root[path[-1]] = copy.deepcopy(odd)

    walk(value, ())
    return found


@settings(max_examples=600)
@given(st.sampled_from(CALLS), st.data())
def test_what_is_odd_raises_nothing(call: tuple[Channel, Webhook], data: st.DataObject) -> None:
    channel, webhook = call
    said = copy.deepcopy(opened(webhook))
    for _ in range(data.draw(st.integers(1, 2))):
        if places := spots(said):
            data.draw(st.sampled_from(places))(said, data.draw(ODD | st.just("gone")))
    changed = closed(webhook, said)
    request = Request("POST", "https://shop.example", changed.headers, {}, changed.content)
    try:
        received = channel.events(request)
    except Refused:
        return
    for event in received.events:
        assert event.id
        assert event.conversation
        json.dumps(event.stored())
        assert all(isinstance(words, str) for words in (event.id, event.conversation, event.text))
