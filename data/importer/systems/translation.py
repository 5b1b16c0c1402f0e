"""What the translators have in common: rows in our columns, ids and SKUs for what has none, and
orders with their buyers."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from data import normalise
from data.importer import values
from data.importer.problems import Notices
from data.importer.reading import EMPTIED, Given, Sheet
from data.importer.sheets import Record

# Exports say that an order was sent, not that it came. After so long it has come, or its buyer
# would have asked: the assistant would else call it under way for ever.
_ARRIVED_AFTER = timedelta(days=30)
_SUMMARY = 300  # characters that products.csv takes
_SKU = 80
_DIGEST = 8  # hexadecimal digits that keep two shortened names apart


class Rows:
    """Rows by the name of our table, in the order in which they were added."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Given]] = {}

    def add(
        self,
        table: str,
        file: str,
        line: int,
        cells: Mapping[str, str],
        names: Mapping[str, str] | None = None,
        *,
        only_new: bool = False,
    ) -> None:
        """`names`: what the columns are called in `file`; `only_new`: a row that the shop has
        already stays as it is."""
        row = Given(file, line, dict(cells), dict(names or {}), only_new)
        self._rows.setdefault(table, []).append(row)

    def sheets(self) -> dict[str, Sheet]:
        return {table: Sheet.of(rows) for table, rows in self._rows.items()}


@dataclass
class Categories:
    """Categories by the names that products give them."""

    rows: Rows
    known: set[str] = field(default_factory=set)

    def of(self, name: str, file: str, line: int) -> str:
        """The category's id; its row is added where it is new."""
        own = slug(name, 40)
        if own not in self.known:
            self.known.add(own)
            cells = {"id": own, "name": cut(name, 80)}
            self.rows.add("categories.csv", file, line, cells, only_new=True)
        return own


@dataclass
class Skus:
    """SKUs as the shop has them; for a variant without one, or with another's, its full name."""

    notices: Notices
    taken: set[str] = field(default_factory=set)

    def of(self, given: str, name: str) -> str:
        own = given or sku_of(name)
        if own in self.taken:
            if given:
                self.notices.add(
                    "Variants with the SKU of another one, which get one of their own", name
                )
            own = sku_of(name)
        number = 2
        while own in self.taken:
            own = sku_of(f"{name} ({number})")
            number += 1
        self.taken.add(own)
        return own


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who ordered, and where it goes: `address` in our columns."""

    email: str
    phone: str
    name: str
    address: dict[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    sku: str
    name: str
    quantity: str
    price: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """One order, in the words of its system but for the status. `subtotal`: of the goods after
    discounts; empty: the sum of the lines."""

    number: str
    buyer: Buyer
    status: str
    placed_at: str
    lines: list[Line]
    currency: str = ""
    delivery_fee: str = ""
    subtotal: str = ""
    total: str = ""
    payment: str = ""


class Orders:
    """Orders, and the customers that stand in no other file, as their newest order has them."""

    def __init__(self, rows: Rows, notices: Notices) -> None:
        self._rows = rows
        self._notices = notices
        self._known: set[str] = set()

    def add(self, order: Ordered, file: str, line: int, names: Mapping[str, str]) -> None:
        buyer, lines = order.buyer, _joined(order.lines)
        who = known_by(buyer.email, buyer.phone)
        if lack := _lack(order.number, who, lines):
            self._notices.add(f"Orders that {lack}, left out", order.number)
            return
        contact = {"email": normalise.email(buyer.email) or "", "phone": buyer.phone}
        if who not in self._known:
            self._known.add(who)
            cells = {**contact, "name": cut(buyer.name, 80), **buyer.address}
            self._rows.add("customers.csv", file, line, cells, names, only_new=True)
            nameless(self._rows, file, line, contact)
        label = cut(order.payment, 60)
        cells = {
            "number": order.number,
            **contact,
            "status": order.status,
            "placed_at": order.placed_at,
            "currency": order.currency,
            "delivery_fee": order.delivery_fee,
            "discount": _discount(lines, order.subtotal),
            "total": order.total,
            "payment_kind": slug(order.payment, 20) if order.payment else "",
            "payment_label": label,
            **buyer.address,
        }
        self._rows.add("orders.csv", file, line, cells, names)
        for each in lines:
            cells = {
                "order": order.number,
                "sku": each.sku or sku_of(each.name),
                "quantity": each.quantity,
                "unit_price": each.price,
                "name": cut(each.name or each.sku, 200),
            }
            self._rows.add("order_lines.csv", file, line, cells, names)


def nameless(rows: Rows, file: str, line: int, contact: Mapping[str, str]) -> None:
    """Who is called nothing anywhere is called by what they are known by."""
    name = contact["email"] or contact["phone"]
    rows.add("customers.csv", file, line, {**contact, "name": name}, only_new=True)


def known_by(email: str, phone: str) -> str:
    """What names the customer; empty where nothing does."""
    return normalise.email(email) or phone


def _lack(number: str, who: str, lines: list[Line]) -> str:
    if normalise.order_number(number) is None:
        return "have a number that is none (3 to 40 letters, digits, hyphens)"
    if not who:
        return "name no customer by e-mail address or telephone"
    return "" if lines else "hold nothing"


def _joined(lines: Iterable[Line]) -> list[Line]:
    """One line for the same article at the same price; none for nothing."""
    found: dict[tuple[str, Decimal | str], Line] = {}
    for line in lines:
        if amount(line.quantity) == 0:
            continue
        price = amount(line.price)
        key = (line.sku or sku_of(line.name), line.price if price is None else price)
        before = found.get(key)
        pieces, more = amount(before.quantity if before else "0"), amount(line.quantity)
        if before and pieces is not None and more is not None:
            line = Line(line.sku, line.name, str(pieces + more), line.price)
        found[key] = line
    return list(found.values())


def _discount(lines: Iterable[Line], subtotal: str) -> str:
    """What the lines come to above the subtotal, which tells of every kind of discount."""
    after = amount(subtotal)
    if after is None:
        return ""
    before = Decimal(0)
    for line in lines:
        quantity, price = amount(line.quantity), amount(line.price)
        if quantity is None or price is None:
            return ""
        before += quantity * price
    return str(before - after) if before > after else EMPTIED


def amount(text: str) -> Decimal | None:
    """A number with a decimal point; None for all else, which the checks then tell of."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def sent(at: str, zone_and_form: values.Parse, now: datetime) -> str:
    """The status of an order that left the shop at that time."""
    try:
        since = now - zone_and_form(at)
    except ValueError:
        return "shipped"
    return "delivered" if since > _ARRIVED_AFTER else "shipped"


def slug(text: str, longest: int) -> str:
    """An id for a text: its letters and digits; with a digest where that leaves something out."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    whole = all(c.isascii() or not c.isalnum() for c in unicodedata.normalize("NFKD", text))
    if words and whole and len(words) <= longest:
        return words
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
    return f"{words[: longest - _DIGEST - 1].strip('-')}-{digest}".strip("-")


def sku_of(name: str) -> str:
    """What stands for the SKU of a variant that has none: its name, which its orders give too."""
    plain = " ".join(name.split())
    if len(plain) <= _SKU:
        return plain
    digest = hashlib.sha256(plain.encode()).hexdigest()[:_DIGEST]
    return f"{plain[: _SKU - _DIGEST - 1].rstrip()}-{digest}"


def cut(text: str, longest: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1].rstrip()}…"


def summary_of(text: str) -> str:
    """One line for cards."""
    plain = " ".join(str(values.prose(1_000_000)(text)).split())
    return cut(plain, _SUMMARY)


def listed(words: Iterable[str]) -> str:
    """Each once, as our lists are written: A|B."""
    return "|".join(dict.fromkeys(word.strip().replace("|", "/") for word in words if word.strip()))


def first_of(record: Record, *columns: str) -> str:
    """The first of these columns that holds something. An apostrophe before a number is what keeps
    a spreadsheet from reading it as one, and no part of it."""
    for column in columns:
        cell = record.cells.get(column, "")
        if cell:
            return re.sub(r"^'(?=[+\d])", "", cell)
    return ""
