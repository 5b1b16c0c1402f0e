"""How an order is paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from data.rules.shop import ShopRules

_FEN = Decimal("0.01")
_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Plan:
    """`last` is the last payment, which takes what the equal ones leave over. Where the plan is
    not free of interest, the lender's charge comes on top of these amounts."""

    months: int
    monthly: Decimal
    last: Decimal
    interest_free: bool


@dataclass(frozen=True, slots=True)
class Instalments:
    """`missing` is what the order lacks to the least amount, 0.00 when it is reached."""

    allowed: bool
    from_total: Decimal
    missing: Decimal
    plans: tuple[Plan, ...]


def instalments(rules: ShopRules, total: Decimal) -> Instalments:
    rule = rules.payment.instalments
    missing = max(_ZERO, rule.from_ - total)
    allowed = missing == 0
    plans = tuple(_plan(total, n, n in rule.interest_free) for n in rule.months if allowed)
    return Instalments(allowed, rule.from_, missing, plans)


def pay_until(rules: ShopRules, placed_at: datetime) -> datetime:
    """An order unpaid at this moment (in the shop's time) is cancelled."""
    return rules.local(placed_at) + timedelta(minutes=rules.payment.pay_within_minutes)


def _plan(total: Decimal, months: int, interest_free: bool) -> Plan:
    monthly = (total / months).quantize(_FEN, ROUND_DOWN)
    return Plan(months, monthly, total - monthly * (months - 1), interest_free)
