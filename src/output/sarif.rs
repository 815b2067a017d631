//! SARIF 2.1.0: what GitHub's code scanning and other viewers read. The only file that knows `serde-sarif`.

mod alert;
mod limit;
mod place;

use super::{Output, Row, fingerprint::RECIPE, json};
use crate::{
    finding::{Direction, Finding, Severity},
    rule::{Group, Rule},
    rules::ALL,
};
use serde_json::{Value, json};
use serde_sarif::sarif::{
    self, ArtifactLocation, Invocation, Message, MultiformatMessageString, Notification, PropertyBag,
    ReportingConfiguration, ReportingDescriptor, ReportingDescriptorReference, ResultKind, ResultLevel, Run, Sarif,
    Suppression, ToolComponent,
};
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const VERSION: &str = env!("CARGO_PKG_VERSION");
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");
const OPAQUE: &str = "opaque-operation";

/// Writes a log of one run. Files are relative to `%SRCROOT%`, the repository's root; columns are in code points.
///
/// No more than GitHub takes: what is left out is the mildest, and a notification says how much it is.
///
/// # Errors
/// Whatever the sink answers.
pub fn write(output: &Output<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows = output.rows();
    out.write_all(&limit::fitted(&rows, &|kept| log(output, kept, rows.len()))?)
}

/// The log of the rows that are kept of so many.
fn log(output: &Output<'_>, rows: &[&Row<'_>], all: usize) -> io::Result<Vec<u8>> {
    let mut hashes = alert::Hashes::default();
    let mut run = Run::builder()
        .tool(sarif::Tool::from(driver(output)))
        .column_kind(json!("unicodeCodePoints"))
        .newline_sequences(vec!["\r\n".to_owned(), "\n".to_owned()])
        .original_uri_base_ids(roots())
        .invocations(vec![invocation(output, rows, all)])
        .results(rows.iter().map(|row| result(output, row, &mut hashes)).collect::<Vec<_>>())
        .build();
    run.properties = Some(seen(output));
    let mut text = Vec::new();
    json::print(&Sarif::builder().schema(SCHEMA).version(json!("2.1.0")).runs(vec![run]).build(), &mut text)?;
    Ok(text)
}

fn driver(output: &Output<'_>) -> ToolComponent {
    let mut driver = ToolComponent::builder()
        .name("limbeck")
        .version(VERSION)
        .semantic_version(VERSION)
        .short_description(text(env!("CARGO_PKG_DESCRIPTION")))
        .rules(known(output).map(descriptor).collect::<Vec<_>>())
        .build();
    driver.information_uri = (!REPOSITORY.is_empty()).then(|| REPOSITORY.to_owned());
    driver
}

/// limbeck's rules, then the project's own.
fn known<'a>(output: &Output<'a>) -> impl Iterator<Item = &'static Rule> + use<'a> {
    ALL.iter().chain(output.report.own.iter().copied())
}

fn descriptor(rule: &Rule) -> ReportingDescriptor {
    let summary = if rule.summary().is_empty() { rule.name } else { rule.summary() };
    let level = rule.spec.severity.word();
    let mut descriptor = ReportingDescriptor::builder()
        .id(rule.name)
        .name(rule.name)
        .short_description(text(summary))
        .full_description(text(summary))
        .help(MultiformatMessageString::builder().text(rule.doc).markdown(rule.doc).build())
        .default_configuration(ReportingConfiguration::builder().enabled(rule.spec.default).level(json!(level)).build())
        .build();
    let tags = ["database-migration", rule.spec.group.word()].map(str::to_owned);
    let problem = if rule.spec.severity == Severity::Note { "recommendation" } else { level };
    // `problem.severity` is what GitHub sorts its alerts by.
    descriptor.properties = Some(bag(tags.to_vec(), [("problem.severity", json!(problem))]));
    descriptor.help_uri = (!REPOSITORY.is_empty() && rule.spec.group != Group::Custom)
        .then(|| format!("{REPOSITORY}/blob/v{VERSION}/rules/{}.md", rule.name));
    descriptor
}

fn roots() -> BTreeMap<String, ArtifactLocation> {
    let root = ArtifactLocation::builder().description(Message::from("The root of the repository")).build();
    BTreeMap::from([(place::ROOT.to_owned(), root)])
}

/// What was not understood is said of the run too: a viewer that hides notes still tells that the check had gaps.
fn invocation(output: &Output<'_>, rows: &[&Row<'_>], all: usize) -> Invocation {
    let opaque = rows.iter().filter(|row| row.finding.rule == OPAQUE);
    let mut notifications: Vec<Notification> = opaque.map(|row| notification(output, row)).collect();
    if rows.len() < all {
        let message = format!("{} of {all} findings are left out, the mildest: {}", all - rows.len(), limit::REASON);
        let message = Message::from(&message);
        notifications.push(Notification::builder().message(message).level(json!("warning")).build());
    }
    Invocation::builder().execution_successful(true).tool_execution_notifications(notifications).build()
}

fn notification(output: &Output<'_>, row: &Row<'_>) -> Notification {
    Notification::builder()
        .message(Message::from(&row.finding.message))
        .level(json!(row.finding.severity.word()))
        .locations(vec![place::location(output.sources, row.finding.span)])
        .associated_rule(reference(output, row.finding.rule))
        .build()
}

fn reference(output: &Output<'_>, rule: &str) -> ReportingDescriptorReference {
    let mut reference = ReportingDescriptorReference::builder().id(rule).build();
    reference.index = index(output, rule);
    reference
}

fn index(output: &Output<'_>, rule: &str) -> Option<i64> {
    known(output).position(|it| it.name == rule).and_then(|at| i64::try_from(at).ok())
}

fn result(output: &Output<'_>, row: &Row<'_>, hashes: &mut alert::Hashes) -> sarif::Result {
    let finding = row.finding;
    let mut prints = BTreeMap::from([(RECIPE.to_owned(), row.fingerprint.clone())]);
    if let Some(hash) = hashes.of(output.sources, finding.span.source, row.place.line) {
        prints.insert(alert::KEY.to_owned(), hash);
    }
    let mut result = sarif::Result::builder()
        .rule_id(finding.rule)
        .kind(ResultKind::Fail)
        .level(match finding.severity {
            Severity::Note => ResultLevel::Note,
            Severity::Warning => ResultLevel::Warning,
            Severity::Error => ResultLevel::Error,
        })
        .message(message(row))
        .locations(vec![place::location(output.sources, finding.span)])
        .partial_fingerprints(prints)
        // The standard wants it of every result or of none: an empty list says "not suppressed".
        .suppressions(suppressions(finding))
        .build();
    result.rule_index = index(output, finding.rule);
    result.related_locations = place::related(output.sources, &finding.notes);
    result.properties = Some(subject(row));
    result.fixes = row.fix(output.sources).map(|edits| vec![place::fix(output.sources, finding.rule, edits)]);
    result
}

fn message(row: &Row<'_>) -> Message {
    let finding = row.finding;
    let mut message = Message::from(&finding.message);
    message.markdown = finding.help.as_ref().map(|help| {
        let fence = super::fence(help);
        format!("{}\n\n{fence}\n{help}\n{fence}", finding.message)
    });
    message
}

fn suppressions(finding: &Finding) -> Vec<Suppression> {
    let kind = if finding.accepted { "external" } else { "inSource" };
    let one = || Suppression::builder().kind(json!(kind)).build();
    finding.suppressed.then(one).into_iter().collect()
}

fn subject(row: &Row<'_>) -> PropertyBag {
    let finding = row.finding;
    let subject = &finding.subject;
    let known = [
        ("environment", Some(subject.environment.as_str())),
        ("revision", subject.revision.as_deref()),
        ("direction", subject.direction.map(Direction::word)),
        ("object", Some(subject.object.as_str()).filter(|object| !object.is_empty())),
        ("sql", finding.sql.as_deref()),
        ("breaks", Some(finding.breaks.word())),
    ];
    bag(Vec::new(), known.into_iter().filter_map(|(key, value)| Some((key, json!(value?)))))
}

fn seen(output: &Output<'_>) -> PropertyBag {
    let sum = output.report.summary;
    let counts = [("revisions", sum.revisions), ("statements", sum.statements), ("unresolved", sum.unresolved)];
    bag(Vec::new(), counts.map(|(key, count)| (key, json!(count))))
}

fn bag<'a>(tags: Vec<String>, values: impl IntoIterator<Item = (&'a str, Value)>) -> PropertyBag {
    let values: BTreeMap<String, Value> = values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut bag = PropertyBag::builder().additional_properties(values).build();
    bag.tags = (!tags.is_empty()).then_some(tags);
    bag
}

fn text(text: &str) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}
