"""Whether an order can still be called off or sent elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from data.models import OrderStatus
from data.rules.shop import STEPS, ShopRules


class Reason(StrEnum):
    NOT_PAID = "not_paid"  # may be called off; lapses by itself as well
    IN_TIME = "in_time"
    TOO_LATE = "too_late"  # on its way: refuse the parcel, or return it after delivery
    DELIVERED = "delivered"  # return it instead
    CANCELLED = "cancelled"  # is called off already
    RETURNING = "returning"  # a return is under way or done


@dataclass(frozen=True, slots=True)
class CancelDecision:
    """Until the order has the status `until` it may be called off; until `address_until` its
    address may change, None where the shop promises nothing of that."""

    allowed: bool
    reason: Reason
    address_changeable: bool
    until: OrderStatus
    address_until: OrderStatus | None


def decide(rules: ShopRules, status: OrderStatus) -> CancelDecision | None:
    """None for a shop that says nothing of cancelling."""
    if rules.cancellation is None:
        return None
    until, address_until = rules.cancellation.until, rules.cancellation.address_until
    reason = _reason(status, until)
    return CancelDecision(
        allowed=reason in (Reason.NOT_PAID, Reason.IN_TIME),
        reason=reason,
        address_changeable=address_until is not None and _before(status, address_until),
        until=until,
        address_until=address_until,
    )


def _before(status: OrderStatus, step: OrderStatus) -> bool:
    return status in STEPS and STEPS.index(status) < STEPS.index(step)


def _reason(status: OrderStatus, until: OrderStatus) -> Reason:
    if status == OrderStatus.CANCELLED:
        return Reason.CANCELLED
    if status not in STEPS:
        return Reason.RETURNING
    if status == OrderStatus.DELIVERED:
        return Reason.DELIVERED
    if not _before(status, until):
        return Reason.TOO_LATE
    return Reason.NOT_PAID if status == OrderStatus.PENDING_PAYMENT else Reason.IN_TIME
