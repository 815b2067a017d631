"""Validate email of Author

Revision ID: d81b3f60c9e7
Revises: 07c5a9d24e81
Create Date: 2025-09-25 14:35:42.115678

"""

from typing import Sequence, Union

from alembic import op

revision: str = 'd81b3f60c9e7'
down_revision: Union[str, Sequence[str], None] = '07c5a9d24e81'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    # ... the rows that are there are looked at while reads and writes go on, ...
    op.execute('ALTER TABLE author VALIDATE CONSTRAINT author_email_present')


def downgrade() -> None:
    op.drop_constraint('author_email_present', 'author', type_='check')
    op.create_check_constraint('author_email_present', 'author', 'email IS NOT NULL', postgresql_not_valid=True)
