"""validate the owners of documents

Revision ID: 37c9f1d60ae8
Revises: e4b05a7f3d68
Create Date: 2025-11-04 12:02:13.858076

"""

from alembic import op

revision = '37c9f1d60ae8'
down_revision = 'e4b05a7f3d68'
branch_labels = None
depends_on = None


def upgrade():
    op.execute('ALTER TABLE app.documents VALIDATE CONSTRAINT fk_documents_owner')


def downgrade():
    op.drop_constraint('fk_documents_owner', 'documents', schema='app', type_='foreignkey')
    op.create_foreign_key(
        'fk_documents_owner',
        'documents',
        'users',
        ['owner_id'],
        ['id'],
        source_schema='app',
        referent_schema='app',
        postgresql_not_valid=True,
    )
