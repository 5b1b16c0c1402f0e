"""One turn at a time for each session, in all gateways together."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from weakref import WeakValueDictionary

from redis.asyncio import Redis

from bot.shared import Away, Shared

_LOOK_AGAIN_S = 0.03
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class SessionLocks:
    """`lease_s` is longer than any turn: after so long the lock of a gateway that died is free.

    While Redis is away, only the turns of this process wait for each other."""

    def __init__(self, shared: Shared | None, *, lease_s: float) -> None:
        self._shared = shared
        self._lease_ms = round(lease_s * 1000)
        self._here: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, session_id: str) -> AsyncIterator[None]:
        async with self._here.setdefault(session_id, asyncio.Lock()):
            if self._shared is None:
                yield
                return
            async with self._hold_everywhere(self._shared, f"shopguide:turn:{session_id}"):
                yield

    @asynccontextmanager
    async def _hold_everywhere(self, shared: Shared, name: str) -> AsyncIterator[None]:
        mine = uuid.uuid4().hex

        def take(redis: Redis) -> Awaitable[object]:
            return redis.set(name, mine, nx=True, px=self._lease_ms)

        try:  # also what was taken while we were told to give up is given back
            with suppress(Away):
                while not await shared.ask(take):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_AGAIN_S)
            yield
        finally:
            with suppress(Away):
                await shared.ask(lambda redis: redis.eval(_RELEASE, 1, name, mine))
