//! The graph: order, ends, what is broken, and the words for it. The files are read here by a reader of a dozen
//! lines, so that the graph is tested without the real one.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use limbeck::{
    check::Report,
    environment::Environment,
    finding::{Finding, Severity, Subject},
    history::History,
    output::{self, Look, history::Drawn},
    policy::Target,
    revision::{Body, Docstring, Reference, Revision},
    rule::{Check, Findings, Group},
    rules,
    source::{SourceId, Sources, Span},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What a line between `start` and its end gives between quotes, or after a colon where there are none.
fn references(source: SourceId, start: usize, line: &str) -> Vec<Reference> {
    let at = |from: usize, part: &str| Span {
        source,
        start: u32::try_from(start + from).unwrap(),
        end: u32::try_from(start + from + part.len()).unwrap(),
    };
    let marks: Vec<usize> = line.match_indices('"').map(|(at, _)| at).collect();
    if let Some((_, said)) = line.split_once(": ").filter(|_| marks.is_empty()) {
        let from = line.len() - said.len();
        return vec![Reference { id: said.to_owned(), span: at(from, said) }];
    }
    let between = marks.chunks_exact(2).map(|pair| (pair[0], &line[pair[0] + 1..pair[1]]));
    between
        .map(|(from, part)| Reference { id: part.to_owned(), span: at(from, &line[from..from + part.len() + 2]) })
        .collect()
}

fn read(sources: &Sources, source: SourceId) -> Option<Revision> {
    let text = sources.get(source).text.clone();
    let span = Span { source, start: 0, end: 0 };
    let body = Body { span, defined: true, empty: true, steps: Vec::new() };
    let (mut id, mut docstring, mut start) = (None, Docstring::default(), 0);
    let (mut parents, mut depends_on, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for line in text.split_inclusive('\n') {
        let found = references(source, start, line.trim_end());
        match line.split([' ', ':']).next().unwrap() {
            "revision" => id = found.into_iter().next(),
            "down_revision" => parents = found,
            "depends_on" => depends_on = found,
            "branch_labels" => labels = found,
            "Revision" => docstring.revision = found.into_iter().next(),
            "Revises" => {
                docstring.revises_span = found.first().map(|it| it.span);
                docstring.revises = Some(found);
            }
            _ => {}
        }
        start += line.len();
    }
    let body = std::sync::Arc::new(body);
    Some(Revision { source, id: id?, parents, depends_on, labels, docstring, upgrade: body.clone(), downgrade: body })
}

struct Case {
    sources: Sources,
    history: History,
    target: Target,
}

/// A history of files given by path and text, in the folder `m/versions`.
fn case(files: &[(&str, &str)], change: impl FnOnce(&mut Environment)) -> Case {
    let sources = Sources::default();
    let mut environment =
        Environment { folder: "m".into(), version_locations: vec!["m/versions".into()], ..Default::default() };
    environment.files = files.iter().map(|(name, text)| sources.add(format!("m/versions/{name}"), *text)).collect();
    change(&mut environment);
    let revisions = environment.files.iter().filter_map(|&source| read(&sources, source)).collect();
    let history = History::build(environment, revisions, &sources);
    Case { sources, history, target: Target::default() }
}

/// Revisions in one line each: `id: parent parent; dependency #label`, files named by their place.
fn graph(lines: &[&str]) -> Case {
    let quoted = |words: &str| words.split_whitespace().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(", ");
    let mut files = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let (line, label) = line.split_once('#').unwrap_or((line, ""));
        let (id, rest) = line.split_once(':').unwrap();
        let (parents, depends) = rest.split_once(';').unwrap_or((rest, ""));
        let text = format!(
            "revision = \"{id}\"\ndown_revision = ({})\ndepends_on = ({})\nbranch_labels = ({})\n",
            quoted(parents),
            quoted(depends),
            quoted(label)
        );
        files.push((format!("{at:05}.py"), text));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    case(&files, |_| {})
}

fn ids(revisions: &[&Revision]) -> String {
    revisions.iter().map(|it| it.id.id.as_str()).collect::<Vec<_>>().join(" ")
}

impl Case {
    fn order(&self) -> String {
        ids(&self.history.revisions.iter().collect::<Vec<_>>())
    }

    fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for rule in rules::ALL {
            if let Check::History(check) = rule.spec.check {
                let subject = Subject { environment: "m".into(), ..Subject::default() };
                check(&self.history, &self.target, &mut Findings::new(rule, &subject, None, &mut found));
            }
        }
        found
    }

    fn of(&self, rule: &str) -> Vec<Finding> {
        self.findings().into_iter().filter(|it| it.rule == rule).collect()
    }

    /// Rule, file and line of every finding.
    fn places(&self) -> BTreeSet<(String, String, u32)> {
        let place = |it: &Finding| {
            let path = self.sources.get(it.span.source).path.replace("m/versions/", "");
            (it.rule.to_owned(), path, self.sources.place(it.span).line)
        };
        self.findings().iter().map(place).collect()
    }

    fn since(mut self, since: &str) -> Self {
        self.target.since = Some(since.to_owned());
        self
    }

    fn shown(
        &self,
        write: fn(&[Drawn<'_>], output::history::ShowPath<'_>, &mut dyn std::io::Write) -> std::io::Result<()>,
    ) -> String {
        self.drawn(&Report::default(), None, write)
    }

    fn drawn(
        &self,
        report: &Report,
        landed: Option<&[&str]>,
        write: fn(&[Drawn<'_>], output::history::ShowPath<'_>, &mut dyn std::io::Write) -> std::io::Result<()>,
    ) -> String {
        let landed = landed.map(|ids| ids.iter().map(|&id| id.to_owned()).collect());
        let mut out = Vec::new();
        write(&[Drawn::new(&self.history, report, landed)], &|path| format!("./{path}"), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }
}

/// The order that Alembic 1.20 gives each of these; `tests/witness/graph.py --random` asks it for others.
#[test]
fn the_order_is_that_of_alembic() {
    for (lines, order) in [
        (&["a:", "b:a", "c:b"][..], "a b c"),
        (&["c:b", "b:a", "a:"], "a b c"),
        (&["a:", "b:a", "c:a", "m:b c"], "a c b m"),
        (&["a:", "b:a", "c:a", "m:c b"], "a b c m"),
        (&["a:", "b:a", "c:a"], "a c b"),
        (&["a:", "x:", "b:a;x"], "x a b"),
        (&["a:#l", "b:;l"], "a b"),
    ] {
        assert_eq!(graph(lines).order(), order, "{lines:?}");
    }
}

#[test]
fn ends_labels_and_symbols() {
    let case = graph(&["aaaa1:", "bbbb1:aaaa1#shop", "bbbb2:bbbb1", "cccc1:aaaa1;bbbb2", "dddd1:;shop"]);
    let history = &case.history;
    assert_eq!(ids(&history.heads()), "bbbb2 cccc1 dddd1");
    assert_eq!(ids(&history.bases()), "aaaa1 dddd1");
    assert_eq!(ids(&history.children("aaaa1")), "bbbb1 cccc1");
    assert_eq!(history.ancestors_of("cccc1"), BTreeSet::from(["aaaa1", "bbbb1", "bbbb2"]));
    assert!(history.is_ancestor("bbbb1", "dddd1") && !history.is_ancestor("dddd1", "bbbb1"));
    assert_eq!(history.branch_labels("bbbb2"), BTreeSet::from(["shop"]));
    assert_eq!(history.branch_labels("aaaa1"), BTreeSet::new());
    for (symbol, id) in [("shop", "bbbb1"), ("cc", "cccc1"), ("bbbb2", "bbbb2")] {
        assert_eq!(history.resolve(symbol).unwrap().id.id, id);
    }
    assert!(history.resolve("bbbb").is_none() && history.resolve("").is_none());
    assert_eq!(history.settled(Some("bbbb2")), BTreeSet::from(["aaaa1", "bbbb1", "bbbb2"]));
}

#[test]
fn files_are_read_location_by_location_and_folders_after_files() {
    let files = [
        ("../other/a.py", "revision = \"o\"\n"),
        ("z.py", "revision = \"z\"\n"),
        ("b/c.py", "revision = \"c\"\n"),
        ("a/x.py", "revision = \"x\"\n"),
    ];
    let sources = Sources::default();
    let version_locations = vec!["m/versions".into(), "m/other/".into()];
    let mut environment = Environment { version_locations, ..Environment::default() };
    environment.files = files
        .iter()
        .map(|(name, text)| sources.add(format!("m/versions/{name}").replace("versions/../", ""), *text))
        .collect();
    let revisions: Vec<Revision> = environment.files.iter().filter_map(|&it| read(&sources, it)).collect();
    let history = History::build(environment, revisions, &sources);
    assert_eq!(ids(&history.heads()), "z x c o");
    assert_eq!(history.version_location(history.find("o").unwrap().source), Some("m/other/"));
}

#[test]
fn a_broken_graph_keeps_everything_else_in_order() {
    let case = graph(&["d:c", "c:b x", "b:c a", "a:", "e:a", "f:nowhere", "e:b"]);
    // `e` is used twice: the second file stands at the place of the first.
    assert_eq!(case.order(), "f a b c d e");
    assert_eq!(case.history.dropped.len(), 1);
    assert_eq!(ids(&case.history.cycles()[0]), "b c");
    let lost: Vec<&str> = case.history.broken_parents().iter().map(|(_, parent)| parent.id.as_str()).collect();
    assert_eq!(lost, ["nowhere", "x"]);
}

#[test]
fn the_shortest_cycle_is_named() {
    for (lines, message) in [
        (&["a:a"][..], "`a -> a`"),
        (&["a:b", "b:a"], "`a -> b -> a`"),
        (&["a:;b", "b:a"], "`a -> b -> a`"),
        (&["a:d", "b:a", "c:b", "d:c", "e:d b", "b2:e", "c2:b2", "x:e c2", "e2:x"], "`a -> b -> c -> d -> a`"),
        (&["a:d c", "b:a", "c:b", "d:c"], "`a -> b -> c -> a`"),
    ] {
        let found = graph(lines).of("revision-cycle");
        assert_eq!(found.len(), 1, "{lines:?}");
        assert!(found[0].message.ends_with(message), "{} for {lines:?}", found[0].message);
    }
    assert_eq!(graph(&["a:b", "b:a", "c:d", "d:c"]).of("revision-cycle").len(), 2);
}

#[test]
fn heads_that_are_meant_to_be_are_no_finding() {
    let labelled = graph(&["a:", "b:a#shop", "c:a", "d:c#mail"]);
    assert!(labelled.findings().is_empty());
    let shared = graph(&["a:#both", "b:a", "c:a"]);
    assert_eq!(shared.of("multiple-heads").len(), 1, "a label that both inherit sets neither apart");
    let half = graph(&["a:", "b:a#shop", "c:a"]);
    assert_eq!(half.of("multiple-heads").len(), 1);
    let files = [("x/a.py", "revision = \"a\"\n"), ("y/b.py", "revision = \"b\"\n")];
    let locations = |environment: &mut Environment| {
        environment.version_locations = vec!["m/versions/x".into(), "m/versions/y".into()];
    };
    assert!(case(&files, locations).findings().is_empty());
    assert_eq!(case(&files, |_| {}).findings().len(), 2);
}

#[test]
fn one_finding_for_all_heads_where_since_does_not_hide_it() {
    let lines = ["a:", "c:a", "d:c", "b:a"];
    let all = graph(&lines).of("multiple-heads");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].subject.object, "b d");
    assert_eq!(all[0].subject.revision.as_deref(), Some("b"));
    assert_eq!(all[0].notes.len(), 1);
    let help = all[0].help.as_deref().unwrap();
    assert!(help.starts_with("alembic merge -m \"merge heads\" d b\n"), "{help}");
    assert!(help.ends_with("in m/versions/00003.py:\ndown_revision = \"d\""), "{help}");
    let since = graph(&lines).since("b").of("multiple-heads");
    assert_eq!(since[0].subject.revision.as_deref(), Some("d"));
    assert!(since[0].help.as_deref().unwrap().ends_with("in m/versions/00001.py:\ndown_revision = \"b\""));
}

#[test]
fn what_stops_alembic_is_not_settled_by_its_age() {
    let broken = graph(&["b:gone", "c:b", "c:b"]).since("c");
    for rule in ["missing-parent", "duplicate-revision"] {
        assert_eq!(broken.of(rule)[0].subject.revision, None, "{rule}");
    }
    assert_eq!(graph(&["b:gone"]).of("missing-parent")[0].subject.revision.as_deref(), Some("b"));
}

#[test]
fn a_file_that_could_not_be_read_is_not_missing() {
    let files = [
        ("a.py", "revision = \"a\"\n"),
        ("b.py", "revision = 'b'  # half a fi\ndown_revision = 'a'"),
        ("c.py", "revision = \"c\"\ndown_revision = \"b\"\n"),
        ("__init__.py", ""),
    ];
    // The reader above takes double quotes only, so that `b` counts as unreadable.
    let found = case(&files, |_| {}).places();
    assert_eq!(found, BTreeSet::from([("missing-revision-id".to_owned(), "b.py".to_owned(), 1)]));
}

#[test]
fn suggestions_come_from_the_history() {
    let help = |lines: &[&str], rule: &str| graph(lines).of(rule)[0].help.clone().unwrap();
    assert!(help(&["abcdef12:", "b:abcdef"], "missing-parent").starts_with("down_revision = \"abcdef12\""));
    assert!(help(&["abcdef12:", "b:abcdfe12"], "missing-parent").starts_with("down_revision = \"abcdef12\""));
    assert!(help(&["a1:#shop", "b:shop"], "missing-parent").starts_with("down_revision = \"a1\""));
    assert!(help(&["a1:#shop", "b:a1;shop@head"], "missing-dependency").starts_with("depends_on = \"a1\""));
}

#[test]
fn what_is_written_about_itself_is_checked_after_since_only() {
    let text = "\"\"\"m\n\nRevision ID: x9\nRevises: zz\n\"\"\"\nrevision = \"b2\"\ndown_revision = \"a1\"\n";
    let files = [("a1_m.py", "revision = \"a1\"\n"), ("odd.py", text)];
    assert!(case(&files, |_| {}).findings().is_empty());
    let rules: Vec<&str> = case(&files, |_| {}).since("a1").findings().iter().map(|it| it.rule).collect();
    assert_eq!(rules, ["docstring-mismatch", "docstring-mismatch", "file-name-mismatch"]);
    let none = [
        ("a1_m.py", "\"\"\"\nRevises: None\n\"\"\"\nrevision = \"a1\"\n"),
        ("z_m.py", "revision = \"z\"\ndown_revision = \"a1\"\n"),
    ];
    assert!(case(&none, |_| {}).since("none-such").findings().is_empty());
}

#[test]
fn the_words_of_the_graph() {
    let case = graph(&["a:", "b:a#l", "c\\\\<>:a gone;b", "d:b c\\\\<>"]);
    assert_eq!(
        case.shown(tree),
        "./m: 4 revisions, 1 head\n  \
         ● d  (head, merge)\n  \
         ├─╮\n  \
         │ ● c\\\\<>  (merge, depends on b, parent gone is missing)\n  \
         ● │ b  (label l)\n  \
         ├─╯\n  \
         ● a  (base, branchpoint)\n"
    );
    let json: serde_json::Value = serde_json::from_str(&case.shown(output::history::json)).unwrap();
    assert_eq!(json["heads"], serde_json::json!(["d"]));
    assert_eq!(
        json["revisions"][1],
        serde_json::json!({"environment": "m", "revision": "b", "down_revision": ["a"], "depends_on": [],
            "branch_labels": ["l"], "file": "./m/versions/00001.py", "message": null, "create_date": null,
            "findings": {"errors": 0, "warnings": 0, "notes": 0}, "new": null})
    );
    let mermaid = case.shown(output::history::mermaid);
    assert!(mermaid.contains("h0n2[\"c#92;#92;#60;#62;\"]") && mermaid.contains("h0n1 -.-> h0n2"), "{mermaid}");
    let dot = case.shown(output::history::dot);
    assert!(dot.contains("h0n2 [label=\"c\\\\\\\\<>\"]") && dot.contains("h0n4 -> h0n2;"), "{dot}");
    assert!(dot.contains("h0n4 [label=\"gone\\nmissing\", style=dashed]"), "{dot}");
}

fn tree(drawn: &[Drawn<'_>], show: output::history::ShowPath<'_>, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    output::history::text(drawn, show, Look::Plain, out)
}

/// Lanes that pass by a fork or a join, three lines at once, two heads, and a merge beside another line.
#[test]
fn a_tree_of_many_branches() {
    let case = graph(&["a:", "b:a", "c:a", "d:a", "m:b c d", "e:b", "f:m", "g:e f"]);
    let tree = case.shown(tree);
    assert_eq!(
        tree,
        "./m: 8 revisions, 1 head\n  \
         ● g  (head, merge)\n  \
         ├─╮\n  \
         ● │ e\n  \
         │ ● f\n  \
         │ ● m  (merge)\n  \
         │ ├─┬─╮\n  \
         │ │ ● │ c\n  \
         ├─╯ │ │\n  \
         ●   │ │ b  (branchpoint)\n  \
         │   │ ● d\n  \
         ├───┴─╯\n  \
         ● a  (base, branchpoint)\n"
    );
}

/// What a check found stands at its revision, what belongs to none in the title; what is suppressed is not told.
#[test]
fn findings_and_what_is_new_are_drawn() {
    let case = graph(&["a:", "b:a"]);
    let span = case.history.revisions[0].id.span;
    let finding = |severity, revision: Option<&str>, suppressed| {
        let mut finding = Finding::new("sql-syntax", severity, span, "m");
        finding.subject = Subject { environment: "m".into(), revision: revision.map(Into::into), ..Subject::default() };
        finding.suppressed = suppressed;
        finding
    };
    let findings = vec![
        finding(Severity::Error, Some("b"), false),
        finding(Severity::Error, Some("b"), true),
        finding(Severity::Note, Some("b"), false),
        finding(Severity::Warning, None, false),
        finding(Severity::Warning, Some("gone"), false),
    ];
    let report = Report { findings, ..Report::default() };
    let tree = case.drawn(&report, Some(&["a"]), tree);
    assert_eq!(tree, "./m: 2 revisions, 1 head, 2 warnings\n  ● b  (head)  1 error, 1 note  new\n  ● a  (base)\n");
    let json: serde_json::Value =
        serde_json::from_str(&case.drawn(&report, Some(&["a"]), output::history::json)).unwrap();
    assert_eq!(json["revisions"][1]["findings"], serde_json::json!({"errors": 1, "warnings": 0, "notes": 1}));
    assert_eq!((&json["revisions"][0]["new"], &json["revisions"][1]["new"]), (&false.into(), &true.into()));
    let svg = case.drawn(&report, Some(&["a"]), output::history::svg);
    assert!(svg.contains("class=\"error new\"") && svg.contains(">b  1 error, 1 note</text>"), "{svg}");
    let mermaid = case.drawn(&report, None, output::history::mermaid);
    assert!(mermaid.contains("h0n1[\"b<br/>1 error, 1 note\"]"), "{mermaid}");
}

#[test]
fn ten_thousand_revisions_take_no_time() {
    let mut straight: Vec<String> = (1..10_000).map(|at| format!("r{at}:r{}", at - 1)).collect();
    straight.push("r0:".into());
    let mut fans: Vec<String> = vec!["r0:".into()];
    for at in (0..9_000).step_by(3) {
        fans.extend([format!("x{at}:r{at}"), format!("y{at}:r{at}"), format!("r{}:x{at} y{at}", at + 3)]);
    }
    let ring: Vec<String> = (0..10_000).map(|at| format!("r{at}:r{}", (at + 1) % 10_000)).collect();
    for lines in [straight, fans, ring] {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let begin = std::time::Instant::now();
        let case = graph(&lines);
        case.findings();
        assert_eq!(case.history.revisions.len(), lines.len());
        assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
    }
}

/// The blocks of a document: `bad` or `good`, settings and files.
fn blocks(document: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    for part in document.split("```python ").skip(1) {
        let (kind, rest) = part.split_once('\n').unwrap();
        blocks.push((kind.to_owned(), rest.split_once("```").unwrap().0.to_owned()));
    }
    blocks
}

/// A block's history, and the file and line of each `# here`. Comments of the form `# key: value` before a file set
/// something; `# file: NAME` begins a file; `# here` is taken away before anything is read.
fn block_case(block: &str) -> (Case, BTreeSet<(String, u32)>) {
    let (mut files, mut settings, mut marks) = (Vec::<(String, String)>::new(), BTreeMap::new(), BTreeSet::new());
    for line in block.lines() {
        let setting = line.strip_prefix("# ").and_then(|it| it.split_once(": "));
        match setting {
            Some(("file", name)) => files.push((name.to_owned(), String::new())),
            Some((key, value)) => {
                settings.insert(key.to_owned(), value.to_owned());
            }
            None => {
                let (name, text) = files.last_mut().unwrap();
                if line.ends_with("# here") {
                    marks.insert((name.clone(), u32::try_from(text.lines().count()).unwrap() + 1));
                }
                *text += line.trim_end_matches("# here").trim_end();
                text.push('\n');
            }
        }
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let template = settings.remove("file_template").map(|it| (it, None));
    let mut case = case(&files, |environment| environment.file_template = template);
    case.target.since = settings.remove("since");
    (case, marks)
}

#[test]
fn the_documents_of_the_graph_hold() {
    let mut count = 0;
    for rule in
        rules::ALL.iter().filter(|it| it.spec.group == Group::History && !matches!(it.spec.check, Check::Base(_)))
    {
        for (kind, block) in blocks(rule.doc) {
            let (case, marks) = block_case(&block);
            let expected: BTreeSet<_> =
                marks.into_iter().map(|(file, line)| (rule.name.to_owned(), file, line)).collect();
            assert_eq!(case.places(), expected, "{} of {}", kind, rule.name);
            assert_eq!(kind == "bad", !expected.is_empty(), "{block}");
            count += 1;
        }
    }
    assert!(count >= 20, "only {count} blocks");
}

/// A DAG by the parents of each node, all of smaller number, in any order of files; some edges are dependencies.
fn any_graph() -> impl Strategy<Value = Vec<String>> {
    let node = (proptest::collection::vec(0..1000_usize, 0..3), 0..4_u8);
    proptest::collection::vec(node, 1..40).prop_map(lines_of).prop_shuffle()
}

fn lines_of(nodes: Vec<(Vec<usize>, u8)>) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, (parents, kind)) in nodes.into_iter().enumerate() {
        let parents: BTreeSet<usize> = parents.into_iter().filter(|_| at > 0).map(|it| it % at.max(1)).collect();
        let names: Vec<String> = parents.iter().map(|it| format!("r{it}")).collect();
        let depends = names.len().min(usize::from(kind == 0));
        let (depends, parents) = names.split_at(depends);
        lines.push(format!("r{at}:{};{}", parents.join(" "), depends.join(" ")));
    }
    lines
}

proptest! {
    #[test]
    fn parents_come_before_children(lines in any_graph()) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let case = graph(&lines);
        let history = &case.history;
        prop_assert_eq!(history.revisions.len(), lines.len());
        prop_assert!(history.cycles().is_empty());
        for (at, revision) in history.revisions.iter().enumerate() {
            for needed in revision.parents.iter().chain(&revision.depends_on) {
                prop_assert!(history.position(&needed.id).unwrap() < at);
                prop_assert!(history.is_ancestor(&needed.id, &revision.id.id));
            }
            let named = history.revisions.iter().any(|it| it.parents.iter().any(|it| it.id == revision.id.id));
            prop_assert_eq!(history.heads().contains(&revision), !named);
            prop_assert_eq!(history.bases().contains(&revision), revision.parents.is_empty());
        }
    }

    #[test]
    fn a_cycle_is_found_where_an_edge_closes_one(lines in any_graph(), from in 0..1000_usize, to in 0..1000_usize) {
        let mut lines = lines;
        let before: Vec<&str> = lines.iter().map(String::as_str).collect();
        let sound = graph(&before);
        let id = |at: usize| lines[at % lines.len()].split(':').next().unwrap().to_owned();
        let (child, parent) = (id(from), id(to));
        let closes = child == parent || sound.history.is_ancestor(&child, &parent);
        let at = from % lines.len();
        lines[at] = lines[at].replacen(':', &format!(":{parent} "), 1);
        let after: Vec<&str> = lines.iter().map(String::as_str).collect();
        let case = graph(&after);
        prop_assert_eq!(!case.of("revision-cycle").is_empty(), closes);
        prop_assert_eq!(case.history.revisions.len(), lines.len());
        for cycle in case.history.cycles() {
            for (one, next) in cycle.iter().zip(cycle.iter().skip(1).chain(cycle.first())) {
                prop_assert!(next.parents.iter().chain(&next.depends_on).any(|it| it.id == one.id.id));
            }
        }
    }

    #[test]
    fn nothing_panics_whatever_is_named(lines in proptest::collection::vec("[a-e]:[a-g ]{0,5};[a-g ]{0,3}#[a-h ]{0,3}", 0..9)) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let case = graph(&lines);
        case.findings();
        let (json, mermaid) = (output::history::json, output::history::mermaid);
        for write in [tree, json, mermaid, output::history::dot, output::history::svg] {
            prop_assert_eq!(case.shown(write), graph(&lines).shown(write));
        }
        prop_assert_eq!(case.history.revisions.len() + case.history.dropped.len(), lines.len());
    }
}
