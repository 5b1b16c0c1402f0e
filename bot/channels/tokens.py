"""Access tokens: fetched when they are needed, kept until shortly before they end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

_MARGIN_S = 120.0  # longer than any call that begins with the old one

Fetch = Callable[[], Awaitable[tuple[str, float]]]
"""Returns a token and the seconds that it lives. Raises `TryAgain`, `Undeliverable`."""


class AccessToken:
    """However many ask at once, the platform is asked once."""

    def __init__(self, fetch: Fetch, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._token = ""
        self._until = -float("inf")
        self._asking = asyncio.Lock()

    async def get(self) -> str:
        """Raises what `fetch` raises."""
        async with self._asking:
            if self._clock() >= self._until:
                self._token, lives_s = await self._fetch()
                self._until = self._clock() + max(lives_s - _MARGIN_S, lives_s / 2)
            return self._token

    def drop(self, token: str) -> None:
        """The platform refused this token: the next one who asks fetches another. One that was
        replaced meanwhile is not dropped."""
        if token == self._token:
            self._until = -float("inf")
