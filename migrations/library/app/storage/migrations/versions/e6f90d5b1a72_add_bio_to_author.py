"""Add bio to Author

Revision ID: e6f90d5b1a72
Revises: 5a2e74c8f01d
Create Date: 2025-10-06 11:03:15.870264

"""

from typing import Sequence, Union

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = 'e6f90d5b1a72'
down_revision: Union[str, Sequence[str], None] = '5a2e74c8f01d'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    op.add_column('author', sa.Column('bio', sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    op.drop_column('author', 'bio')
