"""Places as customers write them, for shops of three countries."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.places import Place, Places

CN = Places("CN", [("西藏", "Tibet"), ("内蒙古", "Inner Mongolia")])
US = Places("US")
GB = Places("GB")


def region(places: Places, text: str) -> str | None:
    """The local name of the region that a text names."""
    place = places.find(text)
    return places.name(place, "zh" if places is CN else "en") if place and place.region else None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("浙江", "浙江"),
        ("寄到新疆要多久", "新疆"),
        ("广西壮族自治区", "广西"),
        ("Guangxi", "广西"),
        ("Inner Mongolia", "内蒙古"),
        ("inner-mongolia", "内蒙古"),
        ("shipping to Tibet", "西藏"),
        ("ship to Xi'an please", "陕西"),
        ("ship to Xian please", "陕西"),
        ("陕西", "陕西"),
        ("Shanxi", "山西"),
        ("Shaanxi", "陕西"),
        ("寄到成都", "四川"),
        ("成都几天能到", "四川"),
        ("how long to Ürümqi?", "新疆"),
        ("上海市南京路", "上海"),
        ("青海省海南藏族自治州", "青海"),
        ("北京朝阳区", "北京"),
        ("从广东寄到浙江", "浙江"),
        ("德国的锅寄到浙江要几天", "浙江"),
        ("Hong Kong", "香港"),
        # Names that are words or parts of words here.
        ("Dali prints", None),
        ("这个白银手镯有货吗", None),
        ("Xian restaurant in Boston", None),
        ("a utility knife", None),
        ("", None),
        ("x" * 100_000, None),
    ],
)
def test_regions_of_china(text: str, name: str | None) -> None:
    assert region(CN, text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ship to Texas", "Texas"),
        ("do you deliver to texas?", "Texas"),
        ("Austin, TX 78228", "Texas"),
        ("to TX?", "Texas"),
        ("78228", "Texas"),
        ("my zip is 78228-1234", "Texas"),
        ("Georgia", "Georgia"),
        ("delivery to New Mexico", "New Mexico"),
        ("delivery to West Virginia", "West Virginia"),
        ("寄到 California", "California"),
        ("OK, is it in stock?", None),
        ("is that OK", None),
        ("ship it to me", None),
        ("order 12345", None),
        ("under 78228 dollars", None),
    ],
)
def test_states(text: str, name: str | None) -> None:
    assert region(US, text) == name


@pytest.mark.parametrize(
    ("places", "text", "country"),
    [
        (CN, "加拿大", "CA"),
        (CN, "Do you ship to Canada?", "CA"),
        (CN, "the USA", "US"),
        (CN, "ship to usa", "US"),
        (CN, "寄到日本", "JP"),
        (CN, "从浙江寄到加拿大", "CA"),
        (CN, "寄到北海道", "JP"),
        (US, "deliver to the UK", "GB"),
        (US, "UK delivery?", "GB"),
        (US, "London", "GB"),
        (US, "寄到伦敦", "GB"),
        (US, "Vancouver, Canada", "CA"),
        (US, "香港", "HK"),
        (US, "ship to turkey", "TR"),
        (GB, "Dublin?", "IE"),
        (GB, "London", "GB"),
        (GB, "ship to Georgia", "GE"),
    ],
)
def test_countries(places: Places, text: str, country: str) -> None:
    place = places.find(text)
    assert place is not None
    assert place.country == country


@pytest.mark.parametrize(
    "text",
    ["Mexican food", "is it a china cup", "Turkey platter", "UK 8 boots", "ship it to us", "us"],
)
def test_words_that_only_look_like_countries(text: str) -> None:
    assert US.find(text) is None


@pytest.mark.parametrize("text", ["do you ship abroad?", "能寄国外吗", "international orders"])
def test_abroad(text: str) -> None:
    assert CN.find(text) == Place(None)


@pytest.mark.parametrize(
    ("places", "text", "code"),
    [
        (GB, "SW1A 1AA", "SW1A1AA"),
        (GB, "i live at iv2 3ab, how long", "IV23AB"),
        (CN, "邮编310012", "310012"),
        (CN, "寄到310012", "310012"),
        (CN, "一共310012元", None),
        (US, "ship to 78228", "78228"),
        (US, "I ordered 12345 pieces", None),
        (Places("HK"), "999077", None),  # it has no postcodes
    ],
)
def test_postcodes(places: Places, text: str, code: str | None) -> None:
    assert places.postcode(text) == code


def test_names_and_codes_of_rules() -> None:
    for name in ("浙江", "浙江省", "Zhejiang", "CN-33"):
        assert CN.called(name) == Place("CN", "CN/浙江省")
    assert CN.called("US-TX") == Place("US", "US/TX")
    assert US.called("CA") == Place("US", "US/CA")
    assert CN.called("CA") == CN.called("Canada") == Place("CA")
    assert CN.called("Bayern") is None


def test_addresses() -> None:
    assert CN.of_address("CN", "广东省", "深圳市", "518000") == Place("CN", "CN/广东省", "518000")
    assert CN.of_address("CN", "", "成都市").region == "CN/四川省"
    assert US.of_address("US", "", "", "78228").region == "US/TX"
    assert US.of_address("CA", "Ontario", "Toronto", "K1A 0B1") == Place("CA", "CA/ON", "K1A0B1")


def test_names_in_the_language_of_the_conversation() -> None:
    zhejiang = Place("CN", "CN/浙江省")
    assert (CN.name(zhejiang, "zh"), CN.name(zhejiang, "en")) == ("浙江", "Zhejiang")
    assert CN.name(Place("CN", "CN/西藏自治区"), "en") == "Tibet"
    assert (US.name(Place("CA"), "zh"), US.name(Place("CA"), "en")) == ("加拿大", "Canada")
    assert US.name(Place("US", "US/TX"), "zh") == "Texas"


def test_regions_that_are_countries_too() -> None:
    assert US.twin("US/PR") == "PR"
    assert US.twin("US/GA") is None  # Georgia is not Georgia
    assert CN.twin("CN/香港") == "HK"


def test_quick_enough_for_every_message() -> None:
    started = time.perf_counter()
    for _ in range(100):
        CN.find("请问下单以后寄到四川成都一般要多久，周末送吗 please tell me")
    assert time.perf_counter() - started < 0.5  # 5 ms each on a busy machine; else 0.1


@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    for places in (CN, US, GB):
        place = places.find(text)
        assert place is None or isinstance(places.name(place, "en"), str)
