//! The catalog that two steps are compared by holds everything: whatever a revision changes and does not change back is
//! seen.

use super::{found, history, report};

/// Each changes one thing, and what that is to be called.
const CHANGES: &[(&str, &str)] = &[
    ("CREATE TABLE n1 ()", "table `n1`"),
    ("ALTER TABLE t SET UNLOGGED", "table `t`"),
    ("ALTER TABLE t SET (fillfactor = 50)", "table `t`"),
    ("ALTER TABLE t REPLICA IDENTITY FULL", "table `t`"),
    ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", "table `t`"),
    ("ALTER TABLE t FORCE ROW LEVEL SECURITY", "table `t`"),
    ("ALTER TABLE t2 OWNER TO \"Keeper\"", "table `t2`"),
    ("GRANT SELECT ON t TO reader", "table `t`"),
    ("ALTER TABLE child NO INHERIT parent", "table `child`"),
    ("ALTER TABLE parted DETACH PARTITION part", "table `part`"),
    ("CREATE TABLE part2 PARTITION OF parted FOR VALUES IN (2)", "table `part2`"),
    ("ALTER TABLE t ADD COLUMN c1 integer", "column `t.c1`"),
    ("ALTER TABLE t ALTER a TYPE varchar(99)", "column `t.a`"),
    ("ALTER TABLE t ALTER a TYPE varchar(99) COLLATE \"C\"", "column `t.a`"),
    ("ALTER TABLE t ALTER a SET DEFAULT 'x'", "column `t.a`"),
    ("ALTER TABLE t ALTER a SET NOT NULL", "column `t.a`"),
    ("ALTER TABLE t ALTER a SET STORAGE EXTERNAL", "column `t.a`"),
    ("ALTER TABLE t ALTER a SET STATISTICS 7", "column `t.a`"),
    ("ALTER TABLE t ALTER a SET (n_distinct = 5)", "column `t.a`"),
    ("GRANT SELECT (a) ON t TO reader", "column `t.a`"),
    ("ALTER TABLE t ALTER id ADD GENERATED ALWAYS AS IDENTITY", "column `t.id`"),
    ("ALTER TABLE t ADD COLUMN g integer GENERATED ALWAYS AS (b + 1) STORED", "column `t.g`"),
    ("ALTER TABLE t ADD CONSTRAINT k1 CHECK (b > 0)", "constraint `t.k1`"),
    ("ALTER TABLE t ADD CONSTRAINT k2 UNIQUE (b)", "constraint `t.k2`"),
    ("ALTER TABLE t ADD CONSTRAINT k3 FOREIGN KEY (b) REFERENCES t2 (id)", "constraint `t.k3`"),
    ("ALTER TABLE t ADD CONSTRAINT k4 EXCLUDE (b WITH =)", "constraint `t.k4`"),
    ("ALTER TABLE t4 DROP CONSTRAINT t4_pkey", "constraint `t4.t4_pkey`"),
    ("ALTER TABLE t VALIDATE CONSTRAINT late", "constraint `t.late`"),
    ("ALTER TABLE t ALTER CONSTRAINT refers DEFERRABLE", "constraint `t.refers`"),
    ("CREATE INDEX n2 ON t (b)", "index `n2`"),
    ("ALTER INDEX i SET (fillfactor = 50)", "index `i`"),
    ("ALTER TABLE t CLUSTER ON i", "index `i`"),
    ("ALTER TABLE t3 REPLICA IDENTITY USING INDEX u", "index `u`"),
    ("CREATE TYPE n3 AS ENUM ('a')", "type `n3`"),
    ("ALTER TYPE mood ADD VALUE 'odd' BEFORE 'sad'", "type `mood`"),
    ("ALTER TYPE mood OWNER TO \"Keeper\"", "type `mood`"),
    ("REVOKE USAGE ON TYPE mood FROM public", "type `mood`"),
    ("CREATE DOMAIN n4 AS text", "type `n4`"),
    ("ALTER DOMAIN small SET DEFAULT 1", "type `small`"),
    ("ALTER DOMAIN small SET NOT NULL", "type `small`"),
    ("ALTER DOMAIN small ADD CONSTRAINT k5 CHECK (value < 9)", "constraint `small.k5`"),
    ("CREATE TYPE n5 AS (a integer)", "type `n5`"),
    ("ALTER TYPE pair ADD ATTRIBUTE c integer", "column `pair.c`"),
    ("CREATE TYPE n6 AS RANGE (subtype = integer)", "type `n6`"),
    ("CREATE SEQUENCE n7", "sequence `n7`"),
    ("ALTER SEQUENCE s INCREMENT 2", "sequence `s`"),
    ("ALTER SEQUENCE s OWNED BY t.b", "sequence `s`"),
    ("GRANT USAGE ON SEQUENCE s TO reader", "sequence `s`"),
    ("CREATE VIEW n8 AS SELECT 1 AS a", "view `n8`"),
    ("CREATE OR REPLACE VIEW v AS SELECT id, a, 1 AS one FROM t", "view `v`"),
    ("ALTER VIEW v SET (security_barrier)", "view `v`"),
    ("CREATE MATERIALIZED VIEW n9 AS SELECT 1 AS a", "materialized view `n9`"),
    ("CREATE FUNCTION n10() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "function `n10()`"),
    ("CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 2'", "function `f()`"),
    ("ALTER FUNCTION f() SECURITY DEFINER", "function `f()`"),
    ("REVOKE EXECUTE ON FUNCTION f() FROM public", "function `f()`"),
    ("CREATE PROCEDURE n11() LANGUAGE sql AS 'SELECT 1'", "procedure `n11()`"),
    ("CREATE OR REPLACE AGGREGATE total(integer) (sfunc = int4mul, stype = integer)", "aggregate `total(integer)`"),
    ("CREATE TRIGGER n12 BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tg()", "trigger `t.n12`"),
    ("ALTER TABLE t DISABLE TRIGGER g", "trigger `t.g`"),
    ("CREATE RULE n13 AS ON DELETE TO t2 DO INSTEAD NOTHING", "rule `t2.n13`"),
    ("ALTER TABLE t DISABLE RULE r", "rule `t.r`"),
    ("CREATE POLICY n14 ON t", "policy `t.n14`"),
    ("ALTER POLICY p ON t USING (b > 1)", "policy `t.p`"),
    ("CREATE SCHEMA n15", "schema `n15`"),
    ("GRANT USAGE ON SCHEMA app TO reader", "schema `app`"),
    ("ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO reader", "default privileges"),
    ("CREATE STATISTICS n16 ON a, b FROM t", "statistics `n16`"),
    ("ALTER STATISTICS st SET STATISTICS 3", "statistics `st`"),
    ("COMMENT ON TABLE t IS 'x'", "comment `table public.t`"),
    ("COMMENT ON COLUMN t.a IS 'x'", "comment `table column public.t.a`"),
    ("COMMENT ON INDEX i IS 'x'", "comment `index public.i`"),
    ("COMMENT ON CONSTRAINT late ON t IS 'x'", "comment `table constraint late on public.t`"),
    ("COMMENT ON FUNCTION f() IS 'x'", "comment `function public.f()`"),
    ("COMMENT ON TYPE mood IS 'x'", "comment `type public.mood`"),
    ("COMMENT ON SCHEMA app IS 'x'", "comment `schema app`"),
    ("COMMENT ON POLICY p ON t IS 'x'", "comment `policy p on public.t`"),
    ("CREATE PUBLICATION n17 FOR TABLE t2", "publication `n17`"),
    ("CREATE COLLATION n18 FROM \"C\"", "collation `n18`"),
    ("CREATE OPERATOR === (leftarg = integer, rightarg = integer, function = int4eq)", "operator"),
    ("CREATE CAST (mood AS pair) WITH FUNCTION cast_it(mood)", "cast `public.mood AS public.pair`"),
    ("CREATE TEXT SEARCH CONFIGURATION n19 (COPY = simple)", "text search configuration `n19`"),
    ("CREATE TEXT SEARCH DICTIONARY n20 (TEMPLATE = simple)", "text search dictionary `n20`"),
];

/// What they change.
const GIVEN: &[&str] = &[
    "CREATE TYPE mood AS ENUM ('sad'); CREATE TYPE pair AS (a integer, b integer); CREATE DOMAIN small AS integer",
    "CREATE TABLE t2 (id integer PRIMARY KEY); CREATE TABLE t4 (id integer PRIMARY KEY); CREATE TABLE t3 (id integer NOT NULL); CREATE UNIQUE INDEX u ON t3 (id)",
    "CREATE TABLE t (id integer NOT NULL, a text, b integer, z integer CONSTRAINT refers REFERENCES t2)",
    "ALTER TABLE t ADD CONSTRAINT late CHECK (b > -9) NOT VALID; CREATE INDEX i ON t (b); CREATE SEQUENCE s",
    "CREATE TABLE parent (id integer); CREATE TABLE child () INHERITS (parent)",
    "CREATE TABLE parted (id integer) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF parted FOR VALUES IN (1)",
    "CREATE VIEW v AS SELECT id, b FROM t3 CROSS JOIN (SELECT 1 AS b) x",
    "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE SCHEMA app",
    "CREATE FUNCTION cast_it(mood) RETURNS pair LANGUAGE sql AS 'SELECT ROW(1, 2)::pair'",
    "CREATE AGGREGATE total(integer) (sfunc = int4pl, stype = integer)",
    "CREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tg()",
    "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING; CREATE POLICY p ON t; CREATE STATISTICS st ON b, z FROM t",
];

#[test]
fn whatever_is_left_behind_is_seen() {
    let given: String = GIVEN.iter().fold(String::new(), |all, sql| format!("{all}    op.execute({sql:?})\n"));
    // A view of its own, so that the columns of `t` can be changed.
    let bodies: Vec<String> =
        std::iter::once(format!("def upgrade():\n{given}\n\ndef downgrade():\n    raise Exception()\n"))
            .chain(CHANGES.iter().map(|(sql, _)| {
                let sql = sql.replace(
                    "SELECT id, a, 1 AS one FROM t",
                    "SELECT id, b, 1 AS one FROM t3 CROSS JOIN (SELECT 1 AS b) x",
                );
                format!("def upgrade():\n    op.execute({sql:?})\n\n\ndef downgrade():\n    op.execute('SELECT 1')\n")
            }))
            .collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let folder = history(&bodies);
    let Some(report) = report(folder.path(), &[]) else { return };
    let seen = found(&report);
    let mut wrong = Vec::new();
    for (number, (sql, object)) in (2..).zip(CHANGES) {
        let file = format!("r{number}.py");
        let findings = report["findings"].as_array().unwrap().iter();
        let own: Vec<&str> = findings
            .filter(|it| it["file"].as_str().unwrap().ends_with(&format!("/{file}")))
            .map(|it| it["message"].as_str().unwrap())
            .collect();
        let is_told = own.iter().any(|it| it.contains(object) && it.contains("the downgrade"));
        let all_such = seen.iter().filter(|(of, ..)| *of == file).all(|(_, _, rule)| rule == "incomplete-downgrade");
        if !is_told || !all_such {
            wrong.push(format!("{sql}: {own:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
