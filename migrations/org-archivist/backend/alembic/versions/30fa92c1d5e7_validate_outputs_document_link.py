"""validate_outputs_document_link

Revision ID: 30fa92c1d5e7
Revises: b8174ea6d3f0
Create Date: 2026-01-07 13:41:10.442907

"""

from alembic import op

revision = '30fa92c1d5e7'
down_revision = 'b8174ea6d3f0'
branch_labels = None
depends_on = None


def upgrade():
    op.execute('ALTER TABLE outputs VALIDATE CONSTRAINT outputs_document_id_fkey')


def downgrade():
    op.drop_constraint('outputs_document_id_fkey', 'outputs', type_='foreignkey')
    op.create_foreign_key(
        'outputs_document_id_fkey', 'outputs', 'documents', ['document_id'], ['id'], postgresql_not_valid=True
    )
