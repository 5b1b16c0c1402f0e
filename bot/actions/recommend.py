"""Recommendations: for this customer, for somebody else, or to go with a product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import structlog

from bot.actions.skill import Skill
from bot.dialogue import fitting, impressions, references
from bot.dialogue.criteria import Criteria
from bot.dialogue.impressions import POPULAR
from bot.dialogue.services import Services
from bot.dialogue.turn import Turn
from bot.understanding import people, quantities, spans
from bot.wording import formats, views
from bot.wording.reasons import reason
from data.capabilities import Capability
from data.models import Product
from data.repositories import Purchase
from data.shop import GIFT, KIDS
from data.taste import Taste
from data.unit_of_work import UnitOfWork
from retrieval.recommend import Recommendation

log = structlog.get_logger("action")

_ITEMS = 3
_LEAST_PART = Decimal("0.25")  # of what a present may cost
_CONSIDERED = 20  # presents that are compared
_TALKED = 5  # products of a conversation that say what it is about
_NOBODY = 0  # no customer's id


class Recommend(Skill):
    action = "action_recommend"

    def act(self, turn: Turn) -> None:
        criteria = Criteria.read(turn)
        if turn.intent == "recommend_gift":
            if criteria.most is None and (sums := quantities.amounts(turn.text)):
                criteria = replace(criteria, most=str(max(sums)))  # "预算500"
            if not spans.said(turn.request, "goods", "product"):
                # "He has all the jackets in the world" looks for no jacket.
                criteria = replace(criteria, goods=None, category=None)
            _gift(turn, replace(criteria, sought="gift"))
            return
        beside = references.product_talked_of(turn)
        if turn.intent == "recommend_companion" and beside is not None:
            # The product that is named says what the companion goes with, not what it is.
            goods = fitting.goods_of(self.services, replace(criteria, text=""))
            if not goods or beside in goods:
                criteria = replace(criteria, goods=None, category=None)
            companion = replace(criteria, sought="companion", beside=beside)
            if not _recommend(turn, companion, of_kind=companion.goods is not None):
                self.serving("product_search").act(turn)  # nobody bought one with it yet
        else:
            _recommend(turn, replace(criteria, sought="own"))


def again(turn: Turn, criteria: Criteria) -> None:
    """Answer "cheaper", "not leather" or "others" with the same kind of list."""
    if criteria.sought == "gift":
        _gift(turn, criteria, narrowed=True)
    else:
        _recommend(turn, criteria, narrowed=True)


def _recommend(
    turn: Turn, criteria: Criteria, *, narrowed: bool = False, of_kind: bool = False
) -> bool:
    """To go with `criteria.beside`, else for whoever speaks. `of_kind`: a kind of goods is asked
    for by name; False, and nothing said, where none of it is known to go with it."""
    services = turn.services
    beside = criteria.beside
    arm = ""
    bought: dict[str, datetime] = {}
    with services.unit_of_work() as uow:
        taste = turn.taste(uow)
        allowed = _allowed(services, uow, criteria)
        if beside is not None:
            found = _or_nothing(lambda: _companions(services, taste, beside, allowed))
            headline = turn.phrase(
                "recommend.goes_with", name=turn.name_of(services.catalogue[beside])
            )
        else:
            arm = impressions.arm_of(services, taste.customer, turn.session_id)
            found = _or_nothing(lambda: _for_me(turn, taste, allowed, arm))
            bought = {purchase.product_id: purchase.placed_at for purchase in taste.purchases}
            headline = _headline(turn, taste, found)
        products = uow.products.get_many(item.product_id for item in found)
    if of_kind and not products:
        return False
    by_id = {item.product_id: item for item in found}
    _show(
        turn,
        criteria,
        _narrowed(turn, criteria) if narrowed else headline,
        products,
        {
            product.id: reason(turn, turn.services.catalogue, by_id[product.id], bought)
            for product in products
        },
        impressions.keep(
            services,
            [(item.product_id, item.kind) for item in found],
            surface="companion" if beside is not None else "recommend",
            customer=taste.customer,
            session_id=turn.session_id,
            arm=arm,
        ),
        button="why",
    )
    return True


def _for_me(turn: Turn, taste: Taste, allowed: frozenset[str], arm: str) -> list[Recommendation]:
    """From this customer's purchases, or from what was talked of where there are none or they may
    not be looked at; without either, and for whoever is shown what is `popular`, what sells."""
    signs: Sequence[Purchase] = taste.purchases or _talked_of(turn)
    shown = _shown_before(turn) | taste.unwanted
    popular = arm == POPULAR
    return impressions.recommender_of(turn.services, arm).for_customer(
        () if popular else signs,
        exclude=shown | taste.owned if popular else shown,
        allowed=allowed,
        now=turn.services.clock(),
        k=_ITEMS,
    )


def _talked_of(turn: Turn) -> list[Purchase]:
    """The products of this conversation, as if somebody had just bought them."""
    now = turn.services.clock()
    talked = [notes.product for _, notes in turn.earlier() if notes.product]
    return [
        Purchase(_NOBODY, product_id, now, 1)
        for product_id in list(dict.fromkeys(talked))[:_TALKED]
        if product_id in turn.services.catalogue
    ]


def _companions(
    services: Services, taste: Taste, beside: str, allowed: frozenset[str]
) -> list[Recommendation]:
    return services.recommender.goes_with(
        beside,
        exclude=taste.owned | taste.unwanted | {beside},
        allowed=allowed,
        now=services.clock(),
        k=_ITEMS,
    )


def _gift(turn: Turn, criteria: Criteria, *, narrowed: bool = False) -> None:
    """For somebody whose purchases we do not know: what the sentence says of them decides."""
    services = turn.services
    with services.unit_of_work() as uow:
        customer = turn.customer(uow, Capability.OWN_TERMS)
        unwanted = uow.behaviour.disliked(None, turn.session_id)
        allowed = {
            i
            for i in _allowed(services, uow, criteria)
            if not services.catalogue[i].rebuy_days
            and (KIDS not in services.catalogue[i].tags or people.may_be_child(criteria.text))
        } - (_shown_before(turn) | unwanted)
        # What the shop itself calls a good present, where that leaves any; else no trifle.
        presents = {i for i in allowed if GIFT in services.catalogue[i].tags}
        if criteria.child:  # what is made for children, where that leaves any
            made = {
                i for i in allowed if fitting.made_for_child(services.catalogue[i], criteria.child)
            }
            allowed, presents = made or allowed, presents & made or presents
        worthy = _worthy(uow, criteria, allowed) or allowed
        chosen = worthy if criteria.needs else presents or worthy
        ranked = services.products.search(criteria.query, chosen, _CONSIDERED)
        if criteria.needs:
            ranked = _of_interest(services, criteria, ranked, presents)
        products = uow.products.get_many(i for i, _ in _varied(ranked, services.catalogue))
    key = "reason.gift" if criteria.most is None else "reason.gift_budget"
    _show(
        turn,
        criteria,
        _narrowed(turn, criteria) if narrowed else turn.phrase("recommend.gift"),
        products,
        {p.id: turn.phrase(key, summary=p.summary[turn.language]) for p in products if p.summary},
        impressions.keep(
            services,
            [(product.id, "gift") for product in products],
            surface="gift",
            customer=customer,
            session_id=turn.session_id,
        ),
        button="cheaper",
    )


def _of_interest(
    services: Services,
    criteria: Criteria,
    ranked: list[tuple[str, float]],
    presents: AbstractSet[str],
) -> list[tuple[str, float]]:
    """Those first that are said to serve what the one who gets it likes, and of them those that the
    shop calls presents."""
    fits = {i: fitting.fit(services, criteria, services.catalogue[i], ()) for i, _ in ranked}
    said = {i: fit.said if fit else 0 for i, fit in fits.items()}
    served = presents & {i for i, count in said.items() if count}
    # Among those of which nothing is said, the search's own order is the better guess.
    return sorted(ranked, key=lambda each: (-said[each[0]], each[0] not in served))


def _worthy(uow: UnitOfWork, criteria: Criteria, allowed: AbstractSet[str]) -> set[str]:
    """Those that cost a fair part of what a present may cost."""
    _, most = criteria.prices
    if most is None:
        return set(allowed)
    offers = uow.products.offers()
    return {i for i in allowed if offers[i].price >= most * _LEAST_PART}


def _allowed(services: Services, uow: UnitOfWork, criteria: Criteria) -> frozenset[str]:
    """In stock, for everybody's age, and what is looked for."""
    least, most = criteria.prices
    found = uow.products.matching(in_stock=True, min_price=least, max_price=most)
    goods = fitting.goods_of(services, criteria) if criteria.goods or criteria.category else None
    measures = fitting.measures_of(services, criteria)
    catalogue = services.catalogue
    return frozenset(
        i
        for i in found
        if not catalogue[i].min_age
        and (not goods or i in goods)
        and (fit := fitting.fit(services, criteria, catalogue[i], measures)) is not None
        and not any(unmet.what in ("option", "need") for unmet in fit.unmet)
    )


def _shown_before(turn: Turn) -> set[str]:
    return {i for _, notes in turn.earlier() for i in notes.recommended or ()}


def _headline(turn: Turn, taste: Taste, found: list[Recommendation]) -> str:
    customer = taste.customer
    own = any(item.kind != "popular" for item in found)
    if customer is None:
        return turn.phrase("recommend.talked_of" if own else "recommend.visitor")
    if not customer.personalised:
        return turn.phrase("recommend.switched_off")
    if own and not taste.purchases:
        return turn.phrase("recommend.talked_of")
    key = "own" if own else "popular" if taste.purchases else "new"
    return turn.phrase(f"recommend.{key}", name=formats.called(customer.name))


def _narrowed(turn: Turn, criteria: Criteria) -> str:
    return turn.phrase("recommend.narrowed", limit=criteria.limit(turn))


def with_unchecked(turn: Turn, criteria: Criteria, headline: str) -> str:
    """A headline, before it what of the wishes could not be looked up."""
    if not (words := fitting.unknown(turn.services, criteria)):
        return headline
    told = formats.listed(words, turn.language)
    return formats.together([turn.phrase("search.unchecked", words=told), headline], turn.language)


def _show(
    turn: Turn,
    criteria: Criteria,
    headline: str,
    products: list[Product],
    reasons: dict[str, str],
    refs: dict[str, str],
    *,
    button: str,
) -> None:
    if not products:
        turn.note(query=criteria)
        turn.say(turn.phrase("recommend.nothing"), buttons=[turn.button("human")])
        return
    listed = tuple(product.id for product in products)
    turn.note(shown=listed, recommended=listed, reasons=reasons, query=criteria.after(products))
    turn.say(
        with_unchecked(turn, criteria, headline),
        cards=[views.product_card(turn, p, reasons.get(p.id), refs.get(p.id)) for p in products],
        buttons=[turn.button(button), turn.button("others")],
    )


def _or_nothing(recommend: Callable[[], list[Recommendation]]) -> list[Recommendation]:
    """What is recommended; a recommender that fails has nothing to recommend."""
    try:
        return recommend()
    except Exception as error:
        log.exception("recommending failed", error=type(error).__name__)
        return []


def _varied(
    ranked: list[tuple[str, float]], catalogue: dict[str, Product]
) -> list[tuple[str, float]]:
    """The first of each category, so that three gifts are three ideas; then the next ones."""
    seen: set[str] = set()
    first: list[tuple[str, float]] = []
    rest: list[tuple[str, float]] = []
    for product_id, score in ranked:
        category = catalogue[product_id].category_id
        (rest if category in seen else first).append((product_id, score))
        seen.add(category)
    return (first + rest)[:_ITEMS]


class Why(Skill):
    """The reasons of what was recommended last."""

    action = "action_why"

    def act(self, turn: Turn) -> None:
        reasons = turn.noted(lambda notes: notes.reasons, within=6) or {}
        named = [i for i in references.named_products(turn) if i in reasons]
        told = {i: reasons[i] for i in named or reasons if i in self.services.catalogue}
        if not told:
            turn.say(turn.phrase("why.nothing"))
            return
        colon = formats.colon(turn.language)
        lines = [
            f"· {turn.name_of(self.services.catalogue[i])}{colon}{text}" for i, text in told.items()
        ]
        turn.say("\n".join([turn.phrase("why.here"), *lines]))
