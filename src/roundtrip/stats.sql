-- Everything is sorted by the bytes of its name, so that the same database gives the same file.
WITH
ours AS (
    SELECT oid, nspname::text AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
),
-- A partitioned table is as large as its partitions.
relations AS (
    SELECT
        n.name AS schema, c.relname::text AS name, c.relkind = 'p' AS partitioned,
        CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS rows,
        size.bytes, size.index_bytes
    FROM pg_class c JOIN ours n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
        SELECT
            -- What is kept apart (TOAST) has a page even where there never was a row.
            coalesce(sum(CASE WHEN pg_relation_size(it) > 0 THEN pg_table_size(it) ELSE 0 END), 0)::bigint AS bytes,
            coalesce(sum(pg_indexes_size(it)), 0)::bigint AS index_bytes
        FROM (
            SELECT c.oid::regclass WHERE c.relkind <> 'p'
            UNION ALL SELECT relid FROM pg_partition_tree(CASE WHEN c.relkind = 'p' THEN c.oid::regclass END) WHERE isleaf
        ) part (it)
    ) size
    WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
),
-- One column of that name is what Alembic's version table is, whatever it is called.
stamps AS (
    SELECT n.name AS schema, c.relname::text AS table
    FROM pg_class c JOIN ours n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND c.relnatts = 1 AND a.attnum = 1 AND a.attname = 'version_num'
),
invalid AS (
    SELECT n.name AS schema, t.relname::text AS table, c.relname::text AS name
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
    JOIN ours n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND c.relkind = 'i'
),
unvalidated AS (
    SELECT n.name AS schema, t.relname::text AS table, k.conname::text AS name
    FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN ours n ON n.oid = t.relnamespace
    WHERE NOT k.convalidated
),
enums AS (
    SELECT n.name AS schema, t.typname::text AS name,
        (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels
    FROM pg_type t JOIN ours n ON n.oid = t.typnamespace WHERE t.typtype = 'e'
)
SELECT jsonb_build_object(
    'limbeck_stats', 0,
    'server', jsonb_build_object(
        'version', current_setting('server_version'), 'major', current_setting('server_version_num')::integer / 10000
    ),
    'tables', coalesce((
        SELECT jsonb_agg(
            jsonb_build_object(
                'schema', schema, 'name', name, 'rows', rows, 'bytes', bytes, 'index_bytes', index_bytes,
                'partitioned', partitioned
            ) ORDER BY schema COLLATE "C", name COLLATE "C"
        ) FROM relations
    ), '[]'),
    'stamps', coalesce((
        SELECT jsonb_agg(
            jsonb_build_object('schema', schema, 'table', "table", 'revisions', '[]'::jsonb)
            ORDER BY schema COLLATE "C", "table" COLLATE "C"
        ) FROM stamps
    ), '[]'),
    'invalid_indexes', coalesce((
        SELECT jsonb_agg(to_jsonb(invalid) ORDER BY schema COLLATE "C", name COLLATE "C") FROM invalid
    ), '[]'),
    'unvalidated_constraints', coalesce((
        SELECT jsonb_agg(to_jsonb(unvalidated) ORDER BY schema COLLATE "C", "table" COLLATE "C", name COLLATE "C")
        FROM unvalidated
    ), '[]'),
    'enums', coalesce((
        SELECT jsonb_agg(to_jsonb(enums) ORDER BY schema COLLATE "C", name COLLATE "C") FROM enums
    ), '[]'),
    'extensions', coalesce((
        SELECT jsonb_agg(jsonb_build_object('name', extname, 'version', extversion) ORDER BY extname)
        FROM pg_extension
    ), '[]')
)::text
