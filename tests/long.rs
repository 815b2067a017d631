//! What a check of a long history holds at most.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![cfg(target_os = "linux")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// Bytes for each revision.
const LIMIT: usize = 27_000;

/// The bytes that a check of so many revisions holds at most; each makes a table with an index, and works on the one before.
fn held_by_a_check(folder: &Path, revisions: usize) -> usize {
    let versions = folder.join("versions");
    fs::create_dir_all(&versions).unwrap();
    fs::write(folder.join("env.py"), "").unwrap();
    for n in 0..revisions {
        let (parent, more) = match n.checked_sub(1) {
            None => ("None".to_owned(), String::new()),
            Some(last) => (
                format!("\"r{last}\""),
                format!(
                    "    op.add_column(\"t{last}\", sa.Column(\"flag{n}\", sa.Boolean()))\n    \
                     op.execute(\"UPDATE t{last} SET flag{n} = name <> '' WHERE flag{n} IS NULL\")\n"
                ),
            ),
        };
        let text = format!(
            "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"r{n}\"\ndown_revision = {parent}\n\n\n\
             def upgrade():\n    op.create_table(\n        \"t{n}\",\n        sa.Column(\"id\", sa.Integer(), nullable=False),\n        \
             sa.Column(\"name\", sa.String(80), server_default=\"\"),\n        \
             sa.Column(\"made\", sa.DateTime(timezone=True), server_default=sa.func.now()),\n        \
             sa.PrimaryKeyConstraint(\"id\"),\n    )\n    op.create_index(op.f(\"ix_t{n}_name\"), \"t{n}\", [\"name\"])\n{more}\n\n\
             def downgrade():\n    op.drop_table(\"t{n}\")\n"
        );
        fs::write(versions.join(format!("r{n:05}.py")), text).unwrap();
    }
    let mut check = Command::new(env!("CARGO_BIN_EXE_limbeck"))
        .args(["check", "--no-config", "--fail-on", "never", "--format", "json"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The high-water mark only rises: the last one that is seen is near the highest.
    let (status, mut most) = (format!("/proc/{}/status", check.id()), 0);
    while check.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|it| it.strip_prefix("VmHWM:")).and_then(|it| it.trim().strip_suffix(" kB"));
        most = most.max(mark.and_then(|it| it.parse::<usize>().ok()).unwrap_or(0) * 1024);
        thread::sleep(Duration::from_millis(1));
    }
    assert!(check.wait().unwrap().success());
    most
}

#[test]
fn what_a_history_takes_grows_with_its_length_and_not_faster_than_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let (few, many) = (400, 2000);
    let [least, most] =
        [few, many].map(|revisions| held_by_a_check(&folder.path().join(revisions.to_string()), revisions));
    let each = most.saturating_sub(least) / (many - few);
    assert!(each < LIMIT, "{each} bytes for each revision: {least} for {few}, {most} for {many}");
}
