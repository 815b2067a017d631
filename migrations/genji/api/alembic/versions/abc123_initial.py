"""initial

Revision ID: abc123
Revises:
Create Date: 2025-08-04 09:00:12.551093

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = 'abc123'
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.execute('CREATE SCHEMA app')
    state = postgresql.ENUM('draft', 'final', name='annotation_state', schema='app', create_type=False)
    state.create(op.get_bind(), checkfirst=False)
    op.create_table(
        'users',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('email', sa.String(255), nullable=False),
        sa.Column('name', sa.String(100), nullable=True),
        sa.Column('age', sa.String(10), nullable=True),
        sa.Column('old_status', sa.String(20), nullable=True),
        sa.Column('is_active', sa.Boolean(), nullable=True),
        schema='app',
    )
    op.create_table(
        'import_batches',
        sa.Column('id', sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column('label', sa.Text(), nullable=False),
        schema='app',
    )
    op.create_table(
        'documents',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('owner_id', sa.Integer(), nullable=True),
        sa.Column('batch_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['batch_id'], ['app.import_batches.id'], name='fk_documents_batch'),
        schema='app',
    )
    op.create_index('idx_documents_owner', 'documents', ['owner_id'], schema='app')
    op.create_index('idx_documents_batch', 'documents', ['batch_id'], schema='app')
    op.create_table(
        'annotations',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('document_id', sa.Integer(), sa.ForeignKey('app.documents.id'), nullable=False),
        sa.Column('state', state, server_default='draft', nullable=False),
        sa.Column('body', postgresql.JSONB(), nullable=True),
        schema='app',
    )
    op.create_index('idx_annotations_document', 'annotations', ['document_id'], schema='app')


def downgrade():
    op.drop_table('annotations', schema='app')
    op.drop_table('documents', schema='app')
    op.drop_table('import_batches', schema='app')
    op.drop_table('users', schema='app')
    # A table that is dropped leaves its enum behind.
    op.execute('DROP TYPE app.annotation_state')
    op.execute('DROP SCHEMA app')
