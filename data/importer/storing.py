"""Rows of the files into the database: new ones added, known ones updated by key.

Each function takes the rows of one file and says what does not fit with the other files or with
what the shop has already. The caller commits, or not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from data.importer.problems import Problems, shown
from data.importer.reading import Row
from data.importer.tables import Bilingual, Table
from data.models import (
    Address,
    Base,
    Category,
    Customer,
    Order,
    OrderLine,
    PaymentMethod,
    Product,
    Shipment,
    Variant,
)

Model = TypeVar("Model", bound=Base)

_ADDRESS = ("recipient", "line", "city", "province", "postcode", "country")
_BATCH = 500  # keys in one query; SQLite takes 32,766 values at most


class Count(NamedTuple):
    """How many rows of one file were new and how many were known."""

    file: str
    new: int
    known: int


class Storing:
    """Stores the files one after another: categories, products, …, as `tables()` orders them.

    Goes on after problems, to tell them all. `broken` names, for each file, the keys of the rows
    that are left out for a problem, so that rows which refer to them are not blamed as well.
    """

    def __init__(self, session: Session, problems: Problems, broken: dict[str, set[Any]]) -> None:
        self._session = session
        self._problems = problems
        self._broken = broken
        self._orders_given: dict[str, Order] = {}

    def store(self, table: Table, rows: list[Row], lines: list[Row]) -> Count:
        """`lines` are the rows of order_lines.csv, which orders need for their sums."""
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
            case _:
                count = self._lines(table, rows)
        self._session.flush()
        return count

    def check_variants(self) -> None:
        """Every product has one: without a price it cannot be sold."""
        if self._broken["variants.csv"]:
            return
        bare = select(Product.id).where(~Product.variants.any()).order_by(Product.id)
        for product_id in self._session.scalars(bare):
            self._problems.add(
                "variants.csv", None, "product", f"no row for the product {shown(product_id)}"
            )

    def _categories(self, table: Table, rows: list[Row]) -> Count:
        known = self._known(Category, Category.id, (row["id"] for row in rows))
        for row in rows:
            self._add_or_update(table, row, known.get(row["id"]) or Category(), set())
        return _count(table, rows, known)

    def _products(self, table: Table, rows: list[Row]) -> Count:
        known = self._known(Product, Product.id, (row["id"] for row in rows))
        categories = self._known(Category, Category.id, (row["category"] for row in rows))
        for row in rows:
            if not self._refers(table, row, "category", categories, "categories.csv"):
                continue
            product = known.get(row["id"]) or Product(attributes=[])
            product.category_id = row["category"]
            self._add_or_update(table, row, product, {"category"})
        return _count(table, rows, known)

    def _attributes(self, table: Table, rows: list[Row]) -> Count:
        products = self._known(Product, Product.id, (row["product"] for row in rows))
        attributes = defaultdict(list)
        for row in rows:
            if not self._refers(table, row, "product", products, "products.csv"):
                continue
            attributes[row["product"]].append(_attribute(row))
        for product_id, given in attributes.items():
            products[product_id].attributes = given
        return Count(table.file, len(rows), 0)

    def _variants(self, table: Table, rows: list[Row]) -> Count:
        known = self._known(Variant, Variant.sku, (row["sku"] for row in rows))
        products = self._known(Product, Product.id, (row["product"] for row in rows))
        places: dict[str, int] = defaultdict(int)
        for row in rows:
            if not self._refers(table, row, "product", products, "products.csv"):
                continue
            variant = known.get(row["sku"]) or Variant()
            variant.product_id = row["product"]
            variant.position = places[row["product"]]
            places[row["product"]] += 1
            if row.get("list_price") is not None and row["list_price"] <= row["price"]:
                what = "is not above the price; leave it empty where nothing is reduced"
                self._refuse(table, row, "list_price", what)
            self._add_or_update(table, row, variant, {"product"})
            variant.options = row["options"]
        return _count(table, rows, known)

    def _customers(self, table: Table, rows: list[Row]) -> Count:
        known = self._known(Customer, Customer.email, (row["email"] for row in rows))
        for row in rows:
            customer = known.get(row["email"]) or Customer()
            self._add_or_update(table, row, customer, set(_ADDRESS))
            _set_default_address(customer, row)
        return _count(table, rows, known)

    def _orders(self, table: Table, rows: list[Row], lines: list[Row]) -> Count:
        known = self._known(Order, Order.number, (row["number"] for row in rows))
        customers = self._known(
            Customer,
            Customer.email,
            (row["email"] for row in rows),
            selectinload(Customer.payment_methods),
        )
        sums: dict[str, Decimal] = {}
        for line in lines:
            amount = line["quantity"] * line["unit_price"]
            sums[line["order"]] = sums.get(line["order"], Decimal("0.00")) + amount
        for row in rows:
            if not self._refers(table, row, "email", customers, "customers.csv"):
                continue
            order, customer = known.get(row["number"]), customers[row["email"]]
            goods = sums.get(row["number"])
            if order is not None and order.customer_id != customer.id:
                what = f"{shown(row['number'])} is another customer's order already"
                self._refuse(table, row, "number", what)
            elif row["number"] in self._broken["order_lines.csv"]:
                self._broken[table.file].add(row["number"])
            elif goods is None:
                what = f"{shown(row['number'])} has no row in order_lines.csv"
                self._refuse(table, row, "number", what)
            elif row.get("discount", Decimal(0)) > goods:
                what = f"is more than the lines come to ({goods})"
                self._refuse(table, row, "discount", what)
            else:
                self._order(table, row, order, customer, goods)
        return _count(table, rows, known)

    def _order(
        self, table: Table, row: Row, known: Order | None, customer: Customer, goods: Decimal
    ) -> None:
        method = _payment_method(customer, row)
        if method is not None and method.id is None:
            self._session.flush()  # gives it an id
        order = known or Order(customer=customer, address=_default_address(customer))
        order.subtotal = goods - row.get("discount", Decimal("0.00"))
        order.delivery_fee = row["delivery_fee"]
        order.total = order.subtotal + order.delivery_fee
        if method is not None:
            order.payment_method_id = method.id
        apart = {"email", "discount", "payment_kind", "payment_label", *_SHIPMENT}
        self._add_or_update(table, row, order, apart)
        self._orders_given[order.number] = order
        self._shipment(table, row, order)

    def _shipment(self, table: Table, row: Row, order: Order) -> None:
        number = row.get("tracking_number")
        if number is None:
            return
        for name in ("carrier", "shipped_at", "expected_on"):
            if row.get(name) is None:
                place = "carrier_zh" if name == "carrier" else name
                what = "is needed where there is a tracking number"
                self._refuse(table, row, place, what)
                return
        delivered = row.get("delivered_at")
        if delivered is not None and delivered < row["shipped_at"]:
            what = "comes before shipped_at"
            self._refuse(table, row, "delivered_at", what)
            return
        shipment = next((s for s in order.shipments if s.tracking_number == number), None)
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
            referring = [
                self._refers(table, row, "order", orders, "orders.csv", "does not stand in"),
                self._refers(table, row, "sku", variants, "variants.csv"),
            ]
            if all(referring):
                line = OrderLine(sku=row["sku"], quantity=row["quantity"])
                line.unit_price = row["unit_price"]
                given[row["order"]].append(line)
        for number, lines in given.items():
            for old in list(orders[number].lines):
                self._session.delete(old)
            self._session.flush()
            for line in lines:
                line.order_number = number
                self._session.add(line)
        return Count(table.file, len(rows), 0)

    def _add_or_update(self, table: Table, row: Row, model: Base, apart: set[str]) -> None:
        """Set what the file has; in a new row also the defaults of what it has not. `apart` are
        columns that are no attributes of the model."""
        new = model not in self._session
        for column in table.columns:
            if column.name in apart:
                continue
            if column.name in row.values:
                setattr(model, column.name, row[column.name])
            elif new:
                setattr(model, column.name, _default(column))
        if new:
            self._session.add(model)

    def _refers(
        self,
        table: Table,
        row: Row,
        column: str,
        known: dict[Any, Any],
        file: str,
        lack: str = "stands neither in the shop nor in",
    ) -> bool:
        """Does the row refer to something that the shop has, or gets from `file`?"""
        if row[column] in known:
            return True
        if row[column] in self._broken[file]:
            self._broken[table.file].add(row[table.key[0]])
        else:
            self._refuse(table, row, column, f"{shown(row[column])} {lack} {file}")
        return False

    def _refuse(self, table: Table, row: Row, column: str, what: str) -> None:
        self._problems.add(table.file, row.line, column, what)
        self._broken[table.file].add(row[table.key[0]])

    def _known(
        self, model: type[Model], key: Any, wanted: Iterable[Any], *options: Any
    ) -> dict[Any, Model]:
        found: dict[Any, Model] = {}
        for keys in _batches(sorted(set(wanted))):
            query = select(model).where(key.in_(keys)).options(*options)
            for row in self._session.scalars(query).unique():
                found[getattr(row, key.key)] = row
        return found


_SHIPMENT = ("carrier", "tracking_number", "shipped_at", "expected_on", "delivered_at")


def _default(column: Any) -> Any:
    if isinstance(column, Bilingual):
        return {"zh": [], "en": []} if column.listed else None
    return column.default


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


def _default_address(customer: Customer) -> Address:
    return next((a for a in customer.addresses if a.is_default), customer.addresses[0])


def _set_default_address(customer: Customer, row: Row) -> None:
    """An address that differs is added: older orders went to the old one."""
    parts = {name: row.get(name, "CN") for name in _ADDRESS}
    for address in customer.addresses:
        address.is_default = False
    for address in customer.addresses:
        if all(getattr(address, name) == part for name, part in parts.items()):
            address.is_default = True
            return
    customer.addresses.append(Address(**parts, is_default=True))


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
