//! `[[custom]]`: rules of the project's own, from tables of patterns.

use super::values::{Read, Reader, SEVERITIES, Value, unknown};
use crate::{
    fault::Fault,
    finding::{Direction, Severity},
    rule::{
        Rule,
        own::{self, HOLES, ONS, Own, PREFIX, Pattern, WORDS},
    },
};
use globset::{GlobBuilder, GlobMatcher};
use std::ops::Range;

/// How many such rules there may be, and how long one of their texts.
const MOST: usize = 200;
const LONGEST: usize = 2_000;
/// How long a pattern may be: what it costs grows with it.
const LONGEST_GLOB: usize = 200;

/// The keys of one, with what each is for and whether it is a list of globs.
pub(super) const FIELDS: &[(&str, &str)] = &[
    ("name", "its name, which begins with `house-`; needed"),
    ("message", "what is wrong, with `{table}`, `{column}`, `{object}` and `{type}` for what it is about; needed"),
    ("on", "what is done, one word or several; needed"),
    ("help", "what to write instead, with the same words in braces"),
    ("severity", "`error`, `warning` (where nothing is said) or `note`"),
    ("direction", "`upgrade` (where nothing is said), `downgrade` or `both`"),
    ("table", "the table, as `orders` or `app.orders`"),
    ("column", "the column"),
    ("object", "the index, constraint, view, type …"),
    ("type", "the column's type as PostgreSQL writes it, or the method of an index"),
    ("sql", "the statement, in one line"),
    ("has", "words that it has, all of them"),
    ("lacks", "words that it has not, none of them"),
    ("paths", "revision files, relative to this file's folder"),
    ("since", "a revision: only what is neither it nor its ancestor"),
];

/// Reads the list.
pub(super) fn read(reader: &Reader<'_>, value: &Value<'_>) -> Read<Vec<&'static Rule>> {
    let Some(tables) = value.get_ref().as_array() else {
        return Err(Fault::new(value.span(), "`custom` takes tables: `[[custom]]`"));
    };
    if tables.len() > MOST {
        return Err(Fault::new(value.span(), format!("there may be no more than {MOST} rules of your own")));
    }
    let mut rules: Vec<&'static Rule> = Vec::new();
    for table in tables {
        let (rule, range) = one(reader, table)?;
        if rules.iter().any(|it| it.name == rule.name) {
            return Err(Fault::new(range, format!("there are two rules `{}`", rule.name)));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn one(reader: &Reader<'_>, value: &Value<'_>) -> Read<(&'static Rule, Range<usize>)> {
    let table = reader.table(value)?;
    let (mut own, mut name, mut severity) = (Own::default(), None, Severity::Warning);
    own.direction = Some(Direction::Upgrade);
    for (key, value) in table {
        let key_reader = Reader { key: key.get_ref(), ..*reader };
        match key.get_ref().as_ref() {
            "name" => name = Some((named(&key_reader, value)?, value.span())),
            "message" => own.message = worded(&key_reader, value)?,
            "help" => own.help = Some(worded(&key_reader, value)?),
            "severity" => severity = graded(&key_reader, value)?,
            "direction" => own.direction = directed(&key_reader, value)?,
            "on" => own.on = words(&key_reader, value, "operation", ONS)?,
            "has" => own.has = words(&key_reader, value, "word", WORDS)?,
            "lacks" => own.lacks = words(&key_reader, value, "word", WORDS)?,
            "table" => own.table = pattern(&key_reader, value, false)?,
            "column" => own.column = pattern(&key_reader, value, false)?,
            "object" => own.name = pattern(&key_reader, value, false)?,
            "type" => own.kind = pattern(&key_reader, value, true)?,
            "sql" => own.sql = pattern(&key_reader, value, true)?,
            "paths" => own.paths = Pattern { yes: key_reader.globs(value)?, no: Vec::new() },
            "since" => own.since = Some(text(&key_reader, value)?),
            other => return Err(unknown("key", other, key.span(), FIELDS.iter().map(|(name, _)| *name))),
        }
    }
    let missing = |what: &str| Fault::new(value.span(), format!("this rule has no `{what}`"));
    let (name, range) = name.ok_or_else(|| missing("name"))?;
    if own.message.is_empty() {
        return Err(missing("message"));
    }
    if own.on.is_empty() {
        return Err(missing("on"));
    }
    let document = document(&name, &own);
    Ok((own::rule(&name, severity, own, &document), range))
}

fn text(reader: &Reader<'_>, value: &Value<'_>) -> Read<String> {
    let text = reader.text(value)?;
    if text.trim().is_empty() || text.len() > LONGEST {
        return Err(Fault::new(value.span(), format!("this is empty, or longer than {LONGEST} bytes")));
    }
    Ok(text)
}

fn named(reader: &Reader<'_>, value: &Value<'_>) -> Read<String> {
    let name = reader.text(value)?;
    let plain = |it: &str| it.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-');
    match name.strip_prefix(PREFIX) {
        Some(rest) if !rest.is_empty() && plain(rest) && !name.ends_with('-') && name.len() <= 80 => Ok(name),
        _ => Err(Fault::new(value.span(), format!("`{name}` is no name such as `{PREFIX}no-float`"))),
    }
}

/// A text for people; the words in its braces are known.
fn worded(reader: &Reader<'_>, value: &Value<'_>) -> Read<String> {
    let text = text(reader, value)?;
    let text = text.trim();
    for part in text.split('{').skip(1) {
        let Some((word, _)) = part.split_once('}') else { continue };
        let is_word = !word.is_empty() && word.chars().all(|it| it.is_ascii_lowercase());
        if is_word && !HOLES.contains(&word) {
            return Err(unknown("word", word, value.span(), HOLES.into_iter()));
        }
    }
    Ok(text.to_owned())
}

fn graded(reader: &Reader<'_>, value: &Value<'_>) -> Read<Severity> {
    match reader.text(value)?.as_str() {
        "error" => Ok(Severity::Error),
        "warning" => Ok(Severity::Warning),
        "note" => Ok(Severity::Note),
        other => Err(unknown("severity", other, value.span(), SEVERITIES.into_iter())),
    }
}

fn directed(reader: &Reader<'_>, value: &Value<'_>) -> Read<Option<Direction>> {
    match reader.text(value)?.as_str() {
        "upgrade" => Ok(Some(Direction::Upgrade)),
        "downgrade" => Ok(Some(Direction::Downgrade)),
        "both" => Ok(None),
        other => Err(unknown("direction", other, value.span(), ["upgrade", "downgrade", "both"].into_iter())),
    }
}

/// One string, or several.
fn several(reader: &Reader<'_>, value: &Value<'_>) -> Read<Vec<(String, Range<usize>)>> {
    if value.get_ref().is_str() { Ok(vec![(reader.text(value)?, value.span())]) } else { reader.texts(value) }
}

fn words(reader: &Reader<'_>, value: &Value<'_>, what: &str, known: &[&str]) -> Read<Vec<String>> {
    let mut words = Vec::new();
    for (word, range) in several(reader, value)? {
        if !known.contains(&word.as_str()) {
            return Err(unknown(what, &word, range, known.iter().copied()));
        }
        words.push(word);
    }
    Ok(words)
}

/// Globs, those that begin with `!` for what must not be.
fn pattern(reader: &Reader<'_>, value: &Value<'_>, any_case: bool) -> Read<Pattern> {
    let mut pattern = Pattern::default();
    for (text, range) in several(reader, value)? {
        match text.strip_prefix('!') {
            Some(text) => pattern.no.push(glob(text, range, any_case)?),
            None => pattern.yes.push(glob(&text, range, any_case)?),
        }
    }
    Ok(pattern)
}

fn glob(text: &str, range: Range<usize>, any_case: bool) -> Read<GlobMatcher> {
    if text.is_empty() || text.len() > LONGEST_GLOB {
        return Err(Fault::new(range, format!("this glob is empty, or longer than {LONGEST_GLOB} bytes")));
    }
    let glob = GlobBuilder::new(text).literal_separator(false).case_insensitive(any_case).build();
    let fault = |error: globset::Error| Fault::new(range, format!("this is no glob: {}", error.kind()));
    glob.map(|it| it.compile_matcher()).map_err(fault)
}

/// What `limbeck explain` and the formats say of it.
fn document(name: &str, own: &Own) -> String {
    let mut summary = own.message.clone();
    for hole in HOLES {
        summary = summary.replace(&format!("{{{hole}}}"), &format!("the {hole}"));
    }
    let summary = summary.split_whitespace().collect::<Vec<_>>().join(" ");
    let on: Vec<String> = own.on.iter().map(|it| format!("`{it}`")).collect();
    let mut text = format!(
        "# {name}\n\n{}.\n\nA rule of this project's own, from its configuration. It looks at {}.\n",
        summary.trim_end_matches('.'),
        on.join(", ")
    );
    if let Some(help) = &own.help {
        text.extend(["\n## Instead\n\n", help.as_str(), "\n"]);
    }
    text
}
