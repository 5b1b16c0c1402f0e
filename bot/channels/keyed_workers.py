"""Work in order: what is in one lane is done by one task at a time, many lanes at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from data.channels import Lane

log = structlog.get_logger("channels")

Work = Callable[[Lane], Awaitable[float | None]]
"""Does all that a lane holds; returns the seconds until it is to be woken again, or None."""

_AFTER_FAILURE_S = 5.0  # most likely the database is away: not to be asked all the time


class KeyedWorkers:
    def __init__(self, work: Work, at_once: int) -> None:
        self._work = work
        self._at_once = at_once
        self._woken: asyncio.Queue[Lane] = asyncio.Queue()
        self._known: set[Lane] = set()  # woken or running
        self._again: set[Lane] = set()  # woken while running
        self._running: set[Lane] = set()
        self._alarms: dict[Lane, asyncio.TimerHandle] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def wake(self, lane: Lane) -> None:
        """There is something in the lane."""
        if alarm := self._alarms.pop(lane, None):
            alarm.cancel()
        if lane in self._running:
            self._again.add(lane)
        elif lane not in self._known:
            self._known.add(lane)
            self._woken.put_nowait(lane)

    def is_idle(self, lane: Lane) -> bool:
        """Nothing of it is waiting, being done, or to be tried again."""
        return lane not in self._known and lane not in self._alarms

    def open(self) -> None:
        self._tasks = [asyncio.create_task(self._run()) for _ in range(self._at_once)]

    async def close(self) -> None:
        """Break off; whatever was not finished is still stored."""
        for alarm in self._alarms.values():
            alarm.cancel()
        self._alarms.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            lane = await self._woken.get()
            self._running.add(lane)
            pause: float | None = None
            try:
                pause = await self._work(lane)
            except Exception as error:
                # Most likely the database is away. The text of an error may hold people's words.
                log.warning("a lane stopped", channel=lane[0], cause=type(error).__name__)
                pause = _AFTER_FAILURE_S
            finally:
                self._running.discard(lane)
                self._known.discard(lane)
            if lane in self._again:
                self._again.discard(lane)
                self.wake(lane)
            elif pause is not None:
                loop = asyncio.get_running_loop()
                self._alarms[lane] = loop.call_later(pause, self._ring, lane)

    def _ring(self, lane: Lane) -> None:
        self._alarms.pop(lane, None)
        self.wake(lane)
