"""Validate author name length

Revision ID: c4d06b8e7f19
Revises: 38a7c12e9d4b
Create Date: 2025-10-06 13:58:21.742536

"""

from typing import Sequence, Union

from alembic import op

revision: str = 'c4d06b8e7f19'
down_revision: Union[str, Sequence[str], None] = '38a7c12e9d4b'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute('ALTER TABLE author VALIDATE CONSTRAINT author_name_length')


def downgrade() -> None:
    op.drop_constraint('author_name_length', 'author', type_='check')
    op.create_check_constraint(
        'author_name_length', 'author', 'char_length(name) <= 200', postgresql_not_valid=True
    )
