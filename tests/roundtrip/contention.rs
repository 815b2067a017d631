//! `--contention`: how long others wait while a revision is run.

use super::{HEAD, command, found, history, outcomes, report};
use serde_json::Value;
use std::fs;

const BODIES: [&str; 5] = [
    "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('a', sa.Text()), \
     sa.Column('kind', sa.String(3), sa.CheckConstraint(\"kind IN ('new', 'old')\")))\n    \
     op.create_table('small', sa.Column('id', sa.SmallInteger(), primary_key=True))\n\n\n\
     def downgrade():\n    op.drop_table('small')\n    op.drop_table('t')\n",
    "def upgrade():\n    with op.get_context().autocommit_block():\n        \
     op.create_index('i', 't', ['a'], postgresql_concurrently=True)\n\n\ndef downgrade():\n    op.drop_index('i')\n",
    "def upgrade():\n    op.create_index('j', 't', ['a'])\n\n\ndef downgrade():\n    op.drop_index('j')\n",
    "def upgrade():\n    op.add_column('t', sa.Column('b', sa.Text()))\n    \
     op.add_column('small', sa.Column('b', sa.Text()))\n\n\n\
     def downgrade():\n    op.drop_column('small', 'b')\n    op.drop_column('t', 'b')\n",
    "def upgrade():\n    op.execute(\"ALTER TABLE t ADD CHECK (kind = 'new' AND b IS NOT NULL)\")\n\n\n\
     def downgrade():\n    op.drop_constraint('t_check', 't')\n",
];

/// The wait of a revision's readers and writers of `t`, in milliseconds.
fn waits(report: &Value, revision: &str) -> (u64, u64) {
    let all = report["roundtrip"][0]["contention"].as_array().unwrap();
    let it = all.iter().find(|it| it["revision"] == revision && it["table"] == "t").unwrap();
    assert!(it["rows"].as_u64() > Some(50_000) && it["scan_milliseconds"].as_u64() >= Some(400), "{it}");
    (it["read_milliseconds"].as_u64().unwrap(), it["write_milliseconds"].as_u64().unwrap())
}

#[test]
fn an_index_that_is_built_at_work_is_told_from_one_that_stops_it() {
    let folder = history(&BODIES);
    let Some(report) = report(folder.path(), &["--contention=400"]) else { return };
    assert_eq!(found(&report), [("r3.py".to_owned(), HEAD + 2, "blocked-traffic".to_owned())], "{report}");
    let (concurrent, plain, brief) = (waits(&report, "r2"), waits(&report, "r3"), waits(&report, "r4"));
    assert!(concurrent.0.max(concurrent.1) < 200 && brief.0.max(brief.1) < 200, "{report}");
    // Reads go on beside SHARE, writes wait for it.
    assert!(plain.0 < 200 && plain.1 > 200, "{report}");
    assert!(report["findings"][0]["message"].as_str().unwrap().starts_with("writes of `t` waited "), "{report}");
    let all = report["roundtrip"][0]["contention"].as_array().unwrap();
    let note = |revision: &str, table: &str| {
        let it = all.iter().find(|it| it["revision"] == revision && it["table"] == table);
        it.unwrap_or_else(|| panic!("{report}"))["note"].as_str().unwrap_or_default()
    };
    // What cannot be as long as was asked for is told, and what cannot be measured.
    assert!(note("r4", "small").starts_with("it is shorter than was wanted"), "{report}");
    assert!(note("r5", "").starts_with("it is refused on rows"), "{report}");
    assert_eq!(outcomes(&report)["contention"], "failed");
    assert_eq!(outcomes(&report)["stairs"], "passed");
}

/// Every format says what was measured, or what was found.
#[test]
fn every_format_speaks_of_it() {
    let folder = history(&BODIES[..3]);
    let formats = ["human", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown", "rdjson"];
    let path = folder.path().to_str().unwrap();
    let Some(mut command) = command(&[path, "--since", "r2", "--contention=40"]) else { return };
    for format in formats {
        command.args(["--format", &format!("{format}={path}/{format}.out")]);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    for format in formats {
        let text = fs::read_to_string(folder.path().join(format!("{format}.out"))).unwrap();
        assert!(text.contains("blocked-traffic") && text.contains("waited"), "{format}: {text}");
    }
}
