"""drop the old age of users

Revision ID: 952c8ae7f1d0
Revises: 4d0f27b8e5c9
Create Date: 2026-01-12 10:15:02.558319

"""

import sqlalchemy as sa
from alembic import op

revision = '952c8ae7f1d0'
down_revision = '4d0f27b8e5c9'
branch_labels = None
depends_on = None


def upgrade():
    # What the number does not say again is kept: words, and numbers with a zero in front.
    op.create_table(
        'users_age_texts',
        sa.Column('user_id', sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column('age', sa.String(10), nullable=True),
        schema='app',
    )
    op.execute("""
        INSERT INTO app.users_age_texts (user_id, age)
        SELECT id, age_old FROM app.users WHERE age_old IS DISTINCT FROM CAST(age AS varchar)
    """)
    op.drop_column('users', 'age_old', schema='app')


def downgrade():
    op.add_column('users', sa.Column('age_old', sa.String(10), nullable=True), schema='app')
    with op.get_context().autocommit_block():
        op.execute('UPDATE app.users SET age_old = CAST(age AS varchar) WHERE age_old IS NULL AND age IS NOT NULL')
        op.execute("""
            UPDATE app.users
            SET age_old = users_age_texts.age
            FROM app.users_age_texts
            WHERE users_age_texts.user_id = users.id
        """)
    op.drop_table('users_age_texts', schema='app')
