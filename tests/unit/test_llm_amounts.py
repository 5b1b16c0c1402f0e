"""Figures of both languages in one normal form."""

from decimal import Decimal

import pytest

from llm.amounts import amounts


def read(text: str) -> list[tuple[str, Decimal]]:
    return [(amount.unit, amount.value) for amount in amounts(text)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("满 1,299 元", "¥1299.00"),
        ("一千二百九十九元", "1299 yuan"),
        ("保修两年", "a warranty of 24 months"),
        ("三十天内", "within ３０ 天"),
        ("1.85 公斤", "1850 g"),
        ("下午四点前", "before 16:00"),
        ("下午四点", "4 pm"),
        ("打九折", "10% off"),
        ("85 折", "15 %"),
        ("百分之五", "5 percent"),
        ("半年", "six months"),
        ("半小时", "30 minutes"),
        ("三个工作日", "3 working days"),
        ("1 米 95", "195 cm"),
        ("零下 5 度", "-5 °C"),
        ("11月3日", "November 3"),
        ("2026-11-03", "3 November 2026"),
        ("周日", "Sunday"),
        ("十分钟", "ten minutes"),
        ("XL 码", "size XL"),
    ],
)
def test_one_amount_however_it_is_written(first: str, second: str) -> None:
    assert read(first)
    assert read(first) == read(second)


@pytest.mark.parametrize(
    "text",
    [
        "第一次下单",
        "一定",
        "一样",
        "十分满意",
        "万一",
        "one of them",
        "the 2nd parcel",
        "统一",
        "一点",
    ],
)
def test_figures_of_speech_are_no_amounts(text: str) -> None:
    assert amounts(text) == []


def test_an_amount_before_a_list_or_range_takes_its_unit() -> None:
    assert read("3、6 或 12 期") == [("instalment", Decimal(n)) for n in (3, 6, 12)]
    assert read("1–5 天") == [("day", Decimal(1)), ("day", Decimal(5))]
    assert [amount.in_range for amount in amounts("1 to 5 days or 9 days")] == [True, True, False]


def test_days_are_not_working_days_and_months_not_dates() -> None:
    assert read("3 天") != read("3 个工作日")
    assert read("6 个月") == [("month", Decimal(6))]
    assert read("6 月 1 日") == [("date", Decimal(601))]


def test_places_point_at_the_text() -> None:
    text = "退货期 30 天，运费 ¥10"
    assert [text[amount.start : amount.end] for amount in amounts(text)] == ["30 天", "¥10"]
