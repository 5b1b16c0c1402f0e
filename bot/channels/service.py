"""What all platforms share: from a stored event to its answer, each event once, each person in the
order in which they wrote.

    webhooks.py ─► inbox.py ─► here ─► the gateway's turns ─► delivery.py ─► the platform
                   (stored)                                   (stored)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal, TypeVar, cast

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import desk
from bot.channels.base import Answer, Channel, Event, Received, Request, key_of, read_event
from bot.channels.degrade import choices
from bot.channels.delivery import Delivery, Pauses, rows_of
from bot.channels.errors import ChannelError
from bot.channels.http import Http
from bot.channels.inbox import Inbox
from bot.channels.lanes import Lanes
from bot.channels.linking import LIFETIME, Linking, NewCode, wish
from bot.gateway.door import Door
from bot.gateway.errors import SENTENCES, Refusal
from bot.gateway.locks import SessionLocks
from bot.gateway.shapes import NewMessage
from bot.gateway.text import clean
from bot.messages import BotMessage
from bot.metrics import CHANNEL_EVENTS
from bot.phrases import phrase
from bot.shared import Shared
from data import access
from data.channels import Lane
from data.errors import DataError
from data.models import ChannelUser, Customer, InboxEvent
from data.unit_of_work import UnitOfWork
from retrieval.text import detect_language

log = structlog.get_logger("channels")

Language = Literal["zh", "en"]
Result = TypeVar("Result")

_AT_ONCE = 32
_MOST_ATTEMPTS = 3
_MOST_WAITING = 10  # of one person who writes faster than the limits allow
_LEASE_MARGIN_S = 20  # a turn, and the calls and rows around it
_NOTICE_S = 5.0
_QUICK_S = 0.3  # so long nobody is told that an answer comes
_LOOK_S = 1.0  # for agents' lines without Redis
_LOOK_SELDOM_S = 10.0
_RECOVER_S = 15.0  # for what another gateway left behind
_MOVED = timedelta(minutes=1)
_TOLD = timedelta(days=3)  # agents' lines older than that are told no more
_KEPT = timedelta(days=7)  # what was answered is known so long
_PASSIVE_TRIES = 3
_PASSIVE_HOLD_S = 2.0
_PASSIVE_LOOK_S = 0.05

# Questions for what proves nothing on a platform; there, a code does.
_PROOFS = ("order.identify", "identify.email", "identify.postcode", "identify.refused")


@dataclass(frozen=True)
class Person:
    """Who wrote an event. `choices` are what the numbers of the last answer stand for."""

    session_id: str
    language: Language
    choices: list[str]


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
        self.channels: Mapping[str, Channel] = {channel.name: channel for channel in channels}
        self.linking = Linking(door.settings.session_key)
        self.inbox = Inbox(unit_of_work)
        self._door = door
        self._unit_of_work = unit_of_work
        self._http = http
        self._lifetime = timedelta(hours=door.settings.session_hours)
        self._locks = SessionLocks(shared, lease_s=door.settings.turn_timeout_s + _LEASE_MARGIN_S)
        self._look_s = _LOOK_S if shared is None else _LOOK_SELDOM_S
        self._lanes = Lanes(self._answer_lane, _AT_ONCE)
        self.delivery = Delivery(
            unit_of_work, self.channels, self._locks, self.inbox.calm, pauses or Pauses()
        )
        self._nudged = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._notices: set[asyncio.Task[None]] = set()
        self._passive_tries: dict[str, int] = {}

    # From the start to the end

    def open(self) -> None:
        """Begin, with what was left unanswered or unsent."""
        if not self.channels:
            return
        self._lanes.open()
        self.delivery.lanes.open()
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
        await self.delivery.lanes.close()
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

        def work(uow: UnitOfWork) -> tuple[Sequence[Lane], Sequence[Lane]]:
            uow.channels.forget(datetime.now(UTC), _KEPT)
            uow.commit()
            return uow.channels.unanswered_lanes(names), uow.channels.waiting_lanes(names)

        unanswered, waiting = await self._do(work)
        for lane in unanswered:
            if self._lanes.is_idle(lane):
                self._lanes.wake(lane)
        for lane in waiting:
            if self.delivery.lanes.is_idle(lane):
                self.delivery.lanes.wake(lane)

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
            if await self._do(lambda uow: uow.channels.unanswered(lane)) == 0:
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
                row = await self._do(lambda uow: uow.channels.oldest_event(lane))
                if row is None:
                    return None
                try:
                    pause = await self._answer(channel, lane, row)
                except (DataError, SQLAlchemyError):
                    raise
                except Exception as error:
                    pause = await self._failed(row, error)
                if pause is not None:
                    return pause

    async def _failed(self, row: InboxEvent, error: Exception) -> float | None:
        """An event that we cannot handle must not hold up those behind it for ever."""
        log.exception("an event failed", channel=row.channel, error=type(error).__name__)

        def work(uow: UnitOfWork) -> int:
            attempts = uow.channels.count_attempt(row.key)
            if attempts >= _MOST_ATTEMPTS:
                uow.channels.finish_event(row.key, datetime.now(UTC))
            uow.commit()
            return attempts

        attempts = await self._do(work)
        if attempts < _MOST_ATTEMPTS:
            return float(attempts)
        CHANNEL_EVENTS.labels(channel=row.channel, outcome="failed").inc()
        return None

    async def _answer(self, channel: Channel, lane: Lane, row: InboxEvent) -> float | None:
        """Answer one event; returns the seconds to wait when it cannot be answered yet."""
        event = read_event(row.body or {})
        notice = self._begin_notice(channel, event)
        person = await self._do(partial(self._arrive, lane, event))
        answer = _Answer(channel, lane, event, row, person)
        try:
            messages = await self._respond(answer)
        except Refusal as refusal:
            if refusal.code not in ("too_many", "too_many_streams"):
                return 1.0  # closing: the next start goes on
            waiting = await self._do(lambda uow: uow.channels.unanswered(lane))
            if waiting <= _MOST_WAITING:
                return float((refusal.headers or {}).get("Retry-After", "1"))
            hour = datetime.now(UTC).strftime("%Y%m%d%H")
            answer.key = f"fast-{person.session_id}-{hour}"  # said once
            messages = [_say("channel.too_fast", person.language)]
        messages = [_without_proofs(message, event.group) for message in messages]
        if event.kind != "press":
            notice.cancel()  # an answer that is there needs no typing sign
        calls = channel.reply(messages, event.address, draft=answer.draft) if messages else []
        offered = choices(messages, channel.capabilities)

        def work(uow: UnitOfWork) -> None:
            now = datetime.now(UTC)
            uow.channels.put(rows_of(lane, answer.key, calls, now))
            uow.channels.finish_event(row.key, now)
            user = uow.channels.user(lane)
            if user is not None and messages:
                user.choices, user.language = offered, messages[-1].language
            uow.commit()

        await self._do(work)
        if calls:
            self.delivery.lanes.wake(lane)
        return None

    def _arrive(self, lane: Lane, event: Event, uow: UnitOfWork) -> Person:
        """The person and their session: a new one when there is none or it is over."""
        now = datetime.now(UTC)
        channel, conversation = lane
        user = uow.channels.user(lane)
        if user is None:
            session = access.open_channel_session(uow, self._lifetime, channel, None)
            user = ChannelUser(
                channel=channel,
                conversation=conversation,
                session_id=session.id,
                is_group=event.group,
                language=event.language or "zh",
                choices=[],
                failed_links=0,
            )
            uow.channels.add_user(user)
        elif access.live_session(uow, user.session_id) is None:
            self._renew(uow, user)
        spoken = _language(event)
        if spoken in ("zh", "en"):
            user.language = spoken
        user.address, user.spoke_at, user.is_group = event.address, now, event.group
        uow.commit()
        return Person(user.session_id, cast("Language", user.language), list(user.choices))

    def _renew(self, uow: UnitOfWork, user: ChannelUser) -> None:
        """Go on after a session's end: in the same one while a person has it in hand."""
        ticket = uow.tickets.open_of_session(user.session_id)
        session = uow.sessions.get(user.session_id)
        if ticket is not None and session is not None:
            session.expires_at = datetime.now(UTC) + self._lifetime
        else:
            self._new_session(uow, user)

    def _new_session(self, uow: UnitOfWork, user: ChannelUser) -> None:
        linked = None if user.is_group else user.customer_id
        user.session_id = access.open_channel_session(uow, self._lifetime, user.channel, linked).id
        user.choices = []

    async def _respond(self, answer: _Answer) -> list[BotMessage]:
        event, person = answer.event, answer.person
        text = clean(event.text)
        match event.kind:
            case "media":
                return [_say("channel.media", person.language)]
            case "hello":
                text = "你好" if person.language == "zh" else "hello"
            case "text" if wanted := wish(text):
                if event.group:
                    return [_say("channel.link_privately", person.language)]
                if wanted.kind == "unlink":
                    return await self._do(partial(self._unlink, answer.lane))
                return await self._do(partial(self._link, answer.lane, wanted.code))
            case "text" if text.isdecimal() and 0 < int(text[:4]) <= len(person.choices):
                text = person.choices[int(text[:4]) - 1]
        if not text:
            return [_say("channel.media", person.language)]
        return await self._turn(answer, text)

    async def _turn(self, answer: _Answer, text: str) -> list[BotMessage]:
        """The gateway's own turn, shown while it grows where the platform can."""
        channel, person = answer.channel, answer.person
        try:
            turn = await self._door.say(
                person.session_id,
                f"{answer.lane[0]}:{answer.lane[1]}",
                NewMessage(text=text, message_id=answer.row.key),
            )
        except Refusal as refusal:
            if refusal.code in ("too_long", "empty"):
                zh, en = SENTENCES[refusal.code]
                words = (zh if person.language == "zh" else en).format(**refusal.facts)
                return [BotMessage(text=words, language=person.language)]
            raise
        every_s = channel.capabilities.edit_every_s
        growing = every_s is not None and self.delivery.lanes.is_idle(answer.lane)
        last = -float("inf")
        messages: list[BotMessage] = []
        async for event in turn.follow():
            if event.name == "message":
                messages.append(BotMessage.model_validate(event.data))
            elif event.name == "delta" and growing and time.monotonic() - last >= (every_s or 0):
                growing = await self._show(answer, event.data["text"])
                last = time.monotonic()
        return messages

    async def _show(self, answer: _Answer, text: str) -> bool:
        """Show a growing text; False when that does not work and the answer comes whole."""
        try:
            async with asyncio.timeout(_NOTICE_S):
                shown = await answer.channel.show(text, answer.event.address, answer.draft)
        except (ChannelError, TimeoutError):
            return False
        if shown is None:
            return False
        if answer.draft is None:
            answer.draft = shown

            def work(uow: UnitOfWork) -> None:
                uow.channels.keep_draft(answer.row.key, shown)
                uow.commit()

            await self._do(work)
        return True

    def _begin_notice(self, channel: Channel, event: Event) -> asyncio.Task[None]:
        async def notice() -> None:
            if event.kind != "press":
                await asyncio.sleep(_QUICK_S)
            with suppress(ChannelError, TimeoutError):
                async with asyncio.timeout(_NOTICE_S):
                    await channel.notice(event)

        task = asyncio.create_task(notice())
        self._notices.add(task)
        task.add_done_callback(self._notices.discard)
        return task

    # Who it is

    def _link(self, lane: Lane, code: str, uow: UnitOfWork) -> list[BotMessage]:
        user = uow.channels.user(lane)
        assert user is not None  # noqa: S101 - it has arrived
        language = cast("Language", user.language)
        found = self.linking.redeem(uow, user, code)
        if isinstance(found, str):
            uow.commit()
            minutes = round(LIFETIME.total_seconds() / 60)
            return [_say(f"channel.link_{found}", language, minutes=minutes)]
        user.customer_id = found
        self._new_session(uow, user)
        customer = uow.session.get(Customer, found)
        uow.commit()
        return [_say("channel.linked", language, name=customer.name if customer else "")]

    def _unlink(self, lane: Lane, uow: UnitOfWork) -> list[BotMessage]:
        user = uow.channels.user(lane)
        assert user is not None  # noqa: S101 - it has arrived
        language = cast("Language", user.language)
        if user.customer_id is None:
            return [_say("channel.not_linked", language)]
        user.customer_id = None
        self._new_session(uow, user)
        uow.commit()
        return [_say("channel.unlinked", language)]

    async def new_code(self, session_id: str) -> tuple[NewCode, dict[str, str]] | None:
        """A one-time code for the customer whose session it is, and addresses that open a chat
        with it, by platform; None when the session is nobody's."""
        code = await self._do(lambda uow: self.linking.new_code(uow, session_id))
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

        for lane in await self._do(work):
            self.delivery.lanes.wake(lane)

    async def _do(self, work: Callable[[UnitOfWork], Result]) -> Result:
        def in_thread() -> Result:
            with self._unit_of_work() as uow:
                return work(uow)

        return await asyncio.to_thread(in_thread)


class _Answer:
    """What is known of an answer while it is made."""

    def __init__(
        self, channel: Channel, lane: Lane, event: Event, row: InboxEvent, person: Person
    ) -> None:
        self.channel = channel
        self.lane = lane
        self.event = event
        self.row = row
        self.person = person
        self.key = row.key
        self.draft = row.draft


def _language(event: Event) -> str | None:
    """The language of an event's words; the platform's hint where there are none."""
    if not event.text:
        return event.language
    wanted = wish(event.text)
    return wanted.language if wanted else detect_language(event.text)


def _say(key: str, language: Language, **facts: object) -> BotMessage:
    return BotMessage(text=phrase(key, language, **facts), language=language)


def _without_proofs(message: BotMessage, group: bool) -> BotMessage:
    """Instead of asking for e-mail and postcode, say how a chat is linked."""
    if not any(phrase(key, message.language) in message.text for key in _PROOFS):
        return message
    return _say("channel.link_privately" if group else "channel.link_first", message.language)


def _desk_message(sender: str, body: Mapping[str, Any], language: Language) -> BotMessage:
    if sender == "bot":
        return BotMessage.model_validate(body)
    colon = "：" if language == "zh" else ": "
    return BotMessage(text=f"{body['agent']}{colon}{body['text']}", language=language)
