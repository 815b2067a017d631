"""make is_active not null

Revision ID: 94d7e20a6b5f
Revises: c03e75b1f896
Create Date: 2025-10-24 07:55:30.081936

"""

import sqlalchemy as sa
from alembic import op

revision = '94d7e20a6b5f'
down_revision = 'c03e75b1f896'
branch_labels = None
depends_on = None


def upgrade():
    # The validated constraint proves it, so that PostgreSQL does not read the table.
    op.alter_column('users', 'is_active', existing_type=sa.Boolean(), nullable=False, schema='app')
    op.drop_constraint('ck_users_is_active_present', 'users', schema='app', type_='check')


def downgrade():
    op.create_check_constraint(
        'ck_users_is_active_present', 'users', 'is_active IS NOT NULL', schema='app', postgresql_not_valid=True
    )
    with op.get_context().autocommit_block():
        op.execute('ALTER TABLE app.users VALIDATE CONSTRAINT ck_users_is_active_present')
    op.alter_column('users', 'is_active', existing_type=sa.Boolean(), nullable=True, schema='app')
