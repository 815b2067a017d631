//! What of the findings is said: the policy, the selection, the suppressions.

use super::{Case, Migrated, judge::Raised};
use crate::{
    finding::{Breaks, Finding},
    rule::{Check, Rule},
    source::{SourceId, Span},
    suppress::{Heard, Suppressions},
};
use std::collections::BTreeSet;

/// The findings that are reported, graded, with the suppressed ones marked.
pub(super) fn sift(
    case: &Case<'_>,
    raised: Vec<Raised>,
    remarks: &[(Span, String)],
    reported: Option<&[bool]>,
) -> Vec<Finding> {
    let silent = silent(case, reported);
    let unasked = unasked(case);
    let unread: BTreeSet<SourceId> = case.found.iter().map(|finding| finding.span.source).collect();
    let raised = raised.into_iter().filter(|it| !told_already(&it.finding, &unread));
    let mut all: Vec<Raised> = case.found.iter().cloned().map(Raised::from).chain(raised).collect();
    all.retain(|it| {
        let hidden = if stops_everything(&it.finding) { &unasked } else { &silent };
        !hidden.contains(&it.finding.span.source) && wanted(case, &it.finding)
    });
    let mut suppressions =
        Suppressions::read(case.sources, case.comments, spoken(remarks), &|source| !silent.contains(&source));
    for it in &mut all {
        let heard = Heard { finding: &it.finding, called: it.called, remarks: &it.remarks };
        it.finding.suppressed = suppressions.silence(case.sources, &heard);
    }
    let mut findings: Vec<Finding> = all.into_iter().map(|it| it.finding).collect();
    // Whether a comment about what only a run shows is of use, only a run can say; and what is told of new revisions
    // alone cannot be looked for where nothing says which are new.
    let looked_for = |rule: &Rule| {
        !matches!(rule.spec.check, Check::Run)
            && (case.policy.target.knows_new() || !rule.spec.group.is_of_new_revisions())
    };
    let active = |rule: &str| case.policy.find(rule).is_some_and(|rule| case.policy.applies(rule) && looked_for(rule));
    findings.extend(suppressions.complaints(&case.policy.own, &active).into_iter().filter(|it| wanted(case, it)));
    let together = together(case, &findings);
    findings.extend(together);
    for finding in &mut findings {
        if let Some(severity) = case.policy.severity.get(finding.rule) {
            finding.severity = *severity;
        }
        if finding.subject.environment.is_empty() {
            finding.subject.environment.clone_from(&case.history.environment.folder);
        }
    }
    findings
}

/// Of what a run has shown, what the policy asks for, graded, with the suppressed ones marked.
pub(super) fn sift_run(case: &Case<'_>, raised: Vec<Raised>) -> Vec<Finding> {
    let unasked = unasked(case);
    let remarks = remarks(&case.migrations);
    let mut suppressions = Suppressions::read(case.sources, case.comments, spoken(&remarks), &|_| true);
    let wanted =
        raised.into_iter().filter(|it| !unasked.contains(&it.finding.span.source) && wanted(case, &it.finding));
    let graded = wanted.map(|mut it| {
        let heard = Heard { finding: &it.finding, called: it.called, remarks: &it.remarks };
        it.finding.suppressed = suppressions.silence(case.sources, &heard);
        if let Some(severity) = case.policy.severity.get(it.finding.rule) {
            it.finding.severity = *severity;
        }
        it.finding
    });
    graded.collect()
}

/// The policy wants code to be deployed before what breaks the code from before it.
fn together(case: &Case<'_>, findings: &[Finding]) -> Option<Finding> {
    let rule = crate::rules::find("contract-with-code").filter(|rule| case.policy.applies(rule))?;
    let outside = &case.base?.outside;
    let (first, more) = (outside.first()?, outside.len() - 1);
    let breaking = findings.iter().find(|it| !it.suppressed && it.breaks == Breaks::OldCode)?;
    let others = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!("this breaks the code from before it, and the same change touches `{first}`{others}");
    let mut finding = Finding::new(rule.name, rule.spec.severity, breaking.span, message);
    finding.subject = breaking.subject.clone();
    finding.breaks = Breaks::OldCode;
    finding.help("two pull requests: first the code that does without, and when it is deployed this revision");
    Some(finding)
}

/// The revision files that nothing is said of: those before `since`, and those that were not asked for.
fn silent(case: &Case<'_>, reported: Option<&[bool]>) -> BTreeSet<SourceId> {
    let mut silent = BTreeSet::new();
    for (place, revision) in case.history.revisions.iter().enumerate() {
        if reported.is_some_and(|it| it.get(place) != Some(&true)) {
            silent.insert(revision.source);
        }
    }
    silent.extend(unasked(case));
    silent
}

/// The files of the history that were not asked for.
fn unasked(case: &Case<'_>) -> BTreeSet<SourceId> {
    let Some(selected) = &case.history.environment.selected else { return BTreeSet::new() };
    let sources = case.history.revisions.iter().map(|it| it.source);
    let all = case.history.environment.files.iter().copied().chain(sources);
    all.filter(|it| !selected.contains(it)).collect()
}

/// A fault of the graph that is no single revision's: Alembic cannot run at all, however old its place is.
fn stops_everything(finding: &Finding) -> bool {
    let of_history = crate::rules::find(finding.rule).is_some_and(|rule| matches!(rule.spec.check, Check::History(_)));
    of_history && finding.subject.revision.is_none()
}

/// A file that the reader has refused already: that it gives no revision, or no operations, is the same fault.
fn told_already(finding: &Finding, unread: &BTreeSet<SourceId>) -> bool {
    matches!(finding.rule, "missing-revision-id" | "opaque-operation") && unread.contains(&finding.span.source)
}

/// The policy asks for the rule in this file.
fn wanted(case: &Case<'_>, finding: &Finding) -> bool {
    let Some(rule) = case.policy.find(finding.rule) else { return true };
    if !case.policy.applies(rule) {
        return false;
    }
    let path = &case.sources.get(finding.span.source).path;
    if let Check::Own(own) = rule.spec.check
        && !own.reaches(case.history, finding.subject.revision.as_deref(), path)
    {
        return false;
    }
    !case.policy.per_file_ignores.iter().any(|(glob, rules)| rules.contains(rule.name) && glob.is_match(path))
}

/// Every comment in SQL that speaks to the tool.
pub(super) fn remarks(migrations: &[Migrated]) -> Vec<(Span, String)> {
    let ways = migrations.iter().flat_map(|it| [&it.upgrade, &it.downgrade]);
    let all = ways.flat_map(|way| {
        let of_statements = way.statements.iter().flat_map(|it| &it.remarks);
        of_statements.chain(way.rejected.iter().flat_map(|it| &it.remarks))
    });
    all.cloned().collect()
}

fn spoken(remarks: &[(Span, String)]) -> impl Iterator<Item = (Span, &str)> {
    remarks.iter().map(|(span, text)| (*span, text.as_str()))
}
