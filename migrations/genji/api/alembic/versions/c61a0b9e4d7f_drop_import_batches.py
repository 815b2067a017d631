"""drop import batches

Revision ID: c61a0b9e4d7f
Revises: 28e7d15f0b94
Create Date: 2026-02-02 09:24:15.604873

"""

import sqlalchemy as sa
from alembic import op

revision = 'c61a0b9e4d7f'
down_revision = '28e7d15f0b94'
branch_labels = None
depends_on = None


def upgrade():
    # The constraint first: PostgreSQL refuses to drop a table that another one references.
    op.drop_constraint('fk_documents_batch', 'documents', schema='app', type_='foreignkey')
    op.drop_table('import_batches', schema='app')


def downgrade():
    # In the other order, from what the documents have kept; one that came later may lack the label.
    op.create_table(
        'import_batches',
        sa.Column('id', sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column('label', sa.Text(), nullable=False),
        schema='app',
    )
    op.execute("""
        INSERT INTO app.import_batches (id, label)
        SELECT batch_id, coalesce(max(batch_label), 'unknown') FROM app.documents
        WHERE batch_id IS NOT NULL
        GROUP BY batch_id
    """)
    op.create_foreign_key(
        'fk_documents_batch',
        'documents',
        'import_batches',
        ['batch_id'],
        ['id'],
        source_schema='app',
        referent_schema='app',
        postgresql_not_valid=True,
    )
    with op.get_context().autocommit_block():
        op.execute('ALTER TABLE app.documents VALIDATE CONSTRAINT fk_documents_batch')
