"""Which products and orders a turn is about: named in it, or standing from before."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from bot.dialogue.criteria import options_named
from bot.dialogue.notes import Notes
from bot.dialogue.turn import Turn
from bot.understanding import options, spans
from bot.understanding.names import without_name
from bot.understanding.places import asks_what_there_is, picked_by_place
from data import access
from data.capabilities import Capability
from data.models import Product, Variant
from data.rules import order_numbers
from data.unit_of_work import UnitOfWork
from retrieval import claims
from retrieval.lexical import terms
from retrieval.products import names_and_tags

__all__ = [
    "asks_what_there_is",
    "called",
    "chosen",
    "current",
    "named_products",
    "odd_order_number",
    "of_page",
    "options_asked",
    "order_number",
    "order_of_page",
    "picked",
    "picked_by_place",
    "product_before",
    "product_in_question",
    "product_talked_of",
    "recently_shown",
    "without_name",
]  # fmt: skip

_SHORTEST_TRACKING = 8  # S10 of the Universal Postal Union has 13, carriers 8 to 34
CONTEXT_TURNS = 4  # how long "it" reaches back


def named_products(turn: Turn) -> list[str]:
    """Ids of the products named in the utterance."""
    return turn.services.products.match(turn.text)


def product_talked_of(turn: Turn) -> str | None:
    """The product named in the utterance, else the one that was being talked about."""
    named = named_products(turn)
    if named:
        return named[0]
    shown = recently_shown(turn)
    newest = _newest(turn)
    if newest is None and of_page(turn) is not None:
        # Of a list from before the page was opened only a place in it is meant: "the second one".
        return next(iter(picked_by_place(turn.text, shown)), of_page(turn))
    if those := picked(turn, shown):
        return those[0]
    if newest is None:
        return None
    # A list that came after a product takes its place.
    last = newest.product or (shown[0] if len(shown) == 1 else None)
    return _that_comes_so(turn, last) or last


def product_before(turn: Turn) -> str | None:
    """The product that was being talked about, whatever the utterance names: "this one" beside a
    name."""
    newest = _newest(turn)
    return of_page(turn) if newest is None else newest.product


def of_page(turn: Turn) -> str | None:
    """The product of the page that the customer looks at."""
    return turn.page.product if turn.page else None


def _newest(turn: Turn) -> Notes | None:
    """What was talked of last, a product or a list; of what was before the customer opened the
    page of a product or a kind, nothing."""
    within = CONTEXT_TURNS
    if turn.page is not None and (turn.page.product or turn.page.category):
        within = min(within, turn.turns_on_page)
    return turn.noted(lambda notes: notes if notes.product or notes.shown else None, within=within)


def _that_comes_so(turn: Turn, last: str | None) -> str | None:
    """The product talked of latest that comes in what the utterance names, a size or colour, where
    the last one does not: "那 L 的红色还有吗" after a word about another jacket."""
    words = " ".join(options_named(turn, turn.text))
    talked = [last, *(n.product for ago, n in turn.earlier() if ago <= CONTEXT_TURNS)]
    for product_id in filter(None, talked if words else ()):
        product = turn.services.catalogue.get(product_id)
        if product and options.named(words, product.variants).of(product.variants):
            return product_id
    return None


def product_in_question(turn: Turn) -> str | None:
    """The same for a question, which may also be about goods of another kind or about none in
    particular: then None."""
    product = product_talked_of(turn)
    if product is None or product in named_products(turn):
        return product
    if asks_what_there_is(turn.text) or not turn.services.products.may_mean(turn.text, product):
        return None
    return product


def picked(turn: Turn, shown: list[str]) -> list[str]:
    """Those of a list that the utterance picks: by their place in it ("the second one"), or the one
    that alone is or comes in what it names ("the 12 kg bag", "那个棉的")."""
    if by_place := picked_by_place(turn.text, shown):
        return by_place
    catalogue = turn.services.catalogue
    listed = [catalogue[i] for i in shown if i in catalogue]
    if len(listed) < 2:
        return []
    words = spans.said(turn.request, "option", "goods", "product", "place_in_list", "that")
    coming = [p.id for p in listed if options.named(" ".join(words), p.variants).values]
    called = [p.id for p in listed for word in words if _is_called(turn, p, word)]
    for those in (called, coming):
        if len(set(those)) == 1:
            return those[:1]
    return []


def options_asked(turn: Turn, product: Product) -> options.Named:
    """What the utterance names of the product's options, and of options that it does not have;
    beside it what was chosen of the others before: "and in L?" after the black one is black."""
    text = without_name(turn.text, product)
    mentions = turn.services.products.lexicon.find(text, ("option",))
    others = [(each.owner, text[each.start : each.end]) for each in mentions]
    named = options.named(text, product.variants, others)
    newest = turn.noted(lambda notes: notes if notes.product else None, within=CONTEXT_TURNS)
    before = newest.options if newest and newest.product == product.id else None
    before = _chosen_on_page(turn, product) or before
    if not before:
        return named
    if not named and spans.said(turn.request, "property"):
        return named  # "which colours are there?"
    return named.beside(before)


def _chosen_on_page(turn: Turn, product: Product) -> Mapping[str, str] | None:
    """The options of the variant that is chosen on the product's page."""
    if turn.page is None or turn.page.sku is None or len(product.variants) == 1:
        return None
    variants = [each for each in product.variants if each.sku == turn.page.sku]
    return {key: value["en"] for each in variants for key, value in each.options.items()} or None


def chosen(variants: Sequence[Variant], product: Product) -> Mapping[str, str] | None:
    """The options that these variants of the product have in common and others of it have not: what
    is meant when it is talked of again."""
    if not variants or len(variants) == len(product.variants):
        return None
    first = variants[0].options
    same = {
        key: value["en"]
        for key, value in first.items()
        if all(v.options.get(key, {}).get("en") == value["en"] for v in variants)
    }
    return same or None


def called(turn: Turn, words: str) -> frozenset[str]:
    """The goods that these words are for; of a kind those alone whose names say all of the words:
    of "chicken dry food" the one with chicken."""
    goods = turn.services.products.sold_as(words)
    told = terms(words)
    so = frozenset(
        i
        for i in goods
        if all(claims.says(names_and_tags(turn.services.catalogue[i]), word) for word in told)
    )
    return so or goods


def _is_called(turn: Turn, product: Product, word: str) -> bool:
    return product.id in called(turn, word)


def recently_shown(turn: Turn) -> list[str]:
    return list(turn.noted(lambda notes: notes.shown, within=CONTEXT_TURNS) or ())


def current(uow: UnitOfWork, product_id: str) -> Product | None:
    """The product as it stands now, with prices and stock."""
    return uow.products.get(product_id)


def order_number(turn: Turn) -> str | None:
    """The first order number in the utterance, in the spelling of the database."""
    return next(iter(order_numbers.find(turn.services.rules, turn.text)), None)


def order_of_page(turn: Turn) -> str | None:
    """The order whose page the customer looks at, if it is known to be theirs."""
    if turn.page is None or turn.page.order_number is None:
        return None
    now = turn.services.clock()
    for number in order_numbers.find(turn.services.rules, turn.page.order_number):
        with turn.services.unit_of_work() as uow:
            if access.order_for_session(uow, turn.session_id, number, now=now) is not None:
                return number
    return None


def kind_of_page(turn: Turn) -> str | None:
    """The kind of goods whose page the customer looks at, where nothing was shown since."""
    if turn.page is None or turn.page.category is None:
        return None
    if turn.noted(lambda notes: notes.shown, within=min(CONTEXT_TURNS, turn.turns_on_page)):
        return None
    products = turn.services.products
    named = turn.page.category
    return named if products.of_category(named) else products.category(named)


def order_of_parcel(turn: Turn) -> str | None:
    """The customer's order whose parcel has the tracking number that the utterance names; None
    where it names none of theirs. Tracking numbers have as many shapes as carriers, so what is
    said is compared with those that this customer has."""
    said = _letters_and_digits(turn.text)
    if sum(map(str.isdigit, said)) < _SHORTEST_TRACKING:
        return None
    with turn.services.unit_of_work() as uow:
        customer = turn.customer(uow, Capability.READ_ORDERS)
        if customer is None:
            return None
        for order in uow.orders.of_customer(customer.id):
            for shipment in order.shipments:
                number = _letters_and_digits(shipment.tracking_number or "")
                if len(number) >= _SHORTEST_TRACKING and number in said:
                    return order.number
    return None


def _letters_and_digits(text: str) -> str:
    """In capitals, without what people put between the groups of a number."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(filter(str.isalnum, plain)).upper()


def odd_order_number(turn: Turn) -> str | None:
    """What the utterance calls an order number and is none of this shop's."""
    return order_numbers.odd(turn.services.rules, turn.text)
