"""Yes or no first, where an attribute of the product decides: whether it goes with another thing,
what it is made of, what is in it or comes with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.dialogue import basket, references
from bot.dialogue.turn import Turn
from bot.understanding import deciding, spans
from bot.understanding.names import without_name
from bot.wording import formats, views
from data.models import Product
from llm.types import Citation
from retrieval import claims
from retrieval.lexical import terms

_ACTS = frozenset({"product_question", "stock_check", "recommend_companion", "product_search",
                   "compare", "out_of_scope", "nlu_fallback"})  # fmt: skip
Attribute = Mapping[str, Any]


@dataclass(frozen=True)
class Decided:
    """`key`: the phrase that says yes or no; `attribute`: what decides, of which product."""

    key: str
    product: Product
    attribute: Attribute


def answered(turn: Turn) -> bool:
    """Say it; False, and nothing said, where no attribute decides."""
    if turn.request.act not in _ACTS or not deciding.is_yes_or_no(turn.text):
        return False
    found = decided(turn)
    if found is None:
        return False
    name = found.attribute["name"][turn.language]
    value = found.attribute["value"][turn.language]
    quote = f"{name}{formats.colon(turn.language)}{value}{formats.stop(turn.language)}"
    text = turn.phrase(f"decided.{found.key}", told=quote, value=value)
    page = Citation(1, turn.name_of(found.product), found.product.id, quote, "")
    turn.note(product=found.product.id)
    turn.say(formats.marked(text, [1], turn.language), citations=[views.citation_view(page)])
    return True


def decided(turn: Turn) -> Decided | None:
    """What decides the question that is being served; None where no attribute does."""
    products = list(_asked_about(turn))
    if deciding.asks_fit(turn.text) and (found := _fits(turn, products)):
        return found
    for product in products[:1]:
        text = without_name(turn.text, product)
        # What is named beside it may be what it comes with, not what it is made of.
        ways = (_allergens, _made_of, _one_of_two, _has) if len(products) == 1 else (_has,)
        for way in ways:
            if found := way(turn, text, product):
                return found
    return None


def _asked_about(turn: Turn) -> Iterator[Product]:
    """What the question names, in its order, but for what it asks to be in it ("nuts"); else what
    its words for a product can only mean, else what was talked of."""
    catalogue, text = turn.services.catalogue, turn.text
    places = turn.services.products.places(text)
    named = [i for i, start in places.items() if not deciding.is_asked_in(text, start)]
    said = [] if named else spans.said(turn.request, "product", "goods")
    said = [words for words in said if not deciding.is_asked_in(text, text.find(words))]
    found = (references.called(turn, words) for words in said)
    meant = [i for goods in found if len(goods) == 1 for i in goods]
    before = [] if named or meant else [references.product_in_question(turn)]
    for product_id in dict.fromkeys([*named, *meant, *before]):
        if product := catalogue.get(product_id or ""):
            yield product


def _fits(turn: Turn, named: list[Product]) -> Decided | None:
    """Whether one thing goes with another, by what either's record says that it goes with."""
    before = references.product_before(turn)
    if len(named) < 2 and before and all(p.id != before for p in named):
        named = [*named, turn.services.catalogue[before]]
    for one in named:
        for words, other in _others(turn, one, named):
            for attribute in one.attributes:
                fits = _goes_with(turn, attribute, words, other)
                if fits is not None:
                    return Decided("fits" if fits else "unfit", one, attribute)
    return None


def _others(turn: Turn, one: Product, named: list[Product]) -> Iterator[tuple[str, frozenset[str]]]:
    """The things that are asked about beside it, with the words for them: those named, else a kind
    that is."""
    beside = [p for p in named if p.id != one.id]
    if beside:
        yield from (("", frozenset({p.id})) for p in beside)
        return
    for mention in basket.mentions(turn):
        goods = turn.services.products.sold_as(mention.words)
        if mention.product_id is None and goods and one.id not in goods:
            yield mention.words, goods


def _goes_with(turn: Turn, attribute: Attribute, words: str, other: frozenset[str]) -> bool | None:
    """What the attribute says of these goods: yes or no where it names them, by name, by the same
    words or by their kind alone ("tents"; "down jackets" are not any); no where it names others of
    their kind."""
    tells = [t for n in attribute["name"].values() if (t := deciding.tells_fit(n)) is not None]
    if not tells:
        return None
    sense, products = all(tells), turn.services.products
    value = attribute["value"][turn.language]
    named = set(products.match(value))
    for part in map(deciding.bare, deciding.parts(value)):
        if products.kinds(part) == [part]:
            named |= products.sold_as(part)
    if other <= named or (words and claims.says([value], words)):
        return sense
    said = named.union(*map(products.sold_as, products.kinds(value)))
    catalogue = turn.services.catalogue
    alike = {catalogue[i].category_id for i in other} & {catalogue[i].category_id for i in said}
    return False if sense and alike and said.isdisjoint(other) else None


def _allergens(turn: Turn, text: str, product: Product) -> Decided | None:
    asked = list(deciding.allergens_in(text))
    for attribute in product.attributes if asked else ():
        if not any(map(deciding.tells_allergens, attribute["name"].values())):
            continue
        values = attribute["value"].values()
        told = [claims.says(values, word) for group in asked for word in group]
        traces = any(map(deciding.says_traces, values))
        key = "unlisted" if True not in told else "traces" if traces else "has_yes"
        return Decided(key, product, attribute)
    return None


def _made_of(turn: Turn, text: str, product: Product) -> Decided | None:
    lexicon = turn.services.shop.lexicon
    keys = lexicon.made_of()
    for attribute in product.attributes:
        if attribute["key"] not in keys and not any(
            map(deciding.tells_material, attribute["name"].values())
        ):
            continue
        if asked := _materials_in(turn, text, attribute["key"]):
            so = _is_of(attribute["value"][turn.language], asked, all_of=deciding.asks_all(text))
            return None if so is None else Decided("is_yes" if so else "is_no", product, attribute)
    return None


def _materials_in(turn: Turn, text: str, key: str) -> list[str]:
    """The words of the text that some product of the shop is made of."""
    values = [
        value
        for product in turn.services.catalogue.values()
        for attribute in product.attributes
        if attribute["key"] == key
        for value in attribute["value"].values()
    ]
    words = [word.removeprefix("纯").removeprefix("全") for word in terms(text)]
    return [w for w in words if len(w) > w.isascii() and not w.isdigit() and claims.says(values, w)]


def _is_of(value: str, asked: list[str], *, all_of: bool) -> bool | None:
    """Whether a thing of this material is of what is asked. A material without shares is no list of
    all that is in it."""
    parts = deciding.parts(value)
    shares = {part: share for part in parts if (share := deciding.share(part)) is not None}
    of = [part for part in parts if all(claims.says([part], word) for word in asked)]
    if not of:
        return False if shares or all_of else None
    if not all_of:
        return True
    return all(shares.get(part, Decimal(100)) == 100 for part in of) and len(of) == len(parts)


def _one_of_two(turn: Turn, text: str, product: Product) -> Decided | None:
    """单板还是合板: the attribute that says one of both."""
    sides = deciding.either(text)
    if sides is None:
        return None
    before, after = terms(sides[0])[-1:], terms(sides[1])[:1]
    for attribute in product.attributes if before and after else ():
        value = [attribute["value"][turn.language]]
        if bool(claims.says(value, before[0])) != bool(claims.says(value, after[0])):
            return Decided("told", product, attribute)
    return None


def _has(turn: Turn, text: str, product: Product) -> Decided | None:
    """An attribute that is asked for by its name, and says yes or no."""
    words = set(terms(text))
    for attribute in product.attributes:
        name, value = attribute["name"][turn.language], attribute["value"][turn.language]
        asked = set(terms(name)) <= words if name.isascii() else name in text
        so = deciding.says(value)
        if asked and so is not None:
            return Decided(f"{deciding.verb(text)}_{'yes' if so else 'no'}", product, attribute)
    return None
