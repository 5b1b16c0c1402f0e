"""Events on their way in: stored first, together with whatever else has just come.

One transaction stores all events that arrived while the one before was written, so that a rush
costs few of them, and no platform waits long for its acknowledgement.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from bot.channels.channel import ChannelEvent, key_of
from bot.runtime.steps import reached
from data.unit_of_work import UnitOfWork

_MOST_AT_ONCE = 500  # rows of one statement
_SLOW_S = 0.03  # an acknowledgement that takes longer says that there is too much to do
_MANY = 100  # so do more events than that in a second, which no gateway answers as they come
_YIELD_S = 0.25  # so long answers stand back for what comes in
_LOOK_S = 0.02  # shorter than what is called slow

Row = dict[str, Any]


class Inbox:
    def __init__(self, unit_of_work: Callable[[], UnitOfWork]) -> None:
        self._unit_of_work = unit_of_work
        # A thread of its own: acknowledgements never wait behind the turns' work.
        self._writer = ThreadPoolExecutor(1, "channels-inbox")
        self._waiting: list[tuple[list[Row], asyncio.Future[set[str]]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._slow_until = 0.0
        self._second = 0.0  # when it began, and what has come since
        self._came = 0
        self._gate = asyncio.Lock()

    async def accept(self, channel: str, events: Sequence[ChannelEvent]) -> list[ChannelEvent]:
        """Returns, once all are stored for good, those that had not come before. Raises what the
        database raises; then nothing of it is stored and the platform repeats it."""
        if not events:
            return []
        began = time.monotonic()
        now = datetime.now(UTC)
        rows = [_row(channel, event, now) for event in events]
        stored: asyncio.Future[set[str]] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, stored))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        new = await stored
        self._judge(began, len(events))
        found = []
        for event in events:
            key = key_of(channel, event.id)
            if key in new:
                new.discard(key)  # the same event twice in one request
                found.append(event)
        return found

    def _judge(self, began: float, events: int) -> None:
        """Is this a rush?"""
        now = time.monotonic()
        if now - self._second >= 1:
            self._second, self._came = now, 0
        self._came += events
        if now - began > _SLOW_S or self._came > _MANY:
            self._slow_until = now + _YIELD_S

    async def calm(self) -> None:
        """Whoever answers and sends asks here before each step: in a rush, acknowledgements go
        first, and the others one by one, each after a moment."""
        async with self._gate:
            deadline = time.monotonic() + _YIELD_S
            while self._waiting or time.monotonic() < self._slow_until:
                if time.monotonic() > deadline:
                    return
                await asyncio.sleep(_LOOK_S)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, count = [], 0
            while self._waiting and count < _MOST_AT_ONCE:
                batch.append(self._waiting.pop(0))
                count += len(batch[-1][0])
            try:
                new = await loop.run_in_executor(
                    self._writer, self._store, [row for rows, _ in batch for row in rows]
                )
            except Exception as error:
                for _, stored in batch:
                    if not stored.done():
                        stored.set_exception(error)
                continue
            for rows, stored in batch:
                mine = {row["key"] for row in rows} & new
                new -= mine  # the same event in two requests at once: the first one has it
                if not stored.done():
                    stored.set_result(mine)

    def _store(self, rows: list[Row]) -> set[str]:
        with self._unit_of_work() as uow:
            new = uow.channels.accept(rows)
            uow.commit()
        reached("event stored")
        return new

    async def close(self) -> None:
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)
        self._writer.shutdown()


def _row(channel: str, event: ChannelEvent, now: datetime) -> Row:
    return {
        "channel": channel,
        "key": key_of(channel, event.id),
        "conversation": event.conversation,
        "body": event.stored(),
        "attempts": 0,
        "received_at": now,
    }
