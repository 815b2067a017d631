"""require_full_name

Revision ID: 005
Revises: 004
Create Date: 2026-01-13 08:20:00+00:00

"""

from alembic import op

revision: str = "005"
down_revision: str | None = "004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    # From now on no row without a full name is written; the rows that are there are looked at by 006.
    op.create_check_constraint(
        "ck_users_full_name_present", "users", "full_name IS NOT NULL", postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint("ck_users_full_name_present", "users", type_="check")
