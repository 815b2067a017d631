"""make_document_status_not_null

Revision ID: f23e5d90a17b
Revises: 19b7a4f3d8c6
Create Date: 2025-12-02 08:10:27.880045

"""

import sqlalchemy as sa
from alembic import op

revision = 'f23e5d90a17b'
down_revision = '19b7a4f3d8c6'
branch_labels = None
depends_on = None


def upgrade():
    # The validated constraint proves it, so that PostgreSQL does not read the table.
    op.alter_column('documents', 'status', existing_type=sa.String(length=20), nullable=False)
    op.drop_constraint('documents_status_present', 'documents', type_='check')


def downgrade():
    op.create_check_constraint(
        'documents_status_present', 'documents', 'status IS NOT NULL', postgresql_not_valid=True
    )
    with op.get_context().autocommit_block():
        op.execute('ALTER TABLE documents VALIDATE CONSTRAINT documents_status_present')
    op.alter_column('documents', 'status', existing_type=sa.String(length=20), nullable=True)
