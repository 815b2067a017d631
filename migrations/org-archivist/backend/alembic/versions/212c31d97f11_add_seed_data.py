"""add_seed_data

Revision ID: 212c31d97f11
Revises: d382069dacef
Create Date: 2025-11-12 08:05:19.400218

"""

import sqlalchemy as sa
from alembic import op

revision = '212c31d97f11'
down_revision = 'd382069dacef'
branch_labels = None
depends_on = None


def upgrade():
    system_config = sa.table('system_config', sa.column('key', sa.String), sa.column('value', sa.Text))
    op.bulk_insert(
        system_config,
        [
            {'key': 'retention_days', 'value': '3650'},
            {'key': 'max_upload_megabytes', 'value': '50'},
        ],
    )
    prompt_templates = sa.table('prompt_templates', sa.column('name', sa.String), sa.column('content', sa.Text))
    op.bulk_insert(
        prompt_templates,
        [
            {'name': 'summary', 'content': "Say what the document is for, in the archive's own words."},
            {'name': 'keywords', 'content': 'Name up to ten subjects, the most telling first.'},
        ],
    )


def downgrade():
    op.execute("DELETE FROM prompt_templates WHERE name IN ('summary', 'keywords')")
    op.execute("DELETE FROM system_config WHERE key IN ('retention_days', 'max_upload_megabytes')")
