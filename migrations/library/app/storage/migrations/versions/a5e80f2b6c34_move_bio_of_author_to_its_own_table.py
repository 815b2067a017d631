"""Move bio of Author to its own table

Revision ID: a5e80f2b6c34
Revises: 1d3c9a58e6f0
Create Date: 2025-11-18 09:41:55.630128

"""

from typing import Sequence, Union

import sqlalchemy as sa
from alembic import op

revision: str = 'a5e80f2b6c34'
down_revision: Union[str, Sequence[str], None] = '1d3c9a58e6f0'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.create_table(
        'author_profile',
        sa.Column('author_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('bio', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['author_id'], ['author.id'], name='author_profile_author_id_fkey'),
        sa.PrimaryKeyConstraint('author_id', name='author_profile_pkey'),
    )
    op.execute('INSERT INTO author_profile (author_id, bio) SELECT id, bio FROM author WHERE bio IS NOT NULL')


def downgrade() -> None:
    op.drop_table('author_profile')
