"""Keep what customers do in the shop, what they were shown, and what they think of being known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "impressions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(22), nullable=False),
        *_whose("impressions"),
        sa.Column("product_id", sa.String(60), nullable=False),
        sa.Column("surface", sa.String(20), nullable=False),
        sa.Column("model", sa.String(40), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("experiment", sa.String(40), nullable=False),
        sa.Column("arm", sa.String(40), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_impressions"),
        sa.UniqueConstraint("ref", name="uq_impressions_ref"),
        _product("impressions"),
    )
    op.create_table(
        "behaviour_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("event_id", sa.String(64), nullable=False),
        *_whose("behaviour_events"),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("product_id", sa.String(60), nullable=True),
        sa.Column("query", sa.String(200), nullable=True),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("impression_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_behaviour_events"),
        sa.UniqueConstraint("origin", "event_id", name="uq_behaviour_events_origin_event_id"),
        _product("behaviour_events"),
        sa.ForeignKeyConstraint(
            ["impression_id"],
            ["impressions.id"],
            name="fk_behaviour_events_impression_id",
            ondelete="SET NULL",
        ),
    )
    op.create_table(
        "profile_corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("aspect", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(60), nullable=False),
        sa.Column("value", sa.String(40), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_profile_corrections"),
        sa.UniqueConstraint(
            "customer_id",
            "aspect",
            "subject",
            name="uq_profile_corrections_customer_id_aspect_subject",
        ),
        _customer("profile_corrections"),
    )
    for table, column in (
        ("impressions", "customer_id"),
        ("impressions", "session_id"),
        ("impressions", "shown_at"),
        ("behaviour_events", "session_id"),
        ("behaviour_events", "product_id"),
        ("behaviour_events", "impression_id"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index("ix_behaviour_events_customer_at", "behaviour_events", ["customer_id", "at"])


def downgrade() -> None:
    for table in ("profile_corrections", "behaviour_events", "impressions"):
        op.drop_table(table)


def _whose(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("session_id", sa.String(36), nullable=True),
        _customer(table),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["chat_sessions.id"],
            name=f"fk_{table}_session_id",
            ondelete="CASCADE",
        ),
    ]


def _customer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["customer_id"], ["customers.id"], name=f"fk_{table}_customer_id", ondelete="CASCADE"
    )


def _product(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=f"fk_{table}_product_id")
