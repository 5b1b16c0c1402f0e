"""How long work reports itself: a callable, and the two ways of showing it on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# (what is being done, how much is done, how much there is); both numbers are bytes or tensors.
Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


class _PlainLines:
    """One line a stage and one at each further quarter, for logs and pipes."""

    def __init__(self) -> None:
        self._stage = ""
        self._quarter = -1

    def __call__(self, stage: str, done: int, total: int) -> None:
        quarter = 4 * done // max(total, 1)
        if stage == self._stage and quarter <= self._quarter:
            return
        self._stage, self._quarter = stage, quarter
        print(f"{stage}: {100 * done // max(total, 1)} %", file=sys.stderr, flush=True)


@contextmanager
def shown() -> Iterator[Progress]:
    """Bars when stderr is a terminal, plain lines otherwise."""
    if not sys.stderr.isatty():
        yield _PlainLines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report
