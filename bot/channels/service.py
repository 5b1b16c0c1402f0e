"""What all platforms share, put together and run: each event is answered once, each person in the
order in which they wrote, also after a crash.

    webhooks.py ─► inbox.py ─► answers.py ─► the gateway's turns ─► delivery.py ─► the platform
                   (stored)    (people.py)                          (stored)           │
                                    └──────► keeping.py ◄── pictures, voice, files ────┘

Lanes keep the order (keyed_workers.py), locks keep several gateways apart. What agents write goes
out by delivery.py too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.answers import Answers
from bot.channels.channel import Answer, Channel, ChannelEvent, Received, Request, key_of
from bot.channels.delivery import Delivery, Pauses
from bot.channels.http import Http
from bot.channels.inbox import Inbox
from bot.channels.keeping import Keeping, Policy
from bot.channels.keyed_workers import KeyedWorkers
from bot.channels.linking import Linking, NewCode
from bot.channels.people import People, say
from bot.channels.ports import Assistant
from bot.channels.storage import Storage
from bot.dialogue import desk, notices
from bot.messages import BotMessage
from bot.runtime.bus import Bus
from bot.runtime.locks import SessionLocks
from bot.runtime.metrics import CHANNEL_EVENTS
from bot.runtime.redis_link import RedisLink
from bot.runtime.steps import reached
from bot.settings import Settings
from bot.wording import formats
from data.access import customer_of_session
from data.capabilities import Capability
from data.channels import Lane
from data.errors import DataError
from data.unit_of_work import UnitOfWork
from retrieval.types import Language

log = structlog.get_logger("channels")


_AT_ONCE = 32  # conversations that are answered; as many as are delivered
_LOOK_S = 1.0  # for agents' lines without Redis
_LOOK_SELDOM_S = 10.0  # with it, in case an announcement was lost
_RECOVER_S = 15.0  # for what another gateway left behind
_KEPT = timedelta(days=7)  # what was answered is known so long
# WeChat asks three times, and hangs up after five seconds each time.
_PASSIVE_TRIES = 3
_PASSIVE_HOLD_S = 2.0
_PASSIVE_LOOK_S = 0.05  # unnoticed by a person


@dataclass(frozen=True)
class LinkedChat:
    """A chat on a platform that is linked to a customer; `linked_at` is None for old ones."""

    id: int
    platform: str
    linked_at: datetime | None


class Channels:
    """The platforms that are on. `redis_link` is Redis, where several gateways run."""

    def __init__(
        self,
        channels: Sequence[Channel],
        assistant: Assistant,
        unit_of_work: Callable[[], UnitOfWork],
        *,
        settings: Settings,
        bus: Bus,
        http: Http,
        redis_link: RedisLink | None = None,
        pauses: Pauses | None = None,
    ) -> None:
        pauses = pauses or Pauses()
        self.channels: Mapping[str, Channel] = {channel.name: channel for channel in channels}
        self.linking = Linking(settings.session_key)
        self.inbox = Inbox(unit_of_work)
        self._bus = bus
        self._http = http
        self._storage = Storage(unit_of_work)
        self._locks = SessionLocks(unit_of_work)
        self._look_s = _LOOK_S if redis_link is None else _LOOK_SELDOM_S
        self._workers = KeyedWorkers(self._answer_lane, _AT_ONCE)
        self.delivery = Delivery(self._storage, self.channels, self._locks, self.inbox.calm, pauses)
        policy = Policy(settings.kept_files, settings.keep_file_mb)
        self.keeping = Keeping(self._storage, self.delivery, self._locks, pauses, policy)
        self._people = People(self.linking, timedelta(hours=settings.session_hours))
        self._answers = Answers(assistant, self._storage, self._people, self.delivery, self.keeping)
        self._nudged = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._passive_tries: dict[str, int] = {}

    # From the start to the end

    def open(self) -> None:
        """Begin, with what was left unanswered or unsent."""
        if not self.channels:
            return
        self._workers.open()
        self.delivery.workers.open()
        self.keeping.workers.open()
        self._tasks = [
            asyncio.create_task(self._watch(self._recover, _RECOVER_S)),
            asyncio.create_task(self._watch(self._relay, self._look_s, nudged=True)),
        ]

    async def close(self) -> None:
        """Stop at once: all that is unfinished is stored and goes on at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._workers.close()
        await self._answers.close()
        await self.delivery.workers.close()
        await self.keeping.workers.close()
        await self.inbox.close()
        await self._http.close()

    async def _watch(
        self, look: Callable[[], Awaitable[None]], every_s: float, *, nudged: bool = False
    ) -> None:
        with self._bus.follow(desk.CHANNEL, lambda event: self._nudged.set()):
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

        def work(uow: UnitOfWork) -> list[tuple[KeyedWorkers, Sequence[Lane]]]:
            uow.channels.forget(datetime.now(UTC), _KEPT)
            uow.commit()
            return [
                (self._workers, uow.channels.unanswered_lanes(names)),
                (self.delivery.workers, uow.channels.waiting_lanes(names)),
                (self.keeping.workers, uow.attachments.waiting_lanes(names)),
            ]

        for workers, left in await self._storage.do(work):
            for lane in filter(workers.is_idle, left):
                workers.wake(lane)

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
            self._workers.wake((channel.name, event.conversation))
        if channel.passive_s and events:
            return await self._passive(channel, events[0], request)
        return received.answer

    async def _passive(self, channel: Channel, event: ChannelEvent, request: Request) -> Answer:
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
        async with self._locks.hold(f"in:{lane[0]}:{lane[1]}"):
            reached("event claimed")
            while True:
                await self.inbox.calm()
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

    async def links(self, session_id: str) -> list[LinkedChat] | None:
        """The chats that are linked to the customer whose session it is; None when it is nobody's,
        or not proven well enough."""

        def work(uow: UnitOfWork) -> list[LinkedChat] | None:
            customer = customer_of_session(uow, session_id, Capability.LINK_CHAT)
            if customer is None:
                return None
            return [
                LinkedChat(user.id, user.channel, user.linked_at)
                for user in uow.channels.linked_to(customer.id)
            ]

        return await self._storage.do(work)

    async def end_link(self, session_id: str, number: int) -> bool | None:
        """End one of these links; False when there is no such, None as for `links`."""

        def work(uow: UnitOfWork) -> tuple[bool | None, set[Lane]]:
            customer = customer_of_session(uow, session_id, Capability.LINK_CHAT)
            if customer is None:
                return None, set()
            linked = {user.id: user for user in uow.channels.linked_to(customer.id)}
            if number not in linked:
                return False, set()
            user = linked[number]
            self._people.end_link(user, uow)
            notice = say("channel.unlinked", cast("Language", user.language))
            told = self.delivery.put(uow, user, f"unlinked-{user.session_id}", [notice])
            uow.commit()
            return True, told

        ended, told = await self._storage.do(work)
        for lane in told:
            self.delivery.workers.wake(lane)
        return ended

    # People behind the assistant

    async def _relay(self) -> None:
        """Send what agents wrote to people on platforms; each line once, by its id."""
        names = list(self.channels)

        def work(uow: UnitOfWork) -> set[Lane]:
            woken: set[Lane] = set()
            for row in uow.channels.written(names):
                line, user = row.call or {}, uow.channels.user((row.channel, row.conversation))
                # Whoever unlinked the chat meanwhile is not told there any more.
                if user is not None and user.session_id == line["session"]:
                    language = cast("Language", user.language)
                    message = _desk_message(line["sender"], line["body"], language)
                    woken |= self.delivery.put(uow, user, row.key, [message])
                uow.channels.sent(row.key)
            # Those to agents are put by whatever process files a ticket.
            if notices.CHANNEL in names:
                woken |= set(uow.channels.waiting_lanes([notices.CHANNEL]))
            uow.commit()
            return woken

        for lane in await self._storage.do(work):
            self.delivery.workers.wake(lane)


def _desk_message(sender: str, body: Mapping[str, Any], language: Language) -> BotMessage:
    if sender == "bot":
        return BotMessage.model_validate(body)
    text = f"{body['agent']}{formats.colon(language)}{body['text']}"
    return BotMessage(text=text, language=language)
