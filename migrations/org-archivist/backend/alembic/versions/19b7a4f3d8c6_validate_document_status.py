"""validate_document_status

Revision ID: 19b7a4f3d8c6
Revises: c58d71e0934f
Create Date: 2025-12-02 07:45:00.117390

"""

from alembic import op

revision = '19b7a4f3d8c6'
down_revision = 'c58d71e0934f'
branch_labels = None
depends_on = None


def upgrade():
    op.execute('ALTER TABLE documents VALIDATE CONSTRAINT documents_status_present')


def downgrade():
    # A constraint cannot be made invalid again: it is made anew.
    op.drop_constraint('documents_status_present', 'documents', type_='check')
    op.create_check_constraint(
        'documents_status_present', 'documents', 'status IS NOT NULL', postgresql_not_valid=True
    )
