//! `--baseline`: the dump of a database that is there, stamped and upgraded.

use super::{command, found, history, outcomes};
use serde_json::Value;
use std::{fs, path::Path, process::Output};

const TABLE: &str = "def upgrade():\n    op.execute('CREATE SCHEMA app')\n    \
                     op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('a', sa.Text()), \
                     schema='app')\n\n\ndef downgrade():\n    op.drop_table('t', schema='app')\n    \
                     op.execute('DROP SCHEMA app')\n";
const ROWS: &str = "def upgrade():\n    op.execute(\"UPDATE app.t SET a = 'x' WHERE a IS NULL\")\n\n\n\
                    def downgrade():\n    pass\n";
const COLUMN: &str = "def upgrade():\n    op.add_column('t', sa.Column('b', sa.Text()), schema='app')\n\n\n\
                      def downgrade():\n    op.drop_column('t', 'b', schema='app')\n";

/// What `pg_dump` writes of the first revision, with owners, rights, rows and lines to psql.
const DUMP: &str = r"--
-- PostgreSQL database dump
--
\restrict 9qk1
SET statement_timeout = 0;
SET setting_of_a_newer_server = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
CREATE SCHEMA app;
ALTER SCHEMA app OWNER TO boss;
COMMENT ON SCHEMA public IS 'standard public schema';
CREATE TABLE app.t (
    id integer NOT NULL,
    a text
);
ALTER TABLE app.t OWNER TO boss;
CREATE SEQUENCE app.t_id_seq AS integer START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
ALTER SEQUENCE app.t_id_seq OWNED BY app.t.id;
ALTER TABLE ONLY app.t ALTER COLUMN id SET DEFAULT nextval('app.t_id_seq'::regclass);
CREATE TABLE public.alembic_version (version_num character varying(32) NOT NULL);
COPY public.alembic_version (version_num) FROM stdin;
r1
\.
COPY app.t (id, a) FROM stdin;
1	it's; a row
2	\N
\.
SELECT pg_catalog.setval('app.t_id_seq', 2, true);
ALTER TABLE ONLY public.alembic_version ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY app.t
    ADD CONSTRAINT t_pkey PRIMARY KEY (id);
GRANT SELECT ON TABLE app.t TO reader;
\unrestrict 9qk1
";

fn run(folder: &Path, dump: &str, revision: &str) -> Option<Output> {
    let file = folder.join("schema.sql");
    fs::write(&file, dump).unwrap();
    let baseline = format!("{}{revision}", file.display());
    let arguments = [folder.to_str().unwrap(), "--baseline", &baseline, "--format", "json"];
    Some(command(&arguments)?.output().unwrap())
}

fn json(output: &Output) -> Value {
    assert!(output.status.code().is_some_and(|it| it < 2), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2));
    // The words are folded where a line ends.
    String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ").replace("\n        ", " ")
}

fn detail(report: &Value) -> &str {
    let tests = report["roundtrip"][0]["tests"].as_array().unwrap();
    tests.iter().find(|it| it["name"] == "existing").unwrap()["detail"].as_str().unwrap()
}

#[test]
fn a_dump_is_stamped_and_upgraded() {
    let folder = history(&[TABLE, COLUMN]);
    let Some(output) = run(folder.path(), DUMP, "") else { return };
    let report = json(&output);
    assert_eq!(found(&report), [], "{report}");
    assert_eq!(outcomes(&report)["existing"], "passed");
    assert!(detail(&report).ends_with("stamped with r1, then 1 revision"), "{report}");
    let named = json(&run(folder.path(), DUMP, "@r1").unwrap());
    assert_eq!((found(&named), outcomes(&named)["existing"].as_str()), (Vec::new(), "passed"));
    // The head over an older dump: nothing is left to do, and what is missing stays missing.
    let head = json(&run(folder.path(), DUMP, "@head").unwrap());
    assert_eq!(found(&head), [("r2.py".to_owned(), 10, "stale-dump".to_owned())], "{head}");
    assert_eq!(outcomes(&head)["existing"], "failed");
    // What the history has made already is in the way of a dump that has it too.
    let twice = DUMP.replace("    a text\n", "    a text,\n    b text\n");
    let twice = json(&run(folder.path(), &twice, "@r1").unwrap());
    let rules: Vec<String> = found(&twice).into_iter().map(|(file, _, rule)| format!("{file} {rule}")).collect();
    assert_eq!(rules, ["r1.py stale-dump", "r2.py failing-statement"], "{twice}");
}

#[test]
fn where_a_dump_stands_is_not_guessed() {
    let folder = history(&[TABLE, ROWS, COLUMN]);
    // Two revisions have this schema, and the dump's own table says which it is.
    let Some(output) = run(folder.path(), DUMP, "") else { return };
    assert!(detail(&json(&output)).contains("stamped with r1, then 2 revisions"));
    let silent = DUMP.replace("\nr1\n", "\n");
    let several = refusal(&run(folder.path(), &silent, "").unwrap());
    assert!(several.contains("2 revisions") && several.contains("`r2`, `r1`"), "{several}");
    let other = DUMP.replace("    a text\n", "    a text,\n    c text\n");
    let none = refusal(&run(folder.path(), &other, "").unwrap());
    assert!(none.contains("of no revision") && none.contains("with 1 difference"), "{none}");
    let broken = refusal(&run(folder.path(), &DUMP.replace("id integer NOT", "id integr NOT"), "").unwrap());
    assert!(broken.contains("line 12") && broken.contains("42704"), "{broken}");
    let reaching = format!("{DUMP}COPY app.t TO PROGRAM 'true';\n");
    assert!(refusal(&run(folder.path(), &reaching, "").unwrap()).contains("reaches beyond"));
    assert!(refusal(&run(folder.path(), &format!("\\! true\n{DUMP}"), "").unwrap()).contains("line 1"));
}
