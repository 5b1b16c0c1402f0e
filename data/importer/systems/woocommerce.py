"""WooCommerce's exports. Files are known by their columns, not their names:

- products: its own product export (Products → Export);
- customers: its own customer report (Analytics → Customers → Download), or the users of WebToffee's
  import and export plugins;
- orders, of which it exports none with their lines: WebToffee's "Order Export & Order Import for
  WooCommerce" (one row an order, columns line_item_1 …) or AlgolPlus's "Advanced Order Export For
  WooCommerce" (one row an article).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

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

_PRODUCTS = {"Type", "Name", "Regular price"}
_WEBTOFFEE_ORDERS = {"order_number", "status", "line_item_1"}
_ALGOL_ORDERS = {"Order Number", "Order Status", "Item Cost"}
_WEBTOFFEE_USERS = {"user_email"}
_REPORT = {"Email", "Username"}
_NOT_ALONE = {"grouped"}  # made of other products, without a price of its own
_STATUSES = {
    "pending": "pending_payment",
    "pending payment": "pending_payment",
    "on hold": "pending_payment",
    "processing": "paid",
    "cancelled": "cancelled",
    "failed": "cancelled",
    "refunded": "refunded",
}
_PRODUCT_NAMES = {
    "id": "ID",
    "name": "Name",
    "summary": "Short description",
    "description": "Description",
    "tags": "Tags",
    "picture_url": "Images",
    "sku": "SKU",
    "price": "Regular price",
    "stock": "Stock",
}
_ORDER_NAMES = {
    "webtoffee": {
        "number": "order_number",
        "email": "billing_email",
        "phone": "billing_phone",
        "status": "status",
        "placed_at": "order_date",
        "currency": "order_currency",
        "delivery_fee": "shipping_total",
        "total": "order_total",
        "unit_price": "line_item",
    },
    "algol": {
        "number": "Order Number",
        "email": "Email (Billing)",
        "phone": "Phone (Billing)",
        "status": "Order Status",
        "placed_at": "Order Date",
        "delivery_fee": "Order Shipping Amount",
        "total": "Order Total Amount",
        "quantity": "Quantity",
        "unit_price": "Item Cost",
    },
}


def translate(
    sources: Sequence[Source], terms: Terms, now: datetime, notices: Notices
) -> dict[str, Sheet]:
    """Our tables' rows. Files that are no export of WooCommerce's are told of and left out."""
    rows = Rows()
    kinds: dict[str, list[Source]] = defaultdict(list)
    for source in sources:
        kinds[_kind(source)].append(source)
    for source in kinds[""]:
        notices.add("Files that are none of WooCommerce's exports, left out", source.file)
    catalogue = _Catalogue(rows, terms, now, notices)
    for source in kinds["products"]:
        catalogue.add(source)
    for source in kinds["customers"]:
        _customers(source, rows, notices)
    orders = Orders(rows, notices)
    for source in kinds["webtoffee"]:
        for record in source.records:
            orders.add(
                _webtoffee_order(record, terms, now),
                source.file,
                record.line,
                _ORDER_NAMES["webtoffee"],
            )
    for source in kinds["algol"]:
        for records in _by_order(source):
            orders.add(
                _algol_order(records, terms, now),
                source.file,
                records[0].line,
                _ORDER_NAMES["algol"],
            )
    for source in kinds["customers"]:
        for record in source.records:
            if contact := _contact(record):
                nameless(rows, source.file, record.line, contact)
    return rows.sheets()


def _kind(source: Source) -> str:
    columns = set(source.columns)
    kinds = (
        ("products", _PRODUCTS),
        ("webtoffee", _WEBTOFFEE_ORDERS),
        ("algol", _ALGOL_ORDERS),
        ("customers", _WEBTOFFEE_USERS),
        ("customers", _REPORT),
    )
    return next((kind for kind, needed in kinds if needed <= columns), "")


@dataclass(frozen=True, slots=True)
class _Price:
    price: str
    before: str  # a reduction; empty: not reduced


class _Catalogue:
    def __init__(self, rows: Rows, terms: Terms, now: datetime, notices: Notices) -> None:
        self._rows = rows
        self._terms = terms
        self._today = now.astimezone(terms.zone).date()
        self._notices = notices
        self._categories = Categories(rows)
        self._skus = Skus(notices)
        self._ids: set[str] = set()

    def add(self, source: Source) -> None:
        variations = _variations(source)
        for record in source.records:
            kinds = {kind.strip() for kind in record.cells["Type"].lower().split(",")}
            if "variation" in kinds or not record.cells["Name"]:
                continue
            if kinds & _NOT_ALONE:
                what = "Groups of products, without a price of their own, left out"
                self._notices.add(what, record.cells["Name"])
                continue
            own = [each for key in _keys(record) for each in variations.get(key, [])]
            own.sort(key=lambda each: each.line)
            variants = [v for v in own or [record] if self._price(v).price]
            if not variants:
                what = "Products without a price, left out"
                self._notices.add(what, record.cells["Name"])
                continue
            self._product(source, record, variants)

    def _product(self, source: Source, record: Record, variants: list[Record]) -> None:
        name, number = record.cells["Name"], record.cells.get("ID", "")
        own = slug(name, 60)
        if own in self._ids:
            own = slug(f"{name} {number or record.line}", 60)
        self._ids.add(own)
        sold = record.cells.get("Published", "1") == "1"
        sold = sold and record.cells.get("Visibility in catalog") != "hidden"
        if not sold:
            what = "Drafts, private and hidden products, which are not sold"
            self._notices.add(what, name)
        category, others = _category(record, self._terms)
        website = self._terms.website
        cells = {
            "id": own,
            "category": self._categories.of(category, source.file, record.line),
            "brand": cut(first_of(record, "Brands", "Brand"), 60),
            "name": cut(name, 200),
            "summary": summary_of(record.cells.get("Short description", "")),
            "description": record.cells.get("Description", "").replace("\\n", "\n"),
            "tags": listed([*record.cells.get("Tags", "").split(","), *others]),
            "page_url": f"{website}/?p={number}" if website and number else "",
            "picture_url": record.cells.get("Images", "").split(",")[0].strip(),
            "sold": "yes" if sold else "no",
        }
        self._rows.add("products.csv", source.file, record.line, cells, _PRODUCT_NAMES)
        chosen_by = (
            {name for v in variants for name, _ in _attributes(v)}
            if variants != [record]
            else set()
        )
        self._facts(source, record, own, chosen_by)
        for variant in variants:
            self._variant(source, record, variant, own, sold=sold)

    def _facts(self, source: Source, record: Record, product: str, options: set[str]) -> None:
        """The attributes that are no choice, to compare by."""
        for name, text in _attributes(record):
            if name not in options:
                cells = {
                    "product": product,
                    "key": slug(name, 40),
                    "name": cut(name, 80),
                    "value": cut(text, 300),
                }
                self._rows.add("attributes.csv", source.file, record.line, cells, _PRODUCT_NAMES)

    def _variant(
        self, source: Source, product: Record, record: Record, product_id: str, *, sold: bool
    ) -> None:
        price = self._price(record)
        name = record.cells["Name"]
        chosen = _attributes(record) if record is not product else []
        if record is not product and name in ("", product.cells["Name"]):
            name = " - ".join((product.cells["Name"], ", ".join(text for _, text in chosen)))
        cells = {
            "sku": self._skus.of(first_of(record, "SKU"), name),
            "product": product_id,
            "price": price.price,
            "list_price": price.before or EMPTIED,
            "stock": _stock(record, product) if sold else "0",
        }
        cells |= {f"option_{each[:40]}": text for each, text in chosen}
        self._rows.add("variants.csv", source.file, record.line, cells, _PRODUCT_NAMES)

    def _price(self, record: Record) -> _Price:
        regular = record.cells.get("Regular price", "")
        reduced = record.cells.get("Sale price", "")
        if reduced and self._is_on(record):
            return _Price(reduced, regular)
        return _Price(regular, "")

    def _is_on(self, record: Record) -> bool:
        """Whether today is a day of the reduction."""
        starts = self._day(record.cells.get("Date sale price starts", "")) or date.min
        ends = self._day(record.cells.get("Date sale price ends", "")) or date.max
        return starts <= self._today <= ends

    def _day(self, cell: str) -> date | None:
        try:
            at: datetime = values.moment(self._terms.zone, self._terms.dates)(cell)
        except ValueError:
            return None
        return at.astimezone(self._terms.zone).date()


def _keys(record: Record) -> Iterator[str]:
    """By what variations name their product."""
    for column, form in (("ID", "id:{}"), ("SKU", "{}")):
        if record.cells.get(column):
            yield form.format(record.cells[column])


def _variations(source: Source) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for record in source.records:
        published = record.cells.get("Published", "1") == "1"
        if "variation" in record.cells["Type"].lower() and published:
            found[record.cells.get("Parent", "")].append(record)
    return found


def _attributes(record: Record) -> list[tuple[str, str]]:
    """(Colour, Red), …"""
    found = []
    for number in range(1, 100):
        name = record.cells.get(f"Attribute {number} name")
        if name is None:
            break
        text = record.cells.get(f"Attribute {number} value(s)", "")
        if name and text:
            found.append((name, ", ".join(_parts(text))))
    return found


def _parts(text: str) -> list[str]:
    """What commas separate; a comma with a backslash before it belongs to its word."""
    parts = re.split(r"(?<!\\),", text)
    return [part.replace("\\,", ",").strip() for part in parts if part.strip()]


def _category(record: Record, terms: Terms) -> tuple[str, list[str]]:
    """The first one's last step, and the other names for tags: "A > B, C" → B, [A, C]."""
    steps = [
        [step.strip() for step in path.split(">")]
        for path in _parts(record.cells.get("Categories", ""))
    ]
    if not steps:
        return ("其他" if terms.languages[0] == "zh" else "Other"), []
    own = steps[0][-1]
    return own, [step for path in steps for step in path if step != own]


def _stock(record: Record, product: Record) -> str:
    """Pieces; emptied, which stands for "not counted", where only being in stock is known."""
    pieces = record.cells.get("Stock", "")
    if pieces.lower() == "parent":
        pieces = product.cells.get("Stock", "")
    if pieces:
        return pieces
    return "0" if record.cells.get("In stock?", "1") in ("0", "backorder") else EMPTIED


def _contact(record: Record) -> dict[str, str]:
    """E-mail address and telephone of a customer; nothing of who is none or names neither."""
    email = normalise.email(first_of(record, "user_email", "Email", "billing_email")) or ""
    phone = first_of(record, "billing_phone", "shipping_phone")
    is_one = re.search("customer|subscriber", record.cells.get("roles", "customer"))
    return {"email": email, "phone": phone} if is_one and (email or phone) else {}


def _customers(source: Source, rows: Rows, notices: Notices) -> None:
    known: set[str] = set()
    for record in source.records:
        contact = _contact(record)
        who = known_by(contact["email"], contact["phone"]) if contact else ""
        if not who or who in known:
            what = "Users who are no customers, name nothing or stand there before, left out"
            notices.add(what, who or f"line {record.line}")
            continue
        known.add(who)
        person = " ".join(
            filter(None, (record.cells.get("first_name"), record.cells.get("last_name")))
        )
        cells = {
            **contact,
            "name": cut(person or first_of(record, "Name", "display_name"), 80),
            "joined_at": first_of(record, "user_registered", "Sign up", "Date registered"),
            **_address(record, "shipping_{}", "billing_{}"),
        }
        if "City" in record.cells:
            cells |= _report_address(record)
        rows.add("customers.csv", source.file, record.line, cells, {"email": "Email"})


def _report_address(record: Record) -> dict[str, str]:
    return {
        "city": cut(record.cells["City"], 60),
        "province": cut(first_of(record, "Region"), 60),
        "postcode": first_of(record, "Postal code", "Postcode"),
        "country": first_of(record, "Country / Region", "Country"),
    }


def _address(record: Record, *forms: str) -> dict[str, str]:
    """By the first of the forms of columns that has one: shipping_{}, billing_{}."""
    for form in forms:

        def of(*names: str, form: str = form) -> str:
            return first_of(record, *(form.format(name) for name in names))

        street = ", ".join(filter(None, (of("address_1", "Address 1&2"), of("address_2"))))
        if not street and not of("postcode", "Postcode"):
            continue
        person = (of("first_name", "First Name"), of("last_name", "Last Name"))
        return {
            "recipient": cut(" ".join(filter(None, person)), 80),
            "line": cut(street, 200),
            "city": cut(of("city", "City"), 60),
            "province": cut(of("state", "State Name", "State Code"), 60),
            "postcode": of("postcode", "Postcode"),
            "country": of("country", "Country Code", "Country Name"),
        }
    return {}


def _status(text: str, at: str, terms: Terms, now: datetime) -> str:
    plain = text.lower().removeprefix("wc-").replace("-", " ").strip()
    if plain == "completed":
        return sent(at, values.moment(terms.zone, terms.dates), now)
    return _STATUSES.get(plain, text)


def _webtoffee_order(record: Record, terms: Terms, now: datetime) -> Ordered:
    left = first_of(record, "completed_date", "paid_date", "order_date", "date")
    return Ordered(
        number=first_of(record, "order_number", "order_id"),
        buyer=Buyer(
            email=first_of(record, "billing_email", "customer_email"),
            phone=first_of(record, "billing_phone"),
            name=" ".join(
                filter(
                    None,
                    (
                        first_of(record, "billing_first_name"),
                        first_of(record, "billing_last_name"),
                    ),
                )
            ),
            address=_address(record, "shipping_{}", "billing_{}"),
        ),
        status=_status(record.cells["status"], left, terms, now),
        placed_at=first_of(record, "order_date", "date"),
        lines=[_webtoffee_line(cell) for cell in _line_items(record)],
        currency=first_of(record, "order_currency"),
        delivery_fee=first_of(record, "shipping_total"),
        total=first_of(record, "order_total"),
        payment=first_of(record, "payment_method_title", "payment_method"),
    )


def _line_items(record: Record) -> Iterable[str]:
    columns = (name for name in record.cells if re.fullmatch(r"line_item_\d+", name))
    return (record.cells[name] for name in columns if record.cells[name])


def _webtoffee_line(cell: str) -> Line:
    """name:Mug|product_id:37|sku:M-1|quantity:2|total:18.00|sub_total:20.00"""
    parts: dict[str, str] = {}
    for part in cell.split("|"):
        key, _, text = part.partition(":")
        parts.setdefault(key.strip(), text.strip())
    quantity = parts.get("quantity", "1")
    total = parts.get("total", "")
    pieces, paid = amount(quantity), amount(total)
    if pieces and paid is not None:
        total = str(round(paid / pieces, 2))
    return Line(parts.get("sku", ""), parts.get("name", ""), quantity, total)


def _by_order(source: Source) -> Iterator[list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in source.records:
        found.setdefault(record.cells["Order Number"], []).append(record)
    yield from found.values()


def _algol_order(records: list[Record], terms: Terms, now: datetime) -> Ordered:
    first = records[0]
    placed = first_of(first, "Order Date")
    left = first_of(first, "Completed Date", "Paid Date", "Order Date")
    person = (first_of(first, "First Name (Billing)"), first_of(first, "Last Name (Billing)"))
    return Ordered(
        number=first.cells["Order Number"],
        buyer=Buyer(
            email=first_of(first, "Email (Billing)"),
            phone=first_of(first, "Phone (Billing)"),
            name=" ".join(filter(None, person)),
            address=_address(first, "{} (Shipping)", "{} (Billing)"),
        ),
        status=_status(first.cells["Order Status"], left, terms, now),
        placed_at=placed,
        lines=[
            Line(
                sku=first_of(record, "SKU"),
                name=first_of(record, "Item Name", "Product Name (main)", "Name"),
                quantity=first_of(record, "Quantity", "Quantity (- Refund)"),
                price=first_of(record, "Item Cost"),
            )
            for record in records
        ],
        currency=first_of(first, "Currency", "Order Currency"),
        delivery_fee=first_of(first, "Order Shipping Amount"),
        subtotal=first_of(first, "Order Subtotal Amount"),
        total=first_of(first, "Order Total Amount"),
        payment=first_of(first, "Payment Method Title"),
    )
