"""A set of several kinds of goods under one budget: one of each kind that fits, as many as there
are people, and together within what they may cost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.actions import search
from bot.actions.price import Price
from bot.dialogue import basket
from bot.dialogue.basket import Item
from bot.dialogue.criteria import Criteria
from bot.dialogue.turn import Turn
from bot.understanding import figures, follow_ups, people, quantities, spans
from bot.wording import views
from data.models import Product, Variant
from data.shop import KIDS

# Acts that a wish for a set is taken for.
_ACTS = frozenset({"product_search", "recommend", "refine", "price_question", "policy_question",
                   "recommend_companion", "compare", "out_of_scope", "nlu_fallback"})  # fmt: skip
_CANDIDATES = 20  # of a kind


@dataclass(frozen=True)
class Choice:
    """So many of a product."""

    product: Product
    variant: Variant
    count: int

    @property
    def cost(self) -> Decimal:
        return self.variant.price * self.count


def answered(turn: Turn) -> bool:
    """Put a set together; False, and nothing said, where not several kinds are wanted for one
    sum."""
    if turn.request.act not in _ACTS or follow_ups.either(turn.text):
        return False
    most = basket.whole_budget(turn)
    if most is None or turn.services.products.match(turn.text):
        return False
    kinds = dict(_kinds(turn))
    if sum(bool(goods) for goods in kinds.values()) < 2:
        return False
    choices = {words: _choices(turn, words, goods) for words, goods in kinds.items() if goods}
    taken = within({words: those for words, those in choices.items() if those}, most)
    items = [
        Item(words, one.count, (one.product, one.variant)) if one else Item(words, 1)
        for words in kinds
        for one in [taken.get(words)]
    ]
    Price(turn.services).of_set(turn, items, cheapest=_sum(taken.values()) > most)
    return True


def within(choices: dict[str, Sequence[Choice]], most: Decimal) -> dict[str, Choice]:
    """Of each kind the first that lets all together cost at most so much; the cheapest where
    nothing does. Given up is what saves enough and the least of that, else what saves the most."""
    taken = {words: those[0] for words, those in choices.items()}
    while (over := _sum(taken.values()) - most) > 0:
        cheaper = {
            words: next((c for c in those if c.cost < taken[words].cost), None)
            for words, those in ((w, _behind(choices[w], taken[w])) for w in taken)
        }
        saved = {w: taken[w].cost - c.cost for w, c in cheaper.items() if c is not None}
        if not saved:
            break
        enough = {words: saving for words, saving in saved.items() if saving >= over}
        words = (
            min(enough, key=lambda w: enough[w]) if enough else max(saved, key=lambda w: saved[w])
        )
        if (instead := cheaper[words]) is not None:
            taken[words] = instead
    return taken


def _behind(choices: Sequence[Choice], one: Choice) -> Sequence[Choice]:
    return choices[choices.index(one) + 1 :]


def _sum(taken: Iterable[Choice]) -> Decimal:
    return sum((each.cost for each in taken), Decimal(0))


def _kinds(turn: Turn) -> Iterator[tuple[str, frozenset[str]]]:
    """The kinds of goods that the text names, each once, with the goods that are of it; where its
    name is many things' ("bags"), those that are sold beside the others. Empty of what the shop
    does not have."""
    products, catalogue = turn.services.products, turn.services.catalogue
    said = [w for w in spans.said(turn.request, "goods", "product") if not follow_ups.counts(w)]
    known = {words: products.called(words) or products.sold_as(words) for words in said}
    known |= {words: products.sold_as(words) for words in products.kinds(turn.text)}
    seen: set[str] = set()
    for words, goods in sorted(known.items(), key=lambda each: turn.text.find(each[0])):
        others = [those for other, those in known.items() if other != words]
        beside = {catalogue[i].category_id for those in others for i in those}
        near = frozenset(i for i in goods if catalogue[i].category_id in beside)
        those = goods if products.kinds(words) else near or goods
        if seen.isdisjoint(those):
            seen |= those
            yield words, those


def _choices(turn: Turn, words: str, goods: frozenset[str]) -> list[Choice]:
    """What may be taken of a kind, the best first: what is there, fits, and is for grown-ups where
    no child is spoken of."""
    criteria = Criteria.read(turn)
    own = Criteria(
        turn.text, goods=words, child=criteria.child, options=criteria.options,
        needs=tuple(n for n in criteria.needs if not turn.services.products.sold_as(n)),
        without=criteria.without,
    )  # fmt: skip
    fits = search.ranked(turn.services, own, goods)[:_CANDIDATES]
    fitting = [each for each in fits if not each[0].lacks("figure")] or fits
    found = []
    for _, product, variants in fitting:
        variant = views.cheapest_of(variants)
        count = _count(turn, words, product)
        if variant.stock and (criteria.child or KIDS not in product.tags):
            found.append(Choice(product, variant, count))
    return found


def _count(turn: Turn, words: str, product: Product) -> int:
    """How many of it are taken: as many as are said, one for all the people that it is made for,
    one for each body that it must fit, else one."""
    heads = quantities.people(turn.text)
    text = turn.text
    if heads is not None:  # "we are three and need a tent"
        text = text[: heads.start] + " " * (heads.end - heads.start) + text[heads.end :]
    said = quantities.quantity_before(text, max(0, text.find(words)))
    if said > 1 or heads is None or not isinstance(heads.value, Decimal):
        return said
    if holds := figures.holds_people(product):
        return math.ceil(heads.value / holds)
    worn = people.is_worn(product.sizing) or people.is_several(words)
    return int(heads.value) if worn else 1
