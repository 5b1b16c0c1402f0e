"""What the checks find in answers that say more, or other, than their sources."""

from collections.abc import Iterator

import pytest

from llm import concepts
from llm.checks import (
    contradictions,
    denies,
    detached,
    echoes,
    misjoined,
    not_the_extreme,
    strange_words,
    unknown_amounts,
    unsupported,
)

SALE_EN = (
    "Clearance items can be returned within 7 days of delivery. Returning one costs a ¥10 return "
    "fee, which Silver and Gold members do not pay."
)
SALE_ZH = "清仓商品签收后 7 天内可以退货。清仓商品退货收取 10 元退货运费，银卡和金卡会员免费。"
HYGIENE_ZH = "袜子密封完好可在签收后 30 天内退货，拆封后不能退货。气罐不能退货，有质量问题除外。"


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        ("Clearance items can be returned within 7 days.", []),
        ("Clearance items can be returned within seven days.", []),
        ("Clearance items can be returned within 7 working days.", ["7 working days"]),
        ("Clearance items can be returned within 30 days.", ["30 days"]),
        ("The return fee is 10 yuan.", []),
        ("The return fee is 10%.", ["10%"]),
        ("You can return them with PayPal.", ["PayPal", "PayPal"]),
        ("It fits like the Ridgeline 2 Tent.", ["2", "Ridgeline 2 Tent", "Ridgeline", "Tent"]),
    ],
)
def test_claims_without_a_source(answer: str, missing: list[str]) -> None:
    found = unsupported(answer, [SALE_EN], product_names=["Ridgeline 2 Tent"])
    assert sorted(found) == sorted(missing)


def test_amounts_of_the_question_may_be_repeated_but_not_its_promises() -> None:
    assert unsupported("两件都是 7 天。", [SALE_ZH], question="买了 2 件") == []
    assert unsupported("Your 60 yuan order pays ¥10.", [SALE_EN], question="I spent 60 yuan") == []
    assert unsupported("可以机洗。", ["羽绒睡袋手洗。"], question="可以机洗吗？") == ["机洗"]


def test_one_end_of_a_range_is_not_the_range() -> None:
    source = ["Parcels arrive 5–8 days after dispatch."]
    assert unsupported("It takes 5 days.", source) == ["5 days"]
    assert unsupported("It takes 5–8 days.", source) == []
    assert unsupported("It takes up to 8 days.", source) == []


def test_figures_of_the_question_that_need_a_comparison() -> None:
    assert unknown_amounts("买 60 元包邮吗", ["满 99 元包邮"]) == ["60 元"]
    assert unknown_amounts("满 99 元包邮吗", ["满九十九元包邮"]) == []


@pytest.mark.parametrize(
    ("answer", "sources"),
    [
        ("清仓商品不能退货", [SALE_ZH]),
        ("袜子拆封后可以退货", [HYGIENE_ZH]),
        ("气罐可以退货", [HYGIENE_ZH]),
        ("支持货到付款", ["可以用微信支付和银行卡付款，不支持货到付款。"]),
        ("Clearance items cannot be returned.", [SALE_EN]),
        ("You may dry-clean a down jacket.", ["Wash it by hand. Never dry-clean down."]),
        ("The shoe is waterproof.", ["It comes in grey and pine, and it is not waterproof."]),
    ],
)
def test_contradictions(answer: str, sources: list[str]) -> None:
    assert contradictions(answer, sources) == [answer]


@pytest.mark.parametrize(
    ("answer", "sources"),
    [
        ("清仓商品 7 天内可以退货", [SALE_ZH]),
        ("袜子拆封后不能退货", [HYGIENE_ZH]),
        ("不支持货到付款", ["可以用微信支付和银行卡付款，不支持货到付款。"]),
        ("Never dry-clean down", ["Wash it by hand. Never dry-clean down."]),
        ("The Tarn Trail Shoe is not waterproof.", ["It comes in grey, and it is not waterproof."]),
    ],
)
def test_the_same_stance_is_no_contradiction(answer: str, sources: list[str]) -> None:
    assert contradictions(answer, sources) == []


def test_across_languages_the_whole_stance_counts() -> None:
    assert contradictions("这双鞋防水。", ["It is not waterproof."])
    assert contradictions("这双鞋不防水。", ["It is not waterproof."]) == []


@pytest.fixture
def tiers() -> Iterator[None]:
    concepts.learn([["金卡", "gold"], ["银卡", "silver"]])
    yield
    concepts.learn([])


@pytest.mark.usefixtures("tiers")
def test_a_subject_of_one_rule_with_the_figure_of_another() -> None:
    assert misjoined("金卡会员退清仓商品收取 10 元退货运费。", [SALE_ZH])
    assert misjoined("清仓商品退货收取 10 元退货运费。", [SALE_ZH]) == []
    costs = ["Silver members get free standard delivery from ¥49."]
    assert misjoined("Delivery costs ¥49 for Silver members.", costs)
    assert misjoined("Delivery is free from ¥49 for Silver members.", costs) == []
    rules = [
        "Socks can be returned if the seal is unbroken. Gas cannot be returned unless it is faulty."
    ]
    assert misjoined("Socks cannot be returned unless they are faulty.", rules)


def test_denials() -> None:
    assert denies("不能退货")
    assert denies("We don't ship abroad")
    assert not denies("无需付费")
    assert not denies("七天无理由退货")
    assert not denies("不仅防水")


def test_strange_words_and_echoes() -> None:
    source = ["The fly is waterproof to 3,000 mm."]
    assert strange_words("It survives hurricanes, avalanches and volcanoes.", source)
    assert strange_words("The fly is waterproof.", source) == []
    assert echoes("The tent is windproof.", source, "Is the tent windproof?")
    assert not echoes("The tent is waterproof to 3,000 mm.", source, "Is the tent waterproof?")


def test_a_figure_keeps_what_it_belongs_to() -> None:
    source = ["微信支付和支付宝余额一般 1 天到账。银行卡一般 1–5 天到账。"]
    assert detached("退款一般 1 天到账。", source, "退款多久能到账")
    assert not detached("微信支付和支付宝余额一般 1 天到账。", source, "退款多久能到账")
    table = [f"不同支付方式：{source[0]}", "退货：退款后 1–5 天。"]
    assert detached("退款一般 1 天到账。", table, "退款多久能到账", "退款多久到账 不同支付方式")
    assert not detached("一般 1 天到账。", source, "微信支付和支付宝余额多久到账")
    english = ["Silver members pay ¥8 for standard delivery below ¥49."]
    assert detached("It costs ¥8.", english, "What does it cost?")
    assert not detached("Silver members pay ¥8.", english, "What does it cost?")


@pytest.mark.parametrize(
    ("question", "answer", "wrong"),
    [
        ("花呗最多能分几期？", "最多可以分 6 期。", ["6 期"]),
        ("花呗最多能分几期？", "最多可以分 12 期。", []),
        ("花呗能分 6 期吗？", "可以分 6 期。", []),
        ("What is the largest number of instalments?", "You can pay in 6 instalments.", ["6"]),
        ("What is the smallest number of instalments?", "You can pay in 3 instalments.", []),
        ("Can I choose at least 6 instalments?", "You can choose 6 instalments.", []),
    ],
)  # fmt: skip
def test_the_most_is_not_less_than_the_source_says(
    question: str, answer: str, wrong: list[str]
) -> None:
    sources = [
        "订单满 600 元可以用花呗分 3、6 或 12 期。",
        "You can pay in 3, 6 or 12 instalments.",
    ]
    assert not_the_extreme(answer, sources, question) == wrong
