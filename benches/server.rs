//! How long an editor waits for what is wrong after a key was pressed: the pause of the server, and a check of the
//! whole history in which one revision is another one.
//!
//! `HISTORY=path/to/versions cargo bench --bench server` does so in the checkout of a real history.
#![expect(missing_docs, clippy::unwrap_used, reason = "criterion's macros have no documentation; a bench may panic")]

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

struct Editor {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Editor {
    fn open(root: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_limbeck"))
            .arg("server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut editor = Self { child, stdin, stdout };
        let params = json!({ "capabilities": {}, "rootUri": format!("file://{}", root.display()) });
        editor.send(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }));
        editor.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.stdin, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.stdin.flush().unwrap();
    }

    /// Types a text, and reads until the file is spoken of.
    fn types(&mut self, uri: &str, text: &str) {
        let params = json!({ "textDocument": { "uri": uri }, "contentChanges": [{ "text": text }] });
        self.send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didChange", "params": params }));
        loop {
            let message = self.read();
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri {
                return;
            }
        }
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "the server is gone");
            match line.strip_prefix("Content-Length: ") {
                Some(number) => length = number.trim().parse().unwrap(),
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut text = vec![0; length];
        self.stdout.read_exact(&mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}

/// A history of so many revisions, each with a table, a column and a backfill.
fn made(root: &Path, revisions: usize) -> PathBuf {
    let versions = root.join("m/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::create_dir(root.join(".git")).unwrap();
    fs::write(root.join("m/env.py"), "").unwrap();
    for n in 0..revisions {
        let parent = if n == 0 { "None".to_owned() } else { format!("\"r{}\"", n - 1) };
        let table = n.saturating_sub(1);
        let text = format!(
            "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"r{n}\"\ndown_revision = {parent}\n\n\n\
             def upgrade():\n    op.create_table(\"t{n}\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n    \
             op.add_column(\"t{table}\", sa.Column(\"c{n}\", sa.Text()))\n    \
             op.execute(\"UPDATE t{table} SET c{n} = '' WHERE c{n} IS NULL\")\n\n\n\
             def downgrade():\n    op.drop_column(\"t{table}\", \"c{n}\")\n    op.drop_table(\"t{n}\")\n"
        );
        fs::write(versions.join(format!("r{n:03}.py")), text).unwrap();
    }
    versions
}

fn after_a_key(criterion: &mut Criterion) {
    let folder = env::temp_dir().join(format!("limbeck-bench-{}", std::process::id()));
    let (name, versions) = match env::var("HISTORY") {
        Ok(versions) => (versions.clone(), PathBuf::from(versions)),
        Err(_) => ("500 revisions".to_owned(), made(&folder, 500)),
    };
    let versions = versions.canonicalize().unwrap();
    let root = versions.ancestors().find(|it| it.join(".git").exists()).unwrap_or(&versions);
    let mut files: Vec<PathBuf> = fs::read_dir(&versions).unwrap().map(|it| it.unwrap().path()).collect();
    files.retain(|it| it.extension().is_some_and(|it| it == "py"));
    files.sort();
    let file = &files[files.len() / 2];
    let text = fs::read_to_string(file).unwrap();
    let uri = format!("file://{}", file.display());
    // A comment without a reason is told of: each text has another answer than the one before.
    let texts = [format!("{text}\n# limbeck: ignore[missing-downgrade]\n"), text];
    let mut editor = Editor::open(root);
    editor.types(&uri, &texts[0]);
    editor.types(&uri, &texts[1]);
    let mut at = 0;
    let mut group = criterion.benchmark_group("server");
    group.sample_size(20).measurement_time(Duration::from_secs(5));
    group.bench_function(format!("after a key, {name}"), |bench| {
        bench.iter(|| {
            editor.types(&uri, &texts[at % 2]);
            at += 1;
        });
    });
    group.finish();
    editor.child.kill().unwrap();
    editor.child.wait().unwrap();
    let _ = fs::remove_dir_all(folder);
}

criterion_group!(benches, after_a_key);
criterion_main!(benches);
