"""Quantities of all roles, with their bounds, in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from bot.understanding import quantities
from bot.understanding.quantities import PriceRange, Units, read
from bot.understanding.quantities.grammar import UNDATED
from bot.understanding.quantities.tokens import MOST
from data.shop import Lexicon

NOW = datetime(2026, 11, 27, 10, 0)  # a Friday
TODAY = NOW.date()


@pytest.mark.parametrize(
    ("text", "bound", "value"),
    [
        ("帐篷不要超过1000元的", "at_most", 1000),
        ("睡袋别超过500", "at_most", 500),
        ("背包不能高于三百", "at_most", 300),
        ("不低于两百的", "at_least", 200),
        ("六百五十起", "at_least", 650),
        ("<1000的帐篷", "less_than", 1000),
        ("四百打住", "at_most", 400),
        ("两千不到", "less_than", 2000),
        ("show me tents, nothing over 500", "at_most", 500),
        ("jackets that don't cost more than 500", "at_most", 500),
        ("no tents over 1000 please", "at_most", 1000),
        ("not over 800 please", "at_most", 800),
        ("boots no less than 700", "at_least", 700),
        ("sleeping bags not exceeding 300", "at_most", 300),
        ("a tent <1000", "less_than", 1000),
        ("700 quid or more", "at_least", 700),
        ("thirty bucks tops", "at_most", 30),
        ("sixty-ish dollars", "about", 60),
        ("it is not cheap, over 500", "more_than", 500),
        ("有没有超过500的", "more_than", 500),
    ],
)
def test_comparisons_and_their_negations(text: str, bound: str, value: int) -> None:
    (said,) = read(text, NOW)
    assert (said.role, said.bound, said.value) == ("price", bound, value)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("sleeping bags for more than 300 but less than 900", 300, 900),
        ("睡袋三百以上五百以下", 300, 500),
        ("backpacks 0.5k to 1k", 500, 1000),
        ("四五百的背包", 400, 500),
        ("两三百的包", 200, 300),
        ("two to three hundred", 200, 300),
        ("between one and two hundred quid", 100, 200),
        ("700 to 900 quid", 700, 900),
        ("一千到一千二", 1000, 1200),
        ("1k以内的睡袋", None, 1000),
        ("jackets over 1k", 1000, None),
        ("jackets under 1 299", None, 1299),
        ("兩百五以內", None, 250),
    ],
)
def test_price_ranges_of_two_parts_and_short_forms(
    text: str, least: int | None, most: int | None
) -> None:
    assert quantities.price_range(text) == PriceRange(
        None if least is None else Decimal(least), None if most is None else Decimal(most)
    )


@pytest.mark.parametrize(
    "text",
    [
        "hiking boots size 41-42",
        "tents below 4 pounds",
        "power bank over 10000mAh",
        "less than 50 oz",
        "at least 2 pockets",
        "R值4以上的睡垫",
        "at least 130 wide",
        "order 204733 by 6pm",
    ],
)
def test_figures_of_other_things_are_no_prices(text: str) -> None:
    assert quantities.price_range(text) is None


@pytest.mark.parametrize(
    ("text", "role", "value", "unit"),
    [
        ("侄子八岁", "age", 8, "year"),
        ("my lad's 5", "age", 5, "year"),
        ("son (9)", "age", 9, "year"),
        ("我妈55", "age", 55, "year"),
        ("a 14 yr old niece", "age", 14, "year"),
        ("用了五天", "duration", 5, "day"),
        ("an order of 2 kettles", "count", 2, None),
        ("拿20只", "count", 20, None),
        ("一米九", "measure", Decimal("1.9"), "m"),
        ("6ft6", "measure", Decimal("6.5"), "ft"),
        ("零下三十度", "measure", -30, "°C"),
        ("a 32G card", "measure", 32, "GB"),
        ("29码", "size", "29", None),
        ("有XL吗", "size", "XL", None),
        ("44块9", "price", Decimal("44.9"), None),
        ("£1,690", "price", 1690, "GBP"),
    ],
)
def test_roles_and_units(text: str, role: str, value: object, unit: str | None) -> None:
    (said,) = read(text, NOW)
    assert (said.role, said.value, said.unit) == (role, value, unit)


@pytest.mark.parametrize(
    "text",
    ["iPhone 15", "潮5 Pro", "WB26112703", "K68", "order PW-318204", "12+256", "看一下", "5G网络"],
)
def test_numbers_of_names_are_no_quantities(text: str) -> None:
    assert all(said.role is None for said in read(text, NOW))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("delivered 3 weeks and 2 days ago", date(2026, 11, 4)),
        ("1 month and 10 days ago", date(2026, 10, 18)),
        ("a month and a half ago", date(2026, 10, 13)),
        ("上周三买的", date(2026, 11, 18)),
        ("上上周五收到的", date(2026, 11, 13)),
        ("Tuesday of last week", date(2026, 11, 17)),
        ("大前天", date(2026, 11, 24)),
        ("我三号收到的睡袋", date(2026, 11, 3)),
        ("上个月3号", date(2026, 10, 3)),
        ("双十一买的", date(2026, 11, 11)),
        ("I got it on Halloween", date(2026, 10, 31)),
        ("it came on the 20th", date(2026, 11, 20)),
        ("十几天前", None),
    ],
)
def test_past_days(text: str, value: date | None) -> None:
    assert quantities.past_day(text, TODAY) == value


@pytest.mark.parametrize(
    ("text", "day", "at"),
    [
        ("if I order next Friday at 10 am", date(2026, 12, 4), time(10)),
        ("大后天下单什么时候能到", date(2026, 11, 30), time(9)),
        ("if I order on December 24", date(2026, 12, 24), time(9)),
        ("晚上12点下单", date(2026, 11, 27), time(23, 59)),
        ("周末下单", date(2026, 11, 28), time(9)),
        ("on New Year's Day", date(2027, 1, 1), time(9)),
        ("春节发货吗", date(2027, 2, 6), time(9)),
        ("tonight at 8", date(2026, 11, 27), time(20)),
        ("明早8点下单", date(2026, 11, 28), time(8)),
        ("saturday week", date(2026, 12, 5), time(9)),
    ],
)
def test_days_to_come(text: str, day: date, at: time) -> None:
    assert quantities.moment(text, NOW) == datetime.combine(day, at)


UNITS = Units(
    {"g": frozenset({"weight"}), "ml": frozenset({"volume"}), "lm": frozenset({"brightness"})},
    Lexicon(),
)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("backpack smaller than 20 litres", None, 20_000),
        ("500 lumen headlamp or brighter", 500, None),
        ("一公斤半以内", None, 1500),
        ("under one and a half kg", None, 1500),
        ("别超过一斤", None, 500),
        ("0.75 l or more", 750, None),
    ],
)
def test_measures_with_bounds(text: str, least: int | None, most: int | None) -> None:
    (found,) = quantities.measures(text, UNITS)
    assert (found.least, found.most) == (least, most)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("a duvet for -12", -12),
        ("-15 的被子", -15),
        ("minus 8 gloves", -8),
        ("零下二十的手套", -20),
        ("负5能穿吗", -5),
    ],
)
def test_a_number_below_zero_is_a_temperature(text: str, degrees: int) -> None:
    assert [(said.value, said.unit) for said in read(text, NOW)] == [(Decimal(degrees), "°C")]


@pytest.mark.parametrize("text", ["the K-20 model", "pages 5-10", "- 2 chairs"])
def test_a_dash_is_no_minus(text: str) -> None:
    assert all(said.unit != "°C" for said in read(text, NOW))


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("chairs for four", 4),
        ("三个人用的", 3),
        ("we are five and need plates", 5),
        ("two chairs", None),
    ],
)
def test_how_many_people_there_are(text: str, people: int | None) -> None:
    said = quantities.people(text)
    assert (said and said.value) == people


def test_nothing_is_read_in_what_is_taken() -> None:
    text = "two Ridgeline 2 tents"
    at = text.index("Ridgeline")
    assert [said.value for said in read(text, NOW, [(at, at + len("Ridgeline 2"))])] == [2]


def test_places_are_those_of_the_text_as_it_was_written() -> None:
    text = "㎏ ｕｎｄｅｒ　２００元 please"
    (said,) = read(text, NOW)
    assert text[said.start : said.end] == "ｕｎｄｅｒ　２００元"


def test_a_text_without_end_is_cut() -> None:
    assert all(said.end <= MOST for said in read("5元 " * 5000, UNDATED))
    assert len(read("5元 " * 5000, UNDATED)) <= 100
    assert not read("x" * MOST + " 5元", UNDATED)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("could it be here by thursday", date(2026, 12, 3)),
        ("will it get there before Wednesday?", date(2026, 12, 1)),
        ("下周三之前能收到吗", date(2026, 12, 2)),
        ("if I order on friday", None),
        ("周五下单什么时候到", None),
    ],
)
def test_by_when_it_shall_come_is_not_when_it_is_ordered(text: str, last: date | None) -> None:
    now = datetime(2026, 11, 28, 10, tzinfo=UTC)
    assert quantities.due(text, now.date()) == last
    assert (quantities.moment(text, now) is None) is (last is not None)


@pytest.mark.parametrize(("text", "count"), [("订两打袜子", 24), ("全套下来3000打得住不", 1)])
def test_nobody_orders_hundreds_of_dozens(text: str, count: int) -> None:
    assert quantities.quantity(text) == count
