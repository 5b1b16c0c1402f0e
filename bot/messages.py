"""What the bot says: the one shape of a message for the widget, the shell and the platforms."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from data.rules.shop import Way
from retrieval.types import Language

MOST_VARIANTS = 60  # on a card: five colours in twelve sizes


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Button(_Frozen):
    """`payload` is what is sent as the customer's next message when the button is pressed."""

    title: str
    payload: str


class ProductVariant(_Frozen):
    """One kind of a product; `options` in the language of the message, in the catalogue's order:
    {"Colour": "red"}."""

    variant_id: str
    options: dict[str, str]
    price: Decimal
    list_price: Decimal | None = None
    available: bool


class ProductCard(_Frozen):
    """`variants` are those that can be chosen, none where there is one alone; that one is
    `variant_id`. `from_price`: they differ in price, and `price` is the least."""

    kind: Literal["product"] = "product"
    product_id: str
    title: str
    summary: str
    price: Decimal
    list_price: Decimal | None = None
    currency: str
    in_stock: bool
    stock_text: str
    reason: str | None = None
    url: str
    image: str | None = None  # a path of the shop's site or a URL
    variants: list[ProductVariant] = Field(default_factory=list, max_length=MOST_VARIANTS)
    variant_id: str | None = None
    from_price: bool = False


class OrderStep(_Frozen):
    """One step of an order's progress line. `at` is written as in `OrderCard.events`; None where
    the moment is not known or has not come."""

    title: str
    at: str | None = None
    state: Literal["done", "current", "todo"]


class OrderCard(_Frozen):
    kind: Literal["order"] = "order"
    number: str
    status: str
    status_text: str
    placed_on: str
    items: list[str]
    total: Decimal
    currency: str
    tracking: str | None = None  # "SF 1234567890"
    events: list[str] = Field(default_factory=list)  # latest first: "11-20 09:12 Hangzhou: …"
    steps: list[OrderStep] = Field(default_factory=list)  # in the order of time


class CitationView(_Frozen):
    number: int
    title: str
    source: str
    quote: str
    url: str


class Table(_Frozen):
    """`header` and every row have the same length; the first column names the row."""

    header: list[str]
    rows: list[list[str]]


class HandoffView(_Frozen):
    """Where a conversation stands that was handed to a person.

    `position` counts from 1 and only while "queued"; `agent` is the name of who took it, `picture`
    the address of the picture of the shop's agents; `opens` is the moment (ISO 8601 with the shop's
    offset) from which somebody answers, None when they do so now; `contact`: nobody does now, and
    the customer may leave an e-mail address or a telephone number.
    """

    ticket: int
    state: Literal["queued", "agent", "closed"]
    position: int | None = None
    agent: str | None = None
    opens: str | None = None
    picture: str | None = None
    contact: bool = False


class WantedFact(_Frozen):
    """What is asked of the customer to know who they are, for one field of a form: its label in the
    language of the message, and how such a thing looks in the shop's country. Of the facts of one
    `part` any one will do; an `optional` one may be left empty. They are sent as a text, in this
    order, with a comma between."""

    way: Way
    name: str
    example: str | None = None
    part: int = 0
    optional: bool = False


class BotMessage(_Frozen):
    text: str
    buttons: list[Button] = Field(default_factory=list)
    cards: list[ProductCard | OrderCard] = Field(default_factory=list)
    citations: list[CitationView] = Field(default_factory=list)
    table: Table | None = None
    language: Language = "en"
    handoff: HandoffView | None = None
    asks: Literal["identity"] | None = None  # that the customer prove who they are
    wanted: list[WantedFact] = Field(default_factory=list)  # by what; none where only people can
