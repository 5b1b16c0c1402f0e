"""Runs benchmarks and prints their tables; all of them when none is named.

Each runs in a process of its own, so that none leaves its memory or its threads to the next.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks._bench import ROOT, add_data_option


def names() -> list[str]:
    here = Path(__file__).parent
    return sorted(path.stem for path in here.glob("*.py") if not path.stem.startswith("_"))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n"
        "  python -m tests.benchmarks                       all of them\n"
        "  python -m tests.benchmarks generation answers    these two\n"
        "  python -m tests.benchmarks understanding --data ../data\n"
        "  python -m tests.benchmarks answers --generator off\n"
        "The figures go to build/bench/NAME.json.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(names())}")
    add_data_option(parser)
    chosen, more = parser.parse_known_args()
    if more and len(chosen.names) != 1:
        parser.error(f"{' '.join(more)}: only one benchmark can be given options of its own")
    for name in chosen.names:
        if name not in names():
            parser.error(f"there is no benchmark {name}; there are: {', '.join(names())}")
    environment = dict(os.environ)
    if chosen.data is not None:
        environment["BENCH_DATA"] = str(chosen.data.resolve())
    failed = [
        name
        for name in chosen.names or names()
        if subprocess.call(
            [sys.executable, "-m", f"tests.benchmarks.{name}", *more], cwd=ROOT, env=environment
        )
    ]
    if failed:
        print(f"These failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
