//! Rules of a project's own: what they match, and that they are rules like any other.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};
use tempfile::TempDir;

fn limbeck(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_limbeck")).args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn revision(number: usize, body: &str) -> String {
    let parent = if number == 1 { "None".to_owned() } else { format!("\"r{}\"", number - 1) };
    format!(
        "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"r{number}\"\ndown_revision = {parent}\n\n\n{body}"
    )
}

fn project(config: &str, bodies: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("alembic/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.path().join("alembic/env.py"), "").unwrap();
    fs::write(folder.path().join("limbeck.toml"), config).unwrap();
    for (at, body) in bodies.iter().enumerate() {
        fs::write(versions.join(format!("r{}.py", at + 1)), revision(at + 1, body)).unwrap();
    }
    folder
}

/// `name: message` of what the project's own rules find, in order.
fn found(config: &str, bodies: &[&str]) -> Vec<String> {
    let folder = project(config, bodies);
    let output = limbeck(folder.path(), &["check", "--select", "custom", "--format", "json", "--fail-on", "never"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| Value::String(text(&output.stderr)));
    let findings = report["findings"].as_array().unwrap_or_else(|| unreachable!("{report}"));
    let shown = findings.iter().filter(|it| it["suppressed"] == false);
    shown.map(|it| format!("{}: {}", it["rule"].as_str().unwrap(), it["message"].as_str().unwrap())).collect()
}

/// The configurations of the document, together.
fn documented() -> String {
    let document = fs::read_to_string("docs/custom-rules.md").unwrap();
    let blocks = document.split("```toml\n").skip(1).map(|it| it.split("```").next().unwrap());
    blocks.collect::<Vec<_>>().join("\n")
}

const BAD: &str = "def upgrade():\n    op.create_table(\n        \"Item\",\n        sa.Column(\"id\", sa.Integer(), primary_key=True),\n        \
    sa.Column(\"price\", sa.Float()),\n        sa.Column(\"unitPrice\", sa.Numeric()),\n        \
    sa.Column(\"owner\", sa.BigInteger(), sa.ForeignKey(\"billing.owner.id\", ondelete=\"CASCADE\")),\n    )\n    \
    op.create_index(\"item_price\", \"Item\", [\"price\"])\n    op.execute(\"\"\"\n        GRANT SELECT\n        ON \"Item\" TO reader\n    \"\"\")\n    \
    op.drop_column(\"owner\", \"name\", schema=\"billing\")\n\n\n\
    def downgrade():\n    op.execute(\"REVOKE SELECT ON \\\"Item\\\" FROM reader\")\n    op.drop_table(\"Item\")\n    op.drop_table(\"invoice\", schema=\"billing\")\n";

const GOOD: &str = "def upgrade():\n    op.create_table(\n        \"item\",\n        sa.Column(\"id\", sa.BigInteger(), primary_key=True),\n        \
    sa.Column(\"unit_price\", sa.Numeric()),\n        comment=\"what is sold\",\n    )\n    \
    op.create_index(\"ix_item_unit_price\", \"item\", [\"unit_price\"])\n    op.execute(\"SELECT 'grant it'\")\n    op.drop_column(\"owner\", \"name\", schema=\"shop\")\n\n\n\
    def downgrade():\n    op.drop_table(\"item\")\n";

#[test]
fn the_documented_rules_find_what_they_say() {
    let wanted = [
        "house-table-comment: `Item` has no comment",
        "house-bigint-key: the key `Item.id` is a `integer`",
        "house-no-float: `Item.price` is a `double precision`, which rounds",
        "house-snake-case: column `unitPrice` of `Item` is not in snake case",
        "house-no-cascade: a row deleted elsewhere takes rows of `Item` with it",
        "house-index-name: index `item_price` is not called `ix_…` or `uq_…`",
        "house-no-grant: rights are given by the platform team",
        "house-billing-stays: `billing.owner` is the accountants': nothing of it is dropped",
        "house-no-grant: rights are given by the platform team",
    ];
    let mut found_here = found(&documented(), &[BAD]);
    let mut wanted: Vec<String> = wanted.iter().map(|it| (*it).to_owned()).collect();
    found_here.sort();
    wanted.sort();
    assert_eq!(found_here, wanted);
    assert_eq!(found(&documented(), &[GOOD]), [""; 0]);
}

fn rule(more: &str) -> String {
    format!("[[custom]]\nname = \"house-x\"\nmessage = \"found {{table}} {{column}} {{object}} {{type}}\"\n{more}")
}

#[test]
fn everything_that_a_statement_does_has_a_word() {
    let up = |lines: &str| format!("def upgrade():\n    {lines}\n\n\ndef downgrade():\n    pass\n");
    for (on, line) in [
        ("drop-table", "op.drop_table('t')"),
        ("rename-table", "op.rename_table('t', 'u')"),
        ("rename-column", "op.alter_column('t', 'a', new_column_name='b')"),
        ("alter-type", "op.alter_column('t', 'a', type_=sa.Text())"),
        ("set-not-null", "op.alter_column('t', 'a', nullable=False)"),
        ("drop-not-null", "op.alter_column('t', 'a', nullable=True)"),
        ("set-default", "op.alter_column('t', 'a', server_default='x')"),
        ("drop-default", "op.alter_column('t', 'a', server_default=None)"),
        ("add-constraint", "op.create_unique_constraint('c', 't', ['a'])"),
        ("drop-constraint", "op.drop_constraint('c', 't')"),
        ("drop-index", "op.drop_index('i')"),
        ("insert", "op.execute('INSERT INTO t VALUES (1)')"),
        ("update", "op.execute('UPDATE t SET a = 1')"),
        ("delete", "op.execute('DELETE FROM t')"),
        ("truncate", "op.execute('TRUNCATE t')"),
        ("create-view", "op.execute('CREATE VIEW v AS SELECT 1')"),
        ("drop-view", "op.execute('DROP VIEW v')"),
        ("create-type", "op.execute(\"CREATE TYPE e AS ENUM ('a')\")"),
        ("drop-type", "op.execute('DROP TYPE e')"),
        ("add-enum-value", "op.execute(\"ALTER TYPE e ADD VALUE 'b'\")"),
        ("create-domain", "op.execute('CREATE DOMAIN d AS text')"),
        ("drop-domain", "op.execute('DROP DOMAIN d')"),
        ("create-sequence", "op.execute('CREATE SEQUENCE s')"),
        ("drop-sequence", "op.execute('DROP SEQUENCE s')"),
        ("create-function", "op.execute('CREATE FUNCTION f(int) RETURNS int LANGUAGE sql RETURN 1')"),
        ("drop-function", "op.execute('DROP FUNCTION f(int)')"),
        ("create-trigger", "op.execute('CREATE TRIGGER g BEFORE INSERT ON t EXECUTE FUNCTION f()')"),
        ("drop-trigger", "op.execute('DROP TRIGGER g ON t')"),
        ("create-policy", "op.execute('CREATE POLICY p ON t')"),
        ("drop-policy", "op.execute('DROP POLICY p ON t')"),
        ("create-schema", "op.execute('CREATE SCHEMA s')"),
        ("drop-schema", "op.execute('DROP SCHEMA s')"),
        ("create-extension", "op.execute('CREATE EXTENSION citext')"),
        ("drop-extension", "op.execute('DROP EXTENSION citext')"),
        ("statement", "op.execute('SELECT 1')"),
        ("hand-written-sql", "op.execute('SELECT 1')"),
    ] {
        let all = found(&rule(&format!("on = \"{on}\"")), &[&up(line)]);
        assert_eq!(all.len(), 1, "{on}: {line}: {all:?}");
        let other = if on == "create-table" { "drop-table" } else { "create-table" };
        assert_eq!(found(&rule(&format!("on = \"{other}\"")), &[&up(line)]), [""; 0], "{line}");
    }
}

#[test]
fn each_key_narrows() {
    let add = "def upgrade():\n    op.add_column(\"t\", sa.Column(\"a\", sa.String(20), nullable=False, server_default=\"x\"), schema=\"app\")\n\n\n\
        def downgrade():\n    op.drop_column(\"t\", \"a\", schema=\"app\")\n";
    for (keys, is) in [
        ("table = \"t\"", true),
        ("table = \"app.t\"", true),
        ("table = \"*.u\"", false),
        ("table = [\"u\", \"t\"]", true),
        ("table = [\"*\", \"!app.*\"]", false),
        ("column = \"A\"", false),
        ("type = \"VARCHAR(*)\"", true),
        ("type = \"!varchar*\"", false),
        ("object = \"*\"", false),
        ("sql = \"alter table app.t add column *\"", true),
        ("has = [\"not-null\", \"default\"]", true),
        ("has = [\"not-null\", \"comment\"]", false),
        ("lacks = \"default\"", false),
        ("direction = \"downgrade\"", false),
        ("paths = [\"alembic/versions/r1.py\"]", true),
        ("paths = [\"old/*\"]", false),
        ("since = \"r1\"", false),
    ] {
        let all = found(&rule(&format!("on = \"add-column\"\n{keys}")), &[add]);
        assert_eq!(all.len(), usize::from(is), "{keys}: {all:?}");
        if is {
            assert_eq!(all, ["house-x: found app.t a ? varchar(20)"]);
        }
    }
    assert_eq!(found(&rule("on = \"drop-column\"\ndirection = \"both\""), &[add]), ["house-x: found app.t a ? ?"]);
}

#[test]
fn they_are_rules_like_any_other() {
    let config = rule("on = \"drop-table\"\nseverity = \"error\"\nhelp = \"keep {table}\"");
    let body = "def upgrade():\n    op.drop_table(\"t\")\n\n\ndef downgrade():\n    pass\n";
    let folder = project(&config, &[body]);
    let run = |arguments: &[&str]| {
        let output = limbeck(folder.path(), arguments);
        (text(&output.stdout) + &text(&output.stderr), output.status.code())
    };
    let (said, code) = run(&["check", "--format", "concise"]);
    assert!(said.contains("r1.py:9:19: error[house-x] found t ? ? ?") && code == Some(1), "{said}");
    assert!(run(&["rules", "house"]).0.starts_with("house-x  error    custom\n    found the table the column"));
    assert!(run(&["rules", "--group", "custom", "--format", "json"]).0.contains("\"name\": \"house-x\""));
    assert!(run(&["explain", "house-x"]).0.contains("## Instead\n\nkeep {table}\n"));
    let sarif: Value =
        serde_json::from_str(&text(&limbeck(folder.path(), &["check", "--format", "sarif"]).stdout)).unwrap();
    let run_of = &sarif["runs"][0];
    let results = run_of["results"].as_array().unwrap();
    let result = results.iter().find(|it| it["ruleId"] == "house-x").unwrap();
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run_of["tool"]["driver"]["rules"][index]["id"], "house-x");
    assert!(!run(&["check", "--ignore", "house-x"]).0.contains("house-x"));
    assert!(!run(&["check", "--ignore", "custom"]).0.contains("house-x"));
    assert!(!run(&["check", "--select", "missing-downgrade"]).0.contains("house-x"));
    let with = |more: &str| fs::write(folder.path().join("limbeck.toml"), format!("{more}\n{config}\n")).unwrap();
    with("[severity]\nhouse-x = \"note\"");
    assert!(run(&["check", "--format", "concise"]).0.contains("note[house-x]"));
    with("[per-file-ignores]\n\"*.py\" = [\"custom\"]");
    assert!(!run(&["check"]).0.contains("house-x"));
    with("");
    let silenced = body.replace("op.drop", "# limbeck: ignore[house-x] it is empty\n    op.drop");
    fs::write(folder.path().join("alembic/versions/r1.py"), revision(1, &silenced)).unwrap();
    let (said, _) = run(&["check"]);
    assert!(!said.contains("house-x") && !said.contains("unused-suppression"), "{said}");
    fs::write(folder.path().join("alembic/versions/r1.py"), revision(1, body)).unwrap();
    run(&["baseline"]);
    assert!(!run(&["check", "--baseline", "limbeck-baseline.json"]).0.contains("error[house-x]"));
}

#[test]
fn mistakes_are_told_with_their_place() {
    let body = "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n";
    let long = format!("on = \"insert\"\ntable = \"{}\"", "*a".repeat(101));
    for (keys, said) in [
        ("on = \"drop-tabel\"", "there is no operation `drop-tabel`"),
        ("on = \"insert\"\nhas = \"prmary-key\"", "`primary-key` is the nearest"),
        ("on = \"insert\"\ntabel = \"x\"", "there is no key `tabel`"),
        ("on = \"insert\"\ntable = \"[\"", "this is no glob"),
        ("on = \"insert\"\nhelp = \"{tabel}\"", "there is no word `tabel`"),
        ("on = \"insert\"\nseverity = \"off\"", "there is no severity `off`"),
        ("", "this rule has no `on`"),
        (long.as_str(), "longer than 200 bytes"),
        (
            "on = \"insert\"\n[[custom]]\nname = \"house-x\"\nmessage = \"y\"\non = \"insert\"",
            "there are two rules `house-x`",
        ),
        ("on = \"insert\"\n[[custom]]\nname = \"no-x\"\nmessage = \"y\"\non = \"insert\"", "`no-x` is no name such as"),
    ] {
        let folder = project(&rule(keys), &[body]);
        let output = limbeck(folder.path(), &["check"]);
        let told = text(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(said) && told.contains("limbeck.toml:"), "{keys}: {told}");
        assert_eq!(output.status.code(), Some(2));
    }
    let many =
        (0..201).map(|it| rule("on = \"insert\"\n").replace("house-x", &format!("house-{it}"))).collect::<String>();
    let output = limbeck(project(&many, &[body]).path(), &["check"]);
    assert!(text(&output.stderr).contains("no more than 200"), "{output:?}");
}

/// Words of a configuration get into every format as words.
#[test]
fn hostile_words_stay_words() {
    let config = "[[custom]]\nname = \"house-x\"\nmessage = \"\\u001b[2J ::error::{table} </script> {{column}} ##[x]\"\non = \"drop-table\"\n";
    let folder =
        project(config, &["def upgrade():\n    op.drop_table(\"{column}\")\n\n\ndef downgrade():\n    pass\n"]);
    for format in ["human", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit", "markdown", "rdjson"] {
        let out = text(&limbeck(folder.path(), &["check", "--format", format]).stdout);
        assert!(out.contains("{column}") || out.contains("&#123;column&#125;"), "{format}: {out}");
        assert!(!out.contains('\u{1b}'), "{format}: {out}");
        let commands = out.lines().filter(|it| it.trim_start().starts_with("::error::")).count();
        assert_eq!(commands, 0, "{format}: {out}");
    }
}
