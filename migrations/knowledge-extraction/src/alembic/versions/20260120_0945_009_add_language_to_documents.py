"""add_language_to_documents

Revision ID: 009
Revises: 008
Create Date: 2026-01-20 09:45:00+00:00

"""

import sqlalchemy as sa
from alembic import op

revision: str = "009"
down_revision: str | None = "008"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("language", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("documents", "language")
