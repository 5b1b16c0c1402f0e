"""Rows of the files into the database: new ones added, known ones updated by key.

Each function takes the rows of one table and says what does not fit with the others or with what
the shop has already. The caller commits, or not.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, selectinload

from data import consent
from data.importer.people import People, default_address, order_address, set_default_address
from data.importer.problems import Notices, Problems, shown
from data.importer.reading import Row
from data.importer.tables import ADDRESS, Bilingual, Table
from data.models import (
    Base,
    Category,
    Customer,
    Localized,
    Order,
    OrderLine,
    OrderStatus,
    PaymentMethod,
    Product,
    Review,
    Shipment,
    Variant,
)

Model = TypeVar("Model", bound=Base)

_BATCH = 500  # keys in one query; SQLite takes 32,766 values at most
_NAMING = {"email", "phone"}
# An other system's clock may be ahead of ours.
_CLOCKS_AHEAD = timedelta(hours=1)
_GONE = "no-longer-sold"


class Count(NamedTuple):
    """How many rows of one file were new and how many were known."""

    file: str
    new: int
    known: int


class Storing:
    """Stores the tables one after another: categories, products, …, as `tables()` orders them.

    Goes on after problems, to tell them all. `broken` names, for each table, the keys of the rows
    that are left out for a problem, so that rows which refer to them are not blamed as well.
    `country` is the shop's. Nothing that happened can have happened after `now`.
    """

    def __init__(
        self,
        session: Session,
        problems: Problems,
        notices: Notices,
        broken: dict[str, set[Any]],
        *,
        country: str,
        currency: str,
        now: datetime,
    ) -> None:
        self._session = session
        self._problems = problems
        self._notices = notices
        self._broken = broken
        self._country = country
        self._currency = currency
        self._now = now + _CLOCKS_AHEAD
        self._spelled: dict[tuple[type[Any], str], str] = {}
        self._orders_given: dict[str, Order] = {}
        self._lacking: set[tuple[str, str]] = set()

    def store(self, table: Table, rows: list[Row], lines: list[Row]) -> Count:
        """`lines` are the rows of order_lines.csv, which orders need for their sums."""
        with self._session.no_autoflush:
            match table.file:
                case "categories.csv":
                    count = self._categories(table, rows)
                case "products.csv":
                    count = self._products(table, rows)
                case "attributes.csv":
                    count = self._attributes(table, rows)
                case "variants.csv":
                    count = self._variants(table, rows)
                case "customers.csv":
                    count = self._customers(table, rows)
                case "orders.csv":
                    count = self._orders(table, rows, lines)
                case "reviews.csv":
                    count = self._reviews(table, rows)
                case _:
                    count = self._lines(table, rows)
        if not self._problems:  # a row that lacks something cannot be written
            self._session.flush()
        return count

    def check_variants(self) -> None:
        """Every product has one: without a price it cannot be sold."""
        if self._problems:
            return
        bare = select(Product.id).where(~Product.variants.any()).order_by(Product.id)
        for product_id in self._session.scalars(bare):
            self._problems.add(
                "variants.csv", None, "product", f"no row for the product {shown(product_id)}"
            )

    def _categories(self, table: Table, rows: list[Row]) -> Count:
        known = self._known(Category, Category.id, (row["id"] for row in rows))
        for row in rows:
            stays = row["id"] in known and row.only_new
            if not stays and self._is_spelled_right(table, row, "id", Category):
                self._add_or_update(table, row, known.get(row["id"]), Category(), set())
        return _count(table, rows, known)

    def _products(self, table: Table, rows: list[Row]) -> Count:
        known = self._known(Product, Product.id, (row["id"] for row in rows))
        categories = self._known(Category, Category.id, _given(rows, "category"))
        for row in rows:
            if not self._is_spelled_right(table, row, "id", Product):
                continue
            if "category" in row.values and not self._refers(
                table, row, "category", categories, "categories.csv", Category
            ):
                continue
            product = known.get(row["id"])
            new = Product(attributes=[])
            self._add_or_update(table, row, product, new, {"category"})
            if "category" in row.values:
                (product or new).category_id = row["category"]
        return _count(table, rows, known)

    def _attributes(self, table: Table, rows: list[Row]) -> Count:
        products = self._known(Product, Product.id, (row["product"] for row in rows))
        attributes = defaultdict(list)
        for row in rows:
            if not self._refers(table, row, "product", products, "products.csv", Product):
                continue
            if self._has_all(table, row, set()):
                attributes[row["product"]].append(_attribute(row))
        for product_id, given in attributes.items():
            products[product_id].attributes = given
        return Count(table.file, len(rows), 0)

    def _variants(self, table: Table, rows: list[Row]) -> Count:
        known = self._known(Variant, Variant.sku, (row["sku"] for row in rows))
        products = self._known(
            Product, Product.id, _given(rows, "product"), selectinload(Product.variants)
        )
        places = _Places.of(rows, products)
        for row in rows:
            if not self._is_spelled_right(table, row, "sku", Variant):
                continue
            if "product" in row.values and not self._refers(
                table, row, "product", products, "products.csv", Product
            ):
                continue
            variant = known.get(row["sku"])
            new = Variant(options={})
            self._add_or_update(table, row, variant, new, {"product"})
            self._settle(row, variant or new, places)
        return _count(table, rows, known)

    def _settle(self, row: Row, variant: Variant, places: _Places) -> None:
        """What the cells alone do not say."""
        if "product" in row.values:
            places.take(variant, row["product"])
        if row.get("options"):
            options = {**variant.options, **row["options"]}
            variant.options = {key: texts for key, texts in options.items() if texts}
        if variant.stock is not None and variant.stock < 0:
            variant.stock = 0
            self._notices.add("Oversold variants, whose stock is taken as 0", row["sku"])
        if variant.list_price and variant.price and variant.list_price <= variant.price:
            if row.get("list_price") is not None and variant.list_price < variant.price:
                what = "Prices before a reduction that are below the price, left out"
                self._notices.add(what, row["sku"])
            variant.list_price = None

    def _customers(self, table: Table, rows: list[Row]) -> Count:
        people = People(self._session, rows)
        given = [customer for row in rows for customer in people.of(row)]
        spoken = consent.spoken(self._session, given)
        known = 0
        for row in rows:
            customers = people.of(row)
            if len(customers) > 1:
                self._refuse(table, row, "phone", _shared(row))
                continue
            customer = customers[0] if customers else None
            if customer is not None and row.only_new:
                known += 1
                continue
            new = Customer()
            kept = None if customer is None else self._own_word(row, customer, spoken)
            if not self._add_or_update(table, row, customer, new, set(ADDRESS)):
                continue
            if customer is not None and kept is not None:
                customer.personalised = kept
            known += customer is not None
            set_default_address(customer or new, row, self._country)
            people.add(customer or new)
            if str(row.get("phone", "+"))[0] != "+":
                what = "Telephone numbers that are not understood, kept as they stand"
                self._notices.add(what, row["phone"])
        return Count(table.file, len(rows) - known, known)

    def _own_word(self, row: Row, customer: Customer, spoken: set[int]) -> bool | None:
        """What stays of whether the customer's history may be used, whatever the file says: their
        own word, and a no, whoever said it. None where the file may decide."""
        wanted = row.get("personalised")
        if wanted is None or wanted == customer.personalised:
            return None
        if customer.id not in spoken and not wanted:
            return None
        what = "Customers of whom the file says otherwise whether their history is used, left as "
        self._notices.add(f"{what}they are", str(row["who"]))
        return customer.personalised

    def _orders(self, table: Table, rows: list[Row], lines: list[Row]) -> Count:
        known = self._known(
            Order, Order.number, (row["number"] for row in rows), selectinload(Order.lines)
        )
        people = People(self._session, rows)
        sums: dict[str, Decimal] = {}
        for line in lines:
            if "quantity" in line.values:
                amount = line["quantity"] * line["unit_price"]
                sums[line["order"]] = sums.get(line["order"], Decimal("0.00")) + amount
        for row in rows:
            self._check_order(table, row, known.get(row["number"]), people, sums)
        return _count(table, rows, known)

    def _check_order(
        self,
        table: Table,
        row: Row,
        order: Order | None,
        people: People,
        sums: dict[str, Decimal],
    ) -> None:
        if not self._has_owner(table, row, order, people):
            return
        customer = order.customer if order is not None else people.of(row)[0]
        goods = sums.get(row["number"])
        if goods is None and order is not None:
            goods = sum((each.quantity * each.unit_price for each in order.lines), Decimal("0.00"))
        if row["number"] in self._broken["order_lines.csv"]:
            self._broken[table.file].add(row["number"])
        elif goods is None:
            what = f"{shown(row['number'])} has no row in order_lines.csv"
            self._refuse(table, row, "number", what)
        elif (row.get("discount") or Decimal(0)) > goods:
            what = f"is more than the lines come to ({goods})"
            self._refuse(table, row, "discount", what)
        elif self._can_have_been(table, row, order):
            self._order(table, row, order, customer, goods, anew=row["number"] in sums)

    def _can_have_been(self, table: Table, row: Row, order: Order | None) -> bool:
        """Whether the order's times can be true: a day and month that were swapped, or a clock that
        is wrong, would promise and refuse what the rules do not."""
        placed = row.get("placed_at") or (order.placed_at if order is not None else None)
        shipped, delivered = row.get("shipped_at"), row.get("delivered_at")
        for name in ("placed_at", "shipped_at", "delivered_at"):
            at = row.get(name)
            if at is not None and at > self._now:
                what = f"{at:%Y-%m-%d %H:%M} UTC is still to come; look at the day and the month"
                self._refuse(table, row, name, what)
                return False
        for name, later, earlier, before in (
            ("shipped_at", shipped, "placed_at", placed),
            ("delivered_at", delivered, "shipped_at", shipped),
            ("delivered_at", delivered, "placed_at", placed),
        ):
            if later is not None and before is not None and later < before:
                self._refuse(table, row, name, f"comes before {earlier}")
                return False
        expected = row.get("expected_on")
        # By a day, for where it is already tomorrow.
        if expected and shipped and expected < shipped.date() - timedelta(days=1):
            self._refuse(table, row, "expected_on", "comes before shipped_at")
            return False
        if row.get("status") == OrderStatus.DELIVERED and not row.names and not delivered:
            known = order.shipments if order is not None else []
            if not any(shipment.delivered_at for shipment in known):
                what = "Delivered orders without delivered_at, whose time for returns is not known"
                self._notices.add(what, row["number"])
        return True

    def _has_owner(self, table: Table, row: Row, order: Order | None, people: People) -> bool:
        """Whether one customer is known whose order it is, and always was."""
        column = "email" if "email" in row.values else "phone"
        who = row.get("who")
        customers = people.of(row) if who else []
        if who is None:
            if order is None:
                what = "is empty, and so is phone; one of the two says whose order it is"
                self._refuse(table, row, "email", what)
            return order is not None
        if order is not None and order.customer not in customers:
            what = f"{shown(row['number'])} is another customer's order already"
            self._refuse(table, row, "number", what)
            return False
        if len(customers) > 1 and order is None:
            self._refuse(table, row, "phone", _shared(row))
            return False
        if not customers and who in self._broken["customers.csv"]:
            self._broken[table.file].add(row["number"])
        elif not customers:
            what = f"{shown(who)} stands neither in the shop nor in customers.csv"
            self._refuse(table, row, column, what)
        return bool(customers)

    def _order(
        self,
        table: Table,
        row: Row,
        known: Order | None,
        customer: Customer,
        goods: Decimal,
        *,
        anew: bool,
    ) -> None:
        """`anew`: its lines are given, or something that its sums are made of."""
        new = Order(customer_id=customer.id, address=default_address(customer, self._country))
        apart = {"discount", "payment_kind", "payment_label", "total", *_NAMING, *_SHIPMENT}
        if not self._add_or_update(table, row, known, new, apart | set(ADDRESS)):
            return
        order = known or new
        if order.delivery_fee is None:
            order.delivery_fee = Decimal("0.00")
        if anew or known is None or "discount" in row.values:
            order.subtotal = goods - (row.get("discount") or Decimal("0.00"))
        if anew or known is None or {"discount", "delivery_fee", "total"} & set(row.values):
            order.total = row.get("total") or order.subtotal + order.delivery_fee
        address = order_address(customer, row, self._country)
        if address is not None:
            order.address = address
        method = _payment_method(customer, row)
        if method is not None:
            order.payment_method = method
        if anew:
            self._orders_given[order.number] = order
        self._shipment(table, row, order)

    def _shipment(self, table: Table, row: Row, order: Order) -> None:
        number = row.get("tracking_number")
        if number is None:
            return
        shipment = next((s for s in order.shipments if s.tracking_number == number), None)
        for name in ("carrier", "shipped_at", "expected_on"):
            if shipment is None and row.get(name) is None:
                place = "carrier_zh" if name == "carrier" else name
                if "carrier" in row.columns or row.file != table.file:
                    place = name
                what = "is needed where there is a tracking number"
                self._refuse(table, row, place, what)
                return
        shipped = row.get("shipped_at") or (shipment and shipment.shipped_at)
        delivered = row.get("delivered_at")
        if delivered is not None and shipped is not None and delivered < shipped:
            self._refuse(table, row, "delivered_at", "comes before shipped_at")
            return
        if shipment is None:
            shipment = Shipment(tracking_number=number)
            order.shipments.append(shipment)
        for name in ("carrier", "shipped_at", "expected_on", "delivered_at"):
            if name in row.values:
                setattr(shipment, name, row[name])

    def _lines(self, table: Table, rows: list[Row]) -> Count:
        # Only those of this import: the sums of the others would not be worked out anew.
        orders = self._orders_given
        variants = self._known(Variant, Variant.sku, (row["sku"] for row in rows))
        given: dict[str, list[OrderLine]] = defaultdict(list)
        for row in rows:
            if row["sku"] not in variants and row.get("name") is not None:
                variants[row["sku"]] = self._keep_gone(row)
            referring = [
                self._refers(table, row, "order", orders, "orders.csv", Order, "does not stand in"),
                self._refers(table, row, "sku", variants, "variants.csv", Variant),
                self._has_all(table, row, set()),
            ]
            if all(referring):
                line = OrderLine(sku=row["sku"], quantity=row["quantity"])
                line.unit_price = row["unit_price"]
                given[row["order"]].append(line)
        if not self._problems:
            self._replace_lines(given)
        return Count(table.file, len(rows), 0)

    def _reviews(self, table: Table, rows: list[Row]) -> Count:
        known = self._known(Review, Review.key, (row["id"] for row in rows))
        products = self._known(Product, Product.id, _given(rows, "product"))
        variants = self._known(Variant, Variant.sku, _given(rows, "sku"))
        people = People(self._session, rows)
        for row in rows:
            review = known.get(row["id"])
            product = row.get("product") or (review.product_id if review else None)
            if "product" in row.values and not self._refers(
                table, row, "product", products, "products.csv", Product
            ):
                continue
            if row.get("sku") is not None:
                if not self._refers(table, row, "sku", variants, "variants.csv", Variant):
                    continue
                if variants[row["sku"]].product_id != product:
                    what = f"{shown(row['sku'])} is a variant of another product"
                    self._refuse(table, row, "sku", what)
                    continue
            if row.get("written_at") is not None and row["written_at"] > self._now:
                self._refuse(table, row, "written_at", "is still to come; look at day and month")
                continue
            new = Review(key=row["id"])
            apart = {"id", "product", "written_at", *_NAMING}
            if not self._add_or_update(table, row, review, new, apart):
                continue
            found = review or new
            for name, column in (("product_id", "product"), ("created_at", "written_at")):
                if column in row.values:
                    setattr(found, name, row[column])
            writers = people.of(row)
            if len(writers) == 1:  # a reviewer whom the shop does not know stays unknown
                found.customer = writers[0]
        return _count(table, rows, known)

    def _replace_lines(self, given: dict[str, list[OrderLine]]) -> None:
        self._session.flush()
        for numbers in _batches(sorted(given)):
            self._session.execute(delete(OrderLine).where(OrderLine.order_number.in_(numbers)))
        for number, lines in given.items():
            self._session.expire(self._orders_given[number], ["lines"])
            for line in lines:
                line.order_number = number
                self._session.add(line)

    def _keep_gone(self, row: Row) -> Variant:
        """A product that only orders still know, so that they go on saying what was bought."""
        digest = hashlib.sha256(row["sku"].encode()).hexdigest()[:16]
        product = self._session.get(Product, f"gone-{digest}")
        if product is None:
            product = Product(
                id=f"gone-{digest}",
                category=self._gone(),
                name=row["name"],
                aliases={"zh": [], "en": []},
                description=Localized.of(""),
                attributes=[],
                tags=[],
                sold=False,
            )
        variant = Variant(
            sku=row["sku"],
            product=product,
            position=0,
            options={},
            price=row.get("unit_price"),
            currency=self._currency,
            stock=0,
        )
        self._session.add(variant)
        what = "Articles of orders that are in no catalogue, kept as no longer sold"
        self._notices.add(what, row["name"].en)
        return variant

    def _gone(self) -> Category:
        """The category of goods that stand only in orders; it is shown nowhere."""
        found = self._known(Category, Category.id, [_GONE]).get(_GONE)
        return found or Category(
            id=_GONE,
            name=Localized(zh="不再销售", en="No longer sold"),
            aliases={"zh": [], "en": []},
        )

    def _add_or_update(
        self, table: Table, row: Row, known: Base | None, new: Base, apart: set[str]
    ) -> bool:
        """Set what the row gives; in a new one also the defaults of what it does not. `apart` are
        columns that are no attributes of the model. False, and told, when a new one lacks what it
        needs."""
        if known is None and not self._has_all(table, row, apart):
            return False
        model = known or new
        for column in table.columns:
            if column.name in apart:
                continue
            if column.name in row.values:
                value = row[column.name]
                if known is not None and (language := row.alone.get(column.name)):
                    value = _in_one_language(getattr(known, column.name), value, language)
                setattr(model, column.name, value)
            elif known is None:
                setattr(model, column.name, deepcopy(column.default))
        if known is None:
            self._session.add(model)
        return True

    def _has_all(self, table: Table, row: Row, apart: set[str]) -> bool:
        """Whether the row has what a new one needs. A column that the file lacks is told once."""
        lacking = [c for c in table.columns if c.required and c.name not in row.values]
        for column in lacking:
            place = column.columns[-2] if isinstance(column, Bilingual) else column.name
            if not row.columns.intersection(column.columns):
                if (table.file, column.name) not in self._lacking:
                    self._lacking.add((table.file, column.name))
                    what = f"is missing; new rows need it, the first on line {row.line}"
                    if isinstance(column, Bilingual):
                        what = f"is missing; give {', '.join(column.columns[:-1])} or "
                        what += f"{column.columns[-1]}: new rows need it"
                    self._problems.add(row.file, 1, place, what)
                self._broken[table.file].add(row[table.key[0]])
            elif isinstance(column, Bilingual):
                self._refuse(table, row, place, f"is empty; fill {' or '.join(column.columns)}")
            else:
                self._refuse(table, row, place, "is empty, and a new row needs it")
        return not lacking

    def _refers(
        self,
        table: Table,
        row: Row,
        column: str,
        known: dict[Any, Any],
        file: str,
        model: type[Any],
        lack: str = "stands neither in the shop nor in",
    ) -> bool:
        """Does the row refer to something that the shop has, or gets from `file`?"""
        if row[column] in known:
            return True
        if row[column] in self._broken[file]:
            self._broken[table.file].add(row[table.key[0]])
        elif (spelled := self._spelled.get((model, row[column].lower()))) is not None:
            self._refuse(table, row, column, _spelled_so(row[column], spelled))
        else:
            self._refuse(table, row, column, f"{shown(row[column])} {lack} {file}")
        return False

    def _is_spelled_right(self, table: Table, row: Row, column: str, model: type[Any]) -> bool:
        """Whether the shop has nothing else that differs from it in capitals only."""
        spelled = self._spelled.get((model, row[column].lower()), row[column])
        if spelled != row[column]:
            self._refuse(table, row, column, _spelled_so(row[column], spelled))
        return bool(spelled == row[column])

    def _refuse(self, table: Table, row: Row, column: str, what: str) -> None:
        self._problems.add(row.file, row.line, row.names.get(column, column), what)
        self._broken[table.file].add(row[table.key[0]])

    def _known(
        self, model: type[Model], key: Any, wanted: Iterable[Any], *options: Any
    ) -> dict[Any, Model]:
        keys = set(wanted)
        # Those of this import may wait for a flush that a problem has put off.
        found: dict[Any, Model] = {
            getattr(row, key.key): row
            for row in self._session.new
            if isinstance(row, model) and getattr(row, key.key) in keys
        }
        for batch in _batches(sorted(keys)):
            query = select(model).where(key.in_(batch)).options(*options)
            for row in self._session.scalars(query).unique():
                found[getattr(row, key.key)] = row
        self._note_spellings(model, key, keys - set(found))
        return found

    def _note_spellings(self, model: type[Model], key: Any, missing: set[str]) -> None:
        """Keep what the shop has under keys that differ in capitals only."""
        here = [getattr(row, key.key) for row in self._session.new if isinstance(row, model)]
        lowered = {each.lower() for each in missing}
        self._spelled |= {(model, each.lower()): each for each in here if each.lower() in lowered}
        for batch in _batches(sorted(lowered)):
            for each in self._session.scalars(select(key).where(func.lower(key).in_(batch))):
                self._spelled[model, each.lower()] = each


_SHIPMENT = ("carrier", "tracking_number", "shipped_at", "expected_on", "delivered_at")


def _spelled_so(written: str, spelled: str) -> str:
    return f"{shown(written)} is {shown(spelled)} in the shop; write capitals as they are there"


def _in_one_language(kept: Any, given: Any, language: str) -> Any:
    """What the shop has, with the given text in one of its languages; a text that was only in one
    is replaced in both."""
    if isinstance(given, dict):
        return {**(kept or given), language: given[language]}
    if kept is None or kept.zh == kept.en:
        return given
    return Localized(**{"zh": kept.zh, "en": kept.en, language: getattr(given, language)})


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the next variant of each product is put, and the products of which the file has all
    variants: these are put in the file's order, others only added to."""

    next: dict[str, int]
    whole: set[str]

    @classmethod
    def of(cls, rows: list[Row], products: dict[Any, Product]) -> _Places:
        given: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            if "product" in row.values:
                given[row["product"]].add(row["sku"])
        places = cls({}, set())
        for product_id, skus in given.items():
            known = products[product_id].variants if product_id in products else []
            if {variant.sku for variant in known} <= skus:
                places.whole.add(product_id)
                places.next[product_id] = 0
            else:
                places.next[product_id] = max(variant.position for variant in known) + 1
        return places

    def take(self, variant: Variant, product_id: str) -> None:
        if product_id in self.whole or variant.product_id != product_id:
            variant.position = self.next[product_id]
            self.next[product_id] += 1
        variant.product_id = product_id


def _shared(row: Row) -> str:
    return f"{shown(row['phone'])} is the number of several customers; name the e-mail address too"


def _given(rows: list[Row], column: str) -> Iterator[Any]:
    return (row[column] for row in rows if column in row.values)


def _attribute(row: Row) -> dict[str, Any]:
    attribute = {
        "key": row["key"],
        "name": {"zh": row["name"].zh, "en": row["name"].en},
        "value": {"zh": row["value"].zh, "en": row["value"].en},
    }
    if row.get("number") is not None:
        attribute["number"] = row["number"]
        attribute["unit"] = row.get("unit") or ""
    return attribute


def _payment_method(customer: Customer, row: Row) -> PaymentMethod | None:
    kind, label = row.get("payment_kind"), row.get("payment_label")
    if kind is None:
        return None
    label = label or kind
    for method in customer.payment_methods:
        if (method.kind, method.label) == (kind, label):
            return method
    method = PaymentMethod(kind=kind, label=label)
    customer.payment_methods.append(method)
    return method


def _count(table: Table, rows: list[Row], known: dict[Any, Any]) -> Count:
    return Count(table.file, len(rows) - len(known), len(known))


def _batches(keys: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(keys), _BATCH):
        yield keys[start : start + _BATCH]
