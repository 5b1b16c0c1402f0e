"""Answers on their way out: in order within a conversation, again after a failure, and kept as dead
letters when a platform will not have them.

A call is marked as sent after the platform took it. A crash or a broken connection between the two
sends it once more, under the same key; platforms that know keys drop it then.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bot.channels.channel import Answer, Call, Channel, Request
from bot.channels.errors import TryAgain, Undeliverable
from bot.channels.keyed_workers import KeyedWorkers
from bot.channels.storage import Storage
from bot.messages import BotMessage
from bot.runtime.locks import SessionLocks
from bot.runtime.metrics import CHANNEL_CALLS
from bot.runtime.steps import reached
from data.channels import Lane
from data.models import ChannelUser, OutboxCall
from data.unit_of_work import UnitOfWork

log = structlog.get_logger("channels")

_AT_ONCE = (
    32  # conversations: one that is slow must not hold up others, nor all platforms a process
)
_SEND_S = 12.0  # one attempt, an access token included
_GIVE_UP = timedelta(hours=24)
_LONGEST_PAUSE_S = 60.0  # a platform that is back is noticed within a minute
_LONGEST_WAIT_S = 3600.0  # looked at again, in case a clock was set back meanwhile
_MOST_PASSIVE = 1  # a platform's request carries one message back


@dataclass(frozen=True)
class Pauses:
    """Back-off: `first_s`, then twice as long each time, up to a minute; longer where the platform
    asks for it."""

    first_s: float = 1.0

    def after(self, attempts: int, error: Exception) -> float:
        pause = min(self.first_s * 2.0 ** min(attempts, 10), _LONGEST_PAUSE_S)
        pause *= random.uniform(0.8, 1.2)  # noqa: S311 - so that not all come at once
        asked = error.after_s if isinstance(error, TryAgain) else None
        return max(pause, asked or 0.0)


def rows_of(lane: Lane, key: str, calls: Sequence[Call], now: datetime) -> list[dict[str, Any]]:
    """Rows of the outbox; `key` names what they answer, so that they are stored once."""
    return [
        {
            "channel": lane[0],
            "key": f"{key}.{n}",
            "conversation": lane[1],
            "call": call,
            "state": "waiting",
            "attempts": 0,
            "due_at": now,
            "created_at": now,
        }
        for n, call in enumerate(calls, 1)
    ]


class Delivery:
    def __init__(
        self,
        storage: Storage,
        channels: Mapping[str, Channel],
        locks: SessionLocks,
        calm: Callable[[], Awaitable[None]],
        pauses: Pauses,
    ) -> None:
        self._storage = storage
        self.channels = channels
        self._locks = locks
        self._calm = calm
        self._pauses = pauses
        self.workers = KeyedWorkers(self._deliver, _AT_ONCE)

    def put(
        self, uow: UnitOfWork, user: ChannelUser, key: str, messages: Sequence[BotMessage]
    ) -> set[Lane]:
        """Store the calls that tell somebody this, once by `key`; returns the lane to wake, if
        any: none where the platform is off or the key is known. The caller commits."""
        channel = self.channels.get(user.channel)
        if channel is None:
            return set()
        lane = (user.channel, user.conversation)
        calls = channel.reply(messages, user.address)
        return {lane} if uow.channels.put(rows_of(lane, key, calls, datetime.now(UTC))) else set()

    async def _deliver(self, lane: Lane) -> float | None:
        channel = self.channels[lane[0]]
        if channel.passive_s:
            return None  # the platform's next request takes it
        async with self._locks.hold(f"out:{lane[0]}:{lane[1]}"):
            while True:
                await self._calm()
                call = await self._storage.do(lambda uow: uow.channels.oldest_call(lane))
                if call is None:
                    return None
                wait = (call.due_at - datetime.now(UTC)).total_seconds()
                if wait > 0 and call.attempts:  # a first try waits for no clock
                    return min(wait, _LONGEST_WAIT_S)
                await self._send(channel, call)

    async def take(self, lane: Lane, request: Request) -> Answer | None:
        """What waits in the lane as the answer of the platform's own request, marked as sent; None
        when nothing waits or the channel cannot say it so."""
        channel = self.channels[lane[0]]
        async with self._locks.hold(f"out:{lane[0]}:{lane[1]}"):
            calls = await self._storage.do(
                lambda uow: uow.channels.waiting_calls(lane, most=_MOST_PASSIVE)
            )
            answer = channel.passive([call.call or {} for call in calls], request)
            if not calls or answer is None:
                return None
            keys = [call.key for call in calls]
            await self._storage.change(lambda uow: uow.channels.sent(*keys))
        return answer

    async def _send(self, channel: Channel, call: OutboxCall) -> None:
        """One attempt, and what became of it."""
        try:
            async with asyncio.timeout(_SEND_S):
                await channel.send(call.call or {}, call.key)
        except (TryAgain, TimeoutError) as error:
            now, reason = datetime.now(UTC), str(error)[:200] or "no answer"
            if now - call.created_at > _GIVE_UP:
                await self._bury(channel, call, f"given up after a day: {error}")
                return
            pause = self._pauses.after(call.attempts, error)
            CHANNEL_CALLS.labels(channel=channel.name, outcome="again").inc()
            await self._storage.change(
                lambda uow: uow.channels.postpone(call.key, now + timedelta(seconds=pause), reason)
            )
        except Undeliverable as error:
            await self._bury(channel, call, str(error))
        else:
            CHANNEL_CALLS.labels(channel=channel.name, outcome="sent").inc()
            reached("call sent")
            await self._storage.change(lambda uow: uow.channels.sent(call.key))
            reached("call marked")

    async def _bury(self, channel: Channel, call: OutboxCall, reason: str) -> None:
        CHANNEL_CALLS.labels(channel=channel.name, outcome="dead").inc()
        log.warning("a call cannot be delivered", channel=channel.name, reason=reason[:200])
        await self._storage.change(lambda uow: uow.channels.bury(call.key, reason[:200]))
