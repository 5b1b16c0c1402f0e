"""`python -m weights ensure NAME… | list | verify [NAME…]`: the weights from the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from weights.cache import cache_folder, check_files, is_whole
from weights.catalogue import CATALOGUE
from weights.ensure import ensure, require_known
from weights.errors import WeightsError
from weights.fetch import take_file
from weights.progress import shown


def _ensure(names: list[str], file: Path | None) -> None:
    for name in names:
        require_known(name)
    with shown() as progress:
        for name in names:
            if file is not None:
                take_file(CATALOGUE[name], file, progress)
            ensure(name, progress)


def _list() -> None:
    for entry in CATALOGUE.values():
        state = str(cache_folder() / entry.name) if is_whole(entry) else "not on this machine"
        size = sum(asset.size for asset in entry.assets) / 1e6
        print(f"{entry.name:17} {entry.title}; {entry.licence}; {size:.0f} MB download; {state}")


def _verify(names: list[str]) -> None:
    for name in names or [entry.name for entry in CATALOGUE.values() if is_whole(entry)]:
        require_known(name)
        check_files(CATALOGUE[name])
        print(f"{name}: every file has its recorded SHA-256.")


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code; an error is one sentence on stderr and 1."""
    parser = argparse.ArgumentParser(prog="python -m weights", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("ensure", help="fetch, verify and convert what is missing")
    fetching.add_argument("names", nargs="+", metavar="NAME")
    fetching.add_argument(
        "--file", type=Path, help="take the official file from here instead of downloading it"
    )
    commands.add_parser("list", help="what there is, and where")
    checking = commands.add_parser("verify", help="hash the converted files again")
    checking.add_argument("names", nargs="*", metavar="NAME")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "ensure":
            _ensure(chosen.names, chosen.file)
        elif chosen.command == "list":
            _list()
        else:
            _verify(chosen.names)
    except WeightsError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; run the same command again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
