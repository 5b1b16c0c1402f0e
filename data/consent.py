"""Whether a customer's history may be used to recommend, and who said so; and whether they want the
shop's campaigns.

What a customer says goes before what a shop's files say: a consent that was withdrawn must not come
back with the next import. It is kept where their other words about themselves are.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.models import Customer, ProfileCorrection
from data.unit_of_work import UnitOfWork

_ASPECT, _SUBJECT = "use", "history"
_CAMPAIGNS = "campaigns"
_BATCH = 500  # keys in one query; SQLite takes 32,766 values at most


def say(uow: UnitOfWork, customer: Customer, *, allowed: bool, at: datetime) -> None:
    """The customer's own word. The caller commits."""
    customer.personalised = allowed
    uow.corrections.put(
        ProfileCorrection(
            customer_id=customer.id,
            aspect=_ASPECT,
            subject=_SUBJECT,
            value="yes" if allowed else "no",
            at=at,
        )
    )


def spoken(session: Session, customers: Iterable[Customer]) -> set[int]:
    """The ids of those who said something about it themselves."""
    ids = sorted({customer.id for customer in customers if customer.id is not None})
    found: set[int] = set()
    for start in range(0, len(ids), _BATCH):
        query = select(ProfileCorrection.customer_id).where(
            ProfileCorrection.aspect == _ASPECT,
            ProfileCorrection.subject == _SUBJECT,
            ProfileCorrection.customer_id.in_(ids[start : start + _BATCH]),
        )
        found |= set(session.scalars(query))
    return found


# Campaigns: nobody gets one who said no; by e-mail or on a platform only who said yes.


def say_campaigns(
    uow: UnitOfWork, customer: Customer, *, wanted: bool, at: datetime, own: bool = True
) -> bool:
    """Keep whether the customer wants the shop's campaigns. What the shop took down (`own` false)
    does not go before a no of the customer's; False then. The caller commits."""
    if not own and wanted and word_on_campaigns(uow.session, customer.id) == "no":
        return False
    uow.corrections.put(
        ProfileCorrection(
            customer_id=customer.id,
            aspect=_ASPECT,
            subject=_CAMPAIGNS,
            value="yes" if wanted else "no",
            at=at,
        )
    )
    return True


def refused_campaigns(session: Session) -> set[int]:
    """The ids of those who want none."""
    query = select(ProfileCorrection.customer_id).where(
        ProfileCorrection.aspect == _ASPECT,
        ProfileCorrection.subject == _CAMPAIGNS,
        ProfileCorrection.value == "no",
    )
    return set(session.scalars(query))


def word_on_campaigns(session: Session, customer_id: int) -> str | None:
    """What one customer said: "no", "yes" (by e-mail and on platforms, too), or nothing."""
    query = select(ProfileCorrection.value).where(
        ProfileCorrection.customer_id == customer_id,
        ProfileCorrection.aspect == _ASPECT,
        ProfileCorrection.subject == _CAMPAIGNS,
    )
    return session.scalars(query).one_or_none()
