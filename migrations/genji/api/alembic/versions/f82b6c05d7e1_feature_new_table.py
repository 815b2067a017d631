"""feature: new table

Revision ID: f82b6c05d7e1
Revises: a16d8e4b90c5
Create Date: 2025-11-17 09:19:47.574230

"""

import sqlalchemy as sa
from alembic import op

revision = 'f82b6c05d7e1'
down_revision = 'a16d8e4b90c5'
branch_labels = ('feature_x',)
depends_on = None


def upgrade():
    op.create_table(
        'feature_flags',
        sa.Column('name', sa.String(100), primary_key=True),
        sa.Column('enabled', sa.Boolean(), server_default=sa.false(), nullable=False),
        schema='app',
    )


def downgrade():
    op.drop_table('feature_flags', schema='app')
