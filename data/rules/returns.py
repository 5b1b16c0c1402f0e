"""Whether an item may go back, until when and at what cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from data.rules import days, warranty
from data.rules.shop import Returns, ReturnTerms, ShopRules

_ZERO = Decimal("0.00")
# Of a kind's products so many must be of one class for it to be the kind's: a reduced one or two
# among them change nothing, and of a mixed kind no class is told.
_MOST = 0.75
STANDARD = "standard"  # the class of products that name none, or one that the rules do not know


class Reason(StrEnum):
    IN_WINDOW = "in_window"
    FAULTY = "faulty"  # allowed because of the fault, within warranty or window
    FAULTY_LATE = "faulty_late"  # faulty, and both are over
    NOT_DELIVERED = "not_delivered"
    WINDOW_OVER = "window_over"
    VOIDED = "voided"  # a condition of the case bars goods of its class
    NO_RETURNS = "no_returns"  # this class goes back only when faulty


@dataclass(frozen=True, slots=True)
class Case:
    """What somebody would give back. `conditions` are ids of the rules' conditions that hold of it;
    `warranty_months` is the product's own. Either time is None while it has not come or is not
    known."""

    return_class: str = STANDARD
    bought_at: datetime | None = None
    delivered_at: datetime | None = None
    conditions: frozenset[str] = frozenset()
    faulty: bool = False
    warranty_months: int | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a return costs the customer. `told`: the shop's rules say something of it at all;
    `nothing`: and it is nothing."""

    fee: Decimal = _ZERO
    postage: bool = False  # the customer sends it at their own expense
    restocking_percent: int = 0
    told: bool = False

    @property
    def nothing(self) -> bool:
        return not (self.fee or self.postage or self.restocking_percent)


@dataclass(frozen=True, slots=True)
class ReturnDecision:
    """`window_days` as the rules write them: from delivery or purchase, in calendar or business
    days. `last_day` is the last day on which the return may be asked for; None before the window
    begins and for goods that do not go back. `days_left` is 0 on that day and after it;
    `days_since` counts from the window's begin. `voided` are the conditions that bar the return.
    `fault_until` is the last day on which a fault would be dealt with, None when that is over or
    not known.
    """

    allowed: bool
    reason: Reason
    window_days: int
    last_day: date | None
    days_left: int | None
    days_since: int | None
    cost: Cost
    voided: tuple[str, ...] = ()
    fault_until: date | None = None


def decide(rules: ShopRules, case: Case, at: datetime, tier: str | None) -> ReturnDecision | None:
    """None for a shop that has no rules of returns."""
    if rules.returns is None:
        return None
    window = window_days(rules, case.return_class, tier) or 0
    today = rules.today(at)
    begun = _begin(rules, rules.returns, case)
    fault_end = _fault_end(rules, rules.returns, case, tier)
    bare = ReturnDecision(
        False, Reason.NOT_DELIVERED, window, None, None, None, cost(rules, tier, case.faulty)
    )
    if begun is not None and begun <= today:
        last = days.after(rules, begun, window, rules.returns.count) if window else None
        bare = replace(bare, last_day=last, days_since=(today - begun).days)
    if case.delivered_at is None or rules.today(case.delivered_at) > today or begun is None:
        return bare
    if fault_end is not None and today <= fault_end:
        bare = replace(bare, fault_until=fault_end)
    if case.faulty:
        reason = Reason.FAULTY if bare.fault_until else Reason.FAULTY_LATE
        return _dated(replace(bare, reason=reason, last_day=fault_end), today)
    if not window:
        return replace(bare, reason=Reason.NO_RETURNS)
    voided = voided_by(rules.returns, case.return_class, case.conditions)
    if bare.last_day is not None and today > bare.last_day:
        reason = Reason.WINDOW_OVER
    else:
        reason = Reason.VOIDED if voided else Reason.IN_WINDOW
    return _dated(replace(bare, reason=reason, voided=voided), today)


def common_class(classes: Iterable[str]) -> str | None:
    """The class of most of a kind's products; None when there is none such."""
    counted = Counter(classes)
    for return_class, count in counted.most_common(1):
        if count >= _MOST * counted.total():
            return return_class
    return None


def terms(returns: Returns, return_class: str) -> ReturnTerms:
    return returns.classes.get(return_class) or returns.classes[STANDARD]


def voided_by(returns: Returns, return_class: str, told: Collection[str]) -> tuple[str, ...]:
    """Those of the conditions told that bar a return of this class, in the order of the rules."""
    return tuple(each for each in terms(returns, return_class).voided_by if each in told)


def window_days(rules: ShopRules, return_class: str, tier: str | None) -> int | None:
    """Days of the window as the rules write them; 0 for goods that do not go back, None for a shop
    that has no rules of returns."""
    if rules.returns is None:
        return None
    chosen = terms(rules.returns, return_class)
    return chosen.days_by_tier.get(tier or "", chosen.days)


def cost(rules: ShopRules, tier: str | None, faulty: bool = False) -> Cost:
    returns = rules.returns
    if returns is None:
        return Cost()
    told = returns.fee is not None or returns.customer_pays_postage
    told = told or bool(returns.restocking_percent)
    if faulty and returns.faulty_free:
        return Cost(told=told)
    return Cost(
        fee=_ZERO if tier in returns.fee_free_by_tier else returns.fee or _ZERO,
        postage=returns.customer_pays_postage,
        restocking_percent=returns.restocking_percent,
        told=told,
    )


def _begin(rules: ShopRules, returns: Returns, case: Case) -> date | None:
    """The day from which the window counts."""
    moment = case.delivered_at if returns.from_ == "delivery" else case.bought_at
    return rules.today(moment) if moment is not None else None


def _fault_end(rules: ShopRules, returns: Returns, case: Case, tier: str | None) -> date | None:
    """Until when a fault is dealt with: within the warranty, and at any rate within the window; of
    goods that have no window, within that of ordinary ones."""
    begun = _begin(rules, returns, case)
    if begun is None or case.delivered_at is None:
        return None
    window = window_days(rules, case.return_class, tier) or window_days(rules, STANDARD, tier) or 0
    end = days.after(rules, begun, window, returns.count)
    covered = warranty.until(rules, case.delivered_at, case.warranty_months)
    return end if covered is None else max(end, covered)


def _dated(decision: ReturnDecision, today: date) -> ReturnDecision:
    left = None if decision.last_day is None else max(0, (decision.last_day - today).days)
    allowed = decision.reason in (Reason.IN_WINDOW, Reason.FAULTY)
    return replace(decision, allowed=allowed, days_left=left)
