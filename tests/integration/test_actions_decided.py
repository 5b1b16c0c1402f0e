"""What attributes decide, sizes by a body's figures, sets under one budget, and children: on the
demo shop, with the intent given."""

from __future__ import annotations

import pytest
from talking import Said, Talk, demo_services

from bot.dialogue.services import Services


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("decided"))  # nothing here changes the shop


def sources(said: Said) -> set[str]:
    return {c["source"] for message in said.messages for c in message["citations"]}


@pytest.mark.parametrize(
    ("text", "language", "begins", "names", "source"),
    [
        ("does the ridgeline 3 footprint fit the nightjar", "en", "No", "Ridgeline 3 Tent",
         "ridgeline-3-footprint"),
        ("岭线三人帐地布能配岭线三人帐吗", "zh", "可以", "岭线三人三季帐", "ridgeline-3-footprint"),
        ("can the pocketflame stove be used with cassette gas?", "en", "No", "threaded",
         "pocketflame-stove"),
        ("is the alpine thick sock pure wool?", "en", "No", "70% wool", "alpine-thick-socks"),
        ("does the overland 55 have a rain cover?", "en", "Yes", "included", "overland-55-pack"),
        ("卵石可折叠包带防雨罩吗", "zh", "没有", "不带", "pebble-18-packable"),
        ("is there milk in the oat bars? my wife is allergic", "en", "It is not among", "walnut",
         "oat-energy-bars"),
        ("混合坚果里有核桃吗", "zh", "有", "腰果", "trail-mix"),
    ],
)  # fmt: skip
def test_yes_or_no_comes_first_where_an_attribute_decides(
    services: Services, text: str, language: str, begins: str, names: str, source: str
) -> None:
    said = Talk(services).say("product_question", text, language)
    assert said.text.startswith(begins)
    assert names in said.text
    assert source in sources(said)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("can i use the down wash for my shell?", "en"),  # "down jackets" are not all jackets
        ("羽绒洗剂能洗羊毛衫吗", "zh"),
    ],
)
def test_what_no_attribute_names_is_not_decided(
    services: Services, text: str, language: str
) -> None:
    said = Talk(services).say("product_question", text, language)
    assert not said.text.startswith(("Yes", "No", "可以。", "不行"))


@pytest.mark.parametrize(
    ("text", "language", "size"),
    [
        ("I am 178 cm tall, which size of the cloudburst jacket?", "en", "take L"),
        ("我老婆一米六二,疾风冲锋衣穿什么码", "zh", None),
        ("I'm a woman of 167 cm, what size is the merino tee for me", "en", "take L"),
    ],
)
def test_a_size_is_looked_up_by_the_body(
    services: Services, text: str, language: str, size: str | None
) -> None:
    said = Talk(services).say("product_question", text, language)
    if size is not None:
        assert size in said.text
        assert "clothing-sizing" in sources(said)


def test_a_set_counts_the_people_and_stays_within_the_sum(services: Services) -> None:
    said = Talk(services).say(
        "product_search", "a tent, sleeping bags and mats for three, 3000 in all"
    )
    assert "× 3" in said.text
    assert "that is within" in said.text
    assert "cub-kids-bag" not in said.products


def test_a_set_that_cannot_be_within_the_sum_is_the_cheapest(services: Services) -> None:
    said = Talk(services).say("product_search", "两个人露营,帐篷睡袋防潮垫一共500够吗", "zh")
    assert said.text.startswith("能配齐的最便宜的一套")
    assert "不够，还差" in said.text


def test_of_a_kind_that_is_not_made_for_children_this_is_said(services: Services) -> None:
    said = Talk(services).say("product_search", "a down jacket for my 9 year old son")
    assert "made for children" in said.text
    assert set(said.products) <= {"cub-kids-bag", "cub-kids-pack", "pixie-headlamp"}
    said = Talk(services).say("product_search", "有孩子用的睡袋吗", "zh")
    assert said.products == ["cub-kids-bag"]


@pytest.mark.parametrize(
    ("text", "language"),
    [("sleeping bags for -9", "en"), ("负九能用的睡袋", "zh"), ("零下9度的睡袋", "zh")],
)
def test_goods_that_are_not_rated_so_low_do_not_come(
    services: Services, text: str, language: str
) -> None:
    said = Talk(services).say("product_search", text, language)
    assert said.products == ["larch-down-bag"]
    assert said.cards[0]["price"] == "1799.00"


def test_where_none_is_rated_so_low_the_nearest_comes_alone(services: Services) -> None:
    said = Talk(services).say("product_search", "a sleeping bag for -30")
    assert said.products == ["larch-down-bag"]
    assert said.text.startswith("Nothing")


def test_a_measure_word_is_no_part_of_the_goods(services: Services) -> None:
    said = Talk(services).say("product_search", "平时逛公园买哪双鞋合适", "zh")
    assert "repel-spray" not in said.products
    assert "boot-wax" not in said.products
    assert said.products


def test_what_a_thing_is_for_is_not_what_is_wanted(services: Services) -> None:
    said = Talk(services).say("product_search", "insoles for my boots")
    assert said.products == ["arch-insoles"]


def test_an_option_is_known_in_another_unit(services: Services) -> None:
    talk = Talk(services)
    talk.say("stock_check", "雪松保温壶有货吗", "zh")
    assert "¥169" in talk.say("price_question", "一升的多少钱", "zh").text
    assert "¥169" in talk.say("price_question", "the cedar flask in 1 litre, how much?").text


def test_a_comparison_for_a_purpose_quotes_each_page(services: Services) -> None:
    said = Talk(services).say(
        "compare", "ridgeline 2 or stormwall, is the dear one worth it for snow in winter?"
    )
    assert {"ridgeline-2-tent", "stormwall-2-tent"} <= sources(said)
    assert "[2]" in said.text


def test_a_companion_of_a_named_kind_is_of_that_kind(services: Services) -> None:
    said = Talk(services).say("recommend_companion", "which sleeping mat goes with the stormwall?")
    assert set(said.products) <= {"cloudrest-sleeping-pad", "foamfold-mat", "hearth-double-mat"}
    assert said.products


def test_a_choice_that_asks_nothing_tells_no_stock(services: Services) -> None:
    talk = Talk(services)
    talk.say("product_search", "do you have headlamps?")
    said = talk.say_several(
        [
            ("stock_check", "sorry, I meant the beacon 400"),
            ("product_question", "is it waterproof?"),
        ]
    )
    assert "In stock" not in said.text
    assert "IPX6" in said.text


def test_versions_of_one_product_are_compared(services: Services) -> None:
    said = Talk(services).say("compare", "cloudrest pad in regular or wide, what differs")
    (table,) = (message["table"] for message in said.messages if message["table"])
    assert table["header"] == ["", "regular", "wide"]
    assert ["Weight", "regular 490 g", "wide 640 g"] in table["rows"]
    said = Talk(services).say("compare", "落叶松睡袋轻量款和保暖款差在哪", "zh")
    assert said.products == ["larch-down-bag"]
    assert "更便宜" in said.text
