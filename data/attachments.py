"""What customers sent besides words, where the shop keeps it for its agents: still with the
platform ("waiting"), here ("kept"), or gone ("lost")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session, undefer

from data.channels import Lane, record
from data.models import Attachment

AttachmentKind = Literal["picture", "voice", "video", "file"]
MOST_A_DAY = 30  # of one conversation
WEBSITE = "web"  # the channel of what was sent there
KINDS: tuple[str, ...] = get_args(AttachmentKind)


class Attachments:
    """Contents are read by `with_contents` alone."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Those whose key is not known."""
        record(self._session, Attachment, rows)

    def bring(
        self,
        session_id: str,
        key: str,
        kind: AttachmentKind,
        content: bytes,
        media_type: str,
        name: str,
    ) -> None:
        """One that came from the website, and is here."""
        now = datetime.now(UTC)
        self._session.add(
            Attachment(
                channel=WEBSITE,
                key=key,
                conversation=session_id,
                session_id=session_id,
                kind=kind,
                state="kept",
                content=content,
                media_type=media_type,
                size=len(content),
                name=name or None,
                due_at=now,
                created_at=now,
            )
        )

    def put_to(self, session_id: str, message_id: str, keys: Sequence[str]) -> Sequence[Attachment]:
        """Of these the conversation's own that came with no other message, in the order that they
        were sent; now they came with this one."""
        if not keys:
            return ()
        own = (
            Attachment.session_id == session_id,
            Attachment.key.in_(keys),
            or_(Attachment.message_id.is_(None), Attachment.message_id == message_id),
        )
        self._session.execute(update(Attachment).where(*own).values(message_id=message_id))
        return self._session.scalars(_of(session_id).where(*own)).all()

    def count_since(self, session_id: str, since: datetime) -> int:
        """How many a conversation brought since then."""
        counted = select(func.count()).where(
            Attachment.session_id == session_id, Attachment.created_at >= since
        )
        return self._session.scalar(counted) or 0

    def of_session(self, session_id: str) -> Sequence[Attachment]:
        """All of a conversation, oldest first."""
        return self._session.scalars(_of(session_id)).all()

    def with_contents(self, session_id: str) -> Sequence[Attachment]:
        """The kept ones of a conversation, oldest first."""
        kept = _of(session_id).where(Attachment.state == "kept")
        return self._session.scalars(kept.options(undefer(Attachment.content))).all()

    def first_due(self, lane: Lane) -> Attachment | None:
        """Of those of the lane that wait, the one to be asked for next, due or not."""
        return self._session.scalars(
            select(Attachment)
            .where(
                Attachment.state == "waiting",
                Attachment.channel == lane[0],
                Attachment.conversation == lane[1],
            )
            .order_by(Attachment.due_at, Attachment.id)
            .limit(1)
        ).one_or_none()

    def waiting_lanes(self, channels: Sequence[str]) -> Sequence[Lane]:
        """The lanes of these channels in which any wait, oldest first."""
        rows = self._session.execute(
            select(Attachment.channel, Attachment.conversation)
            .where(Attachment.state == "waiting", Attachment.channel.in_(channels))
            .group_by(Attachment.channel, Attachment.conversation)
            .order_by(func.min(Attachment.id))
        )
        return [(row[0], row[1]) for row in rows]

    def keep(self, key: str, content: bytes, media_type: str) -> None:
        self._change(
            key,
            state="kept",
            place=None,
            content=content,
            media_type=media_type,
            size=len(content),
            error=None,
        )

    def postpone(self, key: str, due_at: datetime, error: str) -> None:
        self._change(key, due_at=due_at, error=error, attempts=Attachment.attempts + 1)

    def lose(self, key: str, error: str) -> None:
        self._change(key, state="lost", place=None, error=error)

    def _change(self, key: str, **values: object) -> None:
        self._session.execute(update(Attachment).where(Attachment.key == key).values(**values))


def _of(session_id: str) -> Any:
    return select(Attachment).where(Attachment.session_id == session_id).order_by(Attachment.id)
