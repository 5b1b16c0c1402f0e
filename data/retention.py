"""Forgets conversations that ended long ago: what was said, and what hangs on it alone.

What a conversation left behind for the customer or the shop stays: a saved product, what was
shown and clicked, a person's link on a messaging platform. Their row in chat_sessions stays for
them; it holds no words. A conversation whose ticket is still open waits for it to be closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, delete, exists, select
from sqlalchemy.orm import Session

from data.models import (
    Attachment,
    BehaviourEvent,
    ChannelUser,
    ChatMessage,
    ChatSession,
    Feedback,
    Impression,
    SavedProduct,
    Ticket,
)
from data.unit_of_work import UnitOfWork

_OF_THE_CONVERSATION = (ChatMessage, Feedback, Ticket, Attachment)
_LEFT_BEHIND = (SavedProduct, BehaviourEvent, Impression, ChannelUser)


@dataclass(frozen=True)
class Forgotten:
    """How many rows went."""

    conversations: int
    messages: int
    tickets: int
    attachments: int


def forget(uow: UnitOfWork, before: datetime) -> Forgotten:
    """Delete, inside `uow`, the conversations that ended before that moment; the caller commits.

    Platforms' inbox and outbox have a rule of their own: data/channels.py.
    """
    session = uow.session
    ended = select(ChatSession.id).where(
        ChatSession.expires_at < before,
        ~exists().where(Ticket.session_id == ChatSession.id, Ticket.status == "open"),
    )
    messages, _, tickets, attachments = (
        _rows(session, delete(table).where(table.session_id.in_(ended)))
        for table in _OF_THE_CONVERSATION
    )
    alone = [~exists().where(table.session_id == ChatSession.id) for table in _LEFT_BEHIND]
    conversations = _rows(session, delete(ChatSession).where(ChatSession.id.in_(ended), *alone))
    return Forgotten(conversations, messages, tickets, attachments)


def _rows(session: Session, deletion: Delete) -> int:
    done = session.execute(deletion.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount
