"""Rename name of Author to full name

Revision ID: f01c6d937e5a
Revises: 729f5e0ab3c6
Create Date: 2025-10-20 10:10:48.226190

"""

from typing import Sequence, Union

from alembic import op

revision: str = 'f01c6d937e5a'
down_revision: Union[str, Sequence[str], None] = '729f5e0ab3c6'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    # Autogenerate would drop the one and add the other.
    op.alter_column('author', 'name', new_column_name='full_name')


def downgrade() -> None:
    op.alter_column('author', 'full_name', new_column_name='name')
