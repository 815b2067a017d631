"""exchange the ages of users

Revision ID: 4d0f27b8e5c9
Revises: be6190f2d83a
Create Date: 2025-12-09 07:38:25.170642

"""

from alembic import op

revision = '4d0f27b8e5c9'
down_revision = 'be6190f2d83a'
branch_labels = None
depends_on = None


def upgrade():
    op.alter_column('users', 'age', new_column_name='age_old', schema='app')
    op.alter_column('users', 'age_new', new_column_name='age', schema='app')


def downgrade():
    op.alter_column('users', 'age', new_column_name='age_new', schema='app')
    op.alter_column('users', 'age_old', new_column_name='age', schema='app')
