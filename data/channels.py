"""Messaging platforms in the database: who writes there, what came, what is to be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.models import (
    Attachment,
    ChannelUser,
    ChatMessage,
    InboxEvent,
    LinkCode,
    OutboxCall,
)

Lane = tuple[str, str]
"""A channel's name and a conversation there: what is in one lane is done in its order."""


WRITTEN = "written"  # by an agent, and not put yet as the platform has it


class Channels:
    def __init__(self, session: Session) -> None:
        self._session = session

    # Who writes

    def user(self, lane: Lane) -> ChannelUser | None:
        found = select(ChannelUser).where(
            ChannelUser.channel == lane[0], ChannelUser.conversation == lane[1]
        )
        return self._session.scalars(found).one_or_none()

    def add_user(self, user: ChannelUser) -> None:
        self._session.add(user)

    def linked_to(self, customer_id: int) -> Sequence[ChannelUser]:
        """The chats that are linked to the customer, the first one linked first."""
        found = select(ChannelUser).where(ChannelUser.customer_id == customer_id)
        return self._session.scalars(found.order_by(ChannelUser.id)).all()

    def user_of(self, session_id: str) -> ChannelUser | None:
        """Who holds this conversation on a platform; None for one on the website."""
        found = select(ChannelUser).where(ChannelUser.session_id == session_id)
        return self._session.scalars(found.order_by(ChannelUser.id).limit(1)).one_or_none()

    # One-time codes

    def add_code(self, code: LinkCode) -> None:
        """The customer's earlier ones end."""
        self._session.execute(delete(LinkCode).where(LinkCode.customer_id == code.customer_id))
        self._session.add(code)

    def use_code(self, code_hash: str, now: datetime) -> int | None:
        """The customer whose code it is; None when it is unknown, used or too old. Of two at the
        same moment exactly one gets it."""
        used = self._session.execute(
            update(LinkCode)
            .where(
                LinkCode.code_hash == code_hash,
                LinkCode.used_at.is_(None),
                LinkCode.expires_at > now,
            )
            .values(used_at=now)
            .returning(LinkCode.customer_id)
        )
        return used.scalar_one_or_none()

    # What came

    def accept(self, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        """Store events; returns the keys of those that were not known."""
        return record(self._session, InboxEvent, rows)

    def oldest_event(self, lane: Lane) -> InboxEvent | None:
        """The first of the lane that is not answered."""
        return self._session.scalars(
            select(InboxEvent)
            .where(
                InboxEvent.done_at.is_(None),
                InboxEvent.channel == lane[0],
                InboxEvent.conversation == lane[1],
            )
            .order_by(InboxEvent.id)
            .limit(1)
        ).one_or_none()

    def unanswered(self, lane: Lane) -> int:
        """How many events of the lane wait."""
        waiting = select(func.count()).where(
            InboxEvent.done_at.is_(None),
            InboxEvent.channel == lane[0],
            InboxEvent.conversation == lane[1],
        )
        return self._session.scalar(waiting) or 0

    def unanswered_lanes(self, channels: Sequence[str]) -> Sequence[Lane]:
        """The lanes of these channels with events that are not answered, oldest first."""
        rows = self._session.execute(
            select(InboxEvent.channel, InboxEvent.conversation)
            .where(InboxEvent.done_at.is_(None), InboxEvent.channel.in_(channels))
            .group_by(InboxEvent.channel, InboxEvent.conversation)
            .order_by(func.min(InboxEvent.id))
        )
        return [(row[0], row[1]) for row in rows]

    def finish_event(self, key: str, now: datetime) -> None:
        """It is answered; its words go."""
        self._change_event(key, done_at=now, body=None)

    def keep_draft(self, key: str, draft: str) -> None:
        self._change_event(key, draft=draft)

    def count_attempt(self, key: str) -> int:
        """Count one more failure; returns how many there were."""
        counted = self._session.execute(
            update(InboxEvent)
            .where(InboxEvent.key == key)
            .values(attempts=InboxEvent.attempts + 1)
            .returning(InboxEvent.attempts)
        )
        return int(counted.scalar_one())

    def _change_event(self, key: str, **values: object) -> None:
        self._session.execute(update(InboxEvent).where(InboxEvent.key == key).values(**values))

    # What agents write

    def write(self, line: ChatMessage, now: datetime) -> None:
        """Leave an agent's line for a gateway to send, in the transaction that stores it; nothing
        where the conversation is not held on a platform."""
        user = self.user_of(line.session_id)
        if user is None:
            return
        row = {
            "channel": user.channel,
            "key": line.message_id,
            "conversation": user.conversation,
            "call": {"session": line.session_id, "sender": line.sender, "body": line.body},
            "state": WRITTEN,
            "attempts": 0,
            "due_at": now,
            "created_at": now,
        }
        self.put([row])

    def written(self, channels: Sequence[str]) -> Sequence[OutboxCall]:
        """What agents wrote to people on these channels and no gateway has taken up, in order."""
        return self._session.scalars(
            select(OutboxCall)
            .where(OutboxCall.state == WRITTEN, OutboxCall.channel.in_(channels))
            .order_by(OutboxCall.id)
        ).all()

    def is_written(self, lane: Lane) -> bool:
        """Whether a line in the lane still waits for a gateway to take it up."""
        rows = select(OutboxCall.id).where(
            OutboxCall.state == WRITTEN,
            OutboxCall.channel == lane[0],
            OutboxCall.conversation == lane[1],
        )
        return self._session.scalars(rows.limit(1)).one_or_none() is not None

    # What is to be sent

    def put(self, rows: Sequence[Mapping[str, Any]]) -> set[str]:
        """Store calls; returns the keys of those that were not known."""
        return record(self._session, OutboxCall, rows)

    def oldest_call(self, lane: Lane) -> OutboxCall | None:
        """The first of the lane that is neither sent nor dead, due or not."""
        return next(iter(self.waiting_calls(lane, most=1)), None)

    def waiting_calls(self, lane: Lane, *, most: int) -> Sequence[OutboxCall]:
        return self._session.scalars(
            select(OutboxCall)
            .where(
                OutboxCall.state == "waiting",
                OutboxCall.channel == lane[0],
                OutboxCall.conversation == lane[1],
            )
            .order_by(OutboxCall.id)
            .limit(most)
        ).all()

    def waiting_lanes(self, channels: Sequence[str]) -> Sequence[Lane]:
        rows = self._session.execute(
            select(OutboxCall.channel, OutboxCall.conversation)
            .where(OutboxCall.state == "waiting", OutboxCall.channel.in_(channels))
            .group_by(OutboxCall.channel, OutboxCall.conversation)
            .order_by(func.min(OutboxCall.id))
        )
        return [(row[0], row[1]) for row in rows]

    def sent(self, *keys: str) -> None:
        """They are delivered; their words go."""
        for key in keys:
            self._change_call(key, state="sent", call=None, error=None)

    def postpone(self, key: str, due_at: datetime, error: str) -> None:
        self._change_call(key, due_at=due_at, error=error, attempts=OutboxCall.attempts + 1)

    def bury(self, key: str, error: str) -> None:
        self._change_call(key, state="dead", error=error, attempts=OutboxCall.attempts + 1)

    def dead(self) -> Sequence[OutboxCall]:
        """Dead letters, oldest first."""
        return self._session.scalars(
            select(OutboxCall).where(OutboxCall.state == "dead").order_by(OutboxCall.id)
        ).all()

    def revive(self, channel: str | None, now: datetime) -> int:
        """Let dead letters (of one channel, or all) be sent again; returns how many."""
        revived = self._session.execute(
            update(OutboxCall)
            .where(
                and_(
                    OutboxCall.state == "dead",
                    OutboxCall.channel == (channel or OutboxCall.channel),
                )
            )
            .values(state="waiting", attempts=0, due_at=now, created_at=now)
            .returning(OutboxCall.id)
        )
        return len(revived.all())

    def counts(self) -> dict[str, dict[str, int]]:
        """{channel: {"unanswered", "waiting", "dead": rows}} of channels that have any."""
        found: dict[str, dict[str, int]] = {}
        unanswered = (
            select(InboxEvent.channel, func.count())
            .where(InboxEvent.done_at.is_(None))
            .group_by(InboxEvent.channel)
        )
        for channel, count in self._session.execute(unanswered):
            found.setdefault(channel, {})["unanswered"] = count
        calls = (
            select(OutboxCall.channel, OutboxCall.state, func.count())
            .where(OutboxCall.state != "sent")
            .group_by(OutboxCall.channel, OutboxCall.state)
        )
        for channel, state, count in self._session.execute(calls):
            counted = found.setdefault(channel, {})
            name = "waiting" if state == WRITTEN else state
            counted[name] = counted.get(name, 0) + count
        return found

    def _change_call(self, key: str, **values: object) -> None:
        self._session.execute(update(OutboxCall).where(OutboxCall.key == key).values(**values))

    def forget(self, now: datetime, kept: timedelta) -> None:
        """Drop what was answered and sent so long ago that no platform repeats it."""
        old = now - kept
        self._session.execute(delete(InboxEvent).where(InboxEvent.done_at < old))
        self._session.execute(
            delete(OutboxCall).where(OutboxCall.state == "sent", OutboxCall.created_at < old)
        )
        self._session.execute(delete(LinkCode).where(LinkCode.expires_at < old))


def record(
    session: Session,
    table: type[InboxEvent | OutboxCall | Attachment],
    rows: Sequence[Mapping[str, Any]],
) -> set[str]:
    """Store rows; returns the keys of those that were not known."""
    if not rows:
        return set()
    insert = (
        postgresql.insert(table)
        if session.get_bind().dialect.name == "postgresql"
        else sqlite.insert(table)
    )
    stored = session.execute(
        insert.values([dict(row) for row in rows])
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(table.key)
    )
    return set(stored.scalars())
