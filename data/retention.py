"""Forgets what has been kept long enough: conversations that ended, what visitors did, what could
not be delivered. data/inventory.py says how long each thing is kept.

What a conversation left behind for the customer stays with them: a saved product, a person's link
on a messaging platform. Their row in chat_sessions stays for that; it holds no words. A
conversation whose ticket is open waits for it to be closed, but not for ever. Counts of guesses go
when their period is over, one-time codes when they end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from data import attempts
from data.campaigns import store as campaigns
from data.models import (
    Attachment,
    BehaviourEvent,
    ChannelUser,
    ChatMessage,
    ChatSession,
    Effect,
    EmailCode,
    Feedback,
    Impression,
    InboxEvent,
    LinkCode,
    OutboxCall,
    SavedProduct,
    Ticket,
    Unanswered,
)
from data.unit_of_work import UnitOfWork

_OF_THE_CONVERSATION = (ChatMessage, Feedback, Ticket, Attachment, Unanswered)
_LEFT_BEHIND = (SavedProduct, BehaviourEvent, Impression, ChannelUser)


@dataclass(frozen=True)
class Cutoffs:
    """What happened before these moments is forgotten: what was to last until some moment and no
    longer (`now`), conversations that ended, tickets that nobody closed or touched since, what
    visitors did and what customers did, and traces of the running system (what could not be
    delivered, logs, copies)."""

    now: datetime
    conversations: datetime
    open_tickets: datetime
    visits: datetime
    history: datetime
    traces: datetime

    @classmethod
    def of_days(
        cls,
        now: datetime,
        *,
        conversations: int,
        open_tickets: int,
        visits: int,
        history: int,
        traces: int,
    ) -> Cutoffs:
        kept = (conversations, open_tickets, visits, history, traces)
        return cls(now, *(now - timedelta(days=days) for days in kept))


@dataclass(frozen=True)
class Forgotten:
    """How many rows went. `events` were views, searches and what was recommended;
    `undelivered` came from or were for messaging platforms."""

    conversations: int
    messages: int
    tickets: int
    attachments: int
    events: int
    undelivered: int


def forget(uow: UnitOfWork, cutoffs: Cutoffs) -> Forgotten:
    """Delete, inside `uow`, what is older than its own age; the caller commits."""
    session = uow.session
    _rows(session, attempts.forget(cutoffs.now))
    uow.leases.forget()
    _rows(session, delete(Effect).where(Effect.at < cutoffs.traces))
    _rows(session, delete(EmailCode).where(EmailCode.expires_at < cutoffs.now))
    events = sum(_rows(session, each) for each in _events(cutoffs))
    uow.campaigns.expire(cutoffs.now)
    for deletion in campaigns.forget(cutoffs.history):
        _rows(session, deletion)
    undelivered = _undelivered(session, cutoffs.traces)
    waits = and_(
        Ticket.session_id == ChatSession.id,
        Ticket.status == "open",
        func.coalesce(Ticket.changed_at, Ticket.created_at) >= cutoffs.open_tickets,
    )
    ended = select(ChatSession.id).where(
        ChatSession.expires_at < cutoffs.conversations, ~exists().where(waits)
    )
    messages, _, tickets, attachments, _ = (
        _rows(session, delete(table).where(table.session_id.in_(ended)))
        for table in _OF_THE_CONVERSATION
    )
    unknown = select(ChatSession.id).where(ChatSession.customer_id.is_(None))
    _rows(
        session,
        delete(SavedProduct).where(
            SavedProduct.customer_id.is_(None),
            SavedProduct.session_id.in_(ended),
            SavedProduct.session_id.in_(unknown),
        ),
    )
    _rows(
        session,
        delete(ChannelUser).where(
            ChannelUser.customer_id.is_(None),
            ChannelUser.spoke_at < cutoffs.conversations,
            ChannelUser.session_id.in_(ended),
        ),
    )
    alone = [~exists().where(table.session_id == ChatSession.id) for table in _LEFT_BEHIND]
    session.execute(update(ChatSession).where(ChatSession.id.in_(ended)).values(client=None))
    conversations = _rows(session, delete(ChatSession).where(ChatSession.id.in_(ended), *alone))
    return Forgotten(conversations, messages, tickets, attachments, events, undelivered)


def _events(cutoffs: Cutoffs) -> list[Delete]:
    """Visitors' and customers', each before their own moment."""
    customers = select(ChatSession.id).where(ChatSession.customer_id.is_not(None))
    found = []
    for table, at in ((BehaviourEvent, BehaviourEvent.at), (Impression, Impression.shown_at)):
        known: ColumnElement[bool] = or_(
            table.customer_id.is_not(None),
            and_(table.session_id.is_not(None), table.session_id.in_(customers)),
        )
        too_old = or_(at < cutoffs.history, and_(at < cutoffs.visits, ~known))
        found.append(delete(table).where(too_old))
    return found


def _undelivered(session: Session, before: datetime) -> int:
    """A platform that is on is answered within minutes: what is left is of one that was switched
    off, or cannot be delivered."""
    gone = (
        delete(InboxEvent).where(InboxEvent.received_at < before),
        delete(OutboxCall).where(OutboxCall.created_at < before),
    )
    _rows(session, delete(LinkCode).where(LinkCode.expires_at < before))
    return sum(_rows(session, each) for each in gone)


def _rows(session: Session, deletion: Delete) -> int:
    done = session.execute(deletion.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount
