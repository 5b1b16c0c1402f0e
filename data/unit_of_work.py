"""One piece of work with the shop's data: all of it is stored, or none."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session, sessionmaker

from data.answers import CuratedAnswers, UnansweredQuestions
from data.attachments import Attachments
from data.attempts import GuessCounts
from data.campaigns.store import Campaigns
from data.channels import Channels
from data.database import check, create_engine, plain_errors, session_factory
from data.leases import Effects, Leases
from data.repositories import (
    Behaviour,
    Corrections,
    Customers,
    Feedbacks,
    Impressions,
    Marks,
    Messages,
    Orders,
    Products,
    Reviews,
    SavedProducts,
    Sessions,
    Tickets,
)


class UnitOfWork:
    """`with UnitOfWork(factory) as uow:` … `uow.commit()`.

    Leaving the block rolls back; only an explicit commit persists. Objects read inside stay
    readable outside, as far as they were loaded. A driver's failure leaves the block as
    `DatabaseUnavailable`. One instance serves one thread at a time and may be entered again.
    """

    session: Session
    products: Products
    customers: Customers
    orders: Orders
    reviews: Reviews
    sessions: Sessions
    guesses: GuessCounts
    messages: Messages
    tickets: Tickets
    feedbacks: Feedbacks
    channels: Channels
    attachments: Attachments
    behaviour: Behaviour
    impressions: Impressions
    corrections: Corrections
    saved: SavedProducts
    marks: Marks
    curated: CuratedAnswers
    unanswered: UnansweredQuestions
    leases: Leases
    effects: Effects
    campaigns: Campaigns

    def __init__(self, factory: sessionmaker[Session]) -> None:
        self._factory = factory

    @classmethod
    def at(cls, url: str) -> Self:
        """A unit of work on the database at `url`, with an engine of its own: for commands and
        scripts. A server makes the factory once and shares it."""
        return cls(session_factory(create_engine(url)))

    def __enter__(self) -> Self:
        self.session = self._factory()
        self.products = Products(self.session)
        self.customers = Customers(self.session)
        self.orders = Orders(self.session)
        self.reviews = Reviews(self.session)
        self.sessions = Sessions(self.session)
        self.guesses = GuessCounts(self.session)
        self.messages = Messages(self.session)
        self.tickets = Tickets(self.session)
        self.feedbacks = Feedbacks(self.session)
        self.channels = Channels(self.session)
        self.attachments = Attachments(self.session)
        self.behaviour = Behaviour(self.session)
        self.impressions = Impressions(self.session)
        self.corrections = Corrections(self.session)
        self.saved = SavedProducts(self.session)
        self.marks = Marks(self.session)
        self.curated = CuratedAnswers(self.session)
        self.unanswered = UnansweredQuestions(self.session)
        self.leases = Leases(self.session)
        self.effects = Effects(self.session)
        self.campaigns = Campaigns(self.session)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Closing rolls back without expiring what was read, which a plain rollback would do.
        self.session.close()
        if error is not None:
            with plain_errors():
                raise error

    def commit(self) -> None:
        self.session.commit()

    def rollback(self) -> None:
        """Forget what was not committed, and go on."""
        self.session.rollback()


def open_database(url: str) -> Callable[[], UnitOfWork]:
    """What makes units of work on the database at `url`, all with one engine. Raises
    `DatabaseUnavailable` when nothing answers there or it has no tables yet."""
    engine = create_engine(url)
    check(engine)
    sessions = session_factory(engine)
    return lambda: UnitOfWork(sessions)
