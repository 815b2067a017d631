"""Initial migration

Revision ID: 9c1f4e7a2b30
Revises:
Create Date: 2025-09-15 10:04:33.918205

"""

from typing import Sequence, Union

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = '9c1f4e7a2b30'
down_revision: Union[str, Sequence[str], None] = None
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.create_table(
        'author',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint('id', name='author_pkey'),
    )
    op.create_table(
        'book',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('title', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column('isbn', sqlmodel.sql.sqltypes.AutoString(length=13), nullable=True),
        sa.Column('author_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['author_id'], ['author.id'], name='book_author_id_fkey'),
        sa.PrimaryKeyConstraint('id', name='book_pkey'),
    )
    op.create_index('ix_book_author_id', 'book', ['author_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_book_author_id', table_name='book')
    op.drop_table('book')
    op.drop_table('author')
