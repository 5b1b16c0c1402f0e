"""Rasa's SQL tracker store that reads each event of a conversation once, and only the latest ones.

Rasa reads and rebuilds every event of a conversation at every turn, and sends all of them to each
action. This store keeps the events of the latest conversations and reads only what was added, by
whichever process: the database still says which events there are. A tracker holds the last
`WINDOW` events of its session, so a turn costs the same however long the conversation is; the
database keeps all.
"""

from __future__ import annotations

import itertools
import json
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import Event, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

# About 2 kB each in memory.
MOST_EVENTS = 10_000
# About 30 turns: longer than any action looks back, but for what was recommended before.
WINDOW = 200

# Written out, since SQLAlchemy takes longer to put it together than the database takes to answer.
_ROWS = sa.text("""
SELECT id, type_name, CASE WHEN id > :known THEN data END FROM events
WHERE sender_id = :sender ORDER BY id DESC LIMIT :window
""")


class _Read(NamedTuple):
    """The last rows of a conversation's latest session, by their ids, and the events made of
    them."""

    ids: list[int]
    events: list[Event]


_NOTHING = _Read([], [])
# On a tracker: how many of its events stand in the database. Rasa's lock on a conversation keeps
# others from adding some between reading and saving.
_STORED = "_events_stored"


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
        tracker = DialogueStateTracker.from_events(sender_id, read.events, self.domain.slots)
        setattr(tracker, _STORED, len(read.events))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        await super().save(tracker)
        setattr(tracker, _STORED, len(tracker.events))

    def _additional_events(
        self, session: Session, tracker: DialogueStateTracker
    ) -> Iterator[Event]:
        stored = getattr(tracker, _STORED, None)
        if stored is None:  # not from here
            return super()._additional_events(session, tracker)
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
    """`kept` with what came since; everything anew when the window reaches behind `kept`."""
    last = kept.ids[-1] if kept.ids else 0
    wanted = {"sender": sender_id, "known": last, "window": WINDOW}
    rows = list(itertools.takewhile(_is_of_session(), session.execute(_ROWS, wanted)))[::-1]
    known = dict(zip(kept.ids, kept.events, strict=True))
    if any(data is None and number not in known for number, _, data in rows):
        return _read(session, sender_id, _NOTHING)
    added = iter(deserialise_events([json.loads(data) for _, _, data in rows if data is not None]))
    ids = [number for number, _, _ in rows]
    return _Read(ids, [known[number] if number in known else next(added) for number in ids])


def _is_of_session() -> Callable[[Any], bool]:
    """Tells, from the latest row back, whether a row is of the latest session."""
    begun = False

    def is_of_session(row: Any) -> bool:
        nonlocal begun
        if begun:
            return False
        begun = row.type_name == "session_started"
        return True

    return is_of_session
