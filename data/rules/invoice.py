"""Whether an invoice can still be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from data.rules.shop import ShopRules


@dataclass(frozen=True, slots=True)
class InvoiceDecision:
    allowed: bool
    days: int
    last_day: date
    sent_within_hours: int


def decide(rules: ShopRules, placed_at: datetime, at: datetime) -> InvoiceDecision:
    last = rules.today(placed_at) + timedelta(rules.invoice.within_days)
    return InvoiceDecision(
        allowed=rules.today(at) <= last,
        days=rules.invoice.within_days,
        last_day=last,
        sent_within_hours=rules.invoice.sent_within_hours,
    )
