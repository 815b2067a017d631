"""add notifications

Revision ID: 50f6b8e2c71d
Revises: b79a1d53e0f4
Create Date: 2025-10-28 14:21:09.437655

"""

import sqlalchemy as sa
from alembic import op

revision = '50f6b8e2c71d'
down_revision = 'b79a1d53e0f4'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'notifications',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('user_id', sa.Integer(), sa.ForeignKey('app.users.id'), nullable=False),
        sa.Column('message', sa.Text(), nullable=True),
        sa.Column('read', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        schema='app',
    )
    # The table is made in this revision: it is empty and nobody waits for it.
    op.create_index('idx_notifications_user', 'notifications', ['user_id'], schema='app')


def downgrade():
    op.drop_index('idx_notifications_user', table_name='notifications', schema='app')
    op.drop_table('notifications', schema='app')
