"""Keeps what was recommended to whom, by which model, and what came of it.

Keeping never fails a turn or a page: what cannot be kept is counted and logged, and the customer
sees the same. Who does not want their history used is known by the conversation alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import structlog

from bot.dialogue.services import Services
from bot.runtime.metrics import NOT_KEPT
from bot.settings import MODELS
from data.models import BehaviourEvent, Customer, EventKind, Impression
from retrieval.recommend import Recommender

log = structlog.get_logger("behaviour")

Surface = Literal["recommend", "companion", "gift", "offer", "home"]
PERSONAL, COUNTS, POPULAR = MODELS


def arm_of(services: Services, customer: Customer | None, session_id: str | None) -> str:
    """The arm of the running experiment; empty when there is none or nobody to tell apart."""
    if services.experiment is None or (customer is None and session_id is None):
        return ""
    known = customer is not None and customer.personalised
    whose = f"customer:{customer.id}" if customer and known else f"session:{session_id}"
    return services.experiment.arm_of(whose)


def recommender_of(services: Services, arm: str) -> Recommender:
    return services.recommender.by_counts if arm == COUNTS else services.recommender


def keep(
    services: Services,
    found: Sequence[tuple[str, str]],
    *,
    surface: Surface,
    customer: Customer | None = None,
    session_id: str | None = None,
    arm: str = "",
) -> dict[str, str]:
    """Keep the products in the order shown, each with the kind of its reason; returns a reference
    for each product's link, none when they cannot be kept."""
    known = customer if customer is not None and customer.personalised else None
    if known is None and session_id is None:
        return {}
    refs = {product_id: secrets.token_urlsafe(16) for product_id, _ in found}
    experiment = services.experiment.name if services.experiment and arm else ""
    try:
        with services.unit_of_work() as uow:
            for rank, (product_id, reason) in enumerate(found, start=1):
                uow.impressions.add(
                    Impression(
                        ref=refs[product_id],
                        customer_id=known.id if known else None,
                        session_id=session_id,
                        product_id=product_id,
                        surface=surface,
                        model=arm or PERSONAL,
                        rank=rank,
                        reason=reason,
                        experiment=experiment,
                        arm=arm,
                        shown_at=services.clock(),
                    )
                )
            uow.commit()
    except Exception as error:
        _not_kept("impression", error)
        return {}
    return refs


def note(
    services: Services,
    kind: EventKind,
    event_id: str,
    *,
    origin: str,
    customer: Customer | None = None,
    session_id: str | None = None,
    product_id: str | None = None,
    query: str | None = None,
) -> None:
    """Keep one event; none of a customer who does not want their history used."""
    if customer is not None and not customer.personalised:
        return
    event = BehaviourEvent(
        origin=origin,
        event_id=event_id,
        customer_id=customer.id if customer else None,
        session_id=session_id,
        kind=kind,
        product_id=product_id,
        query=query,
        at=services.clock(),
    )
    try:
        with services.unit_of_work() as uow:
            uow.behaviour.record([event])
            uow.commit()
    except Exception as error:
        _not_kept("event", error)


def followed(services: Services, ref: str, product_id: str) -> None:
    """A recommended product's page was opened by the link that was shown: a click, once, and of
    whoever it was shown to. A reference that we did not hand out is no click."""
    try:
        with services.unit_of_work() as uow:
            shown = uow.impressions.by_ref(ref)
            if shown is None or shown.product_id != product_id:
                return
            uow.behaviour.record([click(shown, services.clock())])
            uow.commit()
    except Exception as error:
        _not_kept("event", error)


def click(shown: Impression, at: datetime) -> BehaviourEvent:
    """Of the customer whom the impression knows; a conversation's alone is counted, not kept of
    whoever it belongs to."""
    return BehaviourEvent(
        origin="click",
        event_id=shown.ref,
        customer_id=shown.customer_id,
        kind=EventKind.CLICK,
        product_id=shown.product_id,
        impression_id=shown.id,
        at=at,
    )


def _not_kept(what: str, error: Exception) -> None:
    NOT_KEPT.labels(what=what).inc()
    log.warning("behaviour was not kept", what=what, error=type(error).__name__)
