"""validate is_active

Revision ID: c03e75b1f896
Revises: 6f2a9d81e40c
Create Date: 2025-10-23 15:02:51.606729

"""

from alembic import op

revision = 'c03e75b1f896'
down_revision = '6f2a9d81e40c'
branch_labels = None
depends_on = None


def upgrade():
    op.execute('ALTER TABLE app.users VALIDATE CONSTRAINT ck_users_is_active_present')


def downgrade():
    # A constraint cannot be made invalid again: it is made anew.
    op.drop_constraint('ck_users_is_active_present', 'users', schema='app', type_='check')
    op.create_check_constraint(
        'ck_users_is_active_present', 'users', 'is_active IS NOT NULL', schema='app', postgresql_not_valid=True
    )
