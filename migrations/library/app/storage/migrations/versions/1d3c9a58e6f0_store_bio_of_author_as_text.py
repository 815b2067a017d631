"""Store bio of Author as text

Revision ID: 1d3c9a58e6f0
Revises: 86b4e2f7d095
Create Date: 2025-11-04 15:37:12.098345

"""

from typing import Sequence, Union

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = '1d3c9a58e6f0'
down_revision: Union[str, Sequence[str], None] = '86b4e2f7d095'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    # From VARCHAR without a length to TEXT and back: the rows stay as they are.
    op.alter_column(
        'author', 'bio', existing_type=sqlmodel.sql.sqltypes.AutoString(), type_=sa.Text(), existing_nullable=True
    )


def downgrade() -> None:
    op.alter_column(
        'author', 'bio', existing_type=sa.Text(), type_=sqlmodel.sql.sqltypes.AutoString(), existing_nullable=True
    )
