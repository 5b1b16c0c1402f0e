"""Tiers by spending, what each brings, and points."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from data.models import ReturnClass, Tier
from data.rules import delivery, returns
from data.rules.shop import ShopRules

_FEN = Decimal("0.01")
_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Progress:
    """`next_tier` and `missing` are None in the highest tier."""

    tier: Tier
    spend: Decimal
    next_tier: Tier | None
    missing: Decimal | None


@dataclass(frozen=True, slots=True)
class Benefits:
    """`free_from` maps each delivery method to the order value from which it is free (0.00:
    always, None: never); `return_days` is the window of ordinary goods."""

    tier: Tier
    from_spend: Decimal
    points_rate: Decimal
    birthday_coupon: Decimal
    free_from: dict[str, Decimal | None]
    return_days: int
    return_fee: Decimal


@dataclass(frozen=True, slots=True)
class Redemption:
    """`points` are used and take `value` off; `most` is the limit of that order."""

    points: int
    value: Decimal
    most: Decimal


def of(rules: ShopRules, spend: Decimal) -> Tier:
    """The tier of a customer who spent so much within the shop's `window_days`."""
    return max(
        (tier for tier, rule in rules.membership.tiers.items() if rule.from_ <= spend),
        key=lambda tier: rules.membership.tiers[tier].from_,
        default=_ascending(rules)[0],
    )


def progress(rules: ShopRules, spend: Decimal) -> Progress:
    tier = of(rules, spend)
    above = [t for t in _ascending(rules) if rules.membership.tiers[t].from_ > spend]
    if not above:
        return Progress(tier, spend, None, None)
    return Progress(tier, spend, above[0], rules.membership.tiers[above[0]].from_ - spend)


def benefits(rules: ShopRules, tier: Tier) -> Benefits:
    rule = rules.membership.tiers[tier]
    free_of_fee = tier in rules.returns.fee_free_by_tier
    return Benefits(
        tier=tier,
        from_spend=rule.from_,
        points_rate=rule.points_rate,
        birthday_coupon=rule.birthday_coupon,
        free_from={
            method: delivery.fee(rules, _ZERO, tier, method).free_from
            for method in rules.delivery.methods
        },
        return_days=returns.window_days(rules, ReturnClass.STANDARD, tier),
        return_fee=_ZERO if free_of_fee else rules.returns.fee,
    )


def points(rules: ShopRules, tier: Tier, paid: Decimal) -> int:
    """Points for an amount paid: one for each unit of money, times the tier's rate, whole ones."""
    rate = rules.membership.tiers[tier].points_rate
    return int((paid * rate).to_integral_value(ROUND_DOWN))


def redeem(rules: ShopRules, available: int, order_total: Decimal) -> Redemption:
    """The most that so many points take off an order: at most half of it, and nothing when fewer
    could be used than the shop takes at a time."""
    each = Decimal(rules.membership.points_per_yuan)
    most = (order_total / 2).quantize(_FEN, ROUND_DOWN)
    value = min((available / each).quantize(_FEN, ROUND_DOWN), most)
    used = int(value * each)
    if used < rules.membership.points_least:
        return Redemption(0, _ZERO, most)
    return Redemption(used, value, most)


def _ascending(rules: ShopRules) -> list[Tier]:
    return sorted(rules.membership.tiers, key=lambda tier: rules.membership.tiers[tier].from_)
