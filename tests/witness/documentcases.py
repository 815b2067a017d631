"""What `documents.py` must see of each rule's examples on a server.

- `waits`: somebody waits for a table that holds rows, while its rows or another's are read, written or built from.
- `locks`: a table that holds rows is locked against writes, though for a moment.
- `fails`, with the SQLSTATE or the words of Alembic or SQLAlchemy, and perhaps from and to which server: it is refused.
- `breaks`: something that code from before sends, and that was let pass before, is refused behind it.
- `asks`, with a query: behind it the query says yes, and behind a good block it says no. With a SQLSTATE: or it fails so.
- `warns`, with the server's words.
"""

EXPECTED = {
    "backfill-under-lock": ("waits",),
    "blocking-check": ("waits",),
    "blocking-foreign-key": ("waits",),
    "blocking-not-null": ("waits",),
    "blocking-partition": ("waits",),
    "blocking-refresh": ("waits",),
    "blocking-reindex": ("waits",),
    "blocking-unique": ("waits",),
    "non-concurrent-index": ("waits",),
    "rewriting-column": ("waits",),
    "rewriting-table": ("waits",),
    "rewriting-type-change": ("waits",),
    "validation-under-lock": ("waits",),
    "non-concurrent-index-drop": ("locks",),
    "concurrent-index-in-transaction": ("fails", "25001"),
    "enum-type-exists": ("fails", "42710"),
    "enum-value-used-too-early": ("fails", "55P04"),
    "existing-object": ("fails", "42701|42P07"),
    "impossible-foreign-key": ("fails", "42703|42804|42830"),
    "leftover-type": ("fails", "42710"),
    "missing-object": ("fails", "42703|42704"),
    "missing-schema-prefix": ("fails", "42P01"),
    "missing-type": ("fails", "42704"),
    "needed-object-drop": ("fails", "2BP01"),
    "not-null-without-backfill": ("fails", "23502"),
    "referenced-table-drop": ("fails", "2BP01"),
    "sql-syntax": ("fails", "42601"),
    "type-change-without-cast": ("fails", "42804"),
    "type-change-under-view": ("fails", "0A000"),
    "unique-default": ("fails", "23505"),
    "unnamed-constraint-drop": ("fails", "CompileError"),
    "dropped-column": ("breaks",),
    "dropped-default": ("breaks",),
    "dropped-table": ("breaks",),
    "dropped-view": ("breaks",),
    "cascading-drop": ("breaks",),
    "new-required-column": ("breaks",),
    "removed-enum-value": ("breaks",),
    "renamed-column": ("breaks",),
    "renamed-enum-value": ("breaks",),
    "renamed-table": ("breaks",),
    "definer-without-search-path": (
        "asks", "SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'count_users' AND prosecdef AND proconfig IS NULL)",
    ),
    "disabled-trigger": ("asks", "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'touch' AND tgenabled = 'D')"),
    "emptied-table": ("asks", "SELECT NOT EXISTS (SELECT FROM users)"),
    "ignored-argument": ("asks", "SELECT EXISTS (SELECT FROM pg_class WHERE relname = 'users') AND NOT EXISTS (SELECT FROM pg_attrdef WHERE adrelid = 'users'::regclass AND adnum = 2)"),
    "kept-invalid-index": ("asks", "SELECT EXISTS (SELECT FROM pg_index WHERE NOT indisvalid)"),
    "leaking-setting": ("asks", "SELECT current_setting('search_path') LIKE 'app%'"),
    "narrowed-check": (
        "asks", "SELECT NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'users'::regclass AND pg_get_constraintdef(oid) LIKE '%gone%')",
    ),
    "narrowing-type-change": ("asks", "SELECT NOT EXISTS (SELECT FROM prices WHERE paid::timestamp::time <> '00:00')"),
    "public-grant": ("asks", "SELECT has_table_privilege('app', 'users', 'DELETE')"),
    "row-security-without-policy": (
        "asks", "SELECT relrowsecurity AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid) FROM pg_class c WHERE relname = 'notes'",
    ),
    "truncated-name": ("warns", "will be truncated"),
    "lost-local-setting": ("warns", "SET LOCAL can only be used in transaction blocks"),
    "doubled-percent": ("asks", "SELECT EXISTS (SELECT FROM users WHERE share LIKE '%\\%\\%')", "42883"),
    "new-write-restriction": (
        "asks", "SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'users'::regclass AND contype = 'c')",
    ),
    "virtual-column": (
        "asks",
        """
        SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('items') AND attgenerated =
            CASE WHEN current_setting('server_version_num')::integer < 180000 THEN 's' ELSE 'v' END)
        """,
    ),
    "unbound-parameter": (
        "asks", "SELECT EXISTS (SELECT FROM pg_constraint WHERE pg_get_constraintdef(oid) LIKE '%''NULL%')", "StatementError",
    ),
    "unbounded-backfill": ("asks", "SELECT NOT EXISTS (SELECT FROM users WHERE nick <> login)"),
    "unlogged-table": ("asks", "SELECT EXISTS (SELECT FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r')"),
}

# Why a server shows nothing of a rule's own blocks, and what shows it.
GRAPH = "a fault of the files and of how they follow each other; tests/history.rs and tests/gate.rs"
TEXT = "a fault of the text alone"
TASTE = "a choice that costs later, if ever; claims.py has what PostgreSQL says of it"
TRIALS = "tests/roundtrip.rs runs its blocks"
ELSEWHERE = {
    "bare-suppression": TEXT,
    "blocked-traffic": TRIALS,
    "cluster-change": TRIALS,
    "concurrent-build-under-timeout": "another session must hold something; recipes.py",
    "contract-with-code": GRAPH,
    "contradicting-branches": "its blocks are histories of several files, whose order decides; tests/rules.rs, tests/judge/needs.rs",
    "deleted-revision": GRAPH,
    "destructive-downgrade": "what is dropped does not come back with the column: claims.py",
    "docstring-mismatch": TEXT,
    "duplicate-revision": GRAPH,
    "edited-revision": GRAPH,
    "model-without-revision": GRAPH,
    "revision-without-model": GRAPH,
    "failing-statement": TRIALS,
    "file-name-mismatch": TEXT,
    "half-committed-revision": "shows where the second part fails only; claims.py",
    "incomplete-downgrade": TRIALS,
    "index-replacement-gap": "a moment between two statements that both do as they should",
    "invalid-leftover": "a matter of the database: tests/stats.rs",
    "json-without-equality": TASTE,
    "length-limited-text": TASTE,
    "lost-values": TRIALS,
    "long-revision-id": "the version is stamped by a whole run of Alembic; claims.py",
    "missing-dependency": GRAPH,
    "missing-downgrade": "there is nothing to run",
    "missing-lock-timeout": "a fault of env.py: what it leads to hangs on who else is connected",
    "missing-parent": GRAPH,
    "missing-primary-key": TASTE,
    "missing-revision-id": GRAPH,
    "money-column": TASTE,
    "multiple-bases": GRAPH,
    "multiple-heads": GRAPH,
    "newer-syntax": "newer.py runs each part of the grammar",
    "opaque-operation": "nobody knows what it does",
    "padded-text": TASTE,
    "password-in-revision": "the password works; who reads the file has it",
    "python-syntax": TEXT,
    "refused-with-rows": TRIALS,
    "revision-cycle": GRAPH,
    "serial-column": TASTE,
    "several-statements": "asyncpg alone refuses it; the sets of these tests have psycopg2",
    "shared-transaction": GRAPH,
    "short-key": TASTE,
    "stale-baseline": TEXT,
    "stale-dump": TRIALS,
    "stale-parent": GRAPH,
    "timestamp-without-time-zone": TASTE,
    "transaction-control": "Alembic's own transaction is gone, and nothing fails before something else does",
    "unindexed-foreign-key": TASTE,
    "unknown-stamp": "a matter of the database: tests/stats.rs",
    "unreachable-section": TEXT,
    "unsteady-upgrade": TRIALS,
    "unused-suppression": TEXT,
    "unvalidated-constraint": "its bad block is a history of several files; effects.py",
}

# Rows of a table in place of those that are made up, by rule, or by rule and the block's place in its document.
ROWS: dict[str, dict[str, str]] = {
    "blocking-not-null": {
        "users": "INSERT INTO users (login, nick) VALUES ('a', 'a'), ('b', 'b')",
        "tags": "INSERT INTO tags VALUES ('a'), ('b')",
    },
    # What is done in the revision before, by the block above.
    "not-null-without-backfill 6": {"users": "INSERT INTO users (login, full_name) VALUES ('a', 'a'), ('b', 'b')"},
    "removed-enum-value": {"notes": "INSERT INTO notes (mood) VALUES ('glad'), ('sad')"},
    "kept-invalid-index": {
        "users": """
            INSERT INTO users (login) VALUES ('a');
            CREATE INDEX ix_users_nick ON users (nick);
            UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_users_nick'::regclass
        """,
    },
    "blocking-partition": {
        "visits": "INSERT INTO visits VALUES (1, '2024-05-05')",
        "visits_2025": "INSERT INTO visits_2025 VALUES (1, '2025-05-05')",
    },
    "unbounded-backfill": {"users": "INSERT INTO users (login, nick) VALUES ('a', 'own'), ('b', NULL)"},
}
