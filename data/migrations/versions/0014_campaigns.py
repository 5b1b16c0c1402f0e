"""Campaigns, their members, and personal coupons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("budget", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("begun_at", moment),
        sa.Column("ended_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
        sa.UniqueConstraint("name", name="uq_campaigns_name"),
    )
    op.create_table(
        "campaign_members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("arm", sa.String(8), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("chosen_at", moment, nullable=False),
        sa.Column("step", sa.String(10), nullable=False),
        sa.Column("note", sa.String(40)),
        sa.Column("sent_at", moment),
        sa.Column("opened_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_members"),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"],
            name="fk_campaign_members_campaign_id", ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"],
            name="fk_campaign_members_customer_id", ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "campaign_id", "customer_id", name="uq_campaign_members_campaign_id_customer_id"
        ),
    )  # fmt: skip
    for column in ("customer_id", "chosen_at", "sent_at"):
        op.create_index(f"ix_campaign_members_{column}", "campaign_members", [column])
    op.create_table(
        "coupons",
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer()),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("combines", sa.Boolean(), nullable=False),
        sa.Column("issued_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("used_at", moment),
        sa.Column("order_number", sa.String(40)),
        sa.Column("taken", sa.BigInteger()),
        sa.PrimaryKeyConstraint("code", name="pk_coupons"),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name="fk_coupons_campaign_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_coupons_customer_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["order_number"], ["orders.number"], name="fk_coupons_order_number", ondelete="SET NULL"
        ),
        sa.UniqueConstraint(
            "campaign_id", "customer_id", name="uq_coupons_campaign_id_customer_id"
        ),
    )
    for column in ("customer_id", "expires_at", "order_number"):
        op.create_index(f"ix_coupons_{column}", "coupons", [column])


def downgrade() -> None:
    op.drop_table("coupons")
    op.drop_table("campaign_members")
    op.drop_table("campaigns")
