"""keep the label of import batches

Revision ID: 28e7d15f0b94
Revises: 952c8ae7f1d0
Create Date: 2026-01-19 14:50:38.927160

"""

import sqlalchemy as sa
from alembic import op

revision = '28e7d15f0b94'
down_revision = '952c8ae7f1d0'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('documents', sa.Column('batch_label', sa.Text(), nullable=True), schema='app')
    with op.get_context().autocommit_block():
        op.execute("""
            UPDATE app.documents
            SET batch_label = import_batches.label
            FROM app.import_batches
            WHERE import_batches.id = documents.batch_id AND documents.batch_label IS NULL
        """)


def downgrade():
    op.drop_column('documents', 'batch_label', schema='app')
