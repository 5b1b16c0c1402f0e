"""The demo shop's customers: who they are, where they live, what fits them."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from data.models import Address, Customer, PaymentMethod, Product, Variant
from demo import geography
from demo.names import Names
from demo.personas import PERSONAS, Persona

_LETTERS = ("XS", "S", "M", "L", "XL", "XXL")
_BANKS = {
    "zh": ("招商银行", "工商银行", "建设银行", "中国银行", "交通银行", "浦发银行"),
    "en": ("Visa", "Mastercard", "UnionPay", "Amex"),
}
_WALLETS = {
    "zh": {"wechat_pay": "微信支付", "alipay": "支付宝"},
    "en": {"wechat_pay": "WeChat Pay", "alipay": "Alipay"},
}


@dataclass(frozen=True, slots=True)
class Build:
    """A person's sizes, which never change from order to order. `stature`, 0 to 1, chooses among
    lengths such as regular and long."""

    shoe: int
    clothes: str
    stature: float

    def foot_letter(self) -> str:
        """The size of socks and the like, which come in letters too."""
        return "S" if self.shoe <= 38 else "M" if self.shoe <= 41 else "L"


@dataclass(frozen=True, slots=True)
class Shopper:
    """A customer together with what the database does not say about them."""

    customer: Customer
    persona: Persona
    build: Build
    _fitting: dict[str, list[Variant]] = field(default_factory=dict, repr=False)

    def fitting(self, product: Product) -> list[Variant]:
        """The variants in this person's size, whatever the colour; none when it is not made."""
        if product.id not in self._fitting:
            self._fitting[product.id] = self._select(product)
        return self._fitting[product.id]

    def _select(self, product: Product) -> list[Variant]:
        sizes = list(dict.fromkeys(size_of(variant) for variant in product.variants))
        worn_on_feet = product.category_id == "footwear" or product.id.endswith("-socks")
        letter = self.build.foot_letter() if worn_on_feet else self.build.clothes
        mine = next((s for s in sizes if self._is_mine(s, letter, sizes)), "")
        return [variant for variant in product.variants if size_of(variant) == mine]

    def _is_mine(self, size: str | None, letter: str, sizes: Sequence[str | None]) -> bool:
        if size is None:
            return True
        if bounds := re.fullmatch(r"(\d\d)\s*[-–]\s*(\d\d)", size):
            return int(bounds[1]) <= self.build.shoe <= int(bounds[2])
        if re.fullmatch(r"\d\d", size):
            return int(size) == self.build.shoe
        if all(part in _LETTERS for part in size.split("/")):
            return letter in size.split("/")
        return sizes.index(size) == int(self.build.stature * len(sizes))


def size_of(variant: Variant) -> str | None:
    """The size as the shop writes it in English; None for what has none."""
    for option in ("size", "length"):
        if option in variant.options:
            return variant.options[option]["en"]
    return None


def draw(
    rng: random.Random, count: int, *, since: datetime, until: datetime, taken: set[str]
) -> list[Shopper]:
    """`count` customers who joined between the two times; seven in ten write Chinese."""
    names = Names(rng, taken)
    shoppers = []
    for index in range(count):
        language = "en" if index % 10 in (2, 5, 8) else "zh"
        person = names.english() if language == "en" else names.chinese()
        # More than half were customers from early on; the shop grows steadily after that.
        joined_at = since + (until - since) * rng.random() ** 1.5
        customer = Customer(
            email=person.email,
            name=person.name,
            # No mobile number begins with 100, so these are nobody's.
            phone=f"100{rng.randrange(10**8):08d}" if rng.random() < 0.9 else None,
            language=language,
            tier="standard",
            joined_at=joined_at,
            personalised=rng.random() > 0.05,
            addresses=_addresses(rng, person.name, language),
            payment_methods=_payment_methods(rng, language),
        )
        persona = rng.choices(PERSONAS, [persona.share for persona in PERSONAS])[0]
        shoppers.append(Shopper(customer, persona, draw_build(rng)))
    return shoppers


def draw_build(rng: random.Random) -> Build:
    if rng.random() < 0.5:
        shoe = round(rng.gauss(38, 1.1))
        clothes = rng.choices(_LETTERS[1:], (4, 5, 3, 1, 0.2))[0]
    else:
        shoe = round(rng.gauss(42, 1.3))
        clothes = rng.choices(_LETTERS[1:], (0.6, 3, 5, 3, 1))[0]
    return Build(min(max(shoe, 36), 46), clothes, rng.random())


def address(
    recipient: str, city: geography.City, postcode: str, line: str, language: str
) -> Address:
    """A default address, written as somebody of this language writes it."""
    return Address(
        recipient=recipient,
        line=line,
        city=city.name[language],
        province=city.province[language],
        postcode=postcode,
        country="CN",
        is_default=True,
    )


def _addresses(rng: random.Random, name: str, language: str) -> list[Address]:
    home = geography.pick_city(rng, english=language == "en")
    addresses = []
    for position in range(2 if rng.random() < 0.3 else 1):
        # A second address is mostly the office in the same city, sometimes the family elsewhere.
        away = position == 1 and rng.random() < 0.35
        city = geography.pick_city(rng, english=language == "en") if away else home
        district = rng.choice(city.districts)
        line = geography.address_line(rng, district, language)
        addresses.append(address(name, city, district.postcode, line, language))
        addresses[-1].is_default = position == 0
    return addresses


def _payment_methods(rng: random.Random, language: str) -> list[PaymentMethod]:
    kinds = ["alipay", "wechat_pay", "card"]
    weights = (5, 5, 1) if language == "zh" else (4, 3, 4)
    first = rng.choices(kinds, weights)[0]
    kinds.remove(first)
    chosen = [first, *rng.sample(kinds, rng.choice((0, 1, 1)))]
    return [payment_method(rng, kind, language) for kind in chosen]


def payment_method(rng: random.Random, kind: str, language: str) -> PaymentMethod:
    if kind == "card":
        label = f"{rng.choice(_BANKS[language])} •••• {rng.randrange(10**4):04d}"
    else:
        label = _WALLETS[language][kind]
    return PaymentMethod(kind=kind, label=label)
