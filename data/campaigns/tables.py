"""The tables of campaigns: what was planned, who is in it, and each customer's own coupon."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.models import Base, SafeString


class Arm(StrEnum):
    OFFERED = "offered"
    HELD = "held"  # held out by a stable hash: gets nothing, and is what the others are compared to


class Step(StrEnum):
    """Where a member's message is."""

    WAITING = "waiting"
    CLAIMED = "claimed"  # one process is sending it now, or died in doing so: never sent twice
    SENT = "sent"
    FAILED = "failed"
    LEFT_OUT = "left_out"  # `note` says why


class CouponState(StrEnum):
    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Campaign(Base):
    """`plan` is the file as it was checked. `reserved` is what all its coupons can still cost or
    have cost: it never exceeds `budget` (data/campaigns/store.py)."""

    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(SafeString(60), unique=True)
    state: Mapped[str] = mapped_column(SafeString(10))  # "draft" | "running" | "stopped"
    plan: Mapped[dict[str, Any]]
    currency: Mapped[str] = mapped_column(SafeString(3))
    budget: Mapped[Decimal]
    reserved: Mapped[Decimal]
    created_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class CampaignMember(Base):
    """One customer of a campaign's audience, and why: [{"field", "was", …}, …]."""

    __tablename__ = "campaign_members"
    __table_args__ = (UniqueConstraint("campaign_id", "customer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), index=True
    )
    arm: Mapped[str] = mapped_column(SafeString(8))
    why: Mapped[list[dict[str, Any]]]
    chosen_at: Mapped[datetime] = mapped_column(index=True)
    step: Mapped[str] = mapped_column(SafeString(10))
    note: Mapped[str | None] = mapped_column(SafeString(40))
    sent_at: Mapped[datetime | None] = mapped_column(index=True)
    opened_at: Mapped[datetime | None]


class Coupon(Base):
    """A customer's own coupon of a campaign. It takes off `percent` of the goods or `amount`, at
    most `most`, of orders from `least` on."""

    __tablename__ = "coupons"
    __table_args__ = (UniqueConstraint("campaign_id", "customer_id"),)

    code: Mapped[str] = mapped_column(SafeString(20), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), index=True
    )
    percent: Mapped[int | None]
    amount: Mapped[Decimal | None]
    most: Mapped[Decimal]
    least: Mapped[Decimal]
    currency: Mapped[str] = mapped_column(SafeString(3))
    combines: Mapped[bool]  # may be used together with others that may, too
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(SafeString(10))
    used_at: Mapped[datetime | None]
    order_number: Mapped[str | None] = mapped_column(
        ForeignKey("orders.number", ondelete="SET NULL"), index=True
    )
    taken: Mapped[Decimal | None]  # what it took off
