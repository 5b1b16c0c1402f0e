"""What all platforms share, put together and run: each event is answered once, each person in the
order in which they wrote, also after a crash.

    webhooks.py ─► inbox.py ─► answers.py ─► the gateway's turns ─► delivery.py ─► the platform
                   (stored)    (people.py)                          (stored)           │
                                    └──────► keeping.py ◄── pictures, voice, files ────┘

Lanes keep the order (lanes.py), locks keep several gateways apart. What agents write goes out by
delivery.py too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import desk
from bot.channels.answers import Answers
from bot.channels.base import Answer, Channel, Event, Received, Request, key_of
from bot.channels.delivery import Delivery, Pauses, rows_of
from bot.channels.http import Http
from bot.channels.inbox import Inbox
from bot.channels.keeping import ATTEMPT_S, Keeping, Policy
from bot.channels.lanes import Lanes
from bot.channels.linking import Linking, NewCode
from bot.channels.people import Language, People
from bot.channels.storage import Storage
from bot.gateway.door import Door
from bot.gateway.locks import SessionLocks
from bot.messages import BotMessage
from bot.metrics import CHANNEL_EVENTS
from bot.shared import Shared
from data.channels import Lane
from data.errors import DataError
from data.unit_of_work import UnitOfWork

log = structlog.get_logger("channels")


_AT_ONCE = 32
_LEASE_MARGIN_S = 20  # a turn, and the calls and rows around it
_LOOK_S = 1.0  # for agents' lines without Redis
_LOOK_SELDOM_S = 10.0
_RECOVER_S = 15.0  # for what another gateway left behind
_MOVED = timedelta(minutes=1)
_TOLD = timedelta(days=3)  # agents' lines older than that are told no more
_KEPT = timedelta(days=7)  # what was answered is known so long
_PASSIVE_TRIES = 3
_PASSIVE_HOLD_S = 2.0
_PASSIVE_LOOK_S = 0.05


class Channels:
    """The platforms that are on. `shared` is Redis, where several gateways run."""

    def __init__(
        self,
        channels: Sequence[Channel],
        door: Door,
        unit_of_work: Callable[[], UnitOfWork],
        *,
        http: Http,
        shared: Shared | None = None,
        pauses: Pauses | None = None,
    ) -> None:
        pauses = pauses or Pauses()
        self.channels: Mapping[str, Channel] = {channel.name: channel for channel in channels}
        self.linking = Linking(door.settings.session_key)
        self.inbox = Inbox(unit_of_work)
        self._door = door
        self._http = http
        self._storage = Storage(unit_of_work)
        self._locks = SessionLocks(shared, lease_s=door.settings.turn_timeout_s + _LEASE_MARGIN_S)
        self._look_s = _LOOK_S if shared is None else _LOOK_SELDOM_S
        self._lanes = Lanes(self._answer_lane, _AT_ONCE)
        self.delivery = Delivery(self._storage, self.channels, self._locks, self.inbox.calm, pauses)
        policy = Policy(door.settings.kept_files, door.settings.keep_file_mb)
        file_locks = SessionLocks(shared, lease_s=ATTEMPT_S + _LEASE_MARGIN_S)
        self.keeping = Keeping(self._storage, self.delivery, file_locks, pauses, policy)
        people = People(self.linking, timedelta(hours=door.settings.session_hours))
        self._answers = Answers(door, self._storage, people, self.delivery, self.keeping)
        self._nudged = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._passive_tries: dict[str, int] = {}

    # From the start to the end

    def open(self) -> None:
        """Begin, with what was left unanswered or unsent."""
        if not self.channels:
            return
        self._lanes.open()
        self.delivery.lanes.open()
        self.keeping.lanes.open()
        self._tasks = [
            asyncio.create_task(self._watch(self._recover, _RECOVER_S)),
            asyncio.create_task(self._watch(self._relay, self._look_s, nudged=True)),
        ]

    async def close(self) -> None:
        """Stop at once: all that is unfinished is stored and goes on at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lanes.close()
        await self._answers.close()
        await self.delivery.lanes.close()
        await self.keeping.lanes.close()
        await self.inbox.close()
        await self._http.close()

    async def _watch(
        self, look: Callable[[], Awaitable[None]], every_s: float, *, nudged: bool = False
    ) -> None:
        with self._door.bus.follow(desk.CHANNEL, lambda event: self._nudged.set()):
            while True:
                try:
                    await look()
                except (DataError, SQLAlchemyError) as error:
                    log.warning("channels could not look", cause=type(error).__name__)
                if not nudged:
                    await asyncio.sleep(every_s)
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(every_s):
                        await self._nudged.wait()
                self._nudged.clear()

    async def _recover(self) -> None:
        """Wake what waits in the database: left by a crash, or revived by a command."""
        names = list(self.channels)

        def work(uow: UnitOfWork) -> list[tuple[Lanes, Sequence[Lane]]]:
            uow.channels.forget(datetime.now(UTC), _KEPT)
            uow.commit()
            return [
                (self._lanes, uow.channels.unanswered_lanes(names)),
                (self.delivery.lanes, uow.channels.waiting_lanes(names)),
                (self.keeping.lanes, uow.attachments.waiting_lanes(names)),
            ]

        for lanes, left in await self._storage.do(work):
            for lane in filter(lanes.is_idle, left):
                lanes.wake(lane)

    # In

    async def receive(self, channel: Channel, received: Received, request: Request) -> Answer:
        """Store what a verified request brought; returns what the platform is answered. Raises
        what the database raises."""
        now = channel.clock()
        events = [replace(event, address={**event.address, "at": now}) for event in received.events]
        new = await self.inbox.accept(channel.name, events)
        CHANNEL_EVENTS.labels(channel=channel.name, outcome="new").inc(len(new))
        CHANNEL_EVENTS.labels(channel=channel.name, outcome="again").inc(len(events) - len(new))
        for event in new:
            self._lanes.wake((channel.name, event.conversation))
        if channel.passive_s and events:
            return await self._passive(channel, events[0], request)
        return received.answer

    async def _passive(self, channel: Channel, event: Event, request: Request) -> Answer:
        """The answer of the event in that of the request, if it is there in time."""
        lane = (channel.name, event.conversation)
        key = key_of(channel.name, event.id)
        deadline = time.monotonic() + channel.passive_s
        while True:
            if await self._storage.do(lambda uow: uow.channels.unanswered(lane)) == 0:
                self._passive_tries.pop(key, None)
                answer = await self.delivery.take(lane, request)
                return answer or channel.passive([], request) or Answer()
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(_PASSIVE_LOOK_S)
        tries = self._passive_tries[key] = self._passive_tries.get(key, 0) + 1
        if tries >= _PASSIVE_TRIES:
            del self._passive_tries[key]
            return channel.passive([], request) or Answer()
        await asyncio.sleep(_PASSIVE_HOLD_S)  # the platform has hung up, and comes again
        return Answer(status=503)

    async def _answer_lane(self, lane: Lane) -> float | None:
        channel = self.channels[lane[0]]
        while True:
            await self.inbox.calm()
            async with self._locks.hold(f"in:{lane[0]}:{lane[1]}"):
                row = await self._storage.do(lambda uow: uow.channels.oldest_event(lane))
                if row is None:
                    return None
                pause = await self._answers.answer(channel, lane, row)
                if pause is not None:
                    return pause

    # Who it is

    async def new_code(self, session_id: str) -> tuple[NewCode, dict[str, str]] | None:
        """A one-time code for the customer whose session it is, and addresses that open a chat
        with it, by platform; None when the session is nobody's."""
        code = await self._storage.do(lambda uow: self.linking.new_code(uow, session_id))
        if code is None:
            return None
        links = {name: channel.link(code.code) for name, channel in self.channels.items()}
        return code, {name: link for name, link in links.items() if link}

    # People behind the assistant

    async def _relay(self) -> None:
        """Send what agents wrote to people on platforms; each line once, by its id."""

        def work(uow: UnitOfWork) -> set[Lane]:
            now = datetime.now(UTC)
            woken: set[Lane] = set()
            for user, line in uow.channels.desk_lines(now - _MOVED, now - _TOLD):
                channel = self.channels.get(user.channel)
                if channel is None:
                    continue
                message = _desk_message(line.sender, line.body, cast("Language", user.language))
                lane = (user.channel, user.conversation)
                calls = channel.reply([message], user.address)
                if uow.channels.put(rows_of(lane, line.message_id, calls, now)):
                    woken.add(lane)
            uow.commit()
            return woken

        for lane in await self._storage.do(work):
            self.delivery.lanes.wake(lane)


def _desk_message(sender: str, body: Mapping[str, Any], language: Language) -> BotMessage:
    if sender == "bot":
        return BotMessage.model_validate(body)
    colon = "：" if language == "zh" else ": "
    return BotMessage(text=f"{body['agent']}{colon}{body['text']}", language=language)
