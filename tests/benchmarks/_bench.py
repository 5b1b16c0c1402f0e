"""What every benchmark shares: its command line, its tables, its file of figures, and how it says
that something is missing.

A benchmark is a module of this folder without an underscore; `python -m tests.benchmarks.NAME`
runs it. Its figures go to build/bench/NAME.json; what could not be measured has no key there.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from bot.evaluation.throwaway import NotSetUp

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "bench"
Figures = dict[str, Any]

# Wide enough for the tables when the output is a file.
console = Console(width=None if Console().is_terminal else 110, highlight=False)


class Missing(Exception):
    """Something that the benchmark needs is not here; the text says what and how to get it."""


def run(
    name: str,
    description: str | None,
    measure: Callable[[argparse.Namespace], Figures],
    arguments: Sequence[str] | None = None,
    *,
    options: Callable[[argparse.ArgumentParser], None] | None = None,
) -> int:
    """Parse the command line, measure, write the figures; returns the exit code.

    `options` adds what this benchmark alone understands. A benchmark that lacks something is
    skipped with a sentence, which is no failure.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m tests.benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"examples:\n  make bench ONLY={name}\n"
        f"  python -m tests.benchmarks.{name} --data ../data",
    )
    add_data_option(parser)
    if options is not None:
        options(parser)
    chosen = parser.parse_args(arguments)
    load_before = os.getloadavg()[0]
    console.rule(f"[bold]{name}")
    try:
        figures = measure(chosen)
    except (Missing, NotSetUp) as missing:
        skipped(name, missing)
        return 0
    if figures:
        say(f"Written to {write(name, figures, load_before).relative_to(ROOT)}.")
    return 0


def add_data_option(parser: argparse.ArgumentParser) -> None:
    given = os.environ.get("BENCH_DATA")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        default=Path(given) if given else None,
        help="folder of public data sets, one folder each (default: BENCH_DATA)",
    )


def data_folder(data: Path | None, name: str) -> Path:
    """The data set's folder. Raises `Missing`."""
    if data is None:
        raise Missing(f"it needs the data set {name}; name its folder's parent by --data.")
    if not (data / name).is_dir():
        raise Missing(f"{data} has no folder {name}.")
    return data / name


def skipped(what: str, why: object) -> None:
    say(f"{what} is skipped: {why}")


def say(text: str) -> None:
    console.print(text, markup=False)


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; the first column is text, the others are right-aligned."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return "–" if value is None else str(value)


def write(name: str, figures: Figures, load_before: float) -> Path:
    """Write the figures, with where and beside how much other work they were measured."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{name}.json"
    about = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "machine_memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_before": round(load_before, 2),
    }
    text = json.dumps({**figures, "about": about}, ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 4)


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest rank: a value that was measured, not one between two."""
    ranked = sorted(values)
    return round(ranked[max(0, -(-len(ranked) * percent // 100).__int__() - 1)], 4)


def memory_gb(process: psutil.Process) -> float:
    """Of a process and its children."""
    return round(sum(map(memory, [process, *process.children(recursive=True)])) / 1e9, 2)


def memory(process: psutil.Process) -> int:
    """Proportional memory in bytes, so that shared pages count once; 0 when it has ended."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
