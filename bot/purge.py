"""Deletes conversations that ended long ago, from the shop's database and from Rasa's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine, inspect, text

from bot.settings import Settings
from data.database import create_engine, plain_errors, session_factory
from data.retention import Forgotten, forget
from data.unit_of_work import UnitOfWork

_OLD_TRACKERS = text(
    "DELETE FROM events WHERE sender_id IN"
    " (SELECT sender_id FROM events GROUP BY sender_id HAVING max(timestamp) < :before)"
)


def purge(settings: Settings, before: datetime) -> Forgotten:
    """Forget what ended before that moment. Raises `DatabaseUnavailable`."""
    with _engine(settings.database) as engine, UnitOfWork(session_factory(engine)) as uow:
        forgotten = forget(uow, before)
        uow.commit()
    with _engine(_tracker_url(settings)) as engine:
        _purge_trackers(engine, before)
    return forgotten


def _tracker_url(settings: Settings) -> str:
    """Where Rasa keeps its events; bot/rasa/serve.py reads the same."""
    own = f"sqlite:///{settings.state / 'rasa' / 'tracker.db'}"
    return os.environ.get("SHOPGUIDE_RASA_TRACKER") or own


def _purge_trackers(engine: Engine, before: datetime) -> None:
    """Conversations of which Rasa heard nothing since then."""
    with plain_errors(), engine.begin() as connection:
        if inspect(connection).has_table("events"):  # not before Rasa's first start
            connection.execute(_OLD_TRACKERS, {"before": before.timestamp()})


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    """Closed at the end, when SQLite moves what is in its log into the file."""
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()
