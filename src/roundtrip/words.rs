//! Findings: what a run has shown, at the line of the Python that it comes from.

use super::{
    Blocked, Shown,
    acts::{Act, Acts},
    alembic::Failure,
    catalog::{Catalog, Change, Object},
    rows::Lost,
    runner::{Stop, word_at},
    session::Refusal,
};
use crate::{
    finding::{Direction, Finding, Severity, Subject},
    history::History,
    revision::{Body, Revision},
    source::{Sources, Span},
};
use std::collections::BTreeSet;

/// The rules that speak here.
pub(super) const FAILING: &str = "failing-statement";
pub(super) const BEYOND: &str = "cluster-change";
pub(super) const INCOMPLETE: &str = "incomplete-downgrade";
pub(super) const UNSTEADY: &str = "unsteady-upgrade";
pub(super) const ON_ROWS: &str = "refused-with-rows";
pub(super) const LOST: &str = "lost-values";
pub(super) const STALE: &str = "stale-dump";
pub(super) const BLOCKED: &str = "blocked-traffic";

/// More objects than these are counted, not named.
const MOST: usize = 8;
/// So many characters of a value are shown.
const LONG: usize = 80;

/// Makes findings for one history.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) history: &'a History,
    pub(super) acts: &'a [[Acts; 2]],
    pub(super) sources: &'a Sources,
}

impl Words<'_> {
    /// A revision stopped. `partial` is an ancestor that was not run in full.
    pub(super) fn stopped(
        &self,
        revision: &Revision,
        place: usize,
        direction: Direction,
        stop: &Stop,
        partial: Option<&str>,
    ) -> Shown {
        let acts = self.of(place, direction);
        let act = |at: &usize| acts.and_then(|acts| acts.all.get(*at));
        let mut shown = match stop {
            Stop::Refused { act: at, refusal } => self.refused(revision, direction, act(at), refusal),
            Stop::Around { refusal } => {
                let message = format!("PostgreSQL refuses what Alembic itself sends with it: {}", refusal.words());
                self.shown(FAILING, revision, direction, None, message)
            }
            Stop::Raised { act: at } => {
                let message = format!("the {} ends with an exception here", direction.word());
                self.shown(FAILING, revision, direction, act(at), message)
            }
            Stop::Failed { failure } => self.failed(revision, direction, failure),
            Stop::Beyond { act: at, what } => {
                let message = format!("this reaches beyond the database, and is not run: {what}");
                let mut shown = self.shown(BEYOND, revision, direction, act(at), message);
                shown.finding.help(
                    "keep it in the set-up of the server, or run it on a throw-away server with --allow-cluster-changes",
                );
                shown
            }
        };
        if let Some(id) = partial {
            shown.finding.severity = Severity::Warning;
            let span = self.history.find(id).map_or(shown.finding.span, |it| it.upgrade.span);
            shown.finding.note(span, format!("`{id}` before it was run only as far as it is known"));
        }
        shown
    }

    /// The project's own Alembic ended with an error.
    fn failed(&self, revision: &Revision, direction: Direction, failure: &Failure) -> Shown {
        let message = format!("the project's own Alembic fails here: {}", failure.words);
        let mut shown = self.shown(FAILING, revision, direction, None, message);
        shown.finding.sql.clone_from(&failure.sql);
        let source = self.sources.get(revision.source);
        if let Some(line) = failure.line_in(&source.path).filter(|line| *line <= source.line_count()) {
            let (start, end) = source.line_range(line);
            let text = source.text.get(start as usize..end as usize).unwrap_or("");
            let indent = text.len() - text.trim_start().len();
            let indent = u32::try_from(indent).unwrap_or(0);
            let length = u32::try_from(text.trim_end().len()).unwrap_or(0);
            shown.finding.span =
                Span { source: revision.source, start: start + indent, end: start + length.max(indent) };
        }
        shown
    }

    fn refused(&self, revision: &Revision, direction: Direction, act: Option<&Act>, refusal: &Refusal) -> Shown {
        let message = format!("PostgreSQL refuses this when it is run: {}", refusal.words());
        let mut shown = self.shown(FAILING, revision, direction, act, message);
        shown.finding.help.clone_from(&refusal.hint);
        let is_extension = act.is_some_and(|act| act.parts.iter().any(|part| !part.reach.extensions.is_empty()));
        if is_extension && matches!(refusal.code.as_str(), "0A000" | "58P01") {
            let help = "install the extension's package where this is run, or name a server that has it with \
                        --database-url";
            shown.finding.help(help);
        }
        if let (Some(act), Some(position)) = (act, refusal.position) {
            let text = act.text();
            let (start, end) = word_at(&text, position);
            let inside = |it: &Span| {
                it.source == revision.source
                    && (act.written || (it.start >= act.called.start && it.end <= act.called.end))
            };
            if let Some(span) = text.place(start, end).filter(inside) {
                shown.finding.span = span;
            }
        }
        shown
    }

    /// A revision stopped that runs where the tables are empty.
    pub(super) fn on_rows(
        &self,
        revision: &Revision,
        place: usize,
        direction: Direction,
        stop: &Stop,
        row: Option<&str>,
    ) -> Shown {
        let mut shown = self.stopped(revision, place, direction, stop, None);
        shown.finding.rule = ON_ROWS;
        shown.finding.severity = Severity::Warning;
        let before = "PostgreSQL refuses this when it is run: ";
        if let Some(why) = shown.finding.message.strip_prefix(before) {
            shown.finding.message = format!("with rows in the tables PostgreSQL refuses this: {why}");
        }
        if let Some(row) = row {
            shown.finding.help(format!("a row that is there: {}", shortened(row)));
        }
        shown
    }

    /// Values of a table that up and down have lost.
    pub(super) fn lost(&self, revision: &Revision, place: usize, table: &str, columns: &[Lost<'_>]) -> Shown {
        let table = table.strip_prefix("public.").unwrap_or(table);
        let (path, column) = match columns {
            [one] => (format!("{table}.{}", one.column), one.column),
            _ => (table.to_owned(), table.rsplit('.').next().unwrap_or(table)),
        };
        let most = columns.iter().max_by_key(|it| it.gone);
        let (gone, all, example) = most.map_or((0, 0, ""), |it| (it.gone, it.all, it.example));
        let message = if columns.len() == 1 {
            let values = if all == 1 { "value" } else { "values" };
            let are = if gone == 1 { "is" } else { "are" };
            format!("{gone} of {all} {values} of `{path}` {are} lost by the upgrade and the downgrade")
        } else {
            let names: Vec<String> = columns.iter().take(MOST).map(|it| format!("`{}`", it.column)).collect();
            let more = if columns.len() > MOST { ", …" } else { "" };
            format!("values of `{path}` are lost by the upgrade and the downgrade: {}{more}", names.join(", "))
        };
        let of = Object { kind: "column".to_owned(), of: String::new(), name: column.to_owned() };
        let [up, down] = [Direction::Upgrade, Direction::Downgrade].map(|it| {
            let acts = self.of(place, it)?;
            acts.all.iter().find(|act| act.called.source == revision.source && speaks_of(act, &of))
        });
        let direction = if up.is_none() && down.is_some() { Direction::Downgrade } else { Direction::Upgrade };
        let mut shown = self.shown(LOST, revision, direction, up.or(down), message);
        shown.finding.severity = Severity::Warning;
        shown.finding.subject.object = path;
        let short: String = example.chars().take(LONG).collect();
        shown.finding.help(format!("one of them: {short}"));
        shown
    }

    /// Somebody who read or wrote a table had to wait for most of the time that it takes to read it.
    pub(super) fn blocked(&self, revision: &Revision, place: usize, it: &Blocked) -> Shown {
        let of = Object { kind: "table".to_owned(), of: String::new(), name: it.table.clone() };
        let acts = self.of(place, Direction::Upgrade);
        let act = acts.and_then(|acts| acts.all.iter().find(|act| speaks_of(act, &of)).or(acts.all.first()));
        let (what, long) = if it.reads * 2 > it.writes { ("reads", it.reads) } else { ("writes", it.writes) };
        let message = format!(
            "{what} of `{}` waited {} ms while this revision ran, on {} rows that take {} ms to read",
            it.table,
            long.as_millis(),
            it.rows,
            it.scan.as_millis()
        );
        let mut shown = self.shown(BLOCKED, revision, Direction::Upgrade, act, message);
        shown.finding.subject.object.clone_from(&it.table);
        shown
            .finding
            .help("`limbeck check` names the statement and what to write in its place; `--trace` shows its locks");
        shown
    }

    /// Two catalogs differ that should be the same: a finding for each object, or one where nothing was undone at all.
    pub(super) fn differs(
        &self,
        revision: &Revision,
        place: usize,
        direction: Direction,
        (expected, found): (&Catalog, &Catalog),
    ) -> Vec<Shown> {
        let changes = expected.changes(found);
        let body = body(revision, direction);
        if direction == Direction::Downgrade && (body.empty || !body.defined) && changes.len() > 1 {
            let names: Vec<String> = changes.iter().take(MOST).map(|(_, it)| it.to_string()).collect();
            let more = changes.len().saturating_sub(MOST);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let message = format!("the downgrade undoes nothing of what the upgrade did: {}{more}", names.join(", "));
            return vec![self.shown(INCOMPLETE, revision, direction, None, message)];
        }
        let mut all: Vec<Shown> = changes
            .iter()
            .take(MOST)
            .map(|change| self.difference(revision, place, direction, change, (expected, found)))
            .collect();
        if let (Some(last), true) = (all.last_mut(), changes.len() > MOST) {
            let more = changes.len() - MOST;
            last.finding.message.extend([" (and ", &more.to_string(), " more differences)"]);
        }
        all
    }

    fn difference(
        &self,
        revision: &Revision,
        place: usize,
        direction: Direction,
        (change, object): &(Change, &Object),
        (expected, found): (&Catalog, &Catalog),
    ) -> Shown {
        let (rule, message) = match direction {
            Direction::Downgrade => (
                INCOMPLETE,
                match change {
                    Change::Lost => format!("{object} is not there again after the downgrade"),
                    Change::Left => format!("{object} is left behind by the downgrade"),
                    Change::Other => format!("{object} is another after the downgrade than before the upgrade"),
                },
            ),
            Direction::Upgrade => (
                UNSTEADY,
                match change {
                    Change::Lost => {
                        format!("{object} is made by the first upgrade, but not by the one after a downgrade")
                    }
                    Change::Left => format!("{object} is made only by an upgrade that follows a downgrade"),
                    Change::Other => format!("{object} is another after a second upgrade than after the first"),
                },
            ),
        };
        let mut shown = self.shown(rule, revision, direction, None, message);
        shown.finding.subject.object = object.path();
        if *change == Change::Other
            && let (Some(before), Some(after)) = (expected.definition(object), found.definition(object))
        {
            shown.finding.help(format!("before: {}\nafter:  {}", one_line(before), one_line(after)));
        }
        let up = self.of(place, Direction::Upgrade);
        let touched = up.and_then(|acts| acts.all.iter().find(|act| speaks_of(act, object)));
        if let Some(act) = touched.filter(|act| act.called.source == revision.source) {
            shown.finding.note(act.called, "the upgrade touches it here");
            shown.called = Some(act.called);
        }
        shown
    }

    /// A dump that is not what its stamp says; `places` are the revisions of the stamp.
    pub(super) fn stale(
        &self,
        (expected, found): (&Catalog, &Catalog),
        places: &BTreeSet<usize>,
        (path, tips, is_head): (&str, &str, bool),
    ) -> Vec<Shown> {
        let changes = expected.changes(found);
        let more = changes.len().saturating_sub(MOST);
        let speaking = |object: &Object| {
            places.iter().rev().find_map(|place| {
                let [up, _] = self.acts.get(*place)?;
                let act = up.all.iter().rev().find(|act| speaks_of(act, object))?;
                Some((self.history.revisions.get(*place)?, Some(act)))
            })
        };
        let last = places.last().and_then(|place| Some((self.history.revisions.get(*place)?, None)));
        let told = changes.iter().take(MOST).enumerate().filter_map(|(number, (change, object))| {
            let (revision, act) = speaking(object).or(last)?;
            let mut message = change.of(object, &format!("`{path}`"));
            message.extend([", which is stamped with `", tips, "`"]);
            if number == 0 && more > 0 {
                message.extend([" (and ", &more.to_string(), " more differences)"]);
            }
            let mut shown = self.shown(STALE, revision, Direction::Upgrade, act, message);
            shown.finding.subject.object = object.path();
            let mut help = match (expected.definition(object), found.definition(object)) {
                (Some(one), Some(other)) => format!("revision: {}\ndump:     {}\n", one_line(one), one_line(other)),
                _ => String::new(),
            };
            help.push_str(if is_head {
                "stamp the revision that the database stands at, and let Alembic run what follows"
            } else {
                "stamp the revision that the database stands at; without @REV limbeck looks for it"
            });
            shown.finding.help(help);
            Some(shown)
        });
        told.collect()
    }

    /// Two ways to the same heads that do not come to the same: a finding for each object, at the revision that speaks
    /// of it last.
    pub(super) fn astray(
        &self,
        (expected, found): (&Catalog, &Catalog),
        words: &dyn Fn(Change) -> String,
    ) -> Vec<Shown> {
        let changes = expected.changes(found);
        let told = changes.iter().take(MOST).filter_map(|(change, object)| {
            let (revision, act) = self.last(object)?;
            let message = format!("{object} {}", words(*change));
            let mut shown = self.shown(UNSTEADY, revision, Direction::Upgrade, act, message);
            shown.finding.subject.object = object.path();
            if let (Some(one), Some(other)) = (expected.definition(object), found.definition(object)) {
                shown.finding.help(format!("in one run: {}\notherwise:  {}", one_line(one), one_line(other)));
            }
            Some(shown)
        });
        told.collect()
    }

    /// The last revision whose upgrade speaks of an object; the last of all, where none does.
    fn last(&self, object: &Object) -> Option<(&Revision, Option<&Act>)> {
        let speaking = self.acts.iter().zip(&self.history.revisions).rev().find_map(|([up, _], revision)| {
            let act = up.all.iter().rev().find(|act| speaks_of(act, object))?;
            Some((revision, Some(act)))
        });
        speaking.or_else(|| Some((self.history.revisions.last()?, None)))
    }

    fn of(&self, place: usize, direction: Direction) -> Option<&Acts> {
        let [up, down] = self.acts.get(place)?;
        Some(if direction == Direction::Upgrade { up } else { down })
    }

    fn shown(
        &self,
        rule: &'static str,
        revision: &Revision,
        direction: Direction,
        act: Option<&Act>,
        message: String,
    ) -> Shown {
        let span = act.map_or(body(revision, direction).span, |act| place(act, revision));
        let mut finding = Finding::new(rule, Severity::Error, span, message);
        finding.subject = Subject {
            environment: self.history.environment.folder.clone(),
            revision: Some(revision.id.id.clone()),
            direction: Some(direction),
            object: String::new(),
        };
        finding.sql = act.map(|act| act.text().as_str().to_owned()).filter(|sql| !sql.is_empty());
        if let Some(act) = act.filter(|act| act.span != span) {
            finding.note(act.span, "this is written here");
        }
        Shown {
            finding,
            called: act.map(|act| act.called),
            remarks: act.map(|act| act.remarks.clone()).unwrap_or_default(),
        }
    }
}

/// A place in the revision's own file: that of the SQL, else the call, else the code that leads to it.
fn place(act: &Act, revision: &Revision) -> Span {
    let own = |it: &Span| it.source == revision.source;
    [act.span, act.called, act.sent].into_iter().find(own).unwrap_or(act.span)
}

fn body(revision: &Revision, direction: Direction) -> &Body {
    match direction {
        Direction::Upgrade => &revision.upgrade,
        Direction::Downgrade => &revision.downgrade,
    }
}

/// The SQL of an act holds the object's name as a word.
fn speaks_of(act: &Act, object: &Object) -> bool {
    let word = object.word();
    act.parts.iter().any(|part| has_word(part.text.as_str(), word))
}

/// A text holds a name as a word of its own.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let edge = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        edge(text[..at].chars().next_back()) && edge(text[at + word.len()..].chars().next())
    })
}

/// A row in which long values are cut.
fn shortened(row: &str) -> String {
    let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_str(row) else { return row.to_owned() };
    for value in fields.values_mut() {
        if let serde_json::Value::String(text) = value
            && text.chars().count() > LONG
        {
            *text = text.chars().take(LONG).chain(['…']).collect();
        }
    }
    serde_json::Value::Object(fields).to_string()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
