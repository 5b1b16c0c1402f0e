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

from bot.channels.channel import Channel, Request
from bot.channels.errors import Refused
from bot.channels.http import Http
from bot.channels.platforms import feishu
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


def events_of(fake: FakePlatform, webhook: Webhook) -> list[tuple[str, str]]:
    """Kind and text of what the channel takes from a call."""
    channel = fake.channel(fake.settings(), HTTP)
    request = Request("POST", "https://shop.example", webhook.headers, {}, webhook.content)
    return [(event.kind, event.text) for event in channel.events(request).events]


def test_only_edits_of_words_say_something_new() -> None:
    fake = FakeTelegram()
    place = {"latitude": 1.5, "longitude": 2.5}
    for sent in (
        {"location": {**place, "live_period": 900}},
        {"location": place},  # the end of a live one
        {"document": {"file_id": "F", "file_unique_id": "U"}, "caption": "the receipt"},
    ):
        moved = fake.message(1, "1", False, **sent)
        assert events_of(fake, fake.update(1, edited_message=moved)) == []
        assert len(events_of(fake, fake.update(1, message=moved))) == 1
    mended = fake.message(1, "1", False, text="a tent")
    assert events_of(fake, fake.update(1, edited_message=mended)) == [("text", "a tent")]


def test_every_message_of_whatsapp_is_answered() -> None:
    fake = FakeWhatsApp()
    order = {"catalog_id": "1", "text": "by Friday?", "product_items": [{"quantity": 2}]}
    for said, taken in (
        ({"type": "order", "order": order}, ("cart", "by Friday?")),
        ({"type": "order", "order": {**order, "text": ""}}, ("cart", "")),
        ({"type": "button", "button": {"text": "Track order"}}, ("text", "Track order")),
        ({"type": "button", "button": {"text": "Track", "payload": "track"}}, ("press", "track")),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, ("media", "")),
        ({"type": "poll_creation"}, ("media", "")),
    ):
        assert events_of(fake, fake.message("1", 1, **said)) == [taken]
    for silent in ("reaction", "system", "edit", "revoke"):
        assert events_of(fake, fake.message("1", 1, type=silent)) == []


def test_a_name_alone_is_a_greeting_and_no_picture() -> None:
    for fake in (FakeTelegram(), FakeSlack(), FakeFeishu(), FakeLine(), FakeDingTalk()):
        assert events_of(fake, fake.says("", group=True, n=1)) == [("text", "")], fake


def test_a_rich_text_keyed_by_its_language_has_words() -> None:
    fake = FakeFeishu()
    content = {"zh_cn": {"title": "问一下", "content": [[{"tag": "text", "text": "运费多少"}]]}}
    said = fake.message(content, user="1", group=False, kind="post", n=1)
    assert events_of(fake, said) == [("text", "问一下\n运费多少")]
