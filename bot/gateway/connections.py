"""The open sockets of this process: how many a session, an address and all may have, and how they
are sent away when the process stops."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from bot.gateway.errors import Refusal
from bot.runtime.metrics import SOCKETS
from bot.settings import Settings

_GONE_S = 2  # a browser answers a close within one round trip


class Connection(Protocol):
    """A socket with a session."""

    def put(self, frame: dict[str, object]) -> None:
        """Send this after what waits already."""

    def leave(self, code: int) -> None:
        """Close with this code after what waits already."""


class ConnectionRegistry:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._by_address: Counter[str] = Counter()
        self._by_session: Counter[str] = Counter()
        self._sockets: set[Connection] = set()
        self._empty = asyncio.Event()

    @contextmanager
    def at_address(self, address: str) -> Iterator[None]:
        """Raises `Refusal`."""
        full = self._by_address.total() >= self._settings.sockets
        with _counted(self._by_address, address, 0 if full else self._settings.sockets_per_address):
            SOCKETS.inc()
            try:
                yield
            finally:
                SOCKETS.dec()

    @contextmanager
    def of_session(self, session_id: str, socket: Connection) -> Iterator[None]:
        """Raises `Refusal`."""
        with _counted(self._by_session, session_id, self._settings.sockets_per_session):
            self._sockets.add(socket)
            try:
                yield
            finally:
                self._sockets.discard(socket)
                if not self._sockets:
                    self._empty.set()

    def announce_closing(self) -> None:
        """Each is told to come back at a moment of its own, or all would at once."""
        for socket in self._sockets:
            socket.put({"type": "closing", "retry_ms": random.randint(500, 3000)})  # noqa: S311

    async def clear(self) -> None:
        """Close all sockets and wait a little until they are gone."""
        self._empty.clear()
        for socket in list(self._sockets):
            socket.leave(1012)
        if self._sockets:
            try:
                async with asyncio.timeout(_GONE_S):
                    await self._empty.wait()
            except TimeoutError:
                pass  # the server cuts them


@contextmanager
def _counted(counts: Counter[str], key: str, most: int) -> Iterator[None]:
    if counts[key] >= most:
        raise Refusal(429, "too_many_sockets")
    counts[key] += 1
    try:
        yield
    finally:
        counts[key] -= 1
        if not counts[key]:
            del counts[key]
