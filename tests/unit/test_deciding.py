"""What yes or no answers, and what attributes say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.understanding import deciding


@pytest.mark.parametrize(
    "text",
    [
        "is it oak?",
        "这是不是橡木的",
        "带充电线吗",
        "any milk in it",
        "真皮还是人造革",
        "has it a lid",
    ],
)
def test_yes_or_no(text: str) -> None:
    assert deciding.is_yes_or_no(text)


@pytest.mark.parametrize("text", ["how heavy is the chair", "多重", "what colours are there"])
def test_no_yes_or_no(text: str) -> None:
    assert not deciding.is_yes_or_no(text)


@pytest.mark.parametrize(
    "text",
    [
        "does the lid fit the big pot",
        "这个滤芯能配那台吗",
        "can I use it with the X5",
        "兼容安卓吗",
    ],
)
def test_whether_one_fits_another(text: str) -> None:
    assert deciding.asks_fit(text)


@pytest.mark.parametrize(
    ("value", "so"),
    [("not included", False), ("none", False), ("included", True), ("不带", False), ("自带", True),
     ("IP67", None), ("North oak", None)],
)  # fmt: skip
def test_values_that_say_yes_or_no(value: str, so: bool | None) -> None:
    assert deciding.says(value) is so


def test_allergens_are_known_by_their_kinds() -> None:
    (nuts,) = deciding.allergens_in("does it contain hazelnuts?")
    assert {"nut", "核桃"} <= nuts
    assert not list(deciding.allergens_in("a nutmeg grater"))
    text = "any nuts in the almond bar"
    assert deciding.is_asked_in(text, text.index("nuts"))
    assert not deciding.is_asked_in(text, text.index("almond"))


def test_shares_of_a_material() -> None:
    assert [deciding.share(part) for part in deciding.parts("98% cotton, 2% elastane")] == [
        Decimal(98),
        Decimal(2),
    ]


@pytest.mark.parametrize(
    ("name", "fits"),
    [("Fits", True), ("适用机型", True), ("Not for", False), ("不适合", False), ("Weight", None)],
)
def test_attributes_that_tell_what_a_thing_goes_with(name: str, fits: bool | None) -> None:
    assert deciding.tells_fit(name) is fits
