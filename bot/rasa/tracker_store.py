"""Rasa's SQL tracker store that reads each event of a conversation once.

Rasa reads and rebuilds every event of a conversation at every turn. This store keeps the events
of the latest conversations and reads only what was added, by whichever process: the database
still says which events there are.
"""

from __future__ import annotations

import itertools
import json
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import Event, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

# About 2 kB each in memory.
MOST_EVENTS = 10_000

# Rasa's own conditions; written out, since SQLAlchemy takes longer to put them together than the
# database takes to answer.
_LATEST_SESSION = """
FROM events WHERE sender_id = :sender AND events.timestamp >= coalesce((
    SELECT max(events.timestamp) FROM events
    WHERE sender_id = :sender AND type_name = 'session_started'
), 0)
"""
_ROWS = sa.text(f"SELECT id, CASE WHEN id > :known THEN data END {_LATEST_SESSION} ORDER BY id")
_COUNT = sa.text(f"SELECT count(*) {_LATEST_SESSION}")


class _Read(NamedTuple):
    """The rows of a conversation's latest session, by their ids, and the events made of them."""

    ids: list[int]
    events: list[Event]


_NOTHING = _Read([], [])


class TrackerStore(SQLTrackerStore):
    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._kept: OrderedDict[str, _Read] = OrderedDict()
        self._kept_events = 0
        if self.engine.dialect.name == "sqlite":
            self._keep_connection_open()

    def _keep_connection_open(self) -> None:
        """SQLite by one connection, with a log that need not reach the disk at each commit."""
        self.engine = sa.create_engine(self.engine.url, poolclass=QueuePool)

        @sa.event.listens_for(self.engine, "connect")
        def _configure(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # only a power cut loses a turn

        self.sessionmaker = sessionmaker(bind=self.engine)

    async def _retrieve(
        self, sender_id: str, fetch_events_from_all_sessions: bool
    ) -> DialogueStateTracker | None:
        if fetch_events_from_all_sessions:
            return await super()._retrieve(sender_id, fetch_events_from_all_sessions)
        with self.session_scope() as session:
            read = _read(session, sender_id, self._take(sender_id))
        if not read.events:
            return None
        self._keep(sender_id, read)
        return DialogueStateTracker.from_events(sender_id, read.events, self.domain.slots)

    def _additional_events(
        self, session: Session, tracker: DialogueStateTracker
    ) -> Iterator[Event]:
        stored = session.execute(_COUNT, {"sender": tracker.sender_id}).scalar()
        return itertools.islice(tracker.events, stored, None)

    def _take(self, sender_id: str) -> _Read:
        kept = self._kept.pop(sender_id, _NOTHING)
        self._kept_events -= len(kept.events)
        return kept

    def _keep(self, sender_id: str, read: _Read) -> None:
        self._kept[sender_id] = read
        self._kept_events += len(read.events)
        while self._kept_events > MOST_EVENTS:
            _, forgotten = self._kept.popitem(last=False)
            self._kept_events -= len(forgotten.events)


def _read(session: Session, sender_id: str, kept: _Read) -> _Read:
    """`kept` with what came since; everything anew when rows of `kept` are gone, or belong to an
    earlier session than the latest."""
    known = len(kept.ids)
    last = kept.ids[-1] if kept.ids else 0
    rows = session.execute(_ROWS, {"sender": sender_id, "known": last}).all()
    ids = [number for number, _ in rows]
    if ids[:known] != kept.ids:
        return _read(session, sender_id, _NOTHING)
    added = deserialise_events([json.loads(data) for _, data in rows[known:]])
    return _Read(ids, kept.events + added)
