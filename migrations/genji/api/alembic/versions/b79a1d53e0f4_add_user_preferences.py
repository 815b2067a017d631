"""add user preferences

Revision ID: b79a1d53e0f4
Revises: 2e8c4f06d9b3
Create Date: 2025-10-27 10:10:44.793120

"""

import sqlalchemy as sa
from alembic import op

revision = 'b79a1d53e0f4'
down_revision = '2e8c4f06d9b3'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'user_preferences',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('user_id', sa.Integer(), sa.ForeignKey('app.users.id'), nullable=False),
        sa.Column('theme', sa.String(20), nullable=True),
        # default= would be Python's alone; rows from elsewhere need the server's.
        sa.Column('notifications_enabled', sa.Boolean(), server_default=sa.true(), nullable=False),
        schema='app',
    )
    op.create_index('idx_user_preferences_user', 'user_preferences', ['user_id'], schema='app')


def downgrade():
    op.drop_table('user_preferences', schema='app')
