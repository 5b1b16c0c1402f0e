"""Deletes what was kept long enough: from the shop's database, from Rasa's, and from the files
beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.commands import state_files
from bot.commands.trackers import Trackers
from bot.settings import Settings
from data.database import create_engine, empty_log, session_factory
from data.retention import Cutoffs, Forgotten, forget
from data.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Purged:
    """`clean`: whether no deleted word is left in a write-ahead log that somebody held on to."""

    rows: Forgotten
    copies: int
    clean: bool


def purge(settings: Settings, now: datetime, *, days: int | None = None) -> Purged:
    """Forget all that is older than its age; `days`: another age of conversations. Raises
    `DatabaseUnavailable`."""
    cutoffs = Cutoffs.of_days(
        now,
        conversations=days or settings.keep_days,
        open_tickets=settings.keep_ticket_days,
        visits=settings.keep_visit_days,
        history=settings.keep_history_days,
        traces=settings.keep_trace_days,
    )
    engine = create_engine(settings.database)
    try:
        with UnitOfWork(session_factory(engine)) as uow:
            forgotten = forget(uow, cutoffs)
            uow.commit()
        clean = empty_log(engine)
    finally:
        engine.dispose()
    clean = Trackers(settings).forget(cutoffs.conversations) and clean
    return Purged(forgotten, state_files.forget(settings, cutoffs.traces), clean)
