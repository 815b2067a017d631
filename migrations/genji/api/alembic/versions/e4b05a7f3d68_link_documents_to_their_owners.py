"""link documents to their owners

Revision ID: e4b05a7f3d68
Revises: 8d13c7e9a2f0
Create Date: 2025-11-04 11:48:36.200497

"""

from alembic import op

revision = 'e4b05a7f3d68'
down_revision = '8d13c7e9a2f0'
branch_labels = None
depends_on = None


def upgrade():
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


def downgrade():
    op.drop_constraint('fk_documents_owner', 'documents', schema='app', type_='foreignkey')
