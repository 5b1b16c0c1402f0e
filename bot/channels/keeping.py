"""What customers send besides words, kept for the agents where the shop wants it.

Only the kinds that SHOPGUIDE_KEEP_FILES names are fetched; without it nothing is, and nothing of
them is stored. What somebody sent in a group is never kept. A customer's answer does not wait for
it: that something is to be fetched is stored with the answer, and the platform is asked afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog

from bot.channels import delivery
from bot.channels.channel import Attachment, Channel, ChannelEvent
from bot.channels.delivery import Delivery, Pauses
from bot.channels.errors import TryAgain, Undeliverable
from bot.channels.keyed_workers import KeyedWorkers
from bot.channels.people import say
from bot.channels.storage import Storage
from bot.runtime.locks import SessionLocks
from bot.runtime.metrics import CHANNEL_FILES
from data import models
from data.attachments import MOST_A_DAY
from data.channels import Lane
from data.unit_of_work import UnitOfWork
from retrieval.types import Language

log = structlog.get_logger("channels")

_AT_ONCE = 4  # files, of at most SHOPGUIDE_KEEP_FILE_MB each, in memory at a time
ATTEMPT_S = 60.0  # one attempt, an access token included
_GIVE_UP = timedelta(hours=24)  # platforms keep them for some days, their addresses for less
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Policy:
    """`kinds` (of data.attachments.KINDS) are kept, each of at most so many megabytes."""

    kinds: frozenset[str]
    megabytes: int


class Keeping:
    def __init__(
        self,
        storage: Storage,
        delivery: Delivery,
        locks: SessionLocks,
        pauses: Pauses,
        policy: Policy,
    ) -> None:
        self._storage = storage
        self._delivery = delivery
        self._locks = locks
        self._pauses = pauses
        self._policy = policy
        self.workers = KeyedWorkers(self._fetch, _AT_ONCE)

    def choose(self, event: ChannelEvent, session_id: str, uow: UnitOfWork) -> Sequence[Attachment]:
        """What of an event is kept."""
        if event.group:
            return ()
        wanted = [one for one in event.attachments if one.kind in self._policy.kinds]
        if not wanted:
            return ()
        today = uow.attachments.count_since(session_id, datetime.now(UTC) - _DAY)
        return wanted[: max(0, MOST_A_DAY - today)]

    async def _fetch(self, lane: Lane) -> float | None:
        channel = self._delivery.channels[lane[0]]
        while True:
            async with self._locks.hold(f"files:{lane[0]}:{lane[1]}"):
                row = await self._storage.do(lambda uow: uow.attachments.first_due(lane))
                if row is None:
                    return None
                wait = (row.due_at - datetime.now(UTC)).total_seconds()
                if wait > 0:
                    return wait
                await self._attempt(channel, lane, row)

    async def _attempt(self, channel: Channel, lane: Lane, row: models.Attachment) -> None:
        """Ask the platform once, and write down what became of it."""
        now = datetime.now(UTC)
        try:
            async with asyncio.timeout(ATTEMPT_S):
                file = await channel.fetch(row.place or {}, self._policy.megabytes * 1_000_000)
        except (TryAgain, TimeoutError) as error:
            reason = str(error)[:200] or "no answer"
            if now - row.created_at > _GIVE_UP:
                await self._lose(channel, lane, row, f"given up after a day: {reason}")
                return
            due_at = now + timedelta(seconds=self._pauses.after(row.attempts, error))
            CHANNEL_FILES.labels(channel=channel.name, outcome="again").inc()
            await self._storage.change(
                lambda uow: uow.attachments.postpone(row.key, due_at, reason)
            )
        except Undeliverable as error:
            await self._lose(channel, lane, row, str(error))
        except Exception as error:
            # An answer that nobody thought of must not hold up the files behind it.
            log.exception("a file cannot be fetched", channel=channel.name)
            await self._lose(channel, lane, row, type(error).__name__)
        else:
            CHANNEL_FILES.labels(channel=channel.name, outcome="kept").inc()
            await self._storage.change(
                lambda uow: uow.attachments.keep(row.key, file.body, file.media_type[:100])
            )

    async def _lose(
        self, channel: Channel, lane: Lane, row: models.Attachment, reason: str
    ) -> None:
        """Give it up, and tell the customer, who was told that it is kept."""
        log.warning("a file is lost", channel=channel.name, reason=reason[:200])
        CHANNEL_FILES.labels(channel=channel.name, outcome="lost").inc()

        def change(uow: UnitOfWork) -> None:
            uow.attachments.lose(row.key, reason[:200])
            user = uow.channels.user(lane)
            if user is None:
                return
            language = cast("Language", user.language)
            told = say("channel.media_lost", language, megabytes=self._policy.megabytes)
            calls = channel.reply([told], user.address)
            now = datetime.now(UTC)
            uow.channels.put(delivery.rows_of(lane, f"{row.key}.lost", calls, now))

        await self._storage.change(change)
        self._delivery.workers.wake(lane)


def rows_of(
    lane: Lane, key: str, session_id: str, attachments: Sequence[Attachment], now: datetime
) -> list[dict[str, Any]]:
    """Rows for `attachments`; `key` names the event that brought them."""
    return [
        {
            "channel": lane[0],
            "key": f"{key}.{n}",
            "conversation": lane[1],
            "session_id": session_id,
            "kind": attachment.kind,
            "place": attachment.place,
            "state": "waiting",
            "attempts": 0,
            "due_at": now,
            "created_at": now,
        }
        for n, attachment in enumerate(attachments, 1)
    ]
