"""add_user_preferences

Revision ID: a1b2c3d4
Revises: 007
Create Date: 2026-01-15 14:30:00+00:00

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "a1b2c3d4"
down_revision: str | None = "007"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # A constant default is kept in the catalog: no row is written, and old code may leave the column out.
    op.add_column(
        "users",
        sa.Column("preferences", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("users", "preferences")
