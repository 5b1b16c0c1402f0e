"""Run by Alembic for each command; the connection comes from `data.migrations.upgrade`."""

from __future__ import annotations

from alembic import context

from data.campaigns import tables  # noqa: F401 - so that Base knows them
from data.models import Base

# upgrade() has begun the transaction and commits it, so Alembic only writes into it.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
