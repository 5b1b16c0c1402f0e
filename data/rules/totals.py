"""What a cart comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from data.errors import CurrencyMismatch
from data.models import Variant
from data.rules import delivery
from data.rules.shop import ShopRules


@dataclass(frozen=True, slots=True)
class CartLine:
    sku: str
    quantity: int
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Shortfall:
    """More is wanted than there is."""

    sku: str
    wanted: int
    stock: int


@dataclass(frozen=True, slots=True)
class CartTotal:
    """`saved` is what the reductions take off the list prices. Lines that the stock cannot serve
    are in the sum too; `shortfalls` names them. `delivery` is None where the shop's rules say
    nothing of it: `total` is then without."""

    lines: tuple[CartLine, ...]
    subtotal: Decimal
    saved: Decimal
    delivery: delivery.Fee | None
    total: Decimal
    currency: str
    shortfalls: tuple[Shortfall, ...]


def cart(
    rules: ShopRules,
    items: Iterable[tuple[Variant, int]],
    tier: str | None,
    method: str | None = None,
) -> CartTotal:
    """Variants with how many of each; the same variant twice counts together. Without a `method`
    it is the shop's first."""
    wanted: dict[str, tuple[Variant, int]] = {}
    for variant, quantity in items:
        if quantity < 1:
            raise ValueError(f"{quantity} pieces of {variant.sku}: at least one is needed.")
        if variant.currency != rules.shop.currency:
            raise CurrencyMismatch(
                f"{variant.sku} is priced in {variant.currency}; "
                f"the shop's rules are in {rules.shop.currency}."
            )
        wanted[variant.sku] = (variant, wanted.get(variant.sku, (variant, 0))[1] + quantity)

    lines = tuple(
        CartLine(sku, quantity, variant.price, variant.price * quantity)
        for sku, (variant, quantity) in wanted.items()
    )
    zero = Decimal("0.00")
    subtotal = sum((line.amount for line in lines), zero)
    fee = None
    if rules.delivery:
        fee = delivery.fee(rules, subtotal, tier, method or next(iter(rules.delivery.methods)))
    return CartTotal(
        lines=lines,
        subtotal=subtotal,
        saved=sum(((v.list_price - v.price) * n for v, n in wanted.values() if v.list_price), zero),
        delivery=fee,
        total=subtotal + (fee.fee if fee else zero),
        currency=rules.shop.currency,
        shortfalls=tuple(
            Shortfall(sku, n, v.stock) for sku, (v, n) in wanted.items() if v.stock < n
        ),
    )
