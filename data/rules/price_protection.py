"""The difference back when the shop's own price falls soon after a payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from data.rules.shop import ShopRules

_ZERO = Decimal("0.00")


class Reason(StrEnum):
    IN_TIME = "in_time"
    TOO_LATE = "too_late"
    NO_FALL = "no_fall"  # the price is not lower


@dataclass(frozen=True, slots=True)
class PriceProtection:
    """`refund` is the difference for all pieces, 0.00 when nothing is paid back; `days_left` is 0
    on the last day and after it."""

    allowed: bool
    reason: Reason
    days: int
    last_day: date
    days_left: int
    refund: Decimal


def decide(
    rules: ShopRules,
    paid_at: datetime,
    at: datetime,
    paid_price: Decimal,
    price_now: Decimal,
    quantity: int = 1,
) -> PriceProtection:
    """Prices of one piece."""
    last = rules.today(paid_at) + timedelta(rules.price_protection_days)
    today = rules.today(at)
    if today > last:
        reason = Reason.TOO_LATE
    else:
        reason = Reason.IN_TIME if price_now < paid_price else Reason.NO_FALL
    allowed = reason == Reason.IN_TIME
    return PriceProtection(
        allowed=allowed,
        reason=reason,
        days=rules.price_protection_days,
        last_day=last,
        days_left=max(0, (last - today).days),
        refund=(paid_price - price_now) * quantity if allowed else _ZERO,
    )
