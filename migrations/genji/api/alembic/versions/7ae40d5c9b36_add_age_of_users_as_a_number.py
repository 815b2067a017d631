"""add age of users as a number

Revision ID: 7ae40d5c9b36
Revises: 13fb9c6e02d8
Create Date: 2025-12-08 08:43:10.263794

"""

import sqlalchemy as sa
from alembic import op

revision = '7ae40d5c9b36'
down_revision = '13fb9c6e02d8'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('users', sa.Column('age_new', sa.Integer(), nullable=True), schema='app')


def downgrade():
    op.drop_column('users', 'age_new', schema='app')
