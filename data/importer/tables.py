"""The files that a shop may give and their columns; docs/import.md says the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from data.importer import values
from data.models import OrderStatus, ReturnClass, Tier


@dataclass(frozen=True, slots=True)
class Column:
    """`default` stands for an empty cell, and for a missing column in a new row."""

    name: str
    parse: values.Parse
    required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Bilingual:
    """Two columns, NAME_zh and NAME_en, read into one text; one of them is enough.

    `each` parses a cell; with `listed` the cells are lists of words and may both be empty.
    """

    name: str
    parse: values.Parse
    required: bool = False
    listed: bool = False

    @property
    def columns(self) -> tuple[str, str]:
        return f"{self.name}_zh", f"{self.name}_en"


@dataclass(frozen=True, slots=True)
class Table:
    """`key`: the columns that name a row. `options`: takes columns option_KEY_zh, option_KEY_en."""

    file: str
    key: tuple[str, ...]
    columns: tuple[Column | Bilingual, ...]
    options: bool = False

    @property
    def names(self) -> list[str]:
        """All columns in the order of the documentation."""
        return [
            name
            for column in self.columns
            for name in (column.columns if isinstance(column, Bilingual) else (column.name,))
        ]


_LONG = 20_000  # characters of a description


def tables(zone: tzinfo) -> tuple[Table, ...]:
    """In the order in which they are stored. `zone` is the clock of times without an offset."""
    moment = values.moment(zone)
    return (
        Table(
            "categories.csv",
            ("id",),
            (
                Column("id", values.identifier(40), required=True),
                Bilingual("name", values.text(80), required=True),
                Bilingual("aliases", values.several, listed=True),
            ),
        ),
        Table(
            "products.csv",
            ("id",),
            (
                Column("id", values.identifier(60), required=True),
                Column("category", values.identifier(40), required=True),
                Column("brand", values.text(60), required=True),
                Bilingual("name", values.text(200), required=True),
                Bilingual("summary", values.text(300), required=True),
                Bilingual("description", values.text(_LONG), required=True),
                Bilingual("care", values.text(_LONG), required=True),
                Bilingual("sizing", values.text(_LONG)),
                Bilingual("aliases", values.several, listed=True),
                Column("tags", values.several, default=[]),
                Column("return_class", values.one_of(ReturnClass), default=ReturnClass.STANDARD),
                Column("warranty_months", values.whole),
                Column("min_age", values.whole),
                Column("rebuy_days", values.at_least_one),
                Column("launched_on", values.day, required=True),
            ),
        ),
        Table(
            "attributes.csv",
            ("product", "key"),
            (
                Column("product", values.identifier(60), required=True),
                Column("key", values.identifier(40), required=True),
                Bilingual("name", values.text(80), required=True),
                Bilingual("value", values.text(300), required=True),
                Column("number", values.number),
                Column("unit", values.text(20)),
            ),
        ),
        Table(
            "variants.csv",
            ("sku",),
            (
                Column("sku", values.identifier(40), required=True),
                Column("product", values.identifier(60), required=True),
                Column("price", values.money, required=True),
                Column("list_price", values.money),
                Column("currency", values.currency, required=True),
                Column("stock", values.whole, required=True),
            ),
            options=True,
        ),
        Table(
            "customers.csv",
            ("email",),
            (
                Column("email", values.email, required=True),
                Column("name", values.text(80), required=True),
                Column("phone", values.text(30)),
                Column("language", values.word_of("zh", "en"), default="zh"),
                Column("tier", values.one_of(Tier), default=Tier.STANDARD),
                Column("joined_at", moment, required=True),
                Column("personalised", values.yes_or_no, default=True),
                Column("recipient", values.text(80), required=True),
                Column("line", values.text(200), required=True),
                Column("city", values.text(60), required=True),
                Column("province", values.text(60), required=True),
                Column("postcode", values.postcode, required=True),
                Column("country", values.country, default="CN"),
            ),
        ),
        Table(
            "orders.csv",
            ("number",),
            (
                Column("number", values.order_number, required=True),
                Column("email", values.email, required=True),
                Column("status", values.one_of(OrderStatus), required=True),
                Column("placed_at", moment, required=True),
                Column(
                    "delivery_method", values.word_of("standard", "express"), default="standard"
                ),
                Column("currency", values.currency, required=True),
                Column("discount", values.money, default=values.money("0")),
                Column("delivery_fee", values.money, required=True),
                Column("payment_kind", values.identifier(20)),
                Column("payment_label", values.payment_label),
                Bilingual("carrier", values.text(60)),
                Column("tracking_number", values.text(40)),
                Column("shipped_at", moment),
                Column("expected_on", values.day),
                Column("delivered_at", moment),
            ),
        ),
        Table(
            "order_lines.csv",
            ("order", "sku"),
            (
                Column("order", values.order_number, required=True),
                Column("sku", values.identifier(40), required=True),
                Column("quantity", values.at_least_one, required=True),
                Column("unit_price", values.money, required=True),
            ),
        ),
    )
