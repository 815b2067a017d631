"""validate jobs owner

Revision ID: f5c2098b3d7e
Revises: 0b8d64e1a7f5
Create Date: 2026-01-19 09:20:03.129987

"""

from typing import Sequence, Union

from alembic import op

revision: str = "f5c2098b3d7e"
down_revision: Union[str, Sequence[str], None] = "0b8d64e1a7f5"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute("ALTER TABLE jobs VALIDATE CONSTRAINT jobs_owner_present")


def downgrade() -> None:
    # A constraint cannot be made invalid again: it is made anew.
    op.drop_constraint("jobs_owner_present", "jobs", type_="check")
    op.create_check_constraint("jobs_owner_present", "jobs", "owner IS NOT NULL", postgresql_not_valid=True)
