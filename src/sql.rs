//! SQL text to statements. The only room that knows `pg_query`.
