"""index_writing_style_names

Revision ID: a7d3e61b0c94
Revises: 30fa92c1d5e7
Create Date: 2026-01-14 16:02:38.721154

"""

from alembic import op

revision = 'a7d3e61b0c94'
down_revision = '30fa92c1d5e7'
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index(
            'ix_writing_styles_name', 'writing_styles', ['name'], unique=True, postgresql_concurrently=True
        )


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index('ix_writing_styles_name', table_name='writing_styles', postgresql_concurrently=True)
