"""Count failed identifications, and let a session hold a message id only once.

Of lines that share a session and an id, which the first version allowed, the first one stays.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("chat_sessions") as table:
        table.add_column(
            sa.Column("failed_identifications", sa.Integer(), nullable=False, server_default="0")
        )
    with op.batch_alter_table("chat_sessions") as table:
        # The default was for the rows that stand already; the code sets its own.
        table.alter_column("failed_identifications", server_default=None)

    lines = sa.table(
        "chat_messages", sa.column("id"), sa.column("session_id"), sa.column("message_id")
    )
    first = sa.select(sa.func.min(lines.c.id)).group_by(lines.c.session_id, lines.c.message_id)
    op.execute(sa.delete(lines).where(lines.c.id.not_in(first)))
    with op.batch_alter_table("chat_messages") as table:
        table.create_unique_constraint(
            "uq_chat_messages_session_id_message_id", ["session_id", "message_id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("chat_messages") as table:
        table.drop_constraint("uq_chat_messages_session_id_message_id", type_="unique")
    with op.batch_alter_table("chat_sessions") as table:
        table.drop_column("failed_identifications")
