"""Demand against truths that are known: simulated sales of every class, bands that hold what they
say, promotions, stock-outs and what is new."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from data.demand import calendar, counts, ladder, measures
from data.demand.boosted import boosted
from data.demand.choosing import AVERAGE, KIND, forecast, lift
from data.demand.classes import Demand, demand_of, spread
from data.demand.events import Events
from data.demand.kinds import by_kind
from data.demand.panel import Panel
from data.errors import ShopInvalid

NAN = float("nan")


def sales(of: Demand, rng: np.random.Generator, things: int, steps: int) -> np.ndarray:
    """What such things sell, each at a rate of its own that does not change."""
    if of is Demand.smooth:
        return rng.poisson(rng.uniform(6, 20, (things, 1)), (things, steps)).astype(float)
    if of is Demand.erratic:
        return 1.0 + rng.negative_binomial(0.6, 0.06, (things, steps))
    asked = rng.random((things, steps)) < rng.uniform(0.15, 0.4, (things, 1))
    sizes = (
        rng.integers(1, 3, (things, steps))
        if of is Demand.intermittent
        else 1 + rng.negative_binomial(0.5, 0.06, (things, steps))
    )
    return (asked * sizes).astype(float)


CLASSES = [Demand.smooth, Demand.erratic, Demand.intermittent, Demand.lumpy]
# Bands are made of any model's errors: these take no time.
QUICK = dict.fromkeys(CLASSES, ("naive", "sba", "tsb"))


@pytest.mark.parametrize("of", CLASSES)
def test_each_class_is_known_again(of: Demand) -> None:
    found = [demand_of(row) for row in sales(of, np.random.default_rng(1), 40, 200)]
    assert found.count(of) >= 38


def test_the_borders_of_the_classes_are_the_published_ones() -> None:
    interval, variation = spread(np.array([2.0, 0, 0, 4, 0, 0]))
    assert interval == 3
    assert variation == pytest.approx(1 / 9)
    # ADI 4/3 is seldom, 1.25 is not.
    assert demand_of(np.array([1.0, 1, 1, 0] * 10)) is Demand.intermittent
    assert demand_of(np.array([1.0, 1, 1, 1, 0] * 10)) is Demand.smooth
    assert demand_of(np.full(7, 3.0)) is Demand.new
    assert demand_of(np.zeros(20)) is Demand.none
    assert demand_of(np.array([NAN] * 15 + [1.0] * 7)) is Demand.new


def plain_croston(sold: list[float], rate: float) -> float:
    """One series and one rate, as the paper tells it; beginning from the means."""
    asked = [each for each in sold if each > 0]
    size, interval, since = np.mean(asked), len(sold) / len(asked), 1
    for each in sold:
        if each > 0:
            size += rate * (each - size)
            interval += rate * (since - interval)
            since = 1
        else:
            since += 1
    return float(size / interval)


def test_croston_sba_and_tsb_agree_with_the_plain_recursions() -> None:
    sold = [0.0, 3, 0, 0, 2, 0, 5, 0, 0, 0, 1, 0, 2, 0, 0]
    matrix = np.array([sold])
    by_rate = [plain_croston(sold, rate) for rate in (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)]
    found = ladder.croston(matrix, 2, 12)[0]
    assert found[0] == found[1]
    assert min(abs(found[0] - each) for each in by_rate) < 1e-12
    shrunk = [each * (1 - rate / 2) for each, rate in zip(
        by_rate, (0.02, 0.05, 0.1, 0.15, 0.2, 0.3), strict=True)]  # fmt: skip
    assert min(abs(ladder.sba(matrix, 1, 12)[0, 0] - each) for each in shrunk) < 1e-12
    # Nobody asks any more: TSB falls, Croston does not.
    ended = np.array([[2.0, 0, 2, 0] * 10 + [0.0] * 40])
    assert ladder.tsb(ended, 1, 12)[0, 0] < 0.3
    assert ladder.croston(ended, 1, 12)[0, 0] > 0.55


def test_naive_and_seasonal_naive_skip_what_is_not_known() -> None:
    sold = np.array([[1.0, 2, 3, 4, 5, NAN]])
    assert ladder.naive(sold, 2, 3).tolist() == [[5, 5]]
    assert ladder.seasonal_naive(sold, 4, 3).tolist() == [[4, 5, 3, 4]]


def test_ets_finds_a_season_and_a_level() -> None:
    rng = np.random.default_rng(0)
    season = np.tile([20.0, 5, 5, 10], 12)
    found = ladder.ets(np.array([season + rng.normal(0, 0.5, 48)]), 4, 4)[0]
    assert found == pytest.approx([20, 5, 5, 10], abs=1)
    gaps = np.array([[8.0] * 20 + [NAN] * 5 + [8.0] * 5])
    assert ladder.ets(gaps, 2, 52)[0] == pytest.approx([8, 8])


def test_a_boosted_model_learns_the_season_of_all_things_together() -> None:
    """Three years of weeks, a thing sells three times as much in winter."""
    rng = np.random.default_rng(0)
    weeks = np.arange(156 + 8)
    wave = 1 + 0.8 * np.cos(2 * np.pi * weeks / 52)
    truth = rng.uniform(2, 8, (40, 1)) * wave
    panel = Panel.of(rng.poisson(truth[:, :156]).astype(float), first=date(2023, 1, 2))
    found = boosted(panel, 8)
    flat = np.repeat(panel.sold[:, -8:].mean(axis=1, keepdims=True), 8, axis=1)
    error = np.abs(found - truth[:, 156:]).mean()
    assert error < 0.75 * np.abs(flat - truth[:, 156:]).mean()


@pytest.mark.parametrize("of", CLASSES)
def test_bands_hold_what_they_say(of: Demand) -> None:
    """Four in five sums and single steps of the future lie in the bands, whatever the class."""
    horizon = 4
    sold = sales(of, np.random.default_rng(5), 120, 64)
    outlook = forecast(Panel.of(sold[:, :60]), horizon, candidates=QUICK)
    actual = sold[:, 60:]
    sums = np.cumsum(actual, axis=1)
    within = (outlook.sums(0.1) <= sums) & (sums <= outlook.sums(0.9))
    # 120 things: a standard error of .037 around .8; bands of small counts cover more, as their
    # ends are whole numbers.
    assert 0.72 <= within[:, -1].mean() <= 0.97
    assert np.mean(actual <= outlook.steps(0.95)) == pytest.approx(0.95, abs=0.03)
    assert np.mean(sums[:, -1] <= outlook.sums(0.95)[:, -1]) == pytest.approx(0.95, abs=0.05)
    assert (np.diff(outlook.sums(0.9), axis=1) >= 0).all()
    assert abs(outlook.mean.mean() / sold.mean() - 1) < 0.1


def test_the_choice_beats_the_naive_forecast_and_says_which_it_took() -> None:
    sold = sales(Demand.intermittent, np.random.default_rng(2), 25, 64)
    sold[-1] = 0
    sold[-1, 20] = 3  # once, and never again so far: no model of its own
    outlook = forecast(Panel.of(sold[:, :60]), 4)
    assert outlook.model[-1] == KIND
    assert outlook.mean[-1, 0] > 0
    scale = measures.squared_scale(sold[:, :60])
    ours = np.nanmean(measures.rmsse(sold[:, 60:], outlook.mean, scale))
    naive = np.nanmean(measures.rmsse(sold[:, 60:], ladder.naive(sold[:, :60], 4, 52), scale))
    assert ours < 0.9 * naive
    assert "naive" not in outlook.model
    assert set(outlook.errors) >= {"naive", "sba", AVERAGE}


def test_what_could_not_be_had_is_not_taken_for_what_nobody_wanted() -> None:
    rng = np.random.default_rng(3)
    sold = rng.poisson(6, (12, 60)).astype(float)
    empty, unknown = sold.copy(), sold.copy()
    empty[0, -12:], unknown[0, -12:] = 0, NAN
    found, mistaken = (forecast(Panel.of(each), 4, candidates=QUICK).mean[0]
                       for each in (unknown, empty))  # fmt: skip
    assert found == pytest.approx([6] * 4, rel=0.25)
    assert mistaken.max() < 3.5


def test_promotions_are_learned_and_planned() -> None:
    rng = np.random.default_rng(4)
    promoted = np.zeros((20, 64), bool)
    promoted[:, ::8] = True
    sold = rng.poisson(np.where(promoted, 18, 6)).astype(float)
    known = Panel.of(sold[:, :60], promoted=promoted[:, :60], planned=np.ones((20, 1), bool))
    assert lift(known) == pytest.approx(3, rel=0.1)
    found = forecast(known, 2, candidates=QUICK).mean.mean(axis=0)
    assert found[0] == pytest.approx(18, rel=0.2)
    assert found[1] == pytest.approx(6, rel=0.2)
    assert lift(Panel.of(sold)) == 1


def test_a_new_thing_goes_by_its_kind() -> None:
    rng = np.random.default_rng(6)
    sold = np.vstack([rng.poisson(20, (5, 60)), rng.poisson(2, (5, 60)), np.zeros((2, 60))])
    sold = sold.astype(float)
    sold[10:, :-2] = NAN  # two weeks old, one of each kind, and neither has sold
    kinds = ["big"] * 5 + ["small"] * 5 + ["big", "small"]
    found, worth = by_kind(Panel.of(sold, kinds=kinds), 3)
    assert found[10, 0] > 3 * found[11, 0] > 0
    assert (worth[10:] >= 3).all()
    outlook = forecast(Panel.of(sold, kinds=kinds), 4, candidates=QUICK)
    assert outlook.demand[10:] == (Demand.new, Demand.new)
    assert outlook.model[10:] == (KIND, KIND)
    assert outlook.sums(0.9)[10, -1] > outlook.expected[10, -1] > 0


def test_three_weeks_of_sales_are_guessed_and_not_tried() -> None:
    outlook = forecast(Panel.of(np.array([[1.0, 0, 0], [0, 0, 1]])), 4)
    assert outlook.tried == 0
    assert np.isfinite(outlook.mean).all()
    assert (outlook.sums(0.9) >= outlook.sums(0.1)).all()


def test_counts_are_those_of_scipy_and_quantiles_their_inverse() -> None:
    mean, ratio = np.array([3.0, 3.0]), np.array([1.0, 2.5])
    found = counts.at_most(np.array([2.0, 2.0]), mean, ratio)
    assert found == pytest.approx([stats.poisson.cdf(2, 3), stats.nbinom.cdf(2, 2, 0.4)])
    assert counts.at_most(np.array([-1.0]), mean[:1], ratio[:1]).tolist() == [0]
    for level in (0.001, 0.3, 0.9):
        at = counts.quantile(level, mean, ratio)
        assert (counts.at_most(at, mean, ratio) >= level).all()
        assert (counts.at_most(at - 1, mean, ratio) < level).all()


def test_errors_are_on_the_scale_of_the_sales() -> None:
    sold = np.array([[0.0, 0, 2, 4, 2, 4], [1, 1, 1, 1, 1, 1]])
    assert measures.squared_scale(sold)[0] == 4  # from the first sale on
    assert np.isnan(measures.squared_scale(sold)[1])
    actual, expected = np.array([[4.0, NAN]]), np.array([[2.0, 9.0]])
    assert measures.rmsse(actual, expected, np.array([4.0])).tolist() == [1.0]
    loss = measures.scaled_pinball(actual, [expected], np.array([2.0]), [0.9])
    assert loss.tolist() == pytest.approx([0.9])


def test_lunar_holidays_and_sales_days() -> None:
    assert date(2026, 2, 17) in calendar.holidays_of("CN", 2026)  # the lunar new year
    assert date(2025, 1, 29) in calendar.holidays_of("CN", 2025)
    assert date(2026, 9, 25) in calendar.holidays_of("CN", 2026)  # mid-autumn
    assert date(2026, 10, 3) in calendar.holidays_of("DE", 2026)
    assert calendar.holidays_of("XX", 2026) == frozenset()
    assert calendar.sales_days("US", 2026) == {date(2026, 11, 27), date(2026, 11, 30)}
    assert date(2026, 11, 11) in calendar.sales_days("CN", 2026)


def test_months_follow_each_other() -> None:
    panel = Panel.of(np.zeros((1, 14)), step="month", first=date(2025, 11, 1))
    assert panel.starts[2] == date(2026, 1, 1)
    assert panel.after(1) == (date(2027, 1, 1),)
    assert panel.series("0").starts == panel.starts


def test_demand_yaml_is_read_and_mistakes_are_sentences(tmp_path: Path) -> None:
    assert Events.of_shop(tmp_path) == Events()
    file = tmp_path / "demand.yaml"
    file.write_text(
        "promotions:\n- {name: 双十一, from: 2026-11-01, to: 2026-11-11, categories: tents}\n"
        "out_of_stock:\n- {products: [A, B], from: 2026-05-01, to: 2026-05-09}\n",
        encoding="utf-8",
    )
    events = Events.of_shop(tmp_path)
    assert events.promotions[0].about("any", "tents")
    assert not events.promotions[0].about("any", "food")
    assert events.out_of_stock[0].about("p", "c", "B")
    file.write_text("promotions:\n- {from: 2026-11-11, to: 2026-11-01, when: x}\n")
    with pytest.raises(ShopInvalid, match=r"demand\.yaml cannot be used"):
        Events.of_shop(tmp_path)
