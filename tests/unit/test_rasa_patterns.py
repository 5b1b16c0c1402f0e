"""Entities that have a shape: their places and values in mixed text, in any shop and country."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rasa.components import patterns
from data.normalise import EMAIL_IN_TEXT


def found(text: str) -> list[tuple[str, str, str]]:
    """(entity, value, the text at its place)."""
    return [(f.entity, f.value, text[f.start : f.end]) for f in patterns.find(text)]


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        ("SP20417388", "SP20417388", "SP20417388"),
        ("sp20417388到哪了", "SP20417388", "sp20417388"),
        ("查ＳＰ２０４１７３８８", "SP20417388", "ＳＰ２０４１７３８８"),
        ("订单号20417388发货没", "20417388", "20417388"),
        ("order number 20417388?", "20417388", "20417388"),
        ("where is #1001", "1001", "1001"),
        ("order 12345 please", "12345", "12345"),
        ("W0000001 status", "W0000001", "W0000001"),
        ("332611260071854056到哪了", "332611260071854056", "332611260071854056"),
        ("ORD-77120", "ORD-77120", "ORD-77120"),
        ("track B-10293", "B-10293", "B-10293"),
    ],
)
def test_order_numbers(text: str, value: str, written: str) -> None:
    assert found(text) == [("order_number", value, written)]


@pytest.mark.parametrize(
    "text",
    ["WH-1000XM5", "3000mm", "5000mAh", "预算100000", "2026-11-20", "iPhone 15", "order 2", "你好"],
)
def test_other_codes_and_figures_are_nothing(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("电话13800138000", "13800138000"),
        ("my phone number is 210 226 0137", "210 226 0137"),
        ("(210) 226-0137", "(210) 226-0137"),
        ("call +44 20 7946 0018", "+44 20 7946 0018"),
        ("400-555-0137打不通", "400-555-0137"),
    ],
)
def test_phone_numbers(text: str, number: str) -> None:
    assert found(text) == [("phone", number, number)]


def test_email_and_postcode_together() -> None:
    assert found("邮箱Lin.Mei@Example.com邮编310012") == [
        ("email", "lin.mei@example.com", "Lin.Mei@Example.com"),
        ("postcode", "310012", "310012"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("310012", "310012"),
        (" 310012。", "310012"),
        ("zip 78228-1234", "78228-1234"),
        ("我的邮编是310012", "310012"),
        ("SW1A 1AA", "SW1A 1AA"),
        ("postcode k1a 0b1", "K1A 0B1"),
    ],
)
def test_postcodes(text: str, code: str) -> None:
    assert [(entity, value) for entity, value, _ in found(text)] == [("postcode", code)]


@pytest.mark.parametrize("text", ["310012元", "预算100000", "一共123456吗", "tents under 1000"])
def test_other_digits_are_no_postcode(text: str) -> None:
    assert found(text) == []


@given(st.text(max_size=60))
def test_places_lie_in_the_text_and_do_not_overlap(text: str) -> None:
    end = 0
    for one in patterns.find(text):
        assert end <= one.start < one.end <= len(text)
        end = one.end


@pytest.mark.parametrize(
    "text",
    [
        "jürgen@example.com 310000",
        "我的邮箱是o'neil@exämple.com，邮编310012",
        "a.b+c@mail.example.co.uk!",
        "no address @ all",
        "a@b",
    ],
)
def test_addresses_are_those_that_the_actions_read(text: str) -> None:
    seen = [found.value for found in patterns.find(text) if found.entity == "email"]
    assert seen == [match[0].lower() for match in EMAIL_IN_TEXT.finditer(text)]
