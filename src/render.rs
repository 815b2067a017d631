//! A step to the SQL that Alembic would send.
