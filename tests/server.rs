//! The language server, spoken to as an editor does.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::needless_pass_by_value, reason = "messages are written where they are sent")]

use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};
use tempfile::TempDir;

struct Editor {
    folder: TempDir,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    next: i64,
    /// How often the diagnostics of a file came.
    sent: BTreeMap<String, usize>,
}

const SECOND: &str = "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"b2\"\ndown_revision = \"a1\"\n\n\n\
    def upgrade():\n    op.execute(\"SELECT '😀'\"); op.create_index(\"ix_größe\", \"users\", [\"größe\"])\n\n\n\
    def downgrade():\n    op.execute(\n        \"\"\"\n        DROP INDEX ix_größe\n        \"\"\"\n    )\n";

impl Editor {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let versions = folder.path().join("m/versions");
        fs::create_dir_all(&versions).unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        fs::write(folder.path().join("m/env.py"), "").unwrap();
        let first = "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"a1\"\ndown_revision = None\n\n\n\
            def upgrade():\n    op.create_table(\"users\", sa.Column(\"größe\", sa.Text()))\n\n\n\
            def downgrade():\n    op.drop_table(\"users\")\n";
        fs::write(versions.join("a1.py"), first).unwrap();
        fs::write(versions.join("b2.py"), SECOND).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_limbeck"))
            .arg("server")
            .current_dir("/")
            .env("XDG_CACHE_HOME", folder.path().join("cache"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut editor = Self { folder, child, stdin, stdout, next: 0, sent: BTreeMap::new() };
        let root = format!("file://{}", editor.folder.path().canonicalize().unwrap().display());
        let answer = editor.ask("initialize", json!({ "capabilities": {}, "rootUri": root, "processId": null }));
        assert_eq!(answer["capabilities"]["hoverProvider"], true);
        editor.tell("initialized", json!({}));
        editor
    }

    fn uri(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().canonicalize().unwrap().join("m/versions").join(name);
        format!("file://{}", path.display())
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.stdin, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.stdin.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "the server is gone");
            if line.trim().is_empty() {
                break;
            }
            if let Some(number) = line.strip_prefix("Content-Length: ") {
                length = number.trim().parse().unwrap();
            }
        }
        let mut text = vec![0; length];
        self.stdout.read_exact(&mut text).unwrap();
        let message: Value = serde_json::from_slice(&text).unwrap();
        if message["method"] == "textDocument/publishDiagnostics" {
            *self.sent.entry(message["params"]["uri"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        message
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.read();
            if message["id"] == id {
                assert!(message["error"].is_null(), "{message}");
                return message["result"].clone();
            }
        }
    }

    /// The next diagnostics of a file.
    fn told(&mut self, name: &str) -> Vec<Value> {
        let uri = self.uri(name);
        loop {
            let message = self.read();
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri {
                return message["params"]["diagnostics"].as_array().unwrap().clone();
            }
        }
    }

    fn change(&mut self, name: &str, text: &str) {
        let uri = self.uri(name);
        let params = json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [{ "text": text }] });
        self.tell("textDocument/didChange", params);
    }

    fn close(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        assert!(self.child.wait().unwrap().success());
    }
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|it| it["code"].as_str().unwrap()).collect()
}

#[test]
fn what_is_wrong_is_told_as_one_types() {
    let mut editor = Editor::open();
    let told = editor.told("b2.py");
    assert_eq!(codes(&told), ["non-concurrent-index", "non-concurrent-index-drop"], "{told:?}");
    // Columns are UTF-16 units: the smiley counts two.
    let line = SECOND.lines().nth(8).unwrap();
    let before = line.split("\"ix_").next().unwrap().encode_utf16().count();
    assert_eq!(told[0]["range"]["start"], json!({ "line": 8, "character": before }), "{}", told[0]);

    let uri = editor.uri("b2.py");
    let opened = json!({ "textDocument": { "uri": uri, "languageId": "python", "version": 1, "text": SECOND } });
    editor.tell("textDocument/didOpen", opened);
    // Nothing of this is on the disk.
    editor.change("b2.py", &SECOND.replace("op.create_index", "print"));
    assert_eq!(codes(&editor.told("b2.py")), ["non-concurrent-index-drop"]);
    editor.change("b2.py", &SECOND.replace("def upgrade():", "def upgrade(:"));
    assert!(codes(&editor.told("b2.py")).contains(&"python-syntax"));
    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(codes(&editor.told("b2.py")), ["non-concurrent-index", "non-concurrent-index-drop"]);
    editor.close();
}

#[test]
fn a_finding_leads_to_the_document_of_its_rule() {
    let mut editor = Editor::open();
    let told = editor.told("b2.py");
    let link = told[0]["codeDescription"]["href"].as_str().unwrap();
    let document = fs::read_to_string(link.strip_prefix("file://").unwrap()).unwrap();
    assert_eq!(document, fs::read_to_string("rules/non-concurrent-index.md").unwrap());
    editor.close();
}

#[test]
fn what_is_shown_already_is_not_sent_again() {
    let mut editor = Editor::open();
    editor.told("b2.py");
    let other = SECOND.replace("ix_", "iy_");
    editor.change("b2.py", &other);
    editor.told("b2.py");
    // Nothing of what is wrong, and of where it stands, is another now.
    editor.change("b2.py", &format!("{other}\n\n"));
    let answer = editor.ask(
        "textDocument/hover",
        json!({ "textDocument": { "uri": editor.uri("b2.py") },
        "position": { "line": 1, "character": 0 } }),
    );
    assert!(answer.is_null());
    assert_eq!(editor.sent.get(&editor.uri("b2.py")), Some(&2), "{:?}", editor.sent);
    editor.close();
}

#[test]
fn a_call_says_what_it_sends() {
    let mut editor = Editor::open();
    editor.told("b2.py");
    let uri = editor.uri("b2.py");
    let hover = editor.ask(
        "textDocument/hover",
        json!({ "textDocument": { "uri": uri }, "position": { "line": 14, "character": 12 } }),
    );
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("DROP INDEX") && text.contains("# non-concurrent-index-drop"), "{text}");
    assert!(text.contains("- `ACCESS EXCLUSIVE` on `users`") && text.contains("reads, writes"), "{text}");
    let nothing = editor.ask(
        "textDocument/hover",
        json!({ "textDocument": { "uri": uri }, "position": { "line": 1, "character": 0 } }),
    );
    assert!(nothing.is_null(), "{nothing}");
    editor.close();
}

#[test]
fn a_comment_that_suppresses_stands_where_it_is_heard() {
    let mut editor = Editor::open();
    let told = editor.told("b2.py");
    let uri = editor.uri("b2.py");
    for (diagnostic, line) in [(&told[0], 8), (&told[1], 12)] {
        let actions = editor.ask(
            "textDocument/codeAction",
            json!({ "textDocument": { "uri": uri }, "range": diagnostic["range"], "context": { "diagnostics": [] } }),
        );
        let silencing = |it: &&Value| it["title"].as_str().unwrap().starts_with("Suppress");
        let mut silent = actions.as_array().unwrap().iter().filter(silencing);
        let (action, None) = (silent.next().unwrap(), silent.next()) else { unreachable!("{actions}") };
        let edit = &action["edit"]["changes"][&uri][0];
        assert_eq!(edit["range"]["start"], json!({ "line": line, "character": 0 }), "above the call, not in its text");
        let mut lines: Vec<&str> = SECOND.lines().collect();
        let comment = edit["newText"].as_str().unwrap();
        assert!(comment.starts_with("    # limbeck: ignore["), "{comment}");
        lines.insert(usize::try_from(line).unwrap(), comment.trim_end());
        editor.change("b2.py", &format!("{}\n", lines.join("\n")));
        let left = editor.told("b2.py");
        assert_eq!(left.len(), 1, "{left:?}");
        assert_ne!(left[0]["code"], diagnostic["code"]);
        editor.change("b2.py", SECOND);
        editor.told("b2.py");
    }
    editor.close();
}

#[test]
fn a_fix_is_offered_where_it_holds() {
    let mut editor = Editor::open();
    let told = editor.told("b2.py");
    let uri = editor.uri("b2.py");
    let fixes = |editor: &mut Editor, range: &Value| {
        let context = json!({ "diagnostics": [] });
        let params = json!({ "textDocument": { "uri": uri }, "range": range, "context": context });
        let actions = editor.ask("textDocument/codeAction", params).as_array().unwrap().clone();
        actions.into_iter().filter(|it| it["title"].as_str().unwrap().starts_with("Fix")).collect::<Vec<_>>()
    };
    // Two statements stand on one line: none of them can be moved.
    assert!(fixes(&mut editor, &told[0]["range"]).is_empty());
    let offered = fixes(&mut editor, &told[1]["range"]);
    let [fix] = offered.as_slice() else { unreachable!("{offered:?}") };
    assert_eq!(fix["title"], "Fix `non-concurrent-index-drop`");
    // From the last to the first, so that the places of the others stay; this file has one byte for each unit there.
    let mut lines: Vec<String> = SECOND.lines().map(str::to_owned).collect();
    for edit in fix["edit"]["changes"][&uri].as_array().unwrap().iter().rev() {
        let at = |end: &str| {
            ["line", "character"].map(|it| usize::try_from(edit["range"][end][it].as_u64().unwrap()).unwrap())
        };
        let ([line, from], [_, to]) = (at("start"), at("end"));
        lines[line].replace_range(from..to, edit["newText"].as_str().unwrap());
    }
    editor.change("b2.py", &format!("{}\n", lines.join("\n")));
    let left = editor.told("b2.py");
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["code"], told[0]["code"]);
    editor.close();
}

#[test]
fn what_is_no_message_does_not_break_it() {
    let mut editor = Editor::open();
    editor.tell("textDocument/didChange", json!({ "nonsense": 1 }));
    editor.tell("unheard/of", json!(null));
    editor.next += 1;
    let id = editor.next;
    editor.send(&json!({ "jsonrpc": "2.0", "id": id, "method": "textDocument/rename", "params": {} }));
    loop {
        let message = editor.read();
        if message["id"] == id {
            assert!(message["error"].is_object(), "{message}");
            break;
        }
    }
    editor.close();
}
