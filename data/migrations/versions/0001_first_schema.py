"""The first tables: catalogue, customers, orders, reviews, conversations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _catalogue()
    _customers()
    _orders()
    _conversations()


def downgrade() -> None:
    for table in (
        *("feedback", "tickets", "chat_messages", "chat_sessions"),
        *("reviews", "tracking_events", "shipments", "order_lines", "orders"),
        *("payment_methods", "addresses", "customers", "variants", "products", "categories"),
    ):
        op.drop_table(table)


def _catalogue() -> None:
    op.create_table(
        "categories",
        _text("id", 40),
        _json("name"),
        _json("aliases"),
        _key("categories", "id"),
    )
    op.create_table(
        "products",
        _text("id", 60),
        _text("category_id", 40),
        _text("brand", 60),
        _json("name"),
        _json("aliases"),
        _json("summary"),
        _json("description"),
        _json("attributes"),
        _json("sizing", optional=True),
        _json("care"),
        _json("tags"),
        _text("return_class", 20),
        _number("warranty_months", optional=True),
        _number("min_age", optional=True),
        _number("rebuy_days", optional=True),
        _date("launched_on"),
        _key("products", "id"),
        _reference("products", "category_id", "categories.id"),
    )
    _index("products", "category_id")
    op.create_table(
        "variants",
        _text("sku", 40),
        _text("product_id", 60),
        _number("position"),
        _json("options"),
        _money("price"),
        _money("list_price", optional=True),
        _text("currency", 3),
        _number("stock"),
        _key("variants", "sku"),
        _reference("variants", "product_id", "products.id"),
    )
    _index("variants", "product_id")


def _customers() -> None:
    op.create_table(
        "customers",
        _number("id"),
        _text("email", 254),
        _text("name", 80),
        _text("phone", 30, optional=True),
        _text("language", 2),
        _text("tier", 20),
        _time("joined_at"),
        _flag("personalised"),
        _key("customers", "id"),
        sa.UniqueConstraint("email", name="uq_customers_email"),
    )
    op.create_table(
        "addresses",
        _number("id"),
        _number("customer_id"),
        _text("recipient", 80),
        _text("line", 200),
        _text("city", 60),
        _text("province", 60),
        _text("postcode", 12),
        _text("country", 2),
        _flag("is_default"),
        _key("addresses", "id"),
        _reference("addresses", "customer_id", "customers.id"),
    )
    _index("addresses", "customer_id")
    op.create_table(
        "payment_methods",
        _number("id"),
        _number("customer_id"),
        _text("kind", 20),
        _text("label", 60),
        _key("payment_methods", "id"),
        _reference("payment_methods", "customer_id", "customers.id"),
    )
    _index("payment_methods", "customer_id")


def _orders() -> None:
    op.create_table(
        "orders",
        _text("number", 20),
        _number("customer_id"),
        _text("status", 20),
        _time("placed_at"),
        _text("delivery_method", 20),
        _number("address_id"),
        _number("payment_method_id", optional=True),
        _text("currency", 3),
        _money("subtotal"),
        _money("delivery_fee"),
        _money("total"),
        _key("orders", "number"),
        _reference("orders", "customer_id", "customers.id"),
        _reference("orders", "address_id", "addresses.id"),
        _reference("orders", "payment_method_id", "payment_methods.id"),
    )
    op.create_index("ix_orders_customer_placed", "orders", ["customer_id", "placed_at"])
    op.create_table(
        "order_lines",
        _number("id"),
        _text("order_number", 20),
        _text("sku", 40),
        _number("quantity"),
        _money("unit_price"),
        _key("order_lines", "id"),
        _reference("order_lines", "order_number", "orders.number"),
        _reference("order_lines", "sku", "variants.sku"),
    )
    _index("order_lines", "order_number")
    _index("order_lines", "sku")
    op.create_table(
        "shipments",
        _number("id"),
        _text("order_number", 20),
        _json("carrier"),
        _text("tracking_number", 40),
        _time("shipped_at"),
        _date("expected_on"),
        _time("delivered_at", optional=True),
        _key("shipments", "id"),
        _reference("shipments", "order_number", "orders.number"),
    )
    _index("shipments", "order_number")
    op.create_table(
        "tracking_events",
        _number("id"),
        _number("shipment_id"),
        _time("at"),
        _json("place"),
        _json("text"),
        _key("tracking_events", "id"),
        _reference("tracking_events", "shipment_id", "shipments.id"),
    )
    _index("tracking_events", "shipment_id")
    op.create_table(
        "reviews",
        _number("id"),
        _text("product_id", 60),
        _number("customer_id"),
        _number("rating"),
        _text("language", 2),
        sa.Column("text", sa.Text(), nullable=False),
        _time("created_at"),
        _key("reviews", "id"),
        _reference("reviews", "product_id", "products.id"),
        _reference("reviews", "customer_id", "customers.id"),
    )
    _index("reviews", "product_id")
    _index("reviews", "customer_id")


def _conversations() -> None:
    op.create_table(
        "chat_sessions",
        _text("id", 36),
        _number("customer_id", optional=True),
        _text("identified_by", 20, optional=True),
        _time("created_at"),
        _time("expires_at"),
        _key("chat_sessions", "id"),
        _reference("chat_sessions", "customer_id", "customers.id"),
    )
    op.create_table(
        "chat_messages",
        _number("id"),
        _text("session_id", 36),
        _text("message_id", 64),
        _text("sender", 8),
        _text("reply_to", 64, optional=True),
        _json("body"),
        _time("created_at"),
        _key("chat_messages", "id"),
        _reference("chat_messages", "session_id", "chat_sessions.id"),
    )
    _index("chat_messages", "session_id")
    op.create_table(
        "tickets",
        _number("id"),
        _text("session_id", 36),
        _number("customer_id", optional=True),
        _text("language", 2),
        _text("reason", 40),
        _json("transcript"),
        _text("status", 12),
        _time("created_at"),
        _key("tickets", "id"),
        _reference("tickets", "session_id", "chat_sessions.id"),
        _reference("tickets", "customer_id", "customers.id"),
    )
    _index("tickets", "session_id")
    op.create_table(
        "feedback",
        _number("id"),
        _text("session_id", 36),
        _text("message_id", 64, optional=True),
        _number("rating"),
        sa.Column("comment", sa.Text(), nullable=True),
        _time("created_at"),
        _key("feedback", "id"),
        _reference("feedback", "session_id", "chat_sessions.id"),
    )
    _index("feedback", "session_id")


def _text(name: str, length: int, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=optional)


def _number(name: str, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=optional)


def _money(name: str, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=optional)


def _json(name: str, optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=optional)


def _time(name: str, optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)


def _date(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _key(table: str, column: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=f"pk_{table}")


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])
