//! The variables and the docstring by which Alembic knows a revision.

use super::{
    interp::Interp,
    value::{Scope, Value},
};
use crate::{
    finding::{Finding, Severity},
    revision::{Docstring, Reference},
    source::{Span, Text},
};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;
use std::rc::Rc;

/// What a revision says of itself.
pub(super) struct Header {
    pub id: Reference,
    pub parents: Vec<Reference>,
    pub depends_on: Vec<Reference>,
    pub labels: Vec<Reference>,
    pub docstring: Docstring,
}

/// Reads the header; a finding where `revision` or a reference is no string. A file without `revision` is for the
/// history to judge, which knows whether Alembic would load it.
pub(super) fn read(reader: &mut Interp<'_>, suite: &[Stmt], scope: &Rc<Scope>) -> Result<Header, Option<Box<Finding>>> {
    let fault = |span: Span, message: String, path: &str| {
        let mut finding = Finding::new("missing-revision-id", Severity::Error, span, message);
        finding.object(path);
        Some(Box::new(finding))
    };
    let path = reader.sources.get(reader.main).path.clone();
    let Some((value, span)) = variable(reader, suite, scope, "revision") else {
        return Err(None);
    };
    let id = match value.as_text() {
        Some(text) if !text.as_str().is_empty() => {
            Reference { id: text.as_str().to_owned(), span: super::place(&text, span) }
        }
        Some(_) => return Err(fault(span, "`revision` is empty".to_owned(), &path)),
        None => return Err(fault(span, format!("`revision` is {}, not a string", value.kind()), &path)),
    };
    let mut several = |name: &str| match variable(reader, suite, scope, name) {
        None => Ok(Vec::new()),
        Some((value, span)) => references(&value, span).ok_or_else(|| {
            fault(span, format!("`{name}` is {}, not a string or a tuple of strings", value.kind()), &path)
        }),
    };
    let parents = several("down_revision")?;
    let depends_on = several("depends_on")?;
    let labels = several("branch_labels")?;
    let docstring =
        suite.first().and_then(|first| literal(reader, first)).map(|text| docstring(&text)).unwrap_or_default();
    Ok(Header { id, parents, depends_on, labels, docstring })
}

/// The value of a variable of the module, and where its last assignment gives it.
fn variable(reader: &mut Interp<'_>, suite: &[Stmt], scope: &Rc<Scope>, name: &str) -> Option<(Value, Span)> {
    let is = |target: &Expr| matches!(target, Expr::Name(it) if it.id.as_str() == name);
    let expr = suite.iter().rev().find_map(|statement| match statement {
        Stmt::Assign(it) if it.targets.iter().any(is) => Some(&*it.value),
        Stmt::AnnAssign(it) if is(&it.target) => it.value.as_deref(),
        _ => None,
    });
    let span = expr.map(|expr| reader.span(expr.range()));
    let value = match (scope.get(name), expr) {
        (Some(value), _) => value,
        // The limits of the module were reached before it; its own text is still plain.
        (None, Some(expr)) => {
            reader.refresh();
            reader.eval(expr, scope).ok()?
        }
        (None, None) => return None,
    };
    Some((value, span.unwrap_or(Span { source: reader.main, start: 0, end: 0 })))
}

/// A string, a collection of strings, or `None`.
fn references(value: &Value, span: Span) -> Option<Vec<Reference>> {
    let one = |value: &Value| {
        let text = value.as_text()?;
        Some(Reference { id: text.as_str().to_owned(), span: super::place(&text, span) })
    };
    match value {
        Value::None => Some(Vec::new()),
        Value::Tuple(items) => items.iter().map(one).collect(),
        Value::List(list) | Value::Set(list) if list.spoiled.borrow().is_none() => {
            list.items.borrow().iter().map(one).collect()
        }
        // Alembic takes an empty string for no revision.
        other => one(other).map(|reference| if reference.id.is_empty() { Vec::new() } else { vec![reference] }),
    }
}

fn literal(reader: &Interp<'_>, statement: &Stmt) -> Option<Text> {
    match statement {
        Stmt::Expr(it) => match &*it.value {
            Expr::StringLiteral(text) => Some(reader.string(&text.value)),
            _ => None,
        },
        _ => None,
    }
}

/// The lines that Alembic's template writes: `Revision ID:`, `Revises:`, `Create Date:`.
fn docstring(text: &Text) -> Docstring {
    let mut result = Docstring::default();
    let mut at = 0;
    for line in text.as_str().split('\n') {
        let start = at;
        at += line.len() + 1;
        let trimmed = line.trim();
        let place = |part: &str| {
            let from = start + line.find(part).unwrap_or(0);
            text.place(from, from + part.len().max(1))
        };
        let field = |name: &str| trimmed.strip_prefix(name).map(str::trim);
        if let Some(id) = field("Revision ID:") {
            result.revision = place(id).map(|span| Reference { id: id.to_owned(), span });
        } else if let Some(list) = field("Revises:") {
            let mut parents = Vec::new();
            for part in
                list.split(',').map(str::trim).filter(|part| !part.is_empty() && *part != "<base>" && *part != "None")
            {
                if let Some(span) = place(part) {
                    parents.push(Reference { id: part.to_owned(), span });
                }
            }
            result.revises = Some(parents);
            result.revises_span = place(trimmed);
        } else if let Some(date) = field("Create Date:") {
            result.create_date = place(date).map(|span| Reference { id: date.to_owned(), span });
        } else if result.message.is_none() && !trimmed.is_empty() {
            result.message = Some(trimmed.to_owned());
        }
    }
    result
}
