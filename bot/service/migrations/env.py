"""What Alembic runs: the revisions, in one transaction, on the connection that it is given."""

from __future__ import annotations

from alembic import context

from bot.service.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
