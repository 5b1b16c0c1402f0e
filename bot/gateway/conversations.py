"""Conversations in the shop's database, asked from the event loop: each call in a thread."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from bot import languages
from bot.dialogue import desk
from bot.dialogue.notices import Notices
from bot.gateway import events
from bot.gateway.errors import Refusal
from bot.gateway.files import File
from bot.gateway.shapes import EventsTaken, KeptFile, PageEvent, Sentences, ShopView
from bot.messages import HandoffView
from data import access
from data.capabilities import Capability
from data.errors import AlreadyIdentified, SessionClosed
from data.models import ChatMessage, Feedback
from data.rules import ShopRules, contacts
from data.unit_of_work import UnitOfWork
from retrieval.types import Language

Result = TypeVar("Result")
ShownLine = dict[str, Any]

_MOST_LINES = 500  # of a history that is shown
_KNOWN_S = 60  # a session lasts hours: a minute more or less of one that is over harms nobody
_MOST_KNOWN = 10_000  # ids of 36 letters: a few MB at most
_OVERLAP = timedelta(minutes=1)  # changes are looked for so far back, whatever clocks say


@dataclass(frozen=True)
class Epoch:
    """What a session's tokens are of now: it grows with each better proof of who it is."""

    number: int
    expires_at: datetime


@dataclass(frozen=True)
class Opened:
    """A new session; `customer` is the name of whom it was bound to."""

    id: str
    epoch: Epoch
    customer: str | None


@dataclass(frozen=True)
class Current:
    """A session as it stands. `language` is that of the last answer, else the customer's own;
    `read_to` the customer's last line that an agent has read."""

    session_id: str
    epoch: int
    customer: str | None
    language: Language | None
    expires_at: datetime
    handoff: HandoffView | None
    read_to: str | None = None


@dataclass(frozen=True)
class MessageReceipt:
    """What a message finds. `replies` are those of an earlier delivery of it; `line` is the
    customer's line, None when it was stored before; `agent` holds the ticket of the person whom
    the message is for, and `first` says that they get it as the first one. `files` came with it;
    `waits`: the customer waits for a person."""

    replies: list[dict[str, Any]] = field(default_factory=list)
    line: ShownLine | None = None
    agent: HandoffView | None = None
    first: bool = False
    files: int = 0
    waits: bool = False


@dataclass(frozen=True)
class TicketChange:
    """A ticket that waits or that somebody touched lately."""

    session_id: str
    view: HandoffView | None
    changed_at: datetime | None
    read_to: str | None = None


class Conversations:
    def __init__(
        self,
        unit_of_work: Callable[[], UnitOfWork],
        lifetime: timedelta,
        rules: ShopRules,
        notices: Notices | None = None,
        pictures: Iterable[str] = (),
    ) -> None:
        """`notices` tell the shop's agents of what customers write to them; `pictures` are the
        addresses of the products' own."""
        pages = rules.shop.pages
        named = (*pictures, pages.picture or "", pages.agent_picture or "")
        self.picture_hosts = sorted({host for each in named if (host := urlsplit(each).netloc)})
        self._notices = notices
        self.unit_of_work = unit_of_work
        self._lifetime = lifetime
        self._rules = rules
        self._found_open: dict[str, float] = {}  # by session, the time on the monotonic clock

    @property
    def languages(self) -> tuple[Language, ...]:
        """Those of the shop."""
        return languages.of_shop(self._rules)

    def shop_name(self, language: Language) -> str:
        return str(self._rules.name[language])

    @property
    def privacy_page(self) -> str | None:
        return self._rules.shop.pages.privacy

    @property
    def address(self) -> str | None:
        """The shop's e-mail address."""
        return self._rules.shop.email

    @property
    def shop(self) -> ShopView:
        """Who the shop is, for whoever writes with it."""
        shop, pages = self._rules.shop, self._rules.shop.pages
        return ShopView(
            name=Sentences(zh=self._rules.name.zh, en=self._rules.name.en),
            phone=shop.phone,
            email=shop.email,
            agent_picture=pages.agent_picture,
            sign_in_url=pages.sign_in,
            cart_url=pages.cart,
        )

    async def open(self, email: str | None, client: str) -> Opened:
        """A new session, bound to the customer with this (proven) address if there is one.
        `client` is the keyed hash of the address that asks."""

        def work(uow: UnitOfWork) -> Opened:
            session = access.open_session(uow, self._lifetime, client=client)
            customer = access.sign_in(uow, session.id, email) if email else None
            now = uow.sessions.get(session.id) or session
            name = customer.name if customer else None
            return Opened(now.id, Epoch(now.epoch, now.expires_at), name)

        return await self._do(work)

    async def sign_in(self, session_id: str, email: str) -> tuple[str, Epoch] | None:
        """Bind the session to the customer with this (proven) address; their name and the epoch
        since then. None when it cannot be."""

        def work(uow: UnitOfWork) -> tuple[str, Epoch] | None:
            try:
                customer = access.sign_in(uow, session_id, email)
            except (SessionClosed, AlreadyIdentified):
                return None
            session = uow.sessions.get(session_id)
            if customer is None or session is None:
                return None
            return customer.name, Epoch(session.epoch, session.expires_at)

        return await self._do(work)

    async def epoch(self, session_id: str) -> Epoch | None:
        """None for a session that is over or unknown."""

        def work(uow: UnitOfWork) -> Epoch | None:
            session = access.live_session(uow, session_id)
            return Epoch(session.epoch, session.expires_at) if session is not None else None

        return await self._do(work)

    async def end(self, session_id: str) -> None:
        """No token opens it any more; whoever is with the customer learns of it."""
        self._found_open.pop(session_id, None)

        def work(uow: UnitOfWork) -> None:
            now = datetime.now(UTC)
            desk.left(uow, session_id, now)
            ticket = uow.tickets.open_of_session(session_id)
            if ticket is not None and ticket.agent is not None and self._notices is not None:
                self._notices.tell(uow, ticket, "ended", f"ended.{ticket.id}", now)
            access.end_session(uow, session_id)

        await self._do(work)

    async def withdraw(self, session_id: str) -> bool:
        """Take the ticket back; False where nobody is waited for."""

        def work(uow: UnitOfWork) -> bool:
            ticket = uow.tickets.open_of_session(session_id)
            if ticket is None or (ticket.waiting_since is None and ticket.agent is None):
                return False
            now = datetime.now(UTC)
            if ticket.agent is not None and self._notices is not None:
                self._notices.tell(uow, ticket, "withdrawn", f"withdrawn.{ticket.id}", now)
            desk.withdraw(uow, ticket, now)
            uow.commit()
            return True

        return await self._do(work)

    async def leave_contact(self, session_id: str, text: str) -> bool:
        """Note where the customer can be reached. Raises `Refusal` for what is no address."""
        contact = contacts.read(self._rules, text)
        if contact is None:
            raise Refusal(422, "contact_unreadable")

        def work(uow: UnitOfWork) -> bool:
            ticket = uow.tickets.open_of_session(session_id)
            if ticket is None:
                return False
            now = datetime.now(UTC)
            desk.leave_contact(uow, ticket, contact, now)
            if self._notices is not None:
                self._notices.tell(uow, ticket, "contact", f"contact.{ticket.id}", now)
            uow.commit()
            return True

        return await self._do(work)

    async def files_since(self, session_id: str, since: datetime) -> int:
        return await self._do(lambda uow: uow.attachments.count_since(session_id, since))

    async def keep_file(self, session_id: str, file: File, name: str) -> KeptFile:
        """Keep what the customer sent, for the agents."""
        file_id = secrets.token_urlsafe(16)

        def work(uow: UnitOfWork) -> None:
            uow.attachments.bring(
                session_id, file_id, file.kind, file.content, file.media_type, name
            )
            uow.commit()

        await self._do(work)
        return KeptFile(file_id=file_id, kind=file.kind, name=name, size=len(file.content))

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
            customer = access.customer_of_session(uow, session_id, Capability.OWN_TERMS)
            spoken = [line.body.get("language") for line in uow.messages.of_session(session_id, 20)]
            language = next(
                (word for word in reversed(spoken) if word), customer.language if customer else None
            )
            ticket = uow.tickets.newest_of_session(session_id)
            return Current(
                session_id,
                session.epoch,
                customer.name if customer else None,
                "zh" if language == "zh" else "en" if language else None,
                session.expires_at,
                desk.view(uow, ticket, self._rules, datetime.now(UTC)) if ticket else None,
                ticket.read_to if ticket else None,
            )

        return await self._do(work)

    async def said(self, session_id: str, message_id: str) -> str | None:
        """What the customer wrote under this message id; None for a new one."""

        def work(uow: UnitOfWork) -> str | None:
            line = uow.messages.get(session_id, message_id)
            return None if line is None else str(line.body.get("text", ""))

        return await self._do(work)

    async def begin(
        self, session_id: str, message_id: str, text: str, files: Sequence[str] = ()
    ) -> MessageReceipt:
        """Store what the customer wrote, once, with the files that go with it, and say who is to
        answer it."""

        def work(uow: UnitOfWork) -> MessageReceipt:
            now = datetime.now(UTC)
            body: dict[str, Any] = {"text": text}
            if sent := uow.attachments.put_to(session_id, message_id, files):
                body["files"] = [
                    {"file_id": each.key, "kind": each.kind, "name": each.name or ""}
                    for each in sent
                ]
            line = _row(session_id, message_id, "customer", None, body, now)
            stored = uow.messages.record(line)
            if not stored:
                replies = [line.body for line in uow.messages.replies(session_id, message_id)]
                if replies:
                    return MessageReceipt(replies)
            ticket = uow.tickets.open_of_session(session_id)
            agent, first = None, False
            if ticket is not None and ticket.agent is not None:
                agent = desk.view(uow, ticket, self._rules, now)
                since = ticket.taken_at or ticket.created_at
                first = stored and uow.messages.from_customer_since(session_id, since) == 1
                if stored and self._notices is not None:
                    self._notices.of_line(uow, ticket, message_id, now)
            waits = ticket is not None and ticket.waiting_since is not None
            uow.commit()
            return MessageReceipt(
                line=_shown(line) if stored else None,
                agent=agent,
                first=first,
                files=len(sent),
                waits=waits,
            )

        return await self._do(work)

    async def answer(
        self,
        session_id: str,
        message_id: str,
        replies: Sequence[dict[str, Any]],
        *,
        retried: bool = False,
    ) -> list[dict[str, Any]]:
        """Keep what the bot answered to a message that has begun; returns the answer that is kept,
        which is another one when somebody else has answered meanwhile."""

        def work(uow: UnitOfWork) -> list[dict[str, Any]]:
            now = datetime.now(UTC)
            for n, body in enumerate(replies, 1):
                row = _row(session_id, f"{message_id}.{n}", "bot", message_id, body, now)
                if not uow.messages.record(row):
                    uow.rollback()
                    return [line.body for line in uow.messages.replies(session_id, message_id)]
            if retried:
                uow.messages.mark(session_id, message_id, unanswered=False)
            uow.commit()
            return list(replies)

        return await self._do(work)

    async def leave_unanswered(self, session_id: str, message_id: str) -> None:
        """Mark a message that could only be apologised for."""

        def work(uow: UnitOfWork) -> None:
            if not uow.messages.replies(session_id, message_id):
                uow.messages.mark(session_id, message_id, unanswered=True)
                uow.commit()

        await self._do(work)

    async def history(self, session_id: str, after: str | None = None) -> list[ShownLine]:
        """The last lines, oldest first; only those behind the line `after` when that is known.
        The id of an answer that was never stored (an apology) counts as that of its question."""

        def work(uow: UnitOfWork) -> list[ShownLine]:
            lines = uow.messages.of_session(session_id, _MOST_LINES)
            ids = [line.message_id for line in lines]
            for known in (after, (after or "").partition(".")[0]):
                if known in ids:
                    lines = lines[ids.index(known) + 1 :]
                    break
            return [_shown(line) for line in lines]

        return await self._do(work)

    async def ticket_changes(self, sessions: Collection[str]) -> list[TicketChange]:
        """The tickets of these sessions that wait or were touched lately."""

        def work(uow: UnitOfWork) -> list[TicketChange]:
            now = datetime.now(UTC)
            return [
                TicketChange(
                    ticket.session_id,
                    desk.view(uow, ticket, self._rules, now),
                    ticket.changed_at,
                    ticket.read_to,
                )
                for ticket in uow.tickets.moving(now - _OVERLAP, sessions)
            ]

        return await self._do(work)

    async def desk_lines(self, session_id: str) -> list[ShownLine]:
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
            if message_id is not None:
                uow.feedbacks.take_back(session_id, message_id)
            if rating or stars:
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

    async def take_events(self, session_id: str, sent: Sequence[PageEvent]) -> EventsTaken | None:
        """Keep what a page tells of its visitor; None for a session that is over."""
        return await self._do(lambda uow: events.take(uow, session_id, sent, datetime.now(UTC)))

    async def _do(self, work: Callable[[UnitOfWork], Result]) -> Result:
        def in_thread() -> Result:
            with self.unit_of_work() as uow:
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


def _shown(line: ChatMessage) -> ShownLine:
    """A line of the history as clients get it."""
    return {
        "message_id": line.message_id,
        "sender": line.sender,
        "created_at": line.created_at.isoformat(),
        **({"reply_to": line.reply_to} if line.reply_to else {}),
        **({"unanswered": True} if line.unanswered else {}),
        **line.body,
    }
