"""add jobs owner

Revision ID: 94b0c7d81e3f
Revises: 17d9e3b5f6a4
Create Date: 2026-01-12 10:05:18.040096

"""

from typing import Sequence, Union

import sqlalchemy as sa
from alembic import op

revision: str = "94b0c7d81e3f"
down_revision: Union[str, Sequence[str], None] = "17d9e3b5f6a4"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("owner", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs", "owner")
