"""For whom goods are: children by age and word, what a record says of them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.dialogue import fitting
from bot.understanding import people
from data.models import Localized, Product


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a raincoat for my daughter, she is 5", "5"),
        ("给4岁的侄子买双雨靴", "4岁"),
        ("wellies for toddlers", "toddlers"),
        ("儿童自行车有吗", "儿童"),
        ("shoes for an 18 month old baby", "18 month old"),
        ("our son is 31 and needs a coat", None),
        ("我妈68岁了,要双轻便的鞋", None),
        ("a house tent for us two and two kids", None),
        ("带孩子出去玩的大帐篷", None),
        ("food for my 3 year old dog", None),
        ("a child-proof cap", None),
    ],
)
def test_a_child_is_told_by_age_or_word(text: str, words: str | None) -> None:
    assert people.child(text) == words


def toy(name: str, about: str = "", min_age: int | None = None, **ages: str) -> Product:
    return Product(
        id=name,
        category_id="toys",
        name=Localized.of(name),
        aliases={"zh": [], "en": []},
        summary=Localized.of(about),
        description=Localized.of(about),
        tags=[],
        min_age=min_age,
        variants=[],
        attributes=[
            {
                "key": key,
                "name": {"zh": "适合年龄", "en": "Age"},
                "value": {"zh": text, "en": text},
                "number": int(text.split("–")[0].rstrip("+")),
                "unit": "years",
            }
            for key, text in ages.items()
        ],
    )


@pytest.mark.parametrize(
    ("product", "child", "made"),
    [
        (toy("Ark", age="3–6"), "5岁", True),
        (toy("Ark", age="3–6"), "8 years old", False),
        (toy("Tower", age="8+"), "6岁", False),
        (toy("Coat", "A raincoat for children."), "6岁", True),
        (toy("Coat", "A raincoat, not for children."), "6岁", False),
        (toy("Coat", "A raincoat."), "kids", False),
        (toy("Children's knife", min_age=18), "12岁", False),
    ],
)
def test_what_is_made_for_a_child(product: Product, child: str, *, made: bool) -> None:
    assert fitting.made_for_child(product, child) is made


def test_goods_for_one_body_are_not_shared() -> None:
    assert people.is_worn(Localized(zh="适合身高 1 米 85 以下", en="For up to 1.85 m."))
    assert not people.is_worn(Localized(zh="放得下两口锅", en="Holds two pots."))
    assert not people.is_worn(None)
    assert people.is_several("mats")
    assert not people.is_several("stove")


def test_ages_in_months_are_parts_of_a_year() -> None:
    assert people.age("18个月大") == Decimal("1.5")
