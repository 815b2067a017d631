"""add_outputs_table

Revision ID: 7c41d0b95e2a
Revises: 212c31d97f11
Create Date: 2025-11-18 10:22:31.058817

"""

import sqlalchemy as sa
from alembic import op

revision = '7c41d0b95e2a'
down_revision = '212c31d97f11'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'outputs',
        sa.Column('id', sa.Uuid(), server_default=sa.text('gen_random_uuid()'), nullable=False),
        sa.Column('document_id', sa.Uuid(), nullable=True),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('outputs_pkey')),
    )
    op.create_index(op.f('ix_outputs_document_id'), 'outputs', ['document_id'])


def downgrade():
    op.drop_index(op.f('ix_outputs_document_id'), table_name='outputs')
    op.drop_table('outputs')
