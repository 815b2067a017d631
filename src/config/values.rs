//! TOML values to what the keys want, each mistake with its place.

use crate::{
    environment::Driver,
    fault::Fault,
    finding::Severity,
    op::Literal,
    rule::{Group, Rule},
    rules,
    source::Text,
    statement::Name,
};
use globset::{GlobBuilder, GlobMatcher};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A value and its place.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;
/// What a key makes of its value.
pub(super) type Read<T> = Result<T, Fault>;

/// Reads the value of one key.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    /// The key.
    pub(super) key: &'a str,
    /// The folder that globs are relative to, itself relative to the root.
    pub(super) folder: &'a str,
    /// The project's own rules.
    pub(super) own: &'a [&'static Rule],
}

impl Reader<'_> {
    fn wrong(&self, value: &Value<'_>, wanted: &str) -> Fault {
        let found = value.get_ref().type_str();
        Fault::new(value.span(), format!("`{}` takes {wanted}, and this is of type {found}", self.key))
    }

    /// A string.
    pub(super) fn text(&self, value: &Value<'_>) -> Read<String> {
        value.get_ref().as_str().map(str::to_owned).ok_or_else(|| self.wrong(value, "a string"))
    }

    /// A list of strings, each with its place.
    pub(super) fn texts(&self, value: &Value<'_>) -> Read<Vec<(String, Range<usize>)>> {
        let Some(values) = value.get_ref().as_array() else { return Err(self.wrong(value, "a list of strings")) };
        values.iter().map(|it| Ok((self.text(it)?, it.span()))).collect()
    }

    /// A list of tables, each with its schema or without.
    pub(super) fn names_of_tables(&self, value: &Value<'_>) -> Read<Vec<Name>> {
        let name = |(text, range): (String, Range<usize>)| match text.split('.').collect::<Vec<_>>()[..] {
            [table] if !table.is_empty() => Ok(Name::bare(table)),
            [schema, table] if !schema.is_empty() && !table.is_empty() => Ok(Name::within(schema, table)),
            _ => Err(Fault::new(range, format!("`{text}` is no table such as `orders` or `app.orders`"))),
        };
        self.texts(value)?.into_iter().map(name).collect()
    }

    /// A major version of PostgreSQL.
    pub(super) fn postgres(&self, value: &Value<'_>) -> Read<u32> {
        let DeValue::Integer(number) = value.get_ref() else {
            return Err(self.wrong(value, "a major version as a number, `15`"));
        };
        let number = u32::from_str_radix(number.as_str(), number.radix()).ok().filter(|it| (9..100).contains(it));
        number.ok_or_else(|| Fault::new(value.span(), "this is no major version of PostgreSQL"))
    }

    /// A major and a minor version; a third number changes nothing.
    pub(super) fn version(&self, value: &Value<'_>) -> Read<(u32, u32)> {
        let text = self.text(value)?;
        crate::environment::version(&text)
            .ok_or_else(|| Fault::new(value.span(), format!("`{text}` is no version such as `2.0`")))
    }

    /// The name of a driver.
    pub(super) fn driver(&self, value: &Value<'_>) -> Read<Driver> {
        let text = self.text(value)?;
        let known = || Driver::ALL.into_iter();
        known()
            .find(|it| it.word() == text)
            .ok_or_else(|| unknown("driver", &text, value.span(), known().map(Driver::word)))
    }

    /// A table.
    pub(super) fn table<'v, 'a>(&self, value: &'v Value<'a>) -> Read<&'v DeTable<'a>> {
        value.get_ref().as_table().ok_or_else(|| self.wrong(value, "a table"))
    }

    /// Rules by name or by group.
    pub(super) fn rules(&self, value: &Value<'_>) -> Read<BTreeSet<&'static str>> {
        let mut all = BTreeSet::new();
        for (name, range) in self.texts(value)? {
            all.extend(rules_of(&name, &range, self.own)?);
        }
        Ok(all)
    }

    /// A severity for each rule; `None` is `off`.
    pub(super) fn severities(&self, value: &Value<'_>) -> Read<BTreeMap<&'static str, Option<Severity>>> {
        let mut all = BTreeMap::new();
        let mut groups = BTreeMap::new();
        for (name, level) in self.table(value)? {
            let level = match self.text(level)?.as_str() {
                "error" => Some(Severity::Error),
                "warning" => Some(Severity::Warning),
                "note" => Some(Severity::Note),
                "off" => None,
                other => return Err(unknown("severity", other, level.span(), SEVERITIES.iter().copied())),
            };
            let of_group = self::groups().contains(name.get_ref().as_ref());
            let rules = rules_of(name.get_ref(), &name.span(), self.own)?;
            let list = if of_group { &mut groups } else { &mut all };
            list.extend(rules.into_iter().map(|rule| (rule, level)));
        }
        // A rule's own word counts more than its group's, in whatever order they stand.
        groups.append(&mut all);
        Ok(groups)
    }

    /// Globs, relative to the root.
    pub(super) fn globs(&self, value: &Value<'_>) -> Read<Vec<GlobMatcher>> {
        let mut all = Vec::new();
        for (text, range) in self.texts(value)? {
            all.extend(self.glob(&text, &range)?);
        }
        Ok(all)
    }

    /// A glob as gitignore reads them: without a slash it is a name in any folder, and a folder means all in it.
    pub(super) fn glob(&self, text: &str, range: &Range<usize>) -> Read<Vec<GlobMatcher>> {
        let pattern = text.trim_start_matches("./").trim_end_matches('/');
        let anchored = pattern.contains('/');
        let pattern = pattern.trim_start_matches('/');
        let prefix = if self.folder == "." { String::new() } else { format!("{}/", globset::escape(self.folder)) };
        let middle = if anchored { "" } else { "**/" };
        let compile =
            |tail: &str| GlobBuilder::new(&format!("{prefix}{middle}{pattern}{tail}")).literal_separator(true).build();
        let fault = |error: globset::Error| Fault::new(range.clone(), format!("this is no glob: {}", error.kind()));
        if pattern.is_empty() {
            return Err(Fault::new(range.clone(), "this glob matches nothing"));
        }
        Ok(vec![compile("").map_err(fault)?.compile_matcher(), compile("/**").map_err(fault)?.compile_matcher()])
    }

    /// Literals by dotted name: `"a.b" = 1`, `a.b = 1` and `[assume.a] b = 1` are the same.
    pub(super) fn literals(&self, value: &Value<'_>) -> Read<BTreeMap<String, Literal>> {
        let mut all = BTreeMap::new();
        leaves(self.table(value)?, "", is_spelling, &mut |name, leaf| {
            all.insert(crate::python::normal(&name), self.literal(leaf)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// Strings by dotted name.
    pub(super) fn names(&self, value: &Value<'_>) -> Read<BTreeMap<String, String>> {
        let mut all = BTreeMap::new();
        leaves(self.table(value)?, "", is_dotted, &mut |name, leaf| {
            all.insert(name, self.text(leaf)?);
            Ok(())
        })?;
        Ok(all)
    }

    fn literal(&self, value: &Value<'_>) -> Read<Literal> {
        let out_of_range = || Fault::new(value.span(), "this number is out of range");
        Ok(match value.get_ref() {
            DeValue::String(text) => Literal::Str(Text::made(text.as_ref())),
            DeValue::Boolean(value) => Literal::Bool(*value),
            DeValue::Integer(number) => {
                let number = i64::from_str_radix(number.as_str(), number.radix()).map_err(|_| out_of_range())?;
                Literal::Int(number.to_string())
            }
            DeValue::Float(number) => {
                let number: f64 = number.as_str().parse().map_err(|_| out_of_range())?;
                Literal::Float(format!("{number:?}"))
            }
            DeValue::Array(values) => Literal::List(values.iter().map(|it| self.literal(it)).collect::<Read<_>>()?),
            _ => return Err(self.wrong(value, "a string, a number, a boolean or a list of these")),
        })
    }
}

/// The TOML parser limits how deep tables nest.
fn leaves(
    table: &DeTable<'_>,
    prefix: &str,
    fits: fn(&str) -> bool,
    take: &mut dyn FnMut(String, &Value<'_>) -> Read<()>,
) -> Read<()> {
    for (key, value) in table {
        let part = key.get_ref();
        if !fits(part) {
            return Err(Fault::new(key.span(), format!("`{part}` is no dotted Python name")));
        }
        let name = if prefix.is_empty() { part.to_string() } else { format!("{prefix}.{part}") };
        match value.get_ref().as_table() {
            Some(inner) => leaves(inner, &name, fits, take)?,
            None => take(name, value)?,
        }
    }
    Ok(())
}

/// `a.b.c`.
fn is_dotted(name: &str) -> bool {
    let fits = |it: &str| !it.is_empty() && it.chars().all(|it| it.is_alphanumeric() || it == '_');
    name.split('.').all(fits)
}

/// A dotted name, perhaps with a subscript or a call behind it: `os.environ["X"]`, `get("x")`.
fn is_spelling(name: &str) -> bool {
    let head = name.split(['[', '(']).next().unwrap_or(name);
    is_dotted(head) && (head.len() == name.len() || name.ends_with([']', ')']))
}

/// The words for a severity.
pub(super) const SEVERITIES: [&str; 4] = ["error", "warning", "note", "off"];

/// The groups that some rule is of.
pub(super) fn groups() -> BTreeSet<&'static str> {
    rules::ALL.iter().map(|rule| rule.spec.group.word()).chain([Group::Custom.word()]).collect()
}

/// The rule of a name, or the rules of a group's.
pub(super) fn rules_of(name: &str, range: &Range<usize>, own: &[&'static Rule]) -> Read<Vec<&'static str>> {
    let meant = rules::named(name);
    if !meant.is_empty() {
        return Ok(meant.into_iter().map(|rule| rule.name).collect());
    }
    let all = || rules::ALL.iter().chain(own.iter().copied());
    let meant: Vec<_> = all().filter(|it| it.spec.group.word() == name || it.name == name).map(|it| it.name).collect();
    if meant.is_empty() && name != Group::Custom.word() {
        let known = all().map(|rule| rule.name).chain(groups());
        return Err(unknown("rule", name, range.clone(), known)
            .with_help_if_none("`limbeck rules` lists the rules and their groups"));
    }
    Ok(meant)
}

impl Fault {
    fn with_help_if_none(self, help: &str) -> Self {
        if self.help.is_some() { self } else { self.with_help(help) }
    }
}

/// A word that is not known, with the nearest that is.
pub(super) fn unknown<'a>(kind: &str, name: &str, range: Range<usize>, known: impl Iterator<Item = &'a str>) -> Fault {
    let fault = Fault::new(range, format!("there is no {kind} `{name}`"));
    match nearest(name, known) {
        Some(near) => fault.with_help(format!("`{near}` is the nearest that there is")),
        None => fault,
    }
}

/// The nearest of the words, if it is near at all.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |it: &&str| strsim::damerau_levenshtein(&name.replace('_', "-"), it);
    // A long word is compared to nothing: the comparison costs its length times theirs.
    let near = if name.len() > 100 { None } else { known.min_by_key(distance) };
    near.filter(|near| distance(near) <= 3.max(near.len() / 3))
}

/// A value on the command line: a literal of TOML or of Python, else the text itself.
pub(crate) fn literal(text: &str) -> Literal {
    let reader = Reader { key: "--assume", folder: ".", own: &[] };
    let document = format!("value = {text}");
    match text.trim() {
        "None" => return Literal::Null,
        "True" => return Literal::Bool(true),
        "False" => return Literal::Bool(false),
        _ => {}
    }
    let parsed = DeTable::parse(&document).ok().and_then(|it| {
        let table = it.get_ref();
        let value = table.get("value").filter(|_| table.len() == 1)?;
        reader.literal(value).ok()
    });
    parsed.unwrap_or_else(|| Literal::Str(Text::made(text)))
}
