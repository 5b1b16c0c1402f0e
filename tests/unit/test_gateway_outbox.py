"""What waits for a slow reader."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.gateway.outbox import Outbox, Overflow

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def delta(message_id: str, seq: int) -> dict[str, Any]:
    return {"type": "delta", "message_id": message_id, "seq": seq}


def message(message_id: str, n: int = 1) -> dict[str, Any]:
    return {"type": "message", "message_id": f"{message_id}.{n}", "reply_to": message_id}


async def drained(outbox: Outbox) -> list[dict[str, Any]]:
    frames = []
    while True:
        try:
            async with asyncio.timeout(0.01):
                frames.append(await outbox.get())
        except TimeoutError:
            return frames


async def test_order_is_kept_and_growing_text_takes_one_place() -> None:
    outbox = Outbox()
    outbox.put({"type": "accepted", "message_id": "a"})
    for seq in range(1000):
        outbox.put(delta("a", seq))
        outbox.put(delta("b", seq))
    outbox.put({"type": "pong"})
    assert await drained(outbox) == [
        {"type": "accepted", "message_id": "a"},
        delta("a", 999),
        delta("b", 999),
        {"type": "pong"},
    ]


async def test_the_message_overrules_its_growing_text_alone() -> None:
    outbox = Outbox()
    for frame in (delta("a", 1), delta("b", 1), message("a"), message("a", 2)):
        outbox.put(frame)
    assert await drained(outbox) == [delta("b", 1), message("a"), message("a", 2)]


async def test_finished_things_are_bounded() -> None:
    outbox = Outbox(most=3)
    for n in range(3):
        outbox.put(message("a", n))
    with pytest.raises(Overflow):
        outbox.put(message("a", 4))
    assert len(await drained(outbox)) == 3
    outbox.put(message("a", 4))
    assert await drained(outbox) == [message("a", 4)]


async def test_a_reader_waits_for_the_next() -> None:
    outbox = Outbox()
    waiting = asyncio.create_task(outbox.get())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    outbox.put({"type": "pong"})
    assert await waiting == {"type": "pong"}
