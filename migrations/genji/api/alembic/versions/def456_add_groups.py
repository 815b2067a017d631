"""add groups

Revision ID: def456
Revises: abc123
Create Date: 2025-08-18 13:25:40.118274

"""

import sqlalchemy as sa
from alembic import op

revision = 'def456'
down_revision = 'abc123'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'groups',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('name', sa.String(100), nullable=False),
        sa.UniqueConstraint('name', name='uq_groups_name'),
        schema='app',
    )
    op.create_table(
        'group_members',
        sa.Column('group_id', sa.Integer(), sa.ForeignKey('app.groups.id', ondelete='CASCADE'), primary_key=True),
        sa.Column('user_id', sa.Integer(), sa.ForeignKey('app.users.id', ondelete='CASCADE'), primary_key=True),
        schema='app',
    )
    op.create_index('idx_group_members_user', 'group_members', ['user_id'], schema='app')


def downgrade():
    op.drop_table('group_members', schema='app')
    op.drop_table('groups', schema='app')
