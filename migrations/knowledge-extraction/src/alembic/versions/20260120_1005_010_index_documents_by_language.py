"""index_documents_by_language

Revision ID: 010
Revises: 009
Create Date: 2026-01-20 10:05:00+00:00

"""

from alembic import op

revision: str = "010"
down_revision: str | None = "009"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ix_documents_language", "documents", ["language"], postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_documents_language", table_name="documents", postgresql_concurrently=True)
