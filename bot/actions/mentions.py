"""Which products and orders a turn is about: named in it, or standing from before."""

from __future__ import annotations

import re

from bot.actions.skill import Turn
from data.models import Product
from data.unit_of_work import UnitOfWork

_CONTEXT_TURNS = 4  # how long "it" reaches back
_ORDINALS = [
    (r"第[一1]|\bfirst\b", 0),
    (r"第[二2]|\bsecond\b", 1),
    (r"第[三3]|\bthird\b", 2),
    (r"最后|\blast one\b", -1),
]
# "Is there anything waterproof?" asks what there is, not about the product talked of.
_OPEN = re.compile(r"\b(?:any|some)thing\b", re.I)
_FIRST_FEW = re.compile(r"前([两二2三3])|\bfirst (two|2|three|3)\b")


def named_products(turn: Turn) -> list[str]:
    """Ids of the products named in the utterance."""
    return turn.services.products.match(turn.text)


def product_talked_of(turn: Turn) -> str | None:
    """The product named in the utterance, else the one that was being talked about."""
    named = named_products(turn)
    if named:
        return named[0]
    shown = recently_shown(turn)
    if picked := picked_by_place(turn.text, shown):
        return picked[0]
    newest = turn.newest("product", "shown", within=_CONTEXT_TURNS)
    if "product" in newest:
        return str(newest["product"])
    # A list that came after a product takes its place.
    return shown[0] if "shown" in newest and len(shown) == 1 else None


def product_in_question(turn: Turn) -> str | None:
    """The same for a question, which may also be about goods of another kind or about none in
    particular: then None."""
    product = product_talked_of(turn)
    if product is None or product in named_products(turn):
        return product
    if asks_what_there_is(turn.text) or not turn.services.products.may_mean(turn.text, product):
        return None
    return product


def asks_what_there_is(text: str) -> bool:
    return _OPEN.search(text) is not None


def picked_by_place(text: str, shown: list[str]) -> list[str]:
    """Those of a list that a text names by their place: "the first two", "第一个和第三个"."""
    lowered = text.lower()
    if few := _FIRST_FEW.search(lowered):
        return shown[: 2 if (few[1] or few[2]) in "两二2two" else 3]
    return [
        shown[position]
        for pattern, position in _ORDINALS
        if re.search(pattern, lowered) and -len(shown) <= position < len(shown)
    ]


def without_name(text: str, product: Product) -> str:
    """The question without the product's name, which says nothing about what is asked of it:
    "岭线双人帐防水吗？" → "防水吗？", "Is the Ridgeline 2 tent waterproof?" → "Is it waterproof?".
    The text itself when nothing else is in it."""
    for name in sorted([product.name.zh, *product.aliases["zh"]], key=len, reverse=True):
        if name in text:
            return text.replace(name, " ", 1).strip(" ，,的") or text
    english = sorted([product.name.en, *product.aliases["en"]], key=len, reverse=True)
    # "the brook" may be the alias and "sleeping bag" the rest of the name.
    rest = "|".join(sorted({re.escape(word) for name in english for word in name.split()}))
    for name in english:
        named = rf"\b(?:the |your )?{re.escape(name)}(?:s\b)?(?: (?:{rest})s?\b)*(?P<its>['’]s\b)?"
        said = re.sub(named, _it, text, count=1, flags=re.IGNORECASE)
        if said != text:
            return text if said.strip(" ?？.!") == "it" else said
    return text


def _it(name: re.Match[str]) -> str:
    return "its" if name["its"] else "it"


def recently_shown(turn: Turn) -> list[str]:
    return [str(product) for product in turn.noted("shown", within=_CONTEXT_TURNS) or []]


def current(uow: UnitOfWork, product_id: str) -> Product | None:
    """The product as it stands now, with prices and stock."""
    return uow.products.get(product_id)


def order_number(turn: Turn) -> str | None:
    """The order number in the utterance."""
    numbers = turn.entities("order_number")
    return numbers[0] if numbers else None


# An order number of ours in the wrong shape, or another shop's: "order 12345", "订单号 JD123".
_ODD_NUMBER = re.compile(r"(?i)(?:order|订单号?|单号)\D{0,12}?([a-z]{0,3}-?\d{4,20})")


def odd_order_number(turn: Turn) -> str | None:
    match = _ODD_NUMBER.search(turn.text)
    return match[1] if match else None
