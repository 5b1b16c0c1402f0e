"""bot/understanding/quantities.py on sentences as shoppers type them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import DEMO, ROOT
from bot.understanding import quantities, superlatives
from bot.understanding.quantities import PriceRange, Units
from data.shop import Lexicon, ShopFolder

TODAY = date(2026, 11, 22)  # a Sunday
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("两百五以内", "250"),
        ("三千零五以上", "3005"),
        ("一百零五块", "105"),
        ("１，２９９元", "1299"),
        ("1.5万以下", "15000"),
        ("costs one hundred and five yuan", "105"),
        ("a hundred yuan", "100"),
        ("twenty-five percent", "25"),
        ("under five hundred", "500"),
        ("一千二以內", "1200"),
        ("兩萬毫安", "20000"),
        ("under 1 299", "1299"),
        ("over 1k", "1000"),
        ("half a kilo or less", "0.5"),
        ("一公斤半", "1.5"),
        ("fifteen hundred quid", "1500"),
        ("half a dozen candles", "6"),
    ],
)
def test_numbers_in_words(text: str, value: str) -> None:
    (said,) = quantities.read(text, TODAY)
    assert said.value == Decimal(value)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("500以内的帐篷", None, 500),
        ("五百块以下的登山鞋有吗", None, 500),
        ("预算 800", None, 800),
        ("不超过1000元的背包", None, 1000),
        ("a tent under 500", None, 500),
        ("under ¥1,200 please", None, 1200),
        ("budget of 300", None, 300),
        ("no more than two hundred yuan", None, 200),
        ("200到400的头灯", 200, 400),
        ("between 200 and 400", 200, 400),
        ("300左右的水壶", 240, 360),
        ("around 300 yuan", 240, 360),
        ("1000以上的", 1000, None),
        ("more than 600", 600, None),
    ],
)
def test_price_ranges(text: str, least: int | None, most: int | None) -> None:
    assert quantities.price_range(text) == PriceRange(
        None if least is None else Decimal(least), None if most is None else Decimal(most)
    )


@pytest.mark.parametrize(
    "text",
    [
        "under 2 kg",
        "a tent for 2 people",
        "3天以内能到吗",
        "30升以下的背包",
        "more than 3 days",
        "适合两个人的帐篷",
    ],
)
def test_what_is_no_price(text: str) -> None:
    assert quantities.price_range(text) is None


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("is 60 enough for free delivery?", [60]),
        ("买了80块包邮吗", [80]),
        ("满99包邮，我买98.5呢", [99, Decimal("98.5")]),
        ("my order is ¥98.99", [Decimal("98.99")]),
        ("订单一百二十元要运费吗", [120]),
        ("3天能到吗", []),
        ("order SP20417388 is 60 yuan", [60]),
        ("I am 35 years old", []),
        ("下午3点下单", []),
    ],
)
def test_amounts(text: str, sums: list[Decimal]) -> None:
    assert quantities.amounts(text) == sums


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("两个月前买的还能退吗", date(2026, 9, 23)),
        ("bought it two months ago", date(2026, 9, 23)),
        ("10天前收到的", date(2026, 11, 12)),
        ("I received it ten days ago", date(2026, 11, 12)),
        ("昨天到的", date(2026, 11, 21)),
        ("上周买的", date(2026, 11, 15)),
        ("last month", date(2026, 10, 23)),
        ("10月3号买的", date(2026, 10, 3)),
        ("bought on 3 May", date(2026, 5, 3)),
        ("on December 24th", date(2025, 12, 24)),
        ("2025-12-01买的", date(2025, 12, 1)),
        ("一个半月前", date(2026, 10, 8)),
        ("买了三个星期了", date(2026, 11, 1)),
        ("半年前买的", date(2026, 5, 24)),
    ],
)
def test_past_days(text: str, day: date) -> None:
    assert quantities.past_day(text, TODAY) == day


@pytest.mark.parametrize(
    "text", ["能退吗", "can I return the tent", "Ridgeline 2", "13月40号", "看一下"]
)
def test_no_past_day(text: str) -> None:
    assert quantities.past_day(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("if I order at three, when does it come?", time(15)),
        ("下午三点下单几天到", time(15)),
        ("三点半下单", time(15, 30)),
        ("order at 15:45", time(15, 45)),
        ("at 4:30 pm", time(16, 30)),
        ("早上9点下单", time(9)),
        ("晚上八点下单", time(20)),
        ("half past three", time(15, 30)),
        ("by noon", time(12)),
        ("中午下单", time(12)),
        ("凌晨一点", time(1)),
        ("at 9am tomorrow", time(9)),
        ("12点前下单", time(12)),
    ],
)
def test_clock(text: str, at: time) -> None:
    assert quantities.clock(text) == at


@pytest.mark.parametrize(
    "text", ["几天能到", "how long does it take", "2 days", "有点贵", "Ridgeline 2"]
)
def test_no_clock(text: str) -> None:
    assert quantities.clock(text) is None


def test_moments() -> None:
    assert quantities.moment("如果周一下午四点下单", NOW) == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert quantities.moment("if I order tomorrow", NOW) == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert quantities.moment("现在下单什么时候到", NOW) == NOW
    assert quantities.moment("at three", NOW) == datetime(2026, 11, 22, 15, tzinfo=UTC)
    assert quantities.moment("快递几天到", NOW) is None


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("42码有货吗", "42"),
        ("do you have it in size 42?", "42"),
        ("in a 42", "42"),
        ("有XL码吗", "XL"),
        ("有没有L号", "L"),
        ("is it in stock in medium", "M"),
        ("四十二码", "42"),
        ("2XL有吗", "XXL"),
        ("大码的还有吗", "L"),
        ("is it waterproof", None),
        ("I'm looking for a tent", None),
    ],
)
def test_sizes(text: str, size: str | None) -> None:
    assert quantities.size(text) == size


@pytest.mark.parametrize(
    ("text", "keys", "most"),
    [
        ("最轻的帐篷", ("weight",), False),
        ("the lightest tent", ("weight",), False),
        ("便宜的头灯有吗", ("price",), False),
        ("cheap headlamps", ("price",), False),
        ("最亮的头灯", ("brightness",), True),
        ("便宜一点的", None, None),
        ("有没有更便宜的", None, None),
        ("something cheaper", None, None),
    ],
)
def test_superlatives(text: str, keys: tuple[str, ...] | None, most: bool | None) -> None:
    found = superlatives.superlative(text, LEXICON)
    assert (found and found.keys, found and found.most) == (keys, most)


def test_quantities() -> None:
    text = "两顶岭线帐篷和三个头灯"
    assert quantities.quantity_before(text, text.index("岭线")) == 2
    assert quantities.quantity_before(text, text.index("头灯")) == 3
    text = "two Ridgeline tents and 3 pairs of socks"
    assert quantities.quantity_before(text, text.index("Ridgeline")) == 2
    assert quantities.quantity_before(text, text.index("socks")) == 3


LEXICON = ShopFolder.open(ROOT / DEMO).lexicon
UNITS = Units(
    {
        "people": frozenset({"capacity"}),
        "g": frozenset({"weight", "fill"}),
        "kg": frozenset({"load"}),
        "L": frozenset({"volume"}),
        "lm": frozenset({"brightness"}),
        "°C": frozenset({"comfort", "temperature"}),
    },
    LEXICON,
)


@pytest.mark.parametrize(
    ("text", "unit", "key", "middle"),
    [
        ("16GB 内存的笔记本", "GB", None, 16),
        ("a 1 TB drive", "GB", None, 1024),
        ("65寸电视", "inch", "screen", 65),
        ("5000毫安的充电宝", "mAh", None, 5000),
        ("a 65W charger", "W", None, 65),
        ("1.5 litre kettle", "ml", None, 1500),
    ],
)
def test_figures_in_the_units_of_another_shop(
    text: str, unit: str, key: str | None, middle: int
) -> None:
    units = {unit: frozenset({"a", "screen"}) for unit in ("GB", "inch", "mAh", "W", "ml")}
    lexicon = Lexicon.model_validate({"attributes": {"screen": {"means": unit == "inch"}}})
    (found,) = quantities.measures(text, Units(units, lexicon))
    assert (found.unit, found.key) == (unit, key)
    assert found.least == middle * Decimal("0.75")


def test_figures_in_a_unit_that_no_product_has() -> None:
    assert not quantities.measures("under 2 kg for 2 people", Units({}, LEXICON))


def test_degrees_of_what_is_not_to_keep_warm() -> None:
    assert not quantities.measures("wash it at 30 degrees", UNITS)


@pytest.mark.parametrize(
    ("text", "unit", "least", "most"),
    [
        ("双人帐篷", "people", 2, 3),
        ("a tent for 4 people", "people", 4, 6),
        ("a two-person tent", "people", 2, 3),
        ("2公斤以内的帐篷", "g", None, 2000),
        ("a tent under 2 kg", "g", None, 2000),
        ("2kg以内的帐篷", "g", None, 2000),
        ("30L的背包", "L", 22.5, 37.5),
        ("一家三口住的帐篷", "people", 3, 4),
        ("哪个适合一家三口", "people", 3, 4),
        ("40升的背包", "L", 30, 50),
        ("at least 300 lumens", "lm", 300, None),
        ("零下10度的睡袋", "°C", None, -10),
        ("a sleeping bag for minus 5", "°C", None, -5),
        ("sleeping bag for 10 degrees", "°C", None, 10),
    ],
)
def test_measures(text: str, unit: str, least: int | None, most: int | None) -> None:
    (found,) = quantities.measures(text, UNITS)
    assert (found.unit, found.least, found.most) == (
        unit,
        None if least is None else Decimal(least),
        None if most is None else Decimal(most),
    )


@given(st.text(max_size=60))
def test_any_text_is_read_without_error(text: str) -> None:
    quantities.price_range(text)
    quantities.amounts(text)
    quantities.past_day(text, TODAY)
    quantities.moment(text, NOW)
    quantities.size(text)
    quantities.measures(text, UNITS)
    quantities.quantity_before(text, len(text))
