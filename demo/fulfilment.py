"""What becomes of a purchase: its state by now, its parcel with the tracking, its cost.

Nothing here happens after `now`: an order is as far as the shop's rules and the carrier would have
brought it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from data.models import (
    Address,
    Localized,
    Order,
    OrderLine,
    OrderStatus,
    PaymentMethod,
    Shipment,
    TrackingEvent,
    Variant,
)
from data.rules import ShopRules, delivery, membership
from demo import geography
from demo.purchases import Purchase, PurchaseLine
from demo.shoppers import Shopper

_SF = Localized("顺丰速运", "SF Express")
_ZTO = Localized("中通快递", "ZTO Express")
_JD = Localized("京东物流", "JD Logistics")
_CITIES = {name: city for city in geography.CITIES for name in (city.name.zh, city.name.en)}

_HANDED_OVER = (
    Localized("包裹已签收，签收人：本人。", "Delivered and signed for by the recipient."),
    Localized("包裹已签收，签收人：本人。", "Delivered and signed for by the recipient."),
    Localized("包裹已由家人代收。", "Delivered; a member of the household took the parcel."),
    Localized("包裹已放入小区快递柜，凭取件码领取。", "Left in the parcel locker of the building."),
    Localized("包裹已由前台代收。", "Delivered; the front desk took the parcel."),
)
_UNPAID = {OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED}
_WITHOUT_PARCEL = {*_UNPAID, OrderStatus.PAID, OrderStatus.PACKED}
_RETURNABLE = {"standard", "clearance"}
_REDUCED_FOR_DAYS = 50  # so long ago the reductions of today began


@dataclass(slots=True)
class Plan:
    """A purchase on its way to becoming an order."""

    shopper: Shopper
    placed_at: datetime
    lines: Sequence[PurchaseLine]
    method: str
    address: Address
    status: OrderStatus = OrderStatus.PAID
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None  # may lie in the future
    expected_on: date | None = None
    number: str = ""
    fixed: bool = field(default=False)  # a demo customer's: its state was chosen by hand

    def returnable(self) -> bool:
        return any(line.product.return_class in _RETURNABLE for line in self.lines)


def plan(rng: random.Random, rules: ShopRules, purchase: Purchase, now: datetime) -> Plan:
    """Decides the state that the order has reached by now."""
    addresses = purchase.shopper.customer.addresses
    result = Plan(
        purchase.shopper,
        purchase.placed_at,
        purchase.lines,
        "express" if rng.random() < 0.14 else "standard",
        addresses[1] if len(addresses) > 1 and rng.random() < 0.25 else addresses[0],
    )
    age = now - purchase.placed_at
    assert rules.payment and rules.payment.pay_within_minutes  # noqa: S101, PT018
    if age < timedelta(minutes=rules.payment.pay_within_minutes):
        result.status = OrderStatus.PENDING_PAYMENT
        return result
    if rng.random() < 0.035:
        result.status = OrderStatus.CANCELLED
        return result
    schedule(rng, rules, result)
    assert result.shipped_at is not None and result.delivered_at is not None  # noqa: S101, PT018
    if result.delivered_at <= now:
        result.status = _after_delivery(rng, result, result.delivered_at, now)
    elif result.shipped_at <= now:
        result.status = OrderStatus.SHIPPED
    elif purchase.placed_at + timedelta(hours=rng.uniform(0.5, 5)) <= now:
        result.status = OrderStatus.PACKED
    return result


def schedule(rng: random.Random, rules: ShopRules, result: Plan) -> None:
    """Sets when the parcel leaves and arrives, by the rules for where it goes."""
    promise = delivery.promise(rules, result.placed_at, result.method, result.address.province)
    assert promise.earliest and promise.latest  # noqa: S101, PT018 - all live on the mainland
    result.shipped_at = _at(promise.dispatch_on, result.placed_at, 16.3 + rng.random() * 2)
    result.expected_on = promise.latest
    days = (promise.latest - promise.earliest).days
    arrives = promise.earliest + timedelta(days=rng.randint(0, days))
    if rng.random() < 0.04:  # now and then a parcel is late
        arrives = promise.latest + timedelta(days=1)
    result.delivered_at = _at(arrives, result.placed_at, 9.5 + rng.random() * 10)


def _after_delivery(
    rng: random.Random, result: Plan, delivered_at: datetime, now: datetime
) -> OrderStatus:
    if rng.random() > 0.055 or not result.returnable():
        return OrderStatus.DELIVERED
    requested_at = delivered_at + timedelta(days=rng.uniform(1, 14))
    returned_at = requested_at + timedelta(days=rng.uniform(3, 6))
    refunded_at = returned_at + timedelta(days=rng.uniform(2, 5))
    if now < requested_at:
        return OrderStatus.DELIVERED
    if now < returned_at:
        return OrderStatus.RETURN_REQUESTED
    return OrderStatus.RETURNED if now < refunded_at else OrderStatus.REFUNDED


def ensure_returns(rng: random.Random, plans: Sequence[Plan], now: datetime, least: int) -> None:
    """Makes sure that some orders are at each step of a return right now."""
    for status, youngest, oldest in (
        (OrderStatus.RETURN_REQUESTED, 2, 14),
        (OrderStatus.RETURNED, 7, 22),
        (OrderStatus.REFUNDED, 12, 60),
    ):
        missing = least - sum(plan.status is status for plan in plans)
        candidates = [
            plan
            for plan in plans
            if plan.status is OrderStatus.DELIVERED
            and not plan.fixed
            and plan.returnable()
            and plan.delivered_at is not None
            and timedelta(days=youngest) < now - plan.delivered_at < timedelta(days=oldest)
        ]
        for chosen in rng.sample(candidates, min(max(missing, 0), len(candidates))):
            chosen.status = status


class Ledger:
    """Turns one customer's plans into orders, oldest first, and keeps their spending."""

    def __init__(self, rules: ShopRules) -> None:
        self._rules = rules
        self._spent: list[tuple[datetime, Decimal]] = []

    def tier(self, at: datetime) -> str | None:
        """By what was paid and kept in the membership's window before `at`."""
        assert self._rules.membership  # noqa: S101
        since = at - timedelta(days=self._rules.membership.window_days)
        return membership.of(
            self._rules, sum((sum_ for day, sum_ in self._spent if since <= day <= at), Decimal(0))
        )

    def order(self, rng: random.Random, plan: Plan, now: datetime) -> Order:
        customer = plan.shopper.customer
        lines = [
            OrderLine(
                variant=line.variant,
                quantity=line.quantity,
                unit_price=_price(line.variant, plan.placed_at, now),
            )
            for line in plan.lines
        ]
        subtotal = sum((line.unit_price * line.quantity for line in lines), Decimal(0))
        fee = delivery.fee(self._rules, subtotal, self.tier(plan.placed_at), plan.method).fee
        lost = {*_UNPAID, OrderStatus.RETURNED, OrderStatus.REFUNDED}
        if plan.status not in lost:
            self._spent.append((plan.placed_at, subtotal + fee))
        return Order(
            number=plan.number,
            customer=customer,
            status=plan.status,
            placed_at=plan.placed_at,
            delivery_method=plan.method,
            address=plan.address,
            payment_method=_payment_method(rng, customer.payment_methods),
            currency=plan.lines[0].variant.currency,
            subtotal=subtotal,
            delivery_fee=fee,
            total=subtotal + fee,
            lines=lines,
            shipments=[] if plan.status in _WITHOUT_PARCEL else [_shipment(rng, plan, now)],
        )


def _payment_method(rng: random.Random, methods: Sequence[PaymentMethod]) -> PaymentMethod:
    return methods[0] if len(methods) == 1 or rng.random() < 0.8 else methods[1]


def _price(variant: Variant, placed_at: datetime, now: datetime) -> Decimal:
    """The price of that day: what is reduced now was not always."""
    if variant.list_price is not None and now - placed_at > timedelta(days=_REDUCED_FOR_DAYS):
        return variant.list_price
    return variant.price


def _shipment(rng: random.Random, plan: Plan, now: datetime) -> Shipment:
    assert plan.shipped_at and plan.delivered_at and plan.expected_on  # noqa: S101, PT018
    by_road = rng.choices((_ZTO, _JD, _SF), (5, 3, 2))[0]
    carrier = _SF if plan.method == "express" else by_road
    number = {
        _SF: f"SF{rng.randrange(10**12, 10**13)}",
        _ZTO: f"7{rng.randrange(10**13):013d}",
        _JD: f"JDVA{rng.randrange(10**10, 10**11)}",
    }[carrier]
    events = [event for event in _journey(rng, plan, carrier) if event.at <= now]
    return Shipment(
        carrier=carrier,
        tracking_number=number,
        shipped_at=plan.shipped_at,
        expected_on=plan.expected_on,
        delivered_at=plan.delivered_at if plan.delivered_at <= now else None,
        events=events,
    )


def _journey(rng: random.Random, plan: Plan, carrier: Localized) -> list[TrackingEvent]:
    """All that the carrier will report, the future included; the last event is the delivery."""
    assert plan.shipped_at and plan.delivered_at  # noqa: S101, PT018
    shipped, delivered = plan.shipped_at, plan.delivered_at
    city = _CITIES[str(plan.address.city)]
    station = _station(plan.address, city)
    collected = shipped + timedelta(minutes=rng.uniform(4, 15))
    sorted_at = collected + timedelta(hours=rng.uniform(1.2, 2.2))
    left = sorted_at + timedelta(hours=rng.uniform(0.8, 1.6))
    morning = _at(delivered.date(), delivered, 5.5 + rng.random())
    out = max(delivered - timedelta(hours=rng.uniform(0.8, 2.2)), morning + timedelta(minutes=50))
    journey = [
        (
            collected,
            geography.WAREHOUSE,
            Localized(f"{carrier.zh}已揽收。", f"Collected by {carrier.en}."),
        ),
        (
            sorted_at,
            geography.FIRST_HUB,
            Localized("快件已到达杭州转运中心。", "Arrived at the Hangzhou sorting centre."),
        ),
    ]
    if city.name.zh != "杭州":
        journey.append(
            (
                left,
                geography.FIRST_HUB,
                Localized(f"快件已发往{city.hub.zh}。", f"Left Hangzhou for the {city.hub.en}."),
            )
        )
        arrived = left + (morning - left) * rng.uniform(0.6, 0.92)
        journey.append(
            (
                arrived,
                city.hub,
                Localized(f"快件已到达{city.hub.zh}。", f"Arrived at the {city.hub.en}."),
            )
        )
    else:
        journey.append(
            (
                left,
                geography.FIRST_HUB,
                Localized("快件已发往本市网点。", "Left for the delivery station in town."),
            )
        )
    journey += [
        (
            morning,
            station,
            Localized(f"快件已到达{station.zh}。", f"Arrived at {station.en}."),
        ),
        (out, station, Localized("快递员正在派送，请保持电话畅通。", "Out for delivery.")),
        (delivered, city.name, rng.choice(_HANDED_OVER)),
    ]
    return [TrackingEvent(at=at, place=place, text=text) for at, place, text in journey]


def _station(address: Address, city: geography.City) -> Localized:
    district = next(
        (d.name for d in city.districts if d.postcode == address.postcode), city.districts[0].name
    )
    zh = f"{city.name.zh}{district.zh}营业点"
    return Localized(zh, f"the {district.en} delivery station, {city.name.en}")


def _at(day: date, like: datetime, hours: float) -> datetime:
    midnight = datetime.combine(day, time(), tzinfo=like.tzinfo)
    return midnight + timedelta(seconds=round(hours * 3600))
