//! Histories written in SQL.

use limbeck::{
    check::{Case, Migrated, Report, check, decide, migrate},
    environment::Environment,
    finding::{Finding, Severity},
    history::History,
    op::{CheckFirst, Guard, Name, Op, Qualified, Question, Step, TextClause},
    policy::{Policy, Target},
    render::Dialect,
    revision::{Body, Docstring, Reference, Revision},
    source::{SourceId, Sources, Span, Text},
};
use std::collections::BTreeMap;

pub const USERS: &str = "CREATE TABLE users (id serial PRIMARY KEY, login text NOT NULL, name text, age varchar)";

/// A history under construction: each revision is `upgrade`, `downgrade` as lines of SQL.
#[derive(Default)]
pub struct Book {
    sources: Sources,
    pub revisions: Vec<Revision>,
    comments: Vec<Span>,
    guards: BTreeMap<(usize, usize), Guard>,
    since: Option<String>,
    pub schemas: Vec<String>,
    select: Option<Vec<&'static str>>,
}

impl Book {
    /// Adds a revision after the one before. A line is one operation; `!` before it: in an autocommit block;
    /// `?`: not understood; `#` begins a comment, and `raise` an exception.
    pub fn page(self, upgrade: &[&str], downgrade: &[&str]) -> Self {
        let parent = self.revisions.last().map(|it| it.id.id.clone());
        self.page_after(&parent.iter().map(String::as_str).collect::<Vec<_>>(), upgrade, downgrade)
    }

    pub fn page_after(mut self, parents: &[&str], upgrade: &[&str], downgrade: &[&str]) -> Self {
        let number = self.revisions.len();
        let lines = |lines: &[&str]| lines.iter().flat_map(|line| [*line, "\n"]).collect::<String>();
        let (up, down) = ("def upgrade():\n", "def downgrade():\n");
        let text = format!("{up}{}{down}{}", lines(upgrade), lines(downgrade));
        let source = self.sources.add(format!("versions/{number:04}.py"), text);
        let reference = |id: &str| Reference { id: id.to_owned(), span: span(source, 0, 3) };
        let mut start = up.len();
        let upgrade = self.body(source, 0, upgrade, &mut start);
        let def = start;
        start += down.len();
        let downgrade = self.body(source, def, downgrade, &mut start);
        self.revisions.push(Revision {
            source,
            id: reference(&format!("r{number}")),
            parents: parents.iter().map(|it| reference(it)).collect(),
            depends_on: Vec::new(),
            labels: Vec::new(),
            docstring: Docstring::default(),
            upgrade: upgrade.into(),
            downgrade: downgrade.into(),
        });
        self
    }

    fn body(&mut self, source: SourceId, def: usize, lines: &[&str], start: &mut usize) -> Body {
        let mut steps = Vec::new();
        for line in lines {
            let at = *start;
            *start += line.len() + 1;
            let code = line.split('#').next().unwrap();
            if let Some(comment) = line.find('#') {
                self.comments.push(span(source, at + comment, at + line.len()));
            }
            if code.trim().is_empty() {
                continue;
            }
            let place = span(source, at, at + code.len());
            let op = if let Some(reason) = code.strip_prefix('?') {
                Op::Unresolved { reason: reason.into() }
            } else if code.starts_with("raise") {
                Op::Raise { what: code.trim_start_matches("raise ").replace("('", ": ").replace("')", "") }
            } else {
                let sql = code.strip_prefix('!').unwrap_or(code);
                let text = Text::verbatim(sql, span(source, at + code.len() - sql.len(), at + code.len()));
                Op::Execute(TextClause { text, binds: Vec::new() })
            };
            let when = self.guards.get(&(self.revisions.len(), steps.len())).cloned().into_iter().collect();
            steps.push(Step {
                op,
                span: place,
                sent: place,
                autocommit: code.starts_with('!'),
                checkfirst: CheckFirst::No,
                when,
            });
        }
        Body { span: span(source, def, def + 3), defined: true, empty: steps.is_empty(), steps }
    }

    /// The step of the next revision is run where the table is (or is not) there.
    pub fn guard(mut self, step: usize, table: &str, holds: bool) -> Self {
        let id = self.revisions[0].source;
        let question = Question::Table(Qualified { schema: None, name: Name::plain(table) });
        let guard = Guard { text: format!("has_table({table})"), span: span(id, 0, 2), question, holds };
        self.guards.insert((self.revisions.len(), step), guard);
        self
    }

    pub fn since(mut self, since: &str) -> Self {
        self.since = Some(since.to_owned());
        self
    }

    pub fn only(mut self, rules: &[&'static str]) -> Self {
        self.select = Some(rules.to_vec());
        self
    }

    /// What the schema answers to the guards of the last revision's upgrade.
    pub fn decisions(self) -> Vec<Option<bool>> {
        let history = History::build(Environment::default(), self.revisions, &self.sources);
        let migrations: Vec<Migrated> = history.revisions.iter().map(|it| migrate(it, &Dialect::default())).collect();
        decide(&history, &migrations).pop().unwrap().upgrade
    }

    pub fn check(self) -> (Report, Sources) {
        let history = History::build(Environment::default(), self.revisions, &self.sources);
        let migrations = history.revisions.iter().map(|it| migrate(it, &Dialect::default())).collect();
        let target = Target { schemas: self.schemas, since: self.since, ..Target::default() };
        let policy = Policy {
            target,
            select: self.select.map(|it| it.into_iter().collect()),
            ignore: [].into(),
            severity: BTreeMap::new(),
            own: Vec::new(),
            per_file_ignores: Vec::new(),
        };
        let case = Case {
            base: None,
            history: &history,
            sources: &self.sources,
            migrations,
            found: Vec::new(),
            comments: &self.comments,
            policy: &policy,
        };
        (check(case), self.sources)
    }

    /// `revision:line rule severity` of what is not suppressed; an error's severity is left out.
    pub fn found(self) -> Vec<String> {
        let (report, sources) = self.check();
        let meant = report.findings.iter().filter(|it| !it.suppressed && !BESIDE.contains(&it.rule));
        meant.map(|it| line(&sources, it)).collect()
    }

    /// What the rules of this name say, and how badly.
    pub fn said(self, rules: &str) -> Vec<String> {
        let (report, _) = self.check();
        let meant = report.findings.into_iter().filter(|it| it.rule.starts_with(rules));
        meant.map(|it| format!("{} {}: {}", it.severity.word(), it.rule, it.message)).collect()
    }

    pub fn found_without(self, rule: &str) -> Vec<String> {
        self.found().into_iter().filter(|it| !it.contains(rule)).collect()
    }
}

fn span(source: SourceId, start: usize, end: usize) -> Span {
    Span { source, start: u32::try_from(start).unwrap(), end: u32::try_from(end).unwrap() }
}

fn line(sources: &Sources, finding: &Finding) -> String {
    let path = sources.get(finding.span.source).path.clone();
    let number: usize = path.trim_start_matches("versions/").trim_end_matches(".py").parse().unwrap();
    let severity = if finding.severity == Severity::Error { "" } else { finding.severity.word() };
    format!("{number}:{} {} {severity}", sources.place(finding.span).line, finding.rule).trim().to_owned()
}

/// A history whose first revision makes `users`.
pub fn users() -> Book {
    Book::default().page(&[USERS], &["DROP TABLE users"])
}

/// What the SQL of these tests is at fault for besides; each has its document and its fixtures.
const BESIDE: [&str; 9] = [
    "backfill-under-lock",
    "blocking-check",
    "blocking-not-null",
    "rewriting-column",
    "rewriting-type-change",
    "transaction-control",
    "unbounded-backfill",
    "unvalidated-constraint",
    "validation-under-lock",
];

/// What is found in an upgrade behind it.
pub fn upgrade(lines: &[&str]) -> Vec<String> {
    users().page(lines, &["SELECT 1", "raise NotImplementedError('x')"]).found_without("missing-downgrade")
}
