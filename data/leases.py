"""Who does what, when several processes could: leases in the database, which all of them share.

A lease is a row with its holder and an end. Its holder moves the end on while it works; after a
crash the end comes, and whoever asks next has it. The database's own clock says what time it is,
so that the clocks of several machines decide nothing. On one machine (SQLite) that is the machine's
clock, which may jump: an end farther off than any lease was written before a jump back, and counts
as over. A lease that is lost all the same costs work done twice, and nothing else: what must happen
once has a key of its own (`Effects`, and the unique keys of messages, events and calls).

Names and keys are kept as hashes: they say nothing of whose conversation it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.models import Effect

LEASE_S = 6.0  # a crash is noticed so long after it: less than the time that any turn is given

# Written out, since each turn takes two of them, and SQLAlchemy takes longer to put them together
# than the database takes to answer. {now}: seconds since 1970 by the database's clock.
_NOW = {
    "postgresql": "extract(epoch FROM clock_timestamp())::float",
    "sqlite": "((julianday('now') - 2440587.5) * 86400)",
}
_OVER = "(leases.until <= {now} OR leases.until > {now} + 2 * :lease_s)"
_TAKE = (  # nothing of it comes from outside
    "INSERT INTO leases (key, holder, until) "
    "VALUES (:key, :holder, {now} + :lease_s) "
    "ON CONFLICT (key) DO UPDATE SET holder = :holder, until = {now} + :lease_s "
    "WHERE leases.holder = :holder OR " + _OVER + " RETURNING key"
)
_RENEW = (
    "UPDATE leases SET until = {now} + :lease_s "
    "WHERE holder = :holder AND key IN :keys RETURNING key"
)
_GIVE_BACK = "DELETE FROM leases WHERE key = :key AND holder = :holder"
_FORGET = f"DELETE FROM leases WHERE {_OVER}"  # noqa: S608 - nothing of it comes from outside


def _in(dialect: str) -> dict[str, TextClause]:
    now = _NOW[dialect]
    return {
        "take": text(_TAKE.format(now=now)),
        "renew": text(_RENEW.format(now=now)).bindparams(bindparam("keys", expanding=True)),
        "give_back": text(_GIVE_BACK),
        "forget": text(_FORGET.format(now=now)),
    }


_STATEMENTS = {dialect: _in(dialect) for dialect in _NOW}


class Leases:
    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, name: str, holder: str, lease_s: float = LEASE_S) -> bool:
        """Whether `holder` has it now; of two at the same moment exactly one. The caller
        commits."""
        taken = self._do("take", key=_hash(name), holder=holder, lease_s=lease_s)
        return taken.first() is not None

    def renew(self, names: Iterable[str], holder: str, lease_s: float = LEASE_S) -> set[str]:
        """Move the end of the holder's leases on; returns those that are not the holder's any
        more. The caller commits."""
        asked = {_hash(name): name for name in names}
        kept = self._do("renew", keys=list(asked), holder=holder, lease_s=lease_s)
        return set(asked.values()) - {asked[key] for key in kept.scalars()}

    def give_back(self, name: str, holder: str) -> None:
        """The caller commits."""
        self._do("give_back", key=_hash(name), holder=holder)

    def forget(self, lease_s: float = LEASE_S) -> None:
        """Drop what crashes left behind. The caller commits."""
        self._do("forget", lease_s=lease_s)

    def need_no_disk(self) -> None:
        """What this unit of work commits may be lost with the machine's power: leases are, when
        everything starts anew. SQLite then waits for no disk; said before the first change."""
        if self._session.get_bind().dialect.name == "sqlite":
            self._session.connection().exec_driver_sql("PRAGMA synchronous = NORMAL")

    def _do(self, name: str, **values: object) -> Any:
        connection = self._session.connection()
        return connection.execute(_STATEMENTS[connection.dialect.name][name], values)


class Effects:
    """What a message has brought about already, whoever is asked to do it again."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def first(self, key: str, now: datetime) -> bool:
        """Whether this is the first time; noted in the transaction of the effect itself. An empty
        key is of no message, and never known again."""
        if not key:
            return True
        postgres = self._session.get_bind().dialect.name == "postgresql"
        insert = postgresql.insert(Effect) if postgres else sqlite.insert(Effect)
        noted = self._session.execute(
            insert.values(key=_hash(key), at=now)
            .on_conflict_do_nothing(index_elements=["key"])
            .returning(Effect.key)
        )
        return noted.first() is not None


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
