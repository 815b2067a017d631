"""Merge migration branches

Revision ID: 729f5e0ab3c6
Revises: e6f90d5b1a72, c4d06b8e7f19
Create Date: 2025-10-07 09:26:03.551807

"""

from typing import Sequence, Union

revision: str = '729f5e0ab3c6'
down_revision: Union[str, Sequence[str], None] = ('e6f90d5b1a72', 'c4d06b8e7f19')
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
