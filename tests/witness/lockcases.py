"""The cases of `locks.py`: states of a table, statements about it, and their product.

A state is what the history has made; a case is one statement after it. Most statements are about the table `t`, whatever
`t` is: a plain table, a partitioned one, a partition, one that others refer to. What the server refuses is no case.
"""

COLUMNS = (
    "id integer NOT NULL, a integer, b integer NOT NULL, v varchar(50), x text, n numeric(10,2), d timestamp(3), z timestamptz,"
    " j json, g integer GENERATED ALWAYS AS (b * 2) STORED, u integer DEFAULT 0, w integer"
)
FILL = (
    "INSERT INTO t (id, a, b, v, x, n, d, z, j, w) SELECT i, i, i, 'v' || i, 'x' || i, i, '2026-01-01', '2026-01-01', '1', i"
    " FROM generate_series(1, 20) i"
)
PARENT = ["CREATE TABLE parent (id integer PRIMARY KEY, code varchar(50) UNIQUE)"]
FILL_PARENT = "INSERT INTO parent SELECT i, 'v' || i FROM generate_series(1, 30) i"
PLAIN = f"CREATE TABLE t ({COLUMNS}, CONSTRAINT t_pkey PRIMARY KEY (id))"
FUNCTIONS = [
    "CREATE FUNCTION moving() RETURNS integer LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 1; END'",
    "CREATE FUNCTION inlined() RETURNS integer LANGUAGE sql VOLATILE AS 'SELECT 1'",
    "CREATE FUNCTION still() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1'",
    "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE DOMAIN loose AS integer",
    "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
    "CREATE DOMAIN over AS positive",
    "CREATE DOMAIN wandering AS integer DEFAULT moving()",
    "CREATE DOMAIN word AS varchar(50)",
    "CREATE TYPE mood AS ENUM ('glad', 'sad')",
    "CREATE TABLE other (id integer PRIMARY KEY, k integer)",
]
INDEXES = [
    "CREATE INDEX t_a ON t (a)",
    "CREATE INDEX t_v ON t (v)",
    "CREATE INDEX t_lower ON t (lower(x))",
    "CREATE INDEX t_partial ON t (n) WHERE v <> ''",
]
PARTITIONED = f"CREATE TABLE t ({COLUMNS}, CONSTRAINT t_pkey PRIMARY KEY (id)) PARTITION BY RANGE (id)"
PARTITIONS = [
    "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10)",
    "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (100)",
]
MORE = [
    "CREATE TABLE loner (LIKE t)",
    "CREATE TABLE spare (LIKE t INCLUDING ALL, CHECK (id IS NOT NULL AND id >= 500 AND id < 600))",
]

# Name: what the history makes, and the rows, which it does not make.
STATES = {
    "plain": ([PLAIN, *PARENT], [FILL, FILL_PARENT]),
    "indexed": (
        [PLAIN, *PARENT, *INDEXES, "CREATE UNIQUE INDEX t_w ON t (w)", "CREATE UNIQUE INDEX t_b ON t (b)"],
        [FILL, FILL_PARENT],
    ),
    "checked": (
        [
            PLAIN, *PARENT, "ALTER TABLE t ADD CONSTRAINT t_a_there CHECK (a IS NOT NULL)",
            "ALTER TABLE t ADD CONSTRAINT t_v_set CHECK (v IN ('a', 'b') OR v <> '')",
            "ALTER TABLE t ADD CONSTRAINT t_n_range CHECK (n BETWEEN 0 AND 1000)",
            "ALTER TABLE t ADD CONSTRAINT t_w_there CHECK (w IS NOT NULL) NOT VALID",
            "ALTER TABLE t ADD CONSTRAINT t_id_b CHECK (id > 0 AND b > 0)",
        ],
        [FILL, FILL_PARENT],
    ),
    "referring": (
        [
            PLAIN, *PARENT, "ALTER TABLE t ADD CONSTRAINT t_a_fkey FOREIGN KEY (a) REFERENCES parent (id)",
            "ALTER TABLE t ADD CONSTRAINT t_v_fkey FOREIGN KEY (v) REFERENCES parent (code)",
            "ALTER TABLE t ADD CONSTRAINT t_w_fkey FOREIGN KEY (w) REFERENCES parent (id) NOT VALID",
        ],
        [FILL_PARENT, FILL],
    ),
    "referred": (
        [
            PLAIN, *PARENT, "ALTER TABLE t ADD CONSTRAINT t_v_key UNIQUE (v)",
            "CREATE TABLE child (id integer PRIMARY KEY, t_id integer CONSTRAINT child_t REFERENCES t)",
            "CREATE TABLE child2 (id integer PRIMARY KEY, v varchar(50) REFERENCES t (v))",
        ],
        [FILL_PARENT, FILL, "INSERT INTO child SELECT i, i FROM generate_series(1, 10) i",
         "INSERT INTO child2 SELECT i, 'v' || i FROM generate_series(1, 10) i"],
    ),
    "itself": (
        [PLAIN, *PARENT, "ALTER TABLE t ADD CONSTRAINT t_a_fkey FOREIGN KEY (a) REFERENCES t (id)"],
        [FILL, FILL_PARENT],
    ),
    "partitioned": ([PARTITIONED, *PARENT, *PARTITIONS, *INDEXES, *MORE], [FILL, FILL_PARENT]),
    "default": (
        [PARTITIONED, *PARENT, *PARTITIONS, "CREATE TABLE rest PARTITION OF t DEFAULT", *MORE, FUNCTIONS[3],
         "CREATE TRIGGER every BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION act()"],
        [FILL, FILL_PARENT],
    ),
    "nested": (
        [
            PARTITIONED, *PARENT, PARTITIONS[0],
            "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (100) PARTITION BY RANGE (id)",
            "CREATE TABLE t21 PARTITION OF t2 FOR VALUES FROM (10) TO (50)",
        ],
        [FILL, FILL_PARENT],
    ),
    "partition": (
        [
            f"CREATE TABLE whole ({COLUMNS}, PRIMARY KEY (id)) PARTITION BY RANGE (id)", *PARENT,
            "CREATE TABLE t PARTITION OF whole FOR VALUES FROM (0) TO (100)",
            "CREATE TABLE rest PARTITION OF whole DEFAULT",
        ],
        [FILL, FILL_PARENT],
    ),
    "parted-referring": (
        [PARTITIONED, *PARENT, *PARTITIONS, "ALTER TABLE t ADD CONSTRAINT t_a_fkey FOREIGN KEY (a) REFERENCES parent (id)", *MORE],
        [FILL_PARENT, FILL],
    ),
    "parted-referred": (
        [
            PARTITIONED, *PARENT, *PARTITIONS, *MORE,
            "CREATE TABLE child (id integer PRIMARY KEY, t_id integer CONSTRAINT child_t REFERENCES t)",
        ],
        [FILL_PARENT, FILL],
    ),
    "inherited": (
        [PLAIN, *PARENT, "CREATE UNIQUE INDEX t_w ON t (w)", "CREATE TABLE heir (extra integer) INHERITS (t)", "CREATE TABLE stranger (LIKE t)"],
        [FILL, FILL_PARENT],
    ),
    "inheriting": (
        ["CREATE TABLE elder (id integer NOT NULL, a integer)", f"CREATE TABLE t ({COLUMNS}, CONSTRAINT t_pkey PRIMARY KEY (id)) INHERITS (elder)", *PARENT],
        [FILL, FILL_PARENT],
    ),
    "unlogged": ([PLAIN.replace("CREATE TABLE", "CREATE UNLOGGED TABLE"), *PARENT], [FILL, FILL_PARENT]),
    "viewed": (
        [
            PLAIN, *PARENT, "CREATE VIEW seen AS SELECT id, b FROM t", "CREATE MATERIALIZED VIEW kept AS SELECT id, b FROM t",
            "CREATE UNIQUE INDEX kept_id ON kept (id)",
        ],
        [FILL, FILL_PARENT, "REFRESH MATERIALIZED VIEW kept"],
    ),
    "furnished": (
        [
            PLAIN, *PARENT, FUNCTIONS[3], "CREATE TRIGGER every BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION act()",
            "CREATE POLICY mine ON t USING (true)", "CREATE RULE quiet AS ON DELETE TO t WHERE id < 0 DO INSTEAD NOTHING",
            "CREATE STATISTICS t_stat ON a, b FROM t",
        ],
        [FILL, FILL_PARENT],
    ),
}

# About `t`. What a state does not have is refused by the server there, and no case.
ON_T = """
    ALTER TABLE t ADD COLUMN k integer
    ALTER TABLE t ADD COLUMN IF NOT EXISTS a integer
    ALTER TABLE t ADD COLUMN k integer NOT NULL DEFAULT 1
    ALTER TABLE t ADD COLUMN k timestamptz DEFAULT now()
    ALTER TABLE t ADD COLUMN k timestamptz DEFAULT clock_timestamp()
    ALTER TABLE t ADD COLUMN k uuid DEFAULT gen_random_uuid()
    ALTER TABLE t ADD COLUMN k serial
    ALTER TABLE t ADD COLUMN k bigint GENERATED BY DEFAULT AS IDENTITY
    ALTER TABLE t ADD COLUMN k integer GENERATED ALWAYS AS (b + 1) STORED
    ALTER TABLE t ADD COLUMN k integer GENERATED ALWAYS AS (b + 1) VIRTUAL
    ALTER TABLE t ADD COLUMN k integer CHECK (k > 0)
    ALTER TABLE t ADD COLUMN k integer DEFAULT 1 CHECK (k > 0)
    ALTER TABLE t ADD COLUMN k integer UNIQUE
    ALTER TABLE t ADD COLUMN k integer REFERENCES parent
    ALTER TABLE t ADD COLUMN k integer DEFAULT 1 REFERENCES parent
    ALTER TABLE t ADD COLUMN k integer REFERENCES t
    ALTER TABLE t ADD COLUMN k integer, ADD COLUMN l text DEFAULT 'l'
    ALTER TABLE t ADD COLUMN k integer, ALTER COLUMN u SET STATISTICS 5
    ALTER TABLE t DROP COLUMN a
    ALTER TABLE t DROP COLUMN v
    ALTER TABLE t DROP COLUMN id
    ALTER TABLE t DROP COLUMN id CASCADE
    ALTER TABLE t DROP COLUMN IF EXISTS missing
    ALTER TABLE t ALTER COLUMN a SET NOT NULL
    ALTER TABLE t ALTER COLUMN b SET NOT NULL
    ALTER TABLE t ALTER COLUMN w SET NOT NULL
    ALTER TABLE t ALTER COLUMN id SET NOT NULL
    ALTER TABLE t ALTER COLUMN a SET NOT NULL, ALTER COLUMN w SET NOT NULL
    ALTER TABLE t ALTER COLUMN b DROP NOT NULL
    ALTER TABLE t ALTER COLUMN a SET DEFAULT 5
    ALTER TABLE t ALTER COLUMN a SET DEFAULT random()
    ALTER TABLE t ALTER COLUMN u DROP DEFAULT
    ALTER TABLE t ALTER COLUMN b ADD GENERATED ALWAYS AS IDENTITY
    ALTER TABLE t ALTER COLUMN g DROP EXPRESSION
    ALTER TABLE t ALTER COLUMN g SET EXPRESSION AS (b * 3)
    ALTER TABLE t ALTER COLUMN x SET STORAGE EXTERNAL
    ALTER TABLE t ALTER COLUMN x SET COMPRESSION pglz
    ALTER TABLE t ALTER COLUMN x SET STATISTICS 100
    ALTER TABLE t ALTER COLUMN x SET (n_distinct = 5)
    ALTER TABLE t ALTER COLUMN a TYPE bigint
    ALTER TABLE t ALTER COLUMN a TYPE integer
    ALTER TABLE t ALTER COLUMN id TYPE bigint
    ALTER TABLE t ALTER COLUMN id TYPE integer
    ALTER TABLE t ALTER COLUMN v TYPE varchar(100)
    ALTER TABLE t ALTER COLUMN v TYPE varchar(20)
    ALTER TABLE t ALTER COLUMN v TYPE varchar
    ALTER TABLE t ALTER COLUMN v TYPE text
    ALTER TABLE t ALTER COLUMN v TYPE text USING v::text
    ALTER TABLE t ALTER COLUMN v TYPE text USING lower(v)
    ALTER TABLE t ALTER COLUMN v TYPE varchar(50) COLLATE "C"
    ALTER TABLE t ALTER COLUMN x TYPE varchar
    ALTER TABLE t ALTER COLUMN x TYPE varchar(200)
    ALTER TABLE t ALTER COLUMN n TYPE numeric(12,2)
    ALTER TABLE t ALTER COLUMN n TYPE numeric(12,3)
    ALTER TABLE t ALTER COLUMN n TYPE numeric
    ALTER TABLE t ALTER COLUMN d TYPE timestamp(6)
    ALTER TABLE t ALTER COLUMN j TYPE jsonb
    ALTER TABLE t ALTER COLUMN a TYPE bigint, ALTER COLUMN v TYPE text
    ALTER TABLE t ADD CONSTRAINT c CHECK (b > 0)
    ALTER TABLE t ADD CONSTRAINT c CHECK (b > 0) NOT VALID
    ALTER TABLE t ADD CONSTRAINT c CHECK (b > 0) NO INHERIT
    ALTER TABLE t ADD CONSTRAINT c CHECK (b > 0) NOT ENFORCED
    ALTER TABLE t ADD CONSTRAINT c UNIQUE (b)
    ALTER TABLE t ADD CONSTRAINT c UNIQUE (id, b)
    ALTER TABLE t ADD CONSTRAINT c EXCLUDE (b WITH =)
    ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES parent (id)
    ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES parent (id) NOT VALID
    ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES parent (id) NOT ENFORCED
    ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES t (id)
    ALTER TABLE t ADD CONSTRAINT c NOT NULL a
    ALTER TABLE t ADD CONSTRAINT c NOT NULL a NOT VALID
    ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX t_w
    ALTER TABLE t DROP CONSTRAINT t_pkey, ADD CONSTRAINT c PRIMARY KEY USING INDEX t_w
    ALTER TABLE t DROP CONSTRAINT t_pkey, ADD CONSTRAINT c PRIMARY KEY USING INDEX t_b
    ALTER TABLE t DROP CONSTRAINT t_pkey, ADD CONSTRAINT c PRIMARY KEY (id, b)
    ALTER TABLE t DROP CONSTRAINT t_pkey
    ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE
    ALTER TABLE t DROP CONSTRAINT t_a_fkey
    ALTER TABLE t DROP CONSTRAINT t_v_key CASCADE
    ALTER TABLE t DROP CONSTRAINT t_v_set
    ALTER TABLE t DROP CONSTRAINT IF EXISTS t_nowhere
    ALTER TABLE t VALIDATE CONSTRAINT t_w_there
    ALTER TABLE t VALIDATE CONSTRAINT t_w_fkey
    ALTER TABLE t VALIDATE CONSTRAINT t_v_set
    ALTER TABLE t VALIDATE CONSTRAINT t_a_fkey
    ALTER TABLE t ALTER CONSTRAINT t_a_fkey DEFERRABLE
    ALTER TABLE t RENAME CONSTRAINT t_pkey TO t_key
    ALTER TABLE t RENAME COLUMN a TO aa
    ALTER TABLE t RENAME TO tt
    ALTER TABLE t SET SCHEMA elsewhere
    ALTER TABLE t SET (fillfactor = 70)
    ALTER TABLE t SET (autovacuum_enabled = false)
    ALTER TABLE t RESET (fillfactor)
    ALTER TABLE t SET (user_catalog_table = true)
    ALTER TABLE t SET LOGGED
    ALTER TABLE t SET UNLOGGED
    ALTER TABLE t SET TABLESPACE aside
    ALTER TABLE t SET TABLESPACE pg_default
    ALTER TABLE t SET WITHOUT CLUSTER
    ALTER TABLE t CLUSTER ON t_pkey
    ALTER TABLE t REPLICA IDENTITY FULL
    ALTER TABLE t OWNER TO somebody
    ALTER TABLE t ENABLE ROW LEVEL SECURITY
    ALTER TABLE t FORCE ROW LEVEL SECURITY
    ALTER TABLE t DISABLE TRIGGER ALL
    ALTER TABLE t ENABLE TRIGGER USER
    ALTER TABLE t DISABLE RULE quiet
    ALTER TABLE t NO INHERIT elder
    ALTER TABLE stranger INHERIT t
    ALTER TABLE heir NO INHERIT t
    ALTER TABLE ONLY t ALTER COLUMN a SET DEFAULT 7
    ALTER TABLE ONLY t ADD CONSTRAINT c CHECK (b > 0) NOT VALID
    ALTER TABLE t ATTACH PARTITION loner FOR VALUES FROM (500) TO (600)
    ALTER TABLE t ATTACH PARTITION spare FOR VALUES FROM (500) TO (600)
    ALTER TABLE t ATTACH PARTITION loner DEFAULT
    ALTER TABLE t DETACH PARTITION t1
    ALTER TABLE t DETACH PARTITION rest
    ALTER TABLE whole DETACH PARTITION t
    ALTER TABLE whole ADD COLUMN k integer
    ALTER TABLE whole ALTER COLUMN a SET NOT NULL
    CREATE TABLE t9 PARTITION OF t FOR VALUES FROM (900) TO (1000)
    CREATE TABLE t9 PARTITION OF t DEFAULT
    CREATE TABLE t9 PARTITION OF whole FOR VALUES FROM (900) TO (1000)
    CREATE TABLE made (id integer PRIMARY KEY, t_id integer REFERENCES t)
    CREATE TABLE made (id integer PRIMARY KEY, p integer REFERENCES parent, CHECK (p > 0))
    CREATE TABLE made () INHERITS (t)
    CREATE TABLE made (LIKE t INCLUDING ALL)
    CREATE TABLE IF NOT EXISTS t (id integer)
    CREATE TABLE made AS SELECT * FROM t
    CREATE INDEX i ON t (a)
    CREATE UNIQUE INDEX i ON t (id)
    CREATE INDEX IF NOT EXISTS t_a ON t (a)
    CREATE INDEX i ON ONLY t (a)
    CREATE INDEX i ON t (lower(x)) WHERE a > 0
    CREATE INDEX i ON t USING gin (to_tsvector('simple', x))
    DROP INDEX t_a
    DROP INDEX IF EXISTS t_nowhere
    ALTER INDEX t_a RENAME TO t_aa
    REINDEX INDEX t_a
    REINDEX INDEX t_pkey
    REINDEX TABLE t
    CLUSTER t USING t_pkey
    DROP TABLE t
    DROP TABLE t CASCADE
    DROP TABLE IF EXISTS nowhere
    DROP TABLE t1
    DROP TABLE child
    DROP TABLE whole
    TRUNCATE t
    TRUNCATE t CASCADE
    TRUNCATE ONLY t
    TRUNCATE child
    CREATE VIEW look AS SELECT id FROM t
    CREATE OR REPLACE VIEW seen AS SELECT id, b FROM t WHERE id > 0
    CREATE OR REPLACE VIEW fresh AS SELECT id FROM t
    ALTER VIEW seen RENAME TO saw
    ALTER VIEW seen SET (security_barrier = true)
    DROP VIEW seen
    CREATE MATERIALIZED VIEW m AS SELECT id FROM t
    REFRESH MATERIALIZED VIEW kept
    REFRESH MATERIALIZED VIEW kept WITH NO DATA
    REFRESH MATERIALIZED VIEW CONCURRENTLY kept
    ALTER MATERIALIZED VIEW kept RENAME TO held
    DROP MATERIALIZED VIEW kept
    CREATE INDEX i ON kept (b)
    CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
    CREATE TRIGGER r BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
    DROP TRIGGER every ON t
    ALTER TRIGGER every ON t RENAME TO always
    CREATE POLICY p ON t USING (true)
    ALTER POLICY mine ON t USING (false)
    ALTER POLICY mine ON t RENAME TO ours
    DROP POLICY mine ON t
    CREATE RULE r AS ON DELETE TO t WHERE id < 0 DO INSTEAD NOTHING
    DROP RULE quiet ON t
    CREATE STATISTICS s ON a, w FROM t
    COMMENT ON TABLE t IS 'a table'
    COMMENT ON COLUMN t.a IS 'a column'
    COMMENT ON INDEX t_a IS 'an index'
    COMMENT ON CONSTRAINT t_pkey ON t IS 'a key'
    COMMENT ON VIEW seen IS 'a view'
    ANALYZE t
    GRANT SELECT ON t TO somebody
    REVOKE SELECT ON t FROM somebody
    LOCK TABLE t
    LOCK TABLE t IN SHARE MODE
    LOCK TABLE ONLY t IN SHARE ROW EXCLUSIVE MODE
    SELECT count(*) FROM t
    INSERT INTO other VALUES (1, 1)
    UPDATE t SET u = 1 WHERE id = 1
    DELETE FROM other WHERE id = 1
    COMMENT ON SCHEMA public IS 'a schema'
    CREATE SEQUENCE s
    CREATE TYPE fine AS ENUM ('a')
    CREATE SCHEMA more
"""

# Defaults, and whether they change is the model's to say.
DEFAULTS = [
    "now()", "CURRENT_TIMESTAMP::text", "clock_timestamp()::text", "random()", "gen_random_uuid()::text", "moving()",
    "still()", "still() + 1", "inlined()", "length(moving()::text)", "upper('x')", "'{}'::jsonb", "ARRAY[1, 2]", "ARRAY[random()]",
    "CASE WHEN random() > 0.5 THEN 1 ELSE 2 END", "CASE WHEN true THEN 1 ELSE 2 END", "coalesce(NULL, random())",
    "now() + interval '1 day'", "(SELECT 1)", "nextval('counter')", "timeofday()", "statement_timestamp()", "txid_current()",
    "current_user", "'a' || random()", "1 + 1", "NULL", "NULL::integer", "date_trunc('day', now())", "md5(random()::text)",
    "greatest(1, random())", "random() BETWEEN 0 AND 1", "1 IN (2, random()::integer)", "current_setting('TimeZone')",
    "public.still()", "public.moving()", "row_to_json(ROW(1))", "to_char(now(), 'YYYY')", "pg_backend_pid()",
    "extract(year FROM now())", "now() AT TIME ZONE 'UTC'", "currval('counter')", "jsonb_build_object('a', random())",
]

DOMAIN_STATE = [
    *FUNCTIONS, "CREATE SEQUENCE counter", "CREATE TABLE t (id integer PRIMARY KEY, l loose, p positive, o over, m mood, i integer, s varchar(50), w word)",
    "CREATE TABLE q (id integer PRIMARY KEY, p positive) PARTITION BY RANGE (id)",
    "CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (0) TO (100)",
    "ALTER DOMAIN loose ADD CONSTRAINT later CHECK (VALUE < 1000) NOT VALID",
]
DOMAIN_FILL = ["INSERT INTO t SELECT i, i, i, i, 'glad', i, 's', 'w' FROM generate_series(1, 20) i", "INSERT INTO q SELECT i, i FROM generate_series(1, 20) i"]
ON_DOMAINS = """
    ALTER TABLE t ADD COLUMN k loose
    ALTER TABLE t ADD COLUMN k positive
    ALTER TABLE t ADD COLUMN k positive DEFAULT 1
    ALTER TABLE t ADD COLUMN k over
    ALTER TABLE t ADD COLUMN k over[]
    ALTER TABLE t ADD COLUMN k wandering
    ALTER TABLE t ADD COLUMN k wandering DEFAULT 3
    ALTER TABLE t ADD COLUMN k word
    ALTER TABLE t ADD COLUMN k mood DEFAULT 'glad'
    ALTER TABLE t ADD COLUMN k mood[]
    ALTER TABLE q ADD COLUMN k positive
    ALTER TABLE t ALTER COLUMN i TYPE loose
    ALTER TABLE t ALTER COLUMN i TYPE positive
    ALTER TABLE t ALTER COLUMN p TYPE integer
    ALTER TABLE t ALTER COLUMN o TYPE positive
    ALTER TABLE t ALTER COLUMN p TYPE over
    ALTER TABLE t ALTER COLUMN p TYPE bigint
    ALTER TABLE t ALTER COLUMN s TYPE word
    ALTER TABLE t ALTER COLUMN w TYPE varchar(50)
    ALTER TABLE t ALTER COLUMN w TYPE varchar(80)
    ALTER TABLE t ALTER COLUMN w TYPE text
    ALTER TABLE t ALTER COLUMN m TYPE text
    ALTER TABLE t ALTER COLUMN m TYPE mood
    ALTER TABLE t ALTER COLUMN s TYPE mood USING s::mood
    ALTER DOMAIN loose ADD CONSTRAINT c CHECK (VALUE > -5)
    ALTER DOMAIN loose ADD CONSTRAINT c CHECK (VALUE > -5) NOT VALID
    ALTER DOMAIN positive ADD CONSTRAINT c CHECK (VALUE > -5)
    ALTER DOMAIN over ADD CONSTRAINT c CHECK (VALUE > -5)
    ALTER DOMAIN positive SET NOT NULL
    ALTER DOMAIN over SET NOT NULL
    ALTER DOMAIN word SET NOT NULL
    ALTER DOMAIN wandering SET NOT NULL
    ALTER DOMAIN loose VALIDATE CONSTRAINT later
    ALTER DOMAIN loose DROP CONSTRAINT later
    ALTER DOMAIN loose SET DEFAULT 4
    ALTER DOMAIN loose DROP NOT NULL
    ALTER DOMAIN loose RENAME TO looser
    CREATE DOMAIN more AS integer CHECK (VALUE > 0)
    ALTER TYPE mood ADD VALUE 'calm'
    ALTER TYPE mood RENAME VALUE 'sad' TO 'low'
    DROP DOMAIN wandering
    DROP FUNCTION moving() CASCADE
"""

# Every change of one of these into another, with `USING c::new` where it is refused without.
TYPES = """
    integer; bigint; oid; numeric; numeric(8,2); numeric(10,2); numeric(10,4); real; text; varchar; varchar(10);
    varchar(20); char(3); char(5); bpchar; date; time; time(3); timestamp; timestamp(3); timestamp(6); timestamptz;
    timestamptz(3); interval; interval(3); interval day; json; jsonb; inet; cidr; bit(3); bit varying; bit varying(5);
    bit varying(9); xml; text[]; integer[]; bigint[]; varchar[]; varchar(5)[]; regclass
"""
# With these also by a cast in `USING`.
CAST = ("text", "varchar(10)", "integer", "timestamptz", "numeric(8,2)")
NO_BTREE = ("json", "xml", "point")

# Not allowed in a transaction: the state, the statement, and the relation on which it is made to wait.
ALONE = [
    ("indexed", "CREATE INDEX CONCURRENTLY i ON t (a)", "t"),
    ("indexed", "DROP INDEX CONCURRENTLY t_a", "t"),
    ("indexed", "REINDEX INDEX CONCURRENTLY t_a", "t"),
    ("indexed", "REINDEX TABLE CONCURRENTLY t", "t"),
    ("indexed", "VACUUM t", "t"),
    ("indexed", "VACUUM (FULL) t", "t"),
    ("partitioned", "ALTER TABLE t DETACH PARTITION t1 CONCURRENTLY", "t"),
    ("partitioned", "ALTER TABLE t DETACH PARTITION t1 CONCURRENTLY", "t1"),
]


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def types() -> list[str]:
    return [it.strip() for it in TYPES.replace("\n", " ").split(";")]


def states() -> dict[str, tuple[list[str], list[str]]]:
    """Every state by name: what the history makes, and the rows."""
    made = dict(STATES)
    for made_of, _ in made.values():
        made_of.append("CREATE TABLE other (id integer PRIMARY KEY, k integer)") if made_of[-1][:18] != "CREATE TABLE other" else None
    made["domains"] = (DOMAIN_STATE, DOMAIN_FILL)
    tables = [f"CREATE TABLE y{n} (c {kind})" for n, kind in enumerate(types())]
    tables += [f"CREATE INDEX y{n}_c ON y{n} (c)" for n, kind in enumerate(types()) if kind not in NO_BTREE]
    made["types"] = (tables, [f"INSERT INTO y{n} VALUES (NULL)" for n in range(len(types()))])
    return made


def cases() -> list[tuple[str, str]]:
    """Every case: a state and a statement."""
    found = [(state, statement) for state in STATES for statement in lines(ON_T)]
    found += [("domains", statement) for statement in lines(ON_DOMAINS)]
    found += [("domains", f"ALTER TABLE t ADD COLUMN k {kind_of(it)} DEFAULT {it}") for it in DEFAULTS]
    for number, old in enumerate(types()):
        for new in types():
            found.append(("types", f"ALTER TABLE y{number} ALTER COLUMN c TYPE {new}"))
            if old != new and (old in CAST or new in CAST):
                found.append(("types", f"ALTER TABLE y{number} ALTER COLUMN c TYPE {new} USING c::{new}"))
    return found


def kind_of(default: str) -> str:
    """A type that takes the default."""
    numbers = ("random()", "moving()", "still()", "still() + 1", "inlined()", "length", "CASE", "coalesce", "(SELECT", "nextval", "txid", "1 + 1", "NULL", "greatest", "public.", "pg_backend", "extract", "currval")
    if "BETWEEN" in default or " IN (" in default:
        return "boolean"
    if default.startswith("ARRAY"):
        return "double precision[]"
    if default.startswith(numbers):
        return "double precision"
    if "json" in default:
        return "jsonb" if "jsonb" in default or "{}" in default else "json"
    return "text"
