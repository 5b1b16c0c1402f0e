"""Make the shop's database ready: `python -m data.prepare [--database URL] [--shop FOLDER]`.

Migrates the tables and fills an empty shop, by the files in FOLDER/catalogue or by what `prepare`
is given, in one transaction, so that an interrupted one leaves nothing behind. Harmless to run
again.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, func, make_url, select
from sqlalchemy.orm import Session

from data import migrations
from data.database import DEFAULT_URL, create_engine, hold_setup_lock, plain_errors, session_factory
from data.errors import DataError
from data.importer import Terms, load_folder
from data.models import Customer, Order, Product, Review

Tell = Callable[[str], None]
Load = Callable[..., None]  # called as (session, progress=…): adds the rows, does not commit


def prepare(
    url: str = DEFAULT_URL,
    *,
    load: Load | None = None,
    name: str = "Shop",
    tell: Tell = lambda line: None,
) -> None:
    """Migrate and, with `load`, fill a shop that has neither products nor customers. `tell` gets
    lines of progress, in which the shop is called `name`."""
    engine = create_engine(url)
    try:
        _migrate(engine, tell)
        if load is not None:
            with plain_errors():
                _fill(engine, tell, load, name)
    finally:
        engine.dispose()


def _migrate(engine: Engine, tell: Tell) -> None:
    before, needed = migrations.current(engine), migrations.head()
    if before == needed:
        tell(f"Database: up to date (version {needed}).")
        return
    tell(f"Database: migrating from {before or 'empty'} to version {needed} …")
    migrations.upgrade(engine)


def _fill(engine: Engine, tell: Tell, load: Load, name: str) -> None:
    with session_factory(engine)() as session:
        hold_setup_lock(session.connection())
        if _count(session, Product) or _count(session, Customer):
            tell(f"{name}: there are products or customers already; nothing is loaded.")
            return
        load(session, progress=lambda part, share: tell(f"{name}: {share:4.0%} {part} …"))
        session.flush()
        counts = ", ".join(
            f"{_count(session, model)} {rows}"
            for model, rows in (
                (Product, "products"),
                (Customer, "customers"),
                (Order, "orders"),
                (Review, "reviews"),
            )
        )
        session.commit()
        tell(f"{name}: {counts}.")


def _count(session: Session, model: type[Product | Customer | Order | Review]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def load_of(shop: Path) -> Load | None:
    """Loads what the shop's folder brings along (docs/import.md); None if it brings nothing."""
    folder = shop / "catalogue"
    if not any(folder.glob("*.csv")):
        return None

    def load(session: Session, *, progress: Callable[[str, float], None]) -> None:
        imported = load_folder(folder, session, terms=Terms.of_shop(shop))
        for notice in imported.notices:
            progress(notice, 1.0)

    return load


def main(
    arguments: list[str] | None = None,
    *,
    program: str = "python -m data.prepare",
    load: Load | None = None,
    name: str = "Shop",
) -> int:
    """The command; with `load` it fills an empty shop too."""
    os.umask(0o077)  # what is written is the shop's and its customers': nobody else reads it
    parser = argparse.ArgumentParser(prog=program, description=prepare.__doc__)
    parser.add_argument(
        "--database", default=DEFAULT_URL, metavar="URL", help="default: %(default)s"
    )
    parser.add_argument(
        "--shop", type=Path, metavar="FOLDER", help="the shop, whose catalogue/ fills an empty one"
    )
    options = parser.parse_args(arguments)
    try:
        prepare(
            options.database,
            load=load or (load_of(options.shop) if options.shop else None),
            name=name,
            tell=lambda line: print(line, file=sys.stderr),
        )
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; nothing is half-loaded. Run it again to go on.", file=sys.stderr)
        return 130
    print(f"Ready: {make_url(options.database).render_as_string(hide_password=True)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
