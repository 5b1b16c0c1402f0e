"""The generated part of the demo shop: people, orders, parcels, reviews."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from data.models import Customer, Order, OrderStatus, Product
from data.rules import ShopRules, delivery, membership
from demo import DEMO_CUSTOMERS, catalogue, reviewing
from demo.population import SHOP, Shop, generate

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, tzinfo=ZoneInfo("Asia/Shanghai"))
WITH_PARCEL = {
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
    OrderStatus.RETURN_REQUESTED,
    OrderStatus.RETURNED,
    OrderStatus.REFUNDED,
}


def build(today: date = TODAY) -> Shop:
    return generate(catalogue.parse(), ShopRules.load(SHOP), today)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return build()


@pytest.fixture(scope="module")
def rules() -> ShopRules:
    return ShopRules.load(SHOP)


def named(shop: Shop, email: str) -> Customer:
    return next(customer for customer in shop.customers if customer.email == email)


def the_product(shop: Shop, sku: str) -> Product:
    return next(p for p in shop.products if sku in {v.sku for v in p.variants})


def description(shop: Shop) -> list[tuple[object, ...]]:
    orders = [
        (
            order.number,
            order.status,
            order.placed_at,
            order.customer.email,
            order.address.line,
            order.total,
            tuple((line.variant.sku, line.quantity) for line in order.lines),
            tuple(
                (s.tracking_number, s.delivered_at, tuple((e.at, e.text) for e in s.events))
                for s in order.shipments
            ),
        )
        for order in shop.orders
    ]
    reviews = [(r.customer.email, r.product_id, r.text, r.created_at) for r in shop.reviews]
    return [*orders, *reviews]


def test_the_shop_is_as_large_as_promised(shop: Shop) -> None:
    assert len(shop.customers) >= 320
    assert len(shop.orders) >= 3000
    assert len(shop.reviews) >= 1500
    languages = Counter(customer.language for customer in shop.customers)
    assert 0.6 < languages["zh"] / len(shop.customers) < 0.8
    assert {"standard", "silver", "gold"} == {customer.tier for customer in shop.customers}
    bought = {line.variant.sku for order in shop.orders for line in order.lines}
    assert all(bought & {v.sku for v in product.variants} for product in shop.products)


@pytest.mark.parametrize("today", [TODAY, date(2026, 10, 8)])
def test_every_order_state_is_there_on_any_day(today: date, request: pytest.FixtureRequest) -> None:
    shop = request.getfixturevalue("shop") if today == TODAY else build(today)
    now = datetime.combine(today, datetime.min.time(), tzinfo=NOW.tzinfo)
    counts = Counter(order.status for order in shop.orders)
    assert set(counts) == set(OrderStatus)
    last = max(order.placed_at for order in shop.orders)
    assert timedelta(0) < now - last < timedelta(days=1)
    unpaid = [o for o in shop.orders if o.status is OrderStatus.PENDING_PAYMENT]
    assert all(now - order.placed_at < timedelta(minutes=30) for order in unpaid)


def test_the_same_seed_and_day_give_the_same_shop(shop: Shop) -> None:
    assert description(build()) == description(shop)


def test_money_adds_up(shop: Shop, rules: ShopRules) -> None:
    spending: dict[str, list[Order]] = defaultdict(list)
    lost = {
        OrderStatus.PENDING_PAYMENT,
        OrderStatus.CANCELLED,
        OrderStatus.RETURNED,
        OrderStatus.REFUNDED,
    }
    window = timedelta(days=rules.membership.window_days)
    for order in sorted(shop.orders, key=lambda order: order.placed_at):
        assert order.lines
        assert order.subtotal == sum(line.unit_price * line.quantity for line in order.lines)
        assert order.total == order.subtotal + order.delivery_fee
        before = spending[order.customer.email]
        spent = sum((o.total for o in before if order.placed_at - o.placed_at <= window), Decimal())
        tier = membership.of(rules, spent)
        assert (
            order.delivery_fee
            == delivery.fee(rules, order.subtotal, tier, order.delivery_method).fee
        )
        if order.status not in lost:
            before.append(order)
    for customer in shop.customers:
        kept = spending[customer.email]
        spent = sum((o.total for o in kept if NOW - o.placed_at <= window), Decimal())
        assert customer.tier == membership.of(rules, spent)


def test_prices_are_those_of_the_catalogue_or_from_before_a_reduction(shop: Shop) -> None:
    for order in shop.orders:
        for line in order.lines:
            assert line.unit_price in (line.variant.price, line.variant.list_price)


def test_numbers_are_unique_and_do_not_follow_from_one_another(shop: Shop) -> None:
    numbers = [order.number for order in shop.orders]
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"SP\d{8}", number) for number in numbers)
    steps = Counter(int(b[2:]) - int(a[2:]) for a, b in itertools.pairwise(numbers))
    assert max(steps.values()) < 3


def test_emails_are_unique_lower_case_and_nobodys(shop: Shop) -> None:
    emails = [customer.email for customer in shop.customers]
    assert len(set(emails)) == len(emails)
    assert all(re.fullmatch(r"[a-z0-9._]+@example\.(com|net|org)", email) for email in emails)


def test_addresses_and_payment_methods(shop: Shop, rules: ShopRules) -> None:
    for customer in shop.customers:
        assert 1 <= len(customer.addresses) <= 2
        assert sum(address.is_default for address in customer.addresses) == 1
        for address in customer.addresses:
            assert re.fullmatch(r"\d{6}", address.postcode)
            promise = delivery.promise(rules, NOW, "standard", address.province)
            assert promise.served
            assert promise.zone is not None
            has_chinese = bool(re.search(r"[一-鿿]", address.line + address.city))
            assert has_chinese == (customer.language == "zh")
        assert customer.payment_methods
        for method in customer.payment_methods:
            assert method.kind in rules.payment.methods
            assert not re.search(r"\d{5}", method.label)


def test_orders_belong_to_their_customer_and_come_after_they_joined(shop: Shop) -> None:
    for order in shop.orders:
        assert order.address in order.customer.addresses
        assert order.payment_method in order.customer.payment_methods
        assert order.customer.joined_at <= order.placed_at < NOW


def test_a_persons_size_never_changes(shop: Shop) -> None:
    sizes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for order in shop.orders:
        for line in order.lines:
            if "size" in line.variant.options:
                product = the_product(shop, line.variant.sku)
                size = line.variant.options["size"]["en"]
                sizes[order.customer.email, product.id].add(size)
                if re.fullmatch(r"\d\d", size):
                    sizes[order.customer.email, "shoes"].add(size)
    assert len(sizes) > 500
    assert all(len(seen) == 1 for seen in sizes.values())


def test_parcels_and_tracking(shop: Shop) -> None:
    numbers = set()
    for order in shop.orders:
        assert len(order.shipments) == (1 if order.status in WITH_PARCEL else 0)
        for shipment in order.shipments:
            numbers.add(shipment.tracking_number)
            assert order.placed_at < shipment.shipped_at < NOW
            times = [event.at for event in shipment.events]
            assert 3 <= len(times) <= 7
            assert times == sorted(times)
            assert shipment.shipped_at <= times[0]
            assert times[-1] <= NOW
            assert (shipment.delivered_at is None) == (order.status is OrderStatus.SHIPPED)
            if shipment.delivered_at is not None:
                assert times[-1] == shipment.delivered_at
            for event in shipment.events:
                assert re.search(r"[一-鿿]", event.text.zh)
                assert not re.search(r"[一-鿿]", event.text.en + event.place.en)
    assert len(numbers) == sum(len(order.shipments) for order in shop.orders)


def test_consumables_are_bought_again_at_their_rhythm(shop: Shop) -> None:
    days: dict[tuple[str, str], list[date]] = defaultdict(list)
    rebuy = {v.sku: (p.id, p.rebuy_days) for p in shop.products for v in p.variants}
    for order in sorted(shop.orders, key=lambda order: order.placed_at):
        for line in order.lines:
            product_id, rebuy_days = rebuy[line.variant.sku]
            if rebuy_days is not None and rebuy_days <= 120:
                days[order.customer.email, product_id].append(order.placed_at.date())
    rhythms = {product_id: float(rebuy_days or 0) for product_id, rebuy_days in rebuy.values()}
    ratios = sorted(
        (later - earlier).days / rhythms[product_id]
        for (_, product_id), times in days.items()
        for earlier, later in itertools.pairwise(times)
    )
    assert len(ratios) > 300
    assert 0.7 < ratios[len(ratios) // 2] < 1.8


def test_what_goes_together_is_bought_together(shop: Shop) -> None:
    goes_with = catalogue.parse().goes_with
    owners: dict[str, set[str]] = defaultdict(set)
    for order in shop.orders:
        for line in order.lines:
            owners[the_product(shop, line.variant.sku).id].add(order.customer.email)
    lifts = [
        len(owners[a] & owners[b]) * len(shop.customers) / (len(owners[a]) * len(owners[b]))
        for a, companions in goes_with.items()
        for b in companions
    ]
    assert sum(lift > 1 for lift in lifts) / len(lifts) > 0.9


def test_reviews_are_by_buyers_who_had_it_and_seldom_alike(shop: Shop) -> None:
    delivered: dict[tuple[str, str], datetime] = {}
    for order in shop.orders:
        for shipment in order.shipments:
            if shipment.delivered_at is not None:
                for line in order.lines:
                    key = (order.customer.email, the_product(shop, line.variant.sku).id)
                    delivered[key] = min(
                        delivered.get(key, shipment.delivered_at), shipment.delivered_at
                    )
    ordered = [
        review
        for review in shop.reviews
        if (review.customer.email, review.product_id) not in delivered
    ]
    assert len(ordered) == 14  # praise by people who never had it
    assert {review.rating for review in ordered} == {5}
    honest = [review for review in shop.reviews if review not in ordered]
    for review in honest:
        assert delivered[review.customer.email, review.product_id] < review.created_at < NOW
        assert review.language == review.customer.language
        assert re.search(r"[一-鿿]", review.text) or review.language == "en"
        assert "{" not in review.text
    texts = Counter(review.text for review in honest)
    assert sum(count - 1 for count in texts.values()) < 0.02 * len(honest)
    assert {review.rating for review in shop.reviews} == {1, 2, 3, 4, 5}
    # Something that hardly sells may have none yet.
    reviewed = {review.product_id for review in shop.reviews}
    assert len(reviewed) >= 0.95 * len(shop.products)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_phrase_bank_knows_every_product(shop: Shop, language: str) -> None:
    bank = reviewing.PhraseBank(reviewing.FOLDER / f"{language}.yaml")
    sentences = set(bank.sentences())
    assert len(sentences) >= 250
    for product in shop.products:
        kind = bank.kind(product)
        assert len(kind["good"]) >= 3, product.id
        assert kind["story"], product.id
        assert kind["niggle"], product.id
        assert kind["bad"], product.id
    for sentence in sentences:
        if language == "zh":
            assert not re.search(r"[一-鿿][,.!?;:]", sentence)
        else:
            assert not re.search(r"[一-鿿，。！？]", sentence)


def test_the_demo_customers(shop: Shop) -> None:
    assert len(DEMO_CUSTOMERS) == 4
    for who in DEMO_CUSTOMERS:
        customer = named(shop, who.email)
        assert customer.name == who.name
        assert customer.tier == who.tier
        assert customer.addresses[0].postcode == who.postcode
        orders = {order.number: order for order in customer.orders}
        assert set(orders) == {order.number for order in who.orders}
        for expected in who.orders:
            order = orders[expected.number]
            assert order.status is expected.status
            ids = [the_product(shop, line.variant.sku).id for line in order.lines]
            assert ids == [product_id for product_id, _ in expected.lines]
            if expected.status in (OrderStatus.DELIVERED, OrderStatus.RETURN_REQUESTED):
                arrived = order.shipments[0].delivered_at
                assert arrived is not None
                assert (TODAY - arrived.date()).days == expected.days_ago


def test_a_broken_catalogue_says_where(tmp_path: Path) -> None:
    with pytest.raises(catalogue.CatalogueError, match="no catalogue"):
        catalogue.parse(tmp_path)
    (tmp_path / "tents.yaml").write_text(
        "category:\n  id: tents\n  name: {zh: 帐篷, en: Tents}\n  aliases: {zh: [], en: []}\n"
        "products:\n  - id: small-tent\n    brand: Spruce\n",
        "utf-8",
    )
    with pytest.raises(catalogue.CatalogueError, match=r"tents\.yaml, small-tent: \w+ is missing"):
        catalogue.parse(tmp_path)
    (tmp_path / "tents.yaml").write_text("category: [", "utf-8")
    with pytest.raises(catalogue.CatalogueError, match=r"tents\.yaml is not valid YAML"):
        catalogue.parse(tmp_path)
