"""Entities that have a shape: their places and values in mixed text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rasa.components import patterns


def found(text: str) -> list[tuple[str, str, str]]:
    """(entity, value, the text at its place)."""
    return [(f.entity, f.value, text[f.start : f.end]) for f in patterns.find(text)]


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        ("SP20417388", "SP20417388", "SP20417388"),
        ("sp20417388到哪了", "SP20417388", "sp20417388"),
        ("SP-2041 7388 progress", "SP20417388", "SP-2041 7388"),
        ("查ＳＰ２０４１７３８８", "SP20417388", "ＳＰ２０４１７３８８"),
        ("订单号20417388发货没", "SP20417388", "20417388"),
        ("order number 20417388?", "SP20417388", "20417388"),
        # Slips, of which the answer says what is wrong.
        ("SP2041738", "SP2041738", "SP2041738"),
        ("SP12", "SP12", "SP12"),
        ("where is SP2041738812345", "SP2041738812345", "SP2041738812345"),
    ],
)
def test_order_numbers_in_the_spelling_of_the_database(text: str, value: str, written: str) -> None:
    assert found(text) == [("order_number", value, written)]


@pytest.mark.parametrize("text", ["PSP20417388", "电话13800138000", "2041738812345", "3000mm"])
def test_other_codes_are_no_order_numbers(text: str) -> None:
    assert all(entity != "order_number" for entity, _, _ in found(text))


def test_email_and_postcode_together() -> None:
    assert found("邮箱Lin.Mei@Example.com邮编310012") == [
        ("email", "lin.mei@example.com", "Lin.Mei@Example.com"),
        ("postcode", "310012", "310012"),
    ]


@pytest.mark.parametrize("text", ["310012", " 310012。", "zip 310012", "我的邮编是310012"])
def test_postcodes(text: str) -> None:
    assert found(text) == [("postcode", "310012", "310012")]


@pytest.mark.parametrize("text", ["310012元", "预算100000", "一共123456吗", "zip 3100123"])
def test_other_six_digits_are_no_postcode(text: str) -> None:
    assert all(entity != "postcode" for entity, _, _ in found(text))


@pytest.mark.parametrize(
    ("text", "entity", "value"),
    [
        ("500元以内的帐篷", "price", "500元"),
        ("一千块以下的羽绒服", "price", "一千块"),
        ("tents under 500", "price", "500"),
        ("¥1,299 的那款", "price", "¥1,299"),
        ("这双鞋42码还有吗", "size", "42码"),
        ("is XL available", "size", "XL"),
        ("boots in 42", "size", "42"),
        ("两个月前买的还能退吗", "date", "两个月前"),
        ("10月1日收到的", "date", "10月1日"),
        ("I bought it three weeks ago", "date", "three weeks ago"),
        ("上周三买的", "date", "上周三"),
    ],
)
def test_prices_sizes_and_dates_as_written(text: str, entity: str, value: str) -> None:
    assert (entity, value, value) in found(text)


@pytest.mark.parametrize("text", ["40升左右的背包", "under 2 kg", "睡袋零下10度能用吗", "你好"])
def test_other_measures_are_nothing(text: str) -> None:
    assert found(text) == []


@given(st.text(max_size=60))
def test_places_lie_in_the_text_and_do_not_overlap(text: str) -> None:
    end = 0
    for one in patterns.find(text):
        assert end <= one.start < one.end <= len(text)
        end = one.end
