"""Every platform is down for a minute, with the pauses that a shop has: nothing is lost, nothing
comes twice, all comes in order. All of them are at once, so that it takes one minute."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from bot.channels.delivery import Pauses
from tests.integration.channels.platform import Shop, shop
from tests.integration.channels.platforms import PLATFORMS

DOWN_S = 60
EVERY_S = 6
PATIENCE_S = 120  # the pause that was begun before the end of the minute, and what waits behind it


def test_down_for_a_minute(tmp_path: Path) -> None:
    with ExitStack() as stack:
        shops: list[Shop] = []
        for kind in PLATFORMS:
            platform = kind()
            stack.enter_context(platform.serving())
            folder = tmp_path / platform.channel.name
            folder.mkdir()
            shops.append(stack.enter_context(shop(platform, folder, pauses=Pauses())))
            platform.down = True
        began = time.monotonic()
        questions = range(DOWN_S // EVERY_S)
        for n in questions:
            for running in shops:
                webhook = running.platform.says(f"question {n}", n=n)
                assert running.call(webhook).is_success
                assert running.call(running.platform.redelivered(webhook)).is_success
            time.sleep(max(0.0, began + (n + 1) * EVERY_S - time.monotonic()))
        for running in shops:
            assert running.platform.shown == {}
            # It was asked again and again, but not in a hurry: once a message, and ten times more.
            assert 1 < len(running.platform.asked) < 2 * len(questions) + 10
            running.platform.down = False
        for running in shops:
            running.settle(PATIENCE_S)
            platform = running.platform
            shown = platform.texts(platform.chat_of("1"))
            assert shown == [f"You said: question {n}" for n in questions]
