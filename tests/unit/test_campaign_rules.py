"""What needs no database: plans, audiences, arms, likeness, and what is sure of an effect."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pytest

from data.campaigns.audience import choose
from data.campaigns.evidence import UNEVEN, effect, uneven
from data.campaigns.plan import Audience, Offer, Plan, Policy, check, is_quiet, next_loud
from data.campaigns.profiles import Profile, _fifths, bought_so_far
from data.campaigns.store import arm_of, worth
from data.campaigns.tables import Arm
from data.campaigns.uplift import learn, qini
from data.errors import CampaignRefused
from data.repositories import Sale
from retrieval.recommend.lookalikes import like_buyers_of
from tests.benchmarks.campaigns import simulate

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TEXT = {"zh": {"subject": "券", "text": "{coupon}"}, "en": {"subject": "Hi", "text": "{coupon}"}}
PLAN: dict[str, Any] = {
    "name": "back",
    "channel": "email",
    "audience": {"all": [{"orders": {"from": 1}}]},
    "message": TEXT,
    "coupon": {"amount": "20.00", "least": "50.00", "days": 14},
    "budget": "100.00",
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"audience": {"all": [{"gender": "f"}]}}, "gender is nothing that an audience may be"),
        ({"audience": {"all": [{"language": "zh"}]}}, "language is nothing that an audience may"),
        ({"audience": {"all": [{"city": "杭州"}]}}, "city is nothing that an audience may be"),
        ({"audience": {"all": []}}, "say whom it is for"),
        ({"audience": {"all": [{"orders": {}}]}}, "say from, to, or both"),
        ({"audience": {"all": [{"orders": {"from": 2, "to": 1}}]}}, "must not be above"),
        ({"budget": "0"}, "a budget of 0 pays for no coupon"),
        ({"budget": 0}, "a budget of 0 pays for no coupon"),
        ({"budget": "19.99"}, "pays for no coupon, which can cost 20.00"),
        ({"budget": None}, "a coupon needs a budget"),
        ({"coupon": {"percent": 10, "days": 3}}, "percent needs most"),
        ({"coupon": {"amount": "20.00", "days": 3}}, "goods would be free"),
        ({"coupon": None, "budget": None}, "names {coupon}, but there is no coupon"),
        ({"message": {"en": {"subject": "Hi", "text": "Come"}}}, "does not name the {coupon}"),
        ({"message": {"en": {"subject": "Hi", "text": "{coupon.__class__}"}}}, "is no fact"),
        ({"message": {"en": {"subject": "Hi\nBcc: x", "text": "{coupon}"}}}, "one line"),
        ({"holdout": 1}, "holdout"),
        ({"name": "../x"}, "name"),
        ({"colour": "red"}, "colour is nothing that can stand there"),
    ],
)
def test_a_wrong_plan_is_a_sentence(change: dict[str, Any], said: str) -> None:
    with pytest.raises(CampaignRefused) as refused:
        Plan.of(PLAN | change, "back.yaml")
    assert said in str(refused.value)
    assert "back.yaml is no campaign; nothing was stored." in str(refused.value)


def test_a_stored_plan_is_the_same_plan() -> None:
    plan = Plan.of(PLAN | {"quiet": ["22:00", "08:30"], "holdout": 0.25}, "a")
    assert Plan.of(plan.plain(), "b") == plan
    assert plan.held() == 250


def test_sensitive_kinds_are_nobody_s_to_ask_for_nor_their_buyers() -> None:
    policy = Policy(sensitive_kinds=frozenset({"tests"}))
    shop: dict[str, Any] = {
        "kinds": frozenset({"tests", "tents"}),
        "products": {"kit": "tests", "dome": "tents"},
        "tiers": frozenset(),
    }
    for rule in ({"bought": "tests"}, {"interested_in": "tests"}, {"like_buyers_of": "kit"}):
        plan = Plan.of(PLAN | {"audience": {"all": [rule]}}, "a")
        with pytest.raises(CampaignRefused, match="tells of what nobody may be chosen by"):
            check(plan, policy, **shop)
    check(Plan.of(PLAN | {"audience": {"all": [{"bought": "tents"}]}}, "a"), policy, **shop)


@pytest.mark.parametrize(
    ("at", "quiet", "until"),
    [("20:59", False, None), ("21:00", True, 23), ("08:59", True, 22), ("09:00", False, None)],
)
def test_quiet_hours_span_midnight(at: str, quiet: bool, until: int | None) -> None:
    hours = (time(21), time(9))
    assert is_quiet(time.fromisoformat(at), hours) is quiet
    moment = datetime.combine(NOW.date(), time.fromisoformat(at), UTC)
    if until is not None:
        assert next_loud(moment, hours) == datetime(2026, 11, until, 9, tzinfo=UTC)


def test_what_a_coupon_takes_off() -> None:
    percent = Offer.model_validate({"percent": 10, "most": "20.00", "days": 1})
    assert worth(percent, Decimal("80.55")) == Decimal("8.06")
    assert worth(percent, Decimal("500.00")) == Decimal("20.00")
    amount = Offer.model_validate({"amount": "20.00", "least": "20.00", "days": 1})
    assert worth(amount, Decimal("20.00")) == Decimal("20.00")


def profile(number: int, **more: Any) -> Profile:
    values: dict[str, Any] = {
        "customer_id": number, "language": "zh", "tier": None, "days_known": 400.0, "orders": 2,
        "spent": 100.0, "value": 50.0, "days_since_order": 90.0, "gap": 30.0, "recency": 3,
        "frequency": 3, "money": 3, "days_since_cart": None, "bought": {"tents": 1},
        "interests": {"mugs": 0.5},
    }  # fmt: skip
    return Profile(**values | more)


def test_an_audience_meets_all_one_of_any_and_none_of_but_the_best_first() -> None:
    wanted = Audience.model_validate(
        {
            "all": [{"lapse": {"from": 2}}],
            "any": [{"interested_in": "mugs"}, {"bought": "lamps"}],
            "but": [{"tier": "gold"}],
            "most": 2,
        }
    )
    people = [
        profile(1, value=10.0),
        profile(2, tier="gold"),
        profile(3, days_since_order=59.0),
        profile(4, interests={}),
        profile(5, interests={}, bought={"lamps": 1}, value=20.0),
        profile(6, gap=None),
        profile(7, value=5.0),
    ]
    found = choose(wanted, people, lambda product: {})
    assert [each.profile.customer_id for each in found] == [5, 1]
    assert found[0].why == [{"field": "lapse", "was": 3.0}, {"field": "bought", "was": "lamps"}]


def test_fifths_are_even_and_equals_stand_together() -> None:
    fifths = _fifths({number: float(number) for number in range(10)})
    assert [fifths[number] for number in range(10)] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert set(_fifths(dict.fromkeys(range(10), 1.0)).values()) == {1}


def test_what_a_customer_is_worth_is_by_the_year_and_no_first_day_is_a_fortune() -> None:
    sales = [Sale(1, "a", Decimal(200), NOW)]
    assert bought_so_far(sales, timedelta(days=730.5)) == pytest.approx(100)
    assert bought_so_far(sales, timedelta(days=1)) == 200


def test_arms_are_stable_and_have_their_shares() -> None:
    arms = [arm_of("back", 200, number) for number in range(20_000)]
    assert arms == [arm_of("back", 200, number) for number in range(20_000)]
    held = sum(arm is Arm.HELD for arm in arms)
    assert uneven(len(arms) - held, held, 0.2) > UNEVEN
    assert uneven(len(arms) - held, round(0.8 * held), 0.2) < UNEVEN
    assert arms != [arm_of("again", 200, number) for number in range(20_000)]
    assert {arm_of("back", 0, number) for number in range(50)} == {Arm.OFFERED}


def test_an_effect_is_found_and_none_is_not() -> None:
    chance = np.random.default_rng(3)
    offered = chance.random(4000) < 0.8
    noise = chance.normal(50, 10, 4000)
    found = effect(list(noise + 4 * offered), list(offered), 0.2)
    assert found.decided
    assert found.interval.low <= 4 <= found.interval.high
    assert not effect(list(noise), list(offered), 0.2).decided
    assert not effect(list(noise[:49]), list(offered[:49]), 0.2).decided


def test_both_learners_find_whom_a_coupon_moves() -> None:
    train, test = simulate(1500, 0.5, 1), simulate(3000, 0.5, 2)
    for by in ("two models", "doubly robust"):
        known = (train.features, train.gained, train.offered)
        _, model = learn(*known, 0.5, by=by, trees=20)  # type: ignore[arg-type]
        told = model(test.features)
        assert (test.effect * (told > 0)).mean() > max(0.5, test.effect.mean())
        curve = qini(told, test.gained, test.offered, 0.5)
        assert 0 < curve.coefficient.low <= curve.coefficient.value <= curve.coefficient.high


def test_of_too_few_nothing_is_learned() -> None:
    few = simulate(300, 0.5, 1)
    with pytest.raises(CampaignRefused, match="200 in each are needed"):
        learn(few.features, few.gained, few.offered, 0.5)


class Bought(NamedTuple):
    customer_id: int
    product_id: str
    placed_at: datetime


def test_who_buys_what_buyers_of_a_thing_buy_is_like_them() -> None:
    chance = np.random.default_rng(0)
    camp, city = np.eye(8, dtype=np.float32)[:2]
    vectors = {}
    for name, middle in (("camp", camp), ("city", city)):
        for number in range(6):
            row = middle + 0.2 * chance.normal(size=8).astype(np.float32)
            vectors[f"{name}-{number}"] = (row / np.linalg.norm(row)).astype(np.float32)
    rows = []
    for who in range(40):
        world = "camp" if who % 2 else "city"
        rows += [Bought(who, f"{world}-{n}", NOW) for n in chance.choice(6, 3, replace=False)]
        if world == "camp" and who < 12:
            rows.append(Bought(who, "stove", NOW))
    found = like_buyers_of("stove", rows, vectors, NOW, most=14)
    assert set(found) == {who for who in range(12, 40) if who % 2}
    assert like_buyers_of("nothing", rows, vectors, NOW, most=5) == {}
