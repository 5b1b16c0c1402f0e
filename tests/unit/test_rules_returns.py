"""Returns, warranty and cancelling: the demo shop's rules at their boundaries, and other shops'."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from data.models import OrderStatus
from data.rules import ShopRules, cancellation, returns, warranty
from data.rules.returns import Case
from data.rules.shop import Cancellation, Membership, Returns, Warranty

SHOP = Path(__file__).parents[2] / "demo/shop"
HANGZHOU = timezone(timedelta(hours=8))


@pytest.fixture(scope="module")
def rules() -> ShopRules:
    return ShopRules.load(SHOP)


def at(text: str) -> datetime:
    """A moment by the shop's clock: "2026-11-23 15:59"."""
    return datetime.fromisoformat(text).replace(tzinfo=HANGZHOU)


def shop(rules: ShopRules, **sections: Any) -> ShopRules:
    """The demo shop with other sections; None: without."""
    return rules.model_copy(update=sections)


def terms(**more: Any) -> Returns:
    return Returns.model_validate({"classes": {"standard": {"days": 14}}, **more})


class TestDemo:
    def decide(
        self, rules: ShopRules, day: int, clazz: str = "standard", tier: str | None = "standard",
        **more: Any,
    ) -> returns.ReturnDecision:  # fmt: skip
        """Delivered on 1 October at 23:30, asked on that many days later at 00:10."""
        delivered = at("2026-10-01 23:30")
        asked = at("2026-10-01 00:10") + timedelta(days=day)
        if day == 0:
            asked = delivered + timedelta(minutes=10)
        case = Case(clazz, delivered - timedelta(days=3), delivered, **more)
        decision = returns.decide(rules, case, asked, tier)
        assert decision is not None
        return decision

    @pytest.mark.parametrize(
        ("clazz", "tier", "day", "allowed", "window", "left"),
        [
            ("standard", "standard", 0, True, 30, 30),
            ("standard", None, 30, True, 30, 0),
            ("standard", "standard", 31, False, 30, 0),
            ("standard", "silver", 31, False, 30, 0),
            ("standard", "gold", 31, True, 60, 29),
            ("standard", "gold", 60, True, 60, 0),
            ("standard", "gold", 61, False, 60, 0),
            ("clearance", "standard", 7, True, 7, 0),
            ("clearance", "standard", 8, False, 7, 0),
            ("clearance", "gold", 8, False, 7, 0),
            ("hygiene", "gold", 30, True, 30, 0),
            ("hygiene", "gold", 31, False, 30, 0),
            ("no class of the rules", None, 30, True, 30, 0),
        ],
    )
    def test_windows(self, rules, clazz, tier, day, allowed, window, left):
        decision = self.decide(rules, day, clazz, tier)
        assert decision.allowed is allowed
        assert decision.reason == ("in_window" if allowed else "window_over")
        assert (decision.window_days, decision.days_left) == (window, left)
        assert decision.last_day == date(2026, 10, 1) + timedelta(window)
        assert decision.days_since == day
        # A fault is the shop's business all the same, within the warranty.
        assert decision.fault_until == date(2027, 10, 1)

    @pytest.mark.parametrize(
        ("tier", "faulty", "fee"),
        [
            ("standard", False, "10.00"),
            (None, False, "10.00"),
            ("standard", True, "0.00"),
            ("silver", False, "0.00"),
            ("gold", False, "0.00"),
        ],
    )
    def test_fee(self, rules, tier, faulty, fee):
        cost = self.decide(rules, 3, tier=tier, faulty=faulty).cost
        assert cost == returns.Cost(Decimal(fee), told=True)
        assert cost.nothing is (fee == "0.00")

    def test_hygiene_needs_its_seal_unless_faulty(self, rules):
        opened = frozenset({"opened"})
        assert self.decide(rules, 3, "hygiene").allowed
        broken = self.decide(rules, 3, "hygiene", conditions=opened)
        assert (broken.allowed, broken.reason, broken.voided) == (False, "voided", ("opened",))
        assert self.decide(rules, 3, "hygiene", conditions=opened, faulty=True).allowed
        # An opened seal matters to nothing else.
        assert self.decide(rules, 3, conditions=opened).allowed

    @pytest.mark.parametrize("condition", ["used", "worn", "washed", "altered"])
    @pytest.mark.parametrize("clazz", ["standard", "clearance", "hygiene"])
    def test_used_goods_do_not_go_back_unless_faulty(self, rules, clazz, condition):
        told = frozenset({condition})
        assert self.decide(rules, 3, clazz, conditions=told).voided == (condition,)
        assert self.decide(rules, 3, clazz, conditions=told, faulty=True).allowed
        assert self.decide(rules, 31, clazz, conditions=told).reason == "window_over"

    def test_consumables_only_when_faulty(self, rules):
        decision = self.decide(rules, 0, "consumable")
        assert (decision.allowed, decision.reason) == (False, "no_returns")
        assert decision.last_day is None
        assert decision.window_days == 0
        faulty = self.decide(rules, 200, "consumable", faulty=True)
        assert (faulty.allowed, faulty.reason, faulty.cost.nothing) == (True, "faulty", True)

    @pytest.mark.parametrize(("day", "reason"), [(365, "faulty"), (366, "faulty_late")])
    def test_faults_within_the_warranty(self, rules, day, reason):
        decision = self.decide(rules, day, "clearance", faulty=True)
        assert (decision.allowed, decision.reason) == (reason == "faulty", reason)
        assert decision.last_day == date(2027, 10, 1)

    def test_faults_within_the_products_own_warranty(self, rules):
        assert self.decide(rules, 730, faulty=True, warranty_months=24).allowed
        # Without a warranty there is still the ordinary window.
        assert self.decide(rules, 30, faulty=True, warranty_months=0).allowed
        assert not self.decide(rules, 31, faulty=True, warranty_months=0).allowed

    @pytest.mark.parametrize("delivered", [None, at("2026-10-02 09:00")])
    def test_before_delivery(self, rules, delivered):
        case = Case("standard", at("2026-09-30 09:00"), delivered)
        decision = returns.decide(rules, case, at("2026-10-01 09:00"), None)
        assert (decision.allowed, decision.reason) == (False, "not_delivered")
        assert decision.last_day is decision.days_left is decision.fault_until is None
        assert decision.window_days == 30

    def test_days_are_the_shops_days(self, rules):
        delivered = datetime(2026, 10, 1, 15, 59, tzinfo=UTC)  # still 1 October in Hangzhou
        asked = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)  # already 1 November there
        late = returns.decide(rules, Case(delivered_at=delivered), asked, None)
        assert (late.days_since, late.allowed) == (31, False)


class TestOtherShops:
    def test_business_days_from_purchase_at_the_customers_expense(self, rules):
        """Bought on a Monday, delivered on the Wednesday; ten working days, with the holiday of
        1 October between them."""
        other = shop(
            rules,
            membership=None,
            returns=terms(
                **{"from": "purchase"},
                count="business",
                classes={"standard": {"days": 10}},
                customer_pays_postage=True,
                restocking_percent=15,
            ),
        )
        bought = Case(bought_at=at("2026-09-21 10:00"), delivered_at=at("2026-09-23 10:00"))
        # 22, 23, 24, 28, 29, 30 September (25 is a holiday); 8, 9, 12 and 13 October.
        decision = returns.decide(other, bought, at("2026-10-13 23:00"), None)
        assert (decision.reason, decision.last_day) == ("in_window", date(2026, 10, 13))
        assert (decision.days_left, decision.days_since) == (0, 22)
        assert decision.cost == returns.Cost(
            Decimal("0.00"), postage=True, restocking_percent=15, told=True
        )
        assert not decision.cost.nothing
        assert not returns.decide(other, bought, at("2026-10-14 00:01"), None).allowed
        # What has not come cannot go back, but its days run.
        waiting = returns.decide(other, Case(bought_at=bought.bought_at), bought.delivered_at, None)
        assert (waiting.reason, waiting.last_day) == ("not_delivered", date(2026, 10, 13))

    def test_activation_voids(self, rules):
        phones = terms(classes={"standard": {"days": 7, "voided_by": ["activated", "registered"]}},
                       conditions={"registered": "联网登记过"})  # fmt: skip
        other = shop(rules, returns=phones, membership=None)
        case = Case(delivered_at=at("2026-10-01 12:00"), conditions=frozenset({"activated"}))
        decision = returns.decide(other, case, at("2026-10-02 12:00"), None)
        assert (decision.reason, decision.voided) == ("voided", ("activated",))
        assert decision.fault_until == date(2027, 10, 1)
        used = Case(delivered_at=at("2026-10-01 12:00"), conditions=frozenset({"used"}))
        assert returns.decide(other, used, at("2026-10-02 12:00"), None).allowed

    def test_without_a_warranty_a_fault_is_dealt_with_within_the_window(self, rules):
        classes = {"standard": {"days": 14}, "final": {"days": 0}}
        other = shop(rules, warranty=None, membership=None, returns=terms(classes=classes))

        def decide(return_class, day, faulty):
            case = Case(return_class, None, at("2026-10-01 12:00"), faulty=faulty)
            return returns.decide(other, case, at(f"2026-10-{day} 12:00"), None)

        assert decide("standard", "15", True).reason == "faulty"
        assert decide("standard", "16", True).reason == "faulty_late"
        assert decide("standard", "16", False).fault_until is None
        # What never goes back otherwise has the days of ordinary goods for that.
        assert decide("final", "15", True).reason == "faulty"
        assert decide("final", "15", False).reason == "no_returns"

    def test_a_fault_may_cost_as_well(self, rules):
        other = shop(rules, returns=terms(fee="5.00", faulty_free=False))
        assert returns.cost(other, None, faulty=True).fee == Decimal("5.00")

    def test_of_what_is_absent_nothing_is_told(self, rules):
        none = shop(rules, returns=None)
        assert returns.decide(none, Case(), at("2026-10-01 12:00"), None) is None
        assert returns.window_days(none, "standard", None) is None
        assert returns.cost(none, None) == returns.Cost(told=False)
        assert returns.cost(shop(rules, returns=terms()), None) == returns.Cost(told=False)

    def test_texts_of_one_language_stand_for_all(self):
        one = terms(keep="unused", conditions={"opened": {"says": "unsealed", "words": ["torn"]}})
        assert (one.keep.zh, one.keep.en) == ("unused", "unused")
        assert one.conditions["opened"].says.en == "unsealed"
        assert one.conditions["opened"].words == ("torn",)


class TestWarranty:
    @pytest.mark.parametrize(
        ("delivered", "months", "until"),
        [
            ("2026-11-22 12:00", None, "2027-11-22"),
            ("2026-11-22 12:00", 24, "2028-11-22"),
            ("2026-11-22 12:00", 0, "2026-11-22"),
            ("2026-08-31 12:00", 6, "2027-02-28"),
            ("2024-02-29 12:00", 12, "2025-02-28"),
            ("2026-12-31 12:00", 2, "2027-02-28"),
        ],
    )
    def test_until(self, rules, delivered, months, until):
        assert warranty.until(rules, at(delivered), months) == date.fromisoformat(until)

    def test_a_shop_without(self, rules):
        none = shop(rules, warranty=None)
        assert warranty.months(none) is None
        assert warranty.until(none, at("2026-11-22 12:00")) is None
        assert warranty.until(none, at("2026-11-22 12:00"), 6) == date(2027, 5, 22)
        assert warranty.months(shop(rules, warranty=Warranty(months=24))) == 24


class TestCancellation:
    @pytest.mark.parametrize(
        ("status", "allowed", "reason"),
        [
            (OrderStatus.PENDING_PAYMENT, True, "not_paid"),
            (OrderStatus.PAID, True, "in_time"),
            (OrderStatus.PACKED, False, "too_late"),
            (OrderStatus.SHIPPED, False, "too_late"),
            (OrderStatus.DELIVERED, False, "delivered"),
            (OrderStatus.CANCELLED, False, "cancelled"),
            (OrderStatus.RETURN_REQUESTED, False, "returning"),
            (OrderStatus.RETURNED, False, "returning"),
            (OrderStatus.REFUNDED, False, "returning"),
        ],
    )
    def test_demo(self, rules, status, allowed, reason):
        decision = cancellation.decide(rules, status)
        assert (decision.allowed, decision.address_changeable) == (allowed, allowed)
        assert decision.reason == reason
        assert decision.until is decision.address_until is OrderStatus.PACKED

    def test_the_address_has_a_limit_of_its_own(self, rules):
        until = Cancellation.model_validate({"until": "paid", "address_until": "shipped"})
        decision = cancellation.decide(shop(rules, cancellation=until), OrderStatus.PACKED)
        assert (decision.allowed, decision.address_changeable) == (False, True)
        never = Cancellation.model_validate({"until": "packed"})
        decision = cancellation.decide(shop(rules, cancellation=never), OrderStatus.PAID)
        assert (decision.allowed, decision.address_changeable) == (True, False)

    def test_a_shop_that_says_nothing_of_it(self, rules):
        assert cancellation.decide(shop(rules, cancellation=None), OrderStatus.PAID) is None


@pytest.mark.parametrize(
    ("part", "wrong", "said"),
    [
        (Returns, {"classes": {"sale": {"days": 7}}}, "needs standard too"),
        (
            Returns,
            {"classes": {"standard": {"days": 7, "voided_by": ["licked"]}}},
            r"classes\.standard\.voided_by: licked is not known",
        ),
        (Returns, {"classes": {"standard": {"days": -7}}}, "greater than or equal to 0"),
        (Returns, {"classes": {"two words": {"days": 7}}}, "match pattern"),
        (Returns, {"classes": {"standard": {"days": 7}}, "fee": 5.0}, "amounts in quotes"),
        (Returns, {"classes": {"standard": {"days": 7}}, "fee": "1.005"}, "2 decimal places"),
        (Returns, {"classes": {"standard": {"days": 7}}, "bank_days": [5, 1]}, "must not come"),
        (Returns, {"classes": {"standard": {"days": 7}}, "keep": {"fr": "neuf"}}, "one a language"),
        (Returns, {"classes": {"standard": {"days": 7}}, "keep": {}}, "one a language"),
        (Returns, {"classes": {"standard": {"days": 7}}, "restocking_percent": 115}, "100"),
        (Cancellation, {"until": "returned"}, "name a step of an order: pending_payment, paid"),
        (Cancellation, {"until": "wrapped"}, "'pending_payment', 'paid'"),
        (Membership, {"window_days": 365, "tiers": []}, "at least 1"),
    ],
)
def test_what_a_file_may_not_say(part, wrong, said):
    with pytest.raises(ValidationError, match=said):
        part.model_validate(wrong)
