"""The side of the people behind the assistant: what they do with a handed-over conversation.

A ticket waits, is taken by an agent by name, and is closed. While it is taken, what the customer
writes is for the agent, and the assistant keeps quiet. Every change is stored first; the gateways
are told by Redis when there is one, and else look into the database themselves.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import ShopguideError
from bot.messages import BotMessage, HandoffView
from bot.runtime.bus import announce
from bot.runtime.redis_link import RedisLink, RedisUnavailable
from bot.wording.phrases import phrase
from data import access
from data.capabilities import Capability
from data.models import Attachment, ChatMessage, Order, Ticket
from data.repositories import DESK_PREFIX, Asker
from data.rules import ShopRules, hours
from data.unit_of_work import UnitOfWork
from retrieval.types import Language

CHANNEL = "desk"
_ORDERS = 3  # the latest ones of whoever asks: what a conversation is usually about
_LOOK_S = 0.1  # nobody who has just pressed Enter notices it

# Endings that open in a viewer or a player; whatever else a customer sends opens in nothing.
_ENDINGS = {
    "application/pdf": "pdf",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/webm": "webm",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "text/plain": "txt",
    "video/3gpp": "3gp",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}


class DeskError(ShopguideError):
    """What an agent asked for cannot be done; the text says why and what can."""


def view(uow: UnitOfWork, ticket: Ticket, rules: ShopRules, now: datetime) -> HandoffView | None:
    """What the customer may know of their ticket; None of one that nobody waits for."""
    if ticket.status == "closed":
        return HandoffView(ticket=ticket.id, state="closed", agent=ticket.agent)
    if ticket.agent is not None:
        picture = rules.shop.pages.agent_picture
        return HandoffView(ticket=ticket.id, state="agent", agent=ticket.agent, picture=picture)
    if ticket.waiting_since is None:
        return None
    opening = None if hours.is_open(rules, now) else hours.next_opening(rules, now)
    return HandoffView(
        ticket=ticket.id,
        state="queued",
        position=uow.tickets.position(ticket),
        opens=opening.isoformat() if opening else None,
        contact=opening is not None and wants_contact(uow, ticket),
    )


def wants_contact(uow: UnitOfWork, ticket: Ticket) -> bool:
    """Whether the shop knows no way to reach whoever waits, once they have closed the chat."""
    if ticket.contact is not None or uow.channels.user_of(ticket.session_id) is not None:
        return False
    asker = uow.customers.get(ticket.customer_id) if ticket.customer_id is not None else None
    return asker is None or not (asker.email or asker.phone)


def leave_contact(uow: UnitOfWork, ticket: Ticket, contact: str, now: datetime) -> None:
    """Where the customer can be reached; the caller commits."""
    ticket.contact = contact
    ticket.note("contact", now)


def withdraw(uow: UnitOfWork, ticket: Ticket, now: datetime) -> None:
    """The customer needs no person any more; the caller commits."""
    ticket.status = "closed"
    ticket.note("withdrawn", now)


def left(uow: UnitOfWork, session_id: str, now: datetime) -> None:
    """The customer has ended the conversation: whoever is with them learns of it. Who cannot be
    reached any more waits no longer. The caller commits."""
    ticket = uow.tickets.open_of_session(session_id)
    if ticket is None:
        return
    ticket.note("ended", now)
    if ticket.agent is None and wants_contact(uow, ticket):
        ticket.waiting_since = None


class Desk:
    def __init__(
        self, unit_of_work: Callable[[], UnitOfWork], redis_link: RedisLink | None
    ) -> None:
        self._unit_of_work = unit_of_work
        self._redis_link = redis_link

    def waiting(self) -> Sequence[Ticket]:
        """Not closed: proven customers first, of each kind the oldest first."""
        with self._unit_of_work() as uow:
            return uow.tickets.open()

    def askers(self, tickets: Sequence[Ticket]) -> dict[int, Asker]:
        """Who asked, of those who are known, by the ticket's number."""
        with self._unit_of_work() as uow:
            return uow.tickets.askers(tickets)

    def read(self, number: int) -> tuple[Ticket, Sequence[ChatMessage]]:
        """A ticket, and what was said since its transcript was made; the customer learns that it
        was read. Raises `DeskError`."""
        with self._unit_of_work() as uow:
            ticket = _ticket(uow, number)
            lines = uow.messages.of_session(ticket.session_id)
            news = _mark_read(uow, ticket)
            uow.commit()
            since = [line for line in lines if line.created_at > ticket.created_at]
        if news:
            self._tell()
        return ticket, since

    def customer_lines(self, ticket: Ticket) -> Sequence[ChatMessage]:
        """What the customer wrote since the ticket was filed."""
        with self._unit_of_work() as uow:
            lines = uow.messages.of_session(ticket.session_id)
            theirs = (line for line in lines if line.sender == "customer")
            return [line for line in theirs if line.created_at > ticket.created_at]

    def orders(self, ticket: Ticket) -> Sequence[Order]:
        """The latest orders of whoever asked, where their conversation proves who it is."""
        with self._unit_of_work() as uow:
            customer = access.customer_of_session(
                uow, ticket.session_id, Capability.READ_ORDERS, ended=True
            )
            return uow.orders.of_customer(customer.id, _ORDERS) if customer else ()

    def files(self, number: int) -> Sequence[Attachment]:
        """What the customer sent besides words and the shop keeps, without the contents. Raises
        `DeskError`."""
        with self._unit_of_work() as uow:
            return uow.attachments.of_session(_ticket(uow, number).session_id)

    def save_files(self, number: int, folder: Path) -> list[Path]:
        """Write what the customer sent into a folder, under names of our own: theirs may be
        anything. Raises `DeskError`."""
        with self._unit_of_work() as uow:
            kept = uow.attachments.with_contents(_ticket(uow, number).session_id)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return [_saved(number, attachment, folder) for attachment in kept]
        except OSError as error:
            raise DeskError(f"{folder} cannot be written: {error.strerror}.") from error

    def take(self, number: int, name: str) -> None:
        """From now on the customer writes to this agent. Raises `DeskError`."""
        name = _named(name)
        with self._unit_of_work() as uow:
            ticket = _open_ticket(uow, number)
            if not uow.tickets.take(number, name, datetime.now(UTC)):
                raise DeskError(f"{ticket.agent} has taken ticket {number} already.")
            uow.commit()
        self._tell()

    def say(
        self, number: int, text: str, name: str | None = None, *, take_over: bool = False
    ) -> None:
        """Write to the customer as the agent who took the ticket: `name`, where it is given, must
        be theirs, or takes it over. Raises `DeskError`."""
        if not text.strip():
            raise DeskError("There is nothing to send.")
        with self._unit_of_work() as uow:
            ticket = _open_ticket(uow, number)
            if ticket.agent is None:
                raise DeskError(
                    f"Take the ticket first: shopguide tickets take {number} --as NAME."
                )
            now = datetime.now(UTC)
            _still_there(uow, ticket, now)
            if name is not None and (named := _named(name)) != ticket.agent:
                if not take_over:
                    raise DeskError(
                        f"{ticket.agent} has taken ticket {number}. With --take-over it is yours."
                    )
                ticket.note("taken_over", now, by=named, of=ticket.agent)
                ticket.agent = named
            _mark_read(uow, ticket)
            _write(uow, ticket, "agent", {"text": text.strip(), "agent": ticket.agent})
            uow.commit()
        self._tell()

    def close(self, number: int) -> None:
        """Give the conversation back to the assistant. Raises `DeskError`."""
        with self._unit_of_work() as uow:
            ticket = _open_ticket(uow, number)
            ticket.status = "closed"
            language: Language = "zh" if ticket.language == "zh" else "en"
            if ticket.agent is not None:
                message = BotMessage(
                    text=phrase("handoff.ended", language, agent=ticket.agent),
                    language=language,
                    handoff=HandoffView(ticket=number, state="closed", agent=ticket.agent),
                )
                _write(uow, ticket, "bot", message.model_dump(mode="json"))
            ticket.changed_at = datetime.now(UTC)
            uow.commit()
        self._tell()

    def taken_up(self, number: int, *, within_s: float) -> bool:
        """Whether a gateway has taken up all that was written to the ticket's customer, by so many
        seconds from now; pages of the website look for themselves. Raises `DeskError`."""
        until = time.monotonic() + within_s
        while True:
            with self._unit_of_work() as uow:
                user = uow.channels.user_of(_ticket(uow, number).session_id)
                if user is None or not uow.channels.is_written((user.channel, user.conversation)):
                    return True
            if time.monotonic() >= until:
                return False
            time.sleep(_LOOK_S)

    def _tell(self) -> None:
        if self._redis_link is not None:
            with suppress(RedisUnavailable):  # the gateways look by themselves after some seconds
                announce(self._redis_link, CHANNEL, {})


def _saved(number: int, attachment: Attachment, folder: Path) -> Path:
    ending = _ENDINGS.get(attachment.media_type or "", "bin")
    path = folder / f"{number}-{attachment.id}-{attachment.kind}.{ending}"
    path.touch(mode=0o600)
    path.write_bytes(attachment.content or b"")
    return path


def _ticket(uow: UnitOfWork, number: int) -> Ticket:
    ticket = uow.tickets.get(number)
    if ticket is None:
        raise DeskError(f"There is no ticket {number}. `shopguide tickets` lists the open ones.")
    return ticket


def _open_ticket(uow: UnitOfWork, number: int) -> Ticket:
    ticket = _ticket(uow, number)
    if ticket.status == "closed":
        raise DeskError(f"Ticket {number} is closed.")
    return ticket


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise DeskError("Say who you are: --as NAME, or SHOPGUIDE_AGENT.")
    return name


def _mark_read(uow: UnitOfWork, ticket: Ticket) -> bool:
    """Note that an agent has seen all that the customer wrote; False where that was known."""
    newest = uow.messages.last_of_customer(ticket.session_id)
    if newest is None or newest == ticket.read_to:
        return False
    ticket.read_to = newest
    ticket.changed_at = datetime.now(UTC)
    return True


def _still_there(uow: UnitOfWork, ticket: Ticket, now: datetime) -> None:
    """Raises `DeskError` where nobody can read what is written: a page's conversation that has
    ended is shown no more."""
    session = uow.sessions.get(ticket.session_id)
    if session is None or session.channel is not None or session.expires_at > now:
        return
    reach = ticket.contact
    if reach is None and ticket.customer_id is not None:
        customer = uow.customers.get(ticket.customer_id)
        reach = (customer.email or customer.phone) if customer else None
    where = f"Reach them at {reach}." if reach else "They left no address."
    raise DeskError(
        f"The customer has ended this conversation, so nobody would read it. {where} "
        f"`shopguide tickets close {ticket.id}` closes the ticket."
    )


def _write(uow: UnitOfWork, ticket: Ticket, sender: str, body: dict[str, object]) -> None:
    now = datetime.now(UTC)
    ticket.changed_at = now
    line = ChatMessage(
        session_id=ticket.session_id,
        message_id=f"{DESK_PREFIX}{uuid.uuid4()}",
        sender=sender,
        body=body,
        created_at=now,
    )
    uow.messages.add(line)
    uow.channels.write(line, now)
