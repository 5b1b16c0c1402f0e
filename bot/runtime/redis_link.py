"""Redis, where several gateways meet, and what happens while it is away.

Nothing in it must outlive a restart: who waits on it goes on alone when it does not answer.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.errors import ShopguideError
from bot.runtime.metrics import REDIS

log = structlog.get_logger("redis")

Answer = TypeVar("Answer")

_ANSWER_S = 0.5  # on a local network it takes a millisecond; a customer waits for no more than this
_REST_S = 2.0  # so long nobody asks a Redis that failed


class RedisUnavailable(ShopguideError):
    """Redis does not answer; do without it."""


class RedisLink:
    """A Redis that may go and come back: who asks is told so at once, the log once."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=_ANSWER_S,
            socket_connect_timeout=_ANSWER_S,
        )
        self._blocking = BlockingRedis.from_url(
            url, socket_timeout=_ANSWER_S, socket_connect_timeout=_ANSWER_S
        )
        # A listener waits for as long as nothing is said.
        self.listening = Redis.from_url(
            url, decode_responses=True, socket_connect_timeout=_ANSWER_S, health_check_interval=5
        )
        self._clock = clock
        self._rest_until = 0.0
        self._answers = True
        REDIS.set(1)

    async def ask(self, question: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        """What Redis answers. Raises `RedisUnavailable`."""
        self._check()
        try:
            answer = await question(self._redis)
        except (RedisError, OSError) as error:
            raise self.failed(error) from None
        self.answered()
        return answer

    def publish(self, channel: str, message: str) -> None:
        """From a thread or a command; raises `RedisUnavailable`."""
        self._check()
        try:
            self._blocking.publish(channel, message)
        except (RedisError, OSError) as error:
            raise self.failed(error) from None
        self.answered()

    def _check(self) -> None:
        if self._clock() < self._rest_until:
            raise RedisUnavailable

    def failed(self, error: Exception) -> RedisUnavailable:
        self._rest_until = self._clock() + _REST_S
        if self._answers:
            self._answers = False
            REDIS.set(0)
            log.warning(
                "Redis does not answer; this gateway goes on alone", cause=type(error).__name__
            )
        return RedisUnavailable()

    def answered(self) -> None:
        if not self._answers:
            self._answers = True
            REDIS.set(1)
            log.info("Redis answers again")

    async def close(self) -> None:
        await self._redis.aclose()
        await self.listening.aclose()
        self._blocking.close()
