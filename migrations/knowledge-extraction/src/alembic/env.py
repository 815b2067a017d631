"""Alembic begins here. The database is the one that DATABASE_URL names.

Each revision runs in a transaction of its own, so that a constraint made NOT VALID in one revision is committed,
and its lock released, before the next one validates it.
"""

import os

from alembic import context
from sqlalchemy import create_engine, pool

URL = os.environ.get("DATABASE_URL")


def run_offline() -> None:
    """Writes the SQL instead of running it: `alembic upgrade head --sql`."""
    context.configure(
        url=URL or "postgresql://",
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Runs the revisions on the database."""
    if not URL:
        raise SystemExit("DATABASE_URL is not set, for example postgresql://user:password@localhost:5432/name")
    engine = create_engine(URL, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
