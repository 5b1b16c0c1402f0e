"""Limits on proofs that can be guessed: by what is guessed at, not by who guesses.

Guesses count against the e-mail address or phone number that they are about, whether the shop
knows it or not, so that a limit says nothing; beside it against the client's address and the whole
shop. Keys are HMACs: the table tells nobody's address.

A count begins with its first guess and is forgotten when its period is over. It is taken before
the guess is looked at, in one statement, so that guesses at the same moment cannot share it, and
given back when the guess was right.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Delete, and_, case, delete, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.models import GuessCount

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Guessing(StrEnum):
    """What is counted, each by itself: who guesses at postcodes does not use up the codes by
    e-mail of the customer."""

    FACTS = "facts"
    CODE = "code"
    MAIL = "mail"  # codes asked for: nobody's mailbox is to be flooded


@dataclass(frozen=True)
class Limit:
    """At most so many within each period."""

    period: timedelta
    most: int


# An honest customer errs once or twice: five an hour and twenty a day leave them room, while the
# 30,000 postcodes of China take four years. An address may be a whole company's or a mobile
# network's. The shop's own figures bound who has many addresses and many customers' e-mails; they
# are a setting, since a large shop has more honest errors (SHOPGUIDE_SHOP_GUESSES_PER_HOUR).
SUBJECT = (Limit(HOUR, 5), Limit(DAY, 20))
ADDRESS = (Limit(HOUR, 30), Limit(DAY, 120))


@dataclass(frozen=True)
class Guard:
    """What guesses are counted by. `key` is a secret of the installation; `shop_per_hour` is for
    all customers together."""

    key: bytes
    shop_per_hour: int = 600

    def keyed(self, what: str, value: str) -> str:
        """64 hexadecimal digits that tell nothing of `value` without the key."""
        said = f"{what}:{value}".encode(errors="surrogatepass")  # whatever somebody typed
        return hmac.new(self.key, said, hashlib.sha256).hexdigest()

    def counts(
        self, guessing: Guessing, subject: str, client: str | None
    ) -> Sequence[tuple[str, Limit]]:
        """(key, limit) of all that one guess counts against. `client` is a `keyed` address."""
        found = [(self.keyed(f"{guessing}:subject", subject), limit) for limit in SUBJECT]
        if client is not None:
            found += [(self.keyed(f"{guessing}:client", client), limit) for limit in ADDRESS]
        shop = Limit(HOUR, self.shop_per_hour)
        return [*found, (self.keyed(f"{guessing}:shop", ""), shop)]


class GuessCounts:
    """The counts in the database."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, counts: Sequence[tuple[str, Limit]], now: datetime) -> bool:
        """Count one guess; False when a limit is reached, and then nothing is counted. The caller
        commits."""
        taken: list[tuple[str, Limit]] = []
        for key, limit in counts:
            if not self._take(key, limit, now):
                self.give_back(taken)
                return False
            taken.append((key, limit))
        return True

    def give_back(self, counts: Sequence[tuple[str, Limit]]) -> None:
        """The guess was right: it is no failure. The caller commits."""
        for key, limit in counts:
            self._session.execute(
                update(GuessCount)
                .where(
                    GuessCount.key == key,
                    GuessCount.period_s == _seconds(limit),
                    GuessCount.count > 0,
                )
                .values(count=GuessCount.count - 1)
            )

    def _take(self, key: str, limit: Limit, now: datetime) -> bool:
        postgres = self._session.get_bind().dialect.name == "postgresql"
        insert = postgresql.insert(GuessCount) if postgres else sqlite.insert(GuessCount)
        over = GuessCount.began_at <= now - limit.period
        counted = self._session.execute(
            insert.values(key=key, period_s=_seconds(limit), began_at=now, count=1)
            .on_conflict_do_update(
                index_elements=["key", "period_s"],
                set_={
                    "count": case((over, 1), else_=GuessCount.count + 1),
                    "began_at": case((over, now), else_=GuessCount.began_at),
                },
                where=or_(over, GuessCount.count < limit.most),
            )
            .returning(GuessCount.key)
        )
        return counted.first() is not None


def forget(now: datetime) -> Delete:
    """Deletes the counts whose period is over."""
    over = [
        and_(GuessCount.period_s == int(period.total_seconds()), GuessCount.began_at < now - period)
        for period in (HOUR, DAY)
    ]
    return delete(GuessCount).where(or_(*over))


def _seconds(limit: Limit) -> int:
    return int(limit.period.total_seconds())
