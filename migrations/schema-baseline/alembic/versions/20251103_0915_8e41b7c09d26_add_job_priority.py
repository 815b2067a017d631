"""add job priority

Revision ID: 8e41b7c09d26
Revises: 5cd038a8f131
Create Date: 2025-11-03 09:15:52.667031

"""

from typing import Sequence, Union

import sqlalchemy as sa
from alembic import op

revision: str = "8e41b7c09d26"
down_revision: Union[str, Sequence[str], None] = "5cd038a8f131"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    # A constant default is kept in the catalog: no row is written.
    op.add_column("jobs", sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("jobs", "priority")
