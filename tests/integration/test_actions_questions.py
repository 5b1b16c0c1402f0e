"""What shoppers ask of goods, prices and terms in words of their own: kinds instead of names, the
most and the least, foot lengths, used goods, gas. The intent is given, the rest is real."""

from __future__ import annotations

import pytest
from talking import Talk, demo_services

from bot.dialogue.services import Services
from retrieval import text

TENTS = {"nightjar-1-tent", "ridgeline-2-tent", "ridgeline-3-tent"}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("questions"))  # nothing here changes the shop


@pytest.mark.parametrize(
    ("about_bag", "about_lamps", "language"),
    [
        ("溪谷棉睡袋多重", "头灯用什么电池", "zh"),
        ("how heavy is the brook sleeping bag", "which batteries do headlamps take", "en"),
    ],
)
def test_a_question_about_another_kind_leaves_the_product_alone(
    services: Services, about_bag: str, about_lamps: str, language: str
) -> None:
    talk = Talk(services)
    talk.say("product_question", about_bag, language)
    said = talk.say("product_question", about_lamps, language)
    sources = {each["source"] for message in said.messages for each in message["citations"]}
    assert sources
    assert all(services.catalogue[source].category_id == "lighting" for source in sources)
    # Each product's sentence stands behind its name: one of them would seem to hold for all.
    for line, source in zip(said.text.splitlines(), said.notes["shown"], strict=True):
        assert line.startswith(services.catalogue[source].name[language])


@pytest.mark.parametrize(
    ("about_bag", "more", "language"),
    [
        ("溪谷棉睡袋多重", "那它能机洗吗", "zh"),
        ("how heavy is the brook sleeping bag", "can it go into the washing machine", "en"),
    ],
)
def test_it_is_the_product_talked_of(
    services: Services, about_bag: str, more: str, language: str
) -> None:
    talk = Talk(services)
    talk.say("product_question", about_bag, language)
    said = talk.say("product_question", more, language)
    assert {c["source"] for m in said.messages for c in m["citations"]} == {"brook-synthetic-bag"}


@pytest.mark.parametrize(
    ("ask", "language"), [("冬天零下十度用哪个睡袋够暖", "zh"), ("which bag for minus 10?", "en")]
)
def test_a_bag_for_the_cold_is_one_that_is_warm_enough(
    services: Services, ask: str, language: str
) -> None:
    text = ask if language == "zh" else "which sleeping bag keeps me warm at minus 10?"
    said = Talk(services).say("product_question", text, language)
    assert said.products == ["larch-down-bag"]


@pytest.mark.parametrize(
    ("ask", "first", "language"),
    [
        ("最轻的帐篷是哪个", "nightjar-1-tent", "zh"),
        ("whats the lightest tent you sell", "nightjar-1-tent", "en"),
        ("便宜的头灯有吗", "pixie-headlamp", "zh"),
        ("the cheapest headlamp please", "pixie-headlamp", "en"),
        ("最暖的羽绒服", "northwall-down-parka", "zh"),
        ("what is the warmest jacket you have", "northwall-down-parka", "en"),
    ],
)
def test_the_most_and_the_least_come_first(
    services: Services, ask: str, first: str, language: str
) -> None:
    assert Talk(services).say("product_search", ask, language).products[0] == first


def test_what_is_named_is_not_padded_with_what_is_near(services: Services) -> None:
    assert Talk(services).say("product_search", "do you have gaiters?").products == [
        "trail-gaiters"
    ]
    assert Talk(services).say("product_search", "有雪套吗", "zh").products == ["trail-gaiters"]


@pytest.mark.parametrize(
    ("ask", "language"),
    [
        ("女款冲锋衣有哪些，1000以内", "zh"),
        ("five-hundred-yuan hiking boots? under 500 please", "en"),
    ],
)
def test_what_is_only_near_is_said_to_be_near(services: Services, ask: str, language: str) -> None:
    said = Talk(services).say("product_search", ask, language)
    assert said.text.startswith("没有完全符合" if language == "zh" else "Nothing in Footwear")
    assert all(float(card["price"]) <= 1000 for card in said.cards)


@pytest.mark.parametrize(
    ("ask", "both", "language"),
    [
        (
            "启程38升和另外那个50升左右的包有什么区别",
            {"trailhead-38-pack", "overland-55-pack"},
            "zh",
        ),
        (
            "how does the Trailhead 38 differ from the one of about 50 litres",
            {"trailhead-38-pack", "overland-55-pack"},
            "en",
        ),
        ("雨衣和冲锋衣哪个好", {"cloudburst-rain-jacket", "stormline-shell"}, "zh"),
    ],
)
def test_what_is_described_is_compared(
    services: Services, ask: str, both: set[str], language: str
) -> None:
    talk = Talk(services)
    talk.say("product_search", "睡袋" if language == "zh" else "sleeping bags", language)
    assert set(talk.say("compare", ask, language).products) == both


def test_who_has_three_in_the_family_is_told_which_tent_sleeps_three(services: Services) -> None:
    said = Talk(services).say("compare", "岭线双人帐和岭线三人帐哪个适合一家三口", "zh")
    assert "岭线三人三季帐更合适" in said.text
    assert "岭线双人三季帐更合适" not in said.text


@pytest.mark.parametrize(
    ("ask", "size", "language"),
    [
        ("我脚长25.5cm穿几码的徒步鞋", "41", "zh"),
        ("my foot is 26 cm, which size boots?", "42", "en"),
    ],
)
def test_a_foot_is_looked_up_in_the_size_guide(
    services: Services, ask: str, size: str, language: str
) -> None:
    said = Talk(services).say("product_question", ask, language)
    assert size in said.text
    assert said.messages[0]["citations"][0]["source"] == "footwear-sizing"


@pytest.mark.parametrize(
    ("ask", "language"),
    [("气罐能寄到云南吗，几天到", "zh"), ("how fast do gas canisters reach Yunnan?", "en")],
)
def test_gas_is_never_promised_by_express(services: Services, ask: str, language: str) -> None:
    said = Talk(services).say("delivery_time", ask, language)
    assert services.rules.delivery.ground_only.tags == {"fuel"}
    only = "只能用标准配送寄送" if language == "zh" else "can only be sent by standard delivery"
    assert only in said.text
    assert ("特快" if language == "zh" else "express") not in said.text


@pytest.mark.parametrize(
    ("ask", "allowed", "language"),
    [
        ("昨天收到的头灯，已经用过了，能退吗", False, "zh"),
        ("昨天收到的靴子，只在家试穿过，能退吗", True, "zh"),
        ("I got the headlamp yesterday and used it, can I return it?", False, "en"),
        ("I got the boots yesterday and only tried them on, can I return them?", True, "en"),
    ],
)
def test_used_goods_do_not_go_back(
    services: Services, ask: str, allowed: bool, language: str
) -> None:
    said = Talk(services).say("return_eligibility", ask, language)
    yes = "可以退" if language == "zh" else "Yes, you can return it"
    assert said.text.startswith(yes) is allowed


@pytest.mark.parametrize(
    ("ask", "points", "language"),
    [("买500块能有多少积分", "750", "zh"), ("how many points do i get for 500 yuan", "750", "en")],
)
def test_points_of_a_purchase_are_counted(
    services: Services, ask: str, points: str, language: str
) -> None:
    said = Talk(services).say("membership", ask, language)
    assert "500" in said.text
    assert points in said.text


@pytest.mark.parametrize(
    ("ask", "language"), [("能不能再便宜点", "zh"), ("any chance of a better price?", "en")]
)
def test_nobody_is_given_another_price(services: Services, ask: str, language: str) -> None:
    talk = Talk(services)
    talk.say("product_search", "头灯" if language == "zh" else "headlamps", language)
    said = talk.say("refine", ask, language)
    assert not said.cards
    assert {c["source"] for c in said.messages[0]["citations"]} == {"sale-items", "coupons"}


@pytest.mark.parametrize(
    ("ask", "language"), [("冬天露营用哪个帐篷", "zh"), ("which stove for winter camping", "en")]
)
def test_what_is_made_for_the_use_comes_first(services: Services, ask: str, language: str) -> None:
    first = Talk(services).say("product_search", ask, language).products[0]
    assert "winter" in services.catalogue[first].tags


@pytest.mark.parametrize(
    ("search", "second", "language"),
    [("背包", "第二个多大容量", "zh"), ("backpacks", "how many litres is the second one", "en")],
)
def test_a_place_in_the_list_is_a_product(
    services: Services, search: str, second: str, language: str
) -> None:
    talk = Talk(services)
    shown = talk.say("product_search", search, language).products
    said = talk.say("policy_question", second, language)  # as it is misread at times
    assert {c["source"] for m in said.messages for c in m["citations"]} == {shown[1]}


@pytest.mark.parametrize(
    ("ask", "language"),
    [("这个买两个多少钱", "zh"), ("how much are two of them", "en")],
)
def test_pieces_of_what_was_talked_of_are_counted(
    services: Services, ask: str, language: str
) -> None:
    talk = Talk(services)
    lamp = services.catalogue["pixie-headlamp"].name[language]
    weighs = f"{lamp}多重" if language == "zh" else f"how heavy is the {lamp}"
    talk.say("product_question", weighs, language)
    said = talk.say("price_question", ask, language)
    assert "× 2" in said.text


@pytest.mark.parametrize(
    ("ask", "tier", "language"),
    [
        ("今年买了三千，算什么会员", "银卡会员", "zh"),
        ("i spent 3000 this year, which tier am i", "Silver", "en"),
    ],
)
def test_spending_is_told_its_tier(services: Services, ask: str, tier: str, language: str) -> None:
    said = Talk(services).say("membership", ask, language)
    assert "3,000" in said.text
    assert f"就是{tier}" in said.text or f"is a {tier} member" in said.text


@pytest.mark.parametrize(
    ("ask", "bought", "language"),
    [
        ("羽绒服还能退吗", "余烬", "zh"),
        ("Can I still return the jacket?", "Ember Light Down Jacket", "en"),
    ],
)
def test_the_jacket_is_the_one_that_the_customer_bought(
    services: Services, ask: str, bought: str, language: str
) -> None:
    said = Talk(services, "emma.clarke@example.com").say("return_eligibility", ask, language)
    assert bought in said.text
    assert bought not in Talk(services).say("return_eligibility", ask, language).text


@pytest.mark.parametrize(
    ("about_stove", "list_of", "more", "language"),
    [
        ("野餐卡式炉多重", "看看羽绒服", "它怎么洗", "zh"),
        ("how heavy is the picnic stove", "show me down jackets", "how do I wash it", "en"),
    ],
)
def test_a_list_takes_the_place_of_what_was_talked_of(
    services: Services, about_stove: str, list_of: str, more: str, language: str
) -> None:
    talk = Talk(services)
    talk.say("product_question", about_stove, language)
    assert len(talk.say("product_search", list_of, language).products) > 1
    said = talk.say("product_question", more, language)
    assert "picnic-cassette-stove" not in {
        c["source"] for m in said.messages for c in m["citations"]
    }


def test_any_jacket_is_not_the_jacket_that_stands(services: Services) -> None:
    talk = Talk(services)
    talk.say("product_question", "how heavy is the ember jacket")
    said = talk.say("product_question", "how do i wash a down jacket")
    assert {c["source"] for m in said.messages for c in m["citations"]} == {"down-care"}


@pytest.mark.parametrize(
    ("ask", "language", "expected"),
    [
        ("高原上煮饭用什么炉头", "zh", "pocketflame-stove"),
        ("what stove should I take to the mountains", "en", "pocketflame-stove"),
        ("冬天用什么炉子", "zh", "swiftboil-system"),
    ],
)
def test_who_asks_what_to_take_is_shown_products(
    services: Services, ask: str, language: str, expected: str
) -> None:
    assert expected in Talk(services).say("product_question", ask, language).products


@pytest.mark.parametrize(
    ("ask", "language"), [("有什么双人帐篷", "zh"), ("show me tents for two people", "en")]
)
def test_a_tent_for_two_goes_before_one_for_three(
    services: Services, ask: str, language: str
) -> None:
    first, second, *_ = Talk(services).say("product_search", ask, language).products
    assert {first, second} == {"ridgeline-2-tent", "stormwall-2-tent"}


def test_down_jackets_go_before_other_jackets(services: Services) -> None:
    found = Talk(services).say("product_search", "show me down jackets").products
    assert set(found[:2]) == {"ember-light-down", "northwall-down-parka"}


@pytest.mark.parametrize(
    ("ask", "language", "price", "deposit"),
    [
        ("双人帐篷租一天多少钱，押金呢", "zh", "60 元", "500 元"),
        ("what does it cost to rent a two-person tent, and the deposit", "en", "¥60", "¥500"),
    ],
)
def test_renting_is_told_from_buying(
    services: Services, ask: str, language: str, price: str, deposit: str
) -> None:
    said = Talk(services).say("price_question", ask, language)
    assert price in said.text
    assert deposit in said.text
    assert said.products == []


@pytest.mark.parametrize(
    ("ask", "intent", "language", "told"),
    [
        ("欧码41是多长", "product_question", "zh", "欧码 41：脚长 255 毫米。"),
        ("what size is EU 42 in mm", "stock_check", "en", "EU size 42: Foot length 260 mm."),
    ],
)
def test_a_shoe_size_is_a_length(
    services: Services, ask: str, intent: str, language: str, told: str
) -> None:
    talk = Talk(services)
    stove = "野餐卡式炉多重" if language == "zh" else "how heavy is the picnic stove"
    talk.say("product_question", stove, language)
    assert told in talk.say(intent, ask, language).text


@pytest.mark.parametrize(
    ("ask", "language"),
    [("买错尺码了换货要运费吗", "zh"), ("what does it cost to send an exchange back", "en")],
)
def test_an_exchange_is_no_delivery(services: Services, ask: str, language: str) -> None:
    said = Talk(services).say("delivery_cost", ask, language)
    assert "99" not in said.text
    assert {c["source"] for m in said.messages for c in m["citations"]} & {
        "exchanges",
        "return-steps",
        "returns",
    }


@pytest.mark.parametrize(
    ("shown", "ask", "told", "language"),
    [
        ("看看羽绒服", "银卡和金卡有什么区别", "银卡会员", "zh"),
        ("show me jackets", "what's the difference between the two tiers", "Silver", "en"),
    ],
)
def test_tiers_are_not_the_goods_that_stand(
    services: Services, shown: str, ask: str, told: str, language: str
) -> None:
    talk = Talk(services)
    talk.say("product_search", shown, language)
    said = talk.say("compare", ask, language)
    assert told in said.text
    assert said.products == []


def test_another_kind_is_not_compared_with_what_stands(services: Services) -> None:
    talk = Talk(services)
    talk.say("product_search", "show me stoves")
    found = talk.say("compare", "which tent is best for two people").products
    assert found
    assert {services.catalogue[product].category_id for product in found} == {"tents"}


def test_hours_are_told_once(services: Services) -> None:
    said = Talk(services).say("policy_question", "门店几点关门", "zh")
    assert said.text.count("10:00–20:00") == 1


def test_the_first_customer_does_not_wait_for_what_languages_are_told_by(
    services: Services,
) -> None:
    assert text._identifier._model is not None


def test_one_thing_named_by_two_of_its_names_is_counted_once(services: Services) -> None:
    ask = "2 Foamfold mats and 1 screw-on canister, how much with shipping?"
    told = Talk(services).say("price_question", ask, "en").text
    assert told.count("Canister") == 1
    assert "¥287" in told


@pytest.mark.parametrize(
    ("ask", "first", "language"),
    [
        ("could it be here by thursday", "Yes, it should be there by Thursday", "en"),
        ("周四之前能到吗", "11月26日（周四）前能送到", "zh"),
        ("will it be here by tomorrow", "No, it will not be there", "en"),
    ],
)
def test_whether_it_comes_in_time_is_said_first(
    services: Services, ask: str, first: str, language: str
) -> None:
    assert Talk(services).say("delivery_time", ask, language).text.startswith(first)
