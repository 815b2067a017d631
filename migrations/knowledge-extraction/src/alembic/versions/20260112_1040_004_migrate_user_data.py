"""migrate_user_data

Revision ID: 004
Revises: 003
Create Date: 2026-01-12 10:40:00+00:00

"""

from alembic import op

revision: str = "004"
down_revision: str | None = "003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # Every row that has no full name gets one, also where a part of the name is missing.
    op.execute("""
        UPDATE users
        SET full_name = coalesce(first_name, '') || ' ' || coalesce(last_name, '')
        WHERE full_name IS NULL
    """)


def downgrade() -> None:
    # Only what the upgrade could have written: a name that somebody typed stays.
    op.execute("""
        UPDATE users
        SET full_name = NULL
        WHERE full_name = coalesce(first_name, '') || ' ' || coalesce(last_name, '')
    """)
