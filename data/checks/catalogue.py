"""What is missing or odd in what was imported, by the shop's own rules."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import phonenumbers
from sqlalchemy import select

from data import normalise
from data.checks.findings import Finding, odd, silent, some, wrong
from data.models import Address, Category, Customer, Order, Product
from data.rules import ShopRules
from data.shop import GIFT, KIDS, Lexicon
from data.unit_of_work import UnitOfWork

# What customers write and what is no order number, in any shop.
_NO_NUMBERS = ("1", "12", "100", "2026", "HELLO", "ORDER")


@dataclass(frozen=True)
class Imported:
    """What the checks look at. `addresses`: country and postcode of each; `orders`: number, method
    and currency of each; `customers`: name, e-mail address, telephone and tier of each."""

    products: Sequence[Product]
    categories: Sequence[Category]
    customers: Sequence[tuple[str, str | None, str | None, str | None]]
    addresses: Sequence[tuple[str, str | None]]
    orders: Sequence[tuple[str, str | None, str]]

    @classmethod
    def read(cls, uow: UnitOfWork) -> Imported:
        rows = uow.session.execute
        people = select(Customer.name, Customer.email, Customer.phone, Customer.tier)
        orders = select(Order.number, Order.delivery_method, Order.currency).order_by(Order.number)
        return cls(
            products=uow.products.catalogue(),
            categories=uow.products.categories(),
            customers=[(n, e, p, t) for n, e, p, t in rows(people)],
            addresses=[(c, p) for c, p in rows(select(Address.country, Address.postcode))],
            orders=[(n, m, c) for n, m, c in rows(orders)],
        )


def check_catalogue(found: Imported, rules: ShopRules, lexicon: Lexicon) -> list[Finding]:
    if not found.products:
        return [
            odd(
                "catalogue",
                "there are no products yet: `shopguide import` takes them over (docs/import.md).",
            )
        ]
    return [
        *_currency(found, rules),
        *_products(found.products, rules),
        *_names(found, rules),
        *_classes(found.products, rules),
        *_words(found.products, rules, lexicon),
        *_orders(found, rules),
        *_numbers(found, rules),
        *_customers(found, rules),
        *_addresses(found, rules),
    ]


def _currency(found: Imported, rules: ShopRules) -> Iterator[Finding]:
    own = rules.shop.currency
    for what, priced in (
        ("product", [(p.id, {v.currency for v in p.variants}) for p in found.products]),
        ("order", [(number, {currency}) for number, _, currency in found.orders]),
    ):
        others = [name for name, currencies in priced if currencies - {own}]
        if others:
            yield wrong(
                f"{what}s",
                f"{_of(others, what)} in another currency than {own}, the shop's: {some(others)}.",
            )


def _products(products: Sequence[Product], rules: ShopRules) -> Iterator[Finding]:
    pages = rules.shop.pages
    lacking = {
        "without a description: little can be answered about": [
            p.id for p in products if not any(p.description[each] for each in rules.shop.languages)
        ],
        "without attributes: not compared, and not found by a measure": [
            p.id for p in products if not p.attributes
        ],
        "without a picture on their cards": [
            p.id for p in products if not (p.picture_url or pages.picture)
        ],
        "without a page of your shop, to which their cards could lead": [
            p.id for p in products if not (p.page_url or pages.product)
        ],
    }
    for what, ids in lacking.items():
        if ids:
            yield odd("products", f"{_share(ids, products)} {what}: {some(ids)}.")


def _names(found: Imported, rules: ShopRules) -> Iterator[Finding]:
    for language in rules.shop.languages:
        named = defaultdict(list)
        for product in found.products:
            named[product.name[language].casefold()].append(product.id)
        for ids in named.values():
            if len(ids) > 1:
                yield odd("products", f"one name for several, which customers mix up: {some(ids)}.")
    without = [
        category.id
        for category in found.categories
        if not any(category.aliases.get(each) for each in rules.shop.languages)
    ]
    if without:
        yield odd(
            "categories",
            f"{_of(without, 'category')} without other names, by which customers look for such "
            f"goods: {some(without)} (aliases of categories.csv).",
        )


def _classes(products: Sequence[Product], rules: ShopRules) -> Iterator[Finding]:
    if rules.returns is None:
        return
    classes = set(rules.returns.classes)
    strange = [p.id for p in products if p.return_class not in classes]
    if strange:
        yield wrong(
            "products",
            f"{_of(strange, 'product')} of a return class that rules.yaml does not have: "
            f"{some(strange)}.",
        )
    empty = sorted(classes - {"standard"} - {p.return_class for p in products})
    if empty:
        yield odd(
            "products",
            f"none is of the return class {some(empty)}: they go back as any other. Exports of "
            "shop systems have none; import a products.csv with id and return_class.",
        )


def _words(products: Sequence[Product], rules: ShopRules, lexicon: Lexicon) -> Iterator[Finding]:
    tags = {tag for product in products for tag in product.tags}
    keys = {each["key"] for product in products for each in product.attributes}
    # Words for the same material are kept as a tag, too: leather, suede.
    made_of = " ".join(
        text
        for product in products
        for each in product.attributes
        if each["key"] in lexicon.made_of()
        for text in each["value"].values()
    )
    known = tags | {GIFT, KIDS} | lexicon.tags_in(made_of)
    for what, missing in (
        ("tag", sorted(set(lexicon.tags) - known)),
        ("attribute", sorted(set(lexicon.attributes) - keys)),
    ):
        if missing:
            yield odd("lexicon.yaml", f"no product has the {what} {some(missing)}.")
    ground = rules.delivery.ground_only if rules.delivery else None
    if ground and not ground.tags & tags:
        yield odd(
            "rules.yaml",
            f"delivery.ground_only: no product has the tag {some(sorted(ground.tags))}.",
        )


def _orders(found: Imported, rules: ShopRules) -> Iterator[Finding]:
    if not found.orders:
        yield silent("orders", "there are none: nobody can be told of a parcel or a return.")
    methods = set(rules.delivery.methods) if rules.delivery else set()
    counts = Counter(method for _, method, _ in found.orders if method)
    strange = [method for method in counts if method not in methods]
    if methods and strange:
        yield odd(
            "orders",
            "a delivery method that rules.yaml does not have, in "
            f"{sum(counts[s] for s in strange)} "
            f"of {len(found.orders)}: {some(strange)}.",
        )


def _numbers(found: Imported, rules: ShopRules) -> Iterator[Finding]:
    shape = rules.shop.order_number
    if shape is None:
        return
    pattern = re.compile(shape.pattern)
    others = [number for number, _, _ in found.orders if not pattern.fullmatch(number)]
    if others:
        yield wrong(
            "shop.yaml",
            f"order_number.pattern does not match {_share(others, found.orders)} orders, whose "
            f"customers would not find them: {some(others)}.",
        )
    postcode = normalise.postcode(rules.places.postcode_example or "")
    taken = [each for each in (*_NO_NUMBERS, postcode) if each and pattern.fullmatch(each)]
    if taken:
        yield odd(
            "shop.yaml",
            f"order_number.pattern is too wide: it takes {some(taken)} for an order number.",
        )


def _customers(found: Imported, rules: ShopRules) -> Iterator[Finding]:
    people = found.customers
    ways = rules.shop.identified_by
    unknown = [n for n, email, phone, _ in people
               if not (("email" in ways and email) or ("phone" in ways and phone))]  # fmt: skip
    if unknown:
        yield odd(
            "customers",
            f"{_share(unknown, people)} cannot say who they are: shop.yaml asks for "
            f"{' or '.join(ways)}, which they do not have.",
        )
    tiers = {tier.id for tier in rules.membership.tiers} if rules.membership else set()
    strange = sorted({tier for *_, tier in people if tier and tier not in tiers})
    if strange:
        kind = wrong if rules.membership else odd
        yield kind("customers", f"of a tier that rules.yaml does not have: {some(strange)}.")
    numbers = [phone for _, _, phone, _ in people if phone and not _is_phone(phone)]
    if numbers:
        yield odd(
            "customers",
            f"{_share(numbers, people)} with a telephone number of no country, which names nobody.",
        )


def _is_phone(phone: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(phone, None))
    except phonenumbers.NumberParseException:
        return False


def _addresses(found: Imported, rules: ShopRules) -> Iterator[Finding]:
    if "postcode" not in rules.shop.proved_by:
        return
    home = [code for country, code in found.addresses if country == rules.shop.country]
    strange = [code for code in home if code and not _is_postcode(code, rules)]
    if strange:
        yield odd(
            "addresses",
            f"{_share(strange, home)} with a postcode that is none of {rules.shop.country}: "
            f"{some(strange)}.",
        )
    without = [country for country, code in found.addresses if not code]
    if without and rules.shop.proved_by == ("postcode",):
        yield odd(
            "addresses",
            f"{_share(without, found.addresses)} without a postcode, by which shop.yaml has "
            "customers prove who they are; let them name an order_number too.",
        )


def _is_postcode(stored: str, rules: ShopRules) -> bool:
    """Whether what is stored without spaces and hyphens can be written as a postcode at home."""
    code = normalise.postcode(stored)
    if code is None:
        return False
    written = (code, *(f"{code[:i]}-{code[i:]}" for i in range(1, len(code))))
    return any(rules.places.postcode(each, expected=True) == code for each in written)


def _of(things: Sequence[object], what: str) -> str:
    plural = {"category": "categories"}.get(what, f"{what}s")
    return f"{len(things)} {what if len(things) == 1 else plural}"


def _share(part: Sequence[object], whole: Sequence[object]) -> str:
    return f"{len(part)} of {len(whole)}"
