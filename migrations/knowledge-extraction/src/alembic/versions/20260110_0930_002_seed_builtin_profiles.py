"""seed_builtin_profiles

Revision ID: 002
Revises: 001
Create Date: 2026-01-10 09:30:00+00:00

"""

import sqlalchemy as sa
from alembic import op

revision: str = "002"
down_revision: str | None = "001"
branch_labels: str | None = None
depends_on: str | None = None


profiles = sa.table(
    "extraction_profiles",
    sa.column("name", sa.Text),
    sa.column("prompt", sa.Text),
    sa.column("is_builtin", sa.Boolean),
)

BUILTIN = [
    {"name": "article", "prompt": "List the claims and who makes them.", "is_builtin": True},
    {"name": "minutes", "prompt": "List the decisions and who carries them out.", "is_builtin": True},
    {"name": "contract", "prompt": "List the parties, the dates and what each party owes.", "is_builtin": True},
]


def upgrade() -> None:
    op.bulk_insert(profiles, BUILTIN)


def downgrade() -> None:
    op.execute("DELETE FROM extraction_profiles WHERE is_builtin AND name IN ('article', 'minutes', 'contract')")
