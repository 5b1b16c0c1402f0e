"""Let agents take tickets, mark lines that were not answered, and keep stars and reasons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("chat_messages") as table:
        table.add_column(
            sa.Column("unanswered", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("chat_messages") as table:
        # The default was for the rows that stand already; the code sets its own.
        table.alter_column("unanswered", server_default=None)

    with op.batch_alter_table("tickets") as table:
        table.add_column(sa.Column("agent", sa.String(80), nullable=True))
        table.add_column(sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    for column in ("status", "changed_at"):
        op.create_index(f"ix_tickets_{column}", "tickets", [column])

    with op.batch_alter_table("feedback") as table:
        table.add_column(sa.Column("stars", sa.Integer(), nullable=True))
        table.add_column(sa.Column("reason", sa.String(20), nullable=True))
        table.alter_column("rating", existing_type=sa.Integer(), nullable=True)


def downgrade() -> None:
    feedback = sa.table("feedback", sa.column("rating"))
    op.execute(sa.delete(feedback).where(feedback.c.rating.is_(None)))
    with op.batch_alter_table("feedback") as table:
        table.alter_column("rating", existing_type=sa.Integer(), nullable=False)
        table.drop_column("reason")
        table.drop_column("stars")
    for column in ("status", "changed_at"):
        op.drop_index(f"ix_tickets_{column}", "tickets")
    with op.batch_alter_table("tickets") as table:
        for column in ("changed_at", "taken_at", "agent"):
            table.drop_column(column)
    with op.batch_alter_table("chat_messages") as table:
        table.drop_column("unanswered")
