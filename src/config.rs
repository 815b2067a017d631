//! The configuration's text to a policy. One table of keys is what is read, what is refused, and the schema.

mod custom;
mod keys;
mod manual;
mod schema;
mod values;

pub use manual::manual;
pub use schema::json_schema;
pub(crate) use values::{literal, nearest as nearest_word};

use crate::{
    discover::Checkout,
    environment::Driver,
    fault::{self, Fault},
    finding::Severity,
    op::Literal,
    policy::{Policy, Target},
    rule::Rule,
};
use globset::GlobMatcher;
use miette::Result;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};
use toml::de::DeTable;

/// All that a configuration says.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which findings are kept, how they are graded, and what rules may know.
    pub policy: Policy,
    /// Paths that are not reported on; relative to the repository's root.
    pub exclude: Vec<GlobMatcher>,
    /// `[assume]`: values of dotted Python names that decide what a revision does.
    pub assume: BTreeMap<String, Literal>,
    /// `[types]`: the SQL type of dotted Python names.
    pub types: BTreeMap<String, String>,
    /// The file of accepted findings, from where the tool was started.
    pub baseline: Option<PathBuf>,
    /// The dump of a schema, relative to the root, and the revision that leaves it.
    pub schema_dump: Option<(String, Option<String>)>,
    /// What connects to the database, in place of what the project says.
    pub driver: Option<Driver>,
    /// The version of SQLAlchemy, in place of what the project says.
    pub sqlalchemy: Option<(u32, u32)>,
    /// The file that it comes from, relative to the root.
    pub file: Option<String>,
}

impl Default for Config {
    /// What holds without any configuration.
    fn default() -> Self {
        let policy = Policy {
            target: Target::default(),
            select: None,
            ignore: BTreeSet::new(),
            severity: BTreeMap::<&'static str, Severity>::new(),
            own: Vec::new(),
            per_file_ignores: Vec::new(),
        };
        Self {
            policy,
            exclude: Vec::new(),
            assume: BTreeMap::new(),
            types: BTreeMap::new(),
            baseline: None,
            schema_dump: None,
            driver: None,
            sqlalchemy: None,
            file: None,
        }
    }
}

/// The nearest configuration of a folder (relative to the root) and those above it: a `limbeck.toml`, else a
/// `pyproject.toml` with a `[tool.limbeck]`. The defaults where there is none.
///
/// # Errors
/// A file that cannot be read, is not TOML, or says something that is not understood.
pub fn nearest(checkout: &Checkout, folder: &str) -> Result<Config> {
    for above in crate::discover::ancestors(folder) {
        let path = crate::discover::join(&above, "limbeck.toml");
        if let Some(text) = checkout.read(&path)? {
            return read(&text, false, &checkout.shown(&path), &above).map(|it| Config { file: Some(path), ..it });
        }
        let path = crate::discover::join(&above, "pyproject.toml");
        // Most have no such table; those that are not TOML are for others to complain of.
        if let Some(text) = checkout.read(&path)?
            && text.contains("limbeck")
            && has_table(&text)
        {
            return read(&text, true, &checkout.shown(&path), &above).map(|it| Config { file: Some(path), ..it });
        }
    }
    Ok(Config::default())
}

/// The configuration of `--config FILE`, inside the checkout or not; relative to `here`.
///
/// # Errors
/// As [`nearest`], and where there is no such file.
pub fn named(checkout: &Checkout, here: &Path, file: &Path) -> Result<Config> {
    let shown = file.to_string_lossy().into_owned();
    let file = here.join(file);
    let text = crate::discover::outside_text(&file, &shown)?;
    let real = file.canonicalize().ok().and_then(|real| checkout.relative(&real));
    let folder = real.as_deref().map_or(".".to_owned(), crate::discover::parent);
    let is_pyproject = file.file_name().is_some_and(|name| name == "pyproject.toml");
    if is_pyproject && !has_table(&text) {
        return Err(fault::plain(format!("`{shown}` has no table `[tool.limbeck]`")));
    }
    read(&text, is_pyproject, &shown, &folder).map(|it| Config { file: real, ..it })
}

/// The rules of a flag's list: names of rules, the project's own among them, and of groups.
///
/// # Errors
/// A name that is neither.
pub fn rules_named(names: &[String], own: &[&'static Rule]) -> Result<BTreeSet<&'static str>> {
    let mut all = BTreeSet::new();
    for name in names {
        let rules = values::rules_of(name, &(0..0), own).map_err(|fault| match fault.help {
            Some(help) => fault::helped(fault.message, help),
            None => fault::plain(fault.message),
        })?;
        all.extend(rules);
    }
    Ok(all)
}

/// The word is that of a group of rules.
///
/// # Errors
/// It is not.
pub fn group_named(name: &str) -> Result<()> {
    let groups = values::groups();
    if groups.contains(name) {
        return Ok(());
    }
    let list: Vec<&str> = groups.into_iter().collect();
    Err(fault::helped(format!("there is no group `{name}`"), format!("the groups are `{}`", list.join("`, `"))))
}

/// A text that is not TOML has the table too, so that its fault is told where somebody meant it for us.
fn has_table(text: &str) -> bool {
    match DeTable::parse(text) {
        Ok(document) => {
            let tool = document.get_ref().get("tool").and_then(|it| it.get_ref().as_table());
            tool.is_some_and(|tool| tool.contains_key("limbeck"))
        }
        Err(_) => text.contains("[tool.limbeck"),
    }
}

/// Reads a text; globs are relative to `folder`, that of the file.
fn read(text: &str, is_pyproject: bool, shown: &str, folder: &str) -> Result<Config> {
    parse(text, is_pyproject, folder).map_err(|fault| fault.report(shown, text))
}

/// Reads a text: a `limbeck.toml`, or a `pyproject.toml`. Globs are relative to `folder`, that of the file, which
/// is relative to the root.
///
/// # Errors
/// The first thing that is not understood, with its place.
pub fn parse(text: &str, is_pyproject: bool, folder: &str) -> std::result::Result<Config, Fault> {
    let document = DeTable::parse(text).map_err(|error| {
        Fault::new(error.span().unwrap_or(0..0), error.message().lines().collect::<Vec<_>>().join(", "))
    })?;
    let mut table = document.get_ref();
    if is_pyproject {
        for name in ["tool", "limbeck"] {
            let Some(inner) = table.get(name) else { return Ok(Config::default()) };
            let Some(inner_table) = inner.get_ref().as_table() else {
                return Err(Fault::new(inner.span(), format!("`{name}` is not a table")));
            };
            table = inner_table;
        }
    }
    let mut config = Config::default();
    // Other keys name what this one makes.
    if let Some(value) = table.get("custom") {
        config.policy.own = custom::read(&values::Reader { key: "custom", folder, own: &[] }, value)?;
    }
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let Some(known) = keys::KEYS.iter().find(|it| it.name == name) else {
            let names = keys::KEYS.iter().map(|it| it.name);
            return Err(values::unknown("key", name, key.span(), names));
        };
        let own = config.policy.own.clone();
        (known.read)(&mut config, &values::Reader { key: known.name, folder, own: &own }, value)?;
    }
    Ok(config)
}
