"""Which variants a text names, by the options that a product comes in."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.understanding import options
from data.models import Variant


def variants(*rows: dict[str, str]) -> list[Variant]:
    return [
        Variant(
            sku=str(number),
            price=Decimal(1),
            stock=1,
            options={key: {"zh": value, "en": value} for key, value in row.items()},
        )
        for number, row in enumerate(rows)
    ]


PHONE = variants(
    {"memory": "12+256GB", "color": "曜石黑"},
    {"memory": "12+256GB", "color": "雪原白"},
    {"memory": "16+512GB", "color": "曜石黑"},
)
CASE = variants({"color": "浅粉", "model": "X5"}, {"color": "浅粉", "model": "X5 Pro"})
SERUM = variants({"size": "1 fl oz"}, {"size": "2 fl oz"})
BED = variants(
    {"size": "L (100 x 75 cm)", "color": "grey"}, {"size": "XL (120 x 90 cm)", "color": "grey"}
)
MASCARA = variants(
    {"color": "Black", "size": "Full size 0.3 oz"}, {"color": "Black", "size": "Mini 0.13 oz"}
)
FLOUR = variants({"weight": "500 g"}, {"weight": "2000 g"})
OIL = variants({"volume": "500 毫升"}, {"volume": "1000 毫升"})


@pytest.mark.parametrize(
    ("text", "product", "skus"),
    [
        ("白色12+256有货吗", PHONE, ["1"]),
        ("512的要多少", PHONE, ["2"]),
        ("曜石黑还有吗", PHONE, ["0", "2"]),
        ("X5 Pro的粉色手机壳", CASE, ["1"]),
        ("price in 2 oz", SERUM, ["1"]),
        ("got it in XL?", BED, ["1"]),
        ("mini in black?", MASCARA, ["1"]),
        ("black full size", MASCARA, ["0"]),
        ("the 2 kg one", FLOUR, ["1"]),
        ("半升的多少钱", OIL, ["0"]),
        ("两公斤装有吗", FLOUR, ["1"]),
    ],
)
def test_variants_named(text: str, product: list[Variant], skus: list[str]) -> None:
    assert [variant.sku for variant in options.named(text, product).of(product)] == skus


@pytest.mark.parametrize(
    ("text", "product", "lacking"),
    [
        ("绿色有吗", PHONE, ("绿色",)),
        ("16+1024有吗", PHONE, ("16+1024",)),
        ("price in 3 oz", SERUM, ("3 oz",)),
    ],
)
def test_what_it_does_not_come_in(
    text: str, product: list[Variant], lacking: tuple[str, ...]
) -> None:
    found = options.named(text, product)
    assert found.lacking == lacking
    assert found.of(product) == []


@pytest.mark.parametrize("text", ["is it in stock", "有货吗", "2 of them please"])
def test_nothing_named(text: str) -> None:
    assert not options.named(text, SERUM)
    assert not options.named(text, PHONE)


def test_a_number_without_its_unit_is_a_budget_as_well() -> None:
    assert not options.named("手机 512", PHONE, bare_numbers=False)
    assert options.named("512G的手机", PHONE, bare_numbers=False)
