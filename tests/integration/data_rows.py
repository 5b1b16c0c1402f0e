"""A small shop for the tests of data/: two customers with orders, three products."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from data.models import (
    Address,
    Category,
    Customer,
    Localized,
    Order,
    OrderLine,
    OrderStatus,
    Product,
    Review,
    Shipment,
    TrackingEvent,
    Variant,
)
from data.unit_of_work import UnitOfWork

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def product(product_id: str, category_id: str, variants: list[Variant]) -> Product:
    text = Localized(zh=f"{product_id} 的说明", en=f"About {product_id}")
    return Product(
        id=product_id,
        category_id=category_id,
        brand="Spruce",
        name=Localized(zh=f"云杉 {product_id}", en=f"Spruce {product_id}"),
        aliases={"zh": [], "en": []},
        summary=text,
        description=text,
        attributes=[],
        sizing=None,
        care=text,
        tags=["gift"],
        launched_on=date(2025, 3, 1),
        variants=variants,
    )


def variant(sku: str, price: str, stock: int, position: int = 0) -> Variant:
    return Variant(
        sku=sku,
        position=position,
        options={"color": {"zh": "松绿", "en": "pine"}},
        price=Decimal(price),
        currency="CNY",
        stock=stock,
    )


def customer(email: str, name: str, postcode: str) -> Customer:
    return Customer(
        email=email,
        name=name,
        language="zh",
        joined_at=NOW - timedelta(days=400),
        addresses=[
            Address(
                recipient=name,
                line="文三路 1 号",
                city="杭州",
                province="浙江",
                postcode=postcode,
                is_default=True,
            )
        ],
    )


def order(
    number: str,
    owner: Customer,
    placed_at: datetime,
    lines: list[tuple[str, int, str]],
    status: OrderStatus = OrderStatus.DELIVERED,
) -> Order:
    subtotal = sum((Decimal(price) * quantity for _, quantity, price in lines), Decimal("0.00"))
    return Order(
        number=number,
        customer=owner,
        status=status,
        placed_at=placed_at,
        delivery_method="standard",
        address=owner.addresses[0],
        currency="CNY",
        subtotal=subtotal,
        delivery_fee=Decimal("8.00"),
        total=subtotal + Decimal("8.00"),
        lines=[OrderLine(sku=s, quantity=q, unit_price=Decimal(p)) for s, q, p in lines],
    )


def fill(uow: UnitOfWork) -> None:
    """lin@example.com, 310000, has SP10000001 to 3; chen@example.com, 200001, SP20000001."""
    with uow:
        session = uow.session
        session.add_all(
            [
                Category(
                    id="tents",
                    name=Localized(zh="帐篷", en="Tents"),
                    aliases={"zh": ["帐篷"], "en": ["tent"]},
                ),
                Category(
                    id="mugs",
                    name=Localized(zh="杯子", en="Mugs"),
                    aliases={"zh": [], "en": []},
                ),
            ]
        )
        session.flush()
        session.add_all(
            [
                product(
                    "ridge-tent",
                    "tents",
                    [variant("RIDGE-2", "899.00", 0, 1), variant("RIDGE-1", "699.00", 4, 0)],
                ),
                product("dome-tent", "tents", [variant("DOME-1", "1299.50", 2)]),
                product("steel-mug", "mugs", [variant("MUG-1", "59.90", 0)]),
            ]
        )
        lin = customer("lin@example.com", "林悦", "310000")
        chen = customer("chen@example.com", "陈浩", "200001")
        session.add_all([lin, chen])
        session.flush()
        oldest = order("SP10000001", lin, NOW - timedelta(days=400), [("RIDGE-1", 1, "650.00")])
        delivered = order(
            "SP10000002",
            lin,
            NOW - timedelta(days=10),
            [("RIDGE-1", 2, "699.00"), ("MUG-1", 1, "59.90")],
        )
        delivered.shipments = [shipment(NOW - timedelta(days=9))]
        cancelled = order(
            "SP10000003",
            lin,
            NOW - timedelta(days=1),
            [("DOME-1", 1, "1299.50")],
            OrderStatus.CANCELLED,
        )
        foreign = order("SP20000001", chen, NOW - timedelta(days=2), [("MUG-1", 3, "59.90")])
        session.add_all([oldest, delivered, cancelled, foreign])
        session.flush()
        for days, stars, language, words in (
            (8, 5, "zh", "搭起来很快。"),
            (3, 4, "en", "Roomy for two."),
        ):
            session.add(
                Review(
                    product_id="ridge-tent",
                    customer_id=lin.id,
                    rating=stars,
                    language=language,
                    text=words,
                    created_at=NOW - timedelta(days=days),
                )
            )
        uow.commit()


def shipment(shipped_at: datetime) -> Shipment:
    places = [("杭州", "Hangzhou", 2), ("上海", "Shanghai", 20)]
    return Shipment(
        carrier=Localized(zh="顺丰速运", en="SF Express"),
        tracking_number="SF1234567890",
        shipped_at=shipped_at,
        expected_on=(shipped_at + timedelta(days=2)).date(),
        delivered_at=shipped_at + timedelta(days=2),
        events=[
            TrackingEvent(
                at=shipped_at + timedelta(hours=hours),
                place=Localized(zh=zh, en=en),
                text=Localized(zh="已到达", en="Arrived"),
            )
            for zh, en, hours in reversed(places)
        ],
    )
