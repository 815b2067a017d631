//! One report through every format: the same findings in each, and nothing in the checked files that breaks out.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const FORMATS: [&str; 10] =
    ["human", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit", "markdown", "rdjson"];

/// What is tried by somebody who wants out.
const HOSTILE: &str = "x|`*_</code></details></script><script>alert(1)</script><img src=x onerror=alert(1)>\u{1b}[31m\u{9b}31m\
    \u{202e}::error file=a::b%0A::error::c##[error]d ```\n```\n::error::e\n]]>--><!--\"'&lt; @everyone #1 \
    [x](javascript:alert(1)) https://evil.example www.evil.example end\"];click h0n0 call";

/// The same for a name, of which PostgreSQL keeps 63 bytes.
const SHORT: &str = "x|`<script>a(1)</script>@me\n::error::##[e]d\u{1b}[31m";

/// A finding as far as every format tells it: rule, file, line.
type Told = (String, String, u64);

/// Checks a folder once, through all formats.
fn written(folder: &Path) -> BTreeMap<&'static str, String> {
    let out = tempfile::tempdir().unwrap();
    let file = |format: &str| -> PathBuf { out.path().join(format) };
    let mut command = Command::new(env!("CARGO_BIN_EXE_limbeck"));
    command.args(["check", "--fail-on", "never", "."]).current_dir(folder);
    for format in FORMATS {
        command.arg("--format").arg(format!("{format}={}", file(format).display()));
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}: {}", folder.display(), String::from_utf8_lossy(&output.stderr));
    FORMATS.iter().map(|format| (*format, fs::read_to_string(file(format)).unwrap())).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// A path of the JSON report, which is seen from the folder, as the others write it, from the root.
fn rooted(path: &str, prefix: &str) -> String {
    if prefix.is_empty() { path.to_owned() } else { format!("{prefix}/{path}") }
}

fn of_json(finding: &Value, prefix: &str) -> Option<Told> {
    let told = (text(&finding["rule"]), rooted(&text(&finding["file"]), prefix), finding["line"].as_u64().unwrap());
    (finding["suppressed"] == false).then_some(told)
}

/// In one order; a control character of a path may be shown by its picture.
fn sorted(mut all: Vec<Told>) -> Vec<Told> {
    for (_, file, _) in &mut all {
        *file = file.replace('\u{1b}', "\u{241b}");
    }
    all.sort();
    all
}

fn of_sarif(log: &str) -> Vec<Told> {
    let log: Value = serde_json::from_str(log).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let shown = results.iter().filter(|it| it["suppressions"].as_array().unwrap().is_empty());
    let told = |it: &Value| {
        let place = &it["locations"][0]["physicalLocation"];
        let uri = decoded(&text(&place["artifactLocation"]["uri"]));
        (text(&it["ruleId"]), uri, place["region"]["startLine"].as_u64().unwrap())
    };
    shown.map(told).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex: String = rest.by_ref().take(2).map(char::from).collect();
            bytes.push(u8::from_str_radix(&hex, 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn of_github(commands: &str) -> Vec<Told> {
    let line = |line: &str| {
        let (command, _) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (kind, properties) = command.split_once(' ').unwrap();
        assert!(["error", "warning", "notice"].contains(&kind), "{line}");
        let properties: BTreeMap<&str, String> =
            properties.split(',').map(|it| it.split_once('=').unwrap()).map(|(k, v)| (k, decoded(v))).collect();
        (properties["title"].clone(), properties["file"].replace('\u{200b}', ""), properties["line"].parse().unwrap())
    };
    commands.lines().map(line).collect()
}

fn of_junit(document: &str) -> Vec<Told> {
    let document = roxmltree::Document::parse(document).unwrap();
    let cases = document.descendants().filter(|it| it.has_tag_name("testcase") && it.has_attribute("file"));
    let shown = cases.filter(|it| !it.children().any(|child| child.has_tag_name("skipped")));
    let told = |it: roxmltree::Node<'_, '_>| {
        let rule = it.attribute("name").unwrap().split_once(": ").unwrap().0.to_owned();
        (rule, it.attribute("file").unwrap().to_owned(), it.attribute("line").unwrap().parse().unwrap())
    };
    shown.map(told).collect()
}

/// Rows of the table, its entities read.
fn of_markdown(document: &str) -> Vec<Told> {
    let table = document.split("|---|---|---|---|---|\n").nth(1).unwrap_or("");
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let cell = |cell: &str| unescaped(cell.trim().trim_start_matches("<code>").trim_end_matches("</code>"));
    let told = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        assert_eq!(cells.len(), 5, "{line}");
        let place = cell(cells[3]);
        let (file, line) = place.rsplit_once(':').unwrap();
        (cell(cells[1]), file.to_owned(), line.parse().unwrap())
    };
    rows.map(told).collect()
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split("&#");
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let (number, rest) = part.split_once(';').unwrap();
        out.push(char::from_u32(number.parse().unwrap()).unwrap());
        out.push_str(rest);
    }
    out.replace('\u{200b}', "")
}

/// `prefix`: the checked folder as seen from the repository's root.
fn same_in_each(written: &BTreeMap<&str, String>, prefix: &str) -> Vec<Told> {
    let json: Value = serde_json::from_str(&written["json"]).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let told = sorted(findings.iter().filter_map(|it| of_json(it, prefix)).collect());
    let lines: Vec<Value> = written["jsonl"].lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(&lines, findings, "jsonl");
    assert_eq!(sorted(of_sarif(&written["sarif"])), told, "sarif");
    assert_eq!(sorted(of_github(&written["github"])), told, "github");
    assert_eq!(sorted(of_junit(&written["junit"])), told, "junit");
    let gitlab: Value = serde_json::from_str(&written["gitlab"]).unwrap();
    let of = |it: &Value| {
        let place = &it["location"];
        (text(&it["check_name"]), text(&place["path"]), place["lines"]["begin"].as_u64().unwrap())
    };
    assert_eq!(sorted(gitlab.as_array().unwrap().iter().map(of).collect()), told, "gitlab");
    let rdjson: Value = serde_json::from_str(&written["rdjson"]).unwrap();
    let of = |it: &Value| {
        let place = &it["location"];
        (text(&it["code"]["value"]), text(&place["path"]), place["range"]["start"]["line"].as_u64().unwrap())
    };
    assert_eq!(sorted(rdjson["diagnostics"].as_array().unwrap().iter().map(of).collect()), told, "rdjson");
    assert_eq!(written["concise"].lines().count(), told.len(), "concise");
    for (line, (rule, ..)) in written["concise"].lines().zip(by_place(&json)) {
        assert!(line.contains(&format!("[{rule}] ")), "{line} is not about {rule}");
    }
    let titles =
        written["human"].lines().filter(|it| ["error[", "warning[", "note["].iter().any(|word| it.starts_with(word)));
    assert_eq!(titles.count(), told.len(), "human");
    told
}

/// In the order of the report.
fn by_place(json: &Value) -> Vec<Told> {
    json["findings"].as_array().unwrap().iter().filter_map(|it| of_json(it, "")).collect()
}

/// Of the formats that GitHub, GitLab and reviewdog define, the files obey their schemas.
fn is_valid(written: &BTreeMap<&str, String>) {
    for (format, schema) in [
        ("gitlab", include_str!("schema/gitlab-code-quality.json")),
        ("rdjson", include_str!("schema/rdjson.json")),
        ("sarif", include_str!("schema/sarif-2.1.0.json")),
    ] {
        let schema: Value = serde_json::from_str(schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let value: Value = serde_json::from_str(&written[format]).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|it| format!("{} {it}", it.instance_path())).collect();
        assert!(errors.is_empty(), "{format}: {errors:#?}");
        assert!(!validator.is_valid(&serde_json::json!({ "diagnostics": [{}] })), "{format}: the schema refuses");
    }
}

#[test]
fn every_fixture_tells_the_same_in_every_format() {
    let mut seen = 0;
    let mut folders: Vec<PathBuf> = fs::read_dir("fixtures").unwrap().map(|it| it.unwrap().path()).collect();
    folders.sort();
    for folder in folders.iter().filter(|it| it.is_dir()) {
        let written = written(folder);
        let found = same_in_each(&written, folder.to_str().unwrap());
        // The table ends somewhere.
        if found.len() <= 60 {
            assert_eq!(sorted(of_markdown(&written["markdown"])), found, "markdown of {}", folder.display());
        }
        seen += found.len();
    }
    assert!(seen > 50, "only {seen} findings");
}

/// The page of `limbeck report` and the graph of `limbeck history` tell what the check tells.
#[test]
fn the_page_and_the_graph_tell_the_same() {
    let fixtures = ["non-concurrent-index", "multiple-heads", "foreign-key-validated-at-once", "missing-parent"];
    let folders = fixtures.map(|it| Path::new("fixtures").join(it));
    for folder in folders.iter().map(PathBuf::as_path).chain([hostile().path()]) {
        let told = |findings: &Value| -> Vec<Told> {
            let all = findings.as_array().unwrap().iter();
            sorted(all.filter_map(|it| of_json(it, "")).collect())
        };
        let report: Value = serde_json::from_str(&written(folder)["json"]).unwrap();
        let page = printed(folder, &["report", "--html", "/dev/stdout"]);
        let (_, data) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
        let data: Value = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
        assert_eq!(told(&data["findings"]), told(&report["findings"]), "{}", folder.display());

        let graph: Value = serde_json::from_str(&printed(folder, &["history", "--format", "json"])).unwrap();
        let counts = graph["revisions"].as_array().unwrap().iter().map(|it| &it["findings"]);
        let sum = |kind: &str| -> u64 { counts.clone().map(|it| it[kind].as_u64().unwrap()).sum() };
        let of = |severity: &str| {
            let all = report["findings"].as_array().unwrap().iter();
            all.filter(|it| it["severity"] == severity && it["suppressed"] == false && !it["revision"].is_null())
                .count()
        };
        let counted = ["error", "warning", "note"].map(|it| u64::try_from(of(it)).unwrap());
        assert_eq!([sum("errors"), sum("warnings"), sum("notes")], counted, "{}", folder.display());
    }
}

/// A repository of somebody who wants to be heard: file name, id, docstring, tables and SQL.
fn hostile() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("m/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(folder.path().join("m/env.py"), "").unwrap();
    let quoted = serde_json::to_string(HOSTILE).unwrap();
    let first = format!(
        "\"\"\"{}\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\nrevision = \"a1\"\ndown_revision = None\n\n\n\
         def upgrade():\n    op.create_table({quoted}, sa.Column(\"id\", sa.Integer()))\n\n\n\
         def downgrade():\n    op.drop_table({quoted})\n",
        HOSTILE.replace("\"\"\"", "")
    );
    fs::write(versions.join("a1.py"), first).unwrap();
    let id = serde_json::to_string(&format!("../../{HOSTILE}")).unwrap();
    let second = format!(
        "from alembic import op\nrevision = {id}\ndown_revision = \"a1\"\n\n\n\
         def upgrade():\n    op.create_index({quoted}, {quoted}, [\"id\"])\n    op.execute({quoted})\n    \
         op.execute(open({quoted}).read())\n\n\ndef downgrade():\n    pass\n"
    );
    let name = "b2 <script>alert(1)<script> ::error::%0A,title=x`|@everyone #1\u{1b}[31m\n::error::f.py";
    fs::write(versions.join(name), second).unwrap();
    let id = serde_json::to_string(&format!("../../{HOSTILE}")).unwrap();
    let short = serde_json::to_string(SHORT).unwrap();
    let third = format!(
        "from alembic import op\nimport sqlalchemy as sa\nrevision = \"c3\"\ndown_revision = {id}\n\n\n\
         def upgrade():\n    op.create_index({short}, {short}, [{short}])\n\n\n\
         def downgrade():\n    op.drop_index({short})\n"
    );
    fs::write(versions.join("c3.py"), third).unwrap();
    folder
}

#[test]
fn nothing_breaks_out_of_any_format() {
    let folder = hostile();
    let written = written(folder.path());
    let found = same_in_each(&written, "");
    assert!(found.iter().any(|(_, file, _)| file.contains("::error::f")), "the file is found: {found:?}");
    assert!(found.iter().any(|(rule, ..)| rule == "non-concurrent-index"), "{found:?}");
    is_valid(&written);
    for (format, text) in &written {
        for letter in text.chars() {
            let obeyed = (letter.is_control() && letter != '\n') || ('\u{202a}'..='\u{202e}').contains(&letter);
            assert!(!obeyed, "{format} holds {letter:?}, which a terminal obeys");
        }
        if !["json", "sarif", "gitlab", "rdjson", "jsonl"].contains(format) {
            let heard = text.lines().filter(|it| it.trim_start().starts_with("::") && *format != "github").count();
            assert_eq!((heard, text.contains("##[")), (0, false), "{format} speaks to a runner:\n{text}");
        }
    }
    assert_eq!(written["github"].lines().count(), found.len());
    let markdown = &written["markdown"];
    let outside = outside_of_fences(markdown);
    for word in ["<script", "<img", "@everyone", "@me", "](", "https://", "www."] {
        assert!(!outside.contains(word), "{word} stands in the Markdown:\n{markdown}");
    }
    assert_eq!(outside.matches("<details>").count(), outside.matches("</details>").count());
}

/// Markdown without its blocks of code, which end at a fence that is as long as the first.
fn outside_of_fences(markdown: &str) -> String {
    let mut open: Option<&str> = None;
    let mut outside = String::new();
    for line in markdown.lines() {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        match open {
            None if ticks.len() >= 3 => open = Some(ticks),
            None => outside.extend([line, "\n"]),
            Some(fence) if line.trim_end() == ticks && ticks.len() >= fence.len() => open = None,
            Some(_) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    outside
}

#[test]
fn two_runs_are_equal_bytes() {
    let folder = hostile();
    assert_eq!(written(folder.path()), written(folder.path()));
    for command in COMMANDS {
        assert_eq!(printed(folder.path(), command), printed(folder.path(), command), "{command:?}");
    }
}

/// The other commands that print what comes from the checked files.
const COMMANDS: [&[&str]; 15] = [
    &["history"],
    &["history", "--format", "json"],
    &["history", "--format", "mermaid"],
    &["history", "--format", "dot"],
    &["history", "--format", "svg"],
    &["locks"],
    &["locks", "--format", "json"],
    &["schema"],
    &["schema", "--format", "json"],
    &["schema", "--format", "sql"],
    &["sql"],
    &["sql", "--format", "json"],
    &["coverage"],
    &["coverage", "--format", "json"],
    &["report", "--html", "/dev/stdout"],
];

fn printed(folder: &Path, command: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_limbeck")).args(command).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn nothing_breaks_out_of_any_other_command() {
    let folder = hostile();
    let mut faults = Vec::new();
    for command in COMMANDS {
        let text = printed(folder.path(), command);
        let what = command.join(" ");
        assert!(text.contains("script"), "{what} shows the hostile history");
        // SQL is what a server is sent, to the letter; a person reads it in the other formats.
        let is_sql = matches!(command, ["sql"] | ["schema", "--format", "sql"]);
        for letter in text.chars().filter(|_| !is_sql) {
            let obeyed = (letter.is_control() && letter != '\n') || ('\u{202a}'..='\u{202e}').contains(&letter);
            if obeyed {
                faults.push(format!("{what} holds {letter:?}"));
            }
        }
        if !is_sql && text.lines().any(|it| it.trim_start().starts_with("::")) {
            faults.push(format!("{what} speaks to a runner"));
        }
        if command.contains(&"json") {
            assert!(serde_json::from_str::<Value>(&text).is_ok(), "{what}");
        }
        if command.contains(&"svg") {
            let options = roxmltree::ParsingOptions { allow_dtd: false, ..roxmltree::ParsingOptions::default() };
            let svg = roxmltree::Document::parse_with_options(&text, options).unwrap();
            for element in svg.descendants().filter(roxmltree::Node::is_element) {
                let plain = ["svg", "g", "path", "circle", "text", "tspan", "title", "style", "rect", "line"];
                assert!(plain.contains(&element.tag_name().name()), "{what}: {:?}", element.tag_name());
                assert!(!element.attributes().any(|it| it.name().starts_with("on") || it.name() == "href"), "{what}");
            }
        }
        if command.contains(&"--html") {
            assert_eq!(text.matches("<script").count(), 2, "{what}: a script of its own, and the data");
            assert_eq!(text.matches("</script").count(), 2, "{what}");
        }
    }
    faults.dedup();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_document_shares_its_stream_with_nobody() {
    let folder = hostile();
    for format in ["json", "sarif", "gitlab", "junit", "markdown", "rdjson"] {
        let arguments = ["check", "--format", format, "--format", "concise"];
        let output =
            Command::new(env!("CARGO_BIN_EXE_limbeck")).args(arguments).current_dir(folder.path()).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{format}");
    }
}
