"""Conversations in the shop's database, asked from the event loop: each call in a thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

from bot import desk
from bot.gateway import events
from bot.gateway.shapes import Event, EventsTaken
from bot.messages import HandoffView
from data import access
from data.errors import AlreadyIdentified, SessionClosed
from data.models import ChatMessage, Feedback
from data.rules import ShopRules
from data.unit_of_work import UnitOfWork

Result = TypeVar("Result")
Line = dict[str, Any]

_MOST_LINES = 500  # of a history that is shown
_KNOWN_S = 60
_MOST_KNOWN = 10_000
_OVERLAP = timedelta(minutes=1)  # changes are looked for so far back, whatever clocks say


@dataclass(frozen=True)
class Opened:
    """A new session; `customer` is the name of whom it was bound to."""

    id: str
    expires_at: datetime
    customer: str | None


@dataclass(frozen=True)
class Current:
    """A session as it stands. `language` is that of the last answer, else the customer's own."""

    session_id: str
    customer: str | None
    language: Literal["zh", "en"] | None
    expires_at: datetime
    handoff: HandoffView | None


@dataclass(frozen=True)
class Begun:
    """What a message finds. `replies` are those of an earlier delivery of it; `line` is the
    customer's line, None when it was stored before; `agent` holds the ticket of the person whom
    the message is for, and `first` says that they get it as the first one."""

    replies: list[dict[str, Any]] = field(default_factory=list)
    line: Line | None = None
    agent: HandoffView | None = None
    first: bool = False


@dataclass(frozen=True)
class Moving:
    """A ticket that waits or that somebody touched lately."""

    session_id: str
    view: HandoffView
    changed_at: datetime | None


class Conversations:
    def __init__(
        self, unit_of_work: Callable[[], UnitOfWork], lifetime: timedelta, rules: ShopRules
    ) -> None:
        self._unit_of_work = unit_of_work
        self._lifetime = lifetime
        self._rules = rules
        self._found_open: dict[str, float] = {}  # by session, the time on the monotonic clock

    async def open(self, email: str | None) -> Opened:
        """A new session, bound to the customer with this (proven) address if there is one."""

        def work(uow: UnitOfWork) -> Opened:
            session = access.open_session(uow, self._lifetime)
            customer = access.sign_in(uow, session.id, email) if email else None
            return Opened(session.id, session.expires_at, customer.name if customer else None)

        return await self._do(work)

    async def sign_in(self, session_id: str, email: str) -> str | None:
        """Bind the session to the customer with this (proven) address; None when it cannot be."""

        def work(uow: UnitOfWork) -> str | None:
            try:
                customer = access.sign_in(uow, session_id, email)
            except (SessionClosed, AlreadyIdentified):
                return None
            return customer.name if customer else None

        return await self._do(work)

    async def is_open(self, session_id: str) -> bool:
        """Whether the session is known and not over; the database is asked once a minute."""
        now = time.monotonic()
        if now - self._found_open.get(session_id, -_KNOWN_S) < _KNOWN_S:
            return True
        if not await self._do(lambda uow: access.live_session(uow, session_id) is not None):
            return False
        if len(self._found_open) >= _MOST_KNOWN:
            self._found_open.clear()
        self._found_open[session_id] = now
        return True

    async def current(self, session_id: str) -> Current | None:
        """None for a session that is over or unknown."""

        def work(uow: UnitOfWork) -> Current | None:
            session = access.live_session(uow, session_id)
            if session is None:
                return None
            customer = session.customer
            spoken = [line.body.get("language") for line in uow.messages.of_session(session_id, 20)]
            language = next(
                (word for word in reversed(spoken) if word), customer.language if customer else None
            )
            ticket = uow.tickets.newest_of_session(session_id)
            return Current(
                session_id,
                customer.name if customer else None,
                "zh" if language == "zh" else "en" if language else None,
                session.expires_at,
                desk.view(uow, ticket, self._rules, datetime.now(UTC)) if ticket else None,
            )

        return await self._do(work)

    async def begin(self, session_id: str, message_id: str, text: str) -> Begun:
        """Store what the customer wrote, once, and say who is to answer it."""

        def work(uow: UnitOfWork) -> Begun:
            now = datetime.now(UTC)
            line = _row(session_id, message_id, "customer", None, {"text": text}, now)
            stored = uow.messages.record(line)
            if not stored:
                replies = [line.body for line in uow.messages.replies(session_id, message_id)]
                if replies:
                    return Begun(replies)
            ticket = uow.tickets.open_of_session(session_id)
            agent, first = None, False
            if ticket is not None and ticket.agent is not None:
                agent = desk.view(uow, ticket, self._rules, now)
                since = ticket.taken_at or ticket.created_at
                first = stored and uow.messages.from_customer_since(session_id, since) == 1
            uow.commit()
            return Begun(line=_shown(line) if stored else None, agent=agent, first=first)

        return await self._do(work)

    async def answer(
        self,
        session_id: str,
        message_id: str,
        replies: Sequence[dict[str, Any]],
        *,
        retried: bool = False,
    ) -> None:
        """Keep what the bot answered to a message that has begun."""

        def work(uow: UnitOfWork) -> None:
            now = datetime.now(UTC)
            for n, body in enumerate(replies, 1):
                row = _row(session_id, f"{message_id}.{n}", "bot", message_id, body, now)
                uow.messages.record(row)
            if retried:
                uow.messages.mark(session_id, message_id, unanswered=False)
            uow.commit()

        await self._do(work)

    async def leave_unanswered(self, session_id: str, message_id: str) -> None:
        """Mark a message that could only be apologised for."""

        def work(uow: UnitOfWork) -> None:
            if not uow.messages.replies(session_id, message_id):
                uow.messages.mark(session_id, message_id, unanswered=True)
                uow.commit()

        await self._do(work)

    async def history(self, session_id: str, after: str | None = None) -> list[Line]:
        """The last lines, oldest first; only those behind the line `after` when that is known.
        The id of an answer that was never stored (an apology) counts as that of its question."""

        def work(uow: UnitOfWork) -> list[Line]:
            lines = uow.messages.of_session(session_id, _MOST_LINES)
            ids = [line.message_id for line in lines]
            for known in (after, (after or "").partition(".")[0]):
                if known in ids:
                    lines = lines[ids.index(known) + 1 :]
                    break
            return [_shown(line) for line in lines]

        return await self._do(work)

    async def moving(self, sessions: Collection[str]) -> list[Moving]:
        """The tickets of these sessions that wait or were touched lately."""

        def work(uow: UnitOfWork) -> list[Moving]:
            now = datetime.now(UTC)
            return [
                Moving(
                    ticket.session_id, desk.view(uow, ticket, self._rules, now), ticket.changed_at
                )
                for ticket in uow.tickets.moving(now - _OVERLAP)
                if ticket.session_id in sessions
            ]

        return await self._do(work)

    async def desk_lines(self, session_id: str) -> list[Line]:
        return await self._do(
            lambda uow: [_shown(line) for line in uow.messages.of_desk(session_id)]
        )

    async def rate(
        self,
        session_id: str,
        *,
        message_id: str | None = None,
        rating: int | None = None,
        stars: int | None = None,
        reason: str | None = None,
        comment: str | None = None,
    ) -> None:
        def work(uow: UnitOfWork) -> None:
            uow.feedbacks.add(
                Feedback(
                    session_id=session_id,
                    message_id=message_id,
                    rating=rating,
                    stars=stars,
                    reason=reason,
                    comment=comment,
                    created_at=datetime.now(UTC),
                )
            )
            uow.commit()

        await self._do(work)

    async def take_events(self, session_id: str, sent: Sequence[Event]) -> EventsTaken | None:
        """Keep what a page tells of its visitor; None for a session that is over."""
        return await self._do(lambda uow: events.take(uow, session_id, sent, datetime.now(UTC)))

    async def _do(self, work: Callable[[UnitOfWork], Result]) -> Result:
        def in_thread() -> Result:
            with self._unit_of_work() as uow:
                return work(uow)

        return await asyncio.to_thread(in_thread)


def _row(
    session_id: str,
    message_id: str,
    sender: str,
    reply_to: str | None,
    body: dict[str, Any],
    now: datetime,
) -> ChatMessage:
    return ChatMessage(
        session_id=session_id,
        message_id=message_id,
        sender=sender,
        reply_to=reply_to,
        body=body,
        created_at=now,
        unanswered=False,
    )


def _shown(line: ChatMessage) -> Line:
    """A line of the history as clients get it."""
    return {
        "message_id": line.message_id,
        "sender": line.sender,
        "created_at": line.created_at.isoformat(),
        **({"reply_to": line.reply_to} if line.reply_to else {}),
        **({"unanswered": True} if line.unanswered else {}),
        **line.body,
    }
