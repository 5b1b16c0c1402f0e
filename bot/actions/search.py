"""Looking for products: a short list of cards, narrowed by what the sentence says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.actions import haggling, recommend
from bot.actions.skill import Skill
from bot.dialogue import basket, behaviour, fitting, references
from bot.dialogue.criteria import Criteria
from bot.dialogue.fitting import Fit
from bot.dialogue.services import Services
from bot.dialogue.turn import Turn
from bot.understanding import figures, quantities, superlatives
from bot.understanding.quantities import Measure
from bot.wording import formats, views
from data.models import Product, Variant
from data.repositories import Offer
from data.shop import Direction
from llm.types import Citation
from retrieval import claims
from retrieval.retriever import holds_answer
from retrieval.types import Filters, Hit

_CARDS = 3
_CANDIDATES = 60
_JUDGED = 12  # passages, as many as a question is judged by
_STANDS = 6  # turns for which a list can be narrowed
_GOES_ON = 2  # turns for which one that names no goods goes on with it unasked
_MOST_KINDS = 8  # of the shop's kinds that are told where it has not the one asked for
_DEGREES = frozenset({"°C", "°F"})
_TOLD = ("price", "option", "need", "child")  # the figures tell themselves, the kind its name


Ranked = tuple[Fit, Product, Sequence[Variant]]
"""How a product fits, the product, and the variants of it that do."""


class Search(Skill):
    action = "action_search"

    def act(self, turn: Turn) -> None:
        if haggling.answered(turn):
            return
        if self._is_of_what_was_talked_of(turn):
            self.serving("stock_check").act(turn)
            return
        criteria = _on_page(turn, Criteria.read(turn))
        if criteria.most is not None and basket.together(turn):
            self.serving("price_question").act(turn)
            return
        goes_on = turn.intent == "refine" or not criteria.names_goods
        within = _STANDS if turn.intent == "refine" else _GOES_ON
        if not (goes_on and narrowed(turn, self.services, within=within)):
            find(turn, self.services)

    def _is_of_what_was_talked_of(self, turn: Turn) -> bool:
        """Whether nothing but a size or colour is named, and one product was talked of last: "and
        green?" asks for another of it."""
        criteria = Criteria.read(turn)
        if not criteria.options or criteria.names_goods or criteria.most or criteria.without:
            return False
        if references.named_products(turn):
            return False
        if references.product_before(turn) == references.of_page(turn) is not None:
            return True
        newest = turn.noted(lambda notes: notes if notes.shown else None, within=_GOES_ON)
        return newest is not None and newest.product is not None


@dataclass(frozen=True)
class Found:
    """What is shown, the best first, with the variants as they stand now."""

    fits: Sequence[Ranked] = ()

    @property
    def products(self) -> list[Product]:
        return [product for _, product, _ in self.fits]

    @property
    def lacks(self) -> int:
        """How much of what was asked for even the best lacks."""
        return min((len(fit.unmet) for fit, _, _ in self.fits), default=0)

    @property
    def loosened(self) -> bool:
        return self.lacks > 0

    @property
    def lacks_child(self) -> bool:
        """Whether what is shown is not made for the child that it is for."""
        return any(fit.lacks("child") for fit, _, _ in self.fits)


def narrowed(turn: Turn, services: Services, *, within: int = _STANDS) -> bool:
    """Answer with the list that stands, narrowed by the utterance; False, and nothing said, when
    none stands."""
    noted = turn.noted(lambda notes: notes.query, within=within)
    if noted is None:
        return False
    with services.unit_of_work() as uow:
        shown = uow.products.get_many(references.recently_shown(turn))
    criteria = noted.narrowed(turn, shown)
    if criteria.sought == "search":
        find(turn, services, criteria)
    else:
        recommend.again(turn, criteria)
    return True


def _on_page(turn: Turn, criteria: Criteria) -> Criteria:
    """What is looked for by whoever looks at a kind of goods and names none."""
    named = criteria.goods or criteria.category
    kind = None if named else references.kind_of_page(turn)
    return replace(criteria, category=kind) if kind else criteria


def find(turn: Turn, services: Services, criteria: Criteria | None = None) -> None:
    """Answer with a list of products; what is looked for is read from the utterance by default."""
    criteria = criteria or _on_page(turn, Criteria.read(turn))
    goods = fitting.goods_of(services, criteria)
    if goods is not None and not goods:
        _not_sold(turn, services, criteria)
        return
    found = _found(services, criteria, goods)
    if not found.fits or (goods is None and not _may_be_had(turn, services, criteria)):
        turn.note(query=criteria)
        turn.say(turn.phrase("search.none"), buttons=[turn.button("human")])
        return
    behaviour.looked_for(turn, criteria.category)
    for_children = _for_children(services, criteria) if found.lacks_child else ()
    if for_children:
        _none_for_child(turn, criteria, found, for_children)
        return
    said = {
        product.id: _reason(turn, criteria, fit, product, variants)
        for fit, product, variants in found.fits
    }
    turn.note(
        query=criteria.after(found.products),
        shown=tuple(said),
        reasons={i: reason or turn.phrase("reason.search") for i, reason in said.items()},
    )
    if len(found.fits) == 1:
        fit, product, _ = found.fits[0]
        turn.note(product=product.id, options=references.chosen(fit.variants, product))
    headline = _headline(turn, services, criteria, found)
    if goods is None:
        headline = turn.phrase("search.unsure")
    headline = recommend.with_unchecked(turn, criteria, headline)
    turn.say(
        headline,
        cards=[
            views.product_card(turn, product, said[product.id], variants=variants)
            for _, product, variants in found.fits
        ],
        buttons=[turn.button("cheaper"), turn.button("others")],
    )


def _not_sold(turn: Turn, services: Services, criteria: Criteria) -> None:
    """Say that the shop has no such goods, what its pages tell of them, and what it has."""
    kinds = dict.fromkeys(p.category.name[turn.language] for p in services.catalogue.values())
    lines = [turn.phrase("search.unsold", goods=criteria.goods)]
    if 0 < len(kinds) <= _MOST_KINDS:
        told = formats.listed(list(kinds), turn.language)
        lines.append(turn.phrase("search.sells", kinds=told))
    citations = []
    if hit := _spoken_of(turn, services, criteria.goods or ""):
        citations = [views.citation_view(_cited(hit))]
        told = turn.phrase("search.spoken_of", quote=hit.sentence)
        lines.insert(1, formats.marked(told, [1], turn.language))
    turn.say(
        formats.together(lines, turn.language), citations=citations, buttons=[turn.button("human")]
    )


def _for_children(services: Services, criteria: Criteria) -> Sequence[Product]:
    """What the shop has for such a child, the nearest to what is looked for first."""
    child = criteria.child or ""
    made = {i for i, p in services.catalogue.items() if fitting.made_for_child(p, child)}
    ranked = services.products.search(criteria.query, made, _CARDS)
    with services.unit_of_work() as uow:
        return uow.products.get_many(i for i, _ in ranked)


def _none_for_child(
    turn: Turn, criteria: Criteria, found: Found, instead: Sequence[Product]
) -> None:
    """Say that none of the goods is made for children, and what is."""
    what = criteria.goods or _kind_said(turn, turn.services, criteria, found.products)
    turn.note(query=criteria.after([*found.products, *instead]), shown=tuple(p.id for p in instead))
    turn.say(
        turn.phrase("search.none_for_child", goods=what),
        cards=[views.product_card(turn, product) for product in instead],
        buttons=[turn.button("human")],
    )


def _spoken_of(turn: Turn, services: Services, goods: str) -> Hit | None:
    """The sentence of the shop's pages that speaks of goods which it does not sell: it may lend
    them, or tell where to get them."""
    pages = Filters(kind="document")
    hits = services.retriever.search(goods, filters=pages, k=_JUDGED, language=turn.language)
    return next((h for h in hits if claims.says([h.sentence], goods) is not None), None)


def _cited(hit: Hit) -> Citation:
    passage = hit.passage
    return Citation(1, passage.title, passage.source, hit.sentence, passage.url)


def _may_be_had(turn: Turn, services: Services, criteria: Criteria) -> bool:
    """Whether goods that nothing here is called after may still be what is described: a price, a
    figure or a use is asked for, or the products' texts tell of it. A shop that has no television
    sets shows nothing else in their place."""
    if any((criteria.least, criteria.most, *criteria.options, *criteria.needs, *criteria.seen)):
        return True
    if criteria.without or quantities.measures(criteria.text, services.units):
        return True
    lexicon = services.shop.lexicon
    if lexicon.tags_in(criteria.text) or superlatives.superlative(criteria.text, lexicon):
        return True
    return holds_answer(
        services.retriever.answering(
            criteria.text, filters=Filters(kind="product"), k=1, language=turn.language
        )
    )


def only_one(turn: Turn, services: Services) -> str | None:
    """The product, if the utterance names one kind of goods and one product is just so, or names no
    kind but goods that only one is, or a part of one product's name."""
    criteria = Criteria.read(turn)
    if criteria.goods and len(goods := fitting.goods_of(services, criteria) or ()) == 1:
        return next(iter(goods))
    if criteria.category is None and criteria.goods is None:
        return services.products.partly_named(criteria.text)
    if criteria.category is None or len(set(services.products.kinds(criteria.text))) > 1:
        return None
    found = _found(services, criteria, fitting.goods_of(services, criteria))
    return found.products[0].id if len(found.fits) == 1 and not found.loosened else None


def results(services: Services, criteria: Criteria) -> list[Product]:
    """The best products, with prices and stock as they are now."""
    return _found(services, criteria, fitting.goods_of(services, criteria)).products


def ranked(services: Services, criteria: Criteria, goods: frozenset[str] | None) -> list[Ranked]:
    """What may be shown, the nearest to what is asked for first. What does not change is looked up
    in services.catalogue, the rest asked of the database."""
    with services.unit_of_work() as uow:
        offers = uow.products.offers()
        fits = _fits(services, criteria, goods, offers)
        now = {product.id: product for product in uow.products.get_many(fits)}
    priced = [
        (fitting.priced(fit, criteria, views.cheapest_of(variants).price), product, variants)
        for product_id, fit in fits.items()
        if (product := now.get(product_id)) is not None
        and (variants := _affordable(fit.now(product), criteria))
    ]
    return sorted(priced, key=lambda each: each[0].distance)


def _found(services: Services, criteria: Criteria, goods: frozenset[str] | None) -> Found:
    """The products that lack least of what is asked for; of another kind of their category only
    where none of the kind does."""
    priced = ranked(services, criteria, goods)
    if not priced:
        return Found()
    best = [each for each in priced if each[0].distance == priced[0][0].distance]
    if best[0][0].lacks("price"):
        best.sort(key=lambda each: criteria.beyond(views.cheapest_of(each[2]).price))
    elif not superlatives.superlative(criteria.text, services.shop.lexicon):
        # Stable: of those that can be bought and those that cannot, each keeps its order.
        best.sort(key=lambda each: all(variant.stock == 0 for variant in each[2]))
    if best[0][0].lacks("figure"):
        best = _nearest(best, fitting.measures_of(services, criteria))
    return Found(best[:_CARDS])


def _nearest(best: Sequence[Ranked], measures: Sequence[Measure]) -> list[Ranked]:
    """Of goods that none bear the cold that is asked for, those that come nearest to it: what is
    rated for the summer helps nobody. Of other figures all."""
    for measure in measures:
        if measure.unit in _DEGREES:
            far = {p.id: figures.distance(p, measure) for _, p, _ in best}
            best = [each for each in best if far[each[1].id] == min(far.values())]
    return list(best)


def _affordable(variants: Sequence[Variant], criteria: Criteria) -> Sequence[Variant]:
    return [v for v in variants if criteria.affords(v.price)] or variants


def _fits(
    services: Services,
    criteria: Criteria,
    goods: frozenset[str] | None,
    offers: Mapping[str, Offer],
) -> dict[str, Fit]:
    """By product, how those that may be shown fit, in the order in which they would be."""
    kind = goods if not criteria.category else services.products.of_category(criteria.category)
    allowed = {i for i in offers if i in services.catalogue and (kind is None or i in kind)}
    allowed |= set(goods or ()) & set(offers)
    ranked = services.products.search(criteria.query, allowed, _CANDIDATES)
    measures = fitting.measures_of(services, criteria)
    fits = [
        fit
        for product_id, _ in ranked
        if (fit := fitting.fit(services, criteria, services.catalogue[product_id], measures))
    ]
    if goods is not None:
        fits = [fit if fit.product.id in goods else fit.without("kind") for fit in fits]
    fits = fitting.compared(fits, criteria)
    uses = services.shop.lexicon.tags_in(criteria.text)
    fits.sort(key=lambda fit: (uses.isdisjoint(fit.product.tags), -fit.said))
    for measure in measures:
        fits.sort(
            key=lambda fit: (
                figures.distance(fit.product, measure),
                figures.room(fit.product, measure),
            )
        )
    if best := superlatives.superlative(criteria.text, services.shop.lexicon):
        fits = _in_order(fits, best, offers)
    return {fit.product.id: fit for fit in fits}


def _in_order(fits: Sequence[Fit], best: Direction, offers: Mapping[str, Offer]) -> list[Fit]:
    """The one that has the most (or least) first; those without that figure are left out, unless
    none has it."""
    of = {fit.product.id: _figure(fit.product, best, offers) for fit in fits}
    known = [fit for fit in fits if of[fit.product.id] is not None]
    known.sort(key=lambda fit: of[fit.product.id] or 0, reverse=best.most)
    return known or list(fits)


def _figure(product: Product, best: Direction, offers: Mapping[str, Offer]) -> Decimal | None:
    if "price" in best.keys:
        return offers[product.id].price
    told = [f for a in product.attributes if a["key"] in best.keys for f in figures.figures_of(a)]
    return (max if best.most else min)(told, default=None)


def _reason(
    turn: Turn, criteria: Criteria, fit: Fit, product: Product, variants: Sequence[Variant]
) -> str | None:
    """What of the product meets what is asked for ("重量：1.85 公斤"), and what does not."""
    unmet = dict.fromkeys(each for each in fit.unmet if each.what in _TOLD)
    lacking = [_lacking(turn, each, variants) for each in unmet]
    if criteria.options and not fit.lacks("option"):
        gone = all(variant.stock == 0 for variant in variants)
        if gone and len(variants) < len(product.variants):
            told = " ".join(criteria.options)
            lacking.append(turn.phrase("reason.sold_out", words=told))
    parts = [*_figures_asked(turn, criteria, product), *lacking]
    return formats.joined(parts, turn.language) or None


def _lacking(turn: Turn, unmet: fitting.Unmet, variants: Sequence[Variant]) -> str:
    if unmet.what == "price":
        cheapest = views.cheapest_of(variants)
        price = formats.money(cheapest.price, cheapest.currency, turn.language)
        return turn.phrase("reason.price", price=price)
    return turn.phrase(f"reason.{unmet.what}", words=unmet.words)


def _figures_asked(turn: Turn, criteria: Criteria, product: Product) -> Iterable[str]:
    """Two at most of the attributes that the figures asked for are about."""
    services = turn.services
    best = superlatives.superlative(criteria.text, services.shop.lexicon)
    asked: list[Measure] = quantities.measures(criteria.text, services.units)
    colon = formats.colon(turn.language)
    return [
        f"{attribute['name'][turn.language]}{colon}{attribute['value'][turn.language]}"
        for attribute in product.attributes
        if (best is not None and attribute["key"] in best.keys)
        or any(
            attribute.get("unit") == each.unit and each.key in (None, attribute["key"])
            for each in asked
        )
    ][:2]


def _headline(turn: Turn, services: Services, criteria: Criteria, found: Found) -> str:
    what = _kind_said(turn, services, criteria, found.products)
    limit = criteria.limit(turn)
    if found.loosened:
        return turn.phrase("search.loosened", what=what, limit=limit)
    many = len(found.fits) > 1
    return turn.phrase("search.found" if many else "search.found_one", what=what, limit=limit)


def _kind_said(
    turn: Turn, services: Services, criteria: Criteria, products: Sequence[Product]
) -> str:
    """The shop's name for the kind of goods that is looked for, or that all of these are of."""
    all_of = services.catalogue.values() if criteria.category else products
    kinds = {p.category_id: p.category for p in all_of}
    alone = next(iter(kinds)) if len(kinds) == 1 else None
    kind = kinds.get(criteria.category or alone or "")
    return kind.name[turn.language] if kind else turn.phrase("search.products")
