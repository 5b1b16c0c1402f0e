"""Count guesses by what is guessed at, keep one-time codes by e-mail, make older tokens of a
conversation worthless, and know since when a chat is linked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "guess_counts",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("period_s", sa.Integer(), nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "period_s", name="pk_guess_counts"),
    )
    op.create_index("ix_guess_counts_began_at", "guess_counts", ["began_at"])
    op.create_table(
        "email_codes",
        sa.Column(
            "session_id",
            sa.String(36),
            sa.ForeignKey("chat_sessions.id", name="fk_email_codes_session_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("email_hash", sa.String(64), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_email_codes"),
    )
    with op.batch_alter_table("chat_sessions") as table:
        table.add_column(sa.Column("epoch", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("client", sa.String(64), nullable=True))
    with op.batch_alter_table("chat_sessions") as table:
        # The default was for the rows that stand already; the code sets its own.
        table.alter_column("epoch", server_default=None)
    with op.batch_alter_table("channel_users") as table:
        table.add_column(sa.Column("linked_at", _MOMENT, nullable=True))
    op.create_index("ix_channel_users_customer_id", "channel_users", ["customer_id"])


def downgrade() -> None:
    op.drop_index("ix_channel_users_customer_id", "channel_users")
    with op.batch_alter_table("channel_users") as table:
        table.drop_column("linked_at")
    with op.batch_alter_table("chat_sessions") as table:
        table.drop_column("client")
        table.drop_column("epoch")
    op.drop_table("email_codes")
    op.drop_index("ix_guess_counts_began_at", "guess_counts")
    op.drop_table("guess_counts")
