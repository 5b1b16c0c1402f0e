"""Mark a database that the demo shop was loaded into; count tickets by where they came from."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_MOMENT = sa.DateTime(timezone=True)
# One of the demo shop's customers; nobody else has an address in a domain that is nobody's.
_DEMO_CUSTOMER = "lin.yue@example.com"


def upgrade() -> None:
    marks = op.create_table(
        "marks",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_marks"),
    )
    customers = sa.table("customers", sa.column("email", sa.String()))
    demo = sa.select(customers.c.email).where(customers.c.email == _DEMO_CUSTOMER)
    if op.get_bind().execute(demo).first() is not None:
        now = datetime.now(UTC).replace(tzinfo=None)
        op.bulk_insert(marks, [{"name": "demo", "at": now}])
    op.add_column("tickets", sa.Column("asked_from", sa.String(64), nullable=True))
    op.create_index("ix_tickets_asked_from", "tickets", ["asked_from"])
    op.create_index("ix_tickets_created_at", "tickets", ["created_at"])


def downgrade() -> None:
    op.drop_index("ix_tickets_created_at", "tickets")
    op.drop_index("ix_tickets_asked_from", "tickets")
    with op.batch_alter_table("tickets") as table:
        table.drop_column("asked_from")
    op.drop_table("marks")
