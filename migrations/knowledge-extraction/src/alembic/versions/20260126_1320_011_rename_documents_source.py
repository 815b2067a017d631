"""rename_documents_source

Revision ID: 011
Revises: 010
Create Date: 2026-01-26 13:20:00+00:00

"""

import sqlalchemy as sa
from alembic import op

revision: str = "011"
down_revision: str | None = "010"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # Autogenerate saw a dropped column and a new one, which would lose what is in it.
    op.alter_column("documents", "source", existing_type=sa.Text(), new_column_name="source_uri")


def downgrade() -> None:
    op.alter_column("documents", "source_uri", existing_type=sa.Text(), new_column_name="source")
