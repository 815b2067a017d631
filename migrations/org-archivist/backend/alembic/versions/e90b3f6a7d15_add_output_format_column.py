"""add_output_format_column

Revision ID: e90b3f6a7d15
Revises: 7c41d0b95e2a
Create Date: 2025-11-20 14:01:55.309472

"""

import sqlalchemy as sa
from alembic import op

revision = 'e90b3f6a7d15'
down_revision = '7c41d0b95e2a'
branch_labels = None
depends_on = None


def upgrade():
    # A constant default is kept in the catalog, so that no row is rewritten and old code may leave it out.
    op.add_column(
        'outputs', sa.Column('output_format', sa.String(length=20), server_default='markdown', nullable=False)
    )


def downgrade():
    op.drop_column('outputs', 'output_format')
