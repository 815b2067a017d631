"""validate_full_name

Revision ID: 006
Revises: 005
Create Date: 2026-01-13 16:05:00+00:00

"""

from alembic import op

revision: str = "006"
down_revision: str | None = "005"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_full_name_present")


def downgrade() -> None:
    # A constraint cannot be made invalid again: it is made anew.
    op.drop_constraint("ck_users_full_name_present", "users", type_="check")
    op.create_check_constraint(
        "ck_users_full_name_present", "users", "full_name IS NOT NULL", postgresql_not_valid=True
    )
