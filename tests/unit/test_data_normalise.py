"""One spelling for e-mail addresses, postcodes and order numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import normalise


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Lin.Yue@Example.COM", "lin.yue@example.com"),
        ("  lin＠example．com ", "lin@example.com"),
        ("a@b", None),
        ("a@b@c.com", None),
        ("a b@c.com", None),
        ("a\x00@c.com", None),
        ("", None),
        ("x" * 250 + "@c.com", None),
        ("x" * 100_000 + "@c.com", None),
    ],
)
def test_email(text, plain):
    assert normalise.email(text) == plain


def test_letters_that_look_alike_stay_different():
    assert normalise.email("lіn@example.com") != normalise.email("lin@example.com")  # Cyrillic і
    assert normalise.order_number("ЅР20417388") is None  # Cyrillic Ѕ and Р


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("310000", "310000"),
        ("３１００００", "310000"),
        (" sw1a 1aa ", "SW1A1AA"),
        ("12", None),
        ("", None),
        ("0-0", None),
    ],
)
def test_postcode(text, plain):
    assert normalise.postcode(text) == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("sp20417388", "SP20417388"),
        ("#SP20417388", "SP20417388"),
        ("SP 2041 7388", "SP20417388"),
        ("ＳＰ２０４１７３８８", "SP20417388"),
        ("SP20417388'", None),
        ("SP", None),
        ("S" * 21, None),
        ("", None),
    ],
)
def test_order_number(text, plain):
    assert normalise.order_number(text) == plain


@given(st.text())
def test_twice_is_the_same_as_once(text):
    for spell in (normalise.email, normalise.postcode, normalise.order_number):
        plain = spell(text)
        assert plain is None or spell(plain) == plain
