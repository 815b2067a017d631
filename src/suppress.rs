//! `# limbeck: ignore[rule] reason`: what a user asks to be silent about, and whether it was any use.

use crate::{
    finding::{Finding, Repair, Severity},
    rule::Rule,
    rules,
    source::{SourceId, Sources, Span},
};
use std::collections::BTreeMap;

/// A finding, and where it came from.
pub struct Heard<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// The operation's call.
    pub called: Option<Span>,
    /// The comments in the SQL that speak of its statement.
    pub remarks: &'a [Span],
}

/// A rule that a comment names.
#[derive(Debug)]
struct Named {
    rule: String,
    span: Span,
    used: bool,
}

/// One comment.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Suppression {
    span: Span,
    /// The line that it stands on, from 1.
    line: u32,
    /// It stands alone on its line, and so may speak of the line below.
    alone: bool,
    file: bool,
    sql: bool,
    reason: bool,
    rules: Vec<Named>,
    /// It says `limbeck:` and then nothing that is understood.
    odd: bool,
    /// It is a comment of Python's, and speaks to nobody else.
    whole: bool,
}

/// All comments of an environment that ask for silence.
#[derive(Debug, Default)]
pub struct Suppressions {
    /// In the order of the sources' ids, and of the text.
    all: BTreeMap<(SourceId, u32), Suppression>,
}

impl Suppressions {
    /// Reads Python comments, and those in SQL, of the files that are reported.
    pub fn read<'a>(
        sources: &Sources,
        comments: &[Span],
        remarks: impl Iterator<Item = (Span, &'a str)>,
        reported: &dyn Fn(SourceId) -> bool,
    ) -> Self {
        let mut all = BTreeMap::new();
        for span in comments.iter().filter(|it| reported(it.source)) {
            let source = sources.get(span.source);
            let text = source.text.get(span.start as usize..span.end as usize).unwrap_or("");
            if let Some(found) = understand(sources, *span, text, false) {
                all.insert((span.source, span.start), found);
            }
        }
        for (span, text) in remarks.filter(|(span, _)| reported(span.source)) {
            if let Some(found) = understand(sources, span, text, true) {
                all.insert((span.source, span.start), found);
            }
        }
        Self { all }
    }

    /// A comment asks for silence about the finding; it has been of use then.
    pub fn silence(&mut self, sources: &Sources, heard: &Heard<'_>) -> bool {
        let source = heard.finding.span.source;
        let mut silent = false;
        let here = self.all.range((source, 0)..=(source, u32::MAX)).map(|(key, _)| *key);
        let mut keys: Vec<(SourceId, u32)> = here.collect();
        // SQL may come from another file than the finding's call.
        keys.extend(heard.remarks.iter().map(|it| (it.source, it.start)));
        for key in keys {
            let Some(it) = self.all.get_mut(&key) else { continue };
            if it.file || if it.sql { heard.remarks.contains(&it.span) } else { it.reaches(sources, heard) } {
                for named in it.rules.iter_mut().filter(|named| means(&named.rule, heard.finding.rule)) {
                    named.used = true;
                    silent = true;
                }
            }
        }
        silent
    }

    /// What is wrong with the comments themselves.
    pub fn complaints(&self, own: &[&'static Rule], active: &dyn Fn(&str) -> bool) -> Vec<Finding> {
        let mut out = Vec::new();
        for it in self.all.values() {
            if it.odd {
                let message = "this comment suppresses nothing: `limbeck: ignore[rule] reason` is the form";
                out.push(Finding::new("unused-suppression", Severity::Warning, it.span, message));
                continue;
            }
            for named in it.rules.iter().filter(|named| !named.used) {
                let mut meant = rules::named(&named.rule);
                meant.extend(own.iter().filter(|it| it.name == named.rule));
                let message = if meant.is_empty() {
                    format!("there is no rule `{}`", named.rule)
                } else if meant.iter().any(|rule| active(rule.name)) {
                    format!("nothing here breaks `{}`", named.rule)
                } else {
                    // The rule is off: whether the comment is of use cannot be said.
                    continue;
                };
                let mut finding = Finding::new("unused-suppression", Severity::Warning, named.span, message);
                finding.object(named.rule.clone()).help("remove the comment, or the name from it");
                if it.whole && it.rules.len() == 1 {
                    finding.repair(Repair::Uncomment { span: it.span });
                }
                out.push(finding);
            }
            if !it.reason {
                let names: Vec<&str> = it.rules.iter().map(|named| named.rule.as_str()).collect();
                let message = format!("no reason is given for ignoring `{}`", names.join("`, `"));
                let mut finding = Finding::new("bare-suppression", Severity::Warning, it.span, message);
                finding
                    .object(names.join(", "))
                    .help(format!("limbeck: ignore[{}] why it is safe here", names.join(", ")));
                out.push(finding);
            }
        }
        out
    }
}

impl Suppression {
    /// The comment stands on a line of the operation or of the finding, or alone on the line above.
    fn reaches(&self, sources: &Sources, heard: &Heard<'_>) -> bool {
        let spans = [Some(heard.finding.span), heard.called].into_iter().flatten();
        spans.filter(|span| span.source == self.span.source).any(|span| {
            let place = sources.place(span);
            (place.line..=place.end_line.max(place.line)).contains(&self.line)
                || (self.alone && self.line + 1 == place.line)
        })
    }
}

/// The name, which may be another tool's, means the rule.
fn means(name: &str, rule: &str) -> bool {
    name == rule || (rules::find(name).is_none() && rules::find(rule).is_some_and(|it| it.is_called(name)))
}

/// A comment that speaks to the tool.
fn understand(sources: &Sources, span: Span, text: &str, sql: bool) -> Option<Suppression> {
    // It may follow what another tool is told: `# noqa: E501  # limbeck: ignore[…] …`.
    let own = if sql { None } else { text.find("# limbeck:").and_then(|at| text.get(at..)) };
    let inner = own.unwrap_or(text).trim_start_matches(['#', '-', '/', '*', ' ', '\t']);
    let asked = inner.strip_prefix("limbeck:")?.trim_start();
    let source = sources.get(span.source);
    let (line, _) = source.line_column(span.start);
    let (start, _) = source.line_range(line);
    let before = source.text.get(start as usize..span.start as usize).unwrap_or("");
    let mut found = Suppression {
        span,
        line,
        alone: before.trim().is_empty(),
        file: false,
        sql,
        reason: false,
        rules: Vec::new(),
        odd: true,
        whole: !sql && text.trim_start_matches(['#', ' ', '\t']).starts_with("limbeck:"),
    };
    let rest = if let Some(rest) = asked.strip_prefix("ignore-file[") {
        found.file = true;
        rest
    } else if let Some(rest) = asked.strip_prefix("ignore[") {
        rest
    } else {
        return Some(found);
    };
    let Some((names, reason)) = rest.split_once(']') else { return Some(found) };
    let offset = text.len() - rest.len();
    let mut at = offset;
    for name in names.split(',') {
        let blanks = name.len() - name.trim_start().len();
        let rule = name.trim();
        if !rule.is_empty() {
            found.rules.push(Named { rule: rule.to_owned(), span: part(span, at + blanks, rule.len()), used: false });
        }
        at += name.len() + 1;
    }
    found.odd = found.rules.is_empty();
    found.reason = reason.trim_matches([' ', '\t', '*', '/', '-', ':']).chars().any(char::is_alphanumeric);
    Some(found)
}

/// A part of a comment that stands in its source byte by byte.
fn part(span: Span, at: usize, length: usize) -> Span {
    let start = span.start.saturating_add(u32::try_from(at).unwrap_or(u32::MAX)).min(span.end);
    let end = start.saturating_add(u32::try_from(length).unwrap_or(u32::MAX)).min(span.end);
    Span { source: span.source, start, end }
}
