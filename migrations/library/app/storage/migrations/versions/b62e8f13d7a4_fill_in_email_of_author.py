"""Fill in email of Author

Revision ID: b62e8f13d7a4
Revises: 41d7b09e6c58
Create Date: 2025-09-24 09:12:50.280917

"""

from typing import Sequence, Union

from alembic import op

revision: str = 'b62e8f13d7a4'
down_revision: Union[str, Sequence[str], None] = '41d7b09e6c58'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    # Phase 2: only authors without an address. What the application wrote since phase 1 stays, and the id keeps
    # authors of one name apart.
    op.execute("UPDATE author SET email = name || '-' || id || '@example.com' WHERE email IS NULL")


def downgrade() -> None:
    op.execute("UPDATE author SET email = NULL WHERE email = name || '-' || id || '@example.com'")
