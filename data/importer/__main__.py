"""`python -m data.importer [shopify|woocommerce|events] PATH…`: docs/import.md."""

from __future__ import annotations

import argparse
import codecs
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from data import migrations
from data.database import DEFAULT_URL, create_engine, session_factory
from data.errors import DataError
from data.importer import events
from data.importer.problems import Notices, Problems
from data.importer.run import Imported, import_folder, import_sheets
from data.importer.systems import SYSTEMS, read_export, read_mapped, terms_for
from data.importer.terms import DAY_FORMS, DECIMAL_MARKS, Terms
from data.unit_of_work import UnitOfWork


def main(arguments: list[str] | None = None) -> int:
    os.umask(0o077)  # what is written is the shop's and its customers': nobody else reads it
    options = _parser().parse_args(arguments)
    try:
        terms = Terms.of_shop(
            options.shop, decimal=options.decimal, dates=options.dates, encoding=options.encoding
        )
        engine = create_engine(options.database)
        migrations.upgrade(engine)
        lines = _import(options, terms, UnitOfWork(session_factory(engine)))
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    for line in lines:
        print(line)
    print("Dry run: nothing was stored." if options.dry_run else "Stored.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m data.importer",
        description="Import a shop's own products, customers, orders and events.",
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help=f"a folder with our CSV files; or one of {', '.join(SYSTEMS)} and the files of its "
        "export, or their folder; or events and a CSV or Parquet file",
    )
    parser.add_argument(
        "--shop",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="whose shop.yaml says the currency, country and time zone",
    )
    parser.add_argument(
        "--mapping", type=Path, metavar="FILE", help="for any other system: our columns ← its own"
    )
    parser.add_argument("--decimal", choices=DECIMAL_MARKS, help="how amounts are written")
    parser.add_argument("--dates", choices=DAY_FORMS, help="how days are written")
    parser.add_argument(
        "--encoding", type=_encoding, help="of the files, such as big5, where it is not UTF-8"
    )
    parser.add_argument(
        "--database", default=DEFAULT_URL, metavar="URL", help="default: %(default)s"
    )
    parser.add_argument("--dry-run", action="store_true", help="check everything, store nothing")
    return parser


def _encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise argparse.ArgumentTypeError(
            f"{name} is no encoding; known are big5, shift_jis, euc_kr, gb18030 and many more"
        ) from None


def _import(options: argparse.Namespace, terms: Terms, uow: UnitOfWork) -> list[str]:
    """What was imported, in lines."""
    first, *others = options.paths
    now = datetime.now(UTC)
    if first == "events":
        if len(others) != 1:
            raise DataError("Name one file behind events: `import events clicks.csv`.")
        return events.told(
            events.import_events(
                Path(others[0]), uow, terms=terms, now=now, dry_run=options.dry_run
            )
        )
    if options.mapping is None and first not in SYSTEMS:
        if others:
            raise DataError(f"Name one folder; before an export write {' or '.join(SYSTEMS)}.")
        return _told(
            import_folder(Path(first), uow, terms=terms, dry_run=options.dry_run, tell=_tell)
        )
    return _told(_import_export(options, terms, uow, now))


def _import_export(
    options: argparse.Namespace, terms: Terms, uow: UnitOfWork, now: datetime
) -> Imported:
    problems, notices = Problems(), Notices()
    first, *others = options.paths
    if options.mapping is not None:
        paths = [Path(path) for path in options.paths]
        sheets, terms = read_mapped(options.mapping, paths, terms, problems, notices)
    else:
        if not others:
            raise DataError(f"Name the files that {first} exported, or their folder.")
        terms = terms_for(first, terms)
        paths = [Path(path) for path in others]
        sheets = read_export(first, paths, terms, now, problems, notices)
    return import_sheets(
        sheets, uow, problems, notices, terms=terms, dry_run=options.dry_run, tell=_tell
    )


def _tell(line: str) -> None:
    """Progress goes where it does not stand in the way of what is printed."""
    if sys.stderr.isatty():
        print(line, file=sys.stderr)


def _told(imported: Imported) -> list[str]:
    lines = []
    for count in imported.counts:
        known = f", {count.known} updated" if count.known else ""
        lines.append(f"{count.file}: {count.new} {'rows' if not known else 'new'}{known}")
    return lines + [f"Note: {notice}" for notice in imported.notices]


if __name__ == "__main__":
    sys.exit(main())
