//! `limbeck coverage`: how much of the histories is understood.

use super::project::Project;
use crate::{
    check,
    op::Literal,
    output::{
        coverage::{CoverageReport, Given, HistoryCoverage},
        environment::Surroundings,
    },
};
use std::collections::BTreeMap;

/// The report on every history.
pub(super) fn report(project: &Project) -> CoverageReport {
    let mut report = CoverageReport::default();
    let mut used = crate::python::Used::default();
    for story in &project.stories {
        let migrations = project.migrate(story);
        let decisions = check::decide(&story.history, &migrations);
        let coverage = check::cover(&story.history, &migrations, &decisions);
        let shown = |path: &str| project.shown(path);
        let environment = &story.history.environment;
        report.histories.push(HistoryCoverage {
            run_with: Surroundings::of(&environment.folder, &environment.stack, &shown),
            naming_convention: environment.stack.naming.templates.clone(),
            ..HistoryCoverage::of(&coverage, &project.sources, &shown)
        });
        used.add(&story.used);
    }
    let count = |counts: &BTreeMap<String, usize>, name: &str| counts.get(name).copied().unwrap_or(0);
    let assumed = project.config.assume.iter().map(|(name, value)| Given {
        name: name.clone(),
        value: python(value),
        used: count(&used.assumed, name),
    });
    report.assumed = assumed.collect();
    let types = project.config.types.iter().map(|(name, sql)| Given {
        name: name.clone(),
        value: sql.clone(),
        used: count(&used.types, name),
    });
    report.types = types.collect();
    report
}

/// A value as Python writes it.
fn python(value: &Literal) -> String {
    match value {
        Literal::Null => "None".to_owned(),
        Literal::Bool(true) => "True".to_owned(),
        Literal::Bool(false) => "False".to_owned(),
        Literal::Int(it) | Literal::Float(it) => it.clone(),
        Literal::Str(text) => format!("{:?}", text.as_str()),
        Literal::List(items) => format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", ")),
        _ => "a value".to_owned(),
    }
}
