"""Conversations in the shop's database, asked from the event loop: each call in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from data import access
from data.errors import AlreadyIdentified, SessionClosed
from data.models import ChatMessage, Feedback
from data.unit_of_work import UnitOfWork

Result = TypeVar("Result")


@dataclass(frozen=True)
class Opened:
    """A new session; `customer` is the name of whom it was bound to."""

    id: str
    expires_at: datetime
    customer: str | None


class Conversations:
    def __init__(self, unit_of_work: Callable[[], UnitOfWork], lifetime: timedelta) -> None:
        self._unit_of_work = unit_of_work
        self._lifetime = lifetime

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
        return await self._do(lambda uow: access.live_session(uow, session_id) is not None)

    async def replies(self, session_id: str, message_id: str) -> list[dict[str, Any]]:
        """What was answered to this message id already; nothing for a new one."""
        return await self._do(
            lambda uow: [line.body for line in uow.messages.replies(session_id, message_id)]
        )

    async def record(
        self, session_id: str, message_id: str, text: str, replies: list[dict[str, Any]]
    ) -> None:
        """Keep a whole turn: what the customer wrote and what the bot answered."""

        def work(uow: UnitOfWork) -> None:
            now = datetime.now(UTC)
            lines: list[tuple[str, str, str | None, dict[str, Any]]] = [
                (message_id, "customer", None, {"text": text})
            ]
            lines += [
                (f"{message_id}.{n}", "bot", message_id, body) for n, body in enumerate(replies, 1)
            ]
            for line_id, sender, reply_to, body in lines:
                uow.messages.record(
                    ChatMessage(
                        session_id=session_id,
                        message_id=line_id,
                        sender=sender,
                        reply_to=reply_to,
                        body=body,
                        created_at=now,
                    )
                )
            uow.commit()

        await self._do(work)

    async def history(self, session_id: str) -> list[dict[str, Any]]:
        return await self._do(
            lambda uow: [
                {
                    "message_id": line.message_id,
                    "sender": line.sender,
                    "created_at": line.created_at.isoformat(),
                    **line.body,
                }
                for line in uow.messages.of_session(session_id)
            ]
        )

    async def rate(
        self, session_id: str, message_id: str | None, rating: int, comment: str | None
    ) -> None:
        def work(uow: UnitOfWork) -> None:
            uow.feedbacks.add(
                Feedback(
                    session_id=session_id,
                    message_id=message_id,
                    rating=rating,
                    comment=comment,
                    created_at=datetime.now(UTC),
                )
            )
            uow.commit()

        await self._do(work)

    async def _do(self, work: Callable[[UnitOfWork], Result]) -> Result:
        def in_thread() -> Result:
            with self._unit_of_work() as uow:
                return work(uow)

        return await asyncio.to_thread(in_thread)
