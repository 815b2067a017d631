"""Make email of Author not null

Revision ID: 5a2e74c8f01d
Revises: d81b3f60c9e7
Create Date: 2025-09-26 07:50:29.334051

"""

from typing import Sequence, Union

import sqlmodel
from alembic import op

revision: str = '5a2e74c8f01d'
down_revision: Union[str, Sequence[str], None] = 'd81b3f60c9e7'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    # ... and the column is NOT NULL by what is proven, without another look.
    op.alter_column('author', 'email', existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=False)
    op.drop_constraint('author_email_present', 'author', type_='check')


def downgrade() -> None:
    op.create_check_constraint('author_email_present', 'author', 'email IS NOT NULL', postgresql_not_valid=True)
    with op.get_context().autocommit_block():
        op.execute('ALTER TABLE author VALIDATE CONSTRAINT author_email_present')
    op.alter_column('author', 'email', existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=True)
