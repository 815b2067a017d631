"""link webhooks to sources

Revision ID: a90e4c6d2b17
Revises: 68d1f7a0e4c3
Create Date: 2026-02-03 12:00:44.207752

"""

from typing import Sequence, Union

from alembic import op

revision: str = "a90e4c6d2b17"
down_revision: Union[str, Sequence[str], None] = "68d1f7a0e4c3"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.create_foreign_key(
        "webhooks_source_id_fkey", "webhooks", "sources", ["source_id"], ["id"], postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint("webhooks_source_id_fkey", "webhooks", type_="foreignkey")
