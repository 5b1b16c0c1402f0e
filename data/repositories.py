"""The questions that the assistant asks of the database, one class a subject.

Made by `data.unit_of_work.UnitOfWork`, which opens and closes the SQLAlchemy session that they
share. There is one implementation of each: SQLite in memory is quick enough to test with.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, and_, delete, false, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, defer, joinedload, selectinload

from data import normalise
from data.models import (
    Address,
    Base,
    BehaviourEvent,
    Category,
    ChatMessage,
    ChatSession,
    Customer,
    EmailCode,
    EventKind,
    Feedback,
    Impression,
    Mark,
    Order,
    OrderLine,
    OrderStatus,
    Product,
    ProfileCorrection,
    Review,
    SavedProduct,
    Ticket,
    Unanswered,
    Variant,
)

# Orders that count as spending and as bought: not unpaid, called off or paid back.
KEPT = tuple(
    status
    for status in OrderStatus
    if status
    not in (
        OrderStatus.PENDING_PAYMENT,
        OrderStatus.CANCELLED,
        OrderStatus.RETURNED,
        OrderStatus.REFUNDED,
    )
)


class Exchange(NamedTuple):
    """The question behind a ticket, as the customer wrote it, and what agents wrote back."""

    language: str
    question: str
    answers: list[str]


DEMO = "demo"  # the mark of a database that the demo shop was loaded into

_NOBODYS = ("example.com", "example.net", "example.org")

# Wrong ones of six digits: five of a million, and the counts of data/attempts.py beside it.
CODE_TRIES = 5

# Of the ids of lines that answer no message; a client's own ids cannot hold a colon.
DESK_PREFIX = "desk:"


class Purchase(NamedTuple):
    """One product in one order, whatever its variant."""

    customer_id: int
    product_id: str
    placed_at: datetime
    quantity: int


class Bought(NamedTuple):
    """One line of an order that was kept, as its variant stands in the catalogue."""

    product_id: str
    options: dict[str, dict[str, str]]
    unit_price: Decimal
    order_number: str
    placed_at: datetime


class Sale(NamedTuple):
    """What one customer paid for one product in one order."""

    customer_id: int
    product_id: str
    amount: Decimal
    at: datetime


class Asker(NamedTuple):
    """A customer, and what proved who it is: ChatSession.identified_by."""

    name: str
    identified_by: str


class Offer(NamedTuple):
    """What a product costs now: its cheapest variant that can be bought, else its cheapest."""

    price: Decimal
    in_stock: bool


@dataclass(frozen=True, slots=True)
class Rating:
    """`average` of 1 to 5 stars over `count` reviews; None without reviews."""

    average: float | None
    count: int


Row = TypeVar("Row", bound=Base)
Found = TypeVar("Found", bound=Base)


class _Repository(Generic[Row]):
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: Row) -> None:
        self._session.add(row)

    def _all(self, query: Select[Found]) -> Sequence[Found]:
        return self._session.scalars(query).unique().all()

    def _insert(self, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
        """An insertion that can say what a row that is there already means."""
        if self._session.get_bind().dialect.name == "postgresql":
            return postgresql.insert(table)
        return sqlite.insert(table)


class Products(_Repository[Product]):
    def catalogue(self) -> Sequence[Product]:
        """All products that are sold, with their variants and categories."""
        return self._all(select(Product).where(Product.sold).order_by(Product.id))

    def categories(self) -> Sequence[Category]:
        """All but those that hold only products that are no longer sold."""
        of_category = select(Product.id).where(Product.category_id == Category.id)
        return self._all(
            select(Category)
            .where(~of_category.exists() | of_category.where(Product.sold).exists())
            .order_by(Category.id)
        )

    def get(self, product_id: str) -> Product | None:
        return self._session.scalars(select(Product).where(Product.id == product_id)).one_or_none()

    def get_many(self, product_ids: Iterable[str]) -> list[Product]:
        """In the order of `product_ids`, without those that do not exist."""
        wanted = list(product_ids)
        found = {
            product.id: product
            for product in self._all(select(Product).where(Product.id.in_(wanted)))
        }
        return [found[product_id] for product_id in wanted if product_id in found]

    def offers(self) -> dict[str, Offer]:
        """Of every product, by its id: what a search looks at, without loading the products."""
        found: dict[str, Offer] = {}
        columns = select(Variant.product_id, Variant.price, Variant.stock)
        columns = columns.join(Variant.product).where(Product.sold)
        for product_id, price, stock in self._session.execute(columns):
            offer = Offer(price, stock > 0)
            before = found.setdefault(product_id, offer)
            if (not offer.in_stock, price) < (not before.in_stock, before.price):
                found[product_id] = offer
        return found

    def variant(self, sku: str) -> Variant | None:
        """With its product."""
        return self._session.scalars(
            select(Variant).where(Variant.sku == sku).options(joinedload(Variant.product))
        ).one_or_none()

    def matching(
        self,
        *,
        category_id: str | None = None,
        min_price: Decimal | None = None,
        max_price: Decimal | None = None,
        in_stock: bool = False,
    ) -> frozenset[str]:
        """Ids of the products of which one variant meets every condition (bounds included)."""
        query = select(Variant.product_id).join(Variant.product).where(Product.sold).distinct()
        if category_id is not None:
            query = query.where(Product.category_id == category_id)
        if min_price is not None:
            query = query.where(Variant.price >= min_price)
        if max_price is not None:
            query = query.where(Variant.price <= max_price)
        if in_stock:
            query = query.where(Variant.stock > 0)
        return frozenset(self._session.scalars(query))

    def sold_out(self, sizes: Mapping[str, str]) -> frozenset[str]:
        """Ids of the products that are made in the size given for their category (in English, by
        category id), and that nobody can have in it now."""
        rows = self._session.execute(
            select(Variant.product_id, Product.category_id, Variant.options, Variant.stock)
            .join(Variant.product)
            .where(Product.category_id.in_(sizes))
        )
        left: dict[str, int] = {}
        for product_id, category_id, options, stock in rows:
            if options.get("size", {}).get("en") == sizes[category_id]:
                left[product_id] = left.get(product_id, 0) + stock
        return frozenset(product_id for product_id, pieces in left.items() if pieces == 0)


class Customers(_Repository[Customer]):
    def get(self, customer_id: int) -> Customer | None:
        return self._session.get(Customer, customer_id)

    def by_email(self, email: str) -> Customer | None:
        """Any spelling of the address (capitals, full-width letters)."""
        plain = normalise.email(email)
        if plain is None:
            return None
        return self._session.scalars(select(Customer).where(Customer.email == plain)).one_or_none()

    def vouched(self, email: str) -> Customer | None:
        """The customer of exactly this address, but for capitals. What a shop's sign-in names is
        not typed by a person: another spelling is another account there."""
        query = select(Customer).where(Customer.email == email.lower())
        return self._session.scalars(query).one_or_none()

    def matching(
        self,
        *,
        email: str | None = None,
        phone: str | None = None,
        postcode: str | None = None,
        order_number: str | None = None,
    ) -> Customer | None:
        """The customer with this e-mail address (or else this phone number, in E.164), whom the
        postcode of any of their addresses (or else the number of one of their orders) proves.

        One query whatever is right or wrong, so that its time says nothing. A text that is no
        address or postcode is asked for as a space, which neither side ever holds, while an empty
        one would match a customer whose postcode was left empty. A phone number that several
        customers share names none of them.
        """
        who = (
            Customer.email == (normalise.email(email) or " ")
            if email is not None
            else Customer.phone == (phone or " ")
        )
        if postcode is not None:
            stored = func.replace(func.replace(func.upper(Address.postcode), " ", ""), "-", "")
            proof = Customer.addresses.any(stored == (normalise.postcode(postcode) or " "))
        else:
            number = normalise.order_number(order_number or "")
            proof = Customer.orders.any(Order.number == (number or " "))
        found = self._session.scalars(select(Customer).where(who, proof).limit(2)).all()
        return found[0] if len(found) == 1 else None

    def any_real(self) -> bool:
        """Whether somebody can be one who really is: every invented customer has an e-mail address
        in a domain that is nobody's (RFC 2606), and whoever was erased has none left."""
        invented = or_(*(Customer.email.endswith(f"@{domain}") for domain in _NOBODYS))
        named = or_(Customer.email.is_not(None), Customer.phone.is_not(None))
        real = and_(named, or_(Customer.email.is_(None), ~invented))
        return self._session.scalar(select(select(Customer.id).where(real).exists())) is True


class Marks(_Repository[Mark]):
    def has(self, name: str) -> bool:
        return self._session.get(Mark, name) is not None

    def put(self, name: str, at: datetime) -> None:
        """Anew, where it is there already."""
        self._session.execute(
            self._insert(Mark)
            .values(name=name, at=at)
            .on_conflict_do_update(index_elements=["name"], set_={"at": at})
        )


class Orders(_Repository[Order]):
    def of_customer(self, customer_id: int, limit: int | None = None) -> Sequence[Order]:
        """Newest first, with lines, their products, shipments and tracking."""
        return self._all(
            _with_details(select(Order))
            .where(Order.customer_id == customer_id)
            .order_by(Order.placed_at.desc(), Order.number)
            .limit(limit)
        )

    def for_customer(self, customer_id: int, number: str) -> Order | None:
        """This customer's order of that number; None for another's and for an unknown one."""
        plain = normalise.order_number(number)
        if plain is None:
            return None
        return self._session.scalars(
            _with_details(select(Order)).where(
                Order.number == plain, Order.customer_id == customer_id
            )
        ).one_or_none()

    def purchases(self, customer_id: int | None = None) -> list[Purchase]:
        """What one customer bought and kept, oldest first; without one, what everybody did who lets
        their history be used: this is what is learned from."""
        query = (
            select(Order.customer_id, Variant.product_id, Order.placed_at, OrderLine.quantity)
            .join(OrderLine, OrderLine.order_number == Order.number)
            .join(Variant, Variant.sku == OrderLine.sku)
            .where(Order.status.in_(KEPT))
            .order_by(Order.placed_at, OrderLine.id)
        )
        if customer_id is not None:
            query = query.where(Order.customer_id == customer_id)
        else:
            query = query.join(Customer, Customer.id == Order.customer_id)
            query = query.where(Customer.personalised)
        return [Purchase(*row) for row in self._session.execute(query)]

    def bought(self, customer_id: int) -> list[Bought]:
        """What the customer bought and kept, oldest first."""
        return [
            Bought(*row)
            for row in self._session.execute(
                select(
                    Variant.product_id,
                    Variant.options,
                    OrderLine.unit_price,
                    Order.number,
                    Order.placed_at,
                )
                .join(OrderLine, OrderLine.order_number == Order.number)
                .join(Variant, Variant.sku == OrderLine.sku)
                .where(Order.customer_id == customer_id, Order.status.in_(KEPT))
                .order_by(Order.placed_at, OrderLine.id)
            )
        ]

    def sales(self, since: datetime) -> list[Sale]:
        """Everybody's purchases from then on that were kept, oldest first."""
        return [
            Sale(customer_id, product_id, price * quantity, at)
            for customer_id, product_id, price, quantity, at in self._session.execute(
                select(
                    Order.customer_id,
                    Variant.product_id,
                    OrderLine.unit_price,
                    OrderLine.quantity,
                    Order.placed_at,
                )
                .join(OrderLine, OrderLine.order_number == Order.number)
                .join(Variant, Variant.sku == OrderLine.sku)
                .where(Order.placed_at >= since, Order.status.in_(KEPT))
                .order_by(Order.placed_at, OrderLine.id)
            )
        ]

    def spend(self, customer_id: int, since: datetime) -> Decimal:
        """What the customer paid since then and did not get back, for their tier."""
        total = self._session.scalar(
            select(func.sum(Order.total)).where(
                Order.customer_id == customer_id,
                Order.placed_at >= since,
                Order.status.in_(KEPT),
            )
        )
        return total if total is not None else Decimal("0.00")


def _with_details(query: Select[Order]) -> Select[Order]:
    product = selectinload(Order.lines).joinedload(OrderLine.variant).joinedload(Variant.product)
    return query.options(product)


class Reviews(_Repository[Review]):
    def of_product(
        self, product_id: str, language: str | None = None, limit: int | None = None
    ) -> Sequence[Review]:
        """Newest first."""
        query = select(Review).where(Review.product_id == product_id)
        if language is not None:
            query = query.where(Review.language == language)
        return self._all(query.order_by(Review.created_at.desc(), Review.id).limit(limit))

    def texts(self) -> Sequence[str]:
        """Of all, in the order in which they came."""
        return self._session.scalars(select(Review.text).order_by(Review.id)).all()

    def rating(self, product_id: str) -> Rating:
        return self.ratings([product_id])[product_id]

    def ratings(self, product_ids: Iterable[str]) -> dict[str, Rating]:
        """One for each id."""
        wanted = list(product_ids)
        rows = self._session.execute(
            select(Review.product_id, func.sum(Review.rating), func.count())
            .where(Review.product_id.in_(wanted))
            .group_by(Review.product_id)
        )
        found = {row[0]: Rating(int(row[1]) / row[2], row[2]) for row in rows}
        return {product_id: found.get(product_id, Rating(None, 0)) for product_id in wanted}


class Sessions(_Repository[ChatSession]):
    def get(self, session_id: str) -> ChatSession | None:
        """As it stands in the database now, also when this unit of work read it before."""
        return self._session.scalars(
            select(ChatSession)
            .where(ChatSession.id == session_id)
            .execution_options(populate_existing=True)
        ).one_or_none()

    def take_attempt(self, session_id: str, allowed: int) -> bool:
        """Count one identification attempt; False when `allowed` have failed already.

        One statement, so that attempts made at the same moment cannot share a count.
        """
        counted = self._session.execute(
            update(ChatSession)
            .where(ChatSession.id == session_id, ChatSession.failed_identifications < allowed)
            .values(failed_identifications=ChatSession.failed_identifications + 1)
            .returning(ChatSession.id)
        )
        return counted.first() is not None

    def give_attempt_back(self, session_id: str) -> None:
        """The attempt was right: it is no failure."""
        self._session.execute(
            update(ChatSession)
            .where(ChatSession.id == session_id)
            .values(failed_identifications=ChatSession.failed_identifications - 1)
        )

    def bind(self, session_id: str, customer_id: int, by: str) -> bool:
        """Let the session belong to the customer, proven `by`, in a new epoch; False when it is
        somebody else's. Of two at the same moment exactly one gets it."""
        bound = self._session.execute(
            update(ChatSession)
            .where(
                ChatSession.id == session_id,
                or_(ChatSession.customer_id.is_(None), ChatSession.customer_id == customer_id),
            )
            .values(customer_id=customer_id, identified_by=by, epoch=ChatSession.epoch + 1)
            .returning(ChatSession.id)
        )
        return bound.first() is not None

    def end(self, session_id: str, now: datetime) -> None:
        """Its tokens open nothing from now on."""
        self._session.execute(
            update(ChatSession)
            .where(ChatSession.id == session_id, ChatSession.expires_at > now)
            .values(expires_at=now, epoch=ChatSession.epoch + 1)
        )

    # One-time codes by e-mail

    def put_code(self, code: EmailCode) -> None:
        """The session's earlier one ends."""
        self._session.execute(delete(EmailCode).where(EmailCode.session_id == code.session_id))
        self._session.add(code)

    def use_code(self, session_id: str, email_hash: str, code_hash: str, now: datetime) -> bool:
        """Whether the session waits for this code for this address; a right one is used up. Each
        call is one of the `CODE_TRIES` that a code has."""
        waiting = self._session.execute(
            update(EmailCode)
            .where(
                EmailCode.session_id == session_id,
                EmailCode.tries < CODE_TRIES,
                EmailCode.expires_at > now,
            )
            .values(tries=EmailCode.tries + 1)
            .returning(EmailCode.email_hash, EmailCode.code_hash)
        ).first()
        if waiting is None:
            return False
        right = hmac.compare_digest(waiting.email_hash + waiting.code_hash, email_hash + code_hash)
        if right:
            self._session.execute(delete(EmailCode).where(EmailCode.session_id == session_id))
        return right


class Messages(_Repository[ChatMessage]):
    def record(self, message: ChatMessage) -> bool:
        """Store one line at once; False when the session has a line of that id already.

        Of two at the same moment exactly one is told True: that is how a retried message is
        answered once.
        """
        stored = self._session.execute(
            self._insert(ChatMessage)
            .values(
                session_id=message.session_id,
                message_id=message.message_id,
                sender=message.sender,
                reply_to=message.reply_to,
                body=message.body,
                created_at=message.created_at,
                unanswered=bool(message.unanswered),
            )
            .on_conflict_do_nothing(index_elements=["session_id", "message_id"])
            .returning(ChatMessage.id)
        )
        return stored.first() is not None

    def get(self, session_id: str, message_id: str) -> ChatMessage | None:
        return self._session.scalars(
            select(ChatMessage).where(
                ChatMessage.session_id == session_id, ChatMessage.message_id == message_id
            )
        ).one_or_none()

    def of_session(self, session_id: str, latest: int | None = None) -> Sequence[ChatMessage]:
        """Oldest first; only the `latest` so many when told so."""
        newest_first = (
            select(ChatMessage)
            .where(ChatMessage.session_id == session_id)
            .order_by(ChatMessage.id.desc())  # clocks jump
            .limit(latest)
        )
        return self._all(newest_first)[::-1]

    def mark(self, session_id: str, message_id: str, *, unanswered: bool) -> None:
        self._session.execute(
            update(ChatMessage)
            .where(ChatMessage.session_id == session_id, ChatMessage.message_id == message_id)
            .values(unanswered=unanswered)
        )

    def last_of_customer(self, session_id: str) -> str | None:
        """The id of the customer's newest line."""
        return self._session.scalars(
            select(ChatMessage.message_id)
            .where(ChatMessage.session_id == session_id, ChatMessage.sender == "customer")
            .order_by(ChatMessage.id.desc())
            .limit(1)
        ).first()

    def from_customer_since(self, session_id: str, moment: datetime) -> int:
        """How many lines the customer wrote from then on."""
        lines = select(func.count()).where(
            ChatMessage.session_id == session_id,
            ChatMessage.sender == "customer",
            ChatMessage.created_at >= moment,
        )
        return self._session.scalar(lines) or 0

    def of_desk(self, session_id: str) -> Sequence[ChatMessage]:
        """What was said from behind the assistant, oldest first."""
        return self._all(
            select(ChatMessage)
            .where(
                ChatMessage.session_id == session_id,
                ChatMessage.message_id.startswith(DESK_PREFIX),
            )
            .order_by(ChatMessage.id)
        )

    def replies(self, session_id: str, message_id: str) -> Sequence[ChatMessage]:
        """What the bot answered to the client's message, oldest first."""
        return self._all(
            select(ChatMessage)
            .where(ChatMessage.session_id == session_id, ChatMessage.reply_to == message_id)
            .order_by(ChatMessage.id)
        )


class Tickets(_Repository[Ticket]):
    def open_of_session(self, session_id: str) -> Ticket | None:
        """The newest that nobody has closed."""
        return self._session.scalars(
            select(Ticket)
            .where(Ticket.session_id == session_id, Ticket.status == "open")
            .order_by(Ticket.id.desc())
            .limit(1)
        ).one_or_none()

    def askers(self, tickets: Iterable[Ticket]) -> dict[int, Asker]:
        """Who asked, of those whom their conversation proves, by the ticket's number."""
        numbers = [ticket.id for ticket in tickets]
        rows = self._session.execute(
            select(Ticket.id, Customer.name, ChatSession.identified_by)
            .join(ChatSession, ChatSession.id == Ticket.session_id)
            .join(Customer, Customer.id == ChatSession.customer_id)
            .where(Ticket.id.in_(numbers))
        )
        return {number: Asker(name, by or "") for number, name, by in rows}

    def get(self, number: int) -> Ticket | None:
        return self._session.get(Ticket, number)

    def exchange(self, number: int) -> Exchange | None:
        """What was asked and what agents answered; None without such a ticket."""
        ticket = self.get(number)
        if ticket is None:
            return None
        lines = self._session.scalars(
            select(ChatMessage)
            .where(ChatMessage.session_id == ticket.session_id)
            .order_by(ChatMessage.created_at, ChatMessage.id)
        ).all()
        told = [line for line in lines if line.created_at >= ticket.created_at]
        answers = [str(each.body.get("text", "")) for each in told if each.sender == "agent"]
        first = next((each.created_at for each in told if each.sender == "agent"), None)
        not_found = self._session.scalars(
            select(Unanswered.text)
            .where(
                Unanswered.session_id == ticket.session_id,
                Unanswered.asked_at <= (first or ticket.created_at),
            )
            .order_by(Unanswered.id.desc())
            .limit(1)
        ).first()
        asked = [
            str(line.body.get("text", ""))
            for line in lines
            if line.sender == "customer" and (first is None or line.created_at < first)
        ]
        return Exchange(ticket.language, not_found or (asked[-1] if asked else ""), answers)

    def open(self) -> Sequence[Ticket]:
        """Waiting for a person or with one: those of customers whom their conversation proves
        first, since anybody can file the others; of each kind the oldest first. Behind them what
        the assistant filed by itself."""
        marked = and_(Ticket.waiting_since.is_(None), Ticket.agent.is_(None))
        return self._all(
            select(Ticket)
            .join(ChatSession, ChatSession.id == Ticket.session_id)
            .where(Ticket.status == "open")
            .order_by(marked, ChatSession.customer_id.is_(None), Ticket.id)
        )

    def take(self, number: int, agent: str, now: datetime) -> bool:
        """Of two agents at the same moment exactly one is told True."""
        taken = self._session.execute(
            update(Ticket)
            .where(Ticket.id == number, Ticket.status == "open", Ticket.agent.is_(None))
            .values(agent=agent, taken_at=now, changed_at=now)
            .returning(Ticket.id)
        )
        return taken.first() is not None

    def filed_since(
        self, since: datetime, *, session_id: str | None = None, asked_from: str | None = None
    ) -> int:
        """How many a conversation filed from then on, or an address (by its pseudonym); without
        either, all whom the shop does not know."""
        query = select(func.count()).select_from(Ticket).where(Ticket.created_at >= since)
        if session_id is not None:
            query = query.where(Ticket.session_id == session_id)
        elif asked_from is not None:
            query = query.where(Ticket.asked_from == asked_from)
        else:
            query = query.where(Ticket.customer_id.is_(None))
        return self._session.scalar(query) or 0

    def newest_of_session(self, session_id: str) -> Ticket | None:
        newest_first = (
            select(Ticket).where(Ticket.session_id == session_id).order_by(Ticket.id.desc())
        )
        return self._session.scalars(newest_first.limit(1)).one_or_none()

    def moving(self, since: datetime, sessions: Collection[str]) -> Sequence[Ticket]:
        """Of these conversations those not closed, and those touched since then, oldest first;
        without transcripts."""
        return self._all(
            select(Ticket)
            .where(or_(Ticket.status == "open", Ticket.changed_at >= since))
            .where(Ticket.session_id.in_(sessions))
            .order_by(Ticket.id)
            .options(defer(Ticket.transcript))
        )

    def position(self, ticket: Ticket) -> int:
        """How many people wait for an agent up to this one, themselves included."""
        earlier = or_(
            Ticket.waiting_since < ticket.waiting_since,
            and_(Ticket.waiting_since == ticket.waiting_since, Ticket.id <= ticket.id),
        )
        waiting = select(func.count()).where(
            Ticket.status == "open", Ticket.agent.is_(None), earlier
        )
        return self._session.scalar(waiting) or 0


class Feedbacks(_Repository[Feedback]):
    def of_session(self, session_id: str) -> Sequence[Feedback]:
        return self._all(
            select(Feedback).where(Feedback.session_id == session_id).order_by(Feedback.id)
        )

    def take_back(self, session_id: str, message_id: str) -> None:
        """The thumb for a line, where it has one."""
        self._session.execute(
            delete(Feedback).where(
                Feedback.session_id == session_id, Feedback.message_id == message_id
            )
        )


class Behaviour(_Repository[BehaviourEvent]):
    def record(self, events: Sequence[BehaviourEvent]) -> set[tuple[str, str]]:
        """Store at once those that are not there yet; returns their (origin, event_id).

        Of two senders of one event at the same moment exactly one is told.
        """
        if not events:
            return set()
        columns = [c.name for c in BehaviourEvent.__table__.columns if c.name != "id"]
        insert = self._insert(BehaviourEvent).on_conflict_do_nothing(
            index_elements=["origin", "event_id"]
        )
        # In Core, so that SQLAlchemy sends many rows at a time by one prepared statement.
        stored = self._session.connection().execute(
            insert.returning(BehaviourEvent.origin, BehaviourEvent.event_id),
            [{name: getattr(event, name) for name in columns} for event in events],
        )
        return {(row[0], row[1]) for row in stored}

    def count_of(self, session_id: str) -> int:
        """How many came from a conversation."""
        count = select(func.count()).where(BehaviourEvent.session_id == session_id)
        return self._session.scalar(count) or 0

    def of_customer(self, customer_id: int) -> Sequence[BehaviourEvent]:
        """Oldest first; also what they did in a conversation before they said who they are."""
        return self._all(
            select(BehaviourEvent)
            .where(_theirs(customer_id))
            .order_by(BehaviourEvent.at, BehaviourEvent.id)
        )

    def everybodys(self) -> list[tuple[BehaviourEvent, int | None]]:
        """All events, oldest first, each with its customer as far as known by now; without those
        of customers whose history is not to be used."""
        customer_id = func.coalesce(BehaviourEvent.customer_id, ChatSession.customer_id)
        query = (
            select(BehaviourEvent, customer_id)
            .outerjoin(ChatSession, ChatSession.id == BehaviourEvent.session_id)
            .outerjoin(Customer, Customer.id == customer_id)
            .where(or_(Customer.id.is_(None), Customer.personalised))
            .order_by(BehaviourEvent.at, BehaviourEvent.id)
        )
        return [(event, owner) for event, owner in self._session.execute(query)]

    def sales(self, since: datetime) -> list[Sale]:
        """Purchases from then on that came as events, of known customers, oldest first."""
        rows = self._session.execute(
            select(
                BehaviourEvent.customer_id,
                BehaviourEvent.product_id,
                BehaviourEvent.value,
                BehaviourEvent.at,
            )
            .where(BehaviourEvent.kind == EventKind.PURCHASE, BehaviourEvent.at >= since)
            .order_by(BehaviourEvent.at, BehaviourEvent.id)
        )
        return [
            Sale(customer_id, product_id, value or Decimal(0), at)
            for customer_id, product_id, value, at in rows
            if customer_id is not None and product_id is not None
        ]

    def disliked(self, customer_id: int | None, session_id: str | None) -> frozenset[str]:
        """Products that the customer, or this conversation, is not interested in."""
        whose = []
        if customer_id is not None:
            whose.append(_theirs(customer_id))
        if session_id is not None:
            whose.append(BehaviourEvent.session_id == session_id)
        rows = self._session.scalars(
            select(BehaviourEvent.product_id)
            .where(BehaviourEvent.kind == EventKind.DISLIKE, or_(false(), *whose))
            .distinct()
        )
        return frozenset(product_id for product_id in rows if product_id is not None)


def _theirs(customer_id: int) -> ColumnElement[bool]:
    sessions = select(ChatSession.id).where(ChatSession.customer_id == customer_id)
    return or_(
        BehaviourEvent.customer_id == customer_id,
        and_(BehaviourEvent.customer_id.is_(None), BehaviourEvent.session_id.in_(sessions)),
    )


class SavedProducts(_Repository[SavedProduct]):
    """Each method takes whose list it is: of a known customer all their conversations', of a
    visitor this conversation's."""

    def listed(self, customer_id: int | None, session_id: str) -> list[str]:
        """Ids of the products, the first one saved first."""
        query = (
            select(SavedProduct.product_id)
            .where(_on_list(customer_id, session_id))
            .group_by(SavedProduct.product_id)
            .order_by(func.min(SavedProduct.id))
        )
        return list(self._session.scalars(query))

    def save(
        self, customer_id: int | None, session_id: str, products: Iterable[str], at: datetime
    ) -> None:
        """What is on the list already stays where it is."""
        known = set(self.listed(customer_id, session_id))
        for product_id in dict.fromkeys(products):
            if product_id not in known:
                self.add(
                    SavedProduct(
                        session_id=session_id,
                        customer_id=customer_id,
                        product_id=product_id,
                        at=at,
                    )
                )

    def drop(self, customer_id: int | None, session_id: str, products: Iterable[str]) -> None:
        self._session.execute(
            delete(SavedProduct).where(
                _on_list(customer_id, session_id), SavedProduct.product_id.in_(list(products))
            )
        )


def _on_list(customer_id: int | None, session_id: str) -> ColumnElement[bool]:
    if customer_id is None:
        return SavedProduct.session_id == session_id
    sessions = select(ChatSession.id).where(ChatSession.customer_id == customer_id)
    return or_(SavedProduct.customer_id == customer_id, SavedProduct.session_id.in_(sessions))


class Impressions(_Repository[Impression]):
    def by_ref(self, ref: str) -> Impression | None:
        return self._session.scalars(select(Impression).where(Impression.ref == ref)).one_or_none()

    def of_experiment(self, experiment: str, since: datetime | None = None) -> Sequence[Impression]:
        """Oldest first; the empty name is that of all that were part of no experiment."""
        query = select(Impression).where(Impression.experiment == experiment)
        if since is not None:
            query = query.where(Impression.shown_at >= since)
        return self._all(query.order_by(Impression.shown_at, Impression.id))

    def experiments(self) -> list[str]:
        """Their names, the latest first."""
        return list(
            self._session.scalars(
                select(Impression.experiment)
                .group_by(Impression.experiment)
                .order_by(func.max(Impression.shown_at).desc(), Impression.experiment)
            )
        )

    def answers(self, experiment: str, kind: EventKind) -> dict[int, datetime]:
        """When an event of that kind first answered which impression, by its id."""
        rows = self._session.execute(
            select(BehaviourEvent.impression_id, func.min(BehaviourEvent.at))
            .join(Impression, Impression.id == BehaviourEvent.impression_id)
            .where(Impression.experiment == experiment, BehaviourEvent.kind == kind)
            .group_by(BehaviourEvent.impression_id)
        )
        return {shown: at for shown, at in rows if shown is not None}


class Corrections(_Repository[ProfileCorrection]):
    def of_customer(self, customer_id: int) -> Sequence[ProfileCorrection]:
        """Oldest first."""
        return self._all(
            select(ProfileCorrection)
            .where(ProfileCorrection.customer_id == customer_id)
            .order_by(ProfileCorrection.at, ProfileCorrection.id)
        )

    def put(self, correction: ProfileCorrection) -> None:
        """In the place of an earlier one of the same line."""
        self._session.execute(
            delete(ProfileCorrection).where(
                ProfileCorrection.customer_id == correction.customer_id,
                ProfileCorrection.aspect == correction.aspect,
                ProfileCorrection.subject == correction.subject,
            )
        )
        self.add(correction)
