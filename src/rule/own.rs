//! Rules of a project's own, told by its configuration: patterns for what a statement does. They are data, and a pull
//! request may carry them: nothing of them is run, and matching costs no more than the text is long.

mod event;

pub use event::{Event, ONS, WORDS, events};

use super::{Check, Findings, Group, Rule, Site, Spec};
use crate::{
    finding::{Direction, Severity},
    history::History,
};
use globset::GlobMatcher;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// What the names of such rules begin with, so that none is ever called like one of limbeck's.
pub const PREFIX: &str = "house-";

/// What a word in braces in a message stands for.
pub const HOLES: [&str; 4] = ["table", "column", "object", "type"];

/// Globs for one text; without any, every text will do.
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    /// One of these fits; none: all do.
    pub yes: Vec<GlobMatcher>,
    /// And none of these.
    pub no: Vec<GlobMatcher>,
}

impl Pattern {
    /// The text fits; where there is none, only an empty pattern does.
    fn fits(&self, texts: &[&str]) -> bool {
        if self.yes.is_empty() && self.no.is_empty() {
            return true;
        }
        let any = |globs: &[GlobMatcher]| texts.iter().any(|text| globs.iter().any(|it| it.is_match(text)));
        !texts.is_empty() && (self.yes.is_empty() || any(&self.yes)) && !any(&self.no)
    }
}

/// What a project does not want: all that is said has to hold of one thing that a statement does.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// What is done: words of [`ONS`].
    pub on: Vec<String>,
    /// On one way only.
    pub direction: Option<Direction>,
    /// The table, `name` or `schema.name`.
    pub table: Pattern,
    /// The column.
    pub column: Pattern,
    /// The index, constraint, view, type …
    pub name: Pattern,
    /// A column's type, as PostgreSQL writes it.
    pub kind: Pattern,
    /// The statement, in one line.
    pub sql: Pattern,
    /// The words of [`WORDS`] that it has.
    pub has: Vec<String>,
    /// Those that it has not.
    pub lacks: Vec<String>,
    /// Files, relative to the repository's root.
    pub paths: Pattern,
    /// A revision: only what is neither it nor its ancestor.
    pub since: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// Rules that have been told, so that the same words are the same rule, however often a configuration is read.
static TOLD: Mutex<BTreeMap<String, &'static Rule>> = Mutex::new(BTreeMap::new());

/// The rule of a name and a severity that says this. What it is made of is kept until the process ends.
#[must_use]
pub fn rule(name: &str, severity: Severity, own: Own, document: &str) -> &'static Rule {
    let key = format!("{name}\n{severity:?}\n{own:?}\n{document}");
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    told.entry(key).or_insert_with(|| {
        let check = Check::Own(Box::leak(Box::new(own)));
        let spec = Spec { severity, group: Group::Custom, default: true, check };
        let (name, doc) = (name.to_owned().leak(), document.to_owned().leak());
        Box::leak(Box::new(Rule { name, doc, spec: Box::leak(Box::new(spec)) }))
    })
}

impl Own {
    /// Reports what of a statement fits.
    pub(crate) fn check(&self, site: &Site<'_>, findings: &mut Findings<'_>) {
        if self.direction.is_some_and(|it| it != site.run.direction)
            || !self.sql.fits(&[&one_line(site.statement.sql.as_str())])
        {
            return;
        }
        for event in events(site).iter().filter(|it| self.means(it)) {
            let place = event.place.as_deref().map_or(site.statement.span, |it| site.statement.place(it));
            let finding = findings.report(place, filled(&self.message, event));
            finding.object(event.object());
            if let Some(help) = &self.help {
                finding.help(filled(help, event));
            }
        }
    }

    fn means(&self, event: &Event<'_>) -> bool {
        let table: Vec<String> = event.table.iter().flat_map(|it| [it.name.clone(), it.to_string()]).collect();
        let table: Vec<&str> = table.iter().map(String::as_str).collect();
        let is = |word: &String| event.words.contains(word.as_str());
        self.on.contains(&event.on)
            && self.table.fits(&table)
            && self.column.fits(event.column.as_slice())
            && self.name.fits(event.name.as_slice())
            && self.kind.fits(&event.kind.iter().map(String::as_str).collect::<Vec<_>>())
            && self.has.iter().all(is)
            && !self.lacks.iter().any(is)
    }

    /// It speaks of this revision, and of this file.
    #[must_use]
    pub fn reaches(&self, history: &History, revision: Option<&str>, path: &str) -> bool {
        let since = self.since.as_deref();
        let is_old = since.is_some() && revision.is_some_and(|it| history.settled(since).contains(it));
        !is_old && self.paths.fits(&[path])
    }
}

fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text with what its words in braces stand for; what has been filled in is not looked at again.
fn filled(text: &str, event: &Event<'_>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let hole = after.split_once('}').filter(|(word, _)| HOLES.contains(word));
        out.push_str(before);
        let Some((word, behind)) = hole else {
            out.push('{');
            rest = after;
            continue;
        };
        let value = match word {
            "table" => event.table.map(ToString::to_string),
            "column" => event.column.map(str::to_owned),
            "object" => event.name.map(str::to_owned),
            _ => event.kind.clone(),
        };
        out.push_str(&value.unwrap_or_else(|| "?".to_owned()));
        rest = behind;
    }
    out + rest
}
