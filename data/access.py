"""The checks that keep one customer's data from another, whatever a conversation says.

Everything that shows a customer's own data goes through here with the id of a chat session, which
the caller has from a signed token, never from the conversation. A session belongs to the first
customer that it was bound to: its history is theirs, so somebody else needs another session.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from data.errors import AlreadyIdentified, SessionClosed
from data.models import ChatSession, Customer, Order
from data.unit_of_work import UnitOfWork

ALLOWED_FAILURES = 5


class Identification(StrEnum):
    """The same for a wrong postcode and an unknown e-mail address."""

    MATCHED = "matched"
    WRONG = "wrong"
    REFUSED = "refused"  # too many failures in this session; right ones are refused too
    EXPIRED = "expired"  # the session is over or unknown


def open_session(
    uow: UnitOfWork, lifetime: timedelta, *, now: datetime | None = None
) -> ChatSession:
    """A new anonymous session. Commits."""
    session = _session(lifetime, now)
    uow.sessions.add(session)
    uow.commit()
    return session


def open_channel_session(
    uow: UnitOfWork,
    lifetime: timedelta,
    channel: str,
    linked_to: int | None,
    *,
    now: datetime | None = None,
) -> ChatSession:
    """A new session on a messaging platform, of the customer (by id) that a one-time code has
    linked there, or of nobody known. The caller commits."""
    session = _session(lifetime, now)
    session.channel = channel
    customer = uow.session.get(Customer, linked_to) if linked_to is not None else None
    if customer is not None:
        _bind(session, customer, "link")
    uow.sessions.add(session)
    uow.session.flush()
    return session


def _session(lifetime: timedelta, now: datetime | None) -> ChatSession:
    at = now or datetime.now(UTC)
    return ChatSession(
        id=str(uuid.uuid4()), created_at=at, expires_at=at + lifetime, failed_identifications=0
    )


def sign_in(
    uow: UnitOfWork, session_id: str, email: str, *, now: datetime | None = None
) -> Customer | None:
    """Bind the session to the customer whom the shop has vouched for by a signed token.

    None when the shop has no such customer. Raises `SessionClosed`, and `AlreadyIdentified` when
    the session belongs to somebody else. Commits.
    """
    session = live_session(uow, session_id, now=now)
    if session is None:
        raise SessionClosed("This conversation is over. Please start a new one.")
    customer = uow.customers.by_email(email)
    if customer is None:
        return None
    if session.customer_id not in (None, customer.id):
        raise AlreadyIdentified(
            "This conversation belongs to another customer. Please start a new one."
        )
    _bind(session, customer, "sign_in")
    uow.commit()
    return customer


def identify(
    uow: UnitOfWork, session_id: str, email: str, postcode: str, now: datetime | None = None
) -> Identification:
    """Bind the session to the customer with this e-mail address and postcode.

    Each failure counts, also when the caller commits nothing else (so this commits); after
    `ALLOWED_FAILURES` the session is refused for good. Success does not clear the count, or
    somebody with an account could guess at others' for ever. A session on a messaging platform is
    refused: what is written there is no proof, and a group would read it.
    """
    session = live_session(uow, session_id, now=now)
    if session is None:
        return Identification.EXPIRED
    if session.channel is not None:
        return Identification.REFUSED
    if not uow.sessions.take_attempt(session_id, ALLOWED_FAILURES):
        uow.commit()
        return Identification.REFUSED
    customer = uow.customers.matching(email, postcode)
    if customer is None or session.customer_id not in (None, customer.id):
        uow.commit()
        return Identification.WRONG
    uow.sessions.give_attempt_back(session_id)
    if session.customer_id is None:
        _bind(session, customer, "email_postcode")
    uow.commit()
    return Identification.MATCHED


def live_session(
    uow: UnitOfWork, session_id: str, *, now: datetime | None = None
) -> ChatSession | None:
    """The session, unless it is unknown or over."""
    session = uow.sessions.get(session_id)
    if session is None or session.expires_at <= (now or datetime.now(UTC)):
        return None
    return session


def customer_of_session(
    uow: UnitOfWork, session_id: str, *, now: datetime | None = None
) -> Customer | None:
    """Who the session is known to belong to; None for an anonymous or expired one."""
    session = live_session(uow, session_id, now=now)
    return session.customer if session is not None else None


def order_for_session(
    uow: UnitOfWork, session_id: str, number: str, *, now: datetime | None = None
) -> Order | None:
    """The identified customer's order of that number, however they spelled it.

    None for an unknown, malformed or foreign number, and for a session without a customer.
    """
    session = live_session(uow, session_id, now=now)
    if session is None or session.customer_id is None:
        return None
    return uow.orders.for_customer(session.customer_id, number)


def orders_for_session(
    uow: UnitOfWork, session_id: str, limit: int | None = None, *, now: datetime | None = None
) -> Sequence[Order]:
    """The identified customer's orders, newest first; none for a session without a customer."""
    session = live_session(uow, session_id, now=now)
    if session is None or session.customer_id is None:
        return []
    return uow.orders.of_customer(session.customer_id, limit)


def _bind(session: ChatSession, customer: Customer, by: str) -> None:
    session.customer_id = customer.id
    session.customer = customer
    session.identified_by = by
