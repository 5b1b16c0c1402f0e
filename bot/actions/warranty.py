"""A fault of goods that somebody has: what the shop answers for, and until when, told before
anything that costs money."""

from __future__ import annotations

from collections.abc import Collection

from bot.actions import orders
from bot.dialogue import ordered, references
from bot.dialogue.turn import Turn, tier_of
from bot.understanding import conditions
from bot.wording import formats
from bot.wording.return_sentences import ReturnSentences
from data.capabilities import Capability
from data.rules import returns, warranty
from data.rules.returns import STANDARD, Case
from retrieval.types import Filters

# Of what a shop's page says of repairs that cost money, as its sources.yaml names it.
_REPAIR = "warranty.repair"
_BROKEN_BY_CUSTOMER = "broken_by_customer"
_ASKING = frozenset({"policy_question", "price_question"})
_NEAREST = 3  # passages; a question about repairs has the page of repairs among them


def answered(turn: Turn) -> bool:
    """Tell the warranty, and then what the pages say, to a question about broken goods; False, and
    nothing said, for any other."""
    from bot.actions.answer import Answer  # which imports the hand-over, and that this

    if turn.intent not in _ASKING:
        return False
    own = _BROKEN_BY_CUSTOMER in turn.request.facts  # beside a fault that is none
    if not (conditions.faulty(turn.request) or (not own and _of_repairs(turn))):
        return False
    lines = _told(turn)
    if not lines:
        return False
    text, proofs = Answer(turn.services).of_pages(turn) or ("", [])
    paid = any(proof.source in turn.services.sources.pages(_REPAIR) for proof in proofs)
    beside = turn.phrase("returns.not_covered") if paid else ""
    said = "\n".join(filter(None, (formats.together(lines, turn.language), beside, text)))
    turn.say(said, citations=proofs, buttons=[turn.button("human")])
    return True


def of_faults(turn: Turn) -> list[str]:
    """What holds for the product that is faulty; nothing where no fault is told of."""
    return _told(turn) if conditions.faulty(turn.request) else []


def _told(turn: Turn) -> list[str]:
    """Until when this customer's product is covered; else for how long the product, or its kind
    where that is one and the same; else nothing, for what holds in general may not hold for it."""
    services = turn.services
    terms = services.rules.returns
    meant = references.named_products(turn)[:1] or _of_kind(turn)
    if terms is None or not meant:
        return []
    wording = ReturnSentences(turn, terms)
    with services.unit_of_work() as uow:
        customer = turn.customer(uow, Capability.OWN_TERMS)
        bought = orders.bought(turn, uow, meant)
        arrived = orders.arrived(bought[0]) if bought else None
        if bought and arrived:
            product = bought[1].variant.product
            case = Case(
                product.return_class, bought[0].placed_at, arrived,
                faulty=True, warranty_months=product.warranty_months,
            )  # fmt: skip
            now = services.clock()
            decision = returns.decide(services.rules, case, now, tier_of(customer))
            name = wording.name_of(product)
            if decision is not None and decision.allowed and decision.cost.nothing:
                return [wording.fault_free(decision, name)]
            if decision is not None:
                return [wording.decided(decision, name, product)]
    products = [services.catalogue[each] for each in meant]
    if returns.common_class(product.return_class for product in products) != STANDARD:
        return []  # food, or what touches the skin, has terms of its own
    months = {warranty.months(services.rules, product.warranty_months) for product in products}
    if len(months) > 1:
        terms_of = sorted(each for each in months if each)
        if len(terms_of) < len(months):
            return []  # some have none
        facts = {"least": terms_of[0], "most": terms_of[-1]}
        return [turn.phrase("returns.general_warranties", **facts)]
    one = wording.name_of(products[0]) if len(products) == 1 else None
    return [wording.faulty_in_general(one, STANDARD, months.pop())]


def _of_kind(turn: Turn) -> Collection[str]:
    """Ids of the goods of the kind that is named, as what is asked for or what is told of."""
    of_kind = turn.services.products.of_kind
    kinds = (of_kind(words) for words in (turn.text, *turn.request.said("goods")))
    return next(filter(None, kinds), ()) or ordered.goods(turn)


def _of_repairs(turn: Turn) -> bool:
    """Whether the shop's page of repairs is among those nearest to the question."""
    pages = turn.services.sources.pages(_REPAIR)
    if not pages:
        return False
    hits = turn.services.retriever.search(
        turn.text, filters=Filters(kind="document"), k=_NEAREST, language=turn.language
    )
    return any(hit.passage.source in pages for hit in hits)
