"""Remove bio from Author

Revision ID: 2b97d4c0f81e
Revises: a5e80f2b6c34
Create Date: 2025-12-02 10:28:09.177943

"""

from typing import Sequence, Union

import sqlalchemy as sa
from alembic import op

revision: str = '2b97d4c0f81e'
down_revision: Union[str, Sequence[str], None] = 'a5e80f2b6c34'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    # What was in it is in author_profile, and no code reads it here since a5e80f2b6c34 was deployed.
    op.drop_column('author', 'bio')


def downgrade() -> None:
    op.add_column('author', sa.Column('bio', sa.Text(), nullable=True))
    with op.get_context().autocommit_block():
        op.execute("""
            UPDATE author
            SET bio = author_profile.bio
            FROM author_profile
            WHERE author_profile.author_id = author.id
        """)
