"""The shop's tables: catalogue, customers, orders, reviews, conversations, behaviour.

Money is a Decimal in the order's or variant's currency and is stored as a whole number of
minor units (fen, cents), so that SQLite and PostgreSQL add it up alike. Times are aware
datetimes in UTC. Texts that customers read are `Localized` and stored as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy import Enum as EnumType
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator


@dataclass(frozen=True, slots=True)
class Localized:
    """One text in the shop's languages."""

    zh: str
    en: str

    @classmethod
    def of(cls, text: str) -> Localized:
        """The same text in every language: a shop with one language has no other."""
        return cls(zh=text, en=text)

    def __getitem__(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


class LocalizedType(TypeDecorator[Localized]):
    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Localized | None, dialect: Dialect) -> Any:
        return None if value is None else {"zh": value.zh, "en": value.en}

    def process_result_value(self, value: Any, dialect: Dialect) -> Localized | None:
        return None if value is None else Localized(zh=value["zh"], en=value["en"])


def _storable(value: str | None) -> str | None:
    """NUL, which PostgreSQL refuses, and halves of surrogate pairs, which no database encodes,
    become U+FFFD: so a text that somebody typed can always be stored and looked up."""
    if value is None:
        return None
    value = value.replace("\0", "\ufffd")
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


class SafeString(TypeDecorator[str]):
    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return _storable(value)


class SafeText(TypeDecorator[str]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return _storable(value)


class MoneyType(TypeDecorator[Decimal]):
    """Decimal with two places, stored as an integer of hundredths."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        hundredths = value * 100
        if hundredths != hundredths.to_integral_value():
            raise ValueError(f"{value} has more than two decimal places; round it before storing.")
        return int(hundredths)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


class UTCDateTime(TypeDecorator[datetime]):
    """Aware datetimes only; stored and returned in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; pass an aware datetime.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _values(members: type[Enum]) -> list[str]:
    return [member.value for member in members]


class Base(DeclarativeBase):
    # Named constraints, so that a migration can change them on SQLite too.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it off the class
        # Kept as their plain words ("gold"), which a new word needs no change of type for.
        StrEnum: EnumType(StrEnum, native_enum=False, length=20, values_callable=_values),
        Localized: LocalizedType,
        Decimal: MoneyType,
        datetime: UTCDateTime,
        dict[str, Any]: JSON,
        list[dict[str, Any]]: JSON,
        dict[str, list[str]]: JSON,
        dict[str, dict[str, str]]: JSON,
        list[str]: JSON,
    }


class OrderStatus(StrEnum):
    PENDING_PAYMENT = "pending_payment"
    PAID = "paid"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURN_REQUESTED = "return_requested"
    RETURNED = "returned"  # back in the warehouse, refund on its way
    REFUNDED = "refunded"


class Category(Base):
    __tablename__ = "categories"

    id: Mapped[str] = mapped_column(SafeString(40), primary_key=True)  # "tents"
    name: Mapped[Localized]
    aliases: Mapped[dict[str, list[str]]]  # {"zh": ["帐篷", …], "en": ["tent", …]}


class Product(Base):
    __tablename__ = "products"

    id: Mapped[str] = mapped_column(SafeString(60), primary_key=True)  # "ridgeline-2-tent"
    category_id: Mapped[str] = mapped_column(ForeignKey("categories.id"), index=True)
    brand: Mapped[str | None] = mapped_column(SafeString(60))
    name: Mapped[Localized]
    aliases: Mapped[dict[str, list[str]]]  # other names that people use
    summary: Mapped[Localized | None]  # one line, for cards
    description: Mapped[Localized]
    # [{"key": "weight", "name": {zh, en}, "value": {zh, en}, "number": 1850, "unit": "g"}, …];
    # number and unit only where the value is a measure.
    attributes: Mapped[list[dict[str, Any]]]
    sizing: Mapped[Localized | None]  # size or compatibility advice
    care: Mapped[Localized | None]
    tags: Mapped[list[str]]  # "lightweight", "family", "gift", "winter", …
    # One of the rules' classes of returns.
    return_class: Mapped[str] = mapped_column(SafeString(20), default="standard")
    warranty_months: Mapped[int | None]
    min_age: Mapped[int | None]  # years; None: anybody may buy it
    rebuy_days: Mapped[int | None]  # usual days between two purchases; None: bought once
    launched_on: Mapped[date | None]
    page_url: Mapped[str | None] = mapped_column(SafeText)  # of the shop's own page about it
    picture_url: Mapped[str | None] = mapped_column(SafeText)
    # False: kept for the orders that hold it, and shown nowhere else.
    sold: Mapped[bool] = mapped_column(default=True)

    category: Mapped[Category] = relationship(lazy="joined")
    variants: Mapped[list[Variant]] = relationship(
        back_populates="product", order_by="Variant.position", lazy="selectin"
    )


class Variant(Base):
    __tablename__ = "variants"

    sku: Mapped[str] = mapped_column(SafeString(80), primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"), index=True)
    position: Mapped[int]
    options: Mapped[dict[str, dict[str, str]]]  # {"color": {"zh": "松绿", "en": "pine"}, "size": …}
    price: Mapped[Decimal]
    list_price: Mapped[Decimal | None]  # before the reduction, when reduced
    currency: Mapped[str] = mapped_column(SafeString(3))
    stock: Mapped[int]

    product: Mapped[Product] = relationship(back_populates="variants")


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    # At least one of the two says who it is.
    email: Mapped[str | None] = mapped_column(SafeString(254), unique=True)  # in lower case
    name: Mapped[str] = mapped_column(SafeString(80))
    # In E.164 ("+8613800138000") where it is a telephone number at all.
    phone: Mapped[str | None] = mapped_column(SafeString(30), index=True)
    language: Mapped[str] = mapped_column(SafeString(2))
    tier: Mapped[str | None] = mapped_column(SafeString(20))  # of the rules' membership
    joined_at: Mapped[datetime | None]
    personalised: Mapped[bool] = mapped_column(default=True)  # may purchases be used to recommend?

    addresses: Mapped[list[Address]] = relationship(back_populates="customer", lazy="selectin")
    payment_methods: Mapped[list[PaymentMethod]] = relationship(back_populates="customer")
    orders: Mapped[list[Order]] = relationship(back_populates="customer")


class Address(Base):
    __tablename__ = "addresses"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    recipient: Mapped[str | None] = mapped_column(SafeString(80))
    line: Mapped[str | None] = mapped_column(SafeString(200))
    city: Mapped[str | None] = mapped_column(SafeString(60))
    province: Mapped[str | None] = mapped_column(SafeString(60))
    postcode: Mapped[str | None] = mapped_column(SafeString(12))
    country: Mapped[str] = mapped_column(SafeString(2), default="CN")
    is_default: Mapped[bool] = mapped_column(default=False)

    customer: Mapped[Customer] = relationship(back_populates="addresses")


class PaymentMethod(Base):
    __tablename__ = "payment_methods"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    kind: Mapped[str] = mapped_column(SafeString(20))  # "wechat_pay", "alipay", "card"
    label: Mapped[str] = mapped_column(SafeString(60))  # never a full number: "Visa •••• 4242"

    customer: Mapped[Customer] = relationship(back_populates="payment_methods")


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (Index("ix_orders_customer_placed", "customer_id", "placed_at"),)

    number: Mapped[str] = mapped_column(SafeString(40), primary_key=True)  # "SP20417388"
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[OrderStatus]
    placed_at: Mapped[datetime]
    # The id of one of the shop's methods; None where that is not known.
    delivery_method: Mapped[str | None] = mapped_column(SafeString(40))
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    payment_method_id: Mapped[int | None] = mapped_column(ForeignKey("payment_methods.id"))
    currency: Mapped[str] = mapped_column(SafeString(3))
    subtotal: Mapped[Decimal]
    delivery_fee: Mapped[Decimal]
    total: Mapped[Decimal]

    customer: Mapped[Customer] = relationship(back_populates="orders")
    address: Mapped[Address] = relationship(lazy="joined")
    payment_method: Mapped[PaymentMethod | None] = relationship()
    lines: Mapped[list[OrderLine]] = relationship(
        back_populates="order", order_by="OrderLine.id", lazy="selectin"
    )
    shipments: Mapped[list[Shipment]] = relationship(
        back_populates="order", order_by="Shipment.shipped_at", lazy="selectin"
    )


class OrderLine(Base):
    __tablename__ = "order_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"), index=True)
    sku: Mapped[str] = mapped_column(ForeignKey("variants.sku"), index=True)
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]

    order: Mapped[Order] = relationship(back_populates="lines")
    variant: Mapped[Variant] = relationship(lazy="joined")


class Shipment(Base):
    __tablename__ = "shipments"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_number: Mapped[str] = mapped_column(ForeignKey("orders.number"), index=True)
    carrier: Mapped[Localized]
    tracking_number: Mapped[str] = mapped_column(SafeString(40))
    shipped_at: Mapped[datetime]
    expected_on: Mapped[date]
    delivered_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship(back_populates="shipments")
    events: Mapped[list[TrackingEvent]] = relationship(
        back_populates="shipment", order_by="TrackingEvent.at", lazy="selectin"
    )


class TrackingEvent(Base):
    __tablename__ = "tracking_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    shipment_id: Mapped[int] = mapped_column(ForeignKey("shipments.id"), index=True)
    at: Mapped[datetime]
    place: Mapped[Localized]
    text: Mapped[Localized]

    shipment: Mapped[Shipment] = relationship(back_populates="events")


class Review(Base):
    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(primary_key=True)
    # What the shop's own system calls it; None for one that did not come from there.
    key: Mapped[str | None] = mapped_column(SafeString(60), unique=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"), index=True)
    sku: Mapped[str | None] = mapped_column(ForeignKey("variants.sku"))  # where it is known
    # None: the shop does not know who wrote it.
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    rating: Mapped[int]  # 1 to 5
    language: Mapped[str] = mapped_column(SafeString(2))
    text: Mapped[str] = mapped_column(SafeText)  # empty: stars alone
    created_at: Mapped[datetime]

    customer: Mapped[Customer | None] = relationship()


class ChatSession(Base):
    """One conversation. `customer_id` is set by a sign-in, a one-time code or matched facts, never
    by what the conversation claims."""

    __tablename__ = "chat_sessions"

    id: Mapped[str] = mapped_column(SafeString(36), primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    # What proved it: "sign_in", "email_code", "link", or the facts ("email_postcode"); see
    # data/capabilities.py.
    identified_by: Mapped[str | None] = mapped_column(SafeString(20))
    # Grows with each better proof and at the end: tokens of an earlier one open nothing.
    epoch: Mapped[int] = mapped_column(default=0)
    # A keyed hash of the address that opened it, for limits on guesses; None on platforms.
    client: Mapped[str | None] = mapped_column(SafeString(64))
    failed_identifications: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    # The messaging platform that it runs on: there, only a one-time code says who somebody is.
    channel: Mapped[str | None] = mapped_column(SafeString(20))

    customer: Mapped[Customer | None] = relationship(lazy="joined")


class GuessCount(Base):
    """How often something was guessed at lately (data/attempts.py). `key` is a keyed hash."""

    __tablename__ = "guess_counts"

    key: Mapped[str] = mapped_column(SafeString(64), primary_key=True)
    period_s: Mapped[int] = mapped_column(primary_key=True)
    began_at: Mapped[datetime] = mapped_column(index=True)
    count: Mapped[int]


class EmailCode(Base):
    """The one-time code by e-mail that a conversation waits for, whether it was sent or the shop
    knows no such address. Hashes are keyed."""

    __tablename__ = "email_codes"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("chat_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    email_hash: Mapped[str] = mapped_column(SafeString(64))
    code_hash: Mapped[str] = mapped_column(SafeString(64))
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]


class ChatMessage(Base):
    """One line of a conversation. `reply_to` is the client's message id that a bot line answers."""

    __tablename__ = "chat_messages"
    __table_args__ = (UniqueConstraint("session_id", "message_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("chat_sessions.id"), index=True)
    message_id: Mapped[str] = mapped_column(SafeString(64))
    sender: Mapped[str] = mapped_column(SafeString(8))  # "customer" | "bot" | "agent"
    reply_to: Mapped[str | None] = mapped_column(SafeString(64))
    # {"text": …} from a customer, with "agent": NAME from a person, a whole bot message else
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    # A customer's line to which the assistant could only apologise; a retry answers it.
    unanswered: Mapped[bool] = mapped_column(default=False)


class Ticket(Base):
    """A conversation handed to a person. It waits until an agent takes it, and from then until it
    is closed what the customer writes is for that agent."""

    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("chat_sessions.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    language: Mapped[str] = mapped_column(SafeString(2))
    # "asked" | "no_answer" | "complaint" | "data_copy" | "data_erasure"
    reason: Mapped[str] = mapped_column(SafeString(40))
    transcript: Mapped[list[dict[str, Any]]]  # [{"sender", "text", "at"}, …]
    status: Mapped[str] = mapped_column(SafeString(12), default="open", index=True)  # or "closed"
    agent: Mapped[str | None] = mapped_column(SafeString(80))  # who took it
    taken_at: Mapped[datetime | None]
    # The last time that an agent took it, wrote or closed it.
    changed_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    # A keyed hash of the network address that asked, to count by; None on a messaging platform.
    asked_from: Mapped[str | None] = mapped_column(SafeString(64), index=True)
    # Since when somebody waits for a person, usually from the beginning; null() where the assistant
    # filed it by itself.
    waiting_since: Mapped[datetime | None] = mapped_column(
        index=True, default=lambda row: row.get_current_parameters()["created_at"]
    )
    # An e-mail address or a telephone number (E.164) that they left.
    contact: Mapped[str | None] = mapped_column(SafeString(254))
    # {"url", "title", "language"} of the page that they asked from, as the page said it.
    page: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # What became of it beside words: [{"at", "kind"}, …], "ended", "withdrawn", "contact", …
    events: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    # The customer's last line that an agent has read.
    read_to: Mapped[str | None] = mapped_column(SafeString(64))

    def note(self, kind: str, at: datetime, **facts: str) -> None:
        """Write down what became of it, for its agents."""
        self.events = [*(self.events or ()), {"at": at.isoformat(), "kind": kind, **facts}]
        self.changed_at = at


class Feedback(Base):
    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("chat_sessions.id"), index=True)
    message_id: Mapped[str | None] = mapped_column(SafeString(64))
    # Thumbs (1 or -1) for a message, or 1 to 5 stars for the conversation at its end.
    rating: Mapped[int | None]
    stars: Mapped[int | None]
    # "wrong" | "unclear" | "not_helpful" | "slow" | "other", to go with a thumb down
    reason: Mapped[str | None] = mapped_column(SafeString(20))
    comment: Mapped[str | None] = mapped_column(SafeText)
    created_at: Mapped[datetime]


class CuratedAnswer(Base):
    """What the shop answers to a question in its own words. `ticket`: the one that it comes of."""

    __tablename__ = "curated_answers"
    __table_args__ = (UniqueConstraint("language", "question"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(SafeString(2))
    question: Mapped[str] = mapped_column(SafeString(500))
    answer: Mapped[str] = mapped_column(SafeText)
    ticket: Mapped[int | None]
    changed_at: Mapped[datetime]


class Unanswered(Base):
    """A question that nothing was found for, masked."""

    __tablename__ = "unanswered"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("chat_sessions.id"), index=True)
    language: Mapped[str] = mapped_column(SafeString(2))
    text: Mapped[str] = mapped_column(SafeString(300))
    asked_at: Mapped[datetime] = mapped_column(index=True)


class EventKind(StrEnum):
    VIEW = "view"
    SEARCH = "search"
    CLICK = "click"  # on a recommended product
    CART = "cart"
    RATING = "rating"
    DISLIKE = "dislike"  # "not interested"
    PURCHASE = "purchase"  # for a shop whose orders are kept elsewhere


class Impression(Base):
    """One recommended product as one customer or conversation was shown it."""

    __tablename__ = "impressions"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Stands in the address of the product's page that was offered; cannot be guessed.
    ref: Mapped[str] = mapped_column(SafeString(22), unique=True)
    # Who it was shown to: the customer, unless their history is not to be used, else the
    # conversation; an experiment's arm is theirs.
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), index=True
    )
    session_id: Mapped[str | None] = mapped_column(
        ForeignKey("chat_sessions.id", ondelete="CASCADE"), index=True
    )
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    surface: Mapped[str] = mapped_column(SafeString(20))  # "recommend" | "companion" | "offer" …
    model: Mapped[str] = mapped_column(SafeString(40))
    rank: Mapped[int]  # from 1
    reason: Mapped[str] = mapped_column(SafeString(20))  # "co_purchase" | "popular" | …
    experiment: Mapped[str] = mapped_column(SafeString(40))  # empty: none
    arm: Mapped[str] = mapped_column(SafeString(40))
    shown_at: Mapped[datetime] = mapped_column(index=True)


class BehaviourEvent(Base):
    """What somebody did in the shop. `origin` and `event_id` together name an event, so that one
    sent twice is kept once: the sender's own id counts within a conversation, a browser's visit or
    the shop's imports."""

    __tablename__ = "behaviour_events"
    __table_args__ = (
        UniqueConstraint("origin", "event_id"),
        Index("ix_behaviour_events_customer_at", "customer_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(SafeString(40))
    event_id: Mapped[str] = mapped_column(SafeString(64))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    session_id: Mapped[str | None] = mapped_column(
        ForeignKey("chat_sessions.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[EventKind]
    product_id: Mapped[str | None] = mapped_column(ForeignKey("products.id"), index=True)
    query: Mapped[str | None] = mapped_column(SafeString(200))
    # The stars of a rating, the pieces put into the cart, the amount of a purchase.
    value: Mapped[Decimal | None]
    impression_id: Mapped[int | None] = mapped_column(
        ForeignKey("impressions.id", ondelete="SET NULL"), index=True
    )
    at: Mapped[datetime]


class ProfileCorrection(Base):
    """What a customer said about a line of their profile; the newest of a line counts. Without a
    value the line is not true of them."""

    __tablename__ = "profile_corrections"
    __table_args__ = (UniqueConstraint("customer_id", "aspect", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    aspect: Mapped[str] = mapped_column(SafeString(20))  # "category" | "brand" | "size"
    subject: Mapped[str] = mapped_column(SafeString(60))  # a category's id, a brand
    value: Mapped[str | None] = mapped_column(SafeString(40))
    at: Mapped[datetime]


class SavedProduct(Base):
    """A product on somebody's list: a customer's, or a conversation's until it is known whose."""

    __tablename__ = "saved_products"
    __table_args__ = (UniqueConstraint("session_id", "product_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("chat_sessions.id", ondelete="CASCADE"))
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), index=True
    )
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    at: Mapped[datetime]


class ChannelUser(Base):
    """Somebody on a messaging platform, in one chat there, and the session that they talk in."""

    __tablename__ = "channel_users"
    __table_args__ = (UniqueConstraint("channel", "conversation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(SafeString(20))
    conversation: Mapped[str] = mapped_column(SafeString(190))
    session_id: Mapped[str] = mapped_column(ForeignKey("chat_sessions.id"), index=True)
    # Who they are, once a one-time code has proven it.
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    linked_at: Mapped[datetime | None]
    is_group: Mapped[bool]
    language: Mapped[str] = mapped_column(SafeString(2))
    address: Mapped[dict[str, Any]]  # what the platform needs to reach them, newest
    choices: Mapped[list[str]]  # what the numbers under the last answer stand for
    spoke_at: Mapped[datetime]
    failed_links: Mapped[int] = mapped_column(default=0)
    failed_since: Mapped[datetime | None]


class LinkCode(Base):
    """A one-time code that makes whoever sends it on a platform known as the customer."""

    __tablename__ = "link_codes"

    code_hash: Mapped[str] = mapped_column(SafeString(64), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Mark(Base):
    """Something that is true of this database as a whole: "demo", the demo shop was loaded;
    "ready", a row could be written."""

    __tablename__ = "marks"

    name: Mapped[str] = mapped_column(SafeString(20), primary_key=True)
    at: Mapped[datetime]


class InboxEvent(Base):
    """What a platform told us. It is stored before the platform is told that we have it; its words
    go as soon as it is answered, its key stays to know it again."""

    __tablename__ = "channel_inbox"
    __table_args__ = (Index("ix_channel_inbox_waiting", "done_at", "channel", "conversation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(SafeString(20))
    key: Mapped[str] = mapped_column(SafeString(64), unique=True)
    conversation: Mapped[str] = mapped_column(SafeString(190))
    body: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    draft: Mapped[str | None] = mapped_column(SafeString(190))  # the platform's id of growing text
    attempts: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class OutboxCall(Base):
    """One call to a platform. What cannot be delivered stays, "dead", until somebody retries it."""

    __tablename__ = "channel_outbox"
    __table_args__ = (Index("ix_channel_outbox_waiting", "state", "channel", "conversation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(SafeString(20))
    key: Mapped[str] = mapped_column(SafeString(80), unique=True)
    conversation: Mapped[str] = mapped_column(SafeString(190))
    call: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # "written" by an agent, and not put yet as the platform has it; "waiting", "sent", "dead"
    state: Mapped[str] = mapped_column(SafeString(8))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    error: Mapped[str | None] = mapped_column(SafeString(200))
    created_at: Mapped[datetime]


class Lease(Base):
    """That one process does something, until its end (data/leases.py). `key` is a hash."""

    __tablename__ = "leases"

    key: Mapped[str] = mapped_column(SafeString(64), primary_key=True)
    holder: Mapped[str] = mapped_column(SafeString(32))
    until: Mapped[float] = mapped_column(Double)  # seconds since 1970, by the database's clock


class Effect(Base):
    """That a message has brought something about: a hash of the message and of what it is."""

    __tablename__ = "effects"

    key: Mapped[str] = mapped_column(SafeString(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class Attachment(Base):
    """A picture, a voice message, a video or a file that a customer sent, where the shop keeps
    such. `place` is what a platform needs to give it out; it goes when it did. One from the website
    is there at once, in the channel "web", under an id that is its key."""

    __tablename__ = "attachments"
    __table_args__ = (Index("ix_attachments_waiting", "state", "channel", "conversation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(SafeString(20))
    key: Mapped[str] = mapped_column(SafeString(80), unique=True)
    conversation: Mapped[str] = mapped_column(SafeString(190))
    session_id: Mapped[str] = mapped_column(ForeignKey("chat_sessions.id"), index=True)
    kind: Mapped[str] = mapped_column(SafeString(8))  # of data.attachments.KINDS
    place: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    state: Mapped[str] = mapped_column(SafeString(8))  # "waiting" | "kept" | "lost"
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    media_type: Mapped[str | None] = mapped_column(SafeString(100))
    size: Mapped[int | None]  # bytes
    name: Mapped[str | None] = mapped_column(SafeString(200))  # as the customer calls it
    message_id: Mapped[str | None] = mapped_column(SafeString(64))  # the line it came with
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    error: Mapped[str | None] = mapped_column(SafeString(200))
    created_at: Mapped[datetime]
