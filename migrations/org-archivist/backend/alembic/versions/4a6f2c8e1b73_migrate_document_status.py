"""migrate_document_status

Revision ID: 4a6f2c8e1b73
Revises: e90b3f6a7d15
Create Date: 2025-12-01 09:30:12.664120

"""

import sqlalchemy as sa
from alembic import op

revision = '4a6f2c8e1b73'
down_revision = 'e90b3f6a7d15'
branch_labels = None
depends_on = None


def upgrade():
    # Which documents had no status is written down, or else no downgrade could tell them from those
    # that were active before.
    op.create_table(
        'documents_without_status',
        sa.Column('document_id', sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint('document_id', name=op.f('documents_without_status_pkey')),
    )
    op.execute("""
        INSERT INTO documents_without_status (document_id)
        SELECT id FROM documents WHERE status IS NULL
    """)
    op.execute("""
        UPDATE documents
        SET status = 'active'
        WHERE status IS NULL
    """)


def downgrade():
    op.execute("""
        UPDATE documents
        SET status = NULL
        WHERE id IN (SELECT document_id FROM documents_without_status)
    """)
    op.drop_table('documents_without_status')
