"""Runs migrations on the connection that alembic is handed, in the transaction that is open there."""

from __future__ import annotations

from alembic import context

from bot.storage.schema import METADATA

connection = context.config.attributes["connection"]
# SQLite cannot alter a column: a table is then made anew, and its rows are copied.
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
