"""The files that a shop may give and their columns; docs/import.md says the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data.importer import values
from data.importer.terms import Terms
from data.models import Localized, OrderStatus

ADDRESS = ("recipient", "line", "city", "province", "postcode", "country")
# Pieces of a variant whose shop does not count them: always in stock, and never "the last few".
UNCOUNTED = 1000


@dataclass(frozen=True, slots=True)
class Column:
    """`required`: a new row needs it. `default` is what a new row has without it."""

    name: str
    parse: values.Parse
    required: bool = False
    default: Any = None

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.name,)


@dataclass(frozen=True, slots=True)
class Bilingual:
    """One text: NAME in all languages, or NAME_zh and NAME_en, of which one is enough.

    With `listed` the cells are lists of words and may all be empty.
    """

    name: str
    parse: values.Parse
    required: bool = False
    listed: bool = False
    default: Any = None

    @property
    def columns(self) -> tuple[str, ...]:
        return self.name, f"{self.name}_zh", f"{self.name}_en"


@dataclass(frozen=True, slots=True)
class Table:
    """`key`: the columns that name a row. `options`: takes columns option_KEY, option_KEY_zh,
    option_KEY_en. `who`: an e-mail address or a telephone number says whose row it is; the value
    `who` is the one of them by which the customer is known. `repeats`: other systems give the same
    row twice, and mean two."""

    file: str
    key: tuple[str, ...]
    columns: tuple[Column | Bilingual, ...]
    options: bool = False
    who: bool = False
    repeats: bool = False

    @property
    def names(self) -> list[str]:
        """All columns in the order of the documentation."""
        return [name for column in self.columns for name in column.columns]


_LONG = 20_000  # characters of a description


def tables(terms: Terms) -> tuple[Table, ...]:
    """In the order in which they are stored."""
    return (*_catalogue(terms), *_people(terms), _reviews(terms))


def _catalogue(terms: Terms) -> tuple[Table, ...]:
    money = values.money(terms)
    return (
        Table(
            "categories.csv",
            ("id",),
            (
                Column("id", values.identifier(40), required=True),
                Bilingual("name", values.text(80), required=True),
                Bilingual("aliases", values.several, listed=True, default={"zh": [], "en": []}),
            ),
        ),
        Table(
            "products.csv",
            ("id",),
            (
                Column("id", values.identifier(60), required=True),
                Column("category", values.identifier(40), required=True),
                Column("brand", values.text(60)),
                Bilingual("name", values.text(200), required=True),
                Bilingual("summary", values.prose(300)),
                Bilingual("description", values.prose(_LONG), default=Localized.of("")),
                Bilingual("care", values.prose(_LONG)),
                Bilingual("sizing", values.prose(_LONG)),
                Bilingual("aliases", values.several, listed=True, default={"zh": [], "en": []}),
                Column("tags", values.several, default=[]),
                Column("return_class", values.identifier(20), default="standard"),
                Column("warranty_months", values.whole),
                Column("min_age", values.whole),
                Column("rebuy_days", values.at_least_one),
                Column("launched_on", values.day(terms.dates)),
                Column("page_url", values.url),
                Column("picture_url", values.url),
                Column("sold", values.yes_or_no, default=True),
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
                Column("unit", values.unit),
            ),
        ),
        Table(
            "variants.csv",
            ("sku",),
            (
                Column("sku", values.code(values.sku), required=True),
                Column("product", values.identifier(60), required=True),
                Column("price", money, required=True),
                Column("list_price", money),
                Column("currency", values.currency(terms.currency), default=terms.currency),
                Column("stock", values.stock, default=UNCOUNTED),
            ),
            options=True,
        ),
    )


def _people(terms: Terms) -> tuple[Table, ...]:
    moment = values.moment(terms.zone, terms.dates)
    money = values.money(terms)
    who = (
        Column("email", values.email),
        Column("phone", values.code(values.phone(terms.country))),
    )
    address = (
        Column("recipient", values.text(80)),
        Column("line", values.text(200)),
        Column("city", values.text(60)),
        Column("province", values.text(60)),
        Column("postcode", values.code(values.postcode)),
        Column("country", values.country(terms.languages), default=terms.country),
    )
    return (
        Table(
            "customers.csv",
            ("who",),
            (
                *who,
                Column("name", values.text(80), required=True),
                Column("language", values.word_of("zh", "en"), default=terms.languages[0]),
                Column("tier", values.identifier(20)),
                Column("joined_at", moment),
                Column("personalised", values.yes_or_no, default=True),
                *address,
            ),
            who=True,
        ),
        Table(
            "orders.csv",
            ("number",),
            (
                Column("number", values.code(values.order_number), required=True),
                *who,
                Column("status", values.one_of(OrderStatus), required=True),
                Column("placed_at", moment, required=True),
                Column("delivery_method", values.identifier(40)),
                Column("currency", values.currency(terms.currency), default=terms.currency),
                Column("discount", money),
                Column("delivery_fee", money),
                Column("total", money),
                Column("payment_kind", values.identifier(20)),
                Column("payment_label", values.payment_label),
                Bilingual("carrier", values.text(60)),
                Column("tracking_number", values.code(values.text(40))),
                Column("shipped_at", moment),
                Column("expected_on", values.day(terms.dates)),
                Column("delivered_at", moment),
                *address,
            ),
            who=True,
        ),
        Table(
            "order_lines.csv",
            ("order", "sku", "unit_price"),
            (
                Column("order", values.code(values.order_number), required=True),
                Column("sku", values.code(values.sku), required=True),
                Column("quantity", values.at_least_one, required=True),
                Column("unit_price", money, required=True),
                Bilingual("name", values.text(200)),
            ),
            repeats=True,
        ),
    )


def _reviews(terms: Terms) -> Table:
    return Table(
        "reviews.csv",
        ("id",),
        (
            Column("id", values.code(values.text(60)), required=True),
            Column("product", values.identifier(60), required=True),
            Column("sku", values.code(values.sku)),
            Column("email", values.email),
            Column("phone", values.code(values.phone(terms.country))),
            Column("rating", values.stars, required=True),
            Column("text", values.prose(_LONG), default=""),
            Column("language", values.language, default=terms.languages[0]),
            Column("written_at", values.moment(terms.zone, terms.dates), required=True),
        ),
    )
