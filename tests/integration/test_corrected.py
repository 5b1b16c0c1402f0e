"""The request of before, put right: a value that is corrected, another order that is meant, a new
thing that is asked the same and more, "this" after a list, a size in the colour that is asked for.
In several shops and both languages; the acts are those that the reading finds, the wrong ones too,
and nothing in these conversations is trained on."""

from __future__ import annotations

import re

import pytest

from bot.dialogue.services import Services
from tests.integration.talking import Said, Talk, demo_services
from tests.shops import load
from tests.shops.files import SHOPS

# Each turn: its act, its words, and what the answer says.
Turns = list[tuple[str, str, str]]

DEMO_CUSTOMER = "lin.yue@example.com"
OF_PETS = "hanna.petersen@post.example"

VALUES: list[tuple[str, str, Turns]] = [
    ("demo", "zh", [
        ("delivery_time", "寄到兰州要几天", "甘肃"),
        ("out_of_scope", "哎呀说错了 是银川", "宁夏"),
    ]),
    ("demo", "zh", [
        ("product_search", "七百块以内的睡袋", "700"),
        ("deny", "不对 预算是四百", "400"),
    ]),
    ("demo", "en", [
        ("price_question", "how much are two foam mats", "× 2"),
        ("deny", "no sorry, four", "× 4"),
    ]),
    ("demo", "en", [
        ("stock_check", "is the stormline shell there in black, size M", "black M"),
        ("complaint", "oh wait I meant size XL", "black XL"),
        ("refine", "not black, red", "vermilion XL"),
    ]),
    ("demo", "zh", [
        ("product_question", "我175 体重60公斤 暴线冲锋衣穿什么码", "不按体重分"),
        ("nlu_fallback", "打错了 身高是183", "XL"),
    ]),
    ("electronics", "zh", [
        ("price_question", "衡川X5 Pro 256G多少钱", "256"),
        ("deny", "不是256 是512", "512"),
    ]),
    ("electronics", "zh", [
        ("price_question", "买三个67W充电器多少钱", "× 3"),
        ("deny", "不对 是两个", "× 2"),
    ]),
    ("pets", "en", [
        ("stock_check", "do you have the Pier Y-Harness in size M in red", "out of stock"),
        ("refine", "not red, black", "M black is in stock"),
    ]),
    ("pets", "en", [
        ("price_question", "how much are two halyard carriers", "× 2"),
        ("thanks", "sorry, three", "× 3"),
    ]),
]  # fmt: skip
NOTHING_TO_CORRECT: list[tuple[str, str, Turns]] = [
    ("demo", "zh", [("deny", "不对 是三公斤不是两公斤", "三公斤")]),
    ("demo", "en", [("deny", "no sorry, 3 kg not 2", "3 kg. What shall I")]),
    ("pets", "en", [("thanks", "sorry, 12 not 15", "12. What shall I")]),
]  # fmt: skip
ORDERS: list[tuple[str, str, Turns]] = [
    ("demo", "zh", [
        ("cancel_order", "我想取消订单", "卡式长气罐"),
        ("product_question", "不是这个 是有卡式炉的那个", "野餐卡式炉.*不能取消"),
    ]),
    ("demo", "zh", [
        ("change_order", "我要改收货地址", "卡式长气罐"),
        ("order_status", "上一单呢", "已经不能改收货信息"),
    ]),
    ("demo", "en", [
        ("order_status", "where is my order", "Cassette Gas"),
        ("product_search", "no, the one with the kids bag", "Cub Kids Sleeping Bag"),
    ]),
    ("demo", "en", [
        ("cancel_order", "cancel my order", "Cassette Gas"),
        ("product_search", "not that one, the one with the telescope",
         "no order of yours with “telescope”[\\s\\S]*cancelled until it is packed"),
    ]),
    ("pets", "en", [
        ("cancel_order", "can i still cancel my order", "P-2026-00790"),
        ("product_question", "not that order, the one with the dog bed",
         "Harbour Orthopaedic Dog Bed.*can no longer be cancelled"),
    ]),
    ("pets", "en", [
        ("order_status", "where is my order", "P-2026-00790"),
        ("deny", "no, I mean the other order", "P-2026-00712"),
        ("deny", "no, the one before", "P-2026-00041"),
    ]),
    ("pets", "en", [
        ("return_eligibility", "can I send back the litter", "too early"),
        ("deny", "sorry, the harness order", "Pier Y-Harness"),
    ]),
]  # fmt: skip
ANOTHER_AND_MORE: list[tuple[str, str, Turns]] = [
    ("demo", "zh", [
        ("product_question", "岭线双人帐多重", "1.85"),
        ("stock_check", "那风墙呢 刮大风行不行", r"3\.2 公斤[\s\S]*大风"),
    ]),
    ("demo", "en", [
        ("price_question", "how much is the granite low", "549"),
        ("product_question", "and the granite mid, would that do for snow?",
         r"Granite Mid Boot: ¥799[\s\S]*would that do for snow"),
    ]),
    ("electronics", "zh", [
        ("price_question", "X5多少钱", "X5"),
        ("product_question", "那K3呢 下雨天能用吗", r"K3.*999[\s\S]*下雨天能用吗.*没有写清楚"),
    ]),
    ("pets", "en", [
        ("price_question", "how much is the Halyard Soft Carrier", r"49\.90"),
        ("product_question", "and the breakwater crate, would that fit in a small car?",
         r"€\d+[\s\S]*Breakwater|Breakwater[\s\S]*€\d+"),
    ]),
]  # fmt: skip
THIS_OF_A_LIST: list[tuple[str, str, Turns]] = [
    ("demo", "zh", [
        ("product_search", "有哪些头灯", ""),
        ("product_question", "这个防水吗 多重", r"烽火 400 头灯[\s\S]*IPX6[\s\S]*78 克"),
    ]),
    ("demo", "en", [
        ("product_search", "show me your headlamps", ""),
        ("product_question", "is it waterproof? how heavy is it?",
         r"first one, the Beacon 400[\s\S]*IPX6[\s\S]*78 g"),
    ]),
    ("electronics", "zh", [
        ("product_search", "有哪些耳机", ""),
        ("product_question", "这个防水吗 续航多久", r"先说排在第一的澈音[\s\S]*防水[\s\S]*小时"),
    ]),
    ("pets", "en", [
        ("product_search", "what dog food do you have", ""),
        ("product_question", "does this have chicken in it?", "first one, the Dike"),
    ]),
]  # fmt: skip
SIZES: list[tuple[str, str, Turns]] = [
    ("demo", "zh", [
        ("product_search", "有哪些雨衣", ""),
        ("product_question", "女生 163 厘米 这个穿什么码 黄色的有吗",
         r"骤雨[\s\S]*选 M。[\s\S]*M 日光黄目前缺货"),
    ]),
    ("demo", "en", [
        ("product_question", "which size of the stormline shell for a man of 178 cm, in red?",
         r"take L in the Stormline Shell[\s\S]*vermilion L is in stock"),
    ]),
    ("demo", "en", [
        ("product_question", "what size jacket does my husband take, he is 184 cm",
         r"^Men: by height, take XL\. \[1\]$"),
    ]),
    ("demo", "zh", [
        ("product_question", "我女的170 冲锋衣穿多大", "在 L 和 XL 之间"),
    ]),
]  # fmt: skip


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Services]:
    shops = {shop.name: shop for shop in SHOPS}
    made = {
        name: load.services(load.build_state(shops[name], tmp_path_factory.mktemp(name)))
        for name in ("electronics", "pets")
    }
    return {**made, "demo": demo_services(tmp_path_factory.mktemp("demo"))}


@pytest.mark.parametrize(
    ("shop", "language", "turns"),
    [*VALUES, *NOTHING_TO_CORRECT, *ORDERS, *ANOTHER_AND_MORE, *THIS_OF_A_LIST, *SIZES],
    ids=lambda value: value[-1][1] if isinstance(value, list) else value,
)
def test_what_was_asked_is_asked_again(
    services: dict[str, Services], shop: str, language: str, turns: Turns
) -> None:
    email = {"demo": DEMO_CUSTOMER, "pets": OF_PETS}.get(shop)
    talk = Talk(services[shop], email)
    for act, text, says in turns:
        said: Said = talk.say(act, text, language)
        assert re.search(says, said.text), f"{text}: {said.text}"


@pytest.mark.parametrize(
    ("shop", "language", "text", "says"),
    [
        ("demo", "en", "can i cancel the telescope i ordered", "telescope.*"),
        ("demo", "zh", "我买的望远镜想取消", "望远镜"),
        ("pets", "en", "can i cancel the aquarium i ordered", "aquarium"),
    ],
)
def test_the_rule_is_told_of_what_nobody_ordered(
    services: dict[str, Services], shop: str, language: str, text: str, says: str
) -> None:
    talk = Talk(services[shop], {"demo": DEMO_CUSTOMER, "pets": OF_PETS}[shop])
    said = talk.say("cancel_order", text, language)
    assert re.search(says, said.text)
    assert re.search("until it is packed|打包", said.text)
