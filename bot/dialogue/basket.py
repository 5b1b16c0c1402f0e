"""Several goods in one message: what each is, and how many of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from bot.dialogue import fitting
from bot.dialogue.criteria import Criteria
from bot.dialogue.notes import Gathered
from bot.dialogue.turn import Turn
from bot.understanding import figures, follow_ups, options, quantities, spans
from bot.wording import views
from data.models import Product, Variant
from data.unit_of_work import UnitOfWork
from retrieval.text import tokenize

# Characters between a name and the word for its kind that still are one thing: 踏雪 + 雪地靴.
_JOINED = 3
_AS_SAID = Decimal(0)  # a sum is set beside the figure that was said, though it was "about" that
# The shortest word that may stand for a name that ends in it, in Chinese characters and in letters.
_LEAST_HEAD = {False: 2, True: 4}


@dataclass(frozen=True)
class Item:
    """One thing of several: the customer's `words` for it, and the product and variant that it is;
    None where the shop has none."""

    words: str
    count: int
    found: tuple[Product, Variant] | None = None


@dataclass(frozen=True)
class Mention:
    start: int
    end: int
    words: str
    product_id: str | None  # None: the words name a kind, or nothing that the shop has


def mentioned(turn: Turn) -> int:
    """How many different goods the utterance names, by name or kind."""
    return len(list(mentions(turn)))


def items(turn: Turn, uow: UnitOfWork) -> list[Item]:
    """The goods that the utterance names, in its order, as they stand now."""
    said = list(mentions(turn))
    found: list[Item] = []
    for place, each in enumerate(said):
        begin = said[place - 1].end if place else 0
        end = said[place + 1].start if place + 1 < len(said) else len(turn.text)
        around = (turn.text[begin : each.start] + each.words, turn.text[each.end : end])
        item = _item(turn, uow, each, around)
        if item.found is None or all(item.found != other.found for other in found):
            found.append(item)
        elif follow_ups.joins(turn.text[begin : each.start]):
            # "X and Y" are two things, and no second one is found; "a screw-on canister" may name
            # one by two of its names.
            found.append(Item(item.words, item.count))
    return found


def item_of(turn: Turn, uow: UnitOfWork, each: Gathered) -> Item | None:
    """What was put together before, as it stands now; None where it is not sold any more."""
    product = uow.products.get(each.product)
    if product is None:
        return None
    named = options.Named({}).beside(each.options or {})
    variants = named.of(product.variants) or product.variants
    return Item(turn.name_of(product), each.count, (product, views.cheapest_of(variants)))


def counts(turn: Turn) -> bool:
    """Whether more than one of something is wanted: "a tent and two mats" is bought together, where
    "a fleece or a shell" is one of both."""
    return any(quantities.quantity_before(turn.text, each.start) > 1 for each in mentions(turn))


def together(turn: Turn) -> bool:
    """Whether several goods are wanted, all of them: counted, or in a row without an "or"."""
    said = list(mentions(turn))
    between = [turn.text[one.end : other.start] for one, other in pairwise(said)]
    row = all(follow_ups.joins(text) and not follow_ups.either(text) for text in between)
    return len(said) > 1 and (row or counts(turn))


def budget(turn: Turn) -> Decimal | None:
    """What it all may cost, where the utterance says so: of "about 500" the 500 that were said."""
    prices = quantities.price_range(turn.text, about=_AS_SAID)
    if prices is not None and prices.most is not None:
        return prices.most
    # "3 soups and 2 teas": how many there shall be is no sum of money.
    counted = {quantities.quantity_before(turn.text, each.start) for each in mentions(turn)}
    sums = [value for value in quantities.amounts(turn.text) if value not in counted]
    return sums[-1] if sums else None


def whole_budget(turn: Turn) -> Decimal | None:
    """What all of several goods may cost: a limit, or a sum that is said to be for all of them."""
    prices = quantities.price_range(turn.text, about=_AS_SAID)
    if prices is not None:
        return prices.most
    return budget(turn) if follow_ups.sums(turn.text) else None


def _item(turn: Turn, uow: UnitOfWork, each: Mention, around: tuple[str, str]) -> Item:
    count = quantities.quantity_before(turn.text, each.start)
    if each.product_id is not None:
        product = uow.products.get(each.product_id)
        if product is None:
            return Item(each.words, count)
        return _counted(each.words, count, (product, _variant(product, around)))
    criteria = Criteria(turn.text, goods=each.words)
    products = turn.services.products
    goods = products.sold_as(each.words) or products.called(each.words)
    measures = fitting.measures_of(turn.services, criteria)
    fits = [
        fit
        for i in sorted(goods)
        if (fit := fitting.fit(turn.services, criteria, turn.services.catalogue[i], measures))
    ]
    least = min((len(fit.unmet) for fit in fits), default=0)
    best = [fit.product.id for fit in fits if len(fit.unmet) == least]
    now = uow.products.get_many(best)
    coming = [p for p in now if any(_named(p, text) for text in around)] or now
    choice = [(p, _variant(p, around)) for p in coming]
    choice.sort(
        key=lambda pair: (
            pair[1].stock == 0,
            sum(figures.room(pair[0], measure) for measure in measures),
            pair[1].price,
        )
    )
    return _counted(each.words, count, choice[0]) if choice else Item(each.words, count)


def _counted(words: str, count: int, found: tuple[Product, Variant]) -> Item:
    return Item(words, 1 if _is_pack(found[1], count) else count, found)


def _is_pack(variant: Variant, count: int) -> bool:
    """Whether so many come in one: "10 sachets" is a pack of ten, not ten packs."""
    figures = (token.text for each in variant.options.values() for token in tokenize(each["en"]))
    return count > 1 and str(count) in figures


def _variant(product: Product, around: tuple[str, str]) -> Variant:
    """The cheapest that can be bought of those that are named before the goods, or else behind."""
    those = next((found for text in around if (found := _named(product, text))), None)
    return views.cheapest_of(those or product.variants)


def _named(product: Product, text: str) -> list[Variant]:
    named = options.named(text, product.variants)
    return options.Named(named.values).of(product.variants) if named.values else []


def mentions(turn: Turn) -> Iterator[Mention]:
    """Names and kinds in the order of the text, and goods that the shop does not know; the word
    for its own kind beside a name is one with it."""
    text, products = turn.text, turn.services.products
    found = [
        Mention(each.start, each.end, text[each.start : each.end], None)
        for each in products.lexicon.find(text, ("category", "product"))
    ]
    places = products.places(text)
    taken: list[Mention] = []
    for product_id, start in places.items():
        whole = next((m for m in found if m.start <= start < m.end), None)
        end = whole.end if whole else _word_end(text, start)
        taken.append(Mention(start, end, text[start:end], product_id))
    for mention in found:
        own = [m for m in taken if m.product_id and _beside(m, mention, text)]
        if not any(m.product_id in products.sold_as(mention.words) for m in own):
            taken.append(mention)
    for words in spans.said(turn.request, "goods", "other_product", "product"):
        start = text.find(words)
        if start < 0 or follow_ups.counts(words):
            continue
        mention = Mention(start, start + len(words), words, None)
        # "Climbing shoes" says more than the name of the kind in it.
        taken = [m for m in taken if m.product_id or not _holds(mention, m)]
        if not any(_beside(other, mention, text) for other in taken):
            taken.append(mention)
    for token in tokenize(text):
        mention = Mention(token.start, token.end, token.text, None)
        told = len(token.text) >= _LEAST_HEAD[token.text.isascii()]
        if (
            told
            and products.called(token.text)
            and not any(_beside(m, mention, text) for m in taken)
        ):
            taken.append(mention)
    taken.sort(key=lambda m: m.start)
    last = taken[-1].end if len(taken) > 1 else len(text)
    if tail := follow_ups.last_of_row(text[last:]):
        # "…, a litter tray and a scratching post" names three goods, known or not.
        taken.append(
            Mention(last + tail[0], last + tail[1], text[last + tail[0] : last + tail[1]], None)
        )
    yield from taken


def _beside(one: Mention, other: Mention, text: str) -> bool:
    """Whether both are words for one thing, as names and the words for their kind are that stand
    beside each other without an "and" between them."""
    first, second = sorted((one, other), key=lambda each: each.start)
    between = text[first.end : second.start]
    return len(between) <= _JOINED and not follow_ups.joins(between)


def _holds(one: Mention, other: Mention) -> bool:
    return one.start <= other.start and other.end <= one.end


def _word_end(text: str, start: int) -> int:
    return next((token.end for token in tokenize(text) if token.start <= start < token.end), start)
