"""Looking for products: a short list of cards, narrowed by what the sentence says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal

from bot import reading
from bot.actions import interests, mentions, recommend, views
from bot.actions.criteria import Criteria
from bot.actions.skill import Skill, Turn
from bot.reading import Measure
from bot.services import Services
from data.models import Product

_CARDS = 3
_CANDIDATES = 60
_STANDS = 6  # turns for which a list can be narrowed


class Search(Skill):
    action = "action_search"

    def act(self, turn: Turn) -> None:
        noted = turn.noted("query", within=_STANDS) if turn.intent == "refine" else None
        if not noted:
            find(turn, self.services)
            return
        with self.services.unit_of_work() as uow:
            shown = uow.products.get_many(mentions.recently_shown(turn))
        criteria = Criteria.of(noted).narrowed(turn, shown)
        if criteria.sought == "search":
            find(turn, self.services, criteria)
        else:
            recommend.again(turn, criteria)


def find(turn: Turn, services: Services, criteria: Criteria | None = None) -> None:
    """Answer with a list of products; what is looked for is read from the utterance by default."""
    criteria = criteria or Criteria.read(turn)
    with services.unit_of_work() as uow:
        products, loosened = _results(services, uow.products.catalogue(), criteria)
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
    turn.say(
        _headline(turn, services, criteria, len(products), loosened),
        cards=[views.product_card(turn, product, fits[product.id]) for product in products],
        buttons=[turn.button("cheaper"), turn.button("others")],
    )


def _results(
    services: Services, catalogue: Sequence[Product], criteria: Criteria
) -> tuple[list[Product], bool]:
    """The best products; True when figures or the price limit had to be left aside to find any."""
    by_id = {product.id: product for product in catalogue}
    measures = reading.measures(criteria.text)

    def measured(product: Product) -> bool:
        return all(_measures_up(product, measure) for measure in measures)

    # What people give up first to find something: the exact figures, then the price.
    for conditions in ((measured, criteria.affords), (criteria.affords,), (measured,), ()):
        allowed = {
            product.id
            for product in catalogue
            if criteria.admits(product) and all(meets(product) for meets in conditions)
        }
        if allowed:
            ranked = services.products.search(criteria.text, allowed, _CANDIDATES)
            best = services.products.of_kind(criteria.text, [i for i, _ in ranked])
            found = [by_id[product_id] for product_id in best]
            found.sort(key=lambda product: not views.in_stock(product))  # stable: rank kept
            return found[:_CARDS], len(conditions) < 2
    return [], False


def _measures_up(product: Product, measure: Measure) -> bool:
    """Whether the product's own figure meets the one asked for; products without it do not."""
    figures = [
        Decimal(str(attribute["number"]))
        for attribute in product.attributes
        if attribute.get("unit") == measure.unit and "number" in attribute
        and (measure.key is None or attribute["key"] == measure.key)
    ]  # fmt: skip
    return any(measure.admits(figure) for figure in figures)


def _fit(turn: Turn, product: Product) -> str | None:
    """What of the product meets the figures asked for: "重量：1.85 公斤"."""
    colon = "：" if turn.language == "zh" else ": "
    parts = [
        f"{attribute['name'][turn.language]}{colon}{attribute['value'][turn.language]}"
        for measure in reading.measures(turn.text)
        for attribute in product.attributes
        if attribute.get("unit") == measure.unit
        and (measure.key is None or attribute["key"] == measure.key)
    ]
    return ("，" if turn.language == "zh" else ", ").join(parts[:2]) or None


def _headline(
    turn: Turn, services: Services, criteria: Criteria, count: int, loosened: bool
) -> str:
    category = next(
        (p.category for p in services.catalogue.values() if p.category_id == criteria.category),
        None,
    )
    what = category.name[turn.language].lower() if category else turn.phrase("search.products")
    limit = criteria.limit(turn)
    if loosened:
        return turn.phrase("search.loosened", what=what, limit=limit)
    return turn.phrase("search.found" if count > 1 else "search.found_one", what=what, limit=limit)
