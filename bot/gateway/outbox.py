"""What waits to be sent to one socket, bounded however slowly it reads."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.errors import ShopguideError

Frame = dict[str, Any]

_MOST = 256  # finished lines: more than a conversation has while one reads


class Overflow(ShopguideError):
    """The reader is so far behind that it had better come back and read the history."""


class Outbox:
    """First in, first out. A growing text takes the place of its earlier state, and gives it up to
    the final message; so only finished things add up."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._frames: dict[object, Frame] = {}
        self._more = asyncio.Event()
        self._count = 0

    def put(self, frame: Frame) -> None:
        """Raises `Overflow`."""
        key: object
        match frame["type"]:
            case "delta":
                key = frame["message_id"]
            case "message":
                self._frames.pop(frame["reply_to"], None)
                key = self._next()
            case _:
                key = self._next()
        if key not in self._frames and len(self._frames) >= self._most:
            raise Overflow
        self._frames[key] = frame
        self._more.set()

    def _next(self) -> int:
        self._count += 1
        return self._count

    async def get(self) -> Frame:
        while not self._frames:
            self._more.clear()
            await self._more.wait()
        return self._frames.pop(next(iter(self._frames)))
