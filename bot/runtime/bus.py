"""Events from whoever makes them to whoever follows: between threads, and by Redis between
processes.

An event belongs to a channel ("session:ID", "turn:ID"). Followers in this process are told without
Redis, so that one process never depends on it. All processes listen on one Redis channel and drop
what nobody follows here: nothing is subscribed to for each session, and nothing is missed by a
subscription that comes too late.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.runtime.redis_link import RedisLink, RedisUnavailable

BusEvent = dict[str, Any]
Deliver = Callable[[BusEvent], None]

_CHANNEL = "shopguide:events"
_MOST_WAITING = 10_000  # events that Redis has not taken; then the oldest are dropped
_PAUSE_S = 1.0  # before it listens again to a Redis that has gone


class Bus:
    def __init__(self, redis_link: RedisLink | None = None) -> None:
        self._redis_link = redis_link
        self._me = uuid.uuid4().hex
        self._followers: dict[str, dict[int, tuple[asyncio.AbstractEventLoop, Deliver]]] = {}
        self._outgoing: deque[str] = deque(maxlen=_MOST_WAITING)
        self._more = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @contextmanager
    def follow(self, channel: str, deliver: Deliver) -> Iterator[None]:
        """Within the block, call `deliver` on the running loop with each event of the channel."""
        followers = self._followers.setdefault(channel, {})
        followers[id(deliver)] = (asyncio.get_running_loop(), deliver)
        try:
            yield
        finally:
            del followers[id(deliver)]
            if not followers:
                del self._followers[channel]

    def followed(self, prefix: str) -> list[str]:
        """The channels with this prefix that somebody here follows, without the prefix."""
        return [name.removeprefix(prefix) for name in self._followers if name.startswith(prefix)]

    def publish(self, channel: str, event: BusEvent) -> None:
        """Tell everyone. Thread-safe; never waits, and never fails because of Redis."""
        self.tell(channel, event)
        if self._loop is not None:
            text = json.dumps([self._me, channel, event], ensure_ascii=False)
            self._outgoing.append(text)
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._more.set)

    def tell(self, channel: str, event: BusEvent) -> None:
        """Tell the followers in this process only. Thread-safe."""
        for loop, deliver in list(self._followers.get(channel, {}).values()):
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(deliver, event)

    def open(self) -> None:
        """Begin to exchange events with other processes; without Redis there are none."""
        if self._redis_link is None:
            return
        self._loop = asyncio.get_running_loop()
        self._tasks = [
            asyncio.create_task(self._send(self._redis_link)),
            asyncio.create_task(self._receive(self._redis_link)),
        ]

    async def close(self) -> None:
        self._loop = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, redis_link: RedisLink) -> None:
        """In the order of publishing. While Redis is away events are dropped: a follower elsewhere
        finds the final messages in the history."""
        while True:
            await self._more.wait()
            self._more.clear()
            while self._outgoing:
                batch = [self._outgoing.popleft() for _ in range(min(100, len(self._outgoing)))]
                with suppress(RedisUnavailable):
                    await redis_link.ask(partial(_publish, batch))

    async def _receive(self, redis_link: RedisLink) -> None:
        while True:
            with suppress(RedisError, OSError):
                async with redis_link.listening.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(_CHANNEL)
                    while True:
                        message = await channel.get_message(timeout=5)
                        if message is not None:
                            self._take(message["data"])
            await asyncio.sleep(_PAUSE_S)

    def _take(self, text: str) -> None:
        sender, channel, event = json.loads(text)
        if sender != self._me:
            self.tell(channel, event)


async def _publish(batch: list[str], redis: Redis) -> None:
    pipe = redis.pipeline(transaction=False)
    for text in batch:
        pipe.publish(_CHANNEL, text)
    await pipe.execute()


def announce(redis_link: RedisLink, channel: str, event: BusEvent) -> None:
    """Tell every process from a command, which has no event loop. Raises `RedisUnavailable`."""
    redis_link.publish(_CHANNEL, json.dumps(["", channel, event], ensure_ascii=False))
