//! `CREATE TABLE` with all that follows it, and `ADD COLUMN` with what that sends apart.

use super::{
    Dialect, Memo, Unrendered,
    column::{self, Role},
    comment_on_table,
    constraint::{self, Referred, is_true, option},
    heard, index, names, refused, types,
    words::{Made, when},
};
use crate::{
    op::{Column, Constraint, ConstraintKind, CreateTable, Name, Op, OptionValue, Qualified, Type},
    source::Text,
};

/// The types that are made on the way, the table, its indexes, its comments.
pub(super) fn create(create: &CreateTable, dialect: &Dialect, memo: &mut Memo) -> Result<Vec<Text>, Unrendered> {
    let plain;
    let dialect = if create.own_metadata {
        plain = Dialect { sqlalchemy: dialect.sqlalchemy, listeners: dialect.listeners, ..Dialect::default() };
        &plain
    } else {
        dialect
    };
    let table = &create.table;
    heard("create", table, dialect)?;
    let mut statements = Vec::new();
    for kind in create.columns.iter().filter_map(|column| column.kind.as_ref()) {
        statements.extend(types::before_table(kind, table, dialect, memo)?);
    }
    statements.push(statement(create, dialect)?);
    for index in create.columns.iter().filter_map(|column| index::of_column(column, table)) {
        statements.push(index::create(&index, dialect)?);
    }
    for index in &create.indexes {
        statements.push(index::create(index, dialect)?);
    }
    if let Some(comment) = &create.comment {
        statements.push(comment_on_table(table, Some(comment), dialect));
    }
    statements.extend(create.columns.iter().filter_map(|each| column::comment(each, table, dialect)));
    Ok(statements)
}

fn statement(create: &CreateTable, dialect: &Dialect) -> Made {
    let table = &create.table;
    let key = PrimaryKey::of(create, dialect)?;
    let mut elements = Vec::new();
    for each in create.columns.iter().filter(|column| !column.system) {
        let definition = column::definition(each, table, key.role(each), dialect)?;
        elements.push(sql![definition, column_checks(each, table, dialect)?]);
    }
    elements.extend(key.clause(table, dialect)?);
    elements.extend(constraints(create, dialect)?.into_iter().filter(|clause| !clause.as_str().is_empty()));
    let prefixes: String = create.prefixes.iter().flat_map(|prefix| [prefix, " "]).collect();
    let guard = when(create.if_not_exists, "IF NOT EXISTS ");
    let mut made = sql!["CREATE ", prefixes, "TABLE ", guard, names::table(table), " ("];
    for (index, element) in elements.iter().enumerate() {
        made = sql![made, if index == 0 { "\n\t" } else { ", \n\t" }, element.clone()];
    }
    Ok(sql![made, "\n)", table_options(&create.options)])
}

/// All constraints but the primary key, in the order in which SQLAlchemy comes upon them: those given beside the
/// columns first, then each column's UNIQUE, CHECK of its type, and foreign keys.
fn constraints(create: &CreateTable, dialect: &Dialect) -> Result<Vec<Text>, Unrendered> {
    let table = &create.table;
    let given = |constraint: &Constraint| match constraint.kind {
        ConstraintKind::PrimaryKey { .. } | ConstraintKind::ForeignKey { use_alter: true, .. } => Ok(Text::default()),
        _ => constraint::clause(table, constraint, dialect, Referred::Unknown),
    };
    let mut all = Vec::new();
    for constraint in &create.constraints {
        all.push(given(constraint)?);
    }
    for column in &create.columns {
        if let Some(unique) = unique(column) {
            all.push(given(&unique)?);
        }
        if let Some(check) = constraint::of_type(&column.name, column.kind.as_ref())? {
            all.push(check.clause(table, dialect)?);
        }
        for constraint in column.constraints.iter().filter(|each| !is_check(each)) {
            all.push(given(constraint)?);
        }
    }
    Ok(all)
}

fn is_check(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::Check { .. })
}

/// `unique=True` without `index=True`.
fn unique(column: &Column) -> Option<Constraint> {
    (column.unique && !column.index)
        .then(|| plain(column, ConstraintKind::Unique { columns: vec![column.name.clone()] }))
}

fn plain(column: &Column, kind: ConstraintKind) -> Constraint {
    Constraint { name: None, span: column.span, kind, deferrable: None, initially: None, options: Vec::new() }
}

/// The `CHECK`s that were given to the column itself stand behind it.
fn column_checks(column: &Column, table: &Qualified, dialect: &Dialect) -> Made {
    let mut made = Text::default();
    for check in column.constraints.iter().filter(|each| is_check(each)) {
        made = sql![made, " ", constraint::clause_on(table, Some(&column.name), check, dialect, Referred::Unknown)?];
    }
    Ok(made)
}

/// The primary key of a table, from the flags of its columns and the constraint.
struct PrimaryKey<'a> {
    columns: Vec<&'a Column>,
    constraint: Option<&'a Constraint>,
    serial: Option<&'a Name>,
}

impl<'a> PrimaryKey<'a> {
    fn of(create: &'a CreateTable, dialect: &Dialect) -> Result<Self, Unrendered> {
        let constraint =
            create.constraints.iter().rev().find(|each| matches!(each.kind, ConstraintKind::PrimaryKey { .. }));
        let named: &[Name] = match constraint.map(|constraint| &constraint.kind) {
            Some(ConstraintKind::PrimaryKey { columns }) => columns,
            _ => &[],
        };
        let mut columns = Vec::new();
        for name in named {
            match create.columns.iter().find(|column| column.name.text == name.text) {
                Some(column) => columns.push(column),
                None => return refused(format!("the primary key has a column `{}` that the table has not", name.text)),
            }
        }
        if named.is_empty() {
            columns = create.columns.iter().filter(|column| column.primary_key).collect();
        }
        let foreign = |column: &Column| {
            let of_table = create.constraints.iter().any(|constraint| match &constraint.kind {
                ConstraintKind::ForeignKey { columns, .. } => columns.iter().any(|name| name.text == column.name.text),
                _ => false,
            });
            of_table || has_foreign_key(column)
        };
        let serial = autoincrement(&columns, &foreign, create.table.name.text.as_str(), dialect)?;
        Ok(Self { columns, constraint, serial })
    }

    fn role(&self, column: &Column) -> Role {
        let in_primary_key = column.primary_key || self.columns.iter().any(|each| each.name.text == column.name.text);
        Role { in_primary_key, is_serial: self.serial.is_some_and(|name| name.text == column.name.text) }
    }

    fn clause(&self, table: &Qualified, dialect: &Dialect) -> Result<Option<Text>, Unrendered> {
        let Some(first) = self.columns.first() else { return Ok(None) };
        let mut columns: Vec<Name> = self.columns.iter().map(|column| column.name.clone()).collect();
        if self.constraint.is_none() {
            // The key that SQLAlchemy makes up from the flags begins with the autoincrement column.
            columns.sort_by_key(|name| self.serial.is_none_or(|serial| serial.text != name.text));
        }
        let kind = ConstraintKind::PrimaryKey { columns };
        if let Some(given) = self.constraint {
            let made = Constraint { kind, ..given.clone() };
            return constraint::clause(table, &made, dialect, Referred::Unknown).map(Some);
        }
        // SQLAlchemy takes away again whatever name a listener gives to the key that it makes up itself.
        let dialect = &Dialect { listeners: None, ..dialect.clone() };
        constraint::clause(table, &plain(first, kind), dialect, Referred::Unknown).map(Some)
    }
}

fn has_foreign_key(column: &Column) -> bool {
    column.constraints.iter().any(|each| matches!(each.kind, ConstraintKind::ForeignKey { .. }))
}

/// Which column of the key counts up by itself; see `_autoincrement_column` in `sqlalchemy/sql/schema.py`.
fn autoincrement<'a>(
    columns: &[&'a Column],
    foreign: &dyn Fn(&Column) -> bool,
    table: &str,
    dialect: &Dialect,
) -> Result<Option<&'a Name>, Unrendered> {
    let mut explicit = columns.iter().filter(|column| column.autoincrement == Some(true));
    if let Some(column) = explicit.next() {
        if columns.len() > 1 && explicit.next().is_some() {
            return refused(format!("only one column of `{table}` can have `autoincrement=True`"));
        }
        return match counts(column.kind.as_ref(), dialect) {
            Counts::No => refused(format!(
                "the type of column `{}` is not compatible with `autoincrement=True`",
                column.name.text
            )),
            _ => Ok(Some(&column.name)),
        };
    }
    let [only] = columns else { return Ok(None) };
    let has_default = only.server_default.is_some() || only.computed.is_some() || only.python_default.is_some();
    let counts = counts(only.kind.as_ref(), dialect) == Counts::Yes;
    let is_serial = only.autoincrement.is_none() && counts && !has_default && !foreign(only);
    Ok(is_serial.then_some(&only.name))
}

#[derive(PartialEq, Eq)]
enum Counts {
    Yes,
    /// Only where it is asked for.
    Whole,
    No,
}

/// Before 2.1 SQLAlchemy makes a SERIAL of a numeric key too.
fn counts(kind: Option<&Type>, dialect: &Dialect) -> Counts {
    match kind {
        Some(Type::Integer { .. }) => Counts::Yes,
        Some(Type::Numeric { .. } | Type::Float { .. }) if dialect.is_before_2_1() => Counts::Yes,
        Some(Type::Numeric { scale: Some(0), .. }) => Counts::Whole,
        _ => Counts::No,
    }
}

/// The lines behind the closing parenthesis, in SQLAlchemy's order.
fn table_options(options: &[(String, OptionValue)]) -> String {
    let text = |name: &str| match option(options, name) {
        Some(OptionValue::Text(text)) if !text.is_empty() => Some(text.as_str()),
        _ => None,
    };
    let parents = match option(options, "inherits") {
        Some(OptionValue::Text(parent)) => vec![names::quoted(parent)],
        Some(OptionValue::List(parents)) => parents.iter().map(|parent| names::quoted(parent)).collect(),
        _ => Vec::new(),
    };
    let oids = option(options, "with_oids").map(|with| if is_true(with) { "WITH OIDS" } else { "WITHOUT OIDS" });
    let lines = [
        (!parents.is_empty()).then(|| format!("INHERITS ({})", parents.join(", "))),
        text("partition_by").map(|by| format!("PARTITION BY {by}")),
        text("using").map(|method| format!("USING {method}")),
        index::storage(option(options, "with")).map(|parameters| format!("WITH ({parameters})")),
        oids.map(str::to_owned),
        text("on_commit").map(|what| format!("ON COMMIT {}", what.replace('_', " ").to_uppercase())),
        text("tablespace").map(|space| format!("TABLESPACE {}", names::quoted(space))),
    ];
    lines.into_iter().flatten().flat_map(|line| ["\n ".to_owned(), line]).collect()
}

/// `ADD COLUMN`, then each of its constraints, its index and its comment in a statement of their own.
pub(super) fn add_column(op: &Op, dialect: &Dialect) -> Result<Vec<Text>, Unrendered> {
    let Op::AddColumn { table, column, if_not_exists, inline_references, inline_primary_key } = op else {
        return Ok(Vec::new());
    };
    let single = if column.primary_key { vec![column.as_ref()] } else { Vec::new() };
    let serial = autoincrement(&single, &has_foreign_key, &table.name.text, dialect)?;
    let role = Role { in_primary_key: column.primary_key, is_serial: serial.is_some() };
    let definition = column::definition(column, table, role, dialect)?;
    let foreign_keys: Vec<&Constraint> = column.constraints.iter().filter(|each| !is_check(each)).collect();
    let inline = if *inline_references && foreign_keys.len() == 1 { foreign_keys.first() } else { None };
    let reference = inline.map(|constraint| constraint::inline_reference(constraint)).transpose()?;
    let mut statements = vec![sql![
        "ALTER TABLE ",
        names::dotted(table),
        " ADD COLUMN ",
        when(*if_not_exists, "IF NOT EXISTS "),
        definition,
        when(*inline_primary_key && column.primary_key, " PRIMARY KEY"),
        reference,
        column_checks(column, table, dialect)?
    ]];
    let apart: &[&Constraint] = if inline.is_some() { &[] } else { &foreign_keys };
    for constraint in apart {
        statements.push(constraint::add(table, constraint, dialect, Referred::Known)?);
    }
    if let Some(unique) = unique(column) {
        statements.push(constraint::add(table, &unique, dialect, Referred::Known)?);
    }
    if let Some(check) = constraint::of_type(&column.name, column.kind.as_ref())? {
        statements.push(sql!["ALTER TABLE ", names::table(table), " ADD ", check.clause(table, dialect)?]);
    }
    if let Some(index) = index::of_column(column, table) {
        statements.push(index::create(&index, dialect)?);
    }
    statements.extend(column::comment(column, table, dialect));
    Ok(statements)
}
