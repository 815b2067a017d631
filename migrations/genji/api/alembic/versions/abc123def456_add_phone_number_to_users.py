"""add phone number to users

Revision ID: abc123def456
Revises: def456
Create Date: 2025-10-22 10:30:00.000000

"""

import sqlalchemy as sa
from alembic import op

revision = 'abc123def456'
down_revision = 'def456'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('users', sa.Column('phone_number', sa.String(length=20), nullable=True), schema='app')


def downgrade():
    op.drop_column('users', 'phone_number', schema='app')
