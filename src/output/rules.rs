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
    aliases: Vec<Alias<'a>>,
}

#[derive(Serialize)]
struct Alias<'a> {
    name: &'a str,
    tool: &'a str,
}

fn entry(rule: &Rule) -> Entry<'_> {
    Entry {
        name: rule.name,
        group: rule.spec.group.word(),
        severity: rule.spec.severity.word(),
        default: rule.spec.default,
        summary: rule.summary(),
        aliases: rule.aliases().map(|(name, tool)| Alias { name, tool }).collect(),
    }
}

/// `{"rules":[{"name","group","severity","default","summary","aliases":[{"name","tool"}]}]}`, by name.
///
/// # Errors
/// Whatever the sink answers.
pub fn write_json(rules: &[&Rule], out: &mut dyn Write) -> io::Result<()> {
    json::print(&List { rules: rules.iter().copied().map(entry).collect() }, out)
}

/// For each rule its name, how bad it is and of what kind, then its summary, then what other tools call it.
///
/// # Errors
/// Whatever the sink answers.
pub fn write_text(rules: &[&Rule], look: Look, out: &mut dyn Write) -> io::Result<()> {
    let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    for rule in rules {
        let Entry { name, group, severity, default, summary, aliases } = entry(rule);
        let name = look.paint("1", &format!("{name:width$}"));
        let off = if default { "" } else { "  off by default" };
        writeln!(out, "{name}  {severity:7}  {group}{off}")?;
        if !summary.is_empty() {
            writeln!(out, "    {summary}")?;
        }
        if !aliases.is_empty() {
            let known: Vec<String> = aliases.iter().map(|it| format!("{}:{}", it.tool, it.name)).collect();
            writeln!(out, "    {}", look.paint("2", &format!("elsewhere: {}", known.join(", "))))?;
        }
    }
    Ok(())
}
