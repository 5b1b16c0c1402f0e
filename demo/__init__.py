"""The demo shop, 云杉户外 / Spruce Outfitters: a catalogue, people, orders and reviews.

`load` fills an empty database; `DEMO_CUSTOMERS` are the four whom anybody may sign in as.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from data.models import Mark
from data.repositories import DEMO
from data.rules import ShopRules
from demo import catalogue
from demo.named import DEMO_CUSTOMERS, DemoCustomer, DemoOrder
from demo.population import SHOP, generate

__all__ = ["DEMO_CUSTOMERS", "DemoCustomer", "DemoOrder", "Progress", "load"]

# Called with what is being stored and the share of the work that is done, 0 to 1.
Progress = Callable[[str, float], None]


def load(session: Session, *, today: date | None = None, progress: Progress | None = None) -> None:
    """Adds the whole shop as it stands when `today` begins (default: the shop's current day).

    Flushes, does not commit: the caller decides. Raises CatalogueError for a broken catalogue.
    """
    tell = progress or (lambda part, share: None)
    with _without_collector():
        _load(session, today, tell)


def _load(session: Session, today: date | None, tell: Progress) -> None:
    rules = ShopRules.load(SHOP)
    tell("catalogue", 0.0)
    goods = catalogue.parse(currency=rules.shop.currency)
    tell("customers and orders", 0.05)
    shop = generate(goods, rules, today or rules.today(datetime.now(UTC)))
    for part, rows, share in (
        ("catalogue", [*shop.categories, *shop.products], 0.3),
        ("customers", shop.customers, 0.35),
        ("orders", shop.orders, 0.4),
        ("reviews", shop.reviews, 0.9),
    ):
        tell(part, share)
        session.add_all(rows)
        session.flush()
    # Anybody may be one of its customers, here and nowhere else.
    session.add(Mark(name=DEMO, at=datetime.now(UTC)))
    session.flush()
    tell("done", 1.0)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Forty thousand linked objects at once: looking among them for garbage takes a third of the
    time and finds none."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
