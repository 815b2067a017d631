"""index active users by email

Revision ID: 8d13c7e9a2f0
Revises: 50f6b8e2c71d
Create Date: 2025-11-03 08:05:58.619304

"""

from alembic import op

revision = '8d13c7e9a2f0'
down_revision = '50f6b8e2c71d'
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index(
            'idx_users_email_active', 'users', ['email', 'is_active'], schema='app', postgresql_concurrently=True
        )


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index('idx_users_email_active', table_name='users', schema='app', postgresql_concurrently=True)
