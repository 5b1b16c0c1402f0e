"""What is to be mended first, and how sure that is.

An aspect's place is `share of negative x volume x trend x effect on the stars`: how many reviews
blame it, by what factor these become more, and how many stars a blame costs. So its measure is a
number of stars, told for a hundred reviews.

    share    complaints of the reviews that speak of it, each by its weight; Wilson's interval
    trend    a logistic regression of "a review complains of it" on time, as a factor a year
    effect   a weighted regression of the stars on what each review blames and praises, within
             products, with errors that allow for unequal scatter (HC1) and Holm's correction

What little data leaves open is drawn towards what holds for all aspects together (empirical Bayes),
so that three angry reviews do not outweigh thirty.
"""

from __future__ import annotations

import math
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import fisher_exact

from data.experiments.statistics import ALPHA, Interval, wilson
from data.reviews.reading import Opinion, sentence_of
from data.reviews.trust import Trust

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CLEAR = 0.33  # of a leaning between -1 and 1: below, a mention is neither praise nor blame
_LEAST_BLAMES = 8  # reviews, for an effect of its own
_LEAST_REVIEWS = 30  # for a regression at all
_MOST_EFFECTS = 100  # aspects in the regression, the most spoken of: its table stays small
_LEAST_MOVING = 4  # complaints, for a trend of its own
_LEAST_WEEKS = 5  # between the first review and the last, for a trend at all
_WEEK_S, _YEAR_S = 7 * 86400, 365.25 * 86400
# How far aspects' yearly factors usually lie apart, as a logarithm: half to double, two in three.
_TREND_SPREAD = math.log(2)
_AHEAD = 0.5  # years: what is mended now is felt in the next half year
_UNKNOWN_EFFECT = 1.0  # stars, where no regression can tell: then the order is that of complaints
_Z = 1.959964  # of 95 %


class Mention(NamedTuple):
    """In the text of opinion number `opinion` the characters start:end name `aspect`."""

    opinion: int
    aspect: int
    start: int
    end: int
    leaning: float


@dataclass(frozen=True)
class Effect:
    """What a complaint does to the stars of a review, other things equal; `sure`: it is not zero,
    with all aspects looked at, in 95 of 100 cases. `stars` is drawn towards the others' mean;
    `own` is what the aspect's own reviews say, None where they are too few."""

    stars: float
    own: Interval | None
    sure: bool


@dataclass(frozen=True)
class Trend:
    """The factor by which complaints become more in a year."""

    factor: float
    own: Interval | None
    sure: bool


@dataclass(frozen=True)
class Part:
    """One product or variant: reviews that complain of the aspect, of how many that speak of it.
    `stands_out`: more than the product's other variants do, beyond chance."""

    id: str
    complaints: int
    mentions: int
    stands_out: bool = False


@dataclass(frozen=True)
class Line:
    """One aspect. `reviews` speak of it, `complaints` blame it and `praises` praise it; `share` is
    that of complaints by weight. `cost`: stars for a hundred reviews, by which lines are ordered.
    `quotes`: mentions that say it most clearly, complaints first."""

    aspect: int
    reviews: int
    complaints: int
    praises: int
    weight: float
    share: Interval
    trend: Trend
    effect: Effect
    cost: float
    products: tuple[Part, ...]
    variants: tuple[Part, ...]
    quotes: tuple[Mention, ...]
    chat: int


@dataclass(frozen=True)
class Findings:
    """`explained`: the share of the stars' scatter within products that the aspects explain; None
    where the reviews are too few for a regression."""

    lines: tuple[Line, ...]
    explained: float | None


def find(
    opinions: Sequence[Opinion],
    trusts: Sequence[Trust],
    mentions: Sequence[Mention],
    *,
    quotes: int = 3,
) -> Findings:
    """`opinions` are reviews, and behind them perhaps lines of the chat, which are counted beside;
    `trusts` are of the reviews."""
    reviews = len(trusts)
    weights = np.array([each.weight for each in trusts])
    weeks = np.array([each.at.timestamp() // _WEEK_S for each in opinions[:reviews]])
    total = float(weights.sum())
    by_aspect: dict[int, list[Mention]] = defaultdict(list)
    for mention in mentions:
        by_aspect[mention.aspect].append(mention)
    stands = {aspect: _stand(of_it) for aspect, of_it in sorted(by_aspect.items())}
    own = {aspect: stand.of(reviews) for aspect, stand in stands.items()}
    effects, explained = _effects(opinions[:reviews], weights, own)
    lines = []
    for aspect, stand in own.items():
        if not len(stand.rows):
            continue
        heard, blamed = float(weights[stand.rows].sum()), float(weights[stand.blames].sum())
        trend = _trend(weeks, stand.blames, weights)
        ahead = trend.factor**_AHEAD
        products, variants = _parts(opinions, stand)
        lines.append(
            Line(
                aspect=aspect,
                reviews=len(stand.rows),
                complaints=len(stand.blames),
                praises=len(stand.praises),
                weight=heard,
                share=wilson(blamed, heard),
                trend=trend,
                effect=effects[aspect],
                cost=100 * blamed / total * ahead * max(effects[aspect].stars, 0.0),
                products=products,
                variants=variants,
                quotes=_quotes(by_aspect[aspect], opinions, trusts, quotes),
                chat=len(stands[aspect].blames) - len(stand.blames),
            )
        )
    lines.sort(key=lambda line: (-line.cost, -line.reviews, line.aspect))
    return Findings(tuple(lines), explained)


@dataclass(frozen=True)
class _Stand:
    """The opinions that speak of an aspect, and how: the mean of their mentions."""

    rows: Ints
    leanings: Floats

    def of(self, reviews: int) -> _Stand:
        """Of the first so many opinions."""
        ours = self.rows < reviews
        return _Stand(self.rows[ours], self.leanings[ours])

    @property
    def blames(self) -> Ints:
        return self.rows[self.leanings < -CLEAR]

    @property
    def praises(self) -> Ints:
        return self.rows[self.leanings > CLEAR]


def _stand(mentions: Sequence[Mention]) -> _Stand:
    rows, places = np.unique([each.opinion for each in mentions], return_inverse=True)
    sums = np.bincount(places, [each.leaning for each in mentions])
    return _Stand(rows, sums / np.bincount(places))


def _effects(
    reviews: Sequence[Opinion], weights: Floats, stands: Mapping[int, _Stand]
) -> tuple[dict[int, Effect], float | None]:
    """Of each aspect, and how much all explain together."""
    import statsmodels.api as sm
    from statsmodels.stats.multitest import multipletests

    unknown = dict.fromkeys(stands, Effect(_UNKNOWN_EFFECT, None, sure=False))
    rated = np.array([each.stars is not None for each in reviews], bool) & (weights > 0)
    stars = np.array([each.stars or 0 for each in reviews], float)[rated]
    if len(stars) < _LEAST_REVIEWS or not stars.std():
        return unknown, None

    def enough(rows: Ints) -> bool:
        return int(rated[rows].sum()) >= _LEAST_BLAMES

    spoken = sorted(stands, key=lambda aspect: -len(stands[aspect].rows))[:_MOST_EFFECTS]
    blamed = [aspect for aspect in spoken if enough(stands[aspect].blames)]
    praised = [aspect for aspect in spoken if enough(stands[aspect].praises)]
    if not blamed:
        return unknown, None
    told = np.zeros((len(reviews), len(blamed) + len(praised)))
    for column, aspect in enumerate(blamed):
        told[stands[aspect].blames, column] = 1
    for column, aspect in enumerate(praised, start=len(blamed)):
        told[stands[aspect].praises, column] = 1
    weight = weights[rated]
    products = np.unique([each.product or "" for each in reviews], return_inverse=True)[1][rated]
    within = _within(np.column_stack([stars, told[rated]]), products, weight)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two aspects that are always named together
        fit = sm.WLS(within[:, 0], within[:, 1:], weights=weight).fit(cov_type="HC1")
    cost = -np.asarray(fit.params)[: len(blamed)]
    error = np.asarray(fit.bse)[: len(blamed)]
    chance = np.nan_to_num(np.asarray(fit.pvalues)[: len(blamed)], nan=1.0)
    sure = multipletests(chance, ALPHA, method="holm")[0]
    mean, spread = _common(cost, error)
    effects = dict.fromkeys(stands, Effect(mean, None, sure=False))
    for place, aspect in enumerate(blamed):
        drawn = spread**2 / (spread**2 + error[place] ** 2) if spread else 0.0
        own = Interval(
            float(cost[place]),
            float(cost[place] - _Z * error[place]),
            float(cost[place] + _Z * error[place]),
        )
        effects[aspect] = Effect(
            float(mean + drawn * (cost[place] - mean)), own, bool(sure[place]) and cost[place] > 0
        )
    return effects, float(max(fit.rsquared, 0.0))


def _within(table: Floats, groups: npt.NDArray[np.int64], weight: Floats) -> Floats:
    """Less the weighted mean of the row's group: what tells products apart is taken out."""
    sums = np.zeros((groups.max() + 1, table.shape[1]))
    np.add.at(sums, groups, table * weight[:, None])
    held = np.bincount(groups, weight, minlength=len(sums))
    within: Floats = table - (sums / np.maximum(held, 1e-9)[:, None])[groups]
    return within


def _common(values: Floats, errors: Floats) -> tuple[float, float]:
    """The mean of all, and how far they lie apart beyond their errors (DerSimonian and Laird)."""
    precise = 1 / np.maximum(errors, 1e-6) ** 2
    mean = float((precise * values).sum() / precise.sum())
    scatter = float((precise * (values - mean) ** 2).sum())
    room = precise.sum() - (precise**2).sum() / precise.sum()
    spread = math.sqrt(max((scatter - (len(values) - 1)) / room, 0.0)) if room > 0 else 0.0
    return mean, spread


def _trend(weeks: Floats, blames: Ints, weights: Floats) -> Trend:
    """`weeks`: each review's."""
    import statsmodels.api as sm

    if len(blames) < _LEAST_MOVING or weeks.max() - weeks.min() < _LEAST_WEEKS:
        return Trend(1.0, None, sure=False)
    at, places = np.unique(weeks, return_inverse=True)
    of_week = np.bincount(places, weights)
    bad = np.bincount(places[blames], weights[blames], minlength=len(at))
    years = (at - np.average(at, weights=of_week)) * _WEEK_S / _YEAR_S
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # complaints that all lie on one day have no finite slope
        model = sm.GLM(
            np.column_stack([bad, np.maximum(of_week - bad, 0)]),
            np.column_stack([np.ones(len(at)), years]),
            family=sm.families.Binomial(),
        )
        try:
            fit = model.fit()
        except (np.linalg.LinAlgError, ValueError):
            return Trend(1.0, None, sure=False)
    slope, error = float(fit.params[1]), float(fit.bse[1])
    if not (math.isfinite(slope) and math.isfinite(error) and error > 0):
        return Trend(1.0, None, sure=False)
    drawn = slope * _TREND_SPREAD**2 / (_TREND_SPREAD**2 + error**2)
    low, high = slope - _Z * error, slope + _Z * error
    own = Interval(*(math.exp(min(max(each, -9.0), 9.0)) for each in (slope, low, high)))
    return Trend(math.exp(drawn), own, sure=low > 0 or high < 0)


def _parts(opinions: Sequence[Opinion], stand: _Stand) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Products by their complaints; variants that are complained of more than their product's
    others, by Fisher's exact test with Holm's correction."""
    products: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    variants: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row, leaning in zip(stand.rows.tolist(), stand.leanings.tolist(), strict=True):
        each = opinions[row]
        if each.product is None:
            continue
        counted = [products[each.product]]
        counted += [variants[each.product, each.sku]] if each.sku is not None else []
        for counts in counted:
            counts[0] += leaning < -CLEAR
            counts[1] += 1
    found = [Part(name, bad, count) for name, (bad, count) in products.items() if bad]
    found.sort(key=lambda part: (-part.complaints, part.mentions, part.id))
    tested = []
    for (product, sku), (bad, count) in variants.items():
        others = [c for (p, s), c in variants.items() if p == product and s != sku]
        other_bad, other_count = (sum(each[n] for each in others) for n in (0, 1))
        if bad >= 2 and other_count:  # once is no pattern
            table = [[bad, count - bad], [other_bad, other_count - other_bad]]
            tested.append((float(fisher_exact(table, "greater")[1]), Part(sku, bad, count)))
    tested.sort(key=lambda pair: (pair[0], pair[1].id))
    out = []
    for place, (chance, part) in enumerate(tested):
        if chance * (len(tested) - place) >= ALPHA:
            break
        out.append(Part(part.id, part.complaints, part.mentions, stands_out=True))
    return tuple(found), tuple(out)


def _quotes(
    mentions: Sequence[Mention], opinions: Sequence[Opinion], trusts: Sequence[Trust], most: int
) -> tuple[Mention, ...]:
    """Complaints, if there are any; clear ones, of reviews that count in full; of each writer one,
    and no sentence twice."""
    own = [m for m in mentions if m.opinion < len(trusts)]
    blamed = [m for m in own if m.leaning < -CLEAR]
    order = sorted(
        blamed or own,
        key=lambda m: (
            -trusts[m.opinion].weight,
            -round(abs(m.leaning), 1),
            -opinions[m.opinion].at.timestamp(),
        ),
    )
    taken: list[Mention] = []
    seen = set[object]()
    for mention in order:
        each = opinions[mention.opinion]
        keys = {each.writer or -each.id, sentence_of(each.text, mention.start, mention.end)}
        if not keys & seen:
            taken.append(mention)
            seen |= keys
        if len(taken) == most:
            break
    return tuple(taken)
