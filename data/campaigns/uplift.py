"""Whom a coupon moves: what it changes for each customer, learned from a campaign that held some
out by chance.

Two learners of the conditional effect, both cross-fitted, so that no customer's effect is told by a
model that saw them. The T-learner fits an outcome model in each arm and subtracts. The doubly
robust learner (Kennedy 2023, "Towards optimal doubly robust estimation of heterogeneous causal
effects") regresses on the doubly robust contrast; since arms are given out by a known probability,
that contrast is unbiased however bad the outcome models are.

`qini` orders customers by what is told of them and adds up what was won with the best so many
(Radcliffe 2007); its coefficient is the area above the random order, per customer. Who is left out
is whoever the coupon is not expected to pay with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from data.campaigns.profiles import Profile
from data.errors import CampaignRefused
from data.experiments.statistics import Interval

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Learner = Literal["two models", "doubly robust"]
# Fewer say nothing of single customers: a forest's leaves hold 20.
FEWEST = 200  # in each arm
_FOLDS = 5
_LEAF = 20
_TREES = 200
_RESAMPLES = 300
_UNKNOWN = -1.0  # days since something that never was; a forest sets it apart by itself
FEATURES = (
    "days_since_order",
    "orders",
    "spent",
    "value",
    "days_known",
    "lapse",
    "days_since_cart",
    "kinds",
    "interests",
)


@dataclass(frozen=True)
class Curve:
    """`shares` of customers treated, the best first, and what is won by it in all, per customer of
    the whole; `coefficient` with its 95 % bootstrap band, and the band of each point."""

    shares: Floats
    won: Floats
    low: Floats
    high: Floats
    coefficient: Interval


def features(profiles: Sequence[Profile]) -> Floats:
    """Nothing but fields that an audience may be chosen by, too; no language, no tier."""
    return np.array([[*_numbers(each)] for each in profiles], float).reshape(-1, len(FEATURES))


def _numbers(profile: Profile) -> Iterator[float]:
    for name in FEATURES[:-2]:
        value = getattr(profile, name)
        yield _UNKNOWN if value is None else float(value)
    yield float(len(profile.bought))
    yield float(sum(profile.interests.values()))


Model = Callable[[Floats], Floats]
Forest = Callable[[], Any]


def learn(
    known: Floats,
    outcomes: Floats,
    offered: Flags,
    share_offered: float,
    *,
    by: Learner = "two models",
    seed: int = 0,
    trees: int = _TREES,
) -> tuple[Floats, Model]:
    """The effect told for each of these customers by models that did not see them, and the model
    for others. Raises `CampaignRefused` where too few are known."""
    few = min(int(offered.sum()), int((~offered).sum()))
    if few < FEWEST:
        raise CampaignRefused(
            f"Of {few} customers in the smaller arm nobody can learn whom a coupon moves; "
            f"{FEWEST} in each are needed. Run it without uplift, with a holdout, and learn later."
        )
    order = np.random.default_rng(seed).permutation(len(outcomes))
    known, outcomes, offered = known[order], outcomes[order], offered[order]
    folds = np.arange(len(outcomes)) % _FOLDS
    told = np.zeros(len(outcomes))
    models: list[Model] = []
    for fold in range(_FOLDS):
        seen = folds != fold
        fit = _doubly_robust if by == "doubly robust" else _two_models
        forest = partial(_forest, seed + fold, trees)
        model = fit(known[seen], outcomes[seen], offered[seen], share_offered, forest)
        told[~seen] = model(known[~seen])
        models.append(model)

    def mean(others: Floats) -> Floats:
        found: Floats = np.mean([model(others) for model in models], axis=0)
        return found

    back = np.empty(len(order), int)
    back[order] = np.arange(len(order))
    return told[back], mean


def _forest(seed: int, trees: int) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(
        n_estimators=trees, min_samples_leaf=_LEAF, max_features=0.5, random_state=seed
    )


def _two_models(
    known: Floats, outcomes: Floats, offered: Flags, _share: float, forest: Forest
) -> Model:
    on = forest().fit(known[offered], outcomes[offered])
    off = forest().fit(known[~offered], outcomes[~offered])

    def told(others: Floats) -> Floats:
        found: Floats = on.predict(others) - off.predict(others)
        return found

    return told


def _doubly_robust(
    known: Floats, outcomes: Floats, offered: Flags, share: float, forest: Forest
) -> Model:
    contrast = np.zeros(len(outcomes))
    folds = np.arange(len(outcomes)) % 2  # their order is by chance already
    for fold in range(2):
        seen = folds != fold
        on = forest().fit(known[seen & offered], outcomes[seen & offered])
        off = forest().fit(known[seen & ~offered], outcomes[seen & ~offered])
        here = ~seen
        of_on, of_off = on.predict(known[here]), off.predict(known[here])
        given = offered[here]
        contrast[here] = (
            of_on
            - of_off
            + given * (outcomes[here] - of_on) / share
            - ~given * (outcomes[here] - of_off) / (1 - share)
        )
    final = forest().fit(known, contrast)

    def told(others: Floats) -> Floats:
        found: Floats = final.predict(others)
        return found

    return told


def qini(
    told: Floats, outcomes: Floats, offered: Flags, share_offered: float, *, seed: int = 0
) -> Curve:
    """Of customers whose arm was given out by chance."""
    # Each customer's unbiased contrast (Horvitz and Thompson), from which all sums are made.
    contrast = np.where(offered, outcomes / share_offered, -outcomes / (1 - share_offered))
    shares = np.linspace(0, 1, 101)
    won, coefficient = _curve(told, contrast, shares)
    rng = np.random.default_rng(seed)
    count = len(told)
    drawn = [
        _curve(told[chosen], contrast[chosen], shares)
        for chosen in (rng.integers(0, count, count) for _ in range(_RESAMPLES))
    ]
    low, high = np.quantile([each for each, _ in drawn], [0.025, 0.975], axis=0)
    least, most = np.quantile([each for _, each in drawn], [0.025, 0.975])
    interval = Interval(coefficient, float(least), float(most))
    return Curve(shares, won, low, high, interval)


def _curve(told: Floats, contrast: Floats, shares: Floats) -> tuple[Floats, float]:
    order = np.argsort(-told, kind="stable")
    summed = np.concatenate([[0.0], np.cumsum(contrast[order])]) / len(told)
    won = np.interp(shares * len(told), np.arange(len(told) + 1), summed)
    above = won - shares * won[-1]
    return won, float(np.trapezoid(above, shares))


def gains(model: Model, profiles: Sequence[Profile]) -> Mapping[int, float]:
    """What the coupon is expected to bring with each customer, by their ids."""
    if not profiles:
        return {}
    told = model(features(profiles))
    return {each.customer_id: float(gain) for each, gain in zip(profiles, told, strict=True)}
