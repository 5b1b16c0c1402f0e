"""What a comparison says of the figures: by the attributes that the shop compares by."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.actions.compare import Compare
from bot.dialogue.turn import Turn
from bot.understanding.quantities import Units
from bot.wording.phrases import Phrases
from data.models import Localized, Product, Variant
from data.shop import Lexicon

LEXICON = Lexicon.model_validate(
    {
        "attributes": {
            "weight": {
                "least": {"zh": ["最轻"], "en": ["lightest"]},
                "less": {"zh": ["更轻"], "en": ["lighter"]},
                "compare": True,
            },
            "battery": {
                "most": {"zh": ["续航最久"], "en": ["longest-lasting"]},
                "more": {"zh": ["续航更久"], "en": ["longer-lasting"]},
                "compare": True,
                "better": "most",
            },
            "height": {"least": ["lowest"], "less": ["lower"]},
        }
    }
)


def phone(name: str, price: str, **figures: int) -> Product:
    attributes = [
        {"key": key, "name": {}, "value": {}, "number": figure, "unit": "x"}
        for key, figure in figures.items()
    ]
    return Product(
        id=name.lower(),
        name=Localized(zh=name, en=name),
        aliases={"zh": [], "en": []},
        attributes=attributes,
        variants=[Variant(price=Decimal(price), currency="USD", stock=3, options={})],
    )


def summary(language: str, *products: Product) -> str:
    phrases = Phrases.load()
    services = SimpleNamespace(
        phrases=phrases,
        shop=SimpleNamespace(lexicon=LEXICON),
        units=Units({}, LEXICON),
    )
    turn = SimpleNamespace(
        services=services,
        language=language,
        text="",
        name_of=lambda product: product.name[language],
        phrase=lambda key, **facts: phrases.say(key, language, "", **facts),
    )
    return Compare(cast("Any", services))._summary(cast("Turn", turn), list(products))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Side by side: the A is cheaper and lighter, the B is longer-lasting."),
        ("zh", "放在一起比一比：A更便宜，也更轻，B续航更久。"),
    ],
)
def test_of_two_each_is_told_its_advantages(language: str, text: str) -> None:
    first = phone("A", "99.00", weight=150, battery=3000, height=5)
    second = phone("B", "199.00", weight=170, battery=5000, height=4)
    assert summary(language, first, second) == text


def test_of_three_the_best_is_the_most() -> None:
    phones = [phone(n, p, weight=w) for n, p, w in (("A", "9", 3), ("B", "8", 2), ("C", "7", 1))]
    assert summary("en", *phones) == "Side by side: the C is the cheapest and lightest."


def test_nothing_is_said_of_equals_and_of_what_one_does_not_have() -> None:
    assert summary("en", phone("A", "9", weight=3), phone("B", "9")) == "Side by side:"
