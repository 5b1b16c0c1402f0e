"""Campaigns, their members and coupons in the database, kept true whoever does what at once.

**Budget.** A coupon reserves the most that it can cost when it is handed out, in one statement that
does nothing where the budget would be exceeded; using it up gives back what it did not take off,
its end gives back all. So no promise is made that the budget does not cover.

**One a customer** is a unique key. **Stacking** and **used once**: an order's row is locked first,
then its coupons are looked at and the coupon is taken by a statement that only an open one meets.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Update, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.campaigns.plan import Offer, Plan
from data.campaigns.tables import Arm, Campaign, CampaignMember, Coupon, CouponState, Step
from data.errors import CampaignRefused
from data.experiments.assignment import Experiment
from data.models import Order, OrderStatus

# No 0 and O, 1, I and L: people type them. 31 letters, ten of them: 2^49, nobody guesses one, and
# a code is good for its own customer's orders only.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LONG = 10
_CENT = Decimal("0.01")
_CALLED_OFF = (OrderStatus.CANCELLED, OrderStatus.REFUNDED, OrderStatus.RETURNED)


def arm_of(name: str, held: int, customer_id: int) -> Arm:
    """By a stable hash of the campaign's name and the customer: nobody's ever changes. `held`: the
    held-out share in thousandths."""
    if not held:
        return Arm.OFFERED
    shares = {Arm.HELD.value: held, Arm.OFFERED.value: 1000 - held}
    return Arm(Experiment(f"campaign:{name}", shares).arm_of(str(customer_id)))


def worth(offer: Offer | Coupon, goods: Decimal) -> Decimal:
    """What the coupon takes off goods of this price."""
    if offer.percent is None:
        return min(offer.amount or Decimal(0), goods)
    part = (goods * offer.percent / 100).quantize(_CENT, ROUND_HALF_UP)
    return min(part, offer.most or part)


class Campaigns:
    """Each method leaves committing to its caller."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # Campaigns

    def add(self, plan: Plan, currency: str, now: datetime) -> Campaign:
        """As a draft. Raises `CampaignRefused` where there is one of that name."""
        campaign = {
            "name": plan.name,
            "state": "draft",
            "plan": plan.plain(),
            "currency": currency,
            "budget": plan.budget or Decimal(0),
            "reserved": Decimal(0),
            "created_at": now,
        }
        stored = self._session.execute(
            self._insert(Campaign)
            .values(**campaign)
            .on_conflict_do_nothing(index_elements=["name"])
            .returning(Campaign.id)
        )
        if stored.first() is None:
            raise CampaignRefused(
                f"There is a campaign {plan.name} already. Give this one another name: a changed "
                "campaign under the same name could not be compared with itself."
            )
        return self.get(plan.name)

    def get(self, name: str) -> Campaign:
        """As it stands in the database now. Raises `CampaignRefused`."""
        query = select(Campaign).where(Campaign.name == name)
        found = self._session.scalars(query.execution_options(populate_existing=True)).one_or_none()
        if found is None:
            raise CampaignRefused(
                f"There is no campaign {name}. `shopguide campaign list` shows those that there "
                "are, `shopguide campaign new FILE` stores one."
            )
        return found

    def all(self) -> Sequence[Campaign]:
        return self._session.scalars(select(Campaign).order_by(Campaign.id)).all()

    def begin(
        self, campaign: Campaign, chosen: Iterable[tuple[int, list[dict[str, Any]]]], now: datetime
    ) -> bool:
        """Give everybody, (customer's id, why), their arm; False where another process did so
        meanwhile."""
        begun = self._session.execute(
            update(Campaign)
            .where(Campaign.id == campaign.id, Campaign.state == "draft")
            .values(state="running", begun_at=now)
            .returning(Campaign.id)
        )
        if begun.first() is None:
            return False
        held = Plan.of(campaign.plan, campaign.name).held()
        self._session.add_all(
            CampaignMember(
                campaign_id=campaign.id,
                customer_id=customer_id,
                arm=arm_of(campaign.name, held, customer_id).value,
                why=why,
                chosen_at=now,
                step=Step.WAITING.value,
            )
            for customer_id, why in chosen
        )
        self._session.flush()
        return True

    def stop(self, campaign: Campaign, now: datetime, *, withdraw: bool) -> int:
        """Nobody is written to any more. Open coupons stay good, they are promised, unless they
        are to be withdrawn; returns how many were."""
        gone = self._end(
            Coupon.campaign_id == campaign.id if withdraw else None, CouponState.WITHDRAWN
        )
        self._session.execute(
            update(Campaign)
            .where(Campaign.id == campaign.id)
            .values(state="stopped", ended_at=func.coalesce(Campaign.ended_at, now))
        )
        return gone

    def remove(self, campaign: Campaign) -> None:
        """With its members and coupons."""
        for table in (Coupon, CampaignMember):
            self._session.execute(delete(table).where(table.campaign_id == campaign.id))
        self._session.execute(delete(Campaign).where(Campaign.id == campaign.id))

    # Members

    def members(self, campaign: Campaign) -> Sequence[CampaignMember]:
        query = select(CampaignMember).where(CampaignMember.campaign_id == campaign.id)
        return self._session.scalars(query.order_by(CampaignMember.id)).all()

    def of_customer(self, customer_id: int) -> Sequence[tuple[CampaignMember, Campaign]]:
        """What the customer is a member of, the newest first."""
        rows = self._session.execute(
            select(CampaignMember, Campaign)
            .join(Campaign, Campaign.id == CampaignMember.campaign_id)
            .where(CampaignMember.customer_id == customer_id)
            .order_by(CampaignMember.id.desc())
        )
        return [(member, campaign) for member, campaign in rows]

    def waiting(self, campaign: Campaign) -> list[int]:
        """Ids of those who are to be written to, the first chosen first."""
        query = select(CampaignMember.id).where(
            CampaignMember.campaign_id == campaign.id,
            CampaignMember.arm == Arm.OFFERED.value,
            CampaignMember.step == Step.WAITING.value,
        )
        return list(self._session.scalars(query.order_by(CampaignMember.id)))

    def member(self, number: int) -> CampaignMember | None:
        return self._session.get(CampaignMember, number, populate_existing=True)

    def claim(self, member: CampaignMember, now: datetime) -> bool:
        """Whether this process is the one that writes to the member; of several exactly one, and
        only while the campaign runs."""
        running = select(Campaign.id).where(Campaign.state == "running")
        return self._moved(
            update(CampaignMember)
            .where(
                CampaignMember.id == member.id,
                CampaignMember.step == Step.WAITING.value,
                CampaignMember.campaign_id.in_(running),
            )
            .values(step=Step.CLAIMED.value, sent_at=now, note=None)
        )

    def settle(self, number: int, step: Step, note: str | None = None) -> None:
        """What became of the message."""
        values: dict[str, Any] = {"step": step.value, "note": note}
        if step is not Step.SENT:
            values["sent_at"] = None
        self._session.execute(
            update(CampaignMember).where(CampaignMember.id == number).values(**values)
        )

    def remark(self, number: int, note: str) -> None:
        """Why the member still waits."""
        self._session.execute(
            update(CampaignMember).where(CampaignMember.id == number).values(note=note)
        )

    def open(self, member: CampaignMember, now: datetime) -> bool:
        """The customer saw it; False where they had before."""
        return self._moved(
            update(CampaignMember)
            .where(CampaignMember.id == member.id, CampaignMember.opened_at.is_(None))
            .values(opened_at=now)
        )

    def written_since(self, customer_id: int, since: datetime) -> int:
        """How many messages of all campaigns the customer got, or is getting, from then on."""
        query = select(func.count()).where(
            CampaignMember.customer_id == customer_id, CampaignMember.sent_at > since
        )
        return self._session.scalar(query) or 0

    # Coupons

    def issue(
        self, campaign: Campaign, offer: Offer, customer_id: int, now: datetime
    ) -> Coupon | None:
        """The customer's coupon of this campaign, the same one whoever asks again; None when the
        budget does not cover one more, or the campaign does not run."""
        reserved = self._moved(
            update(Campaign)
            .where(
                Campaign.id == campaign.id,
                Campaign.state == "running",
                Campaign.reserved + offer.dearest <= Campaign.budget,
            )
            .values(reserved=Campaign.reserved + offer.dearest)
        )
        if not reserved:
            return self._coupon_of(campaign, customer_id)
        stored = self._session.execute(
            self._insert(Coupon)
            .values(
                code="".join(secrets.choice(_LETTERS) for _ in range(_LONG)),
                campaign_id=campaign.id,
                customer_id=customer_id,
                percent=offer.percent,
                amount=offer.amount,
                most=offer.dearest,
                least=offer.least,
                currency=campaign.currency,
                combines=offer.combines,
                issued_at=now,
                expires_at=now + timedelta(days=offer.days),
                state=CouponState.OPEN.value,
            )
            .on_conflict_do_nothing(index_elements=["campaign_id", "customer_id"])
            .returning(Coupon.code)
        )
        if stored.first() is None:
            self._give_back(campaign.id, offer.dearest)
        return self._coupon_of(campaign, customer_id)

    def open_coupons(self, customer_id: int, now: datetime) -> Sequence[Coupon]:
        """Those that the customer can use now, the first to end first."""
        return self._session.scalars(
            select(Coupon)
            .where(
                Coupon.customer_id == customer_id,
                Coupon.state == CouponState.OPEN.value,
                Coupon.expires_at > now,
            )
            .order_by(Coupon.expires_at, Coupon.code)
        ).all()

    def coupons(self, campaign: Campaign) -> Sequence[Coupon]:
        return self._session.scalars(
            select(Coupon).where(Coupon.campaign_id == campaign.id).order_by(Coupon.code)
        ).all()

    def redeem(self, code: str, number: str, now: datetime) -> Coupon:
        """The coupon was used for this order. Raises `CampaignRefused`, and changes nothing, where
        it could not be; the text says why."""
        # Changes nothing, and locks the order on both databases: what follows sees all coupons of
        # it, also those that somebody is using at this moment.
        locked = self._session.execute(
            update(Order)
            .where(Order.number == number)
            .values(number=Order.number)
            .returning(Order.number)
        )
        if locked.first() is None:
            raise CampaignRefused(f"There is no order {number}.")
        order = self._session.scalars(
            select(Order).where(Order.number == number)
            .execution_options(populate_existing=True)
        ).one()  # fmt: skip
        code = code.strip().upper()
        coupon = self._session.get(Coupon, code, populate_existing=True)
        if coupon is None:
            raise CampaignRefused(f"There is no coupon {code}.")
        if complaint := self._complaint(coupon, order):
            raise CampaignRefused(f"Coupon {code} cannot be used for order {number}: {complaint}.")
        taken = worth(coupon, order.subtotal)
        used = self._moved(
            update(Coupon)
            .where(Coupon.code == code, Coupon.state == CouponState.OPEN.value)
            .values(
                state=CouponState.USED.value, used_at=now, order_number=order.number, taken=taken
            )
        )
        if not used:
            raise CampaignRefused(f"Coupon {code} has been used by now.")
        self._give_back(coupon.campaign_id, coupon.most - taken)
        self._session.refresh(coupon)
        return coupon

    def _complaint(self, coupon: Coupon, order: Order) -> str | None:
        match coupon.state:
            case CouponState.USED.value:
                return f"it was used for order {coupon.order_number}"
            case CouponState.WITHDRAWN.value:
                return "it was withdrawn"
        if order.customer_id != coupon.customer_id:
            return "it is another customer's"
        if order.status in _CALLED_OFF:
            return "the order was called off or paid back"
        if coupon.state == CouponState.EXPIRED.value or order.placed_at >= coupon.expires_at:
            return f"it ended on {coupon.expires_at:%Y-%m-%d %H:%M} UTC"
        if order.placed_at < coupon.issued_at:
            return "the order is older than the coupon"
        if order.currency != coupon.currency:
            return f"it is for orders in {coupon.currency}"
        if order.subtotal < coupon.least:
            return f"the goods cost {order.subtotal}, less than {coupon.least}"
        others = self._session.scalars(select(Coupon).where(Coupon.order_number == order.number))
        both = list(others)
        if both and not (coupon.combines and all(other.combines for other in both)):
            return f"it cannot be used together with {both[0].code}"
        spent = sum((other.taken or Decimal(0) for other in both), Decimal(0))
        if spent + worth(coupon, order.subtotal) > order.subtotal:
            return "coupons already take off all that the goods cost"
        return None

    def expire(self, now: datetime) -> int:
        """End the coupons whose time is over; what they could have cost is free again."""
        return self._end(Coupon.expires_at <= now, CouponState.EXPIRED)

    def release(self, customer_id: int) -> None:
        """The customer's open coupons end, before they are erased."""
        self._end(Coupon.customer_id == customer_id, CouponState.WITHDRAWN)

    def _end(self, whose: ColumnElement[bool] | None, state: CouponState) -> int:
        if whose is None:
            return 0
        ended = self._session.execute(
            update(Coupon)
            .where(Coupon.state == CouponState.OPEN.value, whose)
            .values(state=state.value)
            .returning(Coupon.campaign_id, Coupon.most)
        ).all()
        free: dict[int, Decimal] = {}
        for campaign_id, most in ended:
            free[campaign_id] = free.get(campaign_id, Decimal(0)) + most
        for campaign_id in sorted(free):  # in one order, so that two of these never wait in a ring
            self._give_back(campaign_id, free[campaign_id])
        return len(ended)

    def _give_back(self, campaign_id: int, amount: Decimal) -> None:
        if amount:
            self._session.execute(
                update(Campaign)
                .where(Campaign.id == campaign_id)
                .values(reserved=Campaign.reserved - amount)
            )

    def _coupon_of(self, campaign: Campaign, customer_id: int) -> Coupon | None:
        query = select(Coupon).where(
            Coupon.campaign_id == campaign.id, Coupon.customer_id == customer_id
        )
        return self._session.scalars(query).one_or_none()

    def _moved(self, change: Update) -> bool:
        done = self._session.execute(change.execution_options(synchronize_session=False))
        return cast("CursorResult[Any]", done).rowcount > 0

    def _insert(self, table: type[Campaign | Coupon]) -> postgresql.Insert | sqlite.Insert:
        if self._session.get_bind().dialect.name == "postgresql":
            return postgresql.insert(table)
        return sqlite.insert(table)


def forget(before: datetime) -> Sequence[Any]:
    """Deletions of what is too old: members who were chosen, and coupons that ended, before then.
    A coupon of a time to come is never among them."""
    return (
        delete(CampaignMember).where(CampaignMember.chosen_at < before),
        delete(Coupon).where(
            or_(
                Coupon.expires_at < before,
                and_(Coupon.used_at.is_not(None), Coupon.used_at < before),
            )
        ),
    )
