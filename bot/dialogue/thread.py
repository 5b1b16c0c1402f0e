"""What a request means by what was said before it: which of the goods shown it points to, and what
it asks of a thing that it only names. Such a request is put in full, by the goods' own names and
the question's own words, and then understood like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice, pairwise

from bot.dialogue import basket, references
from bot.dialogue.turn import Turn
from bot.understanding import (
    body,
    colours,
    corrections,
    deciding,
    follow_ups,
    options,
    places,
    refinements,
    superlatives,
)
from bot.understanding.reading import Request, Span
from data.models import Product
from data.shop import Direction
from retrieval import claims, reference
from retrieval.lexical import terms
from retrieval.products import attributes_of, names_and_tags, options_of, texts_of
from retrieval.text import tokenize

# Questions that can be asked of another product as well. The other acts are about orders, people,
# or lists that have their own ways to go on.
ASKED = frozenset(
    {"product_question", "price_question", "stock_check", "return_eligibility", "exchange"}
)
# What a few words about goods are taken for, rightly or not.
_OF_GOODS = ASKED | {
    "compare", "product_search", "recommend", "recommend_companion", "refine", "affirm",
    "out_of_scope", "policy_question", "wish_list", "help", "greet", "nlu_fallback",
}  # fmt: skip
# Those that are about a product where they name one.
_OF_THE_SHOP = frozenset({"policy_question", "delivery_time", "delivery_cost"})
# Acts of which one request may ask several things.
_ASKING_SEVERAL = frozenset({"product_question", "policy_question", "membership"})
# Acts that may go on with what the request before them in the same message named.
_OF_THE_SAME = frozenset({"product_question", "policy_question"})
_OF_DELIVERY = frozenset({"delivery_time", "delivery_cost"})
_SURE = 0.6  # from which certainty on an act is not doubted
# Acts that make no sense of one product that is known already.
_OF_LISTS = frozenset({"product_search", "refine", "recommend", "affirm", "out_of_scope",
                       "nlu_fallback"})  # fmt: skip
# Acts that wishes for several goods are taken for.
_OF_SEVERAL = frozenset({"product_search", "stock_check", "refine", "nlu_fallback"})
_MOST_AGAIN = 2  # questions that are asked again of another thing, beside its own
_MOST_PARTS = 4  # in a reply that can still be read
_GOES_ON = 1  # turns for which a question can be asked of another thing by its name alone
_LONGEST = 200  # characters of a question that is kept for the next turn


def of_delivery(turn: Turn) -> Request:
    """The request that is being served, as one of delivery where it is not surely one of the shop's
    ways, would be that else, and names a place."""
    request = turn.request
    doubted = request.act == "policy_question" and request.certainty < _SURE
    if not doubted or request.runner_up not in _OF_DELIVERY:
        return request
    placed = turn.services.rules.places.find(request.words)
    return replace(request, act=request.runner_up) if placed else request


def parts(turn: Turn) -> list[Request]:
    """The request that is being served as several, where it asks several things of goods ("is it
    rechargeable? and can it be used in the rain?") or names several in a row."""
    request = turn.request
    if going_on := _of_another_and_more(turn):
        return going_on
    if request.act in _ASKING_SEVERAL:
        asked = follow_ups.questions(request.words)
        return [_part(request, begin, end) for begin, end in body.together(request.words, asked)]
    if request.act not in _OF_SEVERAL or basket.whole_budget(turn) is not None:
        return [request]
    said = list(basket.mentions(turn))
    joined = all(follow_ups.joins(request.words[a.end : b.start]) for a, b in pairwise(said))
    if len(said) < 2 or not joined or basket.counts(turn):
        return [request]
    borders = [0, *(each.end for each in said[:-1]), len(request.words)]
    found = []
    for each, (begin, end) in islice(zip(said, pairwise(borders), strict=True), _MOST_PARTS):
        one = each.product_id is not None and request.act == "stock_check"
        act = "stock_check" if one else "product_search"
        part = replace(_part(request, begin, end), act=act)
        if each.product_id is None and not part.said("goods"):
            at = request.start + each.start
            goods = Span("goods", at, at + len(each.words), each.words)
            part = replace(part, spans=(*part.spans, goods))
        found.append(part)
    return found


def _of_another_and_more(turn: Turn) -> list[Request]:
    """What was asked before, of the product that the request names, and what it asks of it
    besides: "and the …, would it do for snow?"; nothing where it is no such request."""
    request = turn.request
    if request.act not in _OF_GOODS | _OF_THE_SHOP:
        return []
    named = [each for each in basket.mentions(turn) if each.product_id is not None]
    if len(named) != 1:
        return []
    (now,) = named
    end = _name_end(turn, request.words, now.end, now.product_id)
    own_words = follow_ups.then_asks(request.words[: now.start], request.words[end:])
    if own_words is None or now.product_id is None:
        return []
    begin = end + own_words
    earlier = turn.noted(lambda notes: notes.served, within=_GOES_ON) or ()
    name = request.words[now.start : now.end]
    asked = [_of(turn, each, name) for each in earlier if each.act in ASKED]
    turn.note(product=now.product_id)
    own = replace(_part(request, begin, len(request.words)), act="product_question")
    need = Span("need", own.start, own.end, own.words)
    return [*asked[:_MOST_AGAIN], replace(own, spans=(*own.spans, need))]


def _of(turn: Turn, asked: Request, name: str) -> Request:
    """The question of another thing, of that with this name."""
    start, end = subject(turn, asked)
    return with_name(asked, start, end, name if end else f"{name} ")


def with_subject(turn: Turn, served: Sequence[Request]) -> Request:
    """The request that is being served, with the kind of goods in front that those served before it
    in the same message named, where it names none itself: 能用烘干机吗 behind 雨衣能机洗吗 is about
    raincoats. A product is known by the notes; a pronoun tells that it is meant, whatever kind a
    word sounds like ("how small does it pack")."""
    request = turn.request
    if request.act not in _OF_THE_SAME or not served:
        return request
    own = [each for each in basket.mentions(turn) if _is_subject(turn, each)]
    points = reference.points_back(request.words) and not request.said("goods")
    if any(each.product_id for each in own) or (own and not points):
        return request
    subjects: dict[str, bool] = {}
    for before in served:
        turn.turn_to(before)
        for each in basket.mentions(turn):
            product = turn.services.catalogue.get(each.product_id or "")
            known = product or turn.services.products.sold_as(each.words)
            if known:
                subjects[turn.name_of(product) if product else each.words] = product is not None
    turn.turn_to(request)
    if len(subjects) != 1:
        return request
    ((name, is_product),) = subjects.items()
    if is_product and not own:
        return request
    return with_name(request, 0, 0, f"{name} ")


def _is_subject(turn: Turn, mention: basket.Mention) -> bool:
    """Whether a request can be about what it names: what the shop has, or what stands first in it.
    "能放洗衣机吗" asks of no washing machine."""
    sold = mention.product_id or turn.services.products.sold_as(mention.words)
    return bool(sold) or not turn.text[: mention.start].strip()


def in_full(turn: Turn) -> Request:
    """The request that is being served, with the names and the question that it leaves out."""
    request = turn.request
    if request.act not in _OF_GOODS:
        return request
    return _asked_again(turn) or _of_option(turn, request)


def choice(turn: Turn) -> list[Product]:
    """The goods among which one can be chosen: the latest list of several, unless something else
    was talked of since."""
    catalogue = turn.services.catalogue
    since: list[str] = []
    for ago, notes in turn.earlier():
        if ago > references.CONTEXT_TURNS:
            break
        shown = [i for i in notes.shown or () if i in catalogue]
        if len(shown) > 1:
            return [catalogue[i] for i in shown] if set(since) <= set(shown) else []
        since += [i for i in (notes.product, *shown) if i is not None]
    return []


def direction_figures(
    turn: Turn, text: str, products: Sequence[Product]
) -> tuple[Direction, Mapping[str, Decimal]] | None:
    """What the text asks for more or less of, and each product's figure; None where their figures
    do not tell."""
    best = superlatives.of_those(text, products, turn.services.shop.lexicon)
    if best is None:
        return None
    told = {p.id: figure for p in products if (figure := _figure(p, best)) is not None}
    return (best, told) if len(told) == len(products) else None


def _figure(product: Product, best: Direction) -> Decimal | None:
    if "price" in best.keys:
        return min(variant.price for variant in product.variants)
    key = best.keys[0]
    return next(
        (
            Decimal(str(a["number"]))
            for a in product.attributes
            if a["key"] == key and "number" in a
        ),
        None,
    )


def by_name(turn: Turn) -> Request:
    """The request that is being served, with the name of the one of those shown that it points
    to."""
    request = turn.request
    if request.act not in _OF_GOODS:
        return request
    among = choice(turn)
    catalogue = turn.services.catalogue
    last = catalogue.get(references.product_before(turn) or "")
    said = list(basket.mentions(turn))
    for pointing in places.pointings(request.words):
        # 那个大的 and then 帐篷: of the kind that is named behind it.
        kind = next((m for m in said if m.start == pointing.end and m.product_id is None), None)
        fits = turn.services.products.sold_as(kind.words) if kind else catalogue
        meant = _one_pointed_to(turn, [p for p in among if p.id in fits], last, pointing.words)
        if meant is not None and meant.id in fits:
            name = _in_words(turn, meant, pointing.words)
            end = kind.end if kind else pointing.end
            return _of_one(turn, with_name(request, pointing.start, end, name))
    placed = places.picked_by_place(request.words, [product.id for product in among])
    if len(placed) == 1 and placed[0] not in references.recently_shown(turn):
        name = turn.name_of(catalogue[placed[0]])
        return with_name(request, 0, 0, f"{name} ")
    return _of_first(turn, among) or _of_option(turn, request)


def _of_first(turn: Turn, among: Sequence[Product]) -> Request | None:
    """What is asked of "this" or "it" straight after a list of several: of the one of them that
    alone comes in what the utterance names, else of the first of them, which is said."""
    request = turn.request
    place = places.one_thing(request.words)
    sized = body.asks_size(request.words) and bool(body.told(request.words).figures)
    if not (request.act in ASKED or sized) or len(among) < 2 or place is None:
        return None
    goods = turn.services.products
    said = basket.mentions(turn)  # "does this have chicken in it" names no goods
    named = [m for m in said if m.product_id is not None or goods.kinds(m.words)]
    first = among[0]
    kinds = [m for m in named if m.product_id is None and m.start == place[1]]
    if len(named) > len(kinds) or references.product_before(turn) is not None:
        return None
    picked = _picked(turn, among)
    if picked is None and references.product_talked_of(turn) is not None:
        return None
    if any(first.id not in turn.services.products.sold_as(kind.words) for kind in kinds):
        return None
    meant = picked or first
    turn.note(product=meant.id, first_of=None if picked else len(among))
    end = max([place[1], *(kind.end for kind in kinds)])
    named_so = with_name(request, place[0], end, _spaced(turn, place, meant))
    return replace(named_so, act="product_question") if sized else named_so


def _picked(turn: Turn, among: Sequence[Product]) -> Product | None:
    """The one of them that the whole utterance picks: "is it for me, and is it there in yellow"."""
    request = turn.request
    spans = tuple(span for each in turn.reading.requests for span in each.spans)
    turn.turn_to(replace(turn.whole, spans=spans))
    found = references.picked(turn, [product.id for product in among])
    turn.turn_to(request)
    return _only(product for product in among if product.id in found)


def _spaced(turn: Turn, place: tuple[int, int], product: Product) -> str:
    """Its name, with a space behind it where words follow at once: 这个防雨吗."""
    name, behind = turn.name_of(product), turn.request.words[place[1] : place[1] + 1]
    return f"{name} " if behind.isalnum() else name


def _one_pointed_to(
    turn: Turn, among: Sequence[Product], last: Product | None, words: str
) -> Product | None:
    """The one of these that the words point to, or by no words the one that was not talked of last;
    else one of their kind that was not shown: of three jackets "the one with a hood" is a
    fourth."""
    if not words:
        return _only(product for product in among if last and product.id != last.id)
    if last and options.named(words, last.variants).values:
        return None  # "the big one" is a version of what is talked of
    catalogue, products = turn.services.catalogue, turn.services.products
    kinds = {product.category_id for product in among or filter(None, [last])}
    alike = [product for product in catalogue.values() if kinds == {product.category_id}]
    return (
        _meant(turn, among, words)
        or _so(turn, alike, words)
        or catalogue.get(products.partly_named(words) or "")
        or _only(product for product in alike if _told_so(product, words))
    )


def _meant(turn: Turn, among: Sequence[Product], words: str) -> Product | None:
    """The only one of them that is so, or that has the most of it."""
    if meant := _so(turn, among, words):
        return meant
    if found := direction_figures(turn, words, among):
        best, told = found
        ranked = sorted(among, key=lambda p: told[p.id], reverse=best.most)
        if len(ranked) > 1 and told[ranked[0].id] != told[ranked[1].id]:
            return ranked[0]
    return None


def _so(turn: Turn, among: Sequence[Product], words: str) -> Product | None:
    """The only one of them that is called so, tagged so, or comes so. Of Chinese words, which may
    hold what stands before, the longest end that tells one."""
    for end in _ends(words):
        for so in _ways_to_be(turn, end):
            if meant := _only(product for product in among if so(product)):
                return meant
    return None


def _only(products: Iterable[Product]) -> Product | None:
    """The one of them; None of none or several."""
    found = list(products)
    return found[0] if len(found) == 1 else None


def _ways_to_be(turn: Turn, words: str) -> Iterator[Callable[[Product], bool]]:
    """Whether a product is so, the surest way first."""
    called, tags = references.called(turn, words), turn.services.shop.lexicon.tags_in(words)
    yield lambda product: product.id in called
    yield lambda product: not tags.isdisjoint(product.tags)
    yield lambda product: claims.says(names_and_tags(product), words) is True
    yield lambda product: bool(options.named(words, product.variants).values)
    yield (
        lambda product: claims.says([*attributes_of(product), *options_of(product)], words) is True
    )


def _told_so(product: Product, words: str) -> bool:
    """Whether the product's texts say it, in more than a single character."""
    return len(words) > 1 and claims.says(texts_of(product), words) is True


def _ends(words: str) -> Iterator[str]:
    yield words
    if not words.isascii():
        yield from (words[token.start :] for token in tokenize(words)[1:])


def _in_words(turn: Turn, product: Product, words: str) -> str:
    """Its name, with the option that the words name beside: "the black one" is one in black."""
    named = options.named(words, product.variants).values if words else {}
    name = turn.name_of(product)
    return f"{words} {name}" if named and len(product.variants) > 1 else name


def _asked_again(turn: Turn) -> Request | None:
    """The question of before, of the thing that the request names and says nothing else about;
    None where it is no such request."""
    request = turn.request
    asked = turn.noted(lambda notes: notes.asked, within=_GOES_ON)
    mentions = list(basket.mentions(turn))
    if asked is None or len(mentions) != 1:
        return None
    (now,) = mentions
    if not follow_ups.goes_on(request.words[: now.start], request.words[now.end :]):
        return None
    name = request.words[now.start : now.end]
    if now.product_id is None:
        called = references.called(turn, name) or turn.services.products.called(name)
        goods = [turn.services.catalogue[i] for i in called]
        if meant := _so(turn, choice(turn), name) or _only(goods):
            name = turn.name_of(meant)
    again = _of(turn, asked, name)
    return replace(again, start=request.start, end=request.end)


def _of_one(turn: Turn, request: Request) -> Request:
    """What a request can mean that points to one product and was taken for a list's: a question
    that was read in it, else one about a property, else whether it is there."""
    if request.act not in _OF_LISTS or refinements.others(turn.text):
        return request
    asked = [each.act for each in turn.reading.requests if each.act in ASKED]
    by_span = "product_question" if request.said("property") else "stock_check"
    return replace(request, act=next(iter(asked), by_span))


def _of_option(turn: Turn, request: Request) -> Request:
    """Whether what is talked of comes in the option that is all that the request names, where the
    request was not understood."""
    if request.act == "product_question" and _asks_option_alone(request):
        return replace(request, act="stock_check")
    if request.act != "nlu_fallback" or not request.said("option"):
        return request
    says_more = basket.mentioned(turn) or request.said("need") or request.said("property")
    last = references.product_before(turn)
    return request if says_more or not last else replace(request, act="stock_check")


def _asks_option_alone(request: Request) -> bool:
    """Whether all that is asked is whether there is an option: 有黄色吗, "do you have it in M?"."""
    named = [*request.said("option"), *colours.named(request.words)]
    rest = request.words.lower()
    for words in named:
        rest = rest.replace(words.lower(), " ")
    bare = corrections.beside(rest)
    return bool(named) and deciding.is_yes_or_no(request.words) and not terms(bare)


def subject(turn: Turn, asked: Request) -> tuple[int, int]:
    """Where the question of before says what it is about, by a name, a kind, "it" or "which one";
    its beginning where it says nothing of the kind."""
    request, about = turn.request, references.product_before(turn)
    turn.turn_to(asked)
    said = list(basket.mentions(turn))
    turn.turn_to(request)
    for each in said:
        if about in (each.product_id, *turn.services.products.sold_as(each.words)):
            return each.start, _name_end(turn, asked.words, each.end, about)
    place = next((span for span in asked.spans if span.kind == "that"), None)
    if place is not None:
        return place.start - asked.start, place.end - asked.start
    return places.which_of_them(asked.words) or (0, 0)


def _name_end(turn: Turn, text: str, end: int, product_id: str | None) -> int:
    """Where a product's name ends that is found by its beginning, with the word for its kind that
    follows it: "the … coat"."""
    product = turn.services.catalogue.get(product_id or "")
    if product is None:
        return end
    named = set(terms(" ".join(filter(None, (product.name.zh, product.name.en)))))
    start = end
    for token in tokenize(text[start:]):
        words = set(terms(token.text))
        if start + token.start > end + 1 or not words or not words <= named:
            break
        end = start + token.end
    rest = text[end:]
    blank = len(rest) - len(rest.lstrip(" "))
    for kind in turn.services.products.lexicon.find(rest, ("category",)):
        words_of_kind = rest[kind.start : kind.end]
        if kind.start == blank and product_id in turn.services.products.sold_as(words_of_kind):
            return end + kind.end
    return end


def with_name(request: Request, start: int, end: int, words: str) -> Request:
    """The request with a product's name in the place of `request.words[start:end]`."""
    longer = len(words) - (end - start)
    begin, behind = request.start + start, request.start + end
    spans = [span for span in request.spans if span.end <= begin]
    spans.append(Span("product", begin, begin + len(words.rstrip()), words.rstrip()))
    spans += [
        replace(span, start=span.start + longer, end=span.end + longer)
        for span in request.spans
        if span.start >= behind
    ]
    text = request.words[:start] + words + request.words[end:]
    return replace(request, words=text, spans=tuple(spans))


def _part(request: Request, begin: int, end: int) -> Request:
    start, stop = request.start + begin, request.start + end
    spans = tuple(s for s in request.spans if start <= s.start < stop)
    return replace(request, start=start, end=stop, words=request.words[begin:end], spans=spans)


def kept(turn: Turn) -> Request | None:
    """What of the request that was served is kept, so that the next one may ask it of another
    thing: of which of several it is true, that may be asked of one."""
    request = turn.request
    if len(request.words) > _LONGEST:
        return None
    if places.which_of_them(request.words):
        return replace(request, act="product_question")
    of_goods = request.act in _OF_THE_SHOP and references.named_products(turn)
    return request if request.act in ASKED or of_goods else None
