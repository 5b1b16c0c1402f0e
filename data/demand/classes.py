"""Which kind of demand a thing has, by how seldom and how unevenly it is asked for."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from data.demand.panel import Floats

# Syntetos, Boylan and Croston, "On the categorization of demand patterns", 2005: above the one,
# steps without demand are what must be forecast, above the other the sizes are.
ADI, CV2 = 1.32, 0.49
# Fewer steps than these say nothing of a pattern: such a thing goes by its kind.
YOUNG = 8


class Demand(StrEnum):
    smooth = "smooth"
    erratic = "erratic"  # often, in very different sizes
    intermittent = "intermittent"  # seldom, in like sizes
    lumpy = "lumpy"  # seldom, in very different sizes
    new = "new"  # known for fewer than `YOUNG` steps
    none = "none"  # never sold


def spread(sold: Floats) -> tuple[float, float]:
    """(ADI, CV²): the mean number of steps between two with demand, and the squared coefficient of
    variation of the sizes; both of the steps that are known. ADI is infinite without demand."""
    known = sold[~np.isnan(sold)]
    sizes = known[known > 0]
    if not len(sizes):
        return float("inf"), 0.0
    return len(known) / len(sizes), float(np.var(sizes) / np.mean(sizes) ** 2)


def demand_of(sold: Floats) -> Demand:
    """The class of one thing's sales; NaN is no observation."""
    known = int((~np.isnan(sold)).sum())
    interval, variation = spread(sold)
    if not np.isfinite(interval):
        return Demand.none if known >= YOUNG else Demand.new
    if known < YOUNG:
        return Demand.new
    if interval <= ADI:
        return Demand.smooth if variation <= CV2 else Demand.erratic
    return Demand.intermittent if variation <= CV2 else Demand.lumpy
