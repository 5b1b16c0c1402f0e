"""Make the shop's database ready: `python -m data.prepare [--database URL] [--no-demo]`.

Migrates the tables, then loads the demo shop if the shop is empty. Harmless to run again; the
load is one transaction, so an interrupted one leaves nothing behind.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from sqlalchemy import Engine, func, make_url, select
from sqlalchemy.orm import Session

import data.demo
from data import migrations
from data.database import DEFAULT_URL, create_engine, hold_setup_lock, plain_errors, session_factory
from data.errors import DataError
from data.models import Customer, Order, Product, Review

Tell = Callable[[str], None]
Load = Callable[..., None]  # called like data.demo.load: (session, progress=…)


def prepare(
    url: str = DEFAULT_URL,
    *,
    demo: bool = True,
    tell: Tell = lambda line: None,
    load: Load = data.demo.load,
) -> None:
    """Migrate and, with `demo`, fill an empty shop by `load`. `tell` gets lines of progress."""
    engine = create_engine(url)
    try:
        _migrate(engine, tell)
        if demo:
            with plain_errors():
                _fill(engine, tell, load)
    finally:
        engine.dispose()


def _migrate(engine: Engine, tell: Tell) -> None:
    before, needed = migrations.current(engine), migrations.head()
    if before == needed:
        tell(f"Database: up to date (version {needed}).")
        return
    tell(f"Database: migrating from {before or 'empty'} to version {needed} …")
    migrations.upgrade(engine)


def _fill(engine: Engine, tell: Tell, load: Load) -> None:
    with session_factory(engine)() as session:
        hold_setup_lock(session.connection())
        if _count(session, Product) or _count(session, Customer):
            tell("Shop: has products or customers already; the demo shop is not loaded.")
            return
        load(session, progress=lambda part, share: tell(f"Demo shop: {share:4.0%} {part} …"))
        session.flush()
        counts = ", ".join(
            f"{_count(session, model)} {name}"
            for model, name in (
                (Product, "products"),
                (Customer, "customers"),
                (Order, "orders"),
                (Review, "reviews"),
            )
        )
        session.commit()
        tell(f"Demo shop: {counts}.")


def _count(session: Session, model: type[Product | Customer | Order | Review]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m data.prepare", description=prepare.__doc__)
    parser.add_argument(
        "--database", default=DEFAULT_URL, metavar="URL", help="default: %(default)s"
    )
    parser.add_argument(
        "--demo",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="load the demo shop into an empty database",
    )
    options = parser.parse_args(arguments)
    try:
        prepare(options.database, demo=options.demo, tell=lambda line: print(line, file=sys.stderr))
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
