"""merge feature_x

Revision ID: 69e2d04c8b7f
Revises: f82b6c05d7e1, 0c75e9a3f41b
Create Date: 2025-11-20 08:27:33.946518

"""

revision = '69e2d04c8b7f'
down_revision = ('f82b6c05d7e1', '0c75e9a3f41b')
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    pass
