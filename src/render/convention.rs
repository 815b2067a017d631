//! Naming conventions: the names that SQLAlchemy makes for constraints and indexes (`sqlalchemy/sql/naming.py`).

use super::{Dialect, Unrendered, names, refused};
use crate::op::{Name, Qualified};

/// What a name is made for.
pub(super) struct Subject<'a> {
    /// `ix`, `uq`, `ck`, `fk`, `pk`.
    pub(super) kind: &'static str,
    pub(super) table: &'a Qualified,
    pub(super) columns: Vec<&'a str>,
    /// The table that a foreign key refers to.
    pub(super) referred_table: Option<&'a str>,
    /// Its columns, where Alembic can know them.
    pub(super) referred_columns: Option<Vec<&'a str>>,
    /// The name that was given.
    pub(super) name: Option<&'a Name>,
}

/// Without any convention SQLAlchemy names indexes alone.
const DEFAULT_INDEX: &str = "ix_%(column_0_label)s";

/// The name in the end: the given one, or what the convention makes; `None` where the constraint has none.
///
/// A convention applies where no name was given, and to a given one where it has `constraint_name` in it, unless
/// that is final (`op.f()`).
pub(super) fn name(subject: &Subject<'_>, dialect: &Dialect) -> Result<Option<Name>, Unrendered> {
    if let Some(why) = dialect.renamed.get(subject.kind) {
        return Err(crate::reason::Reason::from(format!("the name is not known: {why}")).into());
    }
    if let Some(given) = subject.name.filter(|given| given.exact) {
        return Ok(Some(given.clone()));
    }
    // A template for checks is usually one that takes the given name in.
    if let Some(why) = dialect.unknown_names.get(subject.kind)
        && (subject.name.is_none() || subject.kind == "ck")
    {
        return Err(crate::reason::Reason::from(format!("the name is not known: {why}")).into());
    }
    let convention = match dialect.naming_convention.get(subject.kind) {
        Some(convention) => Some(convention.as_str()),
        None if subject.kind == "ix" && dialect.naming_convention.is_empty() => Some(DEFAULT_INDEX),
        None => None,
    };
    match convention {
        Some(template) if subject.name.is_none() || template.contains("constraint_name") => {
            let text = subject.fill(template)?;
            Ok(Some(Name { text, span: subject.name.and_then(|given| given.span), quote: None, exact: true }))
        }
        _ => Ok(subject.name.cloned()),
    }
}

impl Subject<'_> {
    /// Python's `%` with `%(token)s` and `%%`.
    fn fill(&self, template: &str) -> Result<String, Unrendered> {
        let mut made = String::new();
        let mut rest = template;
        while let Some(at) = rest.find('%') {
            made.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('%') {
                made.push('%');
                rest = after;
                continue;
            }
            let token = rest.strip_prefix('(').and_then(|inner| inner.split_once(")s"));
            let Some((token, after)) = token else {
                return refused(format!("naming convention `{template}` has a `%` that is no `%(token)s`"));
            };
            made.push_str(&self.token(token, template)?);
            rest = after;
        }
        made.push_str(rest);
        Ok(made)
    }

    fn token(&self, token: &str, template: &str) -> Result<String, Unrendered> {
        match token {
            "table_name" => Ok(self.table.name.text.clone()),
            "constraint_name" => match self.name {
                Some(name) => Ok(name.text.clone()),
                None => refused(format!(
                    "naming convention `{template}` has `constraint_name`, and the constraint has no name"
                )),
            },
            "referred_table_name" => match self.referred_table {
                Some(table) => Ok(table.to_owned()),
                None => refused(format!("naming convention `{template}` asks for a table that is not referred to")),
            },
            _ => self.column_token(token, template),
        }
    }

    /// `column_0_name`, `column_0N_label`, `column_0_N_key`, `referred_column_0_name`.
    fn column_token(&self, token: &str, template: &str) -> Result<String, Unrendered> {
        let unknown = || refused(format!("naming convention `{template}` has an unknown token `{token}`"));
        let (referred, rest) = match token.strip_prefix("referred_") {
            Some(rest) => (true, rest),
            None => (false, token),
        };
        let Some(rest) = rest.strip_prefix("column_") else { return unknown() };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (Ok(index), rest) = (rest[..digits].parse::<usize>(), &rest[digits..]) else { return unknown() };
        let (separator, attribute) = if let Some(attribute) = rest.strip_prefix("_N_") {
            (Some("_"), attribute)
        } else if let Some(attribute) = rest.strip_prefix("N_") {
            (Some(""), attribute)
        } else if let Some(attribute) = rest.strip_prefix('_') {
            (None, attribute)
        } else {
            return unknown();
        };
        if !matches!((attribute, referred), ("name", _) | ("key" | "label", false)) {
            return unknown();
        }
        let columns = match (&self.referred_columns, referred) {
            (_, false) => &self.columns,
            (Some(columns), true) => columns,
            (None, true) => return refused(format!("the columns that `{token}` asks for are not known to Alembic")),
        };
        let write = |column: &&str| if attribute == "label" { self.label(column) } else { (*column).to_owned() };
        Ok(match separator {
            Some(separator) => columns.iter().map(write).collect::<Vec<_>>().join(separator),
            None => columns.get(index).map(write).unwrap_or_default(),
        })
    }

    /// `schema_table_column`.
    fn label(&self, column: &str) -> String {
        let table = &self.table.name.text;
        match names::schema(self.table) {
            Some(schema) => format!("{}_{table}_{column}", schema.text.replace('.', "_")),
            None => format!("{table}_{column}"),
        }
    }
}
