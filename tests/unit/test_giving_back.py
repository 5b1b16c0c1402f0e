"""What a message that speaks of goods given back wants, of a payment that brought nothing, and of
goods in a state that no sound ones are in."""

from __future__ import annotations

import pytest

from bot.understanding import conditions, giving_back, payments
from bot.understanding.reading import Request


def request(text: str) -> Request:
    return Request("problem", 1.0, "", 0, len(text), text)


@pytest.mark.parametrize(
    "text",
    [
        "我想退货", "退款", "亲，要换货", "想退个东西 买错了", "麻烦帮我退掉",
        "I want to return an item", "we'd like to send something back please", "hey, need a refund",
        "exchange please",
    ],
)  # fmt: skip
def test_a_mere_wish(text: str) -> None:
    assert giving_back.only_wishes(text)


@pytest.mark.parametrize(
    "text",
    [
        "想退货怎么弄", "退货要多久", "能换货吗", "我想退那条裤子", "想问下退货邮费",
        "can I return an item", "I want to return the guitar", "return label",
        "your return policy is odd",
        "I want to exchange, who pays?",
    ],
)  # fmt: skip
def test_more_than_a_wish(text: str) -> None:
    assert not giving_back.only_wishes(text)


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("posted the amp back two weeks ago, not a cent of my money", True),
        ("my refund hasn't arrived", True),
        ("that refund is still not appearing on my card", True),
        ("where's the refund for the strings I returned", True),
        ("琴上周就退回去了 钱呢", True),
        ("你们一直没给我退款", True),
        ("can I have my money back", False),
        ("no receipt, can I still get a refund", False),
        ("没拆封能退款吗", False),
        ("退款退到哪张卡", False),
    ],
)
def test_money_that_is_awaited(text: str, waits: bool) -> None:
    assert giving_back.awaits_money(text) is waits


@pytest.mark.parametrize(
    ("text", "vain"),
    [
        ("I was charged but no order shows up", True),
        ("payment keeps failing", True),
        ("扣款了没生成订单", True),
        ("支付不成功", True),
        ("paid for it on Monday, where is it", False),
        ("can I pay by card", False),
        ("付款了什么时候发货", False),
        ("还没付款 能取消订单吗", False),
    ],
)
def test_a_payment_in_vain(text: str, vain: bool) -> None:
    assert payments.in_vain(text) is vain


@pytest.mark.parametrize(
    ("text", "faulty", "came"),
    [
        ("the case arrived with a dented corner", True, True),
        ("one string was snapped", True, False),
        ("it has a small crack near the neck", True, False),
        ("收到的琴头裂了", True, True),
        ("弦钮卡住了", True, False),
        ("the amp is dead", True, False),
        ("is the finish matte", False, False),
        ("my parcel is stuck at the depot", False, False),
        ("does it bend easily", False, False),
        ("收到货了 很喜欢", False, False),
        ("什么时候能收到", False, False),
    ],
)
def test_a_state_that_sound_goods_are_not_in(text: str, faulty: bool, came: bool) -> None:
    assert conditions.faulty(request(text)) is faulty
    assert conditions.came_damaged(request(text)) is came
