"""make_writing_style_names_unique

Revision ID: 58e2b9f70d1c
Revises: a7d3e61b0c94
Create Date: 2026-01-14 16:20:05.093377

"""

from alembic import op

revision = '58e2b9f70d1c'
down_revision = 'a7d3e61b0c94'
branch_labels = None
depends_on = None


def upgrade():
    # The index becomes the constraint's own and takes its name; nothing is built again.
    op.execute("""
        ALTER TABLE writing_styles
        ADD CONSTRAINT writing_styles_name_key UNIQUE USING INDEX ix_writing_styles_name
    """)


def downgrade():
    # Dropping the constraint drops its index too, so that the one the parent has is built first.
    with op.get_context().autocommit_block():
        op.create_index(
            'ix_writing_styles_name', 'writing_styles', ['name'], unique=True, postgresql_concurrently=True
        )
    op.drop_constraint('writing_styles_name_key', 'writing_styles', type_='unique')
