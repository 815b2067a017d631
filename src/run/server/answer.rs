//! What a check of one folder comes to, and what an editor asks of it.

use super::{
    State, documents,
    place::{Position, Range, uri_of},
};
use crate::{
    check::Report,
    cli::Place,
    finding::{Direction, Finding, Severity},
    fix,
    lock::Server,
    output::{locks::LocksReport, sql::SqlReport},
    revision::{Body, Revision},
    run::{World, locks, memory::Memory, project::Project, sql},
    source::{Source, SourceId},
};
use miette::Result;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt::Write,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What is written for somebody to go on from: a comment without a reason is itself a finding.
const REASON: &str = "TODO: say why it is safe here";

/// A checked folder.
pub(super) struct Answer {
    root: PathBuf,
    project: Project,
    report: Report,
    memory: Arc<Memory>,
}

impl Answer {
    /// Reads and checks a folder; texts that are not saved count.
    ///
    /// # Errors
    /// There is no history, or its settings are wrong.
    pub(super) fn new(root: &Path, unsaved: &BTreeMap<PathBuf, String>, memory: &Arc<Memory>) -> Result<Self> {
        let place = Place { unsaved: unsaved.clone(), ..Place::at(vec![PathBuf::from(".")]) };
        let (mut out, mut err) = (io::sink(), io::sink());
        let mut world = World { here: root.to_path_buf(), colored: false, out: &mut out, err: &mut err };
        let project = Project::read_again(&place, None, &mut world, Some(Arc::clone(memory)))?;
        let report = project.check(&project.config.policy, None)?;
        Ok(Self { root: root.to_path_buf(), project, report, memory: Arc::clone(memory) })
    }

    /// The diagnostics of each file, by URI.
    pub(super) fn diagnostics(&self, documents: Option<&Path>) -> BTreeMap<String, Vec<Value>> {
        let mut files: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for finding in self.report.findings.iter().filter(|it| !it.suppressed) {
            files.entry(self.uri(finding.span.source)).or_default().push(self.diagnostic(finding, documents));
        }
        files
    }

    fn uri(&self, id: SourceId) -> String {
        uri_of(&self.project.checkout.absolute(&self.project.sources.get(id).path))
    }

    fn diagnostic(&self, finding: &Finding, documents: Option<&Path>) -> Value {
        let sources = &self.project.sources;
        let related: Vec<Value> = finding
            .notes
            .iter()
            .map(|note| {
                let range = Range::of(&sources.get(note.span.source), note.span);
                json!({ "location": { "uri": self.uri(note.span.source), "range": range }, "message": note.message })
            })
            .collect();
        let help = finding.help.as_ref().map(|help| format!("\n\nhelp:\n{help}")).unwrap_or_default();
        let mut diagnostic = json!({
            "range": Range::of(&sources.get(finding.span.source), finding.span),
            "severity": match finding.severity {
                Severity::Error => 1,
                Severity::Warning => 2,
                Severity::Note => 3,
            },
            "source": "limbeck",
            "code": finding.rule,
            "message": format!("{}{help}", finding.message),
            "relatedInformation": related,
        });
        if let Some(link) = documents.and_then(|folder| documents::link(folder, finding.rule)) {
            diagnostic["codeDescription"] = json!({ "href": link });
        }
        diagnostic
    }

    /// What the operation at a place sends, and which rules speak there.
    pub(super) fn hover(&self, path: &Path, at: Position) -> Option<Value> {
        let id = self.source(path)?;
        let source = self.project.sources.get(id);
        let mut text = self.sent(id, &source, at).unwrap_or_default();
        let line = Range { start: Position { character: 0, ..at }, end: Position { character: u32::MAX, ..at } };
        for finding in self.findings_at(id, &source, line) {
            if let Some(rule) = self.project.config.policy.find(finding.rule) {
                let _ = write!(text, "\n\n{}", rule.doc.trim_end());
            }
        }
        let text = text.trim();
        (!text.is_empty()).then(|| json!({ "contents": { "kind": "markdown", "value": text } }))
    }

    /// The file's id in this check.
    fn source(&self, path: &Path) -> Option<SourceId> {
        let wanted = self.project.checkout.relative(&path.canonicalize().ok()?)?;
        let files = self.project.stories.iter().flat_map(|story| &story.history.environment.files);
        files.copied().find(|id| self.project.sources.get(*id).path == wanted)
    }

    fn findings_at(&self, id: SourceId, source: &Source, asked: Range) -> Vec<&Finding> {
        let touches = |finding: &&Finding| {
            let range = Range::of(source, finding.span);
            finding.span.source == id && range.start <= asked.end && asked.start <= range.end
        };
        self.report.findings.iter().filter(|it| !it.suppressed).filter(touches).collect()
    }

    /// The SQL of the operation around a place.
    fn sent(&self, id: SourceId, source: &Source, at: Position) -> Option<String> {
        let revisions = self.project.stories.iter().flat_map(|story| &story.history.revisions);
        let revision: &Revision = revisions.into_iter().find(|it| it.source == id)?;
        for (direction, body) in [(Direction::Upgrade, &revision.upgrade), (Direction::Downgrade, &revision.downgrade)]
        {
            let Some(line) = line_of(body, id, source, at) else { continue };
            let report = sql::report(&self.project, Some(&revision.id.id), &[direction]);
            let server = Server { version: self.project.config.policy.target.postgres };
            let locked = locks::report(&self.project, Some(&revision.id.id), &[direction], server);
            return Some(told(&report, direction, line)? + &waits(&locked, direction, line));
        }
        None
    }

    /// For each finding in a range: a comment that suppresses it, where one is heard.
    pub(super) fn actions(&self, path: &Path, uri: &str, asked: Range, state: &State) -> Option<Value> {
        let id = self.source(path)?;
        let source = self.project.sources.get(id);
        let mut actions = Vec::new();
        for finding in self.findings_at(id, &source, asked) {
            actions.extend(self.repair(path, uri, &source, finding, state));
            let line = self.first_line(id, &source, finding);
            let (from, _) = source.line_range(line);
            let rest = source.text.get(from as usize..).unwrap_or("");
            let indent: String = rest.chars().take_while(|it| *it == ' ' || *it == '\t').collect();
            let comment = format!("{indent}# limbeck: ignore[{}] {REASON}\n", finding.rule);
            if !self.is_silenced(path, &source, from, &comment, finding, &state.unsaved) {
                continue;
            }
            let place = Position { line: line - 1, character: 0 };
            actions.push(json!({
                "title": format!("Suppress `{}` with a reason", finding.rule),
                "kind": "quickfix",
                "diagnostics": [self.diagnostic(finding, state.documents.as_deref())],
                "edit": { "changes": { uri: [{ "range": Range { start: place, end: place }, "newText": comment }] } },
            }));
        }
        (!actions.is_empty()).then_some(Value::Array(actions))
    }

    /// What takes the finding away, where it would and nothing else came of it.
    fn repair(&self, path: &Path, uri: &str, source: &Source, finding: &Finding, state: &State) -> Option<Value> {
        let edits = fix::of(finding, &self.project.sources)?;
        let mut tried = state.unsaved.clone();
        tried.insert(path.to_path_buf(), fix::applied(&source.text, &edits));
        let answer = Self::new(&self.root, &tried, &self.memory).ok()?;
        fix::hold(&self.report, &answer.report, &[finding]).ok()?;
        let edits: Vec<Value> =
            edits.iter().map(|it| json!({ "range": Range::of(source, it.span), "newText": it.text })).collect();
        Some(json!({
            "title": format!("Fix `{}`", finding.rule),
            "kind": "quickfix",
            "isPreferred": true,
            "diagnostics": [self.diagnostic(finding, state.documents.as_deref())],
            "edit": { "changes": { uri: edits } },
        }))
    }

    /// The line above which a comment is to stand: that of the operation, since SQL may go over several.
    fn first_line(&self, id: SourceId, source: &Source, finding: &Finding) -> u32 {
        let revisions = self.project.stories.iter().flat_map(|story| &story.history.revisions);
        let bodies = revisions.filter(|it| it.source == id).flat_map(|it| [&it.upgrade, &it.downgrade]);
        let spans = bodies.flat_map(|body| &body.steps).map(|step| step.sent).filter(|it| it.source == id);
        let around = |span: &crate::source::Span| span.start <= finding.span.start && finding.span.end <= span.end;
        let start = spans.filter(around).map(|it| it.start).max().unwrap_or(finding.span.start);
        source.line_column(start).0
    }

    /// With the comment the finding is gone: where it would stand inside of a text, it is none.
    fn is_silenced(
        &self,
        path: &Path,
        source: &Source,
        at: u32,
        comment: &str,
        finding: &Finding,
        unsaved: &BTreeMap<PathBuf, String>,
    ) -> bool {
        let (Some(before), Some(after)) = (source.text.get(..at as usize), source.text.get(at as usize..)) else {
            return false;
        };
        let mut tried = unsaved.clone();
        tried.insert(path.to_path_buf(), format!("{before}{comment}{after}"));
        let Ok(answer) = Self::new(&self.root, &tried, &self.memory) else { return false };
        let heard = |report: &Report| {
            let same = |it: &&Finding| !it.suppressed && it.rule == finding.rule && it.subject == finding.subject;
            report.findings.iter().filter(same).count()
        };
        heard(&answer.report) < heard(&self.report)
    }
}

/// The line of the call around a place.
fn line_of(body: &Body, id: SourceId, source: &Source, at: Position) -> Option<u32> {
    let spans = body.steps.iter().map(|step| step.sent).filter(|span| span.source == id);
    let lines = |span: &crate::source::Span| {
        let range = Range::of(source, *span);
        (range.start.line..=range.end.line).contains(&at.line)
    };
    spans.into_iter().find(lines).map(|span| source.line_column(span.start).0)
}

/// Who waits for what the call at a line locks: what nobody else sees yet is left out.
fn waits(report: &LocksReport, direction: Direction, line: u32) -> String {
    let revision = report.revisions.first();
    let way = revision.and_then(|it| it.way(direction));
    let statements = way.iter().flat_map(|way| &way.statements).filter(|it| it.line == line);
    let mut text = String::new();
    for lock in statements.flat_map(|it| &it.locks).filter(|it| !it.new) {
        let relation = lock.relation.replace('`', "'");
        let _ = write!(text, "\n- `{}` on `{relation}`, {}: {} wait", lock.mode, lock.duration, lock.waits.join(", "));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn told(report: &SqlReport, direction: Direction, line: u32) -> Option<String> {
    let way = report.revisions.first()?.way(direction)?;
    let mut text = String::new();
    for it in way.statements.iter().filter(|it| it.line == line) {
        let mark = if it.autocommit { "-- outside the transaction\n" } else { "" };
        let _ = write!(text, "```sql\n{mark}{}\n```\n", it.sql.replace("```", "` ` `"));
    }
    for it in way.unresolved.iter().filter(|it| it.line == line) {
        let _ = writeln!(text, "Not understood: {}", it.reason);
    }
    for it in way.fails.iter().filter(|it| it.line == line) {
        let _ = writeln!(text, "Fails: {}", it.reason);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use crate::run::server::place::{path_of, uri_of};
    use std::path::Path;

    #[test]
    fn paths_become_uris_and_back() {
        for path in ["/a/b c/größe%20.py", "/x/#?[].py"] {
            assert_eq!(path_of(&uri_of(Path::new(path))).as_deref(), Some(Path::new(path)));
        }
        assert_eq!(uri_of(Path::new("/a b.py")), "file:///a%20b.py");
        assert_eq!(path_of("untitled:x"), None);
    }
}
