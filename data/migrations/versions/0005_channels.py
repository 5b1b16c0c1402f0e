"""Keep who somebody is on a messaging platform, what came from there, and what is to be sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("chat_sessions") as table:
        table.add_column(sa.Column("channel", sa.String(20), nullable=True))

    op.create_table(
        "channel_users",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("conversation", sa.String(190), nullable=False),
        sa.Column("session_id", sa.String(36), sa.ForeignKey("chat_sessions.id"), nullable=False),
        sa.Column("customer_id", sa.Integer(), sa.ForeignKey("customers.id"), nullable=True),
        sa.Column("is_group", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("spoke_at", _MOMENT, nullable=False),
        sa.Column("failed_links", sa.Integer(), nullable=False),
        sa.Column("failed_since", _MOMENT, nullable=True),
        sa.UniqueConstraint("channel", "conversation"),
    )
    op.create_index("ix_channel_users_session_id", "channel_users", ["session_id"])

    op.create_table(
        "link_codes",
        sa.Column("code_hash", sa.String(64), primary_key=True),
        sa.Column("customer_id", sa.Integer(), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
    )
    op.create_index("ix_link_codes_customer_id", "link_codes", ["customer_id"])

    op.create_table(
        "channel_inbox",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("conversation", sa.String(190), nullable=False),
        sa.Column("body", sa.JSON(), nullable=True),
        sa.Column("draft", sa.String(190), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("done_at", _MOMENT, nullable=True),
    )
    op.create_index(
        "ix_channel_inbox_waiting", "channel_inbox", ["done_at", "channel", "conversation"]
    )

    op.create_table(
        "channel_outbox",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("key", sa.String(80), nullable=False, unique=True),
        sa.Column("conversation", sa.String(190), nullable=False),
        sa.Column("call", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("error", sa.String(200), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_index(
        "ix_channel_outbox_waiting", "channel_outbox", ["state", "channel", "conversation"]
    )


def downgrade() -> None:
    for table in ("channel_outbox", "channel_inbox", "link_codes", "channel_users"):
        op.drop_table(table)
    with op.batch_alter_table("chat_sessions") as batch:
        batch.drop_column("channel")
