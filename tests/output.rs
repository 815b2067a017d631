//! The formats of one report: each has a snapshot, and invariants that a snapshot alone would not show.
#![expect(clippy::expect_used, reason = "a test may panic")]

use limbeck::{
    check::{Coverage, Gap, Report, Summary},
    environment::Stack,
    finding::{Direction, Finding, Severity},
    output::{self, Format, Look, Output, Paths},
    reason::Reason,
    rules,
    source::{SourceId, Sources, Span},
};
use serde_json::{Value, json};

const USERS: &str = "\"\"\"Größe: 你好 😀\r\n\r\nRevises:\r\n\"\"\"\r\nrevision = \"a1\"\r\ndown_revision = None\r\n\r\n\r\n\
    def upgrade():\r\n    op.create_table(\"users\", sa.Column(\"größe 😀\", sa.Text()))\r\n";
const EMAIL: &str = "revision = \"b2\"\ndown_revision = \"a1\"\n\n\ndef upgrade():\n    \
    op.execute(\"SELECT '😀'\"); op.create_index(\"ix_users_größe\", \"users\", [\"größe\"])\n    \
    op.execute(\n        f\"\"\"\n        UPDATE users SET größe = {x}\n        \"\"\"\n    )\n\n\n\
    def downgrade():\n    op.drop_index(\"ix_users_größe\")\n    op.drop_index(\"ix_users_größe\")\n";
const BROKEN: &str = "def upgrade(:\n\u{1b}[31m\u{202e}red\n";

struct Sample {
    sources: Sources,
    report: Report,
}

/// The first place of a needle.
fn find(sources: &Sources, id: SourceId, needle: &str) -> Span {
    let source = sources.get(id);
    let start = source.text.find(needle).expect("the needle is in the text");
    let at = |byte: usize| u32::try_from(byte).expect("a short text");
    Span { source: id, start: at(start), end: at(start + needle.len()) }
}

fn of(mut finding: Finding, revision: &str, direction: Direction, object: &str) -> Finding {
    "db".clone_into(&mut finding.subject.environment);
    finding.subject.revision = Some(revision.to_owned());
    finding.subject.direction = Some(direction);
    finding.object(object);
    finding
}

/// The same report, whatever order the files are read in.
fn sample(turned: bool) -> Sample {
    let sources = Sources::default();
    let long = format!("x = \"{}\"; op.execute(\"DROP TABLE b\")  # {}\n", "é".repeat(200), "z".repeat(300));
    let mut files = vec![
        ("db/versions/a1_users.py", USERS.to_owned()),
        ("db/versions/b2, größe 100%:x.py", EMAIL.to_owned()),
        ("db/versions/broken.py", BROKEN.to_owned()),
        ("db/versions/long.py", long),
    ];
    if turned {
        files.reverse();
    }
    let mut ids: Vec<SourceId> = files.into_iter().map(|(path, text)| sources.add(path, text)).collect();
    if turned {
        ids.reverse();
    }
    let mut findings = findings(&sources, &ids);
    if turned {
        findings.reverse();
    }
    let counts =
        Summary { revisions: 3, statements: 5, operations: 6, unresolved: 1, undecided: 1, ..Summary::default() };
    let summary = Summary { errors: 3, warnings: 2, notes: 1, ..counts };
    let coverage = vec![coverage(&sources, &ids)];
    Sample {
        sources,
        report: Report {
            findings,
            summary,
            environments: vec![("migrations".into(), Stack::default())],
            coverage,
            ..Report::default()
        },
    }
}

/// One operation that is not understood, and one condition that only a run decides.
fn coverage(sources: &Sources, ids: &[SourceId]) -> Coverage {
    let gap = |reason: Reason, condition: Option<&str>| Gap {
        reason,
        condition: condition.map(str::to_owned),
        span: find(sources, ids[1], "\"ix_users_größe\""),
        revision: "b2".to_owned(),
        direction: Direction::Upgrade,
    };
    Coverage {
        environment: "migrations".to_owned(),
        revisions: 3,
        operations: 6,
        unresolved: vec![gap(Reason::elsewhere("`app.work()` is not in the checkout\u{1b}[31m"), None)],
        undecided: vec![gap(Reason::settings("`settings.on` is a setting"), Some("settings.on"))],
        ..Coverage::default()
    }
}

fn findings(sources: &Sources, ids: &[SourceId]) -> Vec<Finding> {
    let (up, down) = (Direction::Upgrade, Direction::Downgrade);
    let span = find(sources, ids[1], "\"ix_users_größe\"");
    let mut index = Finding::new(
        "non-concurrent-index",
        Severity::Error,
        span,
        "`CREATE INDEX` on `users` blocks writes until the index is built",
    );
    index.sql = Some("CREATE INDEX ix_users_größe\n  ON users (größe)".to_owned());
    index.note(find(sources, ids[0], "\"users\""), "`users` was made here");
    index.note(find(sources, ids[1], "def upgrade()"), "this runs in one transaction");
    index.help(
        "with op.get_context().autocommit_block():\n    op.create_index(\"ix_users_größe\", \"users\", \
         [\"größe\"], postgresql_concurrently=True)",
    );
    let opaque = find(
        sources,
        ids[1],
        "op.execute(\n        f\"\"\"\n        UPDATE users SET größe = {x}\n        \"\"\"\n    )",
    );
    let opaque =
        Finding::new("opaque-operation", Severity::Note, opaque, "`x` is not known before the revision is run");
    let drop = find(sources, ids[1], "op.drop_index(\"ix_users_größe\")");
    let drop =
        Finding::new("non-concurrent-index", Severity::Warning, drop, "`DROP INDEX` blocks: 100%\nof writes, reads");
    let again = Span { start: drop.span.start + 38, end: drop.span.end + 38, ..drop.span };
    let mut silent = Finding::new("non-concurrent-index", Severity::Warning, again, drop.message.clone());
    silent.suppressed = true;
    let end = u32::try_from(BROKEN.len()).expect("a short text");
    let syntax = find(sources, ids[2], ":");
    let mut syntax = Finding::new("python-syntax", Severity::Error, syntax, "a parameter is missing");
    syntax.help("write `)` before the `:`").note(Span { source: ids[2], start: end, end }, "the file ends here");
    let lost = Finding::new("dropped-table", Severity::Error, find(sources, ids[3], "\"DROP TABLE b\""), "`b` is lost");
    vec![
        of(index, "b2", up, "ix_users_größe"),
        of(opaque, "b2", up, ""),
        of(drop, "b2", down, "ix_users_größe"),
        of(silent, "b2", down, "ix_users_größe"),
        syntax,
        of(lost, "c3", up, "b"),
    ]
}

fn written(format: Format, paths: &Paths, look: Look, turned: bool) -> String {
    let Sample { sources, report } = sample(turned);
    let output = Output {
        report: &report,
        histories: &[],
        sources: &sources,
        paths,
        look,
        statistics: true,
        trials: None,
        locks: None,
    };
    let mut out = Vec::new();
    output.write(format, &mut out).expect("memory takes all");
    String::from_utf8(out).expect("text")
}

fn plain(format: Format) -> String {
    written(format, &Paths::between("", "db/elsewhere"), Look::Plain, false)
}

fn parsed(format: Format) -> Value {
    serde_json::from_str(&plain(format)).expect("JSON")
}

#[test]
fn the_order_of_reading_changes_no_byte() {
    for format in Format::ALL {
        for look in [Look::Plain, Look::Colored] {
            let paths = Paths::default();
            assert_eq!(written(format, &paths, look, false), written(format, &paths, look, true), "{format:?}");
        }
    }
}

#[test]
fn human() {
    let text = plain(Format::Human);
    insta::assert_snapshot!("human", text);
    assert!(!text.chars().any(|it| (it.is_control() && it != '\n') || it == '\u{202e}'), "a terminal would obey this");
    assert!(text.ends_with("\n3 revisions, 5 statements: 3 errors, 2 warnings, 1 note; 1 unresolved\n"));
    assert!(text.lines().all(|line| line.chars().count() < 240));
    assert_eq!(text.matches("DROP INDEX").count(), 1, "the suppressed one is not shown");
}

#[test]
fn human_in_colour_says_the_same() {
    let colored = written(Format::Human, &Paths::between("", "db/elsewhere"), Look::Colored, false);
    assert!(colored.contains('\u{1b}'));
    let mut bare = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        bare.push_str(before);
        rest = after.split_once('m').expect("every sequence sets a style").1;
    }
    bare.push_str(rest);
    assert_eq!(bare, plain(Format::Human));
}

#[test]
fn the_summary_counts_in_words() {
    let one = Summary { revisions: 1, statements: 1, errors: 1, warnings: 1, ..Summary::default() };
    assert_eq!(output::human::summary(&one), "1 revision, 1 statement: 1 error, 1 warning, 0 notes; 0 unresolved");
}

#[test]
fn json() {
    let mut value = parsed(Format::Json);
    let (sources, report) = (sample(false).sources, sample(false).report);
    for finding in value["findings"].as_array_mut().expect("a list") {
        let rule = finding["rule"].as_str().expect("a name").to_owned();
        let group = rules::find(&rule).map(|rule| rule.spec.group.word());
        // Which rules exist is no matter of this test.
        assert_eq!(finding["group"].take(), json!(group));
    }
    for (key, count) in [
        ("revisions", 3),
        ("statements", 5),
        ("operations", 6),
        ("resolved", 5),
        ("unresolved", 1),
        ("undecided", 1),
        ("errors", 3),
        ("warnings", 2),
    ] {
        assert_eq!(value["summary"][key], count);
    }
    let index = value["findings"].as_array().expect("a list").iter().find(|it| it["help"].is_string()).expect("one");
    let place = sources.place(report.findings[0].span);
    assert_eq!(index["line"], place.line);
    // `😀` and `ö` are one column each.
    assert_eq!((&index["column"], &index["end_column"]), (&json!(47), &json!(63)));
    assert_eq!(index["file"], "../versions/b2, größe 100%:x.py");
    assert_eq!(
        index["notes"][0],
        json!({"message": "`users` was made here", "file": "../versions/a1_users.py", "line": 10})
    );
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&value).expect("JSON"));
}

#[test]
fn json_has_the_fields_of_the_contract_in_order() {
    let text = plain(Format::Json);
    let first = text.split_once("\"rule\"").expect("a finding").1.split_once("\n    }").expect("its end").0;
    let keys = first.lines().filter_map(|line| line.strip_prefix("      \"")?.split_once("\":")).map(|(key, _)| key);
    let contract = "severity message file line column end_line end_column environment revision direction sql help \
                    notes fingerprint group breaks suppressed";
    assert_eq!(keys.collect::<Vec<_>>().join(" "), contract);
}

fn fingerprints(sample: &Sample) -> Vec<String> {
    let Sample { sources, report } = sample;
    let output = Output {
        report,
        histories: &[],
        sources,
        paths: &Paths::default(),
        look: Look::Plain,
        statistics: false,
        trials: None,
        locks: None,
    };
    let mut out = Vec::new();
    output.write(Format::Json, &mut out).expect("memory takes all");
    let value: Value = serde_json::from_slice(&out).expect("JSON");
    let findings = value["findings"].as_array().expect("a list");
    findings.iter().map(|it| it["fingerprint"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn a_fingerprint_stays_when_lines_move_and_is_never_shared() {
    let before = sample(false);
    let all = fingerprints(&before);
    let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
    assert!(all.iter().all(|it| it.len() == 32 && it.bytes().all(|byte| byte.is_ascii_hexdigit())));

    // The same findings, each some lines further down.
    let sources = Sources::default();
    let mut moved = before.report.clone();
    for finding in &mut moved.findings {
        let source = before.sources.get(finding.span.source);
        let id = sources.add(source.path.clone(), format!("\n\n\n{}", source.text));
        finding.span = Span { source: id, start: finding.span.start + 3, end: finding.span.end + 3 };
        finding.notes.clear();
    }
    assert_eq!(fingerprints(&Sample { sources, report: moved }), all);
}

#[test]
fn the_recipe_of_the_fingerprint_does_not_change() {
    // Others keep these: a change of this test breaks every baseline.
    insta::assert_snapshot!("fingerprints", fingerprints(&sample(false)).join("\n"));
}

#[test]
fn sarif_is_valid() {
    let schema: Value = serde_json::from_str(include_str!("schema/sarif-2.1.0.json")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let value = parsed(Format::Sarif);
    let errors: Vec<String> = validator.iter_errors(&value).map(|it| format!("{} {it}", it.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(!validator.is_valid(&json!({"version": "2.1.0", "runs": [{}]})), "the schema refuses something");
}

#[test]
fn sarif() {
    let mut value = parsed(Format::Sarif);
    let run = &mut value["runs"][0];
    let listed = run["tool"]["driver"]["rules"].take();
    let names: Vec<&str> = listed.as_array().expect("a list").iter().filter_map(|it| it["id"].as_str()).collect();
    assert_eq!(names, rules::ALL.iter().map(|rule| rule.name).collect::<Vec<_>>());
    for key in ["version", "semanticVersion"] {
        // A release is no change of the format.
        assert_eq!(run["tool"]["driver"][key].take(), env!("CARGO_PKG_VERSION"));
    }
    for (rule, entry) in rules::ALL.iter().zip(listed.as_array().expect("a list")) {
        assert_eq!(entry["help"]["markdown"], rule.doc);
        assert_eq!(entry["defaultConfiguration"]["level"], rule.spec.severity.word());
        assert_eq!(entry["properties"]["tags"][1], rule.spec.group.word());
    }
    for result in run["results"].as_array_mut().expect("a list") {
        let index = result["ruleIndex"].take();
        let at = index.as_u64().and_then(|it| names.get(usize::try_from(it).ok()?)).copied();
        assert_eq!(at, names.iter().find(|&&name| result["ruleId"] == name).copied());
    }
    let notes = run["invocations"][0]["toolExecutionNotifications"].as_array_mut().expect("a list");
    assert_eq!(notes.len(), 1);
    notes[0]["associatedRule"]["index"].take();
    insta::assert_snapshot!("sarif", serde_json::to_string_pretty(&value).expect("JSON"));
}

/// Every region of a log with the file that it is of.
fn regions(value: &Value, all: &mut Vec<(String, Value)>) {
    if let Some(region) = value.get("region") {
        let file = value["artifactLocation"]["uri"].as_str().expect("a URI").to_owned();
        assert_eq!(value["artifactLocation"]["uriBaseId"], "%SRCROOT%");
        all.push((file, region.clone()));
    }
    match value {
        Value::Array(values) => values.iter().for_each(|it| regions(it, all)),
        Value::Object(values) => values.values().for_each(|it| regions(it, all)),
        _ => {}
    }
}

/// The text of a region, as a reader of the standard finds it: columns are code points, the end is not part of it.
fn text_at(text: &str, region: &Value) -> String {
    let number = |key: &str| usize::try_from(region[key].as_u64().expect("a number")).expect("small");
    let offset = |line: usize, column: usize| {
        let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        start + text[start..].chars().take(column - 1).map(char::len_utf8).sum::<usize>()
    };
    text[offset(number("startLine"), number("startColumn"))..offset(number("endLine"), number("endColumn"))].to_owned()
}

fn decoded(uri: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex: String = rest.by_ref().take(2).map(char::from).collect();
            bytes.push(u8::from_str_radix(&hex, 16).expect("hexadecimal"));
        } else {
            assert!(byte.is_ascii_graphic(), "{uri}");
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn the_text_at_every_region_of_sarif_is_its_snippet() {
    let Sample { sources, report } = sample(false);
    let texts: std::collections::BTreeMap<String, String> = report
        .findings
        .iter()
        .flat_map(|it| it.notes.iter().map(|note| note.span).chain([it.span]))
        .map(|span| sources.get(span.source))
        .map(|source| (source.path.clone(), source.text.clone()))
        .collect();
    let mut all = Vec::new();
    regions(&parsed(Format::Sarif), &mut all);
    assert_eq!(all.len(), 6 + 3 + 1, "findings, notes, notifications");
    for (uri, region) in all {
        let text = &texts[&decoded(&uri)];
        assert_eq!(text_at(text, &region), region["snippet"]["text"].as_str().expect("a text"), "{uri}");
    }
}

#[test]
fn github() {
    let text = plain(Format::Github);
    insta::assert_snapshot!("github", text);
    assert_eq!(text.lines().count(), 5, "one line each, the suppressed one none");
    assert!(!text.contains('\r'));
    let severities: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(severities, ["::error", "::error", "::error", "::warning", "::notice"]);
    for line in text.lines() {
        let (command, _) = line[2..].split_once("::").expect("a message");
        let properties: Vec<(&str, &str)> = command
            .split_once(' ')
            .expect("properties")
            .1
            .split(',')
            .map(|it| it.split_once('=').expect("key and value"))
            .collect();
        let get = |key: &str| properties.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
        assert_eq!(get("col").is_some(), get("line") == get("endLine"), "{line}");
        assert!(properties.iter().all(|(_, value)| !value.contains(':')));
    }
}

#[test]
fn paths_are_seen_from_where_the_reader_stands() {
    let shown = |root: &str, from: &str, path: &str| Paths::between(root, from).shown(path);
    assert_eq!(shown("", "", "db/x.py"), "db/x.py");
    assert_eq!(shown("/r", "/r", "db/x.py"), "db/x.py");
    assert_eq!(shown("/r", "/r/db", "db/x.py"), "x.py");
    assert_eq!(shown("/r", "/r/db/versions", "app/x.py"), "../../app/x.py");
    assert_eq!(shown("/a/r", "/a", "db/x.py"), "r/db/x.py");
    assert_eq!(shown("/a/r", "/b/c", "db/x.py"), "../../a/r/db/x.py");
    assert_eq!(shown("/a/r", "/a/r", "../x.toml"), "../x.toml");
    assert_eq!(shown("/a/r", "/a", "../x.toml"), "x.toml");
    assert_eq!(shown("/a/r", "/a", "/etc/x.toml"), "/etc/x.toml");
}

#[test]
fn the_formats_of_others() {
    for (name, format) in [
        ("concise", Format::Concise),
        ("jsonl", Format::Jsonl),
        ("gitlab", Format::Gitlab),
        ("junit", Format::Junit),
        ("markdown", Format::Markdown),
        ("rdjson", Format::Rdjson),
    ] {
        let text = plain(format);
        // Which rules exist is no matter of this test.
        let text = text.lines().map(|line| line.split(",\"group\":").next().unwrap_or(line)).collect::<Vec<_>>();
        let text = text.join("\n");
        insta::assert_snapshot!(name, text);
        assert!(text.contains("python-syntax"), "{name}");
    }
}

#[test]
fn columns_of_rdjson_count_bytes() {
    let value = parsed(Format::Rdjson);
    let all = value["diagnostics"].as_array().expect("a list");
    let index = all.iter().find(|it| it["message"].as_str().is_some_and(|it| it.contains("help"))).expect("one");
    // `😀` is four bytes, `ö` and `ß` two each.
    let range = &index["location"]["range"];
    assert_eq!((&range["start"]["column"], &range["end"]["column"]), (&json!(50), &json!(68)));
}

/// A log that GitHub would refuse is cut, the mildest first, and says so.
#[test]
fn sarif_keeps_to_what_github_takes() {
    let sample = sample(false);
    let mut report = sample.report.clone();
    let mild = report.findings[1].clone();
    assert_eq!(mild.severity, Severity::Note);
    report.findings.extend(std::iter::repeat_n(mild, 25_010));
    let paths = Paths::default();
    let output = Output {
        report: &report,
        histories: &[],
        sources: &sample.sources,
        paths: &paths,
        look: Look::Plain,
        statistics: false,
        trials: None,
        locks: None,
    };
    let mut out = Vec::new();
    output.write(Format::Sarif, &mut out).expect("memory takes all");
    let value: Value = serde_json::from_slice(&out).expect("JSON");
    let run = &value["runs"][0];
    let results = run["results"].as_array().expect("a list");
    assert_eq!(results.len(), 25_000);
    assert_eq!(results.iter().filter(|it| it["level"] == "error").count(), 3, "the worst stay");
    let notes = run["invocations"][0]["toolExecutionNotifications"].as_array().expect("a list");
    let last = notes.last().expect("one")["message"]["text"].as_str().expect("a text");
    assert!(last.starts_with("16 of 25016 findings are left out"), "{last}");
}
