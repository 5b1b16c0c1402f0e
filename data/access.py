"""The checks that keep one customer's data from another, whatever a conversation says.

Everything that shows a customer's own data goes through here with the id of a chat session, which
the caller has from a signed token, never from the conversation, and names the capability that it
needs (data/capabilities.py). A session belongs to the first customer that it was bound to: its
history is theirs, so somebody else needs another session.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from data import normalise
from data.attempts import Guard, Guessing
from data.capabilities import EMAIL_CODE, LINK, NEEDED, SIGN_IN, Capability, Level, level_of
from data.errors import AlreadyIdentified, SessionClosed
from data.models import ChatSession, Customer, EmailCode, Order
from data.unit_of_work import UnitOfWork

ALLOWED_FAILURES = 5  # of one session; other limits are in data/attempts.py
CODE_LIFE = timedelta(minutes=10)  # for a mail to arrive and be read
CODE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says they are, and what proves it. `phone` is in E.164."""

    email: str | None = None
    phone: str | None = None
    postcode: str | None = None
    order_number: str | None = None

    @property
    def complete(self) -> bool:
        return bool((self.email or self.phone) and (self.postcode or self.order_number))

    @property
    def ways(self) -> str:
        """How it is made, to be kept with the session: "email_postcode"."""
        who = "email" if self.email else "phone"
        return f"{who}_{'postcode' if self.postcode else 'order_number'}"

    @property
    def subject(self) -> str:
        """Whom it is about, in one spelling: what guesses at it are counted by."""
        if self.email is not None:
            return f"email:{normalise.email(self.email) or self.email}"
        return f"phone:{self.phone}"


class Identification(StrEnum):
    """The same for a wrong proof and an unknown customer."""

    MATCHED = "matched"
    WRONG = "wrong"
    REFUSED = "refused"  # too many guesses; right ones are refused too
    EXPIRED = "expired"  # the session is over or unknown


@dataclass(frozen=True, slots=True)
class CodeToSend:
    """A code, and the customer whom it is to be sent; None when the shop knows no such address,
    which nobody may notice."""

    code: str
    customer: Customer | None


def open_session(
    uow: UnitOfWork,
    lifetime: timedelta,
    *,
    client: str | None = None,
    now: datetime | None = None,
) -> ChatSession:
    """A new anonymous session. `client` is the keyed hash of the address that opens it. Commits."""
    session = _session(lifetime, now)
    session.client = client
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
    uow.sessions.add(session)
    uow.session.flush()
    if linked_to is not None:
        link(uow, session.id, linked_to)
    return session


def _session(lifetime: timedelta, now: datetime | None) -> ChatSession:
    at = now or datetime.now(UTC)
    return ChatSession(
        id=str(uuid.uuid4()),
        created_at=at,
        expires_at=at + lifetime,
        failed_identifications=0,
        epoch=0,
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
    customer = uow.customers.vouched(email)
    if customer is None:
        return None
    if not _bind(uow, session, customer.id, SIGN_IN):
        raise AlreadyIdentified(
            "This conversation belongs to another customer. Please start a new one."
        )
    uow.commit()
    return customer


def link(uow: UnitOfWork, session_id: str, customer_id: int) -> bool:
    """Bind a platform's session to the customer whose one-time code was sent there; False when it
    is somebody else's. The caller commits."""
    session = uow.sessions.get(session_id)
    return session is not None and _bind(uow, session, customer_id, LINK)


def identify(
    uow: UnitOfWork,
    session_id: str,
    claim: Claim,
    guard: Guard,
    now: datetime | None = None,
    *,
    effect: str = "",
) -> Identification:
    """Bind the session to the customer whom a complete claim names and proves. The caller takes
    only the ways that the shop allows.

    Each failure counts against the session, whom the claim is about, the client's address and the
    shop, also when the caller commits nothing else (so this commits); over a limit nobody is
    matched, in the same way for known and unknown customers. Success does not clear the counts, or
    somebody with an account could guess at others' for ever. A session on a messaging platform is
    refused: what is written there is no proof, and a group would read it.

    `effect` names the message that claims it (data/leases.py): asked again, it is not counted
    again.
    """
    return _guess(
        uow,
        session_id,
        Guessing.FACTS,
        claim,
        guard,
        now,
        lambda: uow.customers.matching(**asdict(claim)) if claim.complete else None,
        claim.ways,
        effect,
    )


def new_code(
    uow: UnitOfWork,
    session_id: str,
    email: str,
    guard: Guard,
    now: datetime | None = None,
    *,
    effect: str = "",
) -> CodeToSend | Identification:
    """A one-time code for whoever reads the mail of this address; an earlier one of the session
    ends. `REFUSED` after too many, `EXPIRED` for a session that is over. To the same `effect` again
    nothing is sent: the code that is on its way stays the right one. Commits."""
    at = now or datetime.now(UTC)
    session = live_session(uow, session_id, now=at)
    if session is None:
        return Identification.EXPIRED
    subject = Claim(email).subject
    counts = guard.counts(Guessing.MAIL, subject, session.client)
    if session.channel is not None or not uow.guesses.take(counts, at):
        return Identification.REFUSED
    if not uow.effects.first(effect, at):
        uow.rollback()  # the count too
        return CodeToSend("", None)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    uow.sessions.put_code(
        EmailCode(
            session_id=session_id,
            email_hash=guard.keyed("email", subject),
            code_hash=guard.keyed("code", code),
            tries=0,
            expires_at=at + CODE_LIFE,
        )
    )
    customer = uow.customers.by_email(email)
    uow.commit()
    return CodeToSend(code, customer)


def identify_by_code(
    uow: UnitOfWork,
    session_id: str,
    email: str,
    code: str,
    guard: Guard,
    now: datetime | None = None,
    *,
    effect: str = "",
) -> Identification:
    """Bind the session to the customer of this address, to which the code was sent. Counted as
    `identify` counts, by itself. Commits."""
    at = now or datetime.now(UTC)
    claim = Claim(email)
    hashes = guard.keyed("email", claim.subject), guard.keyed("code", code)

    def proven() -> Customer | None:
        used = uow.sessions.use_code(session_id, *hashes, at)
        return uow.customers.by_email(email) if used else None

    return _guess(uow, session_id, Guessing.CODE, claim, guard, at, proven, EMAIL_CODE, effect)


def _guess(
    uow: UnitOfWork,
    session_id: str,
    guessing: Guessing,
    claim: Claim,
    guard: Guard,
    now: datetime | None,
    proven: Callable[[], Customer | None],
    by: str,
    effect: str,
) -> Identification:
    """Count a guess, look at it, and bind the session to the customer that it proves."""
    at = now or datetime.now(UTC)
    session = live_session(uow, session_id, now=at)
    if session is None:
        return Identification.EXPIRED
    if session.channel is not None:
        return Identification.REFUSED
    if not uow.sessions.take_attempt(session_id, ALLOWED_FAILURES):
        uow.commit()
        return Identification.REFUSED
    counts = guard.counts(guessing, claim.subject, session.client)
    if not uow.guesses.take(counts, at):
        uow.sessions.give_attempt_back(session_id)
        uow.commit()
        return Identification.REFUSED
    again = not uow.effects.first(effect, at)
    if again:
        uow.sessions.give_attempt_back(session_id)
        uow.guesses.give_back(counts)
        if session.identified_by == by:  # it was right, and a code is used up by that
            uow.commit()
            return Identification.MATCHED
    customer = proven()
    if customer is None or not _bind(uow, session, customer.id, by):
        uow.commit()
        return Identification.WRONG
    if not again:
        uow.sessions.give_attempt_back(session_id)
        uow.guesses.give_back(counts)
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


def end_session(uow: UnitOfWork, session_id: str, *, now: datetime | None = None) -> None:
    """Nothing opens it any more. Commits."""
    uow.sessions.end(session_id, now or datetime.now(UTC))
    uow.commit()


def proof_of_session(uow: UnitOfWork, session_id: str, *, now: datetime | None = None) -> Level:
    """How well it is proven whose the session is."""
    session = live_session(uow, session_id, now=now)
    return level_of(session.identified_by) if session is not None else Level.NONE


def customer_of_session(
    uow: UnitOfWork,
    session_id: str,
    capability: Capability,
    *,
    now: datetime | None = None,
    ended: bool = False,
) -> Customer | None:
    """Whom the session is known to belong to, where that is proven well enough for `capability`;
    None for an anonymous or expired one. `ended`: an expired one too, for the shop's own people,
    who answer what was asked in it."""
    session = uow.sessions.get(session_id) if ended else live_session(uow, session_id, now=now)
    if session is None or level_of(session.identified_by) < NEEDED[capability]:
        return None
    return session.customer


def order_for_session(
    uow: UnitOfWork, session_id: str, number: str, *, now: datetime | None = None
) -> Order | None:
    """The identified customer's order of that number, however they spelled it.

    None for an unknown, malformed or foreign number, and for a session without a customer.
    """
    customer = customer_of_session(uow, session_id, Capability.READ_ORDERS, now=now)
    return uow.orders.for_customer(customer.id, number) if customer is not None else None


def orders_for_session(
    uow: UnitOfWork, session_id: str, limit: int | None = None, *, now: datetime | None = None
) -> Sequence[Order]:
    """The identified customer's orders, newest first; none for a session without a customer."""
    customer = customer_of_session(uow, session_id, Capability.READ_ORDERS, now=now)
    return uow.orders.of_customer(customer.id, limit) if customer is not None else []


def _bind(uow: UnitOfWork, session: ChatSession, customer_id: int, by: str) -> bool:
    """Let the session belong to the customer; a weaker proof never takes a stronger one's place.
    False when it is somebody else's."""
    better = level_of(by) > level_of(session.identified_by)
    if session.customer_id == customer_id and not better:
        return True
    return uow.sessions.bind(session.id, customer_id, by)
