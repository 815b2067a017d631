"""add new status to users

Revision ID: 0c75e9a3f41b
Revises: a16d8e4b90c5
Create Date: 2025-11-18 10:52:04.331862

"""

import sqlalchemy as sa
from alembic import op

revision = '0c75e9a3f41b'
down_revision = 'a16d8e4b90c5'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('users', sa.Column('new_status', sa.String(20), nullable=True), schema='app')


def downgrade():
    op.drop_column('users', 'new_status', schema='app')
