"""Shopify's exports: products_export.csv, customers_export.csv, orders_export.csv and, from shops
with several locations, inventory_export.csv. Files are known by their columns, not their names.

Rows of one product, or of one order, stand together under one Handle, or Name; only the first has
what is true of the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

from data import normalise
from data.importer import values
from data.importer.problems import Notices
from data.importer.reading import EMPTIED, Sheet
from data.importer.sheets import Record, Source
from data.importer.systems.translation import (
    Buyer,
    Categories,
    Line,
    Ordered,
    Orders,
    Rows,
    Skus,
    amount,
    cut,
    first_of,
    known_by,
    listed,
    nameless,
    sent,
    slug,
    summary_of,
)
from data.importer.terms import Terms

_OPTIONS = (1, 2, 3)
_PRODUCTS = {"Handle", "Title", "Variant Price"}
_INVENTORY = {"Handle", "SKU", "Location"}
_CUSTOMERS = {"First Name", "Last Name", "Email"}
_ORDERS = {"Name", "Financial Status", "Lineitem name"}
_PENDING = {"pending", "partially_paid"}
_CALLED_OFF = {"voided", "expired"}
_SENT = {"fulfilled", "partial"}
_PRODUCT_NAMES = {
    "id": "Handle",
    "name": "Title",
    "brand": "Vendor",
    "description": "Body (HTML)",
    "category": "Type",
    "tags": "Tags",
    "picture_url": "Image Src",
    "sku": "Variant SKU",
    "price": "Variant Price",
    "list_price": "Variant Compare At Price",
    "stock": "Variant Inventory Qty",
}
_ORDER_NAMES = {
    "number": "Name",
    "email": "Email",
    "phone": "Phone",
    "placed_at": "Created at",
    "currency": "Currency",
    "discount": "Subtotal",
    "delivery_fee": "Shipping",
    "total": "Total",
    "payment_label": "Payment Method",
    "postcode": "Shipping Zip",
    "country": "Shipping Country",
    "sku": "Lineitem sku",
    "quantity": "Lineitem quantity",
    "unit_price": "Lineitem price",
}


def translate(
    sources: Sequence[Source], terms: Terms, now: datetime, notices: Notices
) -> dict[str, Sheet]:
    """Our tables' rows. Files that are no export of Shopify's are told of and left out."""
    rows = Rows()
    kinds: dict[str, list[Source]] = defaultdict(list)
    for source in sources:
        kinds[_kind(source)].append(source)
    for source in kinds[""]:
        notices.add("Files that are none of Shopify's exports, left out", source.file)
    pieces = _inventory(kinds["inventory"])
    catalogue = _Catalogue(rows, terms, notices, pieces)
    for source in kinds["products"]:
        catalogue.add(source)
    for source in kinds["customers"]:
        _customers(source, rows, notices)
    orders = Orders(rows, notices)
    for source in kinds["orders"]:
        _orders(source, orders, terms, now, notices)
    for source in kinds["customers"]:
        for record in source.records:
            if contact := _contact(record):
                nameless(rows, source.file, record.line, contact)
    return rows.sheets()


def _kind(source: Source) -> str:
    columns = set(source.columns)
    kinds = (
        ("products", _PRODUCTS),
        ("orders", _ORDERS),
        ("inventory", _INVENTORY),
        ("customers", _CUSTOMERS),
    )
    return next((kind for kind, needed in kinds if needed <= columns), "")


def _together(source: Source, column: str) -> Iterator[list[Record]]:
    """The records that have one name."""
    found: dict[str, list[Record]] = {}
    for record in source.records:
        found.setdefault(record.cells.get(column, ""), []).append(record)
    found.pop("", None)
    yield from found.values()


class _Catalogue:
    def __init__(
        self, rows: Rows, terms: Terms, notices: Notices, pieces: dict[tuple[str, ...], int]
    ) -> None:
        self._rows = rows
        self._terms = terms
        self._notices = notices
        self._pieces = pieces
        self._categories = Categories(rows)
        self._skus = Skus(notices)

    def add(self, source: Source) -> None:
        counted = "Variant Inventory Qty" in source.columns or bool(self._pieces)
        if not counted:
            what = "Files that count no pieces, so that all is in stock (export the inventory too)"
            self._notices.add(what, source.file)
        for records in _together(source, "Handle"):
            variants = [r for r in records if r.cells.get("Variant Price")]
            if not variants:
                what = "Products without a price, left out"
                self._notices.add(what, records[0].cells["Handle"])
                continue
            self._product(source, records, variants)

    def _product(self, source: Source, records: list[Record], variants: list[Record]) -> None:
        first = records[0]
        handle, title = first.cells["Handle"], first.cells.get("Title", "")
        sold = _is_sold(first)
        if not sold:
            what = "Drafts, archived and unpublished products, which are not sold"
            self._notices.add(what, title or handle)
        pictures = [r for r in records if r.cells.get("Image Src")]
        pictures.sort(key=lambda r: amount(r.cells.get("Image Position", "")) or 0)
        website = self._terms.website
        cells = {
            "id": slug(handle, 60),
            "category": self._categories.of(_category(first, self._terms), source.file, first.line),
            "brand": cut(first.cells.get("Vendor", ""), 60),
            "name": cut(title, 200),
            "summary": summary_of(first.cells.get("SEO Description", "")),
            "description": first.cells.get("Body (HTML)", ""),
            "tags": listed(first.cells.get("Tags", "").split(",")),
            "page_url": f"{website}/products/{quote(handle)}" if website else "",
            "picture_url": pictures[0].cells["Image Src"] if pictures else "",
            "sold": "yes" if sold else "no",
        }
        self._rows.add("products.csv", source.file, first.line, cells, _PRODUCT_NAMES)
        names = [first.cells.get(f"Option{number} Name", "") for number in _OPTIONS]
        for record in variants:
            self._variant(source, record, names, title, cells["id"], sold=sold)

    def _variant(
        self,
        source: Source,
        record: Record,
        names: list[str],
        title: str,
        product: str,
        *,
        sold: bool,
    ) -> None:
        chosen = [record.cells.get(f"Option{number} Value", "") for number in _OPTIONS]
        if chosen[0] == "Default Title":
            chosen = ["", "", ""]
        full = " - ".join(filter(None, (title, " / ".join(filter(None, chosen)))))
        cells = {
            "sku": self._skus.of(first_of(record, "Variant SKU"), full),
            "product": product,
            "price": record.cells["Variant Price"],
            "list_price": record.cells.get("Variant Compare At Price") or EMPTIED,
            "stock": self._stock(record) if sold else "0",
        }
        cells |= {
            f"option_{name[:40]}": value
            for name, value in zip(names, chosen, strict=True)
            if name and value
        }
        self._rows.add("variants.csv", source.file, record.line, cells, _PRODUCT_NAMES)

    def _stock(self, record: Record) -> str:
        """Pieces; emptied, which stands for "not counted", where Shopify does not track them."""
        key = _variant_key(record)
        if key in self._pieces:
            return str(self._pieces[key])
        tracked = record.cells.get("Variant Inventory Tracker", "shopify")
        return record.cells.get("Variant Inventory Qty") or EMPTIED if tracked else EMPTIED


def _is_sold(first: Record) -> bool:
    published = first.cells.get("Published", "").lower() != "false"
    return published and first.cells.get("Status", "active").lower() in ("active", "")


def _category(first: Record, terms: Terms) -> str:
    own = first.cells.get("Type", "")
    if own:
        return own
    of_shopify = first.cells.get("Product Category", "").split(">")[-1].strip()
    return of_shopify or ("其他" if terms.languages[0] == "zh" else "Other")


def _variant_key(record: Record) -> tuple[str, ...]:
    chosen = (record.cells.get(f"Option{number} Value", "") for number in _OPTIONS)
    return record.cells.get("Handle", ""), *chosen


def _inventory(sources: Sequence[Source]) -> dict[tuple[str, ...], int]:
    """Pieces at all locations together. The export says "Available", with notes behind it."""
    pieces: dict[tuple[str, ...], int] = {}
    for source in sources:
        column = next((name for name in source.columns if name.startswith("Available")), "")
        for record in source.records:
            found = amount(record.cells.get(column, ""))
            if found is not None:
                key = _variant_key(record)
                pieces[key] = pieces.get(key, 0) + int(found)
    return pieces


def _contact(record: Record) -> dict[str, str]:
    """E-mail address and telephone; nothing where both are missing."""
    email = normalise.email(first_of(record, "Email")) or ""
    phone = first_of(record, "Phone", "Default Address Phone")
    return {"email": email, "phone": phone} if email or phone else {}


def _customers(source: Source, rows: Rows, notices: Notices) -> None:
    known: set[str] = set()
    for record in source.records:
        contact = _contact(record)
        name = " ".join(filter(None, (record.cells["First Name"], record.cells["Last Name"])))
        who = known_by(contact["email"], contact["phone"]) if contact else ""
        if not who or who in known:
            what = "Customers without e-mail address and telephone, left out"
            if who:
                what = "Customers who stand there before, left out"
            notices.add(what, name or who or f"line {record.line}")
            continue
        known.add(who)
        name = name or first_of(record, "Default Address Company", "Company")
        place = ("Default Address ", "")
        address = {
            "recipient": cut(name, 80),
            "line": _line(record, *place),
            "city": cut(_of(record, "City", *place), 60),
            "province": cut(
                _of(record, "Province", *place) or _of(record, "Province Code", *place), 60
            ),
            "postcode": _of(record, "Zip", *place),
            "country": _of(record, "Country Code", *place) or _of(record, "Country", *place),
        }
        cells = {**contact, "name": cut(name, 80)}
        cells |= address if address["line"] or address["postcode"] else {}
        rows.add("customers.csv", source.file, record.line, cells, {"email": "Email"})


def _of(record: Record, column: str, *prefixes: str) -> str:
    return first_of(record, *(f"{prefix}{column}" for prefix in prefixes))


def _line(record: Record, *prefixes: str) -> str:
    parts = (_of(record, column, *prefixes) for column in ("Address1", "Address2"))
    return cut(", ".join(filter(None, parts)), 200)


def _orders(source: Source, orders: Orders, terms: Terms, now: datetime, notices: Notices) -> None:
    moment = values.moment(terms.zone)
    for records in _together(source, "Name"):
        first = records[0]
        number = first.cells["Name"]
        financial = first.cells.get("Financial Status", "").lower()
        if financial == "partially_refunded":
            notices.add("Orders refunded in part, kept with their whole amount", number)
        if first.cells.get("Fulfillment Status", "").lower() == "partial":
            notices.add("Orders sent in part, kept as sent", number)
        left = first_of(first, "Fulfilled at", "Created at")
        order = Ordered(
            number=number,
            buyer=_buyer(first),
            status=_status(first, financial, sent(left, moment, now)),
            placed_at=first.cells.get("Created at", ""),
            lines=[
                Line(
                    sku=first_of(record, "Lineitem sku"),
                    name=record.cells.get("Lineitem name", ""),
                    quantity=record.cells.get("Lineitem quantity", ""),
                    price=record.cells.get("Lineitem price", ""),
                )
                for record in records
                if record.cells.get("Lineitem name")
            ],
            currency=first.cells.get("Currency", ""),
            delivery_fee=first.cells.get("Shipping", ""),
            subtotal=first.cells.get("Subtotal", ""),
            total=first.cells.get("Total", ""),
            payment=first.cells.get("Payment Method", ""),
        )
        orders.add(order, source.file, first.line, _ORDER_NAMES)


def _status(first: Record, financial: str, sent_as: str) -> str:
    if first.cells.get("Cancelled at"):
        return "refunded" if financial == "refunded" else "cancelled"
    if financial == "refunded":
        return "refunded"
    if financial in _CALLED_OFF:
        return "cancelled"
    if first.cells.get("Fulfillment Status", "").lower() in _SENT:
        return sent_as
    return "pending_payment" if financial in _PENDING else "paid"


def _buyer(first: Record) -> Buyer:
    place = ("Shipping ", "Billing ")
    if not (first.cells.get("Shipping Address1") or first.cells.get("Shipping Zip")):
        place = ("Billing ", "Billing ")
    name = _of(first, "Name", *place)
    address = {
        "recipient": cut(name, 80),
        "line": _line(first, *place),
        "city": cut(_of(first, "City", *place), 60),
        "province": cut(_of(first, "Province Name", *place) or _of(first, "Province", *place), 60),
        "postcode": _of(first, "Zip", *place),
        "country": _of(first, "Country", *place),
    }
    return Buyer(
        email=first_of(first, "Email"),
        phone=first_of(first, "Phone", "Billing Phone", "Shipping Phone"),
        name=first_of(first, "Billing Name", "Shipping Name"),
        address=address if address["line"] or address["postcode"] else {},
    )
