"""Limit author name length

Revision ID: 38a7c12e9d4b
Revises: 5a2e74c8f01d
Create Date: 2025-10-06 13:44:57.009983

"""

from typing import Sequence, Union

from alembic import op

revision: str = '38a7c12e9d4b'
down_revision: Union[str, Sequence[str], None] = '5a2e74c8f01d'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    # Made at the same time as e6f90d5b1a72. Two hundred characters by a constraint: to change the column's type
    # would read or rewrite the table and keep everybody out meanwhile.
    op.create_check_constraint(
        'author_name_length', 'author', 'char_length(name) <= 200', postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint('author_name_length', 'author', type_='check')
