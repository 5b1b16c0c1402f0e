"""The questions that the assistant asks of the database, one class a subject.

Made by `data.unit_of_work.UnitOfWork`, which opens and closes the SQLAlchemy session that they
share. There is one implementation of each: SQLite in memory is quick enough to test with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    EventKind,
    Feedback,
    Impression,
    Order,
    OrderLine,
    OrderStatus,
    Product,
    ProfileCorrection,
    Review,
    SavedProduct,
    Ticket,
    Variant,
)

# Orders that count as spending and as bought: not unpaid, called off or paid back.
_KEPT = tuple(
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
        """All products with their variants and categories."""
        return self._all(select(Product).order_by(Product.id))

    def categories(self) -> Sequence[Category]:
        return self._all(select(Category).order_by(Category.id))

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
        query = select(Variant.product_id).distinct()
        if category_id is not None:
            query = query.join(Variant.product).where(Product.category_id == category_id)
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

    def matching(self, email: str, postcode: str) -> Customer | None:
        """The customer with both, the postcode being that of any of their addresses.

        One query whatever is right or wrong, so that its time says nothing. A text that is no
        address or postcode is asked for as a space, which neither side ever holds, while an empty
        one would match a customer whose postcode was left empty.
        """
        plain_email, plain_postcode = normalise.email(email), normalise.postcode(postcode)
        stored = func.replace(func.replace(func.upper(Address.postcode), " ", ""), "-", "")
        return self._session.scalars(
            select(Customer).where(
                Customer.email == (plain_email or " "),
                Customer.addresses.any(stored == (plain_postcode or " ")),
            )
        ).one_or_none()


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
        """What one customer, or everybody, ordered and did not cancel, oldest first."""
        query = (
            select(Order.customer_id, Variant.product_id, Order.placed_at, OrderLine.quantity)
            .join(OrderLine, OrderLine.order_number == Order.number)
            .join(Variant, Variant.sku == OrderLine.sku)
            .where(Order.status != OrderStatus.CANCELLED)
            .order_by(Order.placed_at, OrderLine.id)
        )
        if customer_id is not None:
            query = query.where(Order.customer_id == customer_id)
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
                .where(Order.customer_id == customer_id, Order.status.in_(_KEPT))
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
                .where(Order.placed_at >= since, Order.status.in_(_KEPT))
                .order_by(Order.placed_at, OrderLine.id)
            )
        ]

    def spend(self, customer_id: int, since: datetime) -> Decimal:
        """What the customer paid since then and did not get back, for their tier."""
        total = self._session.scalar(
            select(func.sum(Order.total)).where(
                Order.customer_id == customer_id,
                Order.placed_at >= since,
                Order.status.in_(_KEPT),
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

    def of_session(self, session_id: str, latest: int | None = None) -> Sequence[ChatMessage]:
        """Oldest first; only the `latest` so many when told so."""
        newest_first = (
            select(ChatMessage)
            .where(ChatMessage.session_id == session_id)
            .order_by(ChatMessage.created_at.desc(), ChatMessage.id.desc())
            .limit(latest)
        )
        return self._all(newest_first)[::-1]

    def mark(self, session_id: str, message_id: str, *, unanswered: bool) -> None:
        self._session.execute(
            update(ChatMessage)
            .where(ChatMessage.session_id == session_id, ChatMessage.message_id == message_id)
            .values(unanswered=unanswered)
        )

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
            .order_by(ChatMessage.created_at, ChatMessage.id)
        )

    def replies(self, session_id: str, message_id: str) -> Sequence[ChatMessage]:
        """What the bot answered to the client's message, oldest first."""
        return self._all(
            select(ChatMessage)
            .where(ChatMessage.session_id == session_id, ChatMessage.reply_to == message_id)
            .order_by(ChatMessage.created_at, ChatMessage.id)
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

    def get(self, number: int) -> Ticket | None:
        return self._session.get(Ticket, number)

    def open(self) -> Sequence[Ticket]:
        """Waiting for a person or with one, oldest first."""
        return self._all(select(Ticket).where(Ticket.status == "open").order_by(Ticket.id))

    def take(self, number: int, agent: str, now: datetime) -> bool:
        """Of two agents at the same moment exactly one is told True."""
        taken = self._session.execute(
            update(Ticket)
            .where(Ticket.id == number, Ticket.status == "open", Ticket.agent.is_(None))
            .values(agent=agent, taken_at=now, changed_at=now)
            .returning(Ticket.id)
        )
        return taken.first() is not None

    def newest_of_session(self, session_id: str) -> Ticket | None:
        newest_first = (
            select(Ticket).where(Ticket.session_id == session_id).order_by(Ticket.id.desc())
        )
        return self._session.scalars(newest_first.limit(1)).one_or_none()

    def moving(self, since: datetime) -> Sequence[Ticket]:
        """Those not closed, and those touched since then, oldest first; without transcripts."""
        return self._all(
            select(Ticket)
            .where(or_(Ticket.status == "open", Ticket.changed_at >= since))
            .order_by(Ticket.id)
            .options(defer(Ticket.transcript))
        )

    def position(self, number: int) -> int:
        """How many tickets wait for an agent up to this one, itself included."""
        waiting = select(func.count()).where(
            Ticket.status == "open", Ticket.agent.is_(None), Ticket.id <= number
        )
        return self._session.scalar(waiting) or 0


class Feedbacks(_Repository[Feedback]):
    def of_session(self, session_id: str) -> Sequence[Feedback]:
        return self._all(
            select(Feedback).where(Feedback.session_id == session_id).order_by(Feedback.id)
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
