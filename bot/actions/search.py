"""Looking for products: a short list of cards, narrowed by what the sentence says."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any, Self

from bot import formats, reading
from bot.actions import interests, mentions, views
from bot.actions.colours import COLOURS
from bot.actions.skill import Skill, Turn
from bot.reading import Measure, PriceRange
from bot.services import Services
from data.models import Product

_CARDS = 3
_CANDIDATES = 60
_CHEAPER = re.compile(
    r"便宜|实惠|太贵|低价|\bcheap|\bless expensive\b|\btoo expensive\b|\baffordable\b", re.I
)
_DEARER = re.compile(
    r"更好|高端|贵一点|\bbetter quality\b|\bhigh(?:er)?[- ]end\b|\bpremium\b", re.I
)
_OTHERS = re.compile(
    r"别的|其他|其它|换|还有|\bothers?\b|\banother\b|\belse\b|\bdifferent\b|\bmore\b", re.I
)
_WITHOUT = re.compile(
    r"(?:不要|不想要|别要|除了|不喜欢)\s*(?P<zh>[\u4e00-\u9fff]{1,6}?)(?:的|色|以外|$|，|,|。)"
    r"|\b(?:not|no|without|except|nothing in)\s+(?:any\s+|made of\s+)?(?P<en>[a-z]+)",
    re.I,
)


@dataclass(frozen=True)
class Query:
    """What is looked for. Kept in the notes, so that "cheaper" and "others" can build on it."""

    text: str
    category: str | None = None
    least: str | None = None  # prices as decimal strings, for JSON
    most: str | None = None
    strict: bool = False  # the bounds themselves are out: "cheaper than these"
    size: str | None = None
    colour: str | None = None
    without: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()  # products shown already, when others are asked for

    @classmethod
    def of(cls, noted: dict[str, Any]) -> Self:
        return cls(**noted | {key: tuple(noted.get(key, ())) for key in ("without", "seen")})


class Search(Skill):
    action = "action_search"

    def act(self, turn: Turn) -> None:
        find(turn, self.services)


def find(turn: Turn, services: Services) -> None:
    """Answer the utterance with a list of products."""
    refines = turn.intent == "refine"
    noted = turn.noted("query", within=6) if refines else None
    query = _refined(turn, services, Query.of(noted)) if noted else _query(turn, services)
    with services.unit_of_work() as uow:
        products, loosened = _results(turn, services, uow.products.catalogue(), query)
    if not products:
        turn.notes["query"] = asdict(query)
        turn.say(turn.phrase("search.none"), buttons=[turn.button("human")])
        return
    interests.looked_for(turn, query.category)
    seen = tuple(dict.fromkeys([*query.seen, *(p.id for p in products)]))
    turn.notes |= {
        "query": asdict(replace(query, seen=seen)),
        "shown": [product.id for product in products],
        **({"product": products[0].id} if len(products) == 1 else {}),
    }
    turn.say(
        _headline(turn, services, query, len(products), loosened),
        cards=[views.product_card(turn, p, _fit(turn, p)) for p in products],
        buttons=[turn.button("cheaper"), turn.button("others")],
    )


def _query(turn: Turn, services: Services) -> Query:
    prices = reading.price_range(turn.text) or PriceRange()
    return Query(
        text=turn.text,
        category=services.products.category(turn.text),
        least=_text(prices.least),
        most=_text(prices.most),
        size=reading.size(turn.text),
        colour=_colour_word(turn.text),
        without=_without(turn.text),
    )


def noted_query(turn: Turn, most: Decimal | None) -> dict[str, Any]:
    """What a list made elsewhere leaves in the notes, so that it can be refined like a search."""
    return asdict(Query(text=turn.text, most=_text(most)))


def _refined(turn: Turn, services: Services, before: Query) -> Query:
    """What was looked for before, narrowed by this utterance."""
    new = _query(turn, services)
    if new.category and new.category != before.category:
        return replace(new, text=turn.text)
    query = replace(
        before,
        text=f"{before.text} {turn.text}",
        least=new.least or before.least,
        most=new.most or before.most,
        size=new.size or before.size,
        colour=None if new.without else new.colour or before.colour,
        without=(*before.without, *new.without),
        seen=before.seen if _OTHERS.search(turn.text) else (),
    )
    shown = [
        services.catalogue[i] for i in mentions.recently_shown(turn) if i in services.catalogue
    ]
    if shown and not (new.least or new.most):
        with services.unit_of_work() as uow:
            prices = [views.cheapest_price(p) for p in uow.products.get_many(p.id for p in shown)]
        if prices and _CHEAPER.search(turn.text):
            query = replace(query, most=str(min(prices)), least=None, strict=True)
        elif prices and _DEARER.search(turn.text):
            query = replace(query, least=str(max(prices)), most=None, strict=True)
    return query


def _results(
    turn: Turn, services: Services, catalogue: list[Product] | Any, query: Query
) -> tuple[list[Product], bool]:
    """The best products; True when figures or the price limit had to be left aside to find any."""
    by_id = {product.id: product for product in catalogue}
    measures = reading.measures(query.text)

    def wanted(product: Product) -> bool:
        return (
            product.id not in query.seen
            and (query.category is None or product.category_id == query.category)
            and _meets_size(product, query.size)
            and _meets_colour(product, query.colour)
            and not any(_is_of(product, word) for word in query.without)
        )

    def measured(product: Product) -> bool:
        return all(_measures_up(product, measure) for measure in measures)

    def affordable(product: Product) -> bool:
        return _affordable(product, query)

    # What people give up first to find something: the exact figures, then the price.
    for conditions in ((measured, affordable), (affordable,), (measured,), ()):
        allowed = {p.id for p in catalogue if wanted(p) and all(c(p) for c in conditions)}
        if allowed:
            ranked = services.products.search(query.text, allowed, _CANDIDATES)
            best = services.products.of_kind(query.text, [product_id for product_id, _ in ranked])
            found = [by_id[product_id] for product_id in best]
            found.sort(key=lambda product: not views.in_stock(product))  # stable: rank kept
            return found[:_CARDS], len(conditions) < 2
    return [], False


def _affordable(product: Product, query: Query) -> bool:
    price = views.cheapest_price(product)
    if query.strict and str(price) in (query.least, query.most):
        return False
    return (query.least is None or price >= Decimal(query.least)) and (
        query.most is None or price <= Decimal(query.most)
    )


def _meets_size(product: Product, size: str | None) -> bool:
    if size is None:
        return True
    sizes = {value["en"].lower() for v in product.variants for value in v.options.values()}
    return size.lower() in sizes


def _meets_colour(product: Product, colour: str | None) -> bool:
    if colour is None:
        return True
    words = COLOURS[colour]
    return any(
        colour in v.options.get("color", {}).get("zh", "")
        or any(word in v.options.get("color", {}).get("en", "") for word in words)
        for v in product.variants
    )


def _colour_word(text: str) -> str | None:
    lowered = text.lower()
    for key, words in COLOURS.items():
        for word in words:
            pattern = rf"\b{word}\b" if word.isascii() else word
            if re.search(pattern, lowered):
                return key
    return None


def _without(text: str) -> tuple[str, ...]:
    return tuple(
        word.lower()
        for match in _WITHOUT.finditer(text)
        if (word := match["zh"] or match["en"]) and word.lower() not in ("more", "too", "very")
    )


_MATERIALS = [
    {"皮", "真皮", "leather", "suede"},
    {"羽绒", "鹅绒", "鸭绒", "down"},
    {"羊毛", "wool", "merino"},
]


def _is_of(product: Product, word: str) -> bool:
    """Whether the product is, or is made of, what the customer does not want."""
    words = next((group for group in _MATERIALS if word in group), {word})
    texts = [product.brand, product.name.zh, product.name.en, *product.tags]
    texts += [str(a["value"]) for a in product.attributes if a["key"] in ("material", "fill")]
    return any(w in text.lower() for w in words for text in texts)


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


def _headline(turn: Turn, services: Services, query: Query, count: int, loosened: bool) -> str:
    category = next(
        (p.category for p in services.catalogue.values() if p.category_id == query.category), None
    )
    what = category.name[turn.language].lower() if category else turn.phrase("search.products")
    limit = ""
    currency = services.rules.shop.currency
    if query.least and query.most:
        limit = turn.phrase(
            "search.between",
            least=formats.money(Decimal(query.least), currency),
            most=formats.money(Decimal(query.most), currency),
        )
    elif query.most:
        key = "search.below" if query.strict else "search.most"
        limit = turn.phrase(key, most=formats.money(Decimal(query.most), currency))
    elif query.least:
        key = "search.above" if query.strict else "search.least"
        limit = turn.phrase(key, least=formats.money(Decimal(query.least), currency))
    if loosened:
        return turn.phrase("search.loosened", what=what, limit=limit)
    return turn.phrase("search.found" if count > 1 else "search.found_one", what=what, limit=limit)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
