"""Require email of Author

Revision ID: 07c5a9d24e81
Revises: b62e8f13d7a4
Create Date: 2025-09-25 14:20:18.603342

"""

from typing import Sequence, Union

from alembic import op

revision: str = '07c5a9d24e81'
down_revision: Union[str, Sequence[str], None] = 'b62e8f13d7a4'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    # Phase 3 in three steps: no new row without an address, ...
    op.create_check_constraint('author_email_present', 'author', 'email IS NOT NULL', postgresql_not_valid=True)


def downgrade() -> None:
    op.drop_constraint('author_email_present', 'author', type_='check')
