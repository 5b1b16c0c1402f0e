"""Who asks for a coupon is told of their own, in both languages; nobody of another's, and none is
used by the assistant. The intent is what the reading gives such questions today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from talking import NOW, Talk, demo_services

from bot.dialogue.services import Services
from data import consent
from data.campaigns.plan import Plan
from data.campaigns.tables import Coupon, CouponState, Step
from data.models import ProfileCorrection

WHO, OTHER = "lin.yue@example.com", "emma.clarke@example.com"
PLAN: dict[str, Any] = {
    "name": "back",
    "channel": "chat",
    "audience": {"all": [{"orders": {"from": 1}}]},
    "message": {
        "zh": {"subject": "券", "text": "{name}，送您一张券：{coupon}，满 {least} 可用。"},
        "en": {"subject": "Yours", "text": "{name}, this is yours: {coupon}, from {least} on."},
    },
    "coupon": {"percent": 10, "most": "50.00", "least": "199.00", "days": 14},
    "budget": "500.00",
    "holdout": 0,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("coupons"))


@pytest.fixture
def services(shop: Services) -> Iterator[Services]:
    """With one campaign, in which `WHO` is; gone afterwards."""
    found = shop
    with found.unit_of_work() as uow:
        plan = Plan.of(PLAN, "a plan")
        uow.campaigns.add(plan, "CNY", NOW)
        campaign = uow.campaigns.get("back")
        owner = uow.customers.by_email(WHO)
        assert owner is not None
        why = [{"field": "days_since_order", "was": 70.4}]
        uow.campaigns.begin(campaign, [(owner.id, why)], NOW)
        assert plan.coupon is not None
        uow.campaigns.issue(campaign, plan.coupon, owner.id, NOW)
        [member] = uow.campaigns.members(campaign)
        uow.campaigns.settle(member.id, Step.SENT)
        uow.commit()
    yield found
    with found.unit_of_work() as uow:
        uow.campaigns.remove(uow.campaigns.get("back"))
        uow.session.query(ProfileCorrection).delete()
        uow.commit()


def code(services: Services) -> str:
    with services.unit_of_work() as uow:
        return str(uow.session.query(Coupon).one().code)


@pytest.mark.parametrize(
    ("intent", "text", "language", "told"),
    [
        ("policy_question", "我有优惠券吗", "zh", "满 ¥199 优惠 10%，最多减 ¥50，12月6日"),
        ("policy_question", "do I have a coupon?", "en", "10% (at most ¥50) off orders from ¥199"),
        ("policy_question", "我那张优惠券什么时候过期", "zh", "12月6日"),
        ("policy_question", "when does my coupon expire", "en", "6 December"),
        ("membership", "我有没有券", "zh", "1 张优惠券"),
        ("policy_question", "any vouchers for me?", "en", "1 coupon of your own"),
    ],
)
def test_the_customer_is_told_of_their_coupon(
    services: Services, intent: str, text: str, language: str, told: str
) -> None:
    said = Talk(services, WHO).say(intent, text, language).text
    assert code(services) in said
    assert told in said
    with services.unit_of_work() as uow:
        coupon = uow.session.query(Coupon).one()
        assert coupon.state == CouponState.OPEN.value
        assert uow.campaigns.get("back").reserved == Decimal("50.00")
        [(member, _)] = uow.campaigns.of_customer(coupon.customer_id)
        assert member.opened_at is not None


@pytest.mark.parametrize(("text", "language"), [("我有优惠券吗", "zh"), ("any coupons?", "en")])
def test_nobody_else_is(services: Services, text: str, language: str) -> None:
    for who in (None, OTHER):
        said = Talk(services, who).say("policy_question", text, language).text
        assert code(services) not in said


@pytest.mark.parametrize(
    ("text", "language"), [("优惠券能叠加吗", "zh"), ("how do I use a coupon", "en")]
)
def test_how_coupons_work_is_the_pages_matter(services: Services, text: str, language: str) -> None:
    said = Talk(services, WHO).say("policy_question", text, language)
    assert code(services) not in said.text
    assert said.messages[0]["citations"]


@pytest.mark.parametrize(
    ("text", "language"), [("能打个折吗", "zh"), ("can I get a discount", "en")]
)
def test_whoever_haggles_is_reminded_of_it(services: Services, text: str, language: str) -> None:
    assert code(services) in Talk(services, WHO).say("price_question", text, language).text


@pytest.mark.parametrize(
    ("text", "language", "why", "no"),
    [
        ("你好", "zh", "因为您上次下单是 70 天前", "别用我的购买记录"),
        ("hello", "en", "because your last order was 70 days ago", "don't use my history"),
    ],
)
def test_an_offer_of_the_chat_is_told_once_with_why(
    services: Services, text: str, language: str, why: str, no: str
) -> None:
    talk = Talk(services, WHO)
    said = talk.say("greet", text, language).text
    assert code(services) in said
    assert why in said
    assert no in said
    assert code(services) not in talk.say("greet", text, language).text


def test_none_is_told_who_wants_none(services: Services) -> None:
    with services.unit_of_work() as uow:
        owner = uow.customers.by_email(WHO)
        assert owner is not None
        consent.say_campaigns(uow, owner, wanted=False, at=NOW)
        uow.commit()
    assert code(services) not in Talk(services, WHO).say("greet", "你好", "zh").text


def test_a_coupon_that_has_ended_is_none(services: Services) -> None:
    with services.unit_of_work() as uow:
        uow.session.query(Coupon).one().expires_at = NOW - timedelta(days=1)
        uow.commit()
    said = Talk(services, WHO).say("policy_question", "我有优惠券吗", "zh").text
    assert code(services) not in said
