"""Shops that the product was not written around: imported, indexed, and their rules told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from bot.dialogue.services import Services
from data.models import Base, Category, Customer, Order, OrderLine, Product, Variant
from tests.integration.talking import Talk
from tests.shops import load
from tests.shops.files import SHOPS, ShopFiles

TABLES: dict[str, type[Base]] = {
    "categories": Category,
    "products": Product,
    "variants": Variant,
    "customers": Customer,
    "orders": Order,
    "order_lines": OrderLine,
}

# Questions that the rules answer, whatever the shop has decided.
RULE_QUESTIONS = {
    "en": [
        ("delivery_cost", "how much is delivery"),
        ("delivery_cost", "is 30 enough for free delivery"),
        ("delivery_time", "how long does delivery take"),
        ("delivery_time", "do you deliver to Canada"),
        ("return_eligibility", "how long can I return things"),
        ("return_eligibility", "can I return it after I opened it"),
        ("return_eligibility", "it is faulty, can I return it"),
        ("return_eligibility", "can I exchange it for another size"),
        ("return_eligibility", "how do I return it"),
        ("membership", "which membership tiers are there"),
        ("price_question", "can you make it cheaper"),
    ],
    "zh": [
        ("delivery_cost", "运费多少"),
        ("delivery_cost", "30块包邮吗"),
        ("delivery_time", "多久能到"),
        ("delivery_time", "能送到香港吗"),
        ("return_eligibility", "多少天内可以退"),
        ("return_eligibility", "拆封了还能退吗"),
        ("return_eligibility", "坏了能退吗"),
        ("return_eligibility", "能换别的颜色吗"),
        ("return_eligibility", "怎么退货"),
        ("membership", "会员有哪些等级"),
        ("price_question", "能便宜点吗"),
    ],
}


@dataclass(frozen=True)
class Ready:
    files: ShopFiles
    services: Services


@pytest.fixture(scope="module", params=SHOPS, ids=lambda shop: shop.name)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ready:
    files: ShopFiles = request.param
    settings = load.build_state(files, tmp_path_factory.mktemp(files.name))
    return Ready(files, load.services(settings))


@pytest.mark.parametrize("table", TABLES)
def test_all_rows_are_imported(table: str, shop: Ready) -> None:
    with shop.services.unit_of_work() as uow:
        stored = uow.session.scalar(select(func.count()).select_from(TABLES[table]))
    assert stored == len(shop.files.rows(table))


def test_every_page_is_found(shop: Ready) -> None:
    sources = {passage.source for passage in shop.services.retriever.index.passages}
    assert set(shop.files.pages) <= sources


def _rule_answers(shop: Ready) -> Iterator[tuple[str, str]]:
    language = shop.files.shop["languages"][0]
    for intent, text in RULE_QUESTIONS[language]:
        yield text, Talk(shop.services).say(intent, text, language).text


def test_rules_are_told_in_this_shops_words(shop: Ready) -> None:
    for question, answer in _rule_answers(shop):
        told = f"\n{question}\n→ {answer}"
        assert answer.strip(), told
        assert not re.search(r"[{}]|\bNone\b|ShopRules", answer), told
        for pattern in shop.files.questions.never:
            assert not re.search(pattern, answer, re.I), f"{pattern!r} stands in it{told}"


# Short conversations about goods: each turn with its act, and what its answer says and shows first;
# None: no card. Nothing in them is trained on.
GOODS = {
    "cosmetics": [
        [("product_search", "do you sell nail polish", r"do not sell nail polish", None)],
        [("product_search", "serum for oily skin, not retinol", "", "clearpool-niacinamide-serum")],
        [("product_search", "vegan lipstick", "", "inkwell-liquid-lipstick")],
    ],
    "electronics": [
        [("product_search", "显示器有吗", "没有显示器", None)],
        [
            ("stock_check", "X5 Pro 有512白色的吗", "有货", "hengchuan-x5-pro"),
            ("price_question", "多少钱", r"4,999", "hengchuan-x5-pro"),
        ],
        # Which is first is not tested: 玩大游戏 is read as a need by some models and not by others.
        [("product_search", "能玩大游戏的电脑", "战风 ?16|为您找到", None)],
        [
            ("product_search", "蓝牙耳机有哪些", "", None),
            ("refine", "再便宜点的", "最接近", "cheyin-air-lite"),
        ],
    ],
    "pets": [
        [("product_search", "dog food without chicken", "", "dike-dry-salmon-gf")],
        [
            ("stock_check", "harness in red size M", "out of stock", "pier-h-harness"),
            ("stock_check", "black?", "in stock", "pier-h-harness"),
        ],
        [("price_question", "carrier and a cat cave together", r"85\.80", "halyard-carrier")],
        [("price_question", "2 bags of training bites plus a tick hook set", r"21\.60", None)],
    ],
}


def test_goods_are_found_as_they_are_wanted(shop: Ready) -> None:
    language = shop.files.shop["languages"][0]
    for conversation in GOODS[shop.files.name]:
        talk = Talk(shop.services)
        for intent, text, told, first in conversation:
            said = talk.say(intent, text, language)
            assert re.search(told, said.text), f"{text}\n→ {said.text}"
            if first is not None:
                assert said.products[0] == first, text
