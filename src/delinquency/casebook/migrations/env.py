"""Alembic's entry: runs the steps on the connection that ``database.upgrade`` hands over."""

from alembic import context

from delinquency.casebook.database_schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # The caller has begun the transaction and holds the lock: a step succeeds or leaves nothing.
    transactional_ddl=False,
)
context.run_migrations()
