"""Tiers by spending, what each brings, and points."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

from data.rules import delivery, returns
from data.rules.shop import ShopRules, TierRule

_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Progress:
    """`tier` is None below the lowest tier; `next_tier` and `missing` are None in the highest."""

    tier: str | None
    spend: Decimal
    next_tier: str | None
    missing: Decimal | None


@dataclass(frozen=True, slots=True)
class Benefits:
    """`free_from` maps each delivery method to the order value from which it is free (0.00:
    always, None: never); `return_days` is the window of ordinary goods. What is None the shop does
    not have."""

    from_spend: Decimal | None = None
    points_rate: Decimal | None = None
    birthday_coupon: Decimal | None = None
    free_from: dict[str, Decimal | None] = field(default_factory=dict)
    return_days: int | None = None
    return_cost: returns.Cost = field(default_factory=returns.Cost)


def of(rules: ShopRules, spend: Decimal) -> str | None:
    """The tier of a customer who spent so much within the shop's `window_days`; None where the
    shop has no tiers, or none for so little."""
    reached = [tier.id for tier in _tiers(rules) if tier.from_ <= spend]
    return reached[-1] if reached else None


def progress(rules: ShopRules, spend: Decimal) -> Progress:
    tier = of(rules, spend)
    above = next((each for each in _tiers(rules) if each.from_ > spend), None)
    if above is None:
        return Progress(tier, spend, None, None)
    return Progress(tier, spend, above.id, above.from_ - spend)


def benefits(rules: ShopRules, tier: str | None) -> Benefits:
    """What a customer of this tier has; of no tier, what everybody has."""
    rule = rules.membership.tier(tier) if rules.membership else None
    methods = rules.delivery.methods if rules.delivery else {}
    return Benefits(
        from_spend=rule.from_ if rule else None,
        points_rate=rule.points_rate if rule else None,
        birthday_coupon=rule.birthday_coupon if rule else None,
        free_from={
            method: delivery.fee(rules, _ZERO, tier, method).free_from for method in methods
        },
        return_days=returns.window_days(rules, returns.STANDARD, tier),
        return_cost=returns.cost(rules, tier),
    )


def points(rules: ShopRules, tier: str, paid: Decimal) -> int | None:
    """Points for an amount paid: one for each unit of money, times the tier's rate, whole ones;
    None where the tier earns none."""
    rule = rules.membership.tier(tier) if rules.membership else None
    if rule is None or rule.points_rate is None:
        return None
    return int((paid * rule.points_rate).to_integral_value(ROUND_DOWN))


def _tiers(rules: ShopRules) -> tuple[TierRule, ...]:
    return rules.membership.tiers if rules.membership else ()
