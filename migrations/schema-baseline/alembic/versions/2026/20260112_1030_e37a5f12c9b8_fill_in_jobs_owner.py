"""fill in jobs owner

Revision ID: e37a5f12c9b8
Revises: 94b0c7d81e3f
Create Date: 2026-01-12 10:30:41.772503

"""

from typing import Sequence, Union

from alembic import op

revision: str = "e37a5f12c9b8"
down_revision: Union[str, Sequence[str], None] = "94b0c7d81e3f"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    # Jobs from before owners were written down belong to the scheduler, the only one that made any. The trigger
    # looks at status and payload alone: updated_at stays what it was.
    op.execute("UPDATE jobs SET owner = 'scheduler' WHERE owner IS NULL")


def downgrade() -> None:
    op.execute("UPDATE jobs SET owner = NULL WHERE owner = 'scheduler'")
