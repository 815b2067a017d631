//! Naming conventions: the names that SQLAlchemy makes for constraints and indexes (`sqlalchemy/sql/naming.py`).

use super::{Dialect, Unrendered, names, refused};
use crate::op::{Attached, Name, Qualified};

/// What a name is made for.
#[derive(Clone)]
pub(super) struct Subject<'a> {
    /// `ix`, `uq`, `ck`, `fk`, `pk`.
    pub(super) kind: &'static str,
    pub(super) table: &'a Qualified,
    pub(super) columns: Vec<&'a str>,
    /// The table that a foreign key refers to.
    pub(super) referred_table: Option<&'a str>,
    /// Its columns, where Alembic can know them.
    pub(super) referred_columns: Option<Vec<&'a str>>,
    /// `schema.table.column` for each column of a foreign key.
    pub(super) targets: Vec<String>,
    /// The column that a check was given to.
    pub(super) put_on: Option<&'a Name>,
    /// The text of a check.
    pub(super) condition: Option<&'a str>,
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
    let Some(listeners) = dialect.listeners.filter(|it| it.hear(subject.kind)) else {
        return conventional(subject, subject.name, dialect);
    };
    // SQLAlchemy's own listener, the convention, is the first; but a check that is put on a column waits for its table.
    let first = match subject.put_on {
        Some(_) => subject.name.cloned(),
        None => conventional(subject, subject.name, dialect)?,
    };
    let last = listeners.name(&subject.attached(first.as_ref()))?;
    if last.as_deref() == first.as_ref().map(|it| it.text.as_str()) {
        return conventional(subject, first.as_ref(), dialect);
    }
    let span = subject.name.and_then(|given| given.span);
    let last = last.map(|text| Name { text, span, quote: None, exact: false });
    conventional(subject, last.as_ref(), dialect)
}

/// What the convention makes of a name.
fn conventional(subject: &Subject<'_>, given: Option<&Name>, dialect: &Dialect) -> Result<Option<Name>, Unrendered> {
    if let Some(given) = given.filter(|given| given.exact) {
        return Ok(Some(given.clone()));
    }
    // A template for checks is usually one that takes the given name in.
    if let Some(why) = dialect.unknown_names.get(subject.kind)
        && (given.is_none() || subject.kind == "ck")
    {
        return Err(crate::reason::Reason::from(format!("the name is not known: {why}")).into());
    }
    let convention = match dialect.naming_convention.get(subject.kind) {
        Some(convention) => Some(convention.as_str()),
        None if subject.kind == "ix" && dialect.naming_convention.is_empty() => Some(DEFAULT_INDEX),
        None => None,
    };
    match convention {
        Some(template) if given.is_none() || template.contains("constraint_name") => {
            let text = Subject { name: given, ..subject.clone() }.fill(template)?;
            Ok(Some(Name { text, span: given.and_then(|given| given.span), quote: None, exact: true }))
        }
        _ => Ok(given.cloned()),
    }
}

impl Subject<'_> {
    /// As the project's listeners see it.
    fn attached(&self, name: Option<&Name>) -> Attached {
        Attached {
            kind: self.kind,
            schema: self.table.schema.as_ref().map(|it| it.text.clone()),
            table: self.table.name.text.clone(),
            column: self.put_on.map(|it| it.text.clone()),
            columns: self.columns.iter().map(|it| (*it).to_owned()).collect(),
            targets: self.targets.clone(),
            condition: self.condition.map(str::to_owned),
            name: name.map(|it| it.text.clone()),
        }
    }

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
