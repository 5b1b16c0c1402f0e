"""What customers need again, and who still buys: against published figures and simulated truths."""

from __future__ import annotations

import csv
import os
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from data.demand.lifetimes import Purchasing, Spending, TooFewCustomers
from data.demand.rhythm import Bought, Habit, habits, needs

TODAY = date(2026, 11, 28)
# Fader, Hardie and Lee 2005, table 2, by 2,357 customers of CDNOW; time in weeks.
CDNOW = Purchasing(r=0.2426, alpha=4.4136, a=0.7929, b=2.4259)


def test_the_published_customer_is_expected_to_buy_as_published() -> None:
    """From the authors' worksheet: two repeats, the last after 30.43 of 38.86 weeks; 1.226 more
    purchases in the next 39."""
    customer = np.array([2.0]), np.array([30.43]), np.array([38.86])
    assert CDNOW.expected(39, *customer)[0] == pytest.approx(1.226, abs=5e-4)
    assert CDNOW.alive(*customer)[0] == pytest.approx(0.7266, abs=5e-4)
    assert CDNOW.alive(np.array([0.0]), np.array([0.0]), np.array([38.86])).tolist() == [1]


def test_cdnow_gives_the_published_parameters() -> None:
    """Log-likelihood −9582.4; Gamma-Gamma p 6.25, q 3.74, gamma 15.44 (Fader and Hardie 2013)."""
    name = "cdnow/cdnow_customers_summary_with_transactions.csv"
    path = Path(os.environ.get("BENCH_DATA", "")) / name
    if not path.is_file():
        pytest.skip(f"There is no {name} in BENCH_DATA.")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    x, last, age, mean = (
        np.array([float(row[key]) for row in rows]) for key in ("x", "t_x", "T", "zbar")
    )
    found = Purchasing.fit(x, last, age)
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx(
        (CDNOW.r, CDNOW.alpha, CDNOW.a, CDNOW.b), rel=1e-3
    )
    assert found.log_likelihood(x, last, age) == pytest.approx(-9582.4, abs=0.05)
    amounts = Spending.fit(x, mean)
    assert (amounts.p, amounts.q, amounts.gamma) == pytest.approx((6.25, 3.74, 15.44), rel=2e-3)


def bought_by(
    truth: Purchasing, customers: int, rng: np.random.Generator, until: float
) -> list[tuple[list[float], float]]:
    """Times of the repeated purchases of each, and the age: as the model says they come."""
    found = []
    for _ in range(customers):
        rate, leaves = rng.gamma(truth.r, 1 / truth.alpha), rng.beta(truth.a, truth.b)
        age, at, times = rng.uniform(until * 0.7, until), 0.0, []
        while True:
            at += rng.exponential(1 / rate)
            if at > age + 52:
                break
            times.append(at)
            if rng.random() < leaves:
                break
        found.append((times, age))
    return found


def test_simulated_customers_give_their_parameters_back() -> None:
    rng = np.random.default_rng(0)
    truth = Purchasing(r=0.8, alpha=6.0, a=0.8, b=2.5)
    people = bought_by(truth, 4000, rng, 104)
    x = np.array([sum(t <= age for t in times) for times, age in people], float)
    last = np.array([max((t for t in times if t <= age), default=0.0) for times, age in people])
    age = np.array([age for _, age in people])
    found = Purchasing.fit(x, last, age)
    assert (found.r, found.alpha) == pytest.approx((truth.r, truth.alpha), rel=0.12)
    assert found.a / (found.a + found.b) == pytest.approx(0.8 / 3.3, rel=0.12)
    # Days instead of weeks are the same customers.
    in_days = Purchasing.fit(x, 7 * last, 7 * age)
    assert in_days.alpha == pytest.approx(7 * found.alpha, rel=1e-3)
    # What they bought in the year after.
    later = np.array([sum(t > age for t in times) for times, age in people])
    expected = found.expected(52, x, last, age)
    assert expected.sum() == pytest.approx(later.sum(), rel=0.06)
    assert later[expected > np.median(expected)].sum() > 3 * later[
        expected <= np.median(expected)].sum()  # fmt: skip


def test_amounts_are_drawn_towards_everybodys() -> None:
    rng = np.random.default_rng(1)
    p, q, gamma = 4.0, 5.0, 60.0
    x = rng.integers(1, 8, 3000).astype(float)
    scale = rng.gamma(q, 1 / gamma, 3000)
    mean = rng.gamma(p * x, 1 / (scale * x))
    found = Spending.fit(x, mean)
    everybody = p * gamma / (q - 1)
    known = found.p * found.gamma / (found.q - 1)
    assert known == pytest.approx(everybody, rel=0.05)
    once, often = found.expected(np.array([1.0, 20.0]), np.array([200.0, 200.0]))
    assert known < once < often < 200
    assert found.expected(np.array([0.0]), np.array([0.0]))[0] == pytest.approx(known)


def test_too_few_customers_are_a_sentence() -> None:
    few = np.array([1.0, 0.0])
    with pytest.raises(TooFewCustomers, match="too few to tell"):
        Purchasing.fit(few, few, few + 1)
    with pytest.raises(TooFewCustomers, match="bought again"):
        Spending.fit(few, few)


def histories(rng: np.random.Generator, own: float = 0.0) -> list[Bought]:
    """Coffee lasts 30 days (give or take a fifth), seven of ten who try it stay, and nine of ten
    each time after; `own`: how much customers differ in the logarithm of their days."""
    found = []
    for customer in range(400):
        middle = np.log(30) + own * rng.standard_normal()
        at, bought = float(rng.uniform(0, 300)), 0
        while at < 400:
            found.append(Bought(customer, "coffee", TODAY - timedelta(400 - int(at))))
            bought += 1
            if rng.random() > (0.7 if bought == 1 else 0.9):
                break
            at += float(np.exp(rng.normal(middle, 0.2)))
        found.append(Bought(customer, "tent", TODAY - timedelta(300)))
    return found


def test_a_rhythm_is_known_again() -> None:
    known = habits(histories(np.random.default_rng(2)), TODAY, {"coffee": 45, "tent": None})
    assert set(known) == {"coffee"}  # a tent is not used up
    coffee = known["coffee"]
    assert np.exp(coffee.middle) == pytest.approx(30, rel=0.05)
    assert coffee.first == pytest.approx(0.7, abs=0.06)
    assert coffee.later == pytest.approx(0.9, abs=0.03)
    assert coffee.spread == pytest.approx(0.2, rel=0.15)
    assert coffee.between < 0.1
    differing = habits(histories(np.random.default_rng(2), own=0.4), TODAY, {"coffee": 45})
    assert differing["coffee"].between == pytest.approx(0.8, abs=0.12)


def test_chances_come_true_on_days_that_were_not_seen() -> None:
    every = histories(np.random.default_rng(3), own=0.3)
    cut = TODAY - timedelta(60)
    before = [one for one in every if one.day < cut]
    found = needs(before, habits(before, cut, {"coffee": 30}), cut, 14)
    later = {one.customer for one in every if cut <= one.day < cut + timedelta(14)
             and one.thing == "coffee"}  # fmt: skip
    came = np.array([need.customer in later for need in found])
    chance = np.array([need.chance for need in found])
    assert chance.sum() == pytest.approx(came.sum(), rel=0.25)
    likely = chance > 0.5
    assert came[likely].mean() > 0.55
    assert came[chance < 0.1].mean() < 0.1
    assert [need.chance for need in found] == sorted(chance, reverse=True)


def test_one_customers_need_has_a_date_and_fades() -> None:
    coffee = Habit(0.7, 0.9, float(np.log(30)), 0.2, 0.0, 100)

    def need(days_ago: int) -> object:
        day = TODAY - timedelta(days_ago)
        (found,) = needs([Bought(1, "coffee", day)], {"coffee": coffee}, TODAY, 14)
        return found

    fresh, due, long_ago = need(0), need(25), need(120)
    assert abs((fresh.due - (TODAY + timedelta(30))).days) <= 1
    assert fresh.early < fresh.due < fresh.late
    assert fresh.ever == pytest.approx(0.7, abs=0.01)
    assert due.chance > 0.5 > fresh.chance
    assert long_ago.ever < 0.01
    assert due.due >= TODAY


def test_a_quick_customers_rhythm_is_theirs_where_customers_differ() -> None:
    coffee = Habit(0.7, 0.9, float(np.log(30)), 0.4, 0.8, 100)
    days = [TODAY - timedelta(15 * number) for number in range(6)]
    (found,) = needs([Bought(1, "coffee", day) for day in days], {"coffee": coffee}, TODAY, 14)
    assert 14 <= (found.due - TODAY).days <= 19


def test_a_thing_that_was_seldom_bought_again_goes_by_its_days() -> None:
    before = histories(np.random.default_rng(4))
    before += [Bought(900 + n, "filter", TODAY - timedelta(40)) for n in range(5)]
    filters = habits(before, TODAY, {"coffee": 30, "filter": 180})["filter"]
    assert np.exp(filters.middle) == pytest.approx(180, rel=0.1)
    assert filters.times == 0
    assert habits([], TODAY, {"coffee": 30}) == {}
