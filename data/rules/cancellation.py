"""Whether an order can still be called off or sent elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from data.models import OrderStatus
from data.rules.shop import ShopRules

# The way of an order that nothing stops.
_STEPS = (
    OrderStatus.PENDING_PAYMENT,
    OrderStatus.PAID,
    OrderStatus.PACKED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
)


class Reason(StrEnum):
    NOT_PAID = "not_paid"  # may be called off; lapses by itself as well
    IN_TIME = "in_time"
    TOO_LATE = "too_late"  # on its way: refuse the parcel, or return it after delivery
    DELIVERED = "delivered"  # return it instead
    CANCELLED = "cancelled"  # is called off already
    RETURNING = "returning"  # a return is under way or done


@dataclass(frozen=True, slots=True)
class CancelDecision:
    """`address_changeable` goes with `allowed`: both end when the order is packed."""

    allowed: bool
    reason: Reason
    address_changeable: bool
    until: OrderStatus


def decide(rules: ShopRules, status: OrderStatus) -> CancelDecision:
    reason = _reason(rules, status)
    allowed = reason in (Reason.NOT_PAID, Reason.IN_TIME)
    return CancelDecision(allowed, reason, allowed, rules.cancellation.until)


def _reason(rules: ShopRules, status: OrderStatus) -> Reason:
    if status == OrderStatus.CANCELLED:
        return Reason.CANCELLED
    if status not in _STEPS:
        return Reason.RETURNING
    if status == OrderStatus.DELIVERED:
        return Reason.DELIVERED
    if _STEPS.index(status) >= _STEPS.index(rules.cancellation.until):
        return Reason.TOO_LATE
    return Reason.NOT_PAID if status == OrderStatus.PENDING_PAYMENT else Reason.IN_TIME
