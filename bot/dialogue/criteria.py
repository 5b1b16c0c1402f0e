"""What is looked for, in a search or in a recommendation, and how an utterance narrows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, Self

from bot.understanding import (
    colours,
    options,
    people,
    quantities,
    refinements,
    spans,
    superlatives,
)
from bot.understanding.plain_words import excluded
from bot.understanding.quantities import PriceRange
from bot.wording import formats, views
from data.models import Product

if TYPE_CHECKING:  # a turn's notes hold criteria
    from bot.dialogue.turn import Turn

Sought = Literal["search", "own", "companion", "gift"]

_CENT = Decimal("0.01")
_ARTICLES = ("the ", "any ", "an ", "a ")
# Of what was written, kept for the turns to come: its beginning and its end, each so many
# characters. A search reads no more than a few sentences, and a customer may refine for ever.
_KEPT_TEXT = 120
_LONGEST_WORD = 20  # characters of what somebody does not want
_LONGEST_NEED = 40  # characters of what it is for
_MOST_WORDS = 10  # of either
# Products that "others" leaves out, the latest ones: ten lists and more.
_MOST_SEEN = 36


@dataclass(frozen=True)
class Criteria:
    """What is looked for. Kept in the notes, so that "cheaper" and "others" can build on it.

    `sought` is the kind of list that was shown, which the next one is again; `beside` the product
    that a companion is to go with. `goods` are the customer's words for a kind of goods, `category`
    the shop's that they name; `needs` say what it is for and what it must be; `options` are values
    of options (a size, a colour); `without` is what it must not be or have; `child` says that it is
    for a child, in the customer's words. Whether a product meets them says `bot.dialogue.fitting`.
    """

    text: str
    sought: Sought = "search"
    beside: str | None = None
    goods: str | None = None
    category: str | None = None
    least: str | None = None  # prices as decimal strings, for JSON
    most: str | None = None
    strict: bool = False  # the bounds themselves are out: "cheaper than these"
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    child: str | None = None
    seen: tuple[str, ...] = ()  # products shown already, when others are asked for

    @classmethod
    def read(cls, turn: Turn) -> Self:
        """What the utterance alone says."""
        prices = quantities.price_range(turn.text) or PriceRange()
        wanted = _wanted(turn)
        products = turn.services.products
        needs = [
            bare
            for words in spans.said(turn.request, "need", "property")
            if len(bare := _bare(words)) > 1
        ]
        without = tuple(word for word in _without(turn) if not any(word in need for need in needs))
        goods = [words for words in spans.said(turn.request, "goods") if words not in without]
        named = products.kinds(wanted)
        # The words that hold the name of a kind of the shop's say more than the name alone.
        best = next((g for g in goods if any(k in g for k in named)), None)
        # What is marked as wanted is, whatever kind it is for: "insoles for my boots".
        apart = [g for g in goods if not any(g in k for k in named) and products.sold_as(g)]
        best = best or next(iter(apart), None)
        values = options_named(turn, wanted)
        needs += [rest for rest in _beside(best, named) if rest not in " ".join(values)]
        return cls(
            text=_shortened(wanted),
            goods=_cut(best or next(iter(named or goods), None)),
            category=_category(turn, wanted, best if best in apart else None),
            least=_text(prices.least),
            most=_text(prices.most),
            options=_latest(values, _MOST_WORDS),
            needs=_latest(
                [need[:_LONGEST_NEED] for need in needs if not any(need in each for each in goods)],
                _MOST_WORDS,
            ),
            without=without,
            child=people.child(wanted),
        )

    @property
    def query(self) -> str:
        """What to rank by: all that was said, and once more the goods and what they are for."""
        return " ".join(filter(None, [self.text, self.goods, *self.needs]))

    @property
    def names_goods(self) -> bool:
        """Whether it says by itself what is looked for, be it by what it is for."""
        return bool(self.goods or self.category or self.needs)

    def narrowed(self, turn: Turn, shown: Sequence[Product]) -> Criteria:
        """What was looked for, narrowed by this utterance. `shown`: the last list, with today's
        prices, which "cheaper" is measured by."""
        new = Criteria.read(turn)
        if new.category and new.category != self.category:
            other = replace(new, sought=self.sought, beside=self.beside)
            if self.sought == "gift":  # the budget is for the present, whatever it is
                other = replace(other, least=new.least or self.least, most=new.most or self.most)
            return other
        narrowed = replace(
            self,
            text=_shortened(f"{self.text} {new.text}"),
            goods=new.goods or self.goods,
            least=new.least or self.least,
            most=new.most or self.most,
            options=() if new.without else new.options or self.options,
            needs=_latest([*self.needs, *new.needs], _MOST_WORDS),
            without=_latest([*self.without, *new.without], _MOST_WORDS),
            child=new.child or self.child,
            seen=self.seen if refinements.others(turn.text) else (),
        )
        prices = [views.cheapest_price(product) for product in shown]
        if not prices or new.least or new.most:
            return narrowed
        if superlatives.superlative(turn.text, turn.services.shop.lexicon):
            return narrowed  # "the cheapest one?" is among them, not below them
        if refinements.cheaper(turn.text):
            # In a mixed list the cheapest is a small thing: below it there is only trifle.
            below = (
                min(prices) if self.sought == "search" else sorted(prices)[(len(prices) - 1) // 2]
            )
            return replace(narrowed, most=str(below), least=None, strict=True)
        if refinements.dearer(turn.text):
            return replace(narrowed, least=str(max(prices)), most=None, strict=True)
        return narrowed

    def after(self, shown: Sequence[Product]) -> Criteria:
        """Once these were shown."""
        seen = [*self.seen, *(product.id for product in shown)]
        return replace(self, seen=_latest(seen, _MOST_SEEN))

    @property
    def prices(self) -> tuple[Decimal | None, Decimal | None]:
        """The least and the most that it may cost, both included."""
        margin = _CENT if self.strict else Decimal(0)
        return (
            None if self.least is None else Decimal(self.least) + margin,
            None if self.most is None else Decimal(self.most) - margin,
        )

    def affords(self, price: Decimal) -> bool:
        least, most = self.prices
        return (least is None or price >= least) and (most is None or price <= most)

    def beyond(self, price: Decimal) -> Decimal:
        """How far a price is outside of the bounds; 0 within them."""
        least, most = self.prices
        return max(
            least - price if least is not None else Decimal(0),
            price - most if most is not None else Decimal(0),
            Decimal(0),
        )

    def limit(self, turn: Turn) -> str:
        """The price range in words: " up to ¥500", or nothing."""
        currency = turn.services.rules.shop.currency
        shown = {
            bound: formats.money(Decimal(price), currency, turn.language)
            for bound, price in (("least", self.least), ("most", self.most))
            if price is not None
        }
        if len(shown) == 2:
            return turn.phrase("search.between", **shown)
        if "most" in shown:
            return turn.phrase("search.below" if self.strict else "search.most", **shown)
        if "least" in shown:
            return turn.phrase("search.above" if self.strict else "search.least", **shown)
        return ""


def _category(turn: Turn, wanted: str, goods: str | None) -> str | None:
    """The kind of the shop's that the text names; that of `goods`, where they are of another."""
    products, catalogue = turn.services.products, turn.services.catalogue
    of = {catalogue[i].category_id for i in products.sold_as(goods)} if goods else set()
    return next(iter(of)) if len(of) == 1 else products.category(wanted)


def _beside(goods: str | None, kinds: Sequence[str]) -> list[str]:
    """What words for goods say beside the shop's name of the kind: "hiking" of "hiking boots"."""
    kind = max((kind for kind in kinds if goods and kind in goods), key=len, default=None)
    if goods is None or kind is None:
        return []
    return [rest for part in goods.split(kind) if len(rest := _bare(part)) > 1]


def options_named(turn: Turn, wanted: str) -> list[str]:
    """Words for values of options: those that the reading marks, and those that the catalogue, the
    plain colours and the sizes know."""
    found = [words for words in spans.said(turn.request, "option") if words in wanted]
    mentions = turn.services.products.lexicon.find(wanted, ("category", "product", "option"))
    found += [wanted[each.start : each.end] for each in mentions if each.kind == "option"]
    found += colours.named(wanted)
    found += _figures(turn, wanted)
    if (size := quantities.size(wanted)) and not any(size in words for words in found):
        found.append(size)
    return [words[:_LONGEST_WORD] for words in found]


def _figures(turn: Turn, wanted: str) -> list[str]:
    """Figures that are options of the goods that the text names: 512 GB, 12 kg."""
    category = turn.services.products.category(wanted)
    figures = [
        wanted[said.start : said.end]
        for said in quantities.read(wanted, quantities.UNDATED)
        if said.role == "measure" and said.unit is not None and said.bound == "exact"
    ]
    of_kind = [p for p in turn.services.catalogue.values() if p.category_id == category]
    return [
        words
        for words in figures
        if any(options.named(words, p.variants, bare_numbers=False).values for p in of_kind)
    ]


def _wanted(turn: Turn) -> str:
    """The words without those for what is excluded: "not headlamps" looks for no headlamps."""
    text = turn.text
    for words in excluded(turn.request):
        text = text.replace(words, " ")
    return text


def _without(turn: Turn) -> tuple[str, ...]:
    words = (_bare(words)[:_LONGEST_WORD] for words in excluded(turn.request))
    return _latest(list(words), _MOST_WORDS)


def _bare(words: str) -> str:
    """ "the red ones" → "red ones", "皮的" → "皮"."""
    lowered = words.strip().lower()
    for article in _ARTICLES:
        lowered = lowered.removeprefix(article)
    return lowered.removesuffix("的")


def _cut(words: str | None) -> str | None:
    return None if words is None else words[:_LONGEST_NEED]


def _shortened(text: str) -> str:
    if len(text) <= 2 * _KEPT_TEXT:
        return text
    return f"{text[:_KEPT_TEXT]} {text[1 - _KEPT_TEXT :]}"


def _latest(items: Sequence[str], most: int) -> tuple[str, ...]:
    """Each once; of more than `most` the last ones."""
    return tuple(dict.fromkeys(items))[-most:]


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
