"""require is_active

Revision ID: 6f2a9d81e40c
Revises: 1b6e0f93c7a2
Create Date: 2025-10-23 08:40:05.372618

"""

from alembic import op

revision = '6f2a9d81e40c'
down_revision = '1b6e0f93c7a2'
branch_labels = None
depends_on = None


def upgrade():
    op.create_check_constraint(
        'ck_users_is_active_present', 'users', 'is_active IS NOT NULL', schema='app', postgresql_not_valid=True
    )


def downgrade():
    op.drop_constraint('ck_users_is_active_present', 'users', schema='app', type_='check')
