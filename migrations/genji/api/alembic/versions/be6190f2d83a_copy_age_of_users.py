"""copy age of users

Revision ID: be6190f2d83a
Revises: 7ae40d5c9b36
Create Date: 2025-12-08 09:00:41.835176

"""

from alembic import op

revision = 'be6190f2d83a'
down_revision = '7ae40d5c9b36'
branch_labels = None
depends_on = None


def upgrade():
    # Only what is a number: one word among the ages would stop the whole copy.
    op.execute("""
        UPDATE app.users
        SET age_new = CAST(age AS integer)
        WHERE age_new IS NULL AND age ~ '^[0-9]{1,4}$'
    """)


def downgrade():
    op.execute("""
        UPDATE app.users
        SET age_new = NULL
        WHERE age_new = CASE WHEN age ~ '^[0-9]{1,4}$' THEN CAST(age AS integer) END
    """)
