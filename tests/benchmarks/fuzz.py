"""Ten thousand inputs that nobody meant through every door (tests/foreign.py): requests and tokens
at the public interface, frames, platforms' calls, published keys, files of an import. Counts what
was answered by a server error or not at all, and the longest time that one took.

In this process, without a network: what is measured is our own code.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from typing import Any

import structlog
from hypothesis import HealthCheck, Phase, given, seed, settings
from rich.table import Table

from tests.benchmarks import _bench
from tests.foreign import Door, House, doors

_SERVER_ERROR = 500


def measure(options: argparse.Namespace) -> _bench.Figures:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    house = House()
    table = Table("door", "inputs", "taken", "refused", "errors", "slowest ms", box=None)
    total: Counter[str] = Counter()
    slowest = 0.0
    for door in doors(house):
        if options.door and options.door not in door.name:
            continue
        counted, slow = _through(door, options.inputs)
        total += counted
        slowest = max(slowest, slow)
        numbers = [counted[name] for name in ("inputs", "taken", "refused", "server_errors")]
        table.add_row(door.name, *(f"{number:,}" for number in numbers), f"{1000 * slow:.0f}")
    house.close()
    _bench.console.print(table)
    return {
        "inputs": total["inputs"],
        "server_errors": total["server_errors"],
        "slowest_ms": round(1000 * slowest),
    }


def _through(door: Door, inputs: int) -> tuple[Counter[str], float]:
    """How many were taken, refused and failed, and the seconds of the slowest."""
    counted: Counter[str] = Counter()
    slowest = 0.0

    @seed(20261127)
    @settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(door.inputs)
    def give(thing: Any) -> None:
        nonlocal slowest
        began = time.perf_counter()
        try:
            status = door.take(thing)
        except Exception as error:
            status = _SERVER_ERROR
            _bench.say(f"{door.name}: {type(error).__name__}: {error!s:.200} for {thing!r:.300}")
        slowest = max(slowest, time.perf_counter() - began)
        counted["inputs"] += 1
        if status >= _SERVER_ERROR:
            counted["server_errors"] += 1
        else:
            counted["taken" if status < 400 else "refused"] += 1

    give()
    return counted, slowest


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--inputs", type=int, default=10_000, metavar="N", help="for each door")
    parser.add_argument("--door", default="", metavar="NAME", help="those with this in their names")


if __name__ == "__main__":
    sys.exit(_bench.run("fuzz", __doc__, measure, options=_options))
