"""index queued jobs by priority

Revision ID: c2f6905ad813
Revises: 8e41b7c09d26
Create Date: 2025-11-17 11:20:07.318840

"""

from typing import Sequence, Union

import sqlalchemy as sa
from alembic import op

revision: str = "c2f6905ad813"
down_revision: Union[str, Sequence[str], None] = "8e41b7c09d26"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "jobs_queued_by_priority_idx",
            "jobs",
            [sa.text("priority DESC"), "id"],
            postgresql_concurrently=True,
            postgresql_where=sa.text("status = 'queued'"),
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("jobs_queued_by_priority_idx", table_name="jobs", postgresql_concurrently=True)
