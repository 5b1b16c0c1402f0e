"""Tells the sockets of a conversation what becomes of its ticket: its place in the queue, who took
it, what they write, that it is closed."""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.dialogue import desk
from bot.gateway.conversations import Conversations, TicketChange
from bot.messages import HandoffView
from bot.runtime.bus import Bus, BusEvent
from data.errors import DataError

log = structlog.get_logger("handoffs")

_LOOK_S = 1.0  # without Redis, the database is looked into so often
_LOOK_SELDOM_S = 10.0  # with it, in case an announcement was lost


class Handoffs:
    """`told_of_changes`: agents' commands announce what they did (bot/dialogue/desk.py)."""

    def __init__(self, conversations: Conversations, bus: Bus, *, told_of_changes: bool) -> None:
        self._conversations = conversations
        self._bus = bus
        self._pause_s = _LOOK_SELDOM_S if told_of_changes else _LOOK_S
        self._views: dict[str, HandoffView] = {}
        self._changed_at: dict[str, datetime | None] = {}
        self._read_to: dict[str, str] = {}
        self._nudged = asyncio.Event()

    async def run(self) -> None:
        with self._bus.follow(f"{desk.CHANNEL}", self._nudge):
            while True:
                try:
                    await self.publish_changes()
                except (DataError, SQLAlchemyError) as error:
                    log.warning("tickets could not be read", cause=type(error).__name__)
                try:
                    async with asyncio.timeout(self._pause_s):
                        await self._nudged.wait()
                except TimeoutError:
                    pass
                self._nudged.clear()

    def _nudge(self, event: BusEvent) -> None:
        self._nudged.set()

    async def publish_changes(self) -> None:
        """Tell what changed since the last look. A socket drops the lines that it has sent."""
        followed = set(self._bus.followed("session:"))
        for gone in self._views.keys() - followed:
            del self._views[gone]
            self._changed_at.pop(gone, None)
            self._read_to.pop(gone, None)
        if not followed:
            return
        for ticket in await self._conversations.ticket_changes(followed):
            await self._tell(ticket)

    async def _tell(self, ticket: TicketChange) -> None:
        session_id, channel = ticket.session_id, f"session:{ticket.session_id}"
        if ticket.view is not None and self._views.get(session_id) != ticket.view:
            self._views[session_id] = ticket.view
            self._bus.tell(channel, {"type": "handoff", **ticket.view.model_dump(mode="json")})
        if ticket.changed_at and self._changed_at.get(session_id) != ticket.changed_at:
            self._changed_at[session_id] = ticket.changed_at
            for line in await self._conversations.desk_lines(session_id):
                self._bus.tell(channel, {"type": "line", **line})
            if ticket.read_to is not None and self._read_to.get(session_id) != ticket.read_to:
                self._read_to[session_id] = ticket.read_to
                self._bus.tell(channel, {"type": "read", "message_id": ticket.read_to})
