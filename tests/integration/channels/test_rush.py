"""A thousand events at once: none is lost, none is answered twice, each person's keep their order.

What takes them in is the same for all platforms; one of each way in is enough: signed by a header,
sealed, and many events in one request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.channels.feishu import FakeFeishu
from tests.integration.channels.line import FakeLine
from tests.integration.channels.platform import FakePlatform, Webhook, shop
from tests.integration.channels.telegram import FakeTelegram

PEOPLE, EACH = 125, 8
PATIENCE_S = 300


def alone(platform: FakePlatform) -> Iterator[Webhook]:
    for n in range(EACH):
        for user in range(1, PEOPLE + 1):
            yield platform.says(f"{user}.{n}", user=str(user), n=user * EACH + n)


def together(platform: FakePlatform) -> Iterator[Webhook]:
    """All events of a moment in one request."""
    assert isinstance(platform, FakeLine)
    webhooks = list(alone(platform))
    for n in range(0, len(webhooks), PEOPLE):
        bodies = [json.loads(webhook.content) for webhook in webhooks[n : n + PEOPLE]]
        events = [event for body in bodies for event in body["events"]]
        yield platform.signed({**bodies[0], "events": events})


@pytest.mark.parametrize(
    ("kind", "calls"),
    [(FakeTelegram, alone), (FakeFeishu, alone), (FakeLine, together)],
    ids=["telegram", "feishu", "line"],
)
def test_a_thousand_events_at_once(
    kind: type[FakePlatform], calls: Callable[[FakePlatform], Iterator[Webhook]], tmp_path: Path
) -> None:
    platform = kind()
    with platform.serving(), shop(platform, tmp_path) as running:
        webhooks = list(calls(platform))
        size = len(webhooks) // EACH  # of one moment: people's own events come one after another
        with ThreadPoolExecutor(50) as pool:
            for n in range(0, len(webhooks), size):
                answers = list(pool.map(running.call, webhooks[n : n + size]))
                assert {answer.status_code for answer in answers} == {200}
            repeated = [platform.redelivered(webhook) for webhook in webhooks[::10]]
            assert {answer.status_code for answer in pool.map(running.call, repeated)} == {200}
        running.settle(PATIENCE_S)
        for user in range(1, PEOPLE + 1):
            shown = platform.texts(platform.chat_of(str(user)))
            assert shown == [f"You said: {user}.{n}" for n in range(EACH)]
