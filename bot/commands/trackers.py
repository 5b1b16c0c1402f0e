"""Rasa's events in its tracker store, for the commands that forget or give out conversations.

Rasa itself reads them by bot/rasa/tracker_store.py, which notices when some are gone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    inspect,
    text,
)

from bot.settings import Settings
from data.database import create_engine, empty_log, plain_errors

# As Rasa 3.6 makes it (rasa.core.tracker_store.SQLTrackerStore.SQLEvent).
EVENTS = MetaData()
Table(
    "events",
    EVENTS,
    Column("id", Integer, primary_key=True),
    Column("sender_id", String(255), nullable=False, index=True),
    Column("type_name", String(255), nullable=False),
    Column("timestamp", Float),
    Column("intent_name", String(255)),
    Column("action_name", String(255)),
    Column("data", Text),
)

_OLD = text(
    "DELETE FROM events WHERE sender_id IN"
    " (SELECT sender_id FROM events GROUP BY sender_id HAVING max(timestamp) < :before)"
)
_OF = text(
    "SELECT sender_id, data FROM events WHERE sender_id IN :senders ORDER BY sender_id, id"
).bindparams(bindparam("senders", expanding=True))
_DELETE = text("DELETE FROM events WHERE sender_id IN :senders").bindparams(
    bindparam("senders", expanding=True)
)


class Trackers:
    """Each method raises `DatabaseUnavailable`. Conversations are named by their sessions' ids."""

    def __init__(self, settings: Settings) -> None:
        # bot/rasa/serve.py reads the same.
        own = f"sqlite:///{settings.state / 'rasa' / 'tracker.db'}"
        self.url = os.environ.get("SHOPGUIDE_RASA_TRACKER") or own

    def forget(self, before: datetime) -> bool:
        """Those of which Rasa heard nothing since then; what it returns is as `empty_log`'s."""
        return self._change(lambda events: events.execute(_OLD, {"before": before.timestamp()}))

    def erase(self, sessions: Collection[str]) -> bool:
        """Those of these conversations; what it returns is as `empty_log`'s."""
        return self._change(lambda events: events.execute(_DELETE, {"senders": list(sessions)}))

    def of(self, sessions: Collection[str]) -> dict[str, list[Any]]:
        """The events of these conversations, each as Rasa wrote it."""
        found: dict[str, list[Any]] = {}
        with self._events() as events:
            if events is not None:
                for sender, data in events.execute(_OF, {"senders": list(sessions)}):
                    found.setdefault(sender, []).append(json.loads(data))
        return found

    def _change(self, change: Any) -> bool:
        with self._events() as events:
            if events is not None:
                change(events)
        engine = create_engine(self.url)
        try:
            return empty_log(engine)
        finally:
            engine.dispose()

    @contextmanager
    def _events(self) -> Iterator[Connection | None]:
        """A connection in a transaction; None before Rasa's first start."""
        engine = create_engine(self.url)
        try:
            with plain_errors(), engine.begin() as connection:
                yield connection if inspect(connection).has_table("events") else None
        finally:
            engine.dispose()
