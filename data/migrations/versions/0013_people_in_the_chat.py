"""Tickets know who waits, how to reach them, from which page they asked and what was read; files
come from the website too; the shop's agents are told by a call of the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("tickets", sa.Column("waiting_since", _MOMENT, nullable=True))
    op.add_column("tickets", sa.Column("contact", sa.String(254), nullable=True))
    op.add_column("tickets", sa.Column("page", sa.JSON(), nullable=True))
    op.add_column("tickets", sa.Column("events", sa.JSON(), nullable=True))
    op.add_column("tickets", sa.Column("read_to", sa.String(64), nullable=True))
    # All that are there were told that they wait.
    op.execute("UPDATE tickets SET waiting_since = created_at")
    op.create_index("ix_tickets_waiting_since", "tickets", ["waiting_since"])
    op.add_column("attachments", sa.Column("name", sa.String(200), nullable=True))
    op.add_column("attachments", sa.Column("message_id", sa.String(64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("attachments") as table:
        table.drop_column("message_id")
        table.drop_column("name")
    op.drop_index("ix_tickets_waiting_since", "tickets")
    with op.batch_alter_table("tickets") as table:
        for column in ("read_to", "events", "page", "contact", "waiting_since"):
            table.drop_column(column)
