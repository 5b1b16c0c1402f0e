"""Home, categories, search and products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.dialogue import impressions
from bot.dialogue.impressions import POPULAR
from bot.wording import formats, views
from data.models import Product, Review
from data.rules import membership, returns
from data.taste import taste_of
from data.unit_of_work import UnitOfWork
from demo.storefront import behaviour
from demo.storefront.tiles import list_price, picture_url, stars, stock, tiles
from demo.storefront.visit import Visit
from retrieval.recommend import Recommendation

_POPULAR, _NEW, _COMPANIONS, _FOUND, _REVIEWS = 8, 4, 4, 24, 30
_QUERY_CHARS = 200
# Every product can come in a search; those far below the best are left out. A product that is
# named scores above 1, which says nothing about the others.
_CLOSE, _BEST_SCORE = 0.35, 0.3


def home(request: Request) -> Response:
    visit = Visit(request)
    services = visit.services
    with services.unit_of_work() as uow:
        found, refs = _picked(visit, uow)
        picked = uow.products.get_many(item.product_id for item in found)
        newest = sorted(services.catalogue.values(), key=_launched, reverse=True)
        popular, new = (
            tiles(visit, uow, picked, refs),
            tiles(visit, uow, uow.products.get_many(product.id for product in newest[:_NEW])),
        )
    return visit.page(
        "home.html",
        popular=popular,
        new=new,
        faces={category.id: _face(visit, category.id) for category in visit.shop.categories},
        benefits=membership.benefits(visit.rules, visit.tier),
        cutoff=_cutoff(visit),
    )


def _cutoff(visit: Visit) -> str:
    """Until when a parcel leaves the same day; "" where the shop says no time."""
    delivery = visit.rules.delivery
    return formats.clock(delivery.cutoff) if delivery and delivery.cutoff else ""


def _picked(visit: Visit, uow: UnitOfWork) -> tuple[list[Recommendation], dict[str, str]]:
    """What is popular; for a customer who allows it, what fits their purchases. With a reference
    for the link of each that is kept as shown."""
    services = visit.services
    customer = uow.customers.by_email(visit.customer.email) if visit.customer else None
    taste = taste_of(uow, customer, None, services.catalogue, services.clock())
    arm = impressions.arm_of(services, customer, None) if taste.personal else ""
    popular = arm == POPULAR
    found = impressions.recommender_of(services, arm).for_customer(
        () if popular else taste.purchases,
        exclude=taste.unwanted | taste.owned if popular else taste.unwanted,
        allowed=uow.products.matching(in_stock=True),
        now=services.clock(),
        k=_POPULAR,
    )
    shown = [(item.product_id, item.kind) for item in found]
    return found, impressions.keep(services, shown, surface="home", customer=customer, arm=arm)


def _face(visit: Visit, category_id: str) -> str:
    """The picture that stands for a category: its first bestseller's, else its first product's."""
    of_category = [p for p in visit.services.catalogue.values() if p.category_id == category_id]
    best = [product for product in of_category if "bestseller" in product.tags]
    return picture_url((best or of_category)[0]) if of_category else ""


@dataclass(frozen=True)
class Filters:
    """As the visitor typed them; a price that is no number counts as none."""

    least: Decimal | None
    most: Decimal | None
    in_stock: bool
    order: str

    @classmethod
    def of(cls, request: Request) -> Filters:
        query = request.query_params
        order = query.get("order", "")
        return cls(
            _price(query.get("least", "")),
            _price(query.get("most", "")),
            query.get("in_stock") == "1",
            order if order in _ORDERS else next(iter(_ORDERS)),
        )

    def allowed(self, uow: UnitOfWork, category_id: str | None = None) -> frozenset[str]:
        return uow.products.matching(
            category_id=category_id,
            min_price=self.least,
            max_price=self.most,
            in_stock=self.in_stock,
        )


def _launched(product: Product) -> date:
    return product.launched_on or date.min


# By which a list can be put in order; the first is the list's own: popularity, or relevance.
_ORDERS = {
    "best": None,
    "cheapest": lambda product: views.cheapest_price(product),
    "dearest": lambda product: -views.cheapest_price(product),
    "newest": lambda product: -_launched(product).toordinal(),
}


def category(request: Request) -> Response:
    visit = Visit(request)
    category_id = request.path_params["category_id"]
    found = next((c for c in visit.shop.categories if c.id == category_id), None)
    if found is None:
        raise HTTPException(404)
    filters = Filters.of(request)
    with visit.services.unit_of_work() as uow:
        shown = _most_popular(visit, uow, filters.allowed(uow, category_id))
        listed = tiles(visit, uow, _in_order(shown, filters))
    return visit.page(
        "list.html",
        heading=found.name[visit.language],
        current=category_id,
        query="",
        products=listed,
        filters=filters,
        orders=list(_ORDERS),
    )


def search(request: Request) -> Response:
    """Everything without words; a category's own name leads to the category."""
    visit = Visit(request)
    query = " ".join(request.query_params.get("q", "").split())[:_QUERY_CHARS]
    for named in visit.shop.categories:
        names = [named.name.zh, named.name.en, *named.aliases["zh"], *named.aliases["en"]]
        if query.lower() in {name.lower() for name in names}:
            return RedirectResponse(f"/categories/{named.id}", 303)
    filters = Filters.of(request)
    if query:
        behaviour.searched(visit, query)
    with visit.services.unit_of_work() as uow:
        allowed = filters.allowed(uow)
        found = (
            uow.products.get_many(_nearest(visit, query, allowed))
            if query
            else _most_popular(visit, uow, allowed)
        )
        listed = tiles(visit, uow, _in_order(found, filters))
    return visit.page(
        "list.html",
        heading=visit.word("list.search", query=query) if query else visit.word("list.all"),
        current="",
        query=query,
        products=listed,
        filters=filters,
        orders=list(_ORDERS),
    )


def _nearest(visit: Visit, query: str, allowed: frozenset[str]) -> list[str]:
    found = visit.services.products.search(query, allowed, _FOUND)
    least = _CLOSE * min(found[0][1], _BEST_SCORE) if found else 0.0
    return [product_id for product_id, score in found if score >= least]


def _most_popular(visit: Visit, uow: UnitOfWork, ids: frozenset[str]) -> list[Product]:
    """By how many people have rated them, which is how often they are bought."""
    counts = uow.reviews.ratings(ids)
    return uow.products.get_many(sorted(ids, key=lambda i: (-counts[i].count, i)))


def _in_order(products: Sequence[Product], filters: Filters) -> list[Product]:
    key = _ORDERS[filters.order]
    return sorted(products, key=key) if key else list(products)


def _price(text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    # Bounds of the column that prices are stored in, which nothing costs.
    return value.quantize(Decimal("0.01")) if value.is_finite() and 0 <= value < 10**9 else None


@dataclass(frozen=True)
class Choice:
    """A variant; `options` by key in English, which is what forms send."""

    sku: str
    options: dict[str, str]
    label: str
    price: str
    list_price: str
    stock: str
    available: bool
    picture: str


@dataclass(frozen=True)
class Option:
    """One question that the buyer answers: the colour, the size …; values are (English, shown)."""

    key: str
    title: str
    values: list[tuple[str, str]]


def product(request: Request) -> Response:
    visit = Visit(request)
    with visit.services.unit_of_work() as uow:
        found = uow.products.get(request.path_params["product_id"])
        if found is None:
            raise HTTPException(404)
        reviews = uow.reviews.of_product(found.id)
        rating = uow.reviews.rating(found.id)
        writers = {r.id: _short_name(r.customer.name) if r.customer else "" for r in reviews}
        companions = visit.services.recommender.goes_with(
            found.id,
            allowed=uow.products.matching(in_stock=True),
            now=visit.services.clock(),
            k=_COMPANIONS,
        )
        beside = tiles(visit, uow, uow.products.get_many(c.product_id for c in companions))
    behaviour.viewed(visit, found.id)
    choices = _choices(visit, found)
    asked = request.query_params.get("sku")
    chosen = next(
        (c for c in choices if c.sku == asked),
        next((c for c in choices if c.available), choices[0]),
    )
    return visit.page(
        "product.html",
        product=found,
        choices=[asdict(choice) for choice in choices],
        options=_options(visit, found),
        chosen=chosen,
        stars=stars(rating),
        shares=_shares(reviews),
        reviews=sorted(reviews, key=lambda r: r.language != visit.language)[:_REVIEWS],
        writers=writers,
        beside=beside,
        notes=_notes(visit, found),
    )


def _choices(visit: Visit, found: Product) -> list[Choice]:
    return [
        Choice(
            sku=variant.sku,
            options={key: value["en"] for key, value in variant.options.items()},
            label=" / ".join(value[visit.language] for value in variant.options.values()),
            price=formats.money(variant.price, variant.currency),
            list_price=list_price(variant),
            stock=stock(visit, variant.stock),
            available=variant.stock > 0,
            picture=picture_url(found, variant),
        )
        for variant in found.variants
    ]


def _options(visit: Visit, found: Product) -> list[Option]:
    options: dict[str, dict[str, str]] = {}
    for variant in found.variants:
        for key, value in variant.options.items():
            options.setdefault(key, {})[value["en"]] = value[visit.language]
    return [
        Option(
            key,
            visit.word_or(f"option.{key}", key),
            list(values.items()),
        )
        for key, values in options.items()
    ]


def _shares(reviews: Sequence[Review]) -> list[tuple[int, int]]:
    """How many gave five stars, four stars …"""
    return [(number, sum(r.rating == number for r in reviews)) for number in range(5, 0, -1)]


def _short_name(name: str) -> str:
    """林*, Emma C.: who wrote a review is not everybody's business."""
    first, *rest = name.split()
    if rest:
        return f"{first} {rest[-1][0]}."
    return first if first.isascii() else f"{first[0]}*"


def _notes(visit: Visit, found: Product) -> list[str]:
    days = returns.window_days(visit.rules, found.return_class, visit.tier)
    notes = [visit.word(f"product.returns_{found.return_class}", days=days)]
    if found.warranty_months:
        notes.append(visit.word("product.warranty", months=found.warranty_months))
    if found.min_age:
        notes.append(visit.word("product.min_age", age=found.min_age))
    return notes
