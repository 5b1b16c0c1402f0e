"""From a stored event to its answer: the gateway's own turn, shown while it grows where a platform
can, and what is said without one (codes, pictures, too many messages). A row for each attachment
that the shop keeps is stored with the answer; keeping.py fetches it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.channels import keeping
from bot.channels.channel import Attachment, Channel, ChannelEvent, read_event
from bot.channels.delivery import Delivery, rows_of
from bot.channels.errors import ChannelError
from bot.channels.keeping import Keeping
from bot.channels.linking import read_link_command
from bot.channels.people import People, Person, say
from bot.channels.ports import Assistant, Declined
from bot.channels.render import choices
from bot.channels.storage import Storage
from bot.messages import BotMessage
from bot.runtime.clean import clean
from bot.runtime.metrics import CHANNEL_EVENTS
from bot.runtime.steps import reached
from data.channels import Lane
from data.errors import DataError
from data.models import InboxEvent
from data.unit_of_work import UnitOfWork

log = structlog.get_logger("channels")

_MOST_ATTEMPTS = 3  # what fails thrice in seconds is a fault of ours, no passing trouble
_MOST_WAITING = 10  # of one person who writes faster than the limits allow
_NOTICE_S = 5.0  # typing signs fade after some five seconds: a later one is of no use
_QUICK_S = 0.3  # so long nobody is told that an answer comes


class Answers:
    def __init__(
        self,
        assistant: Assistant,
        storage: Storage,
        people: People,
        delivery: Delivery,
        keeping: Keeping,
    ) -> None:
        self._assistant = assistant
        self._storage = storage
        self._people = people
        self._delivery = delivery
        self._keeping = keeping
        self._notices: set[asyncio.Task[None]] = set()

    async def answer(self, channel: Channel, lane: Lane, row: InboxEvent) -> float | None:
        """Answer one event and store the calls that tell it; returns the seconds to wait when it
        cannot be answered yet. Raises what the database raises."""
        try:
            return await self._answer(channel, lane, row)
        except (DataError, SQLAlchemyError):
            raise
        except Exception as error:
            return await self._failed(channel, lane, row, error)

    async def close(self) -> None:
        for notice in self._notices:
            notice.cancel()
        await asyncio.gather(*self._notices, return_exceptions=True)

    async def _failed(
        self, channel: Channel, lane: Lane, row: InboxEvent, error: Exception
    ) -> float | None:
        """An event that we cannot handle must not hold up those behind it for ever."""
        log.exception("an event failed", channel=row.channel, error=type(error).__name__)

        def work(uow: UnitOfWork) -> int:
            attempts = uow.channels.count_attempt(row.key)
            uow.commit()
            return attempts

        attempts = await self._storage.do(work)
        if attempts < _MOST_ATTEMPTS:
            return float(attempts)
        CHANNEL_EVENTS.labels(channel=row.channel, outcome="failed").inc()
        try:
            await self._apologise(channel, lane, row)
        except (DataError, SQLAlchemyError):
            raise
        except Exception as again:
            log.exception("an event cannot even be answered", error=type(again).__name__)
            now = datetime.now(UTC)
            await self._storage.change(lambda uow: uow.channels.finish_event(row.key, now))
        return None

    async def _apologise(self, channel: Channel, lane: Lane, row: InboxEvent) -> None:
        event = read_event(row.body or {})
        person = await self._storage.do(partial(self._people.arrive, lane, event))
        apology = say("apology", person.language)
        await self._store(_Answer(channel, lane, event, row, person), [apology])

    async def _answer(self, channel: Channel, lane: Lane, row: InboxEvent) -> float | None:
        event = read_event(row.body or {})
        notice = self._begin_notice(channel, event)
        person = await self._storage.do(partial(self._people.arrive, lane, event))
        answer = _Answer(channel, lane, event, row, person)
        try:
            messages = await self._respond(answer)
            if event.attachments or event.kind == "media":
                messages += await self._storage.do(partial(self._acknowledge, answer))
        except Declined as declined:
            if declined.code not in ("too_many", "too_many_streams"):
                return 1.0  # closing: the next start goes on
            waiting = await self._storage.do(lambda uow: uow.channels.unanswered(lane))
            if waiting <= _MOST_WAITING:
                return declined.retry_after
            hour = datetime.now(UTC).strftime("%Y%m%d%H")
            answer.key = f"fast-{person.session_id}-{hour}"  # said once
            messages = [say("channel.too_fast", person.language)]
        if event.kind != "press":
            notice.cancel()  # an answer that is there needs no typing sign
        await self._store(answer, [_without_proofs(message, event.group) for message in messages])
        return None

    async def _store(self, answer: _Answer, messages: list[BotMessage]) -> None:
        channel, lane = answer.channel, answer.lane
        to = answer.event.address
        calls = channel.reply(messages, to, draft=answer.draft) if messages else []
        offered = choices(messages, channel.capabilities)

        def change(uow: UnitOfWork) -> None:
            now = datetime.now(UTC)
            uow.channels.put(rows_of(lane, answer.key, calls, now))
            uow.channels.finish_event(answer.row.key, now)
            session_id, kept = answer.person.session_id, answer.kept
            uow.attachments.add(keeping.rows_of(lane, answer.row.key, session_id, kept, now))
            user = uow.channels.user(lane)
            if user is not None and messages:
                user.choices, user.language = offered, messages[-1].language

        await self._storage.change(change)
        reached("calls stored")
        if calls:
            self._delivery.workers.wake(lane)
        if answer.kept:
            self._keeping.workers.wake(lane)

    def _acknowledge(self, answer: _Answer, uow: UnitOfWork) -> list[BotMessage]:
        """Choose what is kept of an event's attachments, and what is said of them."""
        event, person = answer.event, answer.person
        answer.kept = self._keeping.choose(event, person.session_id, uow)
        ticket = uow.tickets.open_of_session(person.session_id)
        if not answer.kept:
            key = "media" if event.kind == "media" else "media_beside"
        elif ticket is None:
            key = "media_kept" if event.kind == "media" else "media_beside_kept"
        elif ticket.agent is None:
            key = "media_queued"
        else:
            return []  # the agent sees it
        return [say(f"channel.{key}", person.language)]

    async def _respond(self, answer: _Answer) -> list[BotMessage]:
        event, person = answer.event, answer.person
        text = clean(event.text)
        match event.kind:
            case "media":
                return []  # what is said of it depends on what is kept
            case "hello":
                text = _greeting(person)
            case "text" if not text:  # nothing but the assistant's name
                text = _greeting(person)
            case "cart":
                told = [say("channel.cart", person.language)]
                return told + (await self._turn(answer, text) if text else [])
            case "text" if command := read_link_command(text):
                if event.group:
                    return [say("channel.link_privately", person.language)]
                if command.kind == "unlink":
                    return await self._storage.do(partial(self._people.unlink, answer.lane))
                return await self._link(answer, command.code)
            case "text" if text.isdecimal() and 0 < int(text[:4]) <= len(person.choices):
                text = person.choices[int(text[:4]) - 1]
        if not text:
            return [say("channel.media", person.language)]
        return await self._turn(answer, text)

    async def _link(self, answer: _Answer, code: str) -> list[BotMessage]:
        """Link the chat to the customer whose code it is, and tell their other chats."""

        def work(uow: UnitOfWork) -> tuple[list[BotMessage], set[Lane]]:
            linked = self._people.link(answer.lane, code, uow)
            told: set[Lane] = set()
            for user, message in linked.notices:
                told |= self._delivery.put(
                    uow, user, f"linked-{answer.row.key}-{user.id}", [message]
                )
            uow.commit()
            return linked.messages, told

        messages, told = await self._storage.do(work)
        for lane in told:
            self._delivery.workers.wake(lane)
        return messages

    async def _turn(self, answer: _Answer, text: str) -> list[BotMessage]:
        channel, person = answer.channel, answer.person
        try:
            turn = await self._assistant.say(
                person.session_id, f"{answer.lane[0]}:{answer.lane[1]}", answer.row.key, text
            )
        except Declined as declined:
            if declined.code in ("too_long", "empty"):
                text = declined.sentences[person.language]
                return [BotMessage(text=text, language=person.language)]
            raise
        every_s = channel.capabilities.edit_every_s
        growing = every_s is not None and self._delivery.workers.is_idle(answer.lane)
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
            key = answer.row.key
            await self._storage.change(lambda uow: uow.channels.keep_draft(key, shown))
        return True

    def _begin_notice(self, channel: Channel, event: ChannelEvent) -> asyncio.Task[None]:
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


def _greeting(person: Person) -> str:
    return "你好" if person.language == "zh" else "hello"


class _Answer:
    """What is known of an answer while it is made."""

    def __init__(
        self, channel: Channel, lane: Lane, event: ChannelEvent, row: InboxEvent, person: Person
    ) -> None:
        self.channel = channel
        self.lane = lane
        self.event = event
        self.row = row
        self.person = person
        self.key = row.key
        self.draft = row.draft
        self.kept: Sequence[Attachment] = ()


def _without_proofs(message: BotMessage, group: bool) -> BotMessage:
    """What proves who somebody is on the website proves nothing on a platform; there, a code does.
    Instead of asking for it, say how a chat is linked."""
    if message.asks != "identity":
        return message
    return say("channel.link_privately" if group else "channel.link_first", message.language)
