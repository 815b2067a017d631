//! The list of the rules: `limbeck rules`.

use super::{Look, json};
use crate::rule::Rule;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct List<'a> {
    rules: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    group: &'a str,
    severity: &'a str,
    default: bool,
    summary: &'a str,
}

fn entry(rule: &Rule) -> Entry<'_> {
    Entry {
        name: rule.name,
        group: rule.spec.group.word(),
        severity: rule.spec.severity.word(),
        default: rule.spec.default,
        summary: rule.summary(),
    }
}

/// `{"rules":[{"name","group","severity","default","summary"}]}`, by name.
///
/// # Errors
/// Whatever the sink answers.
pub fn write_json(rules: &[Rule], out: &mut dyn Write) -> io::Result<()> {
    json::print(&List { rules: rules.iter().map(entry).collect() }, out)
}

/// Two lines for each rule: its name, how bad it is and of what kind, then its summary.
///
/// # Errors
/// Whatever the sink answers.
pub fn write_text(rules: &[Rule], look: Look, out: &mut dyn Write) -> io::Result<()> {
    let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    for rule in rules {
        let Entry { name, group, severity, default, summary } = entry(rule);
        let name = look.paint("1", &format!("{name:width$}"));
        let off = if default { "" } else { "  off by default" };
        writeln!(out, "{name}  {severity:7}  {group}{off}")?;
        if !summary.is_empty() {
            writeln!(out, "    {summary}")?;
        }
    }
    Ok(())
}
