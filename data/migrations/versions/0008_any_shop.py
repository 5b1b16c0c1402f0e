"""Take what shops have: customers with a telephone number alone, addresses without a postcode,
products without a brand, longer order numbers and SKUs; addresses of pages and pictures."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_MOMENT = sa.DateTime(timezone=True)
# What a row may now be without, by table.
_OPTIONAL: dict[str, dict[str, sa.types.TypeEngine[Any]]] = {
    "products": {
        "brand": sa.String(60),
        "summary": sa.JSON(),
        "care": sa.JSON(),
        "launched_on": sa.Date(),
    },
    "customers": {"email": sa.String(254), "tier": sa.String(20), "joined_at": _MOMENT},
    "addresses": {
        "recipient": sa.String(80),
        "line": sa.String(200),
        "city": sa.String(60),
        "province": sa.String(60),
        "postcode": sa.String(12),
    },
}
# (table, column, length before, length now)
_LONGER = (
    ("variants", "sku", 40, 80),
    ("order_lines", "sku", 40, 80),
    ("order_lines", "order_number", 20, 40),
    ("shipments", "order_number", 20, 40),
    ("orders", "number", 20, 40),
)


def upgrade() -> None:
    for name, columns in _OPTIONAL.items():
        with op.batch_alter_table(name) as table:
            for column, kind in columns.items():
                table.alter_column(column, existing_type=kind, nullable=True)
    op.create_index("ix_customers_phone", "customers", ["phone"])
    with op.batch_alter_table("products") as table:
        table.add_column(sa.Column("page_url", sa.Text(), nullable=True))
        table.add_column(sa.Column("picture_url", sa.Text(), nullable=True))
        table.add_column(sa.Column("sold", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("products") as table:
        # The default was for the rows that stand already; the code sets its own.
        table.alter_column("sold", server_default=None)
    for name, column, before, now in _LONGER:
        _resize(name, column, before, now)
    with op.batch_alter_table("orders") as table:
        table.alter_column(
            "delivery_method",
            existing_type=sa.String(20),
            type_=sa.String(40),
            nullable=True,
        )


def downgrade() -> None:
    """Rows that the older version has no room for, such as a customer without an e-mail address,
    stop it: they are the shop's to give up."""
    with op.batch_alter_table("orders") as table:
        table.alter_column(
            "delivery_method",
            existing_type=sa.String(40),
            type_=sa.String(20),
            nullable=False,
        )
    for name, column, before, now in _LONGER:
        _resize(name, column, now, before)
    with op.batch_alter_table("products") as table:
        for column in ("sold", "picture_url", "page_url"):
            table.drop_column(column)
    op.drop_index("ix_customers_phone", "customers")
    for name, columns in _OPTIONAL.items():
        with op.batch_alter_table(name) as table:
            for column, kind in columns.items():
                table.alter_column(column, existing_type=kind, nullable=False)


def _resize(name: str, column: str, before: int, now: int) -> None:
    with op.batch_alter_table(name) as table:
        table.alter_column(
            column,
            existing_type=sa.String(before),
            type_=sa.String(now),
            existing_nullable=False,
        )
