"""link_outputs_to_documents

Revision ID: b8174ea6d3f0
Revises: 6d0c8b72e4a9
Create Date: 2026-01-07 13:27:49.013668

"""

from alembic import op

revision = 'b8174ea6d3f0'
down_revision = '6d0c8b72e4a9'
branch_labels = None
depends_on = None


def upgrade():
    # New rows are checked from now on; the old ones by the next revision, which does not hold off writes.
    op.create_foreign_key(
        'outputs_document_id_fkey', 'outputs', 'documents', ['document_id'], ['id'], postgresql_not_valid=True
    )


def downgrade():
    op.drop_constraint('outputs_document_id_fkey', 'outputs', type_='foreignkey')
