//! The tables that a project's models describe, as far as their text alone says it: SQLAlchemy's declarative classes,
//! `Table(…)`, and `SQLModel`.

use super::trees::Trees;
use crate::source::{SourceId, Sources, Span};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use std::collections::{BTreeMap, BTreeSet};

/// One table of the models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its schema, where the model names one.
    pub schema: Option<String>,
    /// Its name.
    pub table: String,
    /// The class or the call.
    pub span: Span,
    /// Its columns, by their names in the database; those that a mixin brings are not here.
    pub columns: BTreeMap<String, Span>,
}

/// What a file describes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Models {
    /// The tables.
    pub tables: Vec<Model>,
    /// The names of all columns, those of mixins too.
    pub columns: BTreeSet<String>,
}

/// The models of a file; none where Python cannot read it.
#[must_use]
pub fn models(sources: &Sources, source: SourceId, trees: &Trees) -> Models {
    let mut found = Models::default();
    if let Some(tree) = trees.of(sources, source) {
        Reader { source, found: &mut found }.block(&tree.statements, 0);
    }
    found
}

struct Reader<'a> {
    source: SourceId,
    found: &'a mut Models,
}

/// Classes in classes are looked into so deep.
const DEPTH: usize = 5;

impl Reader<'_> {
    fn span(&self, range: TextRange) -> Span {
        Span { source: self.source, start: range.start().to_u32(), end: range.end().to_u32() }
    }

    fn block(&mut self, body: &[Stmt], depth: usize) {
        for statement in body {
            match statement {
                Stmt::ClassDef(class) if depth < DEPTH => {
                    self.class(class);
                    self.block(&class.body, depth + 1);
                }
                Stmt::Assign(assign) => self.table(&assign.value),
                Stmt::AnnAssign(it) => it.value.iter().for_each(|value| self.table(value)),
                _ => {}
            }
        }
    }

    /// `Table("users", metadata, Column("id", …), schema="app")`.
    fn table(&mut self, value: &Expr) {
        let Expr::Call(call) = value else { return };
        let (Some("Table"), Some(table)) = (last(&call.func), call.arguments.args.first().and_then(text)) else {
            return;
        };
        let mut columns = BTreeMap::new();
        for argument in &call.arguments.args {
            if let Expr::Call(column) = argument
                && is_column(last(&column.func))
                && let Some(name) = column.arguments.args.first().and_then(text)
            {
                columns.insert(name, self.span(argument.range()));
            }
        }
        let schema = keyword(&call.arguments, "schema").and_then(text);
        self.keep(Model { schema, table, span: self.span(call.func.range()), columns });
    }

    fn class(&mut self, class: &ast::StmtClassDef) {
        let is_sqlmodel = class.arguments.as_deref().and_then(|it| keyword(it, "table")).is_some_and(is_true);
        let mut table = is_sqlmodel.then(|| class.name.id.to_lowercase());
        let (mut schema, mut columns) = (None, BTreeMap::new());
        for statement in &class.body {
            let (target, annotation, value) = match statement {
                Stmt::Assign(it) => (it.targets.first(), None, Some(&*it.value)),
                Stmt::AnnAssign(it) => (Some(&*it.target), Some(&*it.annotation), it.value.as_deref()),
                _ => continue,
            };
            let Some(Expr::Name(name)) = target else { continue };
            match (name.id.as_str(), value) {
                ("__tablename__", Some(value)) => table = text(value),
                ("__table_args__", Some(value)) => schema = schema_of(value),
                (attribute, value) => {
                    if let Some(column) = column(attribute, annotation, value, is_sqlmodel) {
                        columns.insert(column, self.span(statement.range()));
                    }
                }
            }
        }
        self.found.columns.extend(columns.keys().cloned());
        if let Some(table) = table {
            self.keep(Model { schema, table, span: self.span(class.name.range()), columns });
        }
    }

    fn keep(&mut self, model: Model) {
        self.found.columns.extend(model.columns.keys().cloned());
        self.found.tables.push(model);
    }
}

/// The column's name that an attribute of a class stands for, if it is a column.
fn column(attribute: &str, annotation: Option<&Expr>, value: Option<&Expr>, is_sqlmodel: bool) -> Option<String> {
    let mapped = annotation.is_some_and(|it| matches!(it, Expr::Subscript(it) if last(&it.value) == Some("Mapped")));
    match value {
        Some(Expr::Call(call)) if is_column(last(&call.func)) => {
            Some(call.arguments.args.first().and_then(text).unwrap_or_else(|| attribute.to_owned()))
        }
        Some(Expr::Call(call)) if is_sqlmodel && last(&call.func) == Some("Field") => Some(attribute.to_owned()),
        Some(Expr::Call(_)) => None,
        _ if mapped || (is_sqlmodel && annotation.is_some() && !attribute.starts_with('_')) => {
            let hint =
                annotation.is_some_and(|it| matches!(it, Expr::Subscript(it) if last(&it.value) == Some("ClassVar")));
            (!hint).then(|| attribute.to_owned())
        }
        _ => None,
    }
}

fn is_column(name: Option<&str>) -> bool {
    matches!(name, Some("Column" | "mapped_column"))
}

/// The schema of `__table_args__`: a dict, or a tuple that ends with one.
fn schema_of(value: &Expr) -> Option<String> {
    let dict = match value {
        Expr::Tuple(it) => it.elts.last()?,
        other => other,
    };
    let Expr::Dict(dict) = dict else { return None };
    let found = dict.items.iter().find(|it| it.key.as_ref().and_then(text).as_deref() == Some("schema"))?;
    text(&found.value)
}

fn keyword<'a>(arguments: &'a ast::Arguments, name: &str) -> Option<&'a Expr> {
    arguments.keywords.iter().find(|it| it.arg.as_ref().is_some_and(|it| it.id.as_str() == name)).map(|it| &it.value)
}

fn text(value: &Expr) -> Option<String> {
    if let Expr::StringLiteral(it) = value { Some(it.value.to_str().to_owned()) } else { None }
}

fn is_true(value: &Expr) -> bool {
    matches!(value, Expr::BooleanLiteral(it) if it.value)
}

/// The last part of a dotted name.
fn last(value: &Expr) -> Option<&str> {
    match value {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(it) => Some(it.attr.id.as_str()),
        _ => None,
    }
}
