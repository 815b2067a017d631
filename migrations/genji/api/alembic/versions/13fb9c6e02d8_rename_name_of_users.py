"""rename name of users

Revision ID: 13fb9c6e02d8
Revises: d5a83f17e6c2
Create Date: 2025-12-01 09:11:56.489027

"""

from alembic import op

revision = '13fb9c6e02d8'
down_revision = 'd5a83f17e6c2'
branch_labels = None
depends_on = None


def upgrade():
    op.alter_column('users', 'name', new_column_name='display_name', schema='app')


def downgrade():
    op.alter_column('users', 'display_name', new_column_name='name', schema='app')
