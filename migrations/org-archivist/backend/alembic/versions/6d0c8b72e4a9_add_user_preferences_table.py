"""add_user_preferences_table

Revision ID: 6d0c8b72e4a9
Revises: f23e5d90a17b
Create Date: 2025-12-09 11:18:03.556781

"""

import sqlalchemy as sa
from alembic import op

revision = '6d0c8b72e4a9'
down_revision = 'f23e5d90a17b'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'user_preferences',
        sa.Column('user_id', sa.Uuid(), nullable=False),
        sa.Column('theme', sa.String(length=20), server_default='system', nullable=False),
        sa.Column('items_per_page', sa.SmallInteger(), server_default='25', nullable=False),
        sa.CheckConstraint('items_per_page BETWEEN 1 AND 200', name=op.f('user_preferences_items_per_page_check')),
        sa.ForeignKeyConstraint(
            ['user_id'], ['users.id'], name=op.f('user_preferences_user_id_fkey'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('user_id', name=op.f('user_preferences_pkey')),
    )


def downgrade():
    op.drop_table('user_preferences')
