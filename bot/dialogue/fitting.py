"""How a product meets what is looked for: the one judgement that lists, presents and sums share.

What is looked for is hard: the kind of goods, what is excluded, the price, figures, options, needs.
What no text of the product speaks of is left open, and counts neither for nor against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from bot.dialogue.criteria import Criteria
from bot.dialogue.services import Services
from bot.dialogue.turn import Turn
from bot.understanding import figures, options, people, quantities
from bot.understanding.quantities import UNDATED, Measure, read, units
from data.models import Product, Variant
from data.shop import KIDS, Lexicon
from retrieval import claims
from retrieval.products import attributes_of, names_and_tags, options_of, texts_of
from retrieval.text import singular

What = Literal["price", "option", "need", "kind", "figure", "child"]
# Where as much is unmet, the later of these is the worse: whoever wants shoes for −20 °C rather
# takes boots than what is not warm enough, and rather dearer ones than gaiters.
_WORSE: dict[What, int] = {
    "price": 0, "option": 0, "need": 0, "kind": 1, "figure": 2, "child": 2,
}  # fmt: skip
# Whoever names a price may look at what costs a little more, where nothing fits: half again.
# Nobody minds that something costs a little less than the least they named.
_NEARLY = Decimal("0.9")
_NEAR_PRICE = Decimal("1.5")


@dataclass(frozen=True)
class Unmet:
    """One thing that was asked for and is not so; `words` are the customer's, where there are."""

    what: What
    words: str = ""


@dataclass(frozen=True)
class Fit:
    """`variants` are those of the product that are as wanted, as the catalogue has them: all where
    nothing tells them apart. `said` counts the needs and options that the product's own record
    affirms, `open` holds the needs of which it says nothing; `named`: it comes in the options."""

    product: Product
    variants: tuple[Variant, ...]
    unmet: tuple[Unmet, ...] = ()
    said: int = 0
    open: tuple[str, ...] = ()
    named: bool = False

    @property
    def skus(self) -> frozenset[str]:
        return frozenset(variant.sku for variant in self.variants)

    @property
    def distance(self) -> tuple[int, int]:
        """How far it is from what is asked for; the smaller, the nearer."""
        return len(self.unmet), max((_WORSE[each.what] for each in self.unmet), default=0)

    def lacks(self, what: What) -> bool:
        return any(each.what == what for each in self.unmet)

    def without(self, what: What) -> Fit:
        return replace(self, unmet=(*self.unmet, Unmet(what)))

    def now(self, product: Product) -> list[Variant]:
        """The same variants of the product as it stands now."""
        return [variant for variant in product.variants if variant.sku in self.skus]


def goods_of(services: Services, criteria: Criteria) -> frozenset[str] | None:
    """Ids of the goods that are asked for by name; None where none are, and empty where the shop
    sells nothing of the kind."""
    named = frozenset(services.products.match(criteria.text))
    if criteria.goods is not None:
        products = services.products
        # 鞋 alone is no word of the catalogue's: it means what is called so, no 鞋蜡.
        known = products.kinds(criteria.goods) or products.match(criteria.goods)
        called = frozenset() if known else products.called(criteria.goods)
        return called or products.sold_as(criteria.goods) or named
    if criteria.category is not None:
        return services.products.of_category(criteria.category)
    return named or None


def measures_of(services: Services, criteria: Criteria) -> list[Measure]:
    """The figures that are asked for, but for those that are options of the goods: 512 GB."""
    read = quantities.measures(criteria.text, services.units)
    return [measure for measure in read if not _is_option(services, criteria, measure)]


def fit(
    services: Services, criteria: Criteria, product: Product, measures: Sequence[Measure]
) -> Fit | None:
    """How the product meets the criteria, but for its price, which is the database's to tell; None
    for what is excluded or was seen. Of the kind that is asked for it must be already."""
    if product.id in criteria.seen:
        return None
    lexicon = services.shop.lexicon
    kept = [
        variant
        for variant in product.variants
        if not any(_has(variant, word, product) for word in criteria.without)
    ]
    if not kept or any(_is_of(services, product, word) for word in criteria.without):
        return None
    unmet: list[Unmet] = []
    said, comes_so = 0, False
    if measures:
        meeting = figures.variants_meeting(product, measures)
        if those := [variant for variant in kept if variant in meeting]:
            kept = those
        else:
            unmet.append(Unmet("figure"))
    if criteria.options:
        words = " ".join(criteria.options)
        named = options.named(words, product.variants, bare_numbers=False)
        those = [variant for variant in named.of(product.variants) if variant in kept]
        sizes = [word for word in criteria.options if options.lacks_size(word, product.variants)]
        if sizes:
            unmet.append(Unmet("option", " ".join(sizes)))
        elif named and not those:
            unmet.append(Unmet("option", words))
        elif named:
            kept, said, comes_so = those, said + 1, True
    if criteria.child:
        if made_for_child(product, criteria.child):
            said += 1
        else:
            unmet.append(Unmet("child", criteria.child))
    texts = [*texts_of(product), *options_of(product)]
    told = {need: tells(texts, need, product, lexicon) for need in criteria.needs}
    unmet += [Unmet("need", need) for need, so in told.items() if so is False]
    said += sum(so is True for so in told.values())
    said += sum(claims.says(texts, word) is False for word in criteria.without)
    silent = tuple(need for need, so in told.items() if so is None)
    return Fit(product, tuple(kept), tuple(unmet), said, silent, comes_so)


def compared(fits: Sequence[Fit], criteria: Criteria) -> list[Fit]:
    """The same, where a need that some of them are said to serve is unmet by those of which nothing
    is said: a shop that writes "waterproof" at one jacket would write it at the other. So are the
    options that some of them come in."""
    served = {
        need
        for need in criteria.needs
        if any(
            need not in fit.open and all(unmet.words != need for unmet in fit.unmet) for fit in fits
        )
    }
    comes_so = any(fit.named for fit in fits)
    options_asked = " ".join(criteria.options)
    judged = []
    for fit in fits:
        # What serves one of several needs is no miss because it is silent on another.
        unmet = [Unmet("need", need) for need in fit.open if need in served and not fit.said]
        if comes_so and not fit.named and not fit.lacks("option"):
            unmet.append(Unmet("option", options_asked))
        still = tuple(need for need in fit.open if need not in served)
        judged.append(replace(fit, unmet=(*fit.unmet, *unmet), open=still))
    return judged


def priced(fit: Fit, criteria: Criteria, price: Decimal) -> Fit:
    """The fit with what its price says; one that is far from what is asked for counts twice."""
    least, most = criteria.prices
    if criteria.affords(price) or (
        least is not None and not criteria.strict and least * _NEARLY <= price < least
    ):
        return fit
    far = most is not None and price > most * _NEAR_PRICE
    return fit.without("price").without("price") if far else fit.without("price")


def unknown(services: Services, criteria: Criteria) -> list[str]:
    """What is not wanted and nothing in the catalogue speaks of, so that nobody can tell what it
    leaves out."""
    return [
        word
        for word in criteria.without
        if not services.products.kinds(word)
        and all(
            claims.says([*texts_of(product), *options_of(product)], word) is None
            for product in services.catalogue.values()
        )
    ]


def tells(texts: Iterable[str], need: str, product: Product, lexicon: Lexicon) -> bool | None:
    """What the product's record says of a need: that it serves it, that it does not, or nothing."""
    if lexicon.tags_in(need) & set(product.tags):
        return True
    return claims.says(texts, need)


def made_for_child(product: Product, child: str) -> bool:
    """Whether a product is made for the child that these words speak of ("6岁", "kids"): its ages
    say so, or its tag, or what it is called and said to be."""
    years = people.age(child)
    if product.min_age and product.min_age > (years or 0):
        return False
    ages = [a for a in product.attributes if any(map(people.is_age, a["name"].values()))]
    if years is not None and ages:
        return all(_is_of_age(attribute, years) for attribute in ages)
    summary = (product.summary.zh, product.summary.en) if product.summary else ()
    texts = [*names_and_tags(product), *summary, *attributes_of(product), *options_of(product)]
    return KIDS in product.tags or any(claims.says(texts, word) for word in people.CHILDREN)


def _is_of_age(attribute: Mapping[str, Any], years: Decimal) -> bool:
    """Whether somebody so old is within the ages that an attribute tells: "3–6", "8+"."""
    told = attribute["value"]["en"]
    unit = units.of(str(attribute.get("unit") or "")) or units.UNITS["year"]
    old = years * units.UNITS["year"].holds / unit.holds
    most = next((each.to for each in read(told, UNDATED) if isinstance(each.to, Decimal)), None)
    least = attribute.get("number")
    return (least is None or old >= Decimal(str(least))) and (most is None or old <= most)


def excludes(turn: Turn, shown: Sequence[Product]) -> bool:
    """Whether the utterance declines a kind of goods, or something that was shown: "不要灯", "no
    headlamps"; "no thanks" does not."""
    services = turn.services
    return any(
        services.products.kinds(word)
        or any(
            _is_of(services, product, word)
            or any(_has(variant, word, product) for variant in product.variants)
            for product in shown
        )
        for word in Criteria.read(turn).without
    )


def _is_option(services: Services, criteria: Criteria, measure: Measure) -> bool:
    goods = goods_of(services, criteria)
    words = " ".join(criteria.options)
    return any(
        bool(options.named(words, services.catalogue[i].variants, bare_numbers=False).values)
        for i in goods or ()
    ) and any(character.isdigit() for character in words)


def _has(variant: Variant, word: str, product: Product) -> bool:
    """Whether the variant is, by its options, what is not wanted, where others of it are not."""
    named = options.named(word, product.variants, bare_numbers=False)
    return bool(named.values) and variant in named.of(product.variants)


def _is_of(services: Services, product: Product, word: str) -> bool:
    """Whether the product is, is made of, or holds what the customer does not want."""
    if services.products.kinds(word) and product.id in services.products.sold_as(word):
        return True
    lexicon = services.shop.lexicon
    alike = lexicon.alike(word)
    words = alike if len(alike) > 1 else {singular(word)}
    if any(w in name.lower() for w in words for name in names_and_tags(product)):
        return any(claims.says(names_and_tags(product), w) is not False for w in words)
    return any(claims.says(texts_of(product), w) is True for w in words)
