"""Campaigns on made-up customers whose truth is known: whom a coupon moves, and when a difference
is one.

Customers are of four kinds that nobody is told of: those who buy anyway (a coupon costs its worth),
those whom it moves, those who buy in no case, and those whom it puts off. What is observed of them
are the features of data/campaigns/uplift.py, which say something of the kind, with noise. A
campaign with a holdout by chance is the training; others of the same shop are the test. `net_*` is
the margin a customer that a policy wins on the test, by the truth; `qini_*` the area above the
random order with a bootstrap band. `false_stops_*`: of campaigns without any effect, looked at
after every customer, how many are called decided at some time: by the confidence sequence, and by a
t-test at 5 % each time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from data.campaigns.evidence import UNEVEN, effect, uneven
from data.campaigns.store import arm_of
from data.campaigns.tables import Arm
from data.campaigns.uplift import FEATURES, Flags, Floats, Learner, learn, qini
from tests.benchmarks import _bench

_TRAIN, _TEST = 4000, 20_000
_HELD = 0.5
_MARGIN, _WORTH = 0.4, 20.0
_RUNS = 400
_LONGEST = 2000
_KINDS = ("buys anyway", "moved", "never", "put off")
_MIX = (0.3, 0.25, 0.35, 0.1)
# How likely a customer of each kind buys without and with a coupon.
_BUYS = np.array([[0.5, 0.5], [0.08, 0.38], [0.03, 0.03], [0.3, 0.15]])
_BASKET = 220.0  # the mean of an order


class People(NamedTuple):
    """`effect`: what a coupon brings with each, by the truth."""

    features: Floats
    kind: np.ndarray
    offered: Flags
    gained: Floats
    effect: Floats


def simulate(count: int, held: float, seed: int, *, moved: bool = True) -> People:
    """Without `moved` a coupon changes nothing and costs nothing."""
    chance = np.random.default_rng(seed)
    kind = chance.choice(len(_KINDS), count, p=_MIX)
    # Days since an order, orders, lapse …: each kind has its own means, under much noise.
    means = np.random.default_rng(7).normal(0, 0.8, (len(_KINDS), len(FEATURES)))
    features = means[kind] + chance.normal(0, 1, (count, len(FEATURES)))
    offered = chance.random(count) >= held
    basket = _BASKET * chance.lognormal(-0.125, 0.5, count)
    likely = _BUYS[kind] if moved else _BUYS[kind][:, [0, 0]]
    cost = _WORTH if moved else 0.0
    drawn = chance.random(count)
    buys = drawn < np.where(offered, likely[:, 1], likely[:, 0])
    gained = buys * (basket * _MARGIN - np.where(offered, cost, 0.0))
    mean = _BASKET * _MARGIN
    effects = likely[:, 1] * (mean - cost) - likely[:, 0] * mean
    return People(features, kind, offered, gained, effects)


def measure(_options: argparse.Namespace) -> _bench.Figures:
    return {**_uplift(), **_stopping(), **_ratio()}


def _uplift() -> _bench.Figures:
    train, test = simulate(_TRAIN, _HELD, 1), simulate(_TEST, _HELD, 2)
    share = 1 - _HELD
    figures: _bench.Figures = {"train": _TRAIN, "test": _TEST}
    told: dict[str, Floats] = {}
    learners: Sequence[Learner] = ("two models", "doubly robust")
    for learner in learners:
        started = time.perf_counter()
        _, model = learn(train.features, train.gained, train.offered, share, by=learner)
        figures[f"fit_s_{_key(learner)}"] = round(time.perf_counter() - started, 1)
        told[learner] = model(test.features)
    told["everybody"] = np.ones(_TEST)
    told["nobody"] = -np.ones(_TEST)
    told["the truth"] = test.effect
    rows = []
    for name, values in told.items():
        chosen = values > 0
        net = float((test.effect * chosen).mean())
        figures[f"net_{_key(name)}"] = round(net, 3)
        kinds = [float(chosen[test.kind == kind].mean()) for kind in range(len(_KINDS))]
        if name in ("everybody", "nobody"):
            rows.append([name, "–", "–", net, float(chosen.mean()), *kinds])
            continue
        curve = qini(values, test.gained, test.offered, share)
        band = curve.coefficient
        figures[f"qini_{_key(name)}"] = [round(v, 3) for v in (band.value, band.low, band.high)]
        between = f"{band.low:.2f}–{band.high:.2f}"
        rows.append([name, f"{band.value:.2f}", between, net, float(chosen.mean()), *kinds])
    _bench.show(
        f"Who gets a coupon: learned from {_TRAIN:,} customers, on {_TEST:,} others",
        ["", "Qini", "95 %", "net", "gets one", *_KINDS],
        rows,
    )
    return figures


def _stopping() -> _bench.Figures:
    """Looked at after every customer from the fiftieth on."""
    ours = theirs = covered = found = 0
    for run in range(_RUNS):
        people = simulate(_LONGEST, _HELD, 1000 + run, moved=False)
        ours += _ever(people)
        theirs += _ever_by_t(people)
        real = simulate(_LONGEST, _HELD, 5000 + run)
        told = effect(list(real.gained), list(real.offered), _HELD)
        covered += told.interval.low <= real.effect.mean() <= told.interval.high
        found += told.decided
    figures = {
        "false_stops_sequence": round(ours / _RUNS, 3),
        "false_stops_t_test": round(theirs / _RUNS, 3),
        "covered_at_the_end": round(covered / _RUNS, 3),
    }
    _bench.show(
        f"Campaigns without effect, {_LONGEST:,} customers, looked at all the time; {_RUNS} each",
        ["", "called decided"],
        [
            ["confidence sequence", figures["false_stops_sequence"]],
            ["t-test at 5 %, again and again", figures["false_stops_t_test"]],
        ],
    )
    return figures


_LOOKS = range(50, _LONGEST + 1, 10)


def _ever(people: People) -> bool:
    gained, offered = people.gained, people.offered
    return any(
        effect(gained[:look].tolist(), offered[:look].tolist(), _HELD).decided for look in _LOOKS
    )


def _ever_by_t(people: People) -> bool:
    for look in _LOOKS:
        on = people.gained[:look][people.offered[:look]]
        off = people.gained[:look][~people.offered[:look]]
        wide = (on.var(ddof=1) / len(on) + off.var(ddof=1) / len(off)) ** 0.5
        if abs(on.mean() - off.mean()) > 1.96 * wide:
            return True
    return False


def _ratio() -> _bench.Figures:
    """Arms by the hash of names and numbers, as campaigns give them out; and with a fifth of the
    offered arm lost."""
    alarms = lost = 0
    for run in range(_RUNS):
        arms = [arm_of(f"run-{run}", 200, number) for number in range(1000)]
        held = sum(arm is Arm.HELD for arm in arms)
        alarms += uneven(len(arms) - held, held, 0.2) < UNEVEN
        lost += uneven(round(0.8 * (len(arms) - held)), held, 0.2) < UNEVEN
    figures = {
        "ratio_false_alarms": round(alarms / _RUNS, 4),
        "ratio_found_a_fifth_lost": round(lost / _RUNS, 3),
    }
    _bench.show(
        f"Sizes of the arms, 1,000 customers; {_RUNS} campaigns",
        ["", "share"],
        [
            ["false alarms (0.001 is meant)", figures["ratio_false_alarms"]],
            ["found, a fifth of one arm lost", figures["ratio_found_a_fifth_lost"]],
        ],
    )
    return figures


def _key(name: str) -> str:
    return name.replace(" ", "_")


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("campaigns", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
