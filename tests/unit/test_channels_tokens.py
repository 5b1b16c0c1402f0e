"""Access tokens: one is fetched however many ask, and anew when it ends or is refused."""

from __future__ import annotations

import asyncio

import pytest

from bot.channels.errors import TryAgain
from bot.channels.tokens import AccessToken


class Platform:
    def __init__(self) -> None:
        self.now = 0.0
        self.given = 0
        self.failing = False

    async def fetch(self) -> tuple[str, float]:
        await asyncio.sleep(0)  # others ask meanwhile
        if self.failing:
            raise TryAgain("busy")
        self.given += 1
        return f"t{self.given}", 7200

    def token(self) -> AccessToken:
        return AccessToken(self.fetch, clock=lambda: self.now)


async def many(token: AccessToken) -> set[str]:
    return set(await asyncio.gather(*(token.get() for _ in range(100))))


def test_a_hundred_at_once_fetch_one() -> None:
    async def run() -> None:
        platform = Platform()
        token = platform.token()
        assert await many(token) == {"t1"}
        platform.now = 7200 - 121
        assert await many(token) == {"t1"}
        platform.now = 7200 - 119  # shortly before its end
        assert await many(token) == {"t2"}

    asyncio.run(run())


def test_a_refused_token_is_fetched_anew_once() -> None:
    async def run() -> None:
        token = Platform().token()
        old = await token.get()
        for _ in range(100):  # each of them was refused the same
            token.drop(old)
        assert await many(token) == {"t2"}
        token.drop(old)  # one that comes late says nothing of the new one
        assert await many(token) == {"t2"}

    asyncio.run(run())


def test_who_asks_while_the_platform_fails_is_told_and_the_next_one_asks_again() -> None:
    async def run() -> None:
        platform = Platform()
        token = platform.token()
        platform.failing = True
        with pytest.raises(TryAgain):
            await token.get()
        platform.failing = False
        assert await many(token) == {"t1"}

    asyncio.run(run())
