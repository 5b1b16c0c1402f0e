"""Order numbers of any shape in what customers write, and what says and proves who they are."""

from __future__ import annotations

import pytest
import three_shops
from hypothesis import given
from hypothesis import strategies as st

from data.access import Claim
from data.rules import order_numbers, proofs

US, CN, GB = map(three_shops.load, (three_shops.US, three_shops.CN, three_shops.GB))


@pytest.mark.parametrize(
    "text",
    [
        "SP20417388",
        "sp20417388到哪了",
        "SP-2041 7388 progress",
        "SP#20417388",
        "查ＳＰ２０４１７３８８",
        "订单号20417388发货没",
        "order number 20417388?",
        "me@example.com SP20417388",
    ],
)
def test_numbers_of_the_shops_shape(text):
    assert order_numbers.find(CN, text) == ["SP20417388"]
    assert order_numbers.odd(CN, text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("042042", "042042"),
        (" 042 042. ", "042042"),
        ("０４２０４２", "042042"),
        ("my code is 042-042", "042042"),
        ("it's 042042!", "042042"),
        ("验证码：042042。", "042042"),
        ("验证码是042042", "042042"),
        ("04204", None),
        ("0420420", None),
        ("预算100000", None),
        ("tents under 100000", None),
        ("lin@example.com 310000", None),
        ("٠٤٢٠٤٢", None),
        ("the code", None),
        ("", None),
        ("code " * 1000 + "042042", None),
    ],
)
def test_what_is_a_one_time_code(text, code):
    assert proofs.code(text) == code


def test_several_numbers_in_their_order():
    assert order_numbers.find(CN, "SP20417388 and SP10000001") == ["SP20417388", "SP10000001"]


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("SP2041738", "SP2041738"),
        ("where is SP2041738812345", "SP2041738812345"),
        ("order 12345 please", "12345"),
        ("订单号 JD123456", "JD123456"),
        ("订单332611260071854056", "332611260071854056"),
        ("my order from 2026", None),
        ("the order of 2026-11-20", None),
        ("电话13800138000", None),
        ("PSP20417388", None),
        ("how do I order 2 tents", None),
    ],
)
def test_numbers_of_another_shape(text, odd):
    assert order_numbers.find(CN, text) == []
    assert order_numbers.odd(CN, text) == odd


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("332611260071854056", ["332611260071854056"]),
        ("我的订单332611260071854056到哪了", ["332611260071854056"]),
        ("#1001", ["1001"]),
        ("where is order #1001?", ["1001"]),
        ("order number is 100200300", ["100200300"]),
        ("W0000001 status", ["W0000001"]),
        ("where's ab-1234-x", ["AB-1234-X"]),
        ("call (210) 226-0137", []),
        ("my order from last month", []),
        ("ordered on 2026-11-20", []),
        ("5000mAh", []),
        ("1299元", []),
        ("$1299.00", []),
        ("order 3 months ago", []),
        ("ships in 2026", []),
        ("lin2024@example.com", []),
    ],
)
def test_a_shop_without_a_shape(text, numbers):
    assert order_numbers.find(US, text) == numbers
    assert order_numbers.odd(US, text) is None


def test_fits():
    assert order_numbers.fits(CN, "#sp 2041 7388")
    assert not order_numbers.fits(CN, "W0000001")
    assert order_numbers.fits(US, "W0000001")


@given(st.text(max_size=80))
def test_any_text(text):
    for rules in (US, CN):
        for number in order_numbers.find(rules, text):
            assert order_numbers.fits(rules, number)


@pytest.mark.parametrize(
    ("rules", "text", "claim"),
    [
        (CN, "Lin@Example.com 310000", Claim("lin@example.com", postcode="310000")),
        (CN, "邮箱Lin.Mei@Example.com邮编310012", Claim("lin.mei@example.com", postcode="310012")),
        (CN, "310012", Claim(postcode="310012")),
        (CN, "jürgen@example.com 310 000", Claim("jürgen@example.com", None, "310000")),
        (
            CN,
            "邮箱是o'neil@exämple.com，310012",
            Claim("o'neil@exämple.com", None, "310012"),
        ),
        (CN, "ＡＮＮ＠ｅｘａｍｐｌｅ．ｃｏｍ。", Claim("ann@example.com")),
        (CN, "13800138000", Claim()),
        (GB, "ann@example.com SW1A 1AA", Claim("ann@example.com", postcode="SW1A1AA")),
        (GB, "postcode is sw1a1aa", Claim(postcode="SW1A1AA")),
        (US, "(210) 226-0137 and #1001", Claim(phone="+12102260137", order_number="1001")),
        (US, "210-226-0137 W0000001", Claim(phone="+12102260137", order_number="W0000001")),
        (US, "ann@example.com", Claim("ann@example.com")),
        (US, "order 332611260071854056", Claim(order_number="332611260071854056")),
        (US, "", Claim()),
    ],
)
def test_claims(rules, text, claim):
    assert proofs.read(rules, text) == claim


def test_a_zip_is_no_order_number_where_both_prove():
    files = {
        **three_shops.US,
        "shop.yaml": three_shops.US["shop.yaml"].replace(
            "[phone, email, order_number]", "[email, postcode, order_number]"
        ),
    }
    both = three_shops.load(files)
    assert proofs.read(both, "a@b.com 78228") == Claim("a@b.com", postcode="78228")
    assert proofs.read(both, "a@b.com W0000001") == Claim("a@b.com", order_number="W0000001")


def test_what_is_missing():
    assert proofs.missing(US, Claim()) == (("phone", "email"), ("order_number",))
    assert proofs.missing(US, Claim(email="a@b.com")) == (("order_number",),)
    assert proofs.missing(CN, Claim(email="a@b.com", postcode="310000")) == ()


def test_examples_of_the_country():
    assert proofs.example(CN, "postcode") == "266033"
    assert proofs.example(GB, "postcode") == "EC1Y 8SY"
    assert proofs.example(US, "phone") == "(201) 555-0123"
