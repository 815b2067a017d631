"""make_full_name_not_null

Revision ID: 007
Revises: 006
Create Date: 2026-01-14 09:10:00+00:00

"""

import sqlalchemy as sa
from alembic import op

revision: str = "007"
down_revision: str | None = "006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # The validated constraint proves it, so that PostgreSQL does not read the table.
    op.alter_column("users", "full_name", existing_type=sa.Text(), nullable=False)
    op.drop_constraint("ck_users_full_name_present", "users", type_="check")


def downgrade() -> None:
    op.create_check_constraint(
        "ck_users_full_name_present", "users", "full_name IS NOT NULL", postgresql_not_valid=True
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_full_name_present")
    op.alter_column("users", "full_name", existing_type=sa.Text(), nullable=True)
