//! How much is understood: `limbeck coverage`, and the end of `limbeck check`.

use super::{environment::Surroundings, json};
use crate::{
    check::{Coverage, Gap},
    reason::Class,
    source::Sources,
};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// At the end of a check, so many places are named.
const FIRST: usize = 5;

/// All that is told. It is what the JSON says, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CoverageReport {
    /// Each history.
    pub histories: Vec<HistoryCoverage>,
    /// The values that `[assume]` and `--assume` gave.
    pub assumed: Vec<Given>,
    /// The types that `[types]` gave.
    pub types: Vec<Given>,
}

/// One history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HistoryCoverage {
    /// The script folder.
    pub environment: String,
    /// What it is run with.
    pub run_with: Surroundings,
    /// The naming convention that names were made by: kind of constraint to template.
    pub naming_convention: BTreeMap<String, String>,
    /// Its revisions.
    pub revisions: usize,
    /// What they ask Alembic for, both ways.
    pub operations: usize,
    /// How many of these are resolved.
    pub resolved: usize,
    /// The others, by reason.
    pub unresolved: Vec<Group>,
    /// Of those that are resolved, what Alembic refuses: the revision fails there.
    pub refused: Vec<Group>,
    /// The conditions that only a run can decide, by reason.
    pub undecided: Vec<Group>,
}

/// All that has one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// The class of the reason: [`Class::word`](crate::reason::Class::word).
    pub class: &'static str,
    /// A setting decides, which `--assume` can give.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub setting: bool,
    /// Why, one sentence.
    pub reason: String,
    /// How many there are.
    pub count: usize,
    /// Where they are.
    pub places: Vec<Spot>,
}

/// One place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spot {
    /// The file as it is to be shown.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The revision.
    pub revision: String,
    /// `upgrade` or `downgrade`.
    pub direction: &'static str,
    /// The Python of a condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// Something that the user gave, and how often it was used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Given {
    /// The Python name.
    pub name: String,
    /// What it stands for.
    pub value: String,
    /// How often a revision asked for it.
    pub used: usize,
}

impl HistoryCoverage {
    /// A history's coverage in words; `shown` names files.
    pub fn of(coverage: &Coverage, sources: &Sources, shown: &dyn Fn(&str) -> String) -> Self {
        Self {
            environment: coverage.environment.clone(),
            revisions: coverage.revisions,
            operations: coverage.operations,
            resolved: coverage.resolved(),
            unresolved: groups(&coverage.unresolved, sources, shown),
            refused: groups(&coverage.refused, sources, shown),
            undecided: groups(&coverage.undecided, sources, shown),
            ..Self::default()
        }
    }
}

fn groups(gaps: &[Gap], sources: &Sources, shown: &dyn Fn(&str) -> String) -> Vec<Group> {
    let spot = |gap: &&Gap| Spot {
        file: shown(&sources.get(gap.span.source).path),
        line: sources.place(gap.span).line,
        revision: gap.revision.clone(),
        direction: gap.direction.word(),
        condition: gap.condition.clone(),
    };
    let group = |(class, reason, gaps): (Class, &str, Vec<&Gap>)| Group {
        class: class.word(),
        setting: class == Class::Settings,
        reason: reason.to_owned(),
        count: gaps.len(),
        places: gaps.iter().map(spot).collect(),
    };
    Coverage::grouped(gaps).into_iter().map(group).collect()
}

/// Writes the report as one JSON object.
///
/// # Errors
/// Whatever the sink answers.
pub fn write_json(report: &CoverageReport, out: &mut dyn Write) -> io::Result<()> {
    json::print(report, out)
}

/// Writes the report for people.
///
/// # Errors
/// Whatever the sink answers.
pub fn write_text(report: &CoverageReport, out: &mut dyn Write) -> io::Result<()> {
    let mut between = "";
    for history in &report.histories {
        write!(out, "{between}")?;
        between = "\n";
        let HistoryCoverage { environment, revisions, operations, resolved, .. } = history;
        writeln!(out, "{}: {}", one_line(environment), share(*resolved, *operations))?;
        writeln!(out, "  {revisions} revisions, {operations} operations")?;
        write_run_with(history, out)?;
        write_groups("unresolved", &history.unresolved, out)?;
        write_groups("resolved", &history.refused, out)?;
        write_groups("undecided conditions", &history.undecided, out)?;
    }
    write_given("assumed", &report.assumed, out)?;
    write_given("types", &report.types, out)
}

fn write_run_with(history: &HistoryCoverage, out: &mut dyn Write) -> io::Result<()> {
    let said = |from: &Option<String>| from.as_ref().map_or_else(|| "nobody says".to_owned(), |it| one_line(it));
    let Surroundings { sqlalchemy, driver, .. } = &history.run_with;
    writeln!(
        out,
        "  SQLAlchemy {} ({}), {} ({})",
        sqlalchemy.version,
        said(&sqlalchemy.from),
        driver.name,
        said(&driver.from)
    )?;
    for (kind, template) in &history.naming_convention {
        writeln!(out, "  naming convention: {kind} = {}", one_line(template))?;
    }
    Ok(())
}

/// `98.3 % of the operations resolved (118 of 120)`; never rounded up to all of them.
fn share(resolved: usize, operations: usize) -> String {
    if operations == 0 {
        return "nothing is asked for".to_owned();
    }
    let permille = resolved * 1000 / operations;
    let share = format!("{}.{} %", permille / 10, permille % 10);
    format!("{share} of the operations resolved ({resolved} of {operations})")
}

fn write_groups(title: &str, groups: &[Group], out: &mut dyn Write) -> io::Result<()> {
    let mut class = "";
    for group in groups {
        if class != group.class {
            class = group.class;
            let count: usize = groups.iter().filter(|it| it.class == class).map(|it| it.count).sum();
            writeln!(out, "  {title}: {class}, {count}")?;
        }
        writeln!(out, "    {} × {}", group.count, one_line(&group.reason))?;
        for spot in &group.places {
            writeln!(out, "      {}", place(spot))?;
        }
    }
    Ok(())
}

fn place(spot: &Spot) -> String {
    let Spot { file, line, revision, direction, condition } = spot;
    let condition = condition.as_ref().map_or_else(String::new, |it| format!(": {}", one_line(it)));
    format!("{}:{line} {direction} of {}{condition}", one_line(file), one_line(revision))
}

fn write_given(title: &str, given: &[Given], out: &mut dyn Write) -> io::Result<()> {
    if given.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for Given { name, value, used } in given {
        let used = if *used == 0 { "never used".to_owned() } else { format!("used {used} ×") };
        writeln!(out, "{title}: {} = {} ({used})", one_line(name), one_line(value))?;
    }
    Ok(())
}

/// The end of a check: what was not understood, the first places with their reasons.
pub(super) fn write_short(
    coverage: &[Coverage],
    sources: &Sources,
    shown: &dyn Fn(&str) -> String,
    out: &mut dyn Write,
) -> io::Result<()> {
    let told: Vec<HistoryCoverage> = coverage.iter().map(|it| HistoryCoverage::of(it, sources, shown)).collect();
    for history in told.iter().filter(|it| !it.unresolved.is_empty()) {
        writeln!(out, "{}: {}", one_line(&history.environment), share(history.resolved, history.operations))?;
        let mut places = history.unresolved.iter().flat_map(|group| group.places.iter().map(move |it| (group, it)));
        for (group, spot) in places.by_ref().take(FIRST) {
            writeln!(out, "  {}: {} ({})", place(spot), one_line(&group.reason), group.class)?;
        }
        let more = places.count();
        if more > 0 {
            writeln!(out, "  and {more} more: `limbeck coverage` lists them")?;
        }
    }
    Ok(())
}

/// A text that neither breaks its line nor speaks to a terminal.
fn one_line(text: &str) -> String {
    super::human::one_line(text)
}
