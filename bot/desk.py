"""The side of the people behind the assistant: what they do with a handed-over conversation.

A ticket waits, is taken by an agent by name, and is closed. While it is taken, what the customer
writes is for the agent, and the assistant keeps quiet. Every change is stored first; the gateways
are told by Redis when there is one, and else look into the database themselves.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from bot.bus import announce
from bot.messages import BotMessage, HandoffView
from bot.phrases import phrase
from bot.shared import Away, Shared
from data.models import Attachment, ChatMessage, Ticket
from data.repositories import DESK_PREFIX
from data.rules import ShopRules, hours
from data.unit_of_work import UnitOfWork

CHANNEL = "desk"

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


class DeskError(Exception):
    """What an agent asked for cannot be done; the text says why and what can."""


def view(uow: UnitOfWork, ticket: Ticket, rules: ShopRules, now: datetime) -> HandoffView:
    """What the customer may know of their ticket."""
    if ticket.status == "closed":
        return HandoffView(ticket=ticket.id, state="closed", agent=ticket.agent)
    if ticket.agent is not None:
        return HandoffView(ticket=ticket.id, state="agent", agent=ticket.agent)
    opens = None if hours.is_open(rules, now) else hours.next_opening(rules, now).isoformat()
    position = uow.tickets.position(ticket.id)
    return HandoffView(ticket=ticket.id, state="queued", position=position, opens=opens)


class Desk:
    def __init__(self, unit_of_work: Callable[[], UnitOfWork], shared: Shared | None) -> None:
        self._unit_of_work = unit_of_work
        self._shared = shared

    def waiting(self) -> Sequence[Ticket]:
        """Not closed, oldest first."""
        with self._unit_of_work() as uow:
            return uow.tickets.open()

    def read(self, number: int) -> tuple[Ticket, Sequence[ChatMessage]]:
        """A ticket, and what was said since its transcript was made. Raises `DeskError`."""
        with self._unit_of_work() as uow:
            ticket = _ticket(uow, number)
            lines = uow.messages.of_session(ticket.session_id)
            return ticket, [line for line in lines if line.created_at > ticket.created_at]

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
        name = " ".join(name.split())
        if not name:
            raise DeskError("Say who takes it: --as NAME.")
        with self._unit_of_work() as uow:
            ticket = _open_ticket(uow, number)
            if not uow.tickets.take(number, name, datetime.now(UTC)):
                raise DeskError(f"{ticket.agent} has taken ticket {number} already.")
            uow.commit()
        self._tell()

    def say(self, number: int, text: str) -> None:
        """Write to the customer, as the agent who took the ticket. Raises `DeskError`."""
        if not text.strip():
            raise DeskError("There is nothing to send.")
        with self._unit_of_work() as uow:
            ticket = _open_ticket(uow, number)
            if ticket.agent is None:
                raise DeskError(
                    f"Take the ticket first: shopguide tickets take {number} --as NAME."
                )
            _write(uow, ticket, "agent", {"text": text.strip(), "agent": ticket.agent})
            uow.commit()
        self._tell()

    def close(self, number: int) -> None:
        """Give the conversation back to the assistant. Raises `DeskError`."""
        with self._unit_of_work() as uow:
            ticket = _open_ticket(uow, number)
            ticket.status = "closed"
            language: Literal["zh", "en"] = "zh" if ticket.language == "zh" else "en"
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

    def _tell(self) -> None:
        if self._shared is not None:
            with suppress(Away):  # the gateways look by themselves after some seconds
                announce(self._shared, CHANNEL, {})


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


def _write(uow: UnitOfWork, ticket: Ticket, sender: str, body: dict[str, object]) -> None:
    now = datetime.now(UTC)
    ticket.changed_at = now
    uow.messages.add(
        ChatMessage(
            session_id=ticket.session_id,
            message_id=f"{DESK_PREFIX}{uuid.uuid4()}",
            sender=sender,
            body=body,
            created_at=now,
        )
    )
