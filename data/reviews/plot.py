"""A product's stars over time, and beneath them what its reviews praise and blame."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.pictures import picture
from data.reviews.findings import Mention
from data.reviews.reading import Opinion
from data.reviews.trust import Trust

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 4  # products beside each other
_ASPECTS = 6
_EPOCH = date(1970, 1, 1)
_COLOUR = "#1b6ca8"
_Z = 1.959964


@dataclass(frozen=True)
class Course:
    """A product's reviews by month. `stars`: month → (mean by weight, half the width of its 95 %
    interval, reviews); `aspects`: name → month → (mentions, mean leaning), the most named first."""

    title: str
    stars: Mapping[date, tuple[float, float, int]]
    aspects: Mapping[str, Mapping[date, tuple[int, float]]]


def course(
    title: str,
    product: str,
    opinions: Sequence[Opinion],
    trusts: Sequence[Trust],
    mentions: Sequence[Mention],
    names: Mapping[int, str],
    zone: tzinfo,
) -> Course:
    """`names` of the aspects that are to be shown."""
    rows = {row for row in range(len(trusts)) if opinions[row].product == product}
    months: dict[date, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        stars = opinions[row].stars
        if stars is not None:
            months[_month(opinions[row], zone)].append((stars, trusts[row].weight))
    own = [m for m in mentions if m.opinion in rows and m.aspect in names]
    aspects: dict[str, Mapping[date, tuple[int, float]]] = {}
    for aspect, _ in Counter(mention.aspect for mention in own).most_common(_ASPECTS):
        by_month: dict[date, list[float]] = defaultdict(list)
        for mention in own:
            if mention.aspect == aspect:
                by_month[_month(opinions[mention.opinion], zone)].append(mention.leaning)
        aspects[names[aspect]] = {
            month: (len(found), float(np.mean(found))) for month, found in by_month.items()
        }
    return Course(title, {month: _mean(found) for month, found in sorted(months.items())}, aspects)


def _month(opinion: Opinion, zone: tzinfo) -> date:
    return opinion.at.astimezone(zone).date().replace(day=1)


def _mean(found: Sequence[tuple[float, float]]) -> tuple[float, float, int]:
    stars, weights = np.array(found).T
    mean = float(np.average(stars, weights=weights))
    spread = float(np.average((stars - mean) ** 2, weights=weights))
    # Of one or two reviews nothing is known of their scatter: that of all stars stands in.
    spread = max(spread, 1.0) if len(found) < 3 else spread
    return mean, _Z * math.sqrt(spread / float(weights.sum())), len(found)


def write(path: Path, courses: Sequence[Course]) -> None:
    """Its kind is that of the file's name (png, svg, pdf). Raises `DataError` where it cannot be
    written."""
    with picture(path, 6.5 * len(courses), 6) as figure:
        grid = figure.subplots(2, len(courses), squeeze=False, height_ratios=(3, 2))
        for column, each in enumerate(courses):
            _stars(grid[0][column], each)
            _aspects(grid[1][column], each)
            grid[1][column].sharex(grid[0][column])


def _stars(axis: Axes, course: Course) -> None:
    months = _days(list(course.stars))
    means, half, counts = (
        np.array(part, float) for part in zip(*course.stars.values(), strict=True)
    )
    axis.xaxis_date()
    axis.fill_between(
        months, np.maximum(means - half, 1), np.minimum(means + half, 5), color=_COLOUR, alpha=0.2,
        linewidth=0, label="95 %",
    )  # fmt: skip
    axis.plot(months, means, color=_COLOUR, linewidth=1.5, marker="o", markersize=3, label="stars")
    for month, count in zip(months, counts, strict=True):
        axis.annotate(f"{count:.0f}", (month, 1.05), fontsize=6, ha="center", color="#777777")
    axis.set_ylim(1, 5.1)
    axis.set_title(f"{course.title}  (n = {counts.sum():.0f})", fontsize=10)
    axis.legend(fontsize=7, loc="lower left", bbox_to_anchor=(0, 0.06), frameon=False)
    axis.tick_params(labelsize=7, labelbottom=False)


def _aspects(axis: Axes, course: Course) -> None:
    """A dot a month: as large as it was spoken of, red where it was blamed."""
    axis.xaxis_date()
    names = list(course.aspects)
    for row, name in enumerate(names):
        found = course.aspects[name]
        axis.scatter(
            _days(list(found)),
            [row] * len(found),
            s=[30 * count for count, _ in found.values()],
            c=[leaning for _, leaning in found.values()],
            cmap="RdYlGn", vmin=-1, vmax=1, edgecolors="#555555", linewidths=0.4, clip_on=False,
        )  # fmt: skip
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.tick_params(labelsize=7)
    axis.grid(axis="y", linewidth=0.3)
    for label in axis.get_xticklabels():
        label.set_rotation(30)


def _days(months: Sequence[date]) -> np.ndarray:
    """As matplotlib counts them: from the first of January 1970."""
    return np.array([(month - _EPOCH).days for month in months], np.float64)
