"""Which words of a shop the checks of an answer know as its own."""

from __future__ import annotations

from typing import Any

import pytest
import three_shops

from bot.wording.meanings import meanings
from data.models import Product, Variant
from data.rules import ShopRules
from llm import concepts
from llm.concepts import foreign_concepts


def product(*options: dict[str, Any]) -> Product:
    return Product(variants=[Variant(options=each) for each in options])


CN, US = three_shops.load(three_shops.CN), three_shops.load(three_shops.US)
COLOURS = product(
    {"color": {"zh": "奶白", "en": "cream"}, "size": {"zh": "1.5 升", "en": "1.5 litres"}},
    {"color": {"zh": "米白", "en": "cream"}, "size": {"zh": "2 升", "en": "2 litres"}},
)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (CN, {"银卡会员", "Silver"}),
        (CN, {"特快配送", "express delivery", "加急", "次日", "fastest"}),
        (CN, {"西藏", "Tibet"}),
        (US, {"flat-rate shipping"}),
        (US, {"Alaska"}),
        (US, {"奶白", "米白", "cream"}),  # one meaning, as they share a word
    ],
)
def test_one_meaning_in_all_languages(rules: ShopRules, words: set[str]) -> None:
    assert words in meanings(rules, [COLOURS])


def test_amounts_are_no_words() -> None:
    assert not any("litre" in word for words in meanings(CN, [COLOURS]) for word in words)


def test_a_shop_without_rules_and_goods_has_none() -> None:
    least = three_shops.load({"shop.yaml": three_shops.US["shop.yaml"]})
    assert meanings(least, []) == []


def test_an_answer_may_not_bring_them_in() -> None:
    concepts.learn(meanings(CN, [COLOURS]))
    try:
        assert foreign_concepts("银卡会员也可以。", "普通会员可以。") == ["银卡会员"]
        assert foreign_concepts("We deliver to Tibet.", "我们送西藏。") == []
    finally:
        concepts.learn([])
