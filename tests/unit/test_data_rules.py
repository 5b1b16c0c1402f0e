"""What a cart comes to by the demo shop's rules."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from data.errors import CurrencyMismatch
from data.models import Variant
from data.rules import ShopRules, totals

SHOP = Path(__file__).parents[2] / "demo/shop"


@pytest.fixture(scope="module")
def rules() -> ShopRules:
    return ShopRules.load(SHOP)


class TestTotals:
    def variant(self, sku="RIDGE", price="899.00", stock=3, **more):
        more = {"currency": "CNY", "list_price": None, **more}
        return Variant(sku=sku, price=Decimal(price), stock=stock, **more)

    def test_sum_fee_and_total(self, rules):
        mug = self.variant("MUG", "49.50", 10)
        one = totals.cart(rules, [(mug, 1)], "standard")
        assert (one.subtotal, one.delivery.fee, one.total) == (
            Decimal("49.50"),
            Decimal("8.00"),
            Decimal("57.50"),
        )
        assert one.delivery.missing == Decimal("49.50")
        two = totals.cart(rules, [(mug, 1), (mug, 1)], "standard")
        assert two.lines == (totals.CartLine("MUG", 2, Decimal("49.50"), Decimal("99.00")),)
        assert (two.delivery.fee, two.total) == (Decimal("0.00"), Decimal("99.00"))
        silver = totals.cart(rules, [(mug, 1)], "silver", "express")
        assert silver.total == Decimal("67.50")

    def test_reductions(self, rules):
        reduced = self.variant(list_price=Decimal("999.00"))
        assert totals.cart(rules, [(reduced, 2)], "gold").saved == Decimal("200.00")

    @pytest.mark.parametrize(("wanted", "short"), [(3, 0), (4, 1)])
    def test_stock(self, rules, wanted, short):
        cart = totals.cart(rules, [(self.variant(stock=3), wanted)], "standard")
        assert len(cart.shortfalls) == short
        assert all(s == totals.Shortfall("RIDGE", 4, 3) for s in cart.shortfalls)

    def test_nothing(self, rules):
        assert totals.cart(rules, [], "standard").subtotal == 0

    def test_wrong_input(self, rules):
        with pytest.raises(CurrencyMismatch, match="USD"):
            totals.cart(rules, [(self.variant(currency="USD"), 1)], "standard")
        with pytest.raises(ValueError, match="at least one"):
            totals.cart(rules, [(self.variant(), 0)], "standard")
