"""add webhooks table

Revision ID: 17d9e3b5f6a4
Revises: c2f6905ad813
Create Date: 2025-12-01 08:40:30.951276

"""

from typing import Sequence, Union

import sqlalchemy as sa
from alembic import op

revision: str = "17d9e3b5f6a4"
down_revision: Union[str, Sequence[str], None] = "c2f6905ad813"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("target_url", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="webhooks_pkey"),
    )
    op.create_index("webhooks_source_id_idx", "webhooks", ["source_id"])


def downgrade() -> None:
    op.drop_table("webhooks")
