"""Whether an item may go back, until when and at what cost; when the money comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from data.models import ReturnClass, Tier
from data.rules import warranty
from data.rules.shop import ShopRules

_ZERO = Decimal("0.00")
_WORKDAYS = 5  # Monday to Friday


class Reason(StrEnum):
    IN_WINDOW = "in_window"
    FAULTY = "faulty"  # allowed because of the fault, within the warranty
    NOT_DELIVERED = "not_delivered"  # the window begins with delivery
    WINDOW_OVER = "window_over"
    SEAL_BROKEN = "seal_broken"
    USED = "used"  # outdoors, washed or altered; tried on at home is not used
    NO_RETURNS = "no_returns"  # this kind goes back only when faulty


@dataclass(frozen=True, slots=True)
class ReturnDecision:
    """`window_days` counts from the day of delivery; for a fault it is the warranty's length.

    `last_day` is the last day on which the return may be asked for, None before delivery and for
    goods that do not go back. `days_left` is 0 on that day and after it. `days_since` is the days
    since delivery. `fee` is what the return parcel costs this customer, if it may go back.
    """

    allowed: bool
    reason: Reason
    window_days: int
    last_day: date | None
    days_left: int | None
    days_since: int | None
    fee: Decimal


@dataclass(frozen=True, slots=True)
class RefundPromise:
    """`issued_by`: the shop has paid by the end of that day; the bank or wallet shows the money
    between `shown_from` and `shown_by`."""

    issued_by: date
    shown_from: date
    shown_by: date


def decide(
    rules: ShopRules,
    return_class: ReturnClass,
    delivered_at: datetime | None,
    at: datetime,
    tier: Tier,
    faulty: bool = False,
    sealed: bool = True,
    used: bool = False,
    warranty_months: int | None = None,
) -> ReturnDecision:
    """`delivered_at` is None for what has not arrived; `warranty_months` is the product's own."""
    window = window_days(rules, return_class, tier)
    free = tier in rules.returns.fee_free_by_tier or (faulty and rules.returns.faulty_free)
    fee = _ZERO if free else rules.returns.fee
    today = rules.today(at)
    delivered_on = rules.today(delivered_at) if delivered_at is not None else None
    if delivered_at is None or delivered_on is None or delivered_on > today:
        return ReturnDecision(False, Reason.NOT_DELIVERED, window, None, None, None, fee)

    days_since = (today - delivered_on).days
    window_end = delivered_on + timedelta(window)
    if faulty:
        last = max(warranty.until(rules, delivered_at, warranty_months), window_end)
        window, reason = (last - delivered_on).days, Reason.FAULTY
    elif window == 0:
        return ReturnDecision(False, Reason.NO_RETURNS, 0, None, None, days_since, fee)
    else:
        last, reason = window_end, Reason.IN_WINDOW

    left = max(0, (last - today).days)
    if today > last:
        reason = Reason.WINDOW_OVER
    elif return_class == ReturnClass.HYGIENE and not sealed and not faulty:
        reason = Reason.SEAL_BROKEN
    elif used and not faulty:
        reason = Reason.USED
    allowed = reason in (Reason.IN_WINDOW, Reason.FAULTY)
    return ReturnDecision(allowed, reason, window, last, left, days_since, fee)


def window_days(rules: ShopRules, return_class: ReturnClass, tier: Tier) -> int:
    """Days from delivery; 0 for goods that do not go back."""
    if return_class == ReturnClass.STANDARD and tier == Tier.GOLD:
        return rules.returns.gold_window
    return rules.returns.windows[return_class]


def refund(rules: ShopRules, arrived_at: datetime) -> RefundPromise:
    """When the money of a parcel comes back that reaches the warehouse at that moment."""
    issued_by = rules.today(arrived_at)
    for _ in range(rules.returns.refund_working_days):
        issued_by = _next_working_day(rules, issued_by)
    first, last = rules.returns.bank_days
    return RefundPromise(issued_by, issued_by + timedelta(first), issued_by + timedelta(last))


def _next_working_day(rules: ShopRules, day: date) -> date:
    day += timedelta(1)
    while day.weekday() >= _WORKDAYS or day in rules.holidays:
        day += timedelta(1)
    return day
