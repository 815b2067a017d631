"""require jobs owner

Revision ID: 0b8d64e1a7f5
Revises: e37a5f12c9b8
Create Date: 2026-01-19 09:00:26.385714

"""

from typing import Sequence, Union

from alembic import op

revision: str = "0b8d64e1a7f5"
down_revision: Union[str, Sequence[str], None] = "e37a5f12c9b8"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.create_check_constraint("jobs_owner_present", "jobs", "owner IS NOT NULL", postgresql_not_valid=True)


def downgrade() -> None:
    op.drop_constraint("jobs_owner_present", "jobs", type_="check")
