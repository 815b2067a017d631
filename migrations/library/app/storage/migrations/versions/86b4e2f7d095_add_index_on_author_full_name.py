"""Add index on author full name

Revision ID: 86b4e2f7d095
Revises: f01c6d937e5a
Create Date: 2025-10-21 08:15:36.480719

"""

from typing import Sequence, Union

from alembic import op

revision: str = '86b4e2f7d095'
down_revision: Union[str, Sequence[str], None] = 'f01c6d937e5a'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index('ix_author_full_name', 'author', ['full_name'], unique=False, postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_author_full_name', table_name='author', postgresql_concurrently=True)
