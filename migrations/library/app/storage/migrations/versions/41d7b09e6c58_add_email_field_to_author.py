"""Add email field to Author

Revision ID: 41d7b09e6c58
Revises: 9c1f4e7a2b30
Create Date: 2025-09-22 08:31:07.446190

"""

from typing import Sequence, Union

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision: str = '41d7b09e6c58'
down_revision: Union[str, Sequence[str], None] = '9c1f4e7a2b30'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    # Phase 1: every author may have an address; the application begins to write it.
    op.add_column('author', sa.Column('email', sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    op.drop_column('author', 'email')
