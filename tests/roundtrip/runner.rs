//! The project's own Alembic as the runner: for all revisions, or for those that are not known in full.

use super::{HEAD, add, command, found, outcomes, programs, report, servers};
use serde_json::Value;
use std::{
    env, fs,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

const ENV: &str = "import os\n\nfrom alembic import context\nfrom sqlalchemy import create_engine, pool\n\n\
                   engine = create_engine(os.environ['DATABASE_URL'], poolclass=pool.NullPool)\n\
                   with engine.connect() as connection:\n    context.configure(connection=connection)\n    \
                   with context.begin_transaction():\n        context.run_migrations()\n";

/// How Alembic is called; without the environment that `make test` makes there is none.
fn alembic() -> Option<String> {
    let python = env::current_dir().unwrap().join(".venv/bin/python");
    assert!(python.exists() || env::var_os("CI").is_none(), "there is no Alembic");
    if !python.exists() {
        eprintln!("left out: there is no Alembic");
        return None;
    }
    Some(format!("{} -m alembic", python.display()))
}

/// A project with an environment and its settings.
fn project(bodies: &[&str], environment: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    add(folder.path(), bodies);
    fs::write(folder.path().join("alembic/env.py"), environment).unwrap();
    fs::write(folder.path().join("alembic.ini"), "[alembic]\nscript_location = %(here)s/alembic\n").unwrap();
    folder
}

/// Which way of which revision Alembic has run.
fn by_alembic(report: &Value) -> Vec<String> {
    let all = report["roundtrip"][0]["alembic"].as_array().unwrap().iter();
    all.map(|it| format!("{} {}", it["revision"].as_str().unwrap(), it["direction"].as_str().unwrap())).collect()
}

#[test]
fn what_is_not_known_is_run_by_alembic() {
    let folder = project(
        &[
            "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer()))\n    \
             op.execute('INSERT INTO t VALUES (7)')\n\n\ndef downgrade():\n    op.drop_table('t')\n",
            "def upgrade():\n    for row in op.get_bind().execute(sa.text('SELECT id FROM t')):\n        \
             op.execute(f'ALTER TABLE t ADD COLUMN c{row.id} text')\n\n\n\
             def downgrade():\n    op.drop_column('t', 'c7')\n",
            "def upgrade():\n    op.alter_column('t', 'c7', new_column_name='b')\n\n\n\
             def downgrade():\n    op.alter_column('t', 'b', new_column_name='c7')\n",
            "def upgrade():\n    for row in op.get_bind().execute(sa.text('SELECT id FROM t')):\n        \
             op.execute(f'UPDATE missing SET id = {row.id}')\n\n\ndef downgrade():\n    pass\n",
            "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n",
        ],
        ENV,
    );
    let Some(alembic) = alembic() else { return };
    let arguments = ["--runner", "auto", "--alembic-command", &alembic];
    let Some(report) = report(folder.path(), &arguments) else { return };
    assert_eq!(found(&report), [("r4.py".to_owned(), HEAD + 3, "failing-statement".to_owned())], "{report}");
    assert_eq!(by_alembic(&report), ["r2 upgrade", "r4 upgrade"]);
    let told = &report["findings"][0];
    assert!(told["message"].as_str().unwrap().contains("\"missing\" does not exist"), "{told}");
    assert_eq!(told["sql"], "UPDATE missing SET id = 7", "{told}");
    assert_eq!(report["roundtrip"][0]["tests"][1]["detail"], "3 of 5 revisions up, down and up");
}

/// Two branches and what brings them together: a step down takes one branch only.
#[test]
fn alembic_runs_everything_where_it_is_told_to() {
    let body = |name: &str| {
        format!(
            "def upgrade():\n    op.create_table('{name}', sa.Column('id', sa.Integer()))\n\n\n\
             def downgrade():\n    op.drop_table('{name}')\n"
        )
    };
    let bodies =
        [body("a"), body("b"), body("c"), "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n".to_owned()];
    let folder = project(&bodies.each_ref().map(String::as_str), ENV);
    let Some(alembic) = alembic() else { return };
    let change = |file: &str, from: &str, to: &str| {
        let path = folder.path().join("alembic/versions").join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace(from, to)).unwrap();
    };
    change("r3.py", "down_revision = \"r2\"", "down_revision = \"r1\"");
    change("r4.py", "down_revision = \"r3\"", "down_revision = (\"r2\", \"r3\")");
    let Some(report) = report(folder.path(), &["--runner", "alembic", "--alembic-command", &alembic]) else { return };
    assert_eq!(found(&report), [], "{report}");
    assert!(outcomes(&report).values().all(|it| it == "passed"), "{report}");
    assert_eq!(by_alembic(&report).len(), 8);
    assert_eq!(report["summary"]["statements"], 0);
}

/// Runs it on a project; the answer is its exit code and all that it says.
fn said(folder: &Path, arguments: &[&str]) -> Option<(Option<i32>, String)> {
    let mut command = command(&[&[folder.to_str().unwrap(), "--runner", "alembic"], arguments].concat())?;
    command.env("DATABASE_URL", "postgresql+psycopg2://me:secret@127.0.0.1:1/real");
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    Some((status.code(), text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" │ ", " ")))
}

/// Before it is run, Alembic has to show that it goes to the scratch database.
#[test]
fn an_environment_that_goes_elsewhere_is_not_run() {
    let body = "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n";
    let Some(alembic) = alembic() else { return };
    let named = ["--alembic-command", alembic.as_str()];
    let elsewhere = project(&[body], ENV);
    let Some((code, text)) = said(elsewhere.path(), &[&named[..], &["--env-var", "OTHER"]].concat()) else { return };
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("Alembic cannot be run") && !text.contains("secret"), "{text}");
    let nowhere = project(&[body], "");
    let (code, text) = said(nowhere.path(), &named).unwrap();
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("Alembic does not connect to the database"), "{text}");
    let slow = project(&[body], "import subprocess\n\nsubprocess.run(['sleep', '60'])\n");
    let (code, text) = said(slow.path(), &[&named[..], &["--alembic-timeout", "2"]].concat()).unwrap();
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("it has not ended after 2 seconds"), "{text}");
    let (code, text) = said(slow.path(), &["--alembic-command", "/nowhere/python -m alembic"]).unwrap();
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("`/nowhere/python` cannot be run"), "{text}");
}

/// Real Alembic with an environment of ours, loaded once for all calls: by itself it takes longer to load than to run.
struct Loaded {
    process: Child,
    folder: tempfile::TempDir,
}

impl Loaded {
    fn start() -> Option<Self> {
        alembic()?;
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let mut command = Command::new(".venv/bin/python");
        command.args(["tests/witness/command.py", "--serve"]).arg(&socket).stdin(Stdio::piped());
        let process = command.spawn().unwrap();
        let loaded = Self { process, folder };
        while UnixStream::connect(&socket).is_err() {
            thread::sleep(Duration::from_millis(20));
        }
        Some(loaded)
    }

    /// `--alembic-command` for the script folder of a sample, where each revision has a transaction of its own.
    fn command(&self, folder: &Path) -> String {
        let here = env::current_dir().unwrap();
        let (socket, folder, here) = (self.folder.path().join("s"), here.join(folder), here.display());
        let (socket, folder) = (socket.display(), folder.display());
        format!("{here}/.venv/bin/python -IS {here}/tests/witness/asked.py {socket} --folder {folder} --per-migration")
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The sample histories, and how many revisions they have.
const SAMPLES: [(&str, usize); 5] = [
    ("genji/api/alembic", 25),
    ("knowledge-extraction/src/alembic", 12),
    ("library/app/storage/migrations", 15),
    ("org-archivist/backend/alembic", 14),
    ("schema-baseline/alembic", 11),
];

#[test]
fn the_healthy_histories_pass_every_test_by_alembic_too() {
    if programs().is_none() {
        return;
    }
    let Some(loaded) = Loaded::start() else { return };
    let run = |programs: &Path| {
        for (folder, count) in SAMPLES {
            let folder = Path::new("migrations").join(folder);
            let alembic = loaded.command(&folder);
            let bin = programs.to_str().unwrap();
            let arguments = ["--runner", "alembic", "--alembic-command", &alembic, "--postgres-bin", bin];
            let report = report(&folder, &arguments).unwrap();
            let told = format!("{} on {bin}: {report}", folder.display());
            assert_eq!(found(&report), [], "{told}");
            assert!(outcomes(&report).values().all(|it| it == "passed"), "{told}");
            assert_eq!(report["roundtrip"][0]["skipped"], Value::Array(Vec::new()), "{told}");
            // It was Alembic that ran them, both ways, and nobody else.
            assert_eq!(
                (by_alembic(&report).len(), &report["summary"]["statements"]),
                (2 * count, &Value::from(0)),
                "{told}"
            );
        }
    };
    thread::scope(|scope| {
        for programs in servers() {
            let run = &run;
            scope.spawn(move || run(&programs));
        }
    });
}
