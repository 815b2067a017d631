"""index annotation bodies

Revision ID: a16d8e4b90c5
Revises: 37c9f1d60ae8
Create Date: 2025-11-10 16:37:28.015943

"""

from alembic import op

revision = 'a16d8e4b90c5'
down_revision = '37c9f1d60ae8'
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("""
            CREATE INDEX CONCURRENTLY idx_annotations_body_gin
            ON app.annotations USING gin (body jsonb_path_ops)
        """)


def downgrade():
    with op.get_context().autocommit_block():
        op.execute('DROP INDEX CONCURRENTLY app.idx_annotations_body_gin')
