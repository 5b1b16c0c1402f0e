"""What a question says without the name of the product that it is about."""

from __future__ import annotations

import pytest

from bot.dialogue.references import picked_by_place, without_name
from data.models import Localized, Product


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("岭线双人帐防水吗？", "防水吗？"),
        ("岭线双人三季帐的防水指数", "防水指数"),
        ("How heavy is the Ridgeline 2 tent?", "How heavy is it?"),
        ("What does the ridgeline 2's fly weigh?", "What does its fly weigh?"),
        ("Do Ridgeline 2s leak?", "Do it leak?"),
        ("Ridgeline 2?", "Ridgeline 2?"),
        ("岭线双人帐", "岭线双人帐"),
        ("Is it waterproof?", "Is it waterproof?"),
    ],
)
def test_without_name(text: str, rest: str) -> None:
    product = Product(
        id="ridgeline-2-tent",
        name=Localized(zh="岭线双人三季帐", en="Ridgeline 2 Tent"),
        aliases={"zh": ["岭线双人帐"], "en": ["Ridgeline 2"]},
    )
    assert without_name(text, product) == rest


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("compare the first two", ["a", "b"]),
        ("前两个有什么区别", ["a", "b"]),
        ("前三个对比一下", ["a", "b", "c"]),
        ("the first and the third", ["a", "c"]),
        ("第一个和第三个哪个轻？", ["a", "c"]),
        ("the last one", ["c"]),
        ("最后一个多少钱", ["c"]),
        ("compare them", []),
        ("which is better?", []),
    ],
)
def test_picked_by_place(text: str, picked: list[str]) -> None:
    assert picked_by_place(text, ["a", "b", "c"]) == picked
    assert picked_by_place(text, []) == []
