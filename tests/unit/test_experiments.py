"""Experiments against truths that are known: who gets which arm, how sure a figure is, and how
often a stop rule stops for nothing."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from numpy.typing import NDArray

from data.experiments.assignment import Experiment
from data.experiments.report import Shown, as_lines, report
from data.experiments.statistics import ALPHA, bootstrap, evidence, ratio_interval, wilson
from data.repositories import Sale

START = datetime(2026, 11, 1, tzinfo=UTC)


def binomial(n: int, p: float) -> list[float]:
    logs = [
        math.lgamma(n + 1) - math.lgamma(x + 1) - math.lgamma(n - x + 1)
        + x * math.log(p) + (n - x) * math.log(1 - p)
        for x in range(n + 1)
    ]  # fmt: skip
    return [math.exp(log) for log in logs]


# Who gets which arm


def test_an_arm_is_the_same_on_every_machine() -> None:
    autumn = Experiment.parse("autumn: popular=50, personal=50")
    assert autumn == Experiment("autumn", {"popular": 50, "personal": 50})
    arms = [autumn.arm_of(f"customer:{n}") for n in range(8)]
    assert arms == [autumn.arm_of(f"customer:{n}") for n in range(8)]
    assert arms == FIRST_EIGHT


FIRST_EIGHT = "personal popular popular popular popular personal popular popular".split()


def test_arms_are_handed_out_by_their_shares_and_apart_from_other_experiments() -> None:
    one, other = (Experiment.parse(f"{name}: a=10, b=30, c=60") for name in ("one", "other"))
    whose = [f"customer:{n}" for n in range(20_000)]
    first = [one.arm_of(each) for each in whose]
    for arm, share in one.arms.items():
        assert first.count(arm) / len(whose) == pytest.approx(share / 100, abs=0.012)
    # Of those with arm a in the one, the other's arms have the same shares.
    second = [other.arm_of(each) for each, arm in zip(whose, first, strict=True) if arm == "a"]
    assert second.count("c") / len(second) == pytest.approx(0.6, abs=0.04)


@pytest.mark.parametrize(
    "setting",
    ["autumn", "autumn: a=1", "autumn: a=1, a=2", "autumn: a=0, b=1", "a b: c=1, d=1", "x: a=1; b"],
)
def test_what_is_no_experiment_is_told(setting: str) -> None:
    with pytest.raises(ValueError, match=r"write NAME: ARM=SHARE|needs a share"):
        Experiment.parse(setting)


# How sure a figure is


def test_wilson_is_the_published_interval() -> None:
    found = wilson(8, 10)
    assert (found.value, found.low, found.high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    assert (wilson(0, 20).low, wilson(20, 20).high) == (0.0, 1.0)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


@pytest.mark.parametrize(("n", "p"), [(50, 0.1), (200, 0.03), (200, 0.3), (2000, 0.01)])
def test_wilson_holds_the_truth_as_often_as_it_says(n: int, p: float) -> None:
    held = sum(
        chance
        for x, chance in enumerate(binomial(n, p))
        if wilson(x, n).low <= p <= wilson(x, n).high
    )
    assert 0.93 <= held <= 0.98


def test_bootstrap_holds_the_truth_though_a_customers_clicks_belong_together() -> None:
    rng = np.random.default_rng(7)
    held = held_if_independent = 0
    rounds = 150
    for _ in range(rounds):
        # Half of the customers click on almost nothing, the others on much: a mean of 0.2.
        shown = rng.integers(1, 30, 150)
        clicks = rng.binomial(shown, rng.choice([0.02, 0.38], 150))
        found = bootstrap(list(clicks), list(shown))
        held += found.low <= 0.2 <= found.high
        plain = wilson(int(clicks.sum()), int(shown.sum()))
        held_if_independent += plain.low <= 0.2 <= plain.high
    assert held / rounds >= 0.89
    assert held_if_independent / rounds < 0.75  # why customers are drawn, and not clicks


def test_bootstrap_of_nothing_is_nothing() -> None:
    assert math.isnan(bootstrap([]).value)
    assert math.isnan(bootstrap([0.0], [0.0]).value)
    assert bootstrap([3.0, 3.0]).low == bootstrap([3.0, 3.0]).high == 3.0


# When to stop


@pytest.mark.parametrize("share", [0.5, 0.1, 0.9])
@pytest.mark.parametrize("n", [1, 10, 300])
def test_the_bet_is_fair_while_nothing_is_different(share: float, n: int) -> None:
    expected = sum(chance * evidence(x, n, share) for x, chance in enumerate(binomial(n, share)))
    assert expected == pytest.approx(1.0, rel=1e-6)


def paths(
    rng: np.random.Generator, bias: float, share: float, against: float, n: int, runs: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The log of the bet against the bias `against` after each of n conversions, (n, runs): step
    by step, by what the next one's arm was foretold to be, which is no formula of ours."""
    a, b = 100 * share, 100 * (1 - share)
    x = np.zeros(runs)
    log = np.zeros(runs)
    found = np.empty((n, runs))
    for i in range(n):
        ours = rng.random(runs) < bias
        foretold = (x + a) / (i + a + b)
        log += np.where(ours, np.log(foretold / against), np.log((1 - foretold) / (1 - against)))
        x += ours
        found[i] = log
    return found, x


def test_the_formula_is_the_bet_made_step_by_step() -> None:
    logs, x = paths(np.random.default_rng(1), 0.55, 0.5, 0.5, 400, 20)
    for run in range(20):
        assert math.log(evidence(int(x[run]), 400, 0.5)) == pytest.approx(logs[-1, run], abs=1e-6)


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_looking_after_every_customer_stops_for_nothing_one_time_in_twenty_at_most(
    share: float,
) -> None:
    runs, n = 2000, 1500
    logs, _ = paths(np.random.default_rng(2), share, share, share, n, runs)
    stopped = (logs >= math.log(1 / ALPHA)).any(axis=0).mean()
    assert stopped <= ALPHA + 0.01
    assert stopped > 0.001  # it can stop at all

    # What the usual test would do that is meant for one look.
    rng = np.random.default_rng(2)
    seen = np.cumsum(rng.random((n, runs)) < share, axis=0)
    after = np.arange(1, n + 1)[:, None]
    z = np.abs(seen - after * share) / np.sqrt(after * share * (1 - share))
    assert (z[50:] > 1.96).any(axis=0).mean() > 4 * ALPHA


def test_a_true_difference_is_found_and_called_by_its_name() -> None:
    bias = 1.3 / 2.3  # converts 1.3 times as often, equal shares
    logs, x = paths(np.random.default_rng(3), bias, 0.5, 0.5, 2500, 400)
    stops = logs >= math.log(1 / ALPHA)
    assert stops.any(axis=0).mean() > 0.95
    assert np.median(stops.argmax(axis=0)[stops.any(axis=0)]) < 1000
    assert (x > 1250).mean() > 0.99


@pytest.mark.parametrize(("ratio", "share"), [(1.0, 0.5), (1.2, 0.5), (0.7, 0.2)])
def test_the_interval_holds_the_truth_at_all_times_together(ratio: float, share: float) -> None:
    odds = ratio * share / (1 - share)
    bias = odds / (1 + odds)
    logs, x = paths(np.random.default_rng(4), bias, share, bias, 1500, 1000)
    out = logs >= math.log(1 / ALPHA)
    assert 1 - out.any(axis=0).mean() >= 0.94
    for run in range(50):  # the interval and the bet say the same
        found = ratio_interval(int(x[run]), 1500, share)
        assert (found.low <= ratio <= found.high) is not bool(out[-1, run])


def test_an_interval_of_little_is_wide() -> None:
    assert ratio_interval(0, 0, 0.5).low == 0.0
    assert ratio_interval(0, 0, 0.5).high == math.inf
    one = ratio_interval(60, 100, 0.5)
    assert one.value == pytest.approx(1.5)
    assert one.low < 1 < one.value < one.high
    many = ratio_interval(6000, 10_000, 0.5)
    assert 1.35 < many.low < 1.5 < many.high < 1.65


# The report


def shown(
    whose: int | str, arm: str, hour: int, product: str = "tent", click: bool = False
) -> Shown:
    return Shown(whose, arm, product, START + timedelta(hours=hour), click)


def test_a_replay_is_counted_as_it_happened() -> None:
    seen = [
        shown(1, "a", 0, click=True),
        shown(1, "a", 1, "mug"),
        shown(2, "a", 2),
        shown("visitor", "a", 3, click=True),
        shown(3, "b", 4),
        shown(4, "b", 5),
    ]
    sales = [
        Sale(1, "tent", Decimal("100"), START + timedelta(hours=2)),
        Sale(1, "sock", Decimal("20"), START + timedelta(days=6)),
        Sale(2, "tent", Decimal("500"), START),  # before it was shown
        Sale(3, "tent", Decimal("500"), START + timedelta(days=8)),  # after the window
        Sale(4, "mug", Decimal("60"), START + timedelta(days=1)),  # was not recommended
        Sale(9, "tent", Decimal("500"), START + timedelta(days=1)),  # was shown nothing
    ]
    found = report(seen, sales, "x", {"a": 1, "b": 1})
    a, b = found.arms
    assert (a.people, a.shown, a.clicks, a.clickers) == (3, 4, 2, 2)
    assert a.click_through.value == 0.5
    assert (a.customers, a.buyers, a.conversion.value) == (2, 1, 0.5)
    assert (a.revenue.value, a.claimed) == (60.0, 100.0)
    assert (b.people, b.buyers, b.revenue.value, b.claimed) == (2, 1, 30.0, 0.0)
    (compared,) = found.comparisons
    assert (compared.name, compared.against, compared.ahead) == ("b", "a", None)
    assert compared.ratio.value == 1.0
    text = "\n".join(as_lines(found, "CNY"))
    assert "a: 3 people, 4 products shown, 2 clicks" in text
    assert "go on: nothing is decided yet" in text
    assert "60.00 CNY" in text


def test_a_clear_difference_stops_the_experiment_and_uneven_arms_are_told() -> None:
    seen = [shown(n, "ab"[n % 2], n) for n in range(1000)]
    sales = [
        Sale(n, "x", Decimal(10), START + timedelta(hours=n + 1))
        for n in range(1000)
        if n % 2 or n % 10 == 0
    ]
    found = report(seen, sales, "x", {"a": 1, "b": 1})
    assert found.comparisons[0].ahead == "b"
    assert found.comparisons[0].ratio.low > 2
    assert found.warnings == []
    by_clicks = report(seen, sales, "x", {"a": 1, "b": 1}, metric="clicks")
    assert by_clicks.comparisons[0].ahead is None
    uneven = report(seen, sales, "x", {"a": 1, "b": 3})
    assert "does not fit its share" in uneven.warnings[0]


def test_three_arms_share_the_error_and_who_changed_arms_counts_for_the_first() -> None:
    seen = [shown(n, "abc"[n % 3], n) for n in range(30)] + [shown(0, "b", 40)]
    found = report(seen, [], "x", {"a": 1, "b": 1, "c": 1})
    assert [each.needed for each in found.comparisons] == pytest.approx([40, 40])
    assert [arm.people for arm in found.arms] == [10, 10, 10]
    assert "1 people were in two arms" in found.warnings[0]


def test_without_an_experiment_models_are_listed_and_nothing_compared() -> None:
    found = report([shown(1, "personal", 0), shown(2, "popular", 0)], [], "", None)
    assert [arm.name for arm in found.arms] == ["personal", "popular"]
    assert found.comparisons == []
    assert "–" not in as_lines(found, "CNY")[2]
