//! The report as one page that brings all it needs along: `limbeck report --html`.
//!
//! What comes from the checked files is data of the page's own script, which sets it as text; a policy in the page's
//! head lets no other script or style run, and nothing be fetched.

use super::{
    Output, Row,
    history::{Drawn, lanes},
    human,
    locks::{LocksReport, RevisionLocks, WayLocks},
    schema::step::Change,
    sql::{RevisionSql, SqlReport, WaySql},
};
use crate::{finding::Direction, history::History};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

const PAGE: &str = include_str!("page/page.html");
pub(super) const STYLE: &str = include_str!("page/page.css");
pub(super) const SCRIPT: &str = include_str!("page/page.js");

#[derive(Serialize)]
struct Data<'a> {
    summary: String,
    histories: Vec<HistoryData<'a>>,
    findings: Vec<FindingData<'a>>,
    rules: BTreeMap<&'a str, RuleData>,
}

#[derive(Serialize)]
struct HistoryData<'a> {
    folder: &'a str,
    /// The newest first.
    revisions: Vec<RevisionData<'a>>,
}

#[derive(Serialize)]
struct RevisionData<'a> {
    id: &'a str,
    parents: Vec<&'a str>,
    depends_on: Vec<&'a str>,
    children: Vec<&'a str>,
    message: Option<&'a str>,
    date: Option<&'a str>,
    file: String,
    worst: Option<&'static str>,
    row: lanes::Row,
    /// Their places in the list of all.
    findings: Vec<usize>,
    upgrade: Option<&'a WaySql>,
    downgrade: Option<&'a WaySql>,
    upgrade_locks: Option<&'a WayLocks>,
    downgrade_locks: Option<&'a WayLocks>,
    schema: &'a [Change],
}

/// What the page tells beside what was found.
pub struct Told<'a> {
    /// What the revisions send.
    pub sql: &'a SqlReport,
    /// What that locks.
    pub locks: &'a LocksReport,
    /// What each history's revisions make of the schema, in the order of both.
    pub steps: &'a [Vec<Vec<Change>>],
}

/// What is known of the revisions beside what was found, by script folder and id.
struct Known<'a> {
    sent: BTreeMap<(&'a str, &'a str), &'a RevisionSql>,
    locked: BTreeMap<(&'a str, &'a str), &'a RevisionLocks>,
    steps: &'a [Vec<Change>],
}

#[derive(Serialize)]
struct FindingData<'a> {
    rule: &'a str,
    severity: &'a str,
    message: &'a str,
    file: String,
    line: u32,
    revision: Option<&'a str>,
    direction: Option<&'a str>,
    sql: Option<&'a str>,
    help: Option<&'a str>,
    notes: Vec<NoteData<'a>>,
    suppressed: bool,
}

#[derive(Serialize)]
struct NoteData<'a> {
    message: &'a str,
    file: String,
    line: u32,
}

#[derive(Serialize)]
struct RuleData {
    summary: &'static str,
    document: &'static str,
}

/// Writes the page.
///
/// # Errors
/// Whatever the sink answers.
pub fn write(output: &Output<'_>, told: &Told<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows = output.rows();
    let (sql, locks) = (&told.sql.revisions, &told.locks.revisions);
    let known = |steps| Known {
        sent: sql.iter().map(|it| ((it.environment.as_str(), it.revision.as_str()), it)).collect(),
        locked: locks.iter().map(|it| ((it.environment.as_str(), it.revision.as_str()), it)).collect(),
        steps,
    };
    let known: Vec<Known<'_>> = told.steps.iter().map(|steps| known(steps.as_slice())).collect();
    let data = Data {
        summary: human::summary(&output.report.summary),
        histories: output
            .histories
            .iter()
            .zip(&known)
            .map(|(it, known)| history_data(output, it, &rows, known))
            .collect(),
        findings: rows.iter().map(|row| finding(output, row)).collect(),
        rules: rows.iter().filter_map(rule).collect(),
    };
    let fills = [
        ("@STYLE-HASH@", hash(STYLE)),
        ("@SCRIPT-HASH@", hash(SCRIPT)),
        ("@STYLE@", STYLE.to_owned()),
        ("@DATA@", inert(&serde_json::to_string(&data)?)),
        ("@SCRIPT@", SCRIPT.to_owned()),
    ];
    // From left to right, so that nothing is looked for in what was filled in.
    let mut rest = PAGE;
    for (mark, text) in fills {
        let (before, after) = rest.split_once(mark).unwrap_or((rest, ""));
        write!(out, "{before}{text}")?;
        rest = after;
    }
    write!(out, "{rest}")
}

/// The hash by which a policy lets a script or a style run.
pub(super) fn hash(text: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// JSON that cannot end the element it stands in.
fn inert(json: &str) -> String {
    let mut spelled = super::json::inert(json);
    for (letter, escape) in [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026")] {
        spelled = spelled.replace(letter, escape);
    }
    spelled
}

fn history_data<'a>(
    output: &'a Output<'_>,
    history: &'a History,
    rows: &'a [Row<'_>],
    known: &Known<'a>,
) -> HistoryData<'a> {
    let drawn = Drawn::new(history, output.report, None);
    let folder = history.environment.folder.as_str();
    let revision = |row: lanes::Row| {
        let revision = &history.revisions[row.revision];
        let id = revision.id.id.as_str();
        let ids = |all: &'a [crate::revision::Reference]| all.iter().map(|it| it.id.as_str()).collect();
        let own = |row: &Row<'_>| {
            let subject = &row.finding.subject;
            subject.environment == folder && subject.revision.as_deref() == Some(id)
        };
        let (sql, locks) = (known.sent.get(&(folder, id)), known.locked.get(&(folder, id)));
        RevisionData {
            id,
            parents: ids(&revision.parents),
            depends_on: ids(&revision.depends_on),
            children: history.children(id).iter().map(|it| it.id.id.as_str()).collect(),
            message: revision.docstring.message.as_deref(),
            date: super::history::date(revision),
            file: output.paths.shown(history.path(revision.source)),
            worst: drawn.tallies.get(id).and_then(super::history::Tally::worst).map(crate::finding::Severity::word),
            findings: (0..rows.len()).filter(|&at| rows.get(at).is_some_and(own)).collect(),
            upgrade: sql.and_then(|it| it.upgrade.as_ref()),
            downgrade: sql.and_then(|it| it.downgrade.as_ref()),
            upgrade_locks: locks.and_then(|it| it.upgrade.as_ref()),
            downgrade_locks: locks.and_then(|it| it.downgrade.as_ref()),
            schema: known.steps.get(row.revision).map_or(&[], Vec::as_slice),
            row,
        }
    };
    HistoryData { folder, revisions: lanes::rows(history).into_iter().map(revision).collect() }
}

fn finding<'a>(output: &Output<'_>, row: &'a Row<'_>) -> FindingData<'a> {
    let it = row.finding;
    let note = |note: &'a crate::finding::Note| NoteData {
        message: &note.message,
        file: output.paths.shown(&output.sources.get(note.span.source).path),
        line: output.sources.place(note.span).line,
    };
    FindingData {
        rule: it.rule,
        severity: it.severity.word(),
        message: &it.message,
        file: output.paths.shown(&row.source.path),
        line: row.place.line,
        revision: it.subject.revision.as_deref(),
        direction: it.subject.direction.map(Direction::word),
        sql: it.sql.as_deref(),
        help: it.help.as_deref(),
        notes: it.notes.iter().map(note).collect(),
        suppressed: it.suppressed,
    }
}

fn rule<'a>(row: &Row<'a>) -> Option<(&'a str, RuleData)> {
    let rule = row.rule?;
    Some((rule.name, RuleData { summary: rule.summary(), document: rule.doc }))
}
