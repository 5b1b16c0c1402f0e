"""Every part of a message is answered, by the passage that is about the customer's own case: on the
demo and on shops of other trades, in both languages. The acts are given, the rest is real."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from talking import Said, Talk, demo_services

from bot.dialogue.services import Services
from tests.shops import load
from tests.shops.files import SHOPS

GOLD = "lin.yue@example.com"
Shops = Callable[[str], Services]
_FILES = {files.folder.name: files for files in SHOPS}


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Shops:
    known: dict[str, Services] = {}

    def opened(name: str) -> Services:
        if name not in known:
            state = tmp_path_factory.mktemp(name)
            known[name] = (
                demo_services(state)
                if name == "demo"
                else load.services(load.build_state(_FILES[name], state))
            )
        return known[name]

    return opened


def say(services: Services, act: str, text: str, language: str, email: str | None = None) -> Said:
    said = Talk(services, email).say(act, text, language)
    assert "failed" not in said.notes
    return said


def shows(said: Said, *patterns: str) -> None:
    for pattern in patterns:
        assert re.search(pattern, said.text), (pattern, said.text)


DELIVERY = [
    ("demo", "delivery_time", "快递到西宁要几天 运费多少", "zh", ("免运费|8", "青海")),
    ("demo", "delivery_cost", "postage to Urumqi, and how long does it take", "en",
     ("standard delivery", "Xinjiang")),
    ("demo", "delivery_cost", "寄到昆明多少钱 台湾能寄吗", "zh", ("标准配送", "送不了台湾")),
    ("demo", "delivery_cost", "what is shipping to Harbin, and to Macao?", "en",
     ("standard delivery", "do not deliver to Macao")),
    ("cosmetics", "delivery_time", "how many days to Oregon and how much is it", "en",
     (r"\$", "should arrive")),
]  # fmt: skip


@pytest.mark.parametrize(("shop", "act", "text", "language", "patterns"), DELIVERY)
def test_price_days_and_every_place_of_a_delivery_are_told(
    shops: Shops, shop: str, act: str, text: str, language: str, patterns: tuple[str, ...]
) -> None:
    shows(say(shops(shop), act, text, language), *patterns)


TWO_THINGS = [
    ("demo", "product_question", "岭线双人帐多重 收起来多长", "zh", ("1.85 公斤", "45 厘米"), ""),
    ("demo", "product_question", "how heavy is the Ridgeline 2 and how small does it pack", "en",
     (r"1\.85 kg", "45 cm"), "Trailhead|Cub"),
    ("demo", "policy_question", "冲锋衣能用洗衣机吗 洗好能进烘干机吗", "zh",
     ("轻柔程序机洗", "低温烘干 20 分钟"), "网球"),
    ("demo", "membership", "积分怎么花 多久过期", "zh", ("100 积分", "730 天"), "保修"),
    ("demo", "membership", "how can I spend my points and when do they lapse", "en",
     ("100 points", "730 days"), "warranty"),
    ("demo", "policy_question", "how do gift cards work and do they expire", "en",
     ("16 characters", "3 years"), "730"),
]  # fmt: skip


@pytest.mark.parametrize(("shop", "act", "text", "language", "patterns", "never"), TWO_THINGS)
def test_the_second_question_stays_with_what_the_first_is_about(
    shops: Shops, shop: str, act: str, text: str, language: str, patterns: tuple[str, ...],
    never: str,
) -> None:  # fmt: skip
    said = say(shops(shop), act, text, language)
    shows(said, *patterns)
    assert not never or not re.search(never, said.text), said.text


def test_a_question_that_another_page_clearly_answers_leaves_the_first(shops: Shops) -> None:
    said = say(shops("demo"), "policy_question", "积分怎么用 可以货到付款吗", "zh")
    shows(said, "100 积分", "不支持货到付款")


OWN_COSTS = [
    ("demo", "policy_question", "寄回去的邮费谁出", "zh", GOLD, "^您是金卡会员，退货不收"),
    ("demo", "delivery_cost", "who covers the postage if I send it back", "en", GOLD,
     "^As a Gold member you pay nothing"),
    ("demo", "return_eligibility", "退货运费谁承担", "zh", None, "^退货包裹费 ¥10"),
    ("demo", "return_eligibility", "it came faulty, who pays to return it", "en", None,
     "costs nothing"),
    ("cosmetics", "return_eligibility", "who pays the return postage", "en", None, "postage|fee"),
]  # fmt: skip


@pytest.mark.parametrize(("shop", "act", "text", "language", "email", "first"), OWN_COSTS)
def test_what_a_return_costs_is_told_first_and_by_their_tier(
    shops: Shops, shop: str, act: str, text: str, language: str, email: str | None, first: str
) -> None:
    shows(say(shops(shop), act, text, language, email), first)


OWN_CLASS = [
    ("demo", "exchange", "内裤剪了吊牌 能换大一号吗", "zh", r"^[^。]*剪掉吊牌[^。]*不能", "60 天"),
    ("demo", "return_eligibility", "内裤拆封了还能退吗", "zh", r"^拆封的[^。]*卫生用品不能",
     "60 天"),
    ("demo", "exchange", "I unsealed the socks, can I swap them for a bigger size", "en",
     r"^Not without a fault[^.]*\. Once unsealed", "60 days"),
    ("demo", "return_eligibility", "I cut the tags off, can the fleece go back", "en",
     r"^Not without a fault", "60 days"),
    ("electronics", "exchange", "耳机拆封了 可以换白色的吗", "zh", "拆开后不支持无理由退货",
     "可以换同款"),
]  # fmt: skip


@pytest.mark.parametrize(("shop", "act", "text", "language", "first", "never"), OWN_CLASS)
def test_the_exception_of_their_goods_is_told_first_and_the_rule_not_beside_it(
    shops: Shops, shop: str, act: str, text: str, language: str, first: str, never: str
) -> None:
    said = say(shops(shop), act, text, language, GOLD if shop == "demo" else None)
    shows(said, first)
    assert never not in said.text


REMEDIES = [
    ("demo", "problem", "箱子压烂了 里面的锅也瘪了", "zh", "48 小时", "免费补发或全额退款",
     "lost-or-damaged-parcels"),
    ("demo", "problem", "Second time now that my order turned up with the stove dented", "en",
     "48 hours", "replacement and a full refund", "lost-or-damaged-parcels"),
    ("electronics", "problem", "蓝牙耳机左边没声音，上周才到", "zh",
     "15 天", "换新", "质量问题换新"),
]  # fmt: skip


@pytest.mark.parametrize(("shop", "act", "text", "language", "until", "remedy", "page"), REMEDIES)
def test_beside_the_ticket_stands_what_the_customer_gets(
    shops: Shops, shop: str, act: str, text: str, language: str, until: str, remedy: str, page: str
) -> None:
    said = say(shops(shop), act, text, language)
    shows(said, until, remedy)
    (message,) = said.messages
    assert [cited["source"] for cited in message["citations"]] == [page]


DOING = [
    ("demo", "policy_question", "怎么开发票", "zh", "点“申请发票”", "分期|重开"),
    ("demo", "policy_question", "如何使用优惠券", "zh", "结算时在“优惠券”一栏选择", "过期后"),
    ("demo", "policy_question", "how do I get an invoice", "en", 'press "Invoice"', "180 days"),
    ("electronics", "policy_question", "怎么开发票", "zh", "点“申请发票”", "保修"),
    ("electronics", "policy_question", "how do I get an invoice", "en", "点“申请发票”", "保修"),
]  # fmt: skip


@pytest.mark.parametrize(("shop", "act", "text", "language", "tells", "never"), DOING)
def test_how_something_is_done_is_answered_by_the_doing(
    shops: Shops, shop: str, act: str, text: str, language: str, tells: str, never: str
) -> None:
    said = say(shops(shop), act, text, language)
    shows(said, tells)
    assert not re.search(never, said.text), said.text
