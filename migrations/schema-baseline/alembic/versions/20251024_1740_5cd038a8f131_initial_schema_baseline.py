"""initial schema baseline

Revision ID: 5cd038a8f131
Revises:
Create Date: 2025-10-24 17:40:11.204518

"""

from typing import Sequence, Union

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "5cd038a8f131"
down_revision: Union[str, Sequence[str], None] = None
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


# To the letter as in sql/schema.sql: PostgreSQL keeps the blanks in a function's body.
TOUCH_UPDATED_AT = """
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    """Makes what sql/schema.sql makes. A database that was made from it is stamped with this revision instead."""
    op.create_table(
        "sources",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="sources_pkey"),
        sa.UniqueConstraint("name", name="sources_name_key"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("payload", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="jobs_pkey"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="jobs_source_id_fkey", ondelete="CASCADE"),
        sa.CheckConstraint("status IN ('queued', 'running', 'done', 'failed')", name="jobs_status_check"),
    )
    op.create_index("jobs_source_id_idx", "jobs", ["source_id"])
    op.create_table(
        "job_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="job_events_pkey"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="job_events_job_id_fkey", ondelete="CASCADE"),
    )
    op.create_index("job_events_job_id_idx", "job_events", ["job_id", sa.text("happened_at DESC")])
    op.execute(TOUCH_UPDATED_AT)
    op.execute("""
        CREATE TRIGGER jobs_touch_updated_at BEFORE UPDATE OF status, payload ON jobs
        FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
    """)


def downgrade() -> None:
    op.drop_table("job_events")
    op.drop_table("jobs")
    op.execute("DROP FUNCTION touch_updated_at()")
    op.drop_table("sources")
