"""Tells the shop's agents that somebody waits: a call to an address of theirs, a mail, or both.

What is told is a row of the outbox, in the transaction that files the ticket or stores the line, so
that it is sent once and not lost (bot/channels/notices.py sends it). No word of the customer's is
in it, and no name: what was said stays in the shop's database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from data.models import Ticket
from data.unit_of_work import UnitOfWork

CHANNEL = "notices"
_MAIL_EVERY_S = 600  # of one ticket: a talk of many lines is one mail

Kind = Literal["ticket", "complaint", "line", "contact", "ended", "withdrawn"]


@dataclass(frozen=True)
class Notices:
    """`calls`: whether an address of the shop's is called; `mails`: who gets mails."""

    calls: bool
    mails: Sequence[str] = ()

    def of_ticket(self, uow: UnitOfWork, ticket: Ticket, now: datetime) -> None:
        """A ticket was filed, or somebody waits now for one that was marked before."""
        kind: Kind = "complaint" if ticket.waiting_since is None else "ticket"
        self.tell(uow, ticket, kind, f"{kind}.{ticket.id}", now)

    def of_line(self, uow: UnitOfWork, ticket: Ticket, message_id: str, now: datetime) -> None:
        """The customer wrote to whoever took the ticket, or is waited for."""
        self.tell(uow, ticket, "line", f"line.{ticket.id}.{message_id[:40]}", now)

    def tell(self, uow: UnitOfWork, ticket: Ticket, kind: Kind, key: str, now: datetime) -> None:
        """Once by `key`; the caller commits."""
        told = {
            "type": kind,
            "ticket": ticket.id,
            "reason": ticket.reason,
            "language": ticket.language,
            "agent": ticket.agent,
            "at": now.isoformat(),
        }
        if self.calls:
            uow.channels.put([_row(f"n.{key}", "calls", {"call": told}, now)])
        while_busy = f"{ticket.id}.{int(now.timestamp()) // _MAIL_EVERY_S}"
        for place, address in enumerate(self.mails):
            key_of_mail = f"n.mail{place}.{while_busy if kind == 'line' else key}"
            uow.channels.put([_row(key_of_mail, "mails", {"mail": address, "told": told}, now)])


def _row(key: str, lane: str, call: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "channel": CHANNEL,
        "key": key,
        "conversation": lane,
        "call": call,
        "state": "waiting",
        "attempts": 0,
        "due_at": now,
        "created_at": now,
    }
