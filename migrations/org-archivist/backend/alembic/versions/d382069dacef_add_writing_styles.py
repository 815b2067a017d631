"""add_writing_styles

Revision ID: d382069dacef
Revises: 2e0140e533a8
Create Date: 2025-11-10 15:40:02.771003

"""

import sqlalchemy as sa
from alembic import op

revision = 'd382069dacef'
down_revision = '2e0140e533a8'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'writing_styles',
        sa.Column('id', sa.Uuid(), server_default=sa.text('gen_random_uuid()'), nullable=False),
        sa.Column('name', sa.String(length=100), nullable=False),
        sa.Column('prompt', sa.Text(), nullable=False),
        sa.Column('created_by', sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(['created_by'], ['users.id'], name=op.f('writing_styles_created_by_fkey')),
        sa.PrimaryKeyConstraint('id', name=op.f('writing_styles_pkey')),
    )
    op.create_index(op.f('ix_writing_styles_created_by'), 'writing_styles', ['created_by'])


def downgrade():
    op.drop_index(op.f('ix_writing_styles_created_by'), table_name='writing_styles')
    op.drop_table('writing_styles')
