"""make jobs owner not null

Revision ID: 68d1f7a0e4c3
Revises: f5c2098b3d7e
Create Date: 2026-01-20 15:10:59.560138

"""

from typing import Sequence, Union

import sqlalchemy as sa
from alembic import op

revision: str = "68d1f7a0e4c3"
down_revision: Union[str, Sequence[str], None] = "f5c2098b3d7e"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.alter_column("jobs", "owner", existing_type=sa.Text(), nullable=False)
    op.drop_constraint("jobs_owner_present", "jobs", type_="check")


def downgrade() -> None:
    op.create_check_constraint("jobs_owner_present", "jobs", "owner IS NOT NULL", postgresql_not_valid=True)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE jobs VALIDATE CONSTRAINT jobs_owner_present")
    op.alter_column("jobs", "owner", existing_type=sa.Text(), nullable=True)
