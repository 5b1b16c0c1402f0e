"""Which model for which thing, by how it did at earlier moments; and bands that hold what they say.

At up to six moments of the past (rolling origins) each candidate of a thing's class forecasts what
is known by now, and squared errors, on each thing's scale, choose. A thing goes with the model that
is best in its class, unless another was surely better for it alone: a thing by itself has six
moments to tell by, and the luckiest of six models is not the best one. What is new, or was sold
once or twice, goes by its kind.

Bands are conformal. Around what is expected lies a negative binomial distribution that is as wide
as the errors were; where in that distribution the sales of the past really lay says which of its
quantiles is to be taken for, say, the one of 90 % (distributional conformal prediction,
Chernozhukov, Wüthrich and Zhu 2021). That is done for single steps and for sums of the next steps
apart, and in each class of demand: the sum over a lead time is what a shop orders by, and the sum
of steps' quantiles is not its quantile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from data.demand import counts
from data.demand.boosted import boosted
from data.demand.classes import YOUNG, Demand, demand_of
from data.demand.kinds import by_kind
from data.demand.ladder import MODELS
from data.demand.measures import squared_scale
from data.demand.panel import Bools, Floats, Panel

Told = Callable[[str, int, int], None]
"""(what is being done, how much is done, of how much)."""

BOOSTED, AVERAGE, KIND = "boosted", "average", "kind"
_SELDOM = ("naive", "croston", "sba", "tsb", "ets", BOOSTED, AVERAGE)
CANDIDATES: Mapping[Demand, Sequence[str]] = {
    Demand.smooth: ("naive", "seasonal", "ets", BOOSTED, AVERAGE),
    Demand.erratic: ("naive", "seasonal", "ets", "tsb", BOOSTED, AVERAGE),
    Demand.intermittent: _SELDOM,
    Demand.lumpy: _SELDOM,
}
# Where there is no past to choose by.
_UNTRIED: Mapping[Demand, str] = {
    Demand.smooth: "ets",
    Demand.erratic: "ets",
    Demand.intermittent: "sba",
    Demand.lumpy: "sba",
}
# Croston's method and its like never learn that nobody asks any more; the naive ones are noise.
_AVERAGED = ("ets", "tsb", BOOSTED)
_ORIGINS = 6
_GAP = 4  # steps between two origins at most: nearer ones tell the same twice
_LEAST_KNOWN = 16  # steps before the first origin
# Of six candidates one is the better by chance in six origins; by so many standard errors seldom.
_SURE = 3.0
# Steps with sales; of a thing with fewer, errors are least where nothing at all is expected.
_TELLING = 3
_LEAST_GAINS = 4  # origins; of fewer nothing is sure
_RATIO_OF_CLASS = 6.0  # expected pieces, likewise for how widely sales scatter
# Positions in a class; with fewer those of all classes are taken, and with fewer still none.
_ENOUGH = 40
_PRIOR_PIECES = 5.0  # a promotion does nothing until so many pieces say so
_MOST_LIFT = 5.0


@dataclass(frozen=True)
class Outlook:
    """What is expected of each thing in the next steps. `ratio` is the variance of a step's sales
    by their mean, `sum_ratio` that of the sum up to a step; `tried` at how many origins of the
    past the model was chosen."""

    panel: Panel
    horizon: int
    demand: tuple[Demand, ...]
    model: tuple[str, ...]
    tried: int
    mean: Floats
    ratio: Floats
    sum_ratio: Floats
    positions: _Positions
    errors: Mapping[str, Floats] = field(default_factory=dict)

    def steps(self, level: float) -> Floats:
        """The quantile of each step's sales."""
        return counts.quantile(
            self.positions.levels(self.demand, self.model, level, self.horizon, sums=False),
            self.mean,
            np.repeat(self.ratio[:, None], self.horizon, axis=1),
        )

    def sums(self, level: float) -> Floats:
        """The quantile of the sales from now up to and with each step."""
        return np.maximum.accumulate(
            counts.quantile(
                self.positions.levels(self.demand, self.model, level, self.horizon, sums=True),
                self.expected,
                self.sum_ratio,
            ),
            axis=1,
        )

    @cached_property
    def expected(self) -> Floats:
        """Of the sum up to and with each step."""
        return np.cumsum(self.mean, axis=1)


@dataclass(frozen=True)
class _Positions:
    """Where in their distributions past sales lay, 0 to 1 in ascending order, by class; of sums for
    each number of steps. Empty: too little was tried."""

    steps: Mapping[Demand, Floats]
    sums: Mapping[Demand, Sequence[Floats]]

    def levels(
        self,
        demand: Sequence[Demand],
        model: Sequence[str],
        level: float,
        horizon: int,
        *,
        sums: bool,
    ) -> Floats:
        """The quantiles of the distributions that stand for this one, a row a thing."""
        found = np.full((len(demand), horizon), level)
        for row, (of, by) in enumerate(zip(demand, model, strict=True)):
            if by == KIND or of not in self.steps:
                continue
            for ahead in range(horizon):
                past = self.sums[of][ahead] if sums else self.steps[of]
                found[row, ahead] = _conformal(past, level)
                if not sums:
                    found[row, 1:] = found[row, 0]
                    break
        return found


def _conformal(past: Floats, level: float) -> float:
    """The position that the next one will not exceed with that probability; of too few nothing is
    learned, and the distribution is taken at its word."""
    if not len(past):
        return level
    rank = int(np.ceil((len(past) + 1) * level))
    return float(past[rank - 1]) if rank <= len(past) else max(level, float(past[-1]))


def forecast(
    panel: Panel,
    horizon: int,
    *,
    told: Told = lambda what, done, total: None,
    candidates: Mapping[Demand, Sequence[str]] = CANDIDATES,
    seed: int = 0,
) -> Outlook:
    """What each thing will sell in the next `horizon` steps, by the candidates of its class."""
    demand = tuple(demand_of(row) for row in panel.sold)
    origins = _origins(panel.steps, horizon)
    work = _Work(panel, demand, horizon, candidates, seed)
    past = []
    for number, origin in enumerate(origins):
        told("looking back", number, len(origins) + 1)
        past.append(work.at(origin))
    told("looking back", len(origins), len(origins) + 1)
    now = work.at(panel.steps)
    told("looking back", len(origins) + 1, len(origins) + 1)
    actual = work.actual(origins)
    model, errors = _choose(panel, demand, candidates, past, actual)
    if candidates is CANDIDATES:  # one model alone, to compare with, is kept to
        seldom = (np.nan_to_num(panel.sold) > 0).sum(axis=1) < _TELLING
        model = tuple(KIND if few else name for few, name in zip(seldom, model, strict=True))
    mean = np.array([now[name][row] for row, name in enumerate(model)]).reshape(-1, horizon)
    ratio, sum_ratio = _ratios(panel, demand, model, past, actual, horizon)
    kind, worth = by_kind(panel, horizon)
    for row, name in enumerate(model):
        if name == KIND:
            mean[row] = kind[row]
            ratio[row] = 1 + 1 / worth[row]
            sum_ratio[row] = 1 + np.arange(1, horizon + 1) / worth[row]
    positions = _positions(demand, model, past, actual, ratio, sum_ratio, seed)
    return Outlook(
        panel, horizon, demand, model, len(origins), mean, ratio, sum_ratio, positions, errors
    )


def lift(panel: Panel) -> float:
    """How many times as much is sold in a promoted step, all things together; 1 where nothing is
    known of it."""
    plain = np.where(panel.promoted, np.nan, panel.sold)
    known = (~np.isnan(plain)).sum(axis=1)
    usual = np.nansum(plain, axis=1) / np.maximum(known, 1)
    promoted = panel.promoted & ~np.isnan(panel.sold)
    sold = np.where(promoted, panel.sold, 0).sum()
    expected = (usual[:, None] * promoted).sum()
    found = (float(sold) + _PRIOR_PIECES) / (float(expected) + _PRIOR_PIECES)
    return min(max(found, 1.0), _MOST_LIFT)


def _origins(steps: int, horizon: int) -> list[int]:
    """So many steps were known then; the last origin leaves its whole horizon."""
    gap = max(1, min(horizon, _GAP))
    found = [steps - horizon - gap * number for number in range(_ORIGINS)]
    return sorted(origin for origin in found if origin >= _LEAST_KNOWN)


class _Work:
    """Every candidate of every thing at one moment."""

    def __init__(
        self,
        panel: Panel,
        demand: Sequence[Demand],
        horizon: int,
        candidates: Mapping[Demand, Sequence[str]],
        seed: int,
    ) -> None:
        self._panel, self._horizon, self._seed = panel, horizon, seed
        self._of = [candidates.get(of, ()) for of in demand]

    def at(self, origin: int) -> dict[str, Floats]:
        """By the candidate's name; NaN where it is none of that thing's, or knows too little."""
        cut = self._panel.until(origin)
        horizon = self._horizon
        raised = lift(cut)
        planned, _ = cut.plan(horizon)
        factor = np.where(planned, raised, 1.0)
        plain = _without_promotions(cut)
        enough = (~np.isnan(cut.sold)).sum(axis=1) >= YOUNG
        found: dict[str, Floats] = {KIND: by_kind(cut, horizon)[0]}
        for name, model in MODELS.items():
            rows = np.flatnonzero(self._candidates(name) & enough)
            found[name] = np.full((len(cut), horizon), np.nan)
            if len(rows):
                found[name][rows] = model(plain[rows], horizon, cut.period) * factor[rows]
        rows = np.flatnonzero(self._candidates(BOOSTED) & enough)
        found[BOOSTED] = np.full((len(cut), horizon), np.nan)
        if len(rows):
            found[BOOSTED][rows] = boosted(cut, horizon, self._seed)[rows]
        found[AVERAGE] = _average([found[name] for name in _AVERAGED])
        return found

    def actual(self, origins: Iterable[int]) -> Floats:
        """(origins, things, steps ahead)."""
        slices = [self._panel.sold[:, one : one + self._horizon] for one in origins]
        return np.array(slices).reshape(-1, len(self._panel), self._horizon)

    def _candidates(self, name: str) -> Bools:
        return np.array([name in names for names in self._of], bool)


def _average(members: Sequence[Floats]) -> Floats:
    stacked = np.array(members)
    count = (~np.isnan(stacked)).sum(axis=0)
    return np.where(count > 0, np.nansum(stacked, axis=0) / np.maximum(count, 1), np.nan)


def _without_promotions(panel: Panel) -> Floats:
    """What would have been sold anyway is not known of a promoted step; of a thing that is nearly
    always promoted, the promoted steps are its usual ones."""
    plain = np.where(panel.promoted, np.nan, panel.sold)
    left = (~np.isnan(plain)).sum(axis=1)
    there = (~np.isnan(panel.sold)).sum(axis=1)
    usual = (left >= YOUNG) & (left * 2 >= there)
    return np.where(usual[:, None], plain, panel.sold)


def _choose(
    panel: Panel,
    demand: Sequence[Demand],
    candidates: Mapping[Demand, Sequence[str]],
    past: Sequence[Mapping[str, Floats]],
    actual: Floats,
) -> tuple[tuple[str, ...], dict[str, Floats]]:
    """Each thing's model, and the mean squared scaled error of every candidate of it."""
    if not past:
        return tuple(_untried(of, candidates) for of in demand), {}
    scale = squared_scale(panel.sold)
    errors: dict[str, Floats] = {}
    for name in (*MODELS, BOOSTED, AVERAGE):
        error = (actual - np.array([each[name] for each in past])) ** 2 / scale[None, :, None]
        known = (~np.isnan(error)).sum(axis=2)
        errors[name] = np.where(known > 0, np.nansum(error, axis=2) / np.maximum(known, 1), np.nan)
    best = {of: _best_of_class(of, demand, names, errors) for of, names in candidates.items()}
    chosen = []
    for row, of in enumerate(demand):
        # What has never moved has no scale: every model says the same of it.
        names = [n for n in candidates.get(of, ()) if not np.isnan(errors[n][:, row]).all()]
        if not names or best[of] not in names:
            chosen.append(_untried(of, candidates))
            continue
        usual = errors[best[of]][:, row]
        gains = {name: _surely(usual - errors[name][:, row]) for name in names}
        own = max(gains, key=lambda name: gains[name])
        chosen.append(own if gains[own] > _SURE else best[of])
    return tuple(chosen), {
        name: np.nansum(error, axis=0) / np.maximum((~np.isnan(error)).sum(axis=0), 1)
        for name, error in errors.items()
    }


def _untried(of: Demand, candidates: Mapping[Demand, Sequence[str]]) -> str:
    names, usual = candidates.get(of, ()), _UNTRIED.get(of, KIND)
    return usual if usual in names or not names else names[0]


def _best_of_class(
    of: Demand, demand: Sequence[Demand], names: Sequence[str], errors: Mapping[str, Floats]
) -> str:
    rows = np.array([other == of for other in demand])
    means = {}
    for name in names:
        known = errors[name][:, rows]
        known = known[~np.isnan(known)]
        means[name] = float(known.mean()) if len(known) else np.inf
    return min(means, key=lambda name: means[name])


def _surely(gains: Floats) -> float:
    """By how many standard errors a candidate was better, an origin a gain."""
    gains = gains[~np.isnan(gains)]
    if len(gains) < _LEAST_GAINS:
        return 0.0
    error = float(gains.std(ddof=1)) / len(gains) ** 0.5
    return float(gains.mean()) / error if error > 0 else 0.0


def _picked(model: Sequence[str], past: Sequence[Mapping[str, Floats]], horizon: int) -> Floats:
    """What each thing's own model expected then: (origins, things, steps ahead)."""
    return np.array(
        [[each[name][row] for row, name in enumerate(model)] for each in past], float
    ).reshape(-1, len(model), horizon)


def _ratios(
    panel: Panel,
    demand: Sequence[Demand],
    model: Sequence[str],
    past: Sequence[Mapping[str, Floats]],
    actual: Floats,
    horizon: int,
) -> tuple[Floats, Floats]:
    """How widely steps and sums scatter: variance by mean, at least 1."""
    if not past:
        known = np.maximum((~np.isnan(panel.sold)).sum(axis=1), 1)
        mean = np.nansum(panel.sold, axis=1) / known
        squares = np.nansum((panel.sold - mean[:, None]) ** 2, axis=1) / known
        ratio = np.maximum(squares / np.maximum(mean, 1e-3), 1.0)
        return ratio, np.repeat(ratio[:, None], horizon, axis=1)
    expected = _picked(model, past, horizon)
    known = ~np.isnan(actual) & ~np.isnan(expected)
    square = np.where(known, (actual - expected) ** 2, 0)
    mean = np.where(known, expected, 0)
    ratio, sum_ratio = np.ones(len(panel)), np.ones((len(panel), horizon))
    whole = np.asarray(known.all(axis=2))
    sums = np.where(whole[:, :, None], np.cumsum(actual - expected, axis=2), np.nan)
    totals = np.where(whole[:, :, None], np.cumsum(expected, axis=2), np.nan)
    for of in set(demand):
        rows = np.array([other == of for other in demand])
        expectation = mean[:, rows].sum()
        # A class that sold a handful in all is taken for Poisson until it says otherwise.
        squares = square[:, rows].sum() + _RATIO_OF_CLASS
        of_class = max(squares / (expectation + _RATIO_OF_CLASS), 1.0)
        own = square.sum(axis=(0, 2)) + _RATIO_OF_CLASS * of_class
        ratio[rows] = np.maximum(own / (mean.sum(axis=(0, 2)) + _RATIO_OF_CLASS), 1.0)[rows]
        for ahead in range(horizon):
            total = np.nansum(totals[:, rows, ahead])
            squares = np.nansum(sums[:, rows, ahead] ** 2) + _RATIO_OF_CLASS * of_class
            wide = squares / (total + _RATIO_OF_CLASS)
            sum_ratio[rows, ahead] = np.maximum(ratio[rows] * wide / of_class, 1.0)
    return ratio, sum_ratio


def _positions(
    demand: Sequence[Demand],
    model: Sequence[str],
    past: Sequence[Mapping[str, Floats]],
    actual: Floats,
    ratio: Floats,
    sum_ratio: Floats,
    seed: int,
) -> _Positions:
    if not past:
        return _Positions({}, {})
    horizon = actual.shape[2]
    expected = _picked(model, past, horizon)
    rng = np.random.default_rng(seed)
    chance = rng.random((2, *actual.shape))
    steps = _place(actual, expected, np.broadcast_to(ratio[None, :, None], actual.shape), chance[0])
    sums = _place(
        np.cumsum(actual, axis=2),
        np.cumsum(expected, axis=2),
        np.broadcast_to(sum_ratio[None], actual.shape),
        chance[1],
    )
    proven = np.array([name != KIND for name in model])
    classes = {of for of, ok in zip(demand, proven, strict=True) if ok}

    def of_class(places: Floats, of: Demand) -> Floats:
        own = places[:, np.array([other == of for other in demand]) & proven].ravel()
        own = own[~np.isnan(own)]
        if len(own) < _ENOUGH:
            own = places[:, proven].ravel()
            own = own[~np.isnan(own)]
        return np.sort(own) if len(own) >= _ENOUGH else np.zeros(0)

    found_steps = {of: of_class(steps, of) for of in classes}
    found_sums = {
        of: [of_class(sums[:, :, ahead : ahead + 1], of) for ahead in range(horizon)]
        for of in classes
    }
    return _Positions(found_steps, found_sums)


def _place(actual: Floats, expected: Floats, ratio: Floats, chance: Floats) -> Floats:
    """Where in its distribution each lay; a count covers a stretch, of which chance takes a
    point."""
    known = ~np.isnan(actual) & ~np.isnan(expected)
    found = np.full(actual.shape, np.nan)
    y, mean, wide = actual[known], expected[known], ratio[known]
    below = counts.at_most(y - 1, mean, wide)
    found[known] = below + chance[known] * (counts.at_most(y, mean, wide) - below)
    return found
