"""Sales and what is expected of them, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.demand.choosing import Outlook
from data.demand.panel import Floats
from data.pictures import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 12  # pictures beside each other that can still be read
_COLUMNS = 3
_BEFORE = 52  # steps of the past that are shown
_BANDS = ((0.025, 0.975, 0.18), (0.1, 0.9, 0.3))
_EPOCH = date(1970, 1, 1)
_COLOUR = "#1b6ca8"


def write(outlook: Outlook, rows: Sequence[int], titles: Sequence[str], path: Path) -> None:
    """A picture of these rows, each with a band of 80 and one of 95 %; its kind is that of the
    file's name (png, svg, pdf). Raises `DataError` where it cannot be written."""
    columns = min(_COLUMNS, len(rows))
    deep = -(-len(rows) // columns)
    with picture(path, 5 * columns, 3 * deep) as figure:
        grid = figure.subplots(deep, columns, squeeze=False)
        for place, axis in enumerate(grid.ravel()):
            if place >= len(rows):
                axis.remove()
                continue
            _draw(axis, outlook, rows[place], titles[place])


def _draw(axis: Axes, outlook: Outlook, row: int, title: str) -> None:
    panel = outlook.panel
    past = _days(panel.starts[-_BEFORE:])
    ahead = _days(panel.after(outlook.horizon))
    axis.xaxis_date()
    sold = panel.sold[row, -_BEFORE:]
    axis.plot(past, sold, color="#444444", linewidth=1, label="sold")
    promoted = panel.promoted[row, -_BEFORE:] & ~np.isnan(sold)
    if promoted.any():
        chosen = np.flatnonzero(promoted)
        axis.plot(
            past[chosen], sold[chosen], "o", markersize=4, color="#d08700",
            label="promoted",
        )  # fmt: skip
    for low, high, shade in _BANDS:
        axis.fill_between(
            ahead, outlook.steps(low)[row], outlook.steps(high)[row], color=_COLOUR, alpha=shade,
            linewidth=0, label=f"{high - low:.0%}",
        )  # fmt: skip
    axis.plot(ahead, outlook.mean[row], color=_COLOUR, linewidth=1.6, label="expected")
    for start, value in zip(past, sold, strict=True):
        if np.isnan(value):
            axis.axvspan(start, start, color="#bbbbbb", linewidth=2, alpha=0.6)
    axis.set_title(title, fontsize=9)
    axis.set_ylim(bottom=0)
    axis.tick_params(labelsize=7)
    axis.legend(fontsize=6, loc="upper left", ncols=3, frameon=False)
    for label in axis.get_xticklabels():
        label.set_rotation(30)


def _days(starts: Sequence[date]) -> Floats:
    """As matplotlib counts them: from the first of January 1970."""
    return np.array([(start - _EPOCH).days for start in starts], np.float64)
