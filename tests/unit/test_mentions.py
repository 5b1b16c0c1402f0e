"""What a question says without the name of the product that it is about."""

from __future__ import annotations

import pytest

from bot.actions.mentions import without_name
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
