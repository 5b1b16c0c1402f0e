"""One piece of work with the shop's data: all of it is stored, or none."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session, sessionmaker

from data.attachments import Attachments
from data.channels import Channels
from data.database import create_engine, plain_errors, session_factory
from data.repositories import (
    Behaviour,
    Corrections,
    Customers,
    Feedbacks,
    Impressions,
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
    messages: Messages
    tickets: Tickets
    feedbacks: Feedbacks
    channels: Channels
    attachments: Attachments
    behaviour: Behaviour
    impressions: Impressions
    corrections: Corrections
    saved: SavedProducts

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
        self.messages = Messages(self.session)
        self.tickets = Tickets(self.session)
        self.feedbacks = Feedbacks(self.session)
        self.channels = Channels(self.session)
        self.attachments = Attachments(self.session)
        self.behaviour = Behaviour(self.session)
        self.impressions = Impressions(self.session)
        self.corrections = Corrections(self.session)
        self.saved = SavedProducts(self.session)
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
