"""Alembic's entry: runs on the connection that `upgrade` opened. Revisions are written by hand:
the tables belong to the services, which this package may not import.
"""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
