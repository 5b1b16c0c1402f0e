"""The demo shop's rules at each of their boundaries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from data.errors import CurrencyMismatch, RulesInvalid, UnknownChoice
from data.models import OrderStatus, ReturnClass, Tier, Variant
from data.rules import (
    ShopRules,
    cancellation,
    delivery,
    hours,
    invoice,
    membership,
    payment,
    price_protection,
    provinces,
    returns,
    totals,
    warranty,
)

RULES = Path(__file__).parents[2] / "data/demo/rules.yaml"
HANGZHOU = timezone(timedelta(hours=8))


@pytest.fixture(scope="module")
def rules() -> ShopRules:
    return ShopRules.load(RULES)


def at(text: str) -> datetime:
    """A moment by the shop's clock: "2026-11-23 15:59"."""
    return datetime.fromisoformat(text).replace(tzinfo=HANGZHOU)


def yuan(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


class TestDeliveryFee:
    @pytest.mark.parametrize(
        ("subtotal", "tier", "method", "fee", "free_from", "missing"),
        [
            ("98.99", Tier.STANDARD, "standard", "8.00", "99.00", "0.01"),
            ("99.00", Tier.STANDARD, "standard", "0.00", "99.00", "0.00"),
            ("60.00", Tier.STANDARD, "standard", "8.00", "99.00", "39.00"),
            ("48.99", Tier.SILVER, "standard", "8.00", "49.00", "0.01"),
            ("49.00", Tier.SILVER, "standard", "0.00", "49.00", "0.00"),
            ("60.00", Tier.SILVER, "standard", "0.00", "49.00", "0.00"),
            ("0.01", Tier.GOLD, "standard", "0.00", "0.00", "0.00"),
            ("9999.00", Tier.STANDARD, "express", "18.00", None, None),
            ("9999.00", Tier.SILVER, "express", "18.00", None, None),
            ("1.00", Tier.GOLD, "express", "0.00", "0.00", "0.00"),
        ],
    )
    def test_thresholds(self, rules, subtotal, tier, method, fee, free_from, missing):
        answer = delivery.fee(rules, Decimal(subtotal), tier, method)
        assert answer == delivery.Fee(
            method, Decimal(fee), Decimal(fee) == 0, yuan(free_from), yuan(missing)
        )

    def test_unknown_method_names_the_known_ones(self, rules):
        with pytest.raises(UnknownChoice, match="standard, express"):
            delivery.fee(rules, Decimal(1), Tier.STANDARD, "drone")


class TestDeliveryPromise:
    @pytest.mark.parametrize(
        ("paid", "dispatched", "same_day"),
        [
            ("2026-11-23 15:59:59", "2026-11-23", True),  # Monday
            ("2026-11-23 16:00", "2026-11-24", False),
            ("2026-11-23 00:00", "2026-11-23", True),
            ("2026-11-21 15:59", "2026-11-21", True),  # Saturday
            ("2026-11-21 16:00", "2026-11-23", False),  # over Sunday
            ("2026-11-22 10:00", "2026-11-23", False),  # Sunday
            ("2026-02-15 10:00", "2026-02-21", False),  # Sunday, then five days of holiday
            ("2026-02-14 16:00", "2026-02-21", False),  # Saturday, too late
            ("2026-09-30 16:00", "2026-10-08", False),  # national holiday, Sunday in it
            ("2026-09-30 15:59", "2026-09-30", True),
        ],
    )
    def test_day_of_dispatch(self, rules, paid, dispatched, same_day):
        promise = delivery.promise(rules, at(paid), "standard", "浙江")
        assert promise.dispatch_on == date.fromisoformat(dispatched)
        assert promise.before_cutoff is same_day

    def test_the_clock_is_the_shops(self, rules):
        just_before = datetime(2026, 11, 23, 7, 59, tzinfo=UTC)  # 15:59 in Hangzhou
        assert delivery.dispatch_day(rules, just_before) == date(2026, 11, 23)
        assert delivery.dispatch_day(rules, just_before + timedelta(minutes=1)) == date(
            2026, 11, 24
        )
        late_sunday = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)  # Monday 00:30 in Hangzhou
        assert delivery.dispatch_day(rules, late_sunday) == date(2026, 11, 23)

    @pytest.mark.parametrize(
        ("province", "method", "first", "last", "zone"),
        [
            ("浙江", "standard", 24, 25, "near"),
            ("上海市", "express", 24, 24, "near"),
            ("广东省", "standard", 25, 27, "mainland"),
            ("Guangdong", "express", 24, 25, "mainland"),
            ("新疆维吾尔自治区", "standard", 28, 31, "remote"),
            ("Tibet", "express", 26, 27, "remote"),
            (None, "standard", 24, 27, None),
            ("somewhere", "standard", 24, 27, None),
        ],
    )
    def test_days_of_arrival(self, rules, province, method, first, last, zone):
        promise = delivery.promise(rules, at("2026-11-23 09:00"), method, province)
        assert (promise.earliest, promise.latest) == (
            date(2026, 11, 23) + timedelta(first - 23),
            date(2026, 11, 23) + timedelta(last - 23),
        )
        assert promise.served
        assert promise.zone == zone

    @pytest.mark.parametrize(
        "province", ["香港", "Hong Kong", "澳門 Macau", "台湾", "美国", "abroad"]
    )
    def test_not_served(self, rules, province):
        promise = delivery.promise(rules, at("2026-11-23 09:00"), "standard", province)
        assert not promise.served
        assert promise.earliest is promise.latest is None


class TestReturns:
    def decide(self, rules, day, clazz=ReturnClass.STANDARD, tier=Tier.STANDARD, **more):
        """Delivered on 1 October at 23:30, asked on that many days later at 00:10."""
        delivered = at("2026-10-01 23:30")
        asked = at("2026-10-01 00:10") + timedelta(days=day)
        if day == 0:
            asked = delivered + timedelta(minutes=10)
        return returns.decide(rules, clazz, delivered, asked, tier, **more)

    @pytest.mark.parametrize(
        ("clazz", "tier", "day", "allowed", "window", "left"),
        [
            (ReturnClass.STANDARD, Tier.STANDARD, 0, True, 30, 30),
            (ReturnClass.STANDARD, Tier.STANDARD, 30, True, 30, 0),
            (ReturnClass.STANDARD, Tier.STANDARD, 31, False, 30, 0),
            (ReturnClass.STANDARD, Tier.SILVER, 31, False, 30, 0),
            (ReturnClass.STANDARD, Tier.GOLD, 31, True, 60, 29),
            (ReturnClass.STANDARD, Tier.GOLD, 60, True, 60, 0),
            (ReturnClass.STANDARD, Tier.GOLD, 61, False, 60, 0),
            (ReturnClass.CLEARANCE, Tier.STANDARD, 7, True, 7, 0),
            (ReturnClass.CLEARANCE, Tier.STANDARD, 8, False, 7, 0),
            (ReturnClass.CLEARANCE, Tier.GOLD, 8, False, 7, 0),
            (ReturnClass.HYGIENE, Tier.GOLD, 30, True, 30, 0),
            (ReturnClass.HYGIENE, Tier.GOLD, 31, False, 30, 0),
        ],
    )
    def test_windows(self, rules, clazz, tier, day, allowed, window, left):
        decision = self.decide(rules, day, clazz, tier)
        assert decision.allowed is allowed
        assert decision.reason == ("in_window" if allowed else "window_over")
        assert (decision.window_days, decision.days_left) == (window, left)
        assert decision.last_day == date(2026, 10, 1) + timedelta(window)
        assert decision.days_since == day

    @pytest.mark.parametrize(
        ("tier", "faulty", "fee"),
        [
            (Tier.STANDARD, False, "10.00"),
            (Tier.STANDARD, True, "0.00"),
            (Tier.SILVER, False, "0.00"),
            (Tier.GOLD, False, "0.00"),
        ],
    )
    def test_fee(self, rules, tier, faulty, fee):
        assert self.decide(rules, 3, tier=tier, faulty=faulty).fee == Decimal(fee)

    def test_a_tier_as_a_plain_word_does_as_well(self, rules):
        assert self.decide(rules, 60, tier="gold").allowed

    def test_hygiene_needs_its_seal_unless_faulty(self, rules):
        assert self.decide(rules, 3, ReturnClass.HYGIENE, sealed=True).allowed
        broken = self.decide(rules, 3, ReturnClass.HYGIENE, sealed=False)
        assert (broken.allowed, broken.reason) == (False, "seal_broken")
        assert self.decide(rules, 3, ReturnClass.HYGIENE, sealed=False, faulty=True).allowed
        # An opened seal matters to nothing else.
        assert self.decide(rules, 3, sealed=False).allowed

    def test_consumables_only_when_faulty(self, rules):
        decision = self.decide(rules, 0, ReturnClass.CONSUMABLE)
        assert (decision.allowed, decision.reason) == (False, "no_returns")
        assert decision.last_day is None
        assert decision.window_days == 0
        faulty = self.decide(rules, 200, ReturnClass.CONSUMABLE, faulty=True)
        assert (faulty.allowed, faulty.reason, faulty.fee) == (True, "faulty", Decimal("0.00"))

    @pytest.mark.parametrize(("day", "allowed"), [(365, True), (366, False)])
    def test_faults_within_the_warranty(self, rules, day, allowed):
        decision = self.decide(rules, day, ReturnClass.CLEARANCE, faulty=True)
        assert decision.allowed is allowed
        assert decision.last_day == date(2027, 10, 1)

    def test_faults_within_the_products_own_warranty(self, rules):
        assert self.decide(rules, 730, faulty=True, warranty_months=24).allowed
        # Without a warranty there is still the ordinary window.
        assert self.decide(rules, 30, faulty=True, warranty_months=0).allowed
        assert not self.decide(rules, 31, faulty=True, warranty_months=0).allowed

    @pytest.mark.parametrize("delivered", [None, at("2026-10-02 09:00")])
    def test_before_delivery(self, rules, delivered):
        decision = returns.decide(
            rules, ReturnClass.STANDARD, delivered, at("2026-10-01 09:00"), Tier.STANDARD
        )
        assert (decision.allowed, decision.reason) == (False, "not_delivered")
        assert decision.last_day is decision.days_left is None
        assert decision.window_days == 30

    def test_days_are_the_shops_days(self, rules):
        delivered = datetime(2026, 10, 1, 15, 59, tzinfo=UTC)  # still 1 October in Hangzhou
        asked = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)  # already 1 November there
        late = returns.decide(rules, ReturnClass.STANDARD, delivered, asked, Tier.STANDARD)
        assert (late.days_since, late.allowed) == (31, False)

    @pytest.mark.parametrize(
        ("arrived", "issued", "first", "last"),
        [
            ("2026-11-23 10:00", "2026-11-26", "2026-11-27", "2026-12-01"),  # Monday
            ("2026-11-20 10:00", "2026-11-25", "2026-11-26", "2026-11-30"),  # Friday
            ("2026-09-30 10:00", "2026-10-12", "2026-10-13", "2026-10-17"),  # before the holiday
        ],
    )
    def test_refund(self, rules, arrived, issued, first, last):
        promise = returns.refund(rules, at(arrived))
        assert promise == returns.RefundPromise(*map(date.fromisoformat, (issued, first, last)))


class TestMembership:
    @pytest.mark.parametrize(
        ("spend", "tier", "following", "missing"),
        [
            ("0.00", Tier.STANDARD, Tier.SILVER, "2000.00"),
            ("1999.99", Tier.STANDARD, Tier.SILVER, "0.01"),
            ("2000.00", Tier.SILVER, Tier.GOLD, "4000.00"),
            ("5999.99", Tier.SILVER, Tier.GOLD, "0.01"),
            ("6000.00", Tier.GOLD, None, None),
            ("99999.00", Tier.GOLD, None, None),
        ],
    )
    def test_tiers(self, rules, spend, tier, following, missing):
        assert membership.of(rules, Decimal(spend)) is tier
        progress = membership.progress(rules, Decimal(spend))
        assert progress == membership.Progress(tier, Decimal(spend), following, yuan(missing))

    def test_benefits(self, rules):
        gold = membership.benefits(rules, Tier.GOLD)
        assert gold.free_from == {"standard": Decimal("0.00"), "express": Decimal("0.00")}
        assert (gold.return_days, gold.return_fee) == (60, Decimal("0.00"))
        assert (gold.points_rate, gold.birthday_coupon) == (Decimal("1.5"), Decimal("50.00"))
        silver = membership.benefits(rules, Tier.SILVER)
        assert silver.free_from == {"standard": Decimal("49.00"), "express": None}
        assert (silver.return_days, silver.return_fee) == (30, Decimal("0.00"))
        plain = membership.benefits(rules, Tier.STANDARD)
        assert plain.free_from == {"standard": Decimal("99.00"), "express": None}
        assert plain.return_fee == Decimal("10.00")

    @pytest.mark.parametrize(
        ("tier", "paid", "points"),
        [
            (Tier.STANDARD, "899.99", 899),
            (Tier.SILVER, "100.00", 120),
            (Tier.SILVER, "99.00", 118),  # 118.8
            (Tier.GOLD, "1.00", 1),  # 1.5
            (Tier.GOLD, "0.00", 0),
        ],
    )
    def test_points(self, rules, tier, paid, points):
        assert membership.points(rules, tier, Decimal(paid)) == points

    @pytest.mark.parametrize(
        ("available", "total", "used", "value"),
        [
            (2500, "100.00", 2500, "25.00"),
            (5000, "100.00", 5000, "50.00"),
            (5001, "100.00", 5000, "50.00"),
            (9999, "2.01", 100, "1.00"),
            (9999, "1.99", 0, "0.00"),
            (99, "100.00", 0, "0.00"),
            (100, "100.00", 100, "1.00"),
            (0, "100.00", 0, "0.00"),
        ],
    )
    def test_points_take_off_at_most_half(self, rules, available, total, used, value):
        redemption = membership.redeem(rules, available, Decimal(total))
        assert (redemption.points, redemption.value) == (used, Decimal(value))


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

    @pytest.mark.parametrize(
        ("asked", "covered", "left"),
        [("2027-11-21", True, 1), ("2027-11-22", True, 0), ("2027-11-23", False, 0)],
    )
    def test_last_day(self, rules, asked, covered, left):
        decision = warranty.decide(rules, at("2026-11-22 23:59"), at(f"{asked} 00:01"))
        assert decision == warranty.WarrantyDecision(covered, 12, date(2027, 11, 22), left)


class TestHours:
    @pytest.mark.parametrize(
        ("moment", "open_", "opening"),
        [
            ("2026-11-23 08:59", False, "2026-11-23 09:00"),  # Monday
            ("2026-11-23 09:00", True, "2026-11-23 09:00"),
            ("2026-11-23 20:59", True, "2026-11-23 20:59"),
            ("2026-11-23 21:00", False, "2026-11-24 09:00"),
            ("2026-11-20 21:00", False, "2026-11-21 10:00"),  # Friday night
            ("2026-11-21 09:30", False, "2026-11-21 10:00"),  # Saturday
            ("2026-11-21 17:59", True, "2026-11-21 17:59"),
            ("2026-11-21 18:00", False, "2026-11-22 10:00"),
            ("2026-11-22 18:00", False, "2026-11-23 09:00"),  # Sunday
            ("2026-10-01 09:30", False, "2026-10-01 10:00"),  # a Thursday, holiday
            ("2026-10-01 18:30", False, "2026-10-02 10:00"),
        ],
    )
    def test_opening(self, rules, moment, open_, opening):
        assert hours.is_open(rules, at(moment)) is open_
        assert hours.next_opening(rules, at(moment)) == at(opening)

    def test_the_clock_is_the_shops(self, rules):
        assert hours.is_open(rules, datetime(2026, 11, 23, 1, 0, tzinfo=UTC))
        assert not hours.is_open(rules, datetime(2026, 11, 23, 0, 59, tzinfo=UTC))
        opening = hours.next_opening(rules, datetime(2026, 11, 23, 0, 59, tzinfo=UTC))
        assert opening.isoformat() == "2026-11-23T09:00:00+08:00"

    def test_a_moment_without_time_zone_is_refused(self, rules):
        with pytest.raises(ValueError, match="time zone"):
            hours.is_open(rules, datetime(2026, 11, 23))


class TestPayment:
    def test_instalments_begin_at_600(self, rules):
        below = payment.instalments(rules, Decimal("599.99"))
        assert (below.allowed, below.missing, below.plans) == (False, Decimal("0.01"), ())
        plans = payment.instalments(rules, Decimal("600.00")).plans
        assert [(p.months, p.monthly, p.last, p.interest_free) for p in plans] == [
            (3, Decimal("200.00"), Decimal("200.00"), True),
            (6, Decimal("100.00"), Decimal("100.00"), False),
            (12, Decimal("50.00"), Decimal("50.00"), False),
        ]

    def test_payments_add_up(self, rules):
        for plan in payment.instalments(rules, Decimal("899.99")).plans:
            assert plan.monthly * (plan.months - 1) + plan.last == Decimal("899.99")

    def test_pay_until(self, rules):
        deadline = payment.pay_until(rules, datetime(2026, 11, 22, 15, 45, tzinfo=UTC))
        assert deadline.isoformat() == "2026-11-23T00:15:00+08:00"


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
def test_cancellation(rules, status, allowed, reason):
    decision = cancellation.decide(rules, status)
    assert (decision.allowed, decision.address_changeable) == (allowed, allowed)
    assert decision.reason == reason
    assert decision.until is OrderStatus.PACKED


@pytest.mark.parametrize(
    ("asked", "now", "reason", "left", "refund"),
    [
        ("2026-11-01 23:59", "799.00", "in_time", 15, "200.00"),
        ("2026-11-16 00:01", "799.00", "in_time", 0, "200.00"),
        ("2026-11-17 00:00", "799.00", "too_late", 0, "0.00"),
        ("2026-11-05 12:00", "899.00", "no_fall", 11, "0.00"),
        ("2026-11-05 12:00", "999.00", "no_fall", 11, "0.00"),
    ],
)
def test_price_protection(rules, asked, now, reason, left, refund):
    decision = price_protection.decide(
        rules, at("2026-11-01 12:00"), at(asked), Decimal("899.00"), Decimal(now), 2
    )
    assert decision.reason == reason
    assert decision.allowed is (reason == "in_time")
    assert (decision.days_left, decision.refund) == (left, Decimal(refund))
    assert decision.last_day == date(2026, 11, 16)


@pytest.mark.parametrize(("day", "allowed"), [("2027-05-21", True), ("2027-05-22", False)])
def test_invoice(rules, day, allowed):
    decision = invoice.decide(rules, at("2026-11-22 12:00"), at(f"{day} 12:00"))
    assert (decision.allowed, decision.last_day) == (allowed, date(2027, 5, 21))
    assert decision.sent_within_hours == 24


class TestTotals:
    def variant(self, sku="RIDGE", price="899.00", stock=3, **more):
        more = {"currency": "CNY", "list_price": None, **more}
        return Variant(sku=sku, price=Decimal(price), stock=stock, **more)

    def test_sum_fee_and_total(self, rules):
        mug = self.variant("MUG", "49.50", 10)
        one = totals.cart(rules, [(mug, 1)], Tier.STANDARD)
        assert (one.subtotal, one.delivery.fee, one.total) == (
            Decimal("49.50"),
            Decimal("8.00"),
            Decimal("57.50"),
        )
        assert one.delivery.missing == Decimal("49.50")
        two = totals.cart(rules, [(mug, 1), (mug, 1)], Tier.STANDARD)
        assert two.lines == (totals.CartLine("MUG", 2, Decimal("49.50"), Decimal("99.00")),)
        assert (two.delivery.fee, two.total) == (Decimal("0.00"), Decimal("99.00"))
        silver = totals.cart(rules, [(mug, 1)], Tier.SILVER, "express")
        assert silver.total == Decimal("67.50")

    def test_reductions(self, rules):
        reduced = self.variant(list_price=Decimal("999.00"))
        assert totals.cart(rules, [(reduced, 2)], Tier.GOLD).saved == Decimal("200.00")

    @pytest.mark.parametrize(("wanted", "short"), [(3, 0), (4, 1)])
    def test_stock(self, rules, wanted, short):
        cart = totals.cart(rules, [(self.variant(stock=3), wanted)], Tier.STANDARD)
        assert len(cart.shortfalls) == short
        assert all(s == totals.Shortfall("RIDGE", 4, 3) for s in cart.shortfalls)

    def test_nothing(self, rules):
        assert totals.cart(rules, [], Tier.STANDARD).subtotal == 0

    def test_wrong_input(self, rules):
        with pytest.raises(CurrencyMismatch, match="USD"):
            totals.cart(rules, [(self.variant(currency="USD"), 1)], Tier.STANDARD)
        with pytest.raises(ValueError, match="at least one"):
            totals.cart(rules, [(self.variant(), 0)], Tier.STANDARD)


class TestProvinces:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("浙江", "浙江"),
            ("寄到新疆要多久", "新疆"),
            ("广西壮族自治区", "广西"),
            ("Inner Mongolia", "内蒙古"),
            ("inner-mongolia", "内蒙古"),
            ("ship to Xi'an please", "陕西"),
            ("陕西", "陕西"),
            ("Shanxi", "山西"),
            ("Shaanxi", "陕西"),
            ("成都", "四川"),
            ("上海市南京路", "上海"),
            ("青海省海南藏族自治州", "青海"),
            ("the USA", "abroad"),
            ("寄到日本", "abroad"),
            ("Hong Kong", "香港"),
            ("Mexican food", None),
            ("a utility knife", None),
            ("", None),
            ("x" * 100_000, None),
        ],
    )
    def test_names(self, text, name):
        assert provinces.find(text) == name

    def test_every_province_of_the_rules_is_known(self, rules):
        for name in rules.delivery.near | rules.delivery.remote | rules.delivery.not_served:
            assert provinces.find(name) == name


class TestFile:
    def broken(self, tmp_path, change):
        content = yaml.safe_load(RULES.read_text(encoding="utf-8"))
        change(content)
        path = tmp_path / "rules.yaml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        with pytest.raises(RulesInvalid) as caught:
            ShopRules.load(path)
        return str(caught.value)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda c: c.pop("returns"), "returns: is missing"),
            (lambda c: c["shop"].pop("phone"), "shop.phone: is missing"),
            (lambda c: c.update(extra=1), "extra: is not a rule"),
            (lambda c: c["delivery"].update(cutoff=960), "delivery.cutoff: 960 does not do: write"),
            (
                lambda c: c["delivery"].update(dispatch_days=["monday"]),
                "input should be 'mon', 'tue'",
            ),
            (lambda c: c["delivery"]["methods"]["express"].update(fee=18.0), "amounts in quotes"),
            (lambda c: c["returns"].update(fee="-1"), "greater than or equal to 0"),
            (lambda c: c["returns"].update(fee="1.005"), "2 decimal places"),
            (lambda c: c["returns"]["windows"].pop("hygiene"), "needs hygiene too"),
            (lambda c: c["returns"].update(bank_days=[5, 1]), "the first must not come after"),
            (lambda c: c["cancellation"].update(until="wrapped"), "'pending_payment', 'paid'"),
            (lambda c: c["membership"]["tiers"].pop("silver"), "needs silver too"),
            (lambda c: c["membership"]["tiers"]["standard"].update({"from": "5"}), "begin from"),
            (lambda c: c["shop"].update(timezone="Mars/Crater"), "Asia/Shanghai"),
            (lambda c: c["shop"].update(timezone="../etc/passwd"), "Asia/Shanghai"),
            (
                lambda c: c["service_hours"].update(weekend=["18:00", "10:00"]),
                "must not come after",
            ),
            (lambda c: c["delivery"]["methods"]["standard"]["days"].pop("remote"), "needs remote"),
            (lambda c: c.update(holidays=["someday"]), "holidays.0: 'someday'"),
        ],
    )
    def test_says_which_key_and_what_is_allowed(self, tmp_path, change, said):
        assert said in self.broken(tmp_path, change)

    def test_says_all_that_is_wrong(self, tmp_path):
        def change(content):
            content.pop("gift")
            content["invoice"] = 3

        text = self.broken(tmp_path, change)
        assert "gift: is missing" in text
        assert "invoice: 3" in text

    @pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe\x00", b"", b"- 1"])
    def test_no_rules_at_all(self, tmp_path, content):
        path = tmp_path / "rules.yaml"
        path.write_bytes(content)
        with pytest.raises(RulesInvalid, match=r"rules\.yaml"):
            ShopRules.load(path)

    def test_no_file(self, tmp_path):
        with pytest.raises(RulesInvalid, match="cannot be read"):
            ShopRules.load(tmp_path / "missing.yaml")

    def test_name(self, rules):
        assert rules.name["zh"] == "云杉户外"
