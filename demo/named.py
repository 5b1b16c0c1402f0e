"""The four customers whom the README names, each with a history of their own.

Their e-mails, postcodes and order numbers never change, so that anybody can sign in as one of
them; days count back from the day on which the shop is loaded.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.models import Customer, Localized, OrderStatus
from data.rules import ShopRules, delivery
from demo import geography, shoppers
from demo.fulfilment import Plan, schedule
from demo.personas import PERSONAS
from demo.purchases import Market, PurchaseLine
from demo.shoppers import Build, Shopper


@dataclass(frozen=True, slots=True)
class DemoOrder:
    """`days_ago`: when it arrived, or when it was placed where nothing has arrived. `lines` are
    product ids with quantities."""

    number: str
    status: OrderStatus
    days_ago: int
    lines: tuple[tuple[str, int], ...]
    method: str = "standard"


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """`postcode` with the e-mail identifies them in a chat; `story` says what is special."""

    email: str
    name: str
    language: str
    tier: str
    city: str  # in English
    postcode: str
    line: str
    story: Localized
    build: Build
    persona: str
    payment: str
    orders: tuple[DemoOrder, ...]


DEMO_CUSTOMERS: tuple[DemoCustomer, ...] = (
    DemoCustomer(
        email="lin.yue@example.com",
        name="林悦",
        language="zh",
        tier="gold",
        city="Hangzhou",
        postcode="310013",
        line="西湖区学院路128号翠竹园6幢1102室",
        story=Localized(
            "金卡会员，一家四口常去露营；卡式炉和套锅前天刚到，昨晚又下单了气罐，还没发货",
            "Gold member who camps with her family; a stove and a cook set came two days ago, and "
            "the gas that she ordered last night has not left yet",
        ),
        build=Build(37, "M", 0.4),
        persona="family camper",
        payment="wechat_pay",
        orders=(
            DemoOrder(
                "SP71640928",
                OrderStatus.DELIVERED,
                520,
                (("brook-synthetic-bag", 2), ("camp-pillow", 2)),
            ),
            DemoOrder(
                "SP47102936",
                OrderStatus.DELIVERED,
                318,
                (("lakeside-4-tent", 1), ("hearth-double-mat", 1)),
            ),
            DemoOrder("SP20895317", OrderStatus.DELIVERED, 290, (("northwall-down-parka", 1),)),
            DemoOrder(
                "SP65327081",
                OrderStatus.DELIVERED,
                196,
                (("meadow-tarp", 1), ("firefly-lantern", 2), ("cub-kids-bag", 2)),
            ),
            DemoOrder(
                "SP93018465",
                OrderStatus.DELIVERED,
                84,
                (("cub-kids-pack", 2), ("ridgeline-2-tent", 1)),
            ),
            DemoOrder(
                "SP30518274",
                OrderStatus.DELIVERED,
                2,
                (
                    ("picnic-cassette-stove", 1),
                    ("feast-cook-set", 1),
                ),
            ),
            DemoOrder("SP58213904", OrderStatus.PAID, 1, (("cassette-gas", 3),)),
        ),
    ),
    DemoCustomer(
        email="chen.hao@example.com",
        name="陈浩",
        language="zh",
        tier="silver",
        city="Chengdu",
        postcode="610041",
        line="武侯区科技路56号星河家园3幢804室",
        story=Localized(
            "轻量徒步爱好者，银卡会员；一个背包正在路上，一件雨衣申请了退货",
            "Ultralight hiker, Silver member; one pack is on its way right now, and for one rain "
            "jacket he has asked for a return",
        ),
        build=Build(43, "L", 0.6),
        persona="ultralight hiker",
        payment="alipay",
        orders=(
            DemoOrder("SP14873052", OrderStatus.DELIVERED, 411, (("larch-down-bag", 1),)),
            DemoOrder(
                "SP88501396",
                OrderStatus.DELIVERED,
                262,
                (("nightjar-1-tent", 1), ("groundhold-pegs", 1)),
            ),
            DemoOrder(
                "SP42960815",
                OrderStatus.DELIVERED,
                140,
                (("cloudrest-sleeping-pad", 1), ("pocketflame-stove", 1)),
            ),
            DemoOrder("SP83051742", OrderStatus.CANCELLED, 61, (("stormline-shell", 1),)),
            DemoOrder(
                "SP72936105", OrderStatus.RETURN_REQUESTED, 6, (("cloudburst-rain-jacket", 1),)
            ),
            DemoOrder("SP61840357", OrderStatus.SHIPPED, 1, (("trailhead-38-pack", 1),)),
        ),
    ),
    DemoCustomer(
        email="emma.clarke@example.com",
        name="Emma Clarke",
        language="en",
        tier="silver",
        city="Shanghai",
        postcode="200030",
        line="Room 1204, Block 5, Hubin Court, 218 Xueyuan Road, Xuhui District",
        story=Localized(
            "英国人，住在上海，越野跑者，银卡会员；一单十天前送到，一单四十五天前送到",
            "Trail runner from Shanghai, Silver member; one order arrived 10 days ago and one 45 "
            "days ago, on either side of the return window",
        ),
        build=Build(39, "S", 0.5),
        persona="trail runner",
        payment="card",
        orders=(
            DemoOrder("SP90462715", OrderStatus.DELIVERED, 330, (("fellwind-trail-runner", 1),)),
            DemoOrder(
                "SP35718240",
                OrderStatus.DELIVERED,
                172,
                (("light-merino-socks", 3), ("energy-gel", 2)),
            ),
            DemoOrder(
                "SP26815093",
                OrderStatus.DELIVERED,
                45,
                (("ember-light-down", 1), ("merino-150-tee", 1)),
            ),
            DemoOrder(
                "SP39274618",
                OrderStatus.DELIVERED,
                10,
                (("fellwind-trail-runner", 1), ("light-merino-socks", 2)),
                "express",
            ),
        ),
    ),
    DemoCustomer(
        email="new.customer@example.com",
        name="Sam Taylor",
        language="en",
        tier="standard",
        city="Beijing",
        postcode="100020",
        line="Room 702, Block 9, Wutong Homes, 35 Youyi Road, Chaoyang District",
        story=Localized(
            "新顾客，普通会员；昨晚付款的第一单，还可以取消或改地址",
            "New here, standard member; a first order, paid last night, which can still be "
            "cancelled or sent elsewhere",
        ),
        build=Build(42, "M", 0.5),
        persona="weekend hiker",
        payment="alipay",
        orders=(DemoOrder("SP54079182", OrderStatus.PAID, 1, (("ridgeline-2-tent", 1),)),),
    ),
)


def plans(
    rng: random.Random, rules: ShopRules, market: Market, who: DemoCustomer, now: datetime
) -> list[Plan]:
    """The customer's orders, oldest first, the customer among them."""
    city = next(city for city in geography.CITIES if city.name.en == who.city)
    address = shoppers.address(who.name, city, who.postcode, who.line, who.language)
    customer = Customer(
        email=who.email,
        name=who.name,
        phone=None,
        language=who.language,
        tier=who.tier,
        personalised=True,
        addresses=[address],
        payment_methods=[shoppers.payment_method(rng, who.payment, who.language)],
    )
    persona = next(persona for persona in PERSONAS if persona.name == who.persona)
    shopper = Shopper(customer, persona, who.build)
    result = [_plan(rng, rules, market, shopper, order, now) for order in who.orders]
    customer.joined_at = result[0].placed_at - timedelta(minutes=48)
    return result


def _plan(
    rng: random.Random,
    rules: ShopRules,
    market: Market,
    shopper: Shopper,
    order: DemoOrder,
    now: datetime,
) -> Plan:
    lines = []
    for product_id, quantity in order.lines:
        product = market.products[product_id]
        lines.append(PurchaseLine(shopper.fitting(product)[0], product, quantity))
    plan = Plan(
        shopper,
        now - timedelta(days=order.days_ago) + timedelta(hours=20, minutes=41),
        lines,
        order.method,
        shopper.customer.addresses[0],
        order.status,
        number=order.number,
        fixed=True,
    )
    if order.status is OrderStatus.SHIPPED:
        _on_its_way(rng, rules, plan, now)
    elif order.status in (OrderStatus.DELIVERED, OrderStatus.RETURN_REQUESTED):
        _arrived(rng, rules, plan, now - timedelta(days=order.days_ago) + timedelta(hours=14.4))
    return plan


def _arrived(rng: random.Random, rules: ShopRules, plan: Plan, delivered_at: datetime) -> None:
    """Looks for the latest morning from which the parcel would have come on that day."""
    morning = delivered_at.replace(hour=10, minute=12)
    province = plan.address.province
    while True:
        morning -= timedelta(days=1)
        promise = delivery.promise(rules, morning, plan.method, province)
        assert promise.earliest  # noqa: S101 - all live on the mainland
        if promise.before_cutoff and promise.earliest <= delivered_at.date():
            break
    plan.placed_at = morning
    schedule(rng, rules, plan)
    plan.delivered_at = delivered_at


def _on_its_way(rng: random.Random, rules: ShopRules, plan: Plan, now: datetime) -> None:
    """Placed on the last day from which parcels left, expected from today on."""
    plan.placed_at = now - timedelta(days=1) + timedelta(hours=11.3)
    while not delivery.promise(rules, plan.placed_at, plan.method).before_cutoff:
        plan.placed_at -= timedelta(days=1)
    schedule(rng, rules, plan)
    assert plan.delivered_at and plan.expected_on  # noqa: S101, PT018
    while plan.delivered_at <= now + timedelta(days=1):  # held up by a run of holidays
        plan.delivered_at += timedelta(days=1)
    plan.expected_on = max(plan.expected_on, plan.delivered_at.date())
