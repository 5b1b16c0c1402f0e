"""Looking for products: a short list of cards, narrowed by what the sentence says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

from bot import reading
from bot.actions import haggling, interests, mentions, recommend, views
from bot.actions.criteria import Criteria
from bot.actions.skill import Skill, Turn
from bot.reading import Measure, Superlative
from bot.services import Services
from data.models import Product
from data.repositories import Offer
from retrieval.lexical import terms

_CARDS = 3
_CANDIDATES = 60
# What the catalogue's tags say a product is for, by the words for it.
_USES = {
    "winter": r"冬|雪|严寒|\bwinter\b|\bsnow|\bfreezing\b",
    "summer": r"夏|\bsummer\b",
    "family": r"一家|全家|家庭|亲子|\bfamily\b",
    "kids": r"儿童|小孩|孩子|宝宝|\bkids?\b|\bchild",
    "running": r"跑步|越野跑|\brun(?:ning|ner)?\b",
    "travel": r"旅行|旅游|出差|\btravel",
    "beginner": r"新手|入门|\bbeginners?\b|\bfirst[- ]time\b",
    "ultralight": r"超轻|轻量化|\bultralight\b",
    "car-camping": r"自驾|车露营|\bcar[- ]camping\b",
}
_STANDS = 6  # turns for which a list can be narrowed


class Search(Skill):
    action = "action_search"

    def act(self, turn: Turn) -> None:
        if haggling.answered(turn):
            return
        if turn.intent != "refine" or not narrowed(turn, self.services):
            find(turn, self.services)


def narrowed(turn: Turn, services: Services) -> bool:
    """Answer with the list that stands, narrowed by the utterance; False, and nothing said, when
    none stands."""
    noted = turn.noted("query", within=_STANDS)
    if not noted:
        return False
    with services.unit_of_work() as uow:
        shown = uow.products.get_many(mentions.recently_shown(turn))
    criteria = Criteria.of(noted).narrowed(turn, shown)
    if criteria.sought == "search":
        find(turn, services, criteria)
    else:
        recommend.again(turn, criteria)
    return True


def find(turn: Turn, services: Services, criteria: Criteria | None = None) -> None:
    """Answer with a list of products; what is looked for is read from the utterance by default."""
    criteria = criteria or Criteria.read(turn)
    products, loosened = _results(services, criteria)
    if not products:
        turn.notes["query"] = asdict(criteria)
        turn.say(turn.phrase("search.none"), buttons=[turn.button("human")])
        return
    interests.looked_for(turn, criteria.category)
    fits = {product.id: _fit(turn, product) for product in products}
    turn.notes |= {
        "query": criteria.after(products),
        "shown": list(fits),
        "reasons": {i: fit or turn.phrase("reason.search") for i, fit in fits.items()},
        **({"product": products[0].id} if len(products) == 1 else {}),
    }
    headline = _headline(turn, services, criteria, len(products), loosened)
    if not _is_called(services, criteria, fits):
        headline = turn.phrase("search.unsure")
    turn.say(
        headline,
        cards=[views.product_card(turn, product, fits[product.id]) for product in products],
        buttons=[turn.button("cheaper"), turn.button("others")],
    )


def _is_called(services: Services, criteria: Criteria, shown: Iterable[str]) -> bool:
    """Whether what is shown is what was asked for by name: of the kind, or called so."""
    if criteria.category is not None:
        return True
    asked = set(terms(criteria.text))
    products = (services.catalogue[product_id] for product_id in shown)
    return any(
        asked & set(terms(" ".join([p.name.zh, p.name.en, *p.aliases["zh"], *p.aliases["en"]])))
        for p in products
    )


def results(services: Services, criteria: Criteria) -> list[Product]:
    """The best products, with prices and stock as they are now."""
    return _results(services, criteria)[0]


def _results(services: Services, criteria: Criteria) -> tuple[list[Product], bool]:
    """The best products; True when what was asked for had to be left aside in part to find any."""
    with services.unit_of_work() as uow:
        offers = uow.products.offers()
        found, loosened = _found(services, criteria, offers)
        return uow.products.get_many(found[:_CARDS]), loosened


def _found(
    services: Services, criteria: Criteria, offers: Mapping[str, Offer]
) -> tuple[list[str], bool]:
    """Ids of products by what does not change (services.catalogue), and by today's `offers`."""
    measures = reading.measures(criteria.text)
    kind = services.products.of_kind(criteria.text)
    named = [] if services.products.kinds(criteria.text) else services.products.match(criteria.text)

    def measured(product: Product) -> bool:
        return meets(product, measures)

    def affordable(product: Product) -> bool:
        return criteria.affords(offers[product.id].price)

    def meant(product: Product) -> bool:
        return (kind is None or product.id in kind) and (not named or product.id in named)

    # What people give up first to find something: the exact figures, then the very kind of thing,
    # then the price.
    steps: list[tuple[Callable[[Product], bool], ...]] = [
        (measured, affordable, meant),
        (affordable, meant),
        (affordable,),
        (measured, meant),
        (meant,),
        (),
    ]
    admitted = [
        product
        for product in services.catalogue.values()
        if product.id in offers and criteria.admits(product)
    ]
    for conditions in steps:
        allowed = {p.id: p for p in admitted if all(holds(p) for holds in conditions)}
        if not allowed:
            continue
        ranked = services.products.search(criteria.text, allowed.keys(), _CANDIDATES)
        found = [allowed[product_id] for product_id, _ in ranked]
        for measure in measures:
            found.sort(key=lambda product: (_distance(product, measure), _room(product, measure)))
        if best := reading.superlative(criteria.text):
            found = _in_order(found, best, offers)
        else:  # stable: what comes first among its like stays so
            found.sort(key=lambda product: not _is_for(product, criteria.text))
            found.sort(key=lambda product: not offers[product.id].in_stock)
        return [product.id for product in found], conditions != steps[0]
    return [], False


def _is_for(product: Product, text: str) -> bool:
    """Whether the product is tagged for a use that the text names."""
    return any(use in product.tags and re.search(words, text, re.I) for use, words in _USES.items())


def meets(product: Product, measures: Iterable[Measure]) -> bool:
    """Whether the product's figures are what is asked for; products without them are not."""
    return all(_distance(product, measure) == 0 for measure in measures)


def _in_order(
    products: Sequence[Product], best: Superlative, offers: Mapping[str, Offer]
) -> list[Product]:
    """The one that has the most (or least) first; those without that figure are left out, unless
    none has it."""
    figures = {product.id: _figure(product, best, offers) for product in products}
    known = [product for product in products if figures[product.id] is not None]
    known.sort(key=lambda product: figures[product.id] or 0, reverse=best.most)
    return known or list(products)


def _figure(product: Product, best: Superlative, offers: Mapping[str, Offer]) -> Decimal | None:
    if "price" in best.keys:
        return offers[product.id].price
    figures = [f for a in product.attributes if a["key"] in best.keys for f in _figures(a)]
    return (max if best.most else min)(figures, default=None)


def _distance(product: Product, measure: Measure) -> Decimal:
    """How far the product's own figure is from what is asked for: 0 when it is met; products
    without such a figure are the farthest."""
    figures = [
        figure
        for attribute in product.attributes
        if attribute.get("unit") == measure.unit
        and (measure.key is None or attribute["key"] == measure.key)
        for figure in _figures(attribute)
    ]
    return min((measure.distance(figure) for figure in figures), default=Decimal("Infinity"))


def _room(product: Product, measure: Measure) -> Decimal:
    """What a product has more than was asked for, where the very figure is meant: a tent for two
    goes before one for three."""
    if measure.unit != "people" or measure.least is None:
        return Decimal(0)
    return _distance(product, replace(measure, most=measure.least))


def _figures(attribute: Mapping[str, Any]) -> list[Decimal]:
    """The attribute's figure, and the others of its text when they are in the same unit: "light
    0 °C, warm −10 °C"."""
    if "number" not in attribute:
        return []
    figure = Decimal(str(attribute["number"]))
    text = attribute["value"]["en"].replace("−", "-").replace(",", "")
    told = [Decimal(each) for each in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", text)]
    return [figure, *told] if figure in told else [figure]


def _fit(turn: Turn, product: Product) -> str | None:
    """What of the product meets the figures asked for: "重量：1.85 公斤"."""
    best = reading.superlative(turn.text)
    asked = [(measure.unit, measure.key) for measure in reading.measures(turn.text)]
    colon = "：" if turn.language == "zh" else ": "
    parts = [
        f"{attribute['name'][turn.language]}{colon}{attribute['value'][turn.language]}"
        for attribute in product.attributes
        if (best is not None and attribute["key"] in best.keys)
        or any(
            attribute.get("unit") == unit and key in (None, attribute["key"]) for unit, key in asked
        )
    ]
    return ("，" if turn.language == "zh" else ", ").join(parts[:2]) or None


def _headline(
    turn: Turn, services: Services, criteria: Criteria, count: int, loosened: bool
) -> str:
    category = next(
        (p.category for p in services.catalogue.values() if p.category_id == criteria.category),
        None,
    )
    what = category.name[turn.language] if category else turn.phrase("search.products")
    limit = criteria.limit(turn)
    if loosened:
        return turn.phrase("search.loosened", what=what, limit=limit)
    return turn.phrase("search.found" if count > 1 else "search.found_one", what=what, limit=limit)
