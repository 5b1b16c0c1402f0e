"""What is looked for, in a search or in a recommendation, and how an utterance narrows it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any, Literal, Self

from bot import formats, reading
from bot.actions import views
from bot.actions.colours import COLOURS
from bot.actions.skill import Turn
from bot.reading import PriceRange
from data.models import Product
from retrieval.text import singular

Sought = Literal["search", "own", "companion", "gift"]

_CENT = Decimal("0.01")
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
class Criteria:
    """What is looked for. Kept in the notes, so that "cheaper" and "others" can build on it.

    `sought` is the kind of list that was shown, which the next one is again; `beside` the product
    that a companion is to go with.
    """

    text: str
    sought: Sought = "search"
    beside: str | None = None
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

    @classmethod
    def read(cls, turn: Turn) -> Self:
        """What the utterance alone says."""
        prices = reading.price_range(turn.text) or PriceRange()
        wanted = _WITHOUT.sub(" ", turn.text)  # "not headlamps" looks for no headlamps
        return cls(
            text=wanted,
            category=turn.services.products.category(wanted),
            least=_text(prices.least),
            most=_text(prices.most),
            size=reading.size(turn.text),
            colour=_colour_word(turn.text),
            without=_without(turn.text),
        )

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
            text=f"{self.text} {new.text}",
            least=new.least or self.least,
            most=new.most or self.most,
            size=new.size or self.size,
            colour=None if new.without else new.colour or self.colour,
            without=(*self.without, *new.without),
            seen=self.seen if _OTHERS.search(turn.text) else (),
        )
        prices = [views.cheapest_price(product) for product in shown]
        if not prices or new.least or new.most:
            return narrowed
        if _CHEAPER.search(turn.text):
            # In a mixed list the cheapest is a small thing: below it there is only trifle.
            below = (
                min(prices) if self.sought == "search" else sorted(prices)[(len(prices) - 1) // 2]
            )
            return replace(narrowed, most=str(below), least=None, strict=True)
        if _DEARER.search(turn.text):
            return replace(narrowed, least=str(max(prices)), most=None, strict=True)
        return narrowed

    def after(self, shown: Sequence[Product]) -> dict[str, Any]:
        """For the notes, once these were shown."""
        seen = tuple(dict.fromkeys([*self.seen, *(product.id for product in shown)]))
        return asdict(replace(self, seen=seen))

    @property
    def prices(self) -> tuple[Decimal | None, Decimal | None]:
        """The least and the most that it may cost, both included."""
        margin = _CENT if self.strict else Decimal(0)
        return (
            None if self.least is None else Decimal(self.least) + margin,
            None if self.most is None else Decimal(self.most) - margin,
        )

    def admits(self, product: Product) -> bool:
        """Whether the product is of the kind; its price is another question."""
        return (
            product.id not in self.seen
            and (self.category is None or product.category_id == self.category)
            and _meets_size(product, self.size)
            and _meets_colour(product, self.colour)
            and not any(_is_of(product, word) for word in self.without)
        )

    def affords(self, price: Decimal) -> bool:
        least, most = self.prices
        return (least is None or price >= least) and (most is None or price <= most)

    def limit(self, turn: Turn) -> str:
        """The price range in words: " up to ¥500", or nothing."""
        currency = turn.services.rules.shop.currency
        shown = {
            bound: formats.money(Decimal(price), currency)
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


def excludes(turn: Turn, shown: Sequence[Product]) -> bool:
    """Whether the utterance declines a kind of goods, or something that was shown: "不要灯", "no
    headlamps"; "no thanks" does not."""
    return any(
        turn.services.products.kinds(word) or any(_is_of(product, word) for product in shown)
        for word in _without(turn.text)
    )


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
    words = next((group for group in _MATERIALS if word in group), {singular(word)})
    texts = [product.brand, product.name.zh, product.name.en, *product.tags]
    texts += [str(a["value"]) for a in product.attributes if a["key"] in ("material", "fill")]
    return any(w in text.lower() for w in words for text in texts)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
