"""`python -m data.importer FOLDER --database URL [--dry-run]`; `events FILE` in FOLDER's place
imports events."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from data import migrations
from data.database import DEFAULT_URL, create_engine, session_factory
from data.errors import DataError
from data.importer import events, import_folder
from data.unit_of_work import UnitOfWork


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m data.importer",
        description="Import a shop's own products, customers and orders from CSV files.",
    )
    parser.add_argument(
        "folder", type=Path, help="folder with the CSV files (docs/import.md), or the word events"
    )
    parser.add_argument("file", type=Path, nargs="?", help="after events: a CSV or Parquet file")
    parser.add_argument(
        "--database", default=DEFAULT_URL, metavar="URL", help="default: %(default)s"
    )
    parser.add_argument("--dry-run", action="store_true", help="check everything, store nothing")
    parser.add_argument(
        "--timezone",
        default="Asia/Shanghai",
        type=_zone,
        help="the clock of times without an offset (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    if options.file is not None and str(options.folder) != "events":
        parser.error("name one folder, or write: events FILE")
    try:
        engine = create_engine(options.database)
        migrations.upgrade(engine)
        lines = _import(options, UnitOfWork(session_factory(engine)))
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    for line in lines:
        print(line)
    print("Dry run: nothing was stored." if options.dry_run else "Stored.")
    return 0


def _import(options: argparse.Namespace, uow: UnitOfWork) -> list[str]:
    """What was imported, in lines."""
    if options.file is not None:
        now = datetime.now(UTC)
        return events.told(
            events.import_events(
                options.file, uow, zone=options.timezone, now=now, dry_run=options.dry_run
            )
        )
    lines = []
    for count in import_folder(options.folder, uow, zone=options.timezone, dry_run=options.dry_run):
        known = f", {count.known} updated" if count.known else ""
        lines.append(f"{count.file}: {count.new} {'rows' if not known else 'new'}{known}")
    return lines


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise argparse.ArgumentTypeError(
            f"{name!r} is not a time zone; write a name such as Asia/Shanghai"
        ) from None


if __name__ == "__main__":
    sys.exit(main())
