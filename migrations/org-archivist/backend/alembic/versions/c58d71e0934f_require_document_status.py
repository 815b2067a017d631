"""require_document_status

Revision ID: c58d71e0934f
Revises: 4a6f2c8e1b73
Create Date: 2025-12-01 09:55:40.902265

"""

import sqlalchemy as sa
from alembic import op

revision = 'c58d71e0934f'
down_revision = '4a6f2c8e1b73'
branch_labels = None
depends_on = None


def upgrade():
    op.alter_column('documents', 'status', existing_type=sa.String(length=20), server_default='active')
    op.create_check_constraint(
        'documents_status_present', 'documents', 'status IS NOT NULL', postgresql_not_valid=True
    )


def downgrade():
    op.drop_constraint('documents_status_present', 'documents', type_='check')
    op.alter_column('documents', 'status', existing_type=sa.String(length=20), server_default=None)
