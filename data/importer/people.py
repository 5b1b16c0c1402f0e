"""Which customer a row means, and where they live.

A customer is known by an e-mail address, else by a telephone number, which a family may share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from data.importer.reading import Row
from data.importer.tables import ADDRESS
from data.models import Address, Customer

_PLACE = ADDRESS[:-1]  # a country alone is no address
_BATCH = 500  # keys in one query; SQLite takes 32,766 values at most


class People:
    """The shop's customers whom the rows can mean."""

    def __init__(self, session: Session, rows: Iterable[Row]) -> None:
        self._by_email: dict[str, Customer] = {}
        self._by_phone: dict[str, list[Customer]] = defaultdict(list)
        given = list(rows)
        for column, key in ((Customer.email, "email"), (Customer.phone, "phone")):
            wanted = sorted({str(row[key]) for row in given if row.get(key)})
            for start in range(0, len(wanted), _BATCH):
                query = (
                    select(Customer)
                    .where(column.in_(wanted[start : start + _BATCH]))
                    .options(selectinload(Customer.payment_methods))
                )
                for customer in session.scalars(query).unique():
                    self.add(customer)
        for new in session.new:  # those that a problem elsewhere keeps from being flushed
            if isinstance(new, Customer):
                self.add(new)

    def add(self, customer: Customer) -> None:
        """One who may be meant from now on."""
        if customer.email:
            self._by_email[customer.email] = customer
        if customer.phone and customer not in self._by_phone[customer.phone]:
            self._by_phone[customer.phone].append(customer)

    def of(self, row: Row) -> list[Customer]:
        """One; none when the shop does not know them; several where only a shared number is given.
        Somebody known by a number alone is still the same when they get an address."""
        email = row.get("email")
        if email in self._by_email:
            return [self._by_email[email]]
        same_number = self._by_phone.get(row.get("phone") or "", [])
        nameless = [customer for customer in same_number if not customer.email]
        if email:
            return nameless if len(nameless) == 1 else []
        return nameless if len(nameless) == 1 else same_number


def default_address(customer: Customer, country: str) -> Address:
    """Where a customer's orders go; an empty one for somebody without any."""
    if not customer.addresses:
        customer.addresses.append(Address(country=country, is_default=True))
    return next((a for a in customer.addresses if a.is_default), customer.addresses[0])


def set_default_address(customer: Customer, row: Row, country: str) -> None:
    """An address that differs is added: older orders went to the old one."""
    address = _address(customer, row, country)
    if address is None:
        default_address(customer, country)
        return
    for other in customer.addresses:
        other.is_default = other is address


def order_address(customer: Customer, row: Row, country: str) -> Address | None:
    """Where this order goes, if the row says so."""
    return _address(customer, row, country)


def _address(customer: Customer, row: Row, country: str) -> Address | None:
    """The customer's address that the row gives, added if it is new; None if it gives none. What
    the file has a column for and leaves empty, the address lacks; the rest is as it was."""
    if not any(row.get(name) for name in _PLACE):
        return None
    before = next((a for a in customer.addresses if a.is_default), None)
    parts: dict[str, Any] = {}
    for name in ADDRESS:
        kept = None if name in row.columns or before is None else getattr(before, name)
        parts[name] = row.get(name) or kept
    parts["country"] = parts["country"] or country
    for address in customer.addresses:
        if all(getattr(address, name) == part for name, part in parts.items()):
            return address
    address = Address(**parts, is_default=not customer.addresses)
    customer.addresses.append(address)
    return address
