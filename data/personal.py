"""What is kept of one customer: all of it given out, or all of it erased.

Orders stay for the shop's books, without anything that says whose they were. Rasa's events lie in a
database of its own (bot/commands/trackers.py), and a shop that imports a customer again from its
own system has them again: they are erased there first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import phonenumbers
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    String,
    Update,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session, undefer

from data.campaigns.tables import CampaignMember, Coupon
from data.channels import Lane
from data.errors import UnknownCustomer
from data.models import (
    Address,
    Attachment,
    Base,
    BehaviourEvent,
    ChannelUser,
    ChatMessage,
    ChatSession,
    Customer,
    EmailCode,
    Feedback,
    Impression,
    InboxEvent,
    LinkCode,
    Order,
    OrderLine,
    OutboxCall,
    PaymentMethod,
    ProfileCorrection,
    Review,
    SavedProduct,
    Shipment,
    Ticket,
    TrackingEvent,
    Unanswered,
)
from data.unit_of_work import UnitOfWork

_SHORTEST_WORD = 2  # letters of a name; one letter alone stands in every text


@dataclass(frozen=True)
class Whose:
    """A customer by id, their conversations by id, and where they write on platforms."""

    customer_id: int
    sessions: Collection[str]
    lanes: Collection[Lane]


@dataclass(frozen=True)
class Erased:
    """What went: conversations (their ids are those of Rasa's trackers too), rows, and how many
    orders stay without whose they were. `words` are those that say who it was."""

    sessions: Collection[str]
    rows: int
    orders: int
    words: Collection[str]


def find(uow: UnitOfWork, who: str) -> Customer:
    """By e-mail address, else by a telephone number in E.164 that is nobody else's. Raises
    `UnknownCustomer`."""
    found = uow.customers.by_email(who)
    if found is not None:
        return found
    sharing = uow.session.scalars(select(Customer).where(Customer.phone == who).limit(2)).all()
    if len(sharing) == 1:
        return sharing[0]
    many = "Several customers have" if sharing else "No customer has"
    raise UnknownCustomer(f"{many} the address or number {who}.")


def whose(uow: UnitOfWork, customer: Customer) -> Whose:
    """What is proven to be of the customer: a stranger who wrote their address is not."""
    return _whose(uow.session, customer, ())


def gather(uow: UnitOfWork, found: Whose) -> dict[str, list[dict[str, Any]]]:
    """Every row of the customer by its table's name, with all columns but contents of files."""
    gathered = {}
    for table, condition in OWNED.items():
        rows = uow.session.scalars(select(table).where(condition(found))).unique()
        gathered[table.__tablename__] = [_plain(row) for row in rows]
    return gathered


def files(uow: UnitOfWork, found: Whose) -> Sequence[Attachment]:
    """What the customer sent on platforms and is kept, with its contents."""
    kept = select(Attachment).where(_of_talk(Attachment)(found), Attachment.state == "kept")
    return uow.session.scalars(kept.options(undefer(Attachment.content))).all()


def erase(uow: UnitOfWork, customer: Customer) -> Erased:
    """Delete, inside `uow`, what names the customer, and make their orders nobody's; the caller
    commits. Conversations in which somebody who was not known wrote the customer's address or
    number go too: nobody else's words are in them."""
    session = uow.session
    words = words_of(customer)
    found = _whose(session, customer, words)
    owned = Order.customer_id == customer.id
    orders = session.scalar(select(func.count()).select_from(Order).where(owned)) or 0
    uow.campaigns.release(customer.id)
    rows = 0
    for table in _DELETED:
        rows += _done(session, delete(table).where(OWNED[table](found)))
    _done(session, update(Order).where(owned).values(payment_method_id=None))
    rows += _done(session, delete(PaymentMethod).where(OWNED[PaymentMethod](found)))
    _done(session, update(Shipment).where(OWNED[Shipment](found)).values(tracking_number=""))
    used = select(Order.address_id).where(owned)
    mine = Address.customer_id == customer.id
    rows += _done(session, delete(Address).where(mine, Address.id.not_in(used)))
    nothing = dict.fromkeys(("recipient", "line", "city", "province", "postcode"))
    _done(session, update(Address).where(mine).values(**nothing))
    if orders:
        _done(session, update(Customer).where(Customer.id == customer.id).values(**_NOBODY))
    else:
        rows += _done(session, delete(Customer).where(Customer.id == customer.id))
    session.expire_all()
    return Erased(found.sessions, rows, orders, words)


def words_of(customer: Customer) -> frozenset[str]:
    """The words that say who it is, as people and programs write them."""
    said = {customer.name, customer.email, customer.phone}
    if customer.phone:
        try:
            number = phonenumbers.parse(customer.phone)
        except phonenumbers.NumberParseException:
            pass
        else:
            said.add(str(number.national_number))
            for form in (
                phonenumbers.PhoneNumberFormat.NATIONAL,
                phonenumbers.PhoneNumberFormat.INTERNATIONAL,
            ):
                said.add(phonenumbers.format_number(number, form))
    for address in customer.addresses:
        said |= {address.recipient, address.line}
    return frozenset(word for word in said if word and len(word) >= _SHORTEST_WORD)


# Of an erased customer whose orders stay: they hang together, on nobody. Their history is not to be
# used, or the assistant would go on learning from it.
_NOBODY: Mapping[str, Any] = {
    "name": "",
    "email": None,
    "phone": None,
    "tier": None,
    "joined_at": None,
    "personalised": False,
}

Condition = Callable[[Whose], ColumnElement[bool]]


def _of_customer(table: Any) -> Condition:
    return lambda found: table.customer_id == found.customer_id


def _of_session(table: Any) -> Condition:
    return lambda found: table.session_id.in_(found.sessions)


def _of_either(table: Any) -> Condition:
    return lambda found: or_(
        table.customer_id == found.customer_id, table.session_id.in_(found.sessions)
    )


def _of_lane(table: Any) -> Condition:
    return lambda found: tuple_(table.channel, table.conversation).in_(list(found.lanes))


def _of_talk(table: Any) -> Condition:
    return lambda found: or_(_of_session(table)(found), _of_lane(table)(found))


def _orders(found: Whose) -> Any:
    return select(Order.number).where(Order.customer_id == found.customer_id)


# Which rows of each table that holds something of a customer are one's.
OWNED: Mapping[type[Base], Condition] = {
    Customer: lambda found: Customer.id == found.customer_id,
    Address: _of_customer(Address),
    PaymentMethod: _of_customer(PaymentMethod),
    Order: _of_customer(Order),
    OrderLine: lambda found: OrderLine.order_number.in_(_orders(found)),
    Shipment: lambda found: Shipment.order_number.in_(_orders(found)),
    TrackingEvent: lambda found: TrackingEvent.shipment_id.in_(
        select(Shipment.id).where(Shipment.order_number.in_(_orders(found)))
    ),
    Review: _of_customer(Review),
    ChatSession: lambda found: ChatSession.id.in_(found.sessions),
    EmailCode: _of_session(EmailCode),
    ChatMessage: _of_session(ChatMessage),
    Ticket: _of_either(Ticket),
    Feedback: _of_session(Feedback),
    Unanswered: _of_session(Unanswered),
    Attachment: _of_talk(Attachment),
    BehaviourEvent: _of_either(BehaviourEvent),
    Impression: _of_either(Impression),
    ProfileCorrection: _of_customer(ProfileCorrection),
    CampaignMember: _of_customer(CampaignMember),
    Coupon: _of_customer(Coupon),
    SavedProduct: _of_either(SavedProduct),
    ChannelUser: _of_either(ChannelUser),
    LinkCode: _of_customer(LinkCode),
    InboxEvent: _of_lane(InboxEvent),
    OutboxCall: _of_lane(OutboxCall),
}

# Wholly, in an order in which none is referred to by one that is left.
_DELETED: Sequence[type[Base]] = (
    ChatMessage,
    Ticket,
    Feedback,
    Unanswered,
    Attachment,
    InboxEvent,
    OutboxCall,
    LinkCode,
    ProfileCorrection,
    CampaignMember,
    Coupon,
    SavedProduct,
    BehaviourEvent,
    Impression,
    ChannelUser,
    EmailCode,
    ChatSession,
    Review,
    TrackingEvent,
)


def _whose(session: Session, customer: Customer, words: Collection[str]) -> Whose:
    own = or_(
        ChatSession.customer_id == customer.id,
        ChatSession.id.in_(
            select(ChannelUser.session_id).where(ChannelUser.customer_id == customer.id)
        ),
        ChatSession.id.in_(select(Ticket.session_id).where(Ticket.customer_id == customer.id)),
    )
    sessions = set(session.scalars(select(ChatSession.id).where(own)))
    told = _unmistakable(customer, words)
    if told:
        body = func.lower(as_type(ChatMessage.body, String))
        mentions = or_(*(body.contains(_in_json(word), autoescape=True) for word in told))
        sessions |= set(
            session.scalars(
                select(ChatMessage.session_id)
                .join(ChatSession, ChatSession.id == ChatMessage.session_id)
                .where(ChatSession.customer_id.is_(None), mentions)
                .distinct()
            )
        )
        # Where they can be reached somebody may have said by a button, in no line.
        left = func.lower(Ticket.contact).in_({word.lower() for word in told})
        sessions |= set(
            session.scalars(
                select(Ticket.session_id)
                .join(ChatSession, ChatSession.id == Ticket.session_id)
                .where(ChatSession.customer_id.is_(None), left)
            )
        )
    users = select(ChannelUser.channel, ChannelUser.conversation).where(
        or_(ChannelUser.customer_id == customer.id, ChannelUser.session_id.in_(sessions))
    )
    return Whose(customer.id, sessions, [(row[0], row[1]) for row in session.execute(users)])


def _unmistakable(customer: Customer, words: Collection[str]) -> set[str]:
    """Of the words those that are nobody else's: a namesake's conversation is not the customer's,
    nor a neighbour's."""
    shared = {customer.name}
    shared |= {each for address in customer.addresses for each in (address.recipient, address.line)
               if each}  # fmt: skip
    return set(words) - shared


def _in_json(word: str) -> str:
    """As a JSON column holds it, in lower case."""
    return json.dumps(word)[1:-1].lower()


def _plain(row: Base) -> dict[str, Any]:
    columns = [c for c in row.__mapper__.column_attrs if not c.deferred]
    return {column.key: getattr(row, column.key) for column in columns}


def _done(session: Session, change: Delete | Update) -> int:
    done = session.execute(change.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount
