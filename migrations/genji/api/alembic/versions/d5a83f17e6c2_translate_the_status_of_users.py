"""translate the status of users

Revision ID: d5a83f17e6c2
Revises: 69e2d04c8b7f
Create Date: 2025-11-24 13:06:19.702385

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import column, table

revision = 'd5a83f17e6c2'
down_revision = '69e2d04c8b7f'
branch_labels = None
depends_on = None


users = table(
    'users',
    column('old_status', sa.String),
    column('new_status', sa.String),
    schema='app',
)


def upgrade():
    op.execute(users.update().where(users.c.old_status == 'active').values(new_status='enabled'))


def downgrade():
    op.execute(users.update().where(users.c.new_status == 'enabled').values(new_status=None))
