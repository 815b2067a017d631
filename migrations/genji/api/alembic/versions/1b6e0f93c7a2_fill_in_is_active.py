"""fill in is_active

Revision ID: 1b6e0f93c7a2
Revises: abc123def456
Create Date: 2025-10-23 08:14:22.940165

"""

import sqlalchemy as sa
from alembic import op

revision = '1b6e0f93c7a2'
down_revision = 'abc123def456'
branch_labels = None
depends_on = None


def upgrade():
    # Who had no value is written down, or else no downgrade could tell them from those who were active before.
    op.create_table(
        'users_without_is_active',
        sa.Column('user_id', sa.Integer(), primary_key=True, autoincrement=False),
        schema='app',
    )
    op.execute("""
        INSERT INTO app.users_without_is_active (user_id)
        SELECT id FROM app.users WHERE is_active IS NULL
    """)
    op.execute("""
        UPDATE app.users
        SET is_active = true
        WHERE is_active IS NULL
    """)


def downgrade():
    op.execute("""
        UPDATE app.users
        SET is_active = NULL
        WHERE id IN (SELECT user_id FROM app.users_without_is_active)
    """)
    op.drop_table('users_without_is_active', schema='app')
