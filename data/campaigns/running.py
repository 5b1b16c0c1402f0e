"""Who of a campaign is written to, now.

What was true when somebody was chosen is looked at again before each message: consent above all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from data import consent
from data.campaigns.audience import Alike, Chosen, choose
from data.campaigns.plan import Plan, Policy, is_quiet, next_loud
from data.campaigns.profiles import Profile, Value, bought_so_far, profiles
from data.campaigns.tables import Campaign, CampaignMember, Coupon, Step
from data.models import Customer, Product
from data.rules import ShopRules
from data.unit_of_work import UnitOfWork


class Note(StrEnum):
    """Why somebody is not written to."""

    NO = "said no"
    NOT_AGREED = "did not agree to get them this way"
    NO_ADDRESS = "has no address for it"
    NO_TEXT = "no text in their language"
    CAP = "has had enough messages lately"
    BUDGET = "the budget is spent"
    REFUSED = "was not taken"


@dataclass(frozen=True)
class Audience:
    """`eligible`: all who may be written to at all. `fitting`: how many met the rules; `unmoved`:
    of these, left out since a coupon does not pay with them; `beyond`: left out since the budget
    does not reach them."""

    eligible: Sequence[Profile]
    chosen: Sequence[Chosen]
    fitting: int
    unmoved: int = 0
    beyond: int = 0


@dataclass(frozen=True)
class Letter:
    """One message that this process is to send now; the member is claimed for it."""

    member_id: int
    customer: Customer
    coupon: Coupon | None
    language: str


def audience(
    uow: UnitOfWork,
    plan: Plan,
    catalogue: Mapping[str, Product],
    at: datetime,
    alike: Alike,
    *,
    gain: Mapping[int, float] | None = None,
    value: Value = bought_so_far,
) -> Audience:
    """Whom the plan is for at that moment. `gain`: what a coupon is expected to bring with each
    customer, its cost taken off (data/campaigns/uplift.py)."""
    eligible = profiles(uow, catalogue, at, value=value)
    fitting = choose(plan.audience, eligible, alike)
    chosen = fitting
    if gain is not None:
        chosen = [each for each in fitting if gain.get(each.profile.customer_id, 0.0) > 0]
        chosen.sort(key=lambda each: -gain[each.profile.customer_id])
    unmoved = len(fitting) - len(chosen)
    # Cut before the arms are given out, or they could not be compared.
    reached = _reached(plan, len(chosen))
    beyond = len(chosen) - reached
    return Audience(eligible, chosen[:reached], len(fitting), unmoved, beyond)


def _reached(plan: Plan, count: int) -> int:
    if plan.coupon is None or plan.budget is None:
        return count
    coupons = int(plan.budget / plan.coupon.dearest)
    return min(count, int(coupons / (1 - plan.holdout)))


def not_now(plan: Plan, policy: Policy, rules: ShopRules, now: datetime) -> str | None:
    """Why nobody may be written to at this moment, a sentence; None when they may."""
    local = rules.local(now)
    begin, end = (_local(each, rules) for each in (plan.schedule.from_, plan.schedule.until))
    if begin is not None and now < begin:
        return f"It begins on {begin:%Y-%m-%d %H:%M}. Run this again then."
    if end is not None and now >= end:
        return f"It ended on {end:%Y-%m-%d %H:%M}; nobody is written to any more."
    if plan.channel == "chat":
        return None  # seen when the customer comes, whatever the hour
    for hours in (policy.quiet, plan.quiet):
        if hours is not None and is_quiet(local.time(), hours):
            until = next_loud(local, hours)
            return f"It is quiet until {until:%H:%M}, {rules.shop.timezone}. Run this again then."
    return None


def _local(moment: datetime | None, rules: ShopRules) -> datetime | None:
    """A moment without a zone is the shop's."""
    if moment is None:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=rules.timezone)


def take(
    uow: UnitOfWork,
    campaign: Campaign,
    plan: Plan,
    policy: Policy,
    member: CampaignMember,
    now: datetime,
) -> Letter | Note | None:
    """Claim the member, with their coupon; else why not, which is noted. None where another
    process has them. The caller commits, and sends afterwards."""
    customer = uow.customers.get(member.customer_id)
    if customer is None:
        return None
    why = _must_not(uow, plan, customer)
    if why is not None:
        uow.campaigns.settle(member.id, Step.LEFT_OUT, why)
        return why
    if _has_enough(uow, plan, policy, customer.id, now):
        uow.campaigns.remark(member.id, Note.CAP)
        return Note.CAP
    # The coupon first: who gets none is told nothing.
    coupon = None
    if plan.coupon is not None:
        coupon = uow.campaigns.issue(campaign, plan.coupon, customer.id, now)
        if coupon is None:
            uow.campaigns.remark(member.id, Note.BUDGET)
            return Note.BUDGET
    if not uow.campaigns.claim(member, now):
        uow.rollback()
        return None
    return Letter(member.id, customer, coupon, customer.language)


def _must_not(uow: UnitOfWork, plan: Plan, customer: Customer) -> Note | None:
    said = consent.word_on_campaigns(uow.session, customer.id)
    if not customer.personalised or said == "no":
        return Note.NO
    if plan.channel != "chat" and said != "yes":
        return Note.NOT_AGREED
    if plan.channel == "email" and not customer.email:
        return Note.NO_ADDRESS
    if customer.language not in plan.message:
        return Note.NO_TEXT
    return None


def _has_enough(
    uow: UnitOfWork, plan: Plan, policy: Policy, customer_id: int, now: datetime
) -> bool:
    caps = [cap for cap in (policy.cap, plan.cap) if cap is not None]
    return any(
        uow.campaigns.written_since(customer_id, now - timedelta(days=cap.days)) >= cap.messages
        for cap in caps
    )


def expected_cost(plan: Plan, people: int) -> Decimal:
    """The most that coupons for so many of an audience can cost."""
    if plan.coupon is None:
        return Decimal(0)
    offered = round(people * (1 - plan.holdout))
    return offered * plan.coupon.dearest
