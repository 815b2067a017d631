"""validate the link of webhooks

Revision ID: 3e5b8f90c1d6
Revises: a90e4c6d2b17
Create Date: 2026-02-03 12:15:08.914460

"""

from typing import Sequence, Union

from alembic import op

revision: str = "3e5b8f90c1d6"
down_revision: Union[str, Sequence[str], None] = "a90e4c6d2b17"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.execute("ALTER TABLE webhooks VALIDATE CONSTRAINT webhooks_source_id_fkey")


def downgrade() -> None:
    op.drop_constraint("webhooks_source_id_fkey", "webhooks", type_="foreignkey")
    op.create_foreign_key(
        "webhooks_source_id_fkey", "webhooks", "sources", ["source_id"], ["id"], postgresql_not_valid=True
    )
