"""add bio to users

Revision ID: 2e8c4f06d9b3
Revises: 94d7e20a6b5f
Create Date: 2025-10-27 09:33:17.254801

"""

import sqlalchemy as sa
from alembic import op

revision = '2e8c4f06d9b3'
down_revision = '94d7e20a6b5f'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('users', sa.Column('bio', sa.Text(), nullable=True), schema='app')


def downgrade():
    op.drop_column('users', 'bio', schema='app')
