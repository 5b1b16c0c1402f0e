"""Reviews as shops have them: with a key of the shop's, of a variant, by nobody it knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    with op.batch_alter_table("reviews") as table:
        table.add_column(sa.Column("key", sa.String(60), nullable=True))
        table.add_column(sa.Column("sku", sa.String(80), nullable=True))
        table.alter_column("customer_id", existing_type=sa.Integer(), nullable=True)
        table.create_unique_constraint("uq_reviews_key", ["key"])
        table.create_foreign_key("fk_reviews_sku", "variants", ["sku"], ["sku"])


def downgrade() -> None:
    """Reviews by nobody that the shop knows stop it: they are the shop's to give up."""
    with op.batch_alter_table("reviews") as table:
        table.drop_constraint("fk_reviews_sku", type_="foreignkey")
        table.drop_constraint("uq_reviews_key", type_="unique")
        table.alter_column("customer_id", existing_type=sa.Integer(), nullable=False)
        table.drop_column("sku")
        table.drop_column("key")
