"""Erases a customer from the shop's database, from Rasa's, and from the files beside them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.commands import state_files
from bot.commands.trackers import Trackers
from bot.settings import Settings
from data import personal
from data.database import create_engine, empty_log, session_factory
from data.unit_of_work import UnitOfWork, open_database


@dataclass(frozen=True)
class Erasure:
    """`rows` went, with the conversations of these ids; `orders` stay. `clean`: whether no word is
    left in a write-ahead log that somebody held on to."""

    rows: int
    sessions: Collection[str]
    orders: int
    copies: int
    clean: bool


def about(settings: Settings, who: str) -> str:
    """In a sentence, whom and what it would concern. Raises `UnknownCustomer`."""
    with open_database(settings.database)() as uow:
        customer = personal.find(uow, who)
        found = personal.whose(uow, customer)
        orders = len(uow.orders.of_customer(customer.id))
        return (
            f"{customer.name} ({customer.email or customer.phone}), customer {customer.id}: "
            f"{len(found.sessions)} conversations, {orders} orders."
        )


def erase(settings: Settings, who: str) -> Erasure:
    """Raises `UnknownCustomer` and `DatabaseUnavailable`. Rasa's events go first: were it
    interrupted then, the next call would find the same conversations again."""
    engine = create_engine(settings.database)
    try:
        with UnitOfWork(session_factory(engine)) as uow:
            erased = personal.erase(uow, personal.find(uow, who))
            clean = Trackers(settings).erase(erased.sessions)
            uow.commit()
        clean = empty_log(engine) and clean
    finally:
        engine.dispose()
    copies = state_files.erase(settings, erased.words)
    return Erasure(erased.rows, erased.sessions, erased.orders, copies, clean)
