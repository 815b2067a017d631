//! `op.*` and `batch_op.*`.

use super::{
    args::{Bound, Reason, items, name_of, not_known},
    interp::{Args, Eval, Halt, Interp},
    items as schema_items,
    value::{Arg, Batch, Item, Table, Value},
};
use crate::{
    op::{AlterColumn, AlterDefault, Constraint, ConstraintKind, Index, IndexColumn, Name, Op, Qualified, TextClause},
    source::Span,
};
use std::{cell::RefCell, rc::Rc};

impl Interp<'_> {
    /// A call of `op.name(…)`.
    pub(super) fn call_op(&mut self, name: &str, args: Args) -> Eval {
        let span = args.span;
        match name {
            "get_bind" => return Ok(super::connection::connection(false)),
            "get_context" => return Ok(Value::Context),
            "f" => return Ok(exact(&args)),
            "inline_literal" => {
                let first = args.positional.first().map_or(Value::None, |arg| arg.value.clone());
                return Ok(match super::core::value(&first, None) {
                    Ok(expr) => Value::expr(expr),
                    Err(reason) => Value::unknown(span, reason),
                });
            }
            "batch_alter_table" => return Ok(self.batch(args)),
            "execute" => {
                let bound = args.bind(&["sqltext"]);
                match super::keywords::accepted("execute", &["sqltext"], &bound) {
                    Ok(()) => {
                        self.execute(bound.value("sqltext").unwrap_or(&Value::None), None, false, span)?;
                    }
                    Err(reason) => self.unresolved(span, reason.reworded(format!("`op.execute`: {reason}")))?,
                }
                return Ok(Value::None);
            }
            "bulk_insert" => return self.bulk_insert(args),
            "create_table" => return self.create_table(args),
            _ => {}
        }
        if self.at_import() {
            return Ok(Value::inert(span, "operations are not available at import"));
        }
        if let Some(made) = super::entities::operation(name, &args) {
            match made {
                Ok(ops) => {
                    for op in ops {
                        self.emit(op, span)?;
                    }
                }
                Err(reason) => self.unresolved(span, reason.reworded(format!("`op.{name}`: {reason}")))?,
            }
            return Ok(Value::None);
        }
        match operation(name, args, None) {
            Ok(op) => self.emit(op, span)?,
            Err(reason) => self.unresolved(span, reason.reworded(format!("`op.{name}`: {reason}")))?,
        }
        Ok(Value::None)
    }

    /// A call of `batch_op.name(…)`: queued until the block ends, but for `execute`.
    pub(super) fn batch_method(&mut self, batch: &Rc<Batch>, name: &str, args: Args) -> Eval {
        let span = args.span;
        match name {
            "f" => return Ok(exact(&args)),
            "get_bind" => return Ok(super::connection::connection(false)),
            "execute" => {
                let bound = args.bind(&["sqltext"]);
                return self.execute(bound.value("sqltext").unwrap_or(&Value::None), None, false, span);
            }
            _ => {}
        }
        let op = match operation(name, args, Some(&batch.table)) {
            Ok(op) => op,
            Err(reason) => Op::Unresolved { reason: reason.reworded(format!("`batch_op.{name}`: {reason}")) },
        };
        let mut op = op;
        if let Op::AlterColumn(change) = &mut op
            && let Some(crate::op::Type::Enum(kind)) = &mut change.kind
            && kind.inherit_schema
        {
            // The SQL is made at the end of the block, when the type has been put on its table.
            kind.schema.clone_from(&batch.table.schema);
        }
        let step = self.step(op, span);
        batch.queued.borrow_mut().push(step);
        Ok(Value::None)
    }

    /// At the end of a `batch_alter_table` block: what was queued is sent, from the line of the `with`.
    pub(super) fn flush(&mut self, batch: &Batch, span: Span) -> Result<(), Halt> {
        if let Some(reason) = &batch.refused {
            self.unresolved(span, reason.clone())?;
        }
        let sent = self.own(span);
        for mut step in batch.queued.take() {
            step.sent = sent;
            step.autocommit = self.autocommit > 0;
            self.emit_step(step)?;
        }
        Ok(())
    }

    fn batch(&mut self, args: Args) -> Value {
        let span = args.span;
        let bound = args.bind(&["table_name", "schema", "recreate"]);
        let refused = match bound.value("recreate") {
            Some(value) if value.as_str() == Some("always") => {
                Some(Reason::data("`recreate=\"always\"` copies the table as the database has it"))
            }
            Some(Value::Unknown(unknown)) => Some(not_known("`recreate` is", &unknown.reason)),
            _ => None,
        };
        match bound.table("table_name", "schema") {
            Ok(table) => Value::Batch(Rc::new(Batch { table, queued: RefCell::default(), refused })),
            Err(reason) => Value::unknown(span, reason.reworded(format!("`op.batch_alter_table`: {reason}"))),
        }
    }

    fn create_table(&mut self, args: Args) -> Eval {
        let span = args.span;
        let bound = args.bind(&["table_name"]);
        let accepted = super::keywords::accepted("create_table", &["table_name"], &bound);
        match accepted.and_then(|()| schema_items::create_table(bound)) {
            Ok(table) => {
                let value = schema_items::table_value(&table);
                self.emit(Op::CreateTable(Box::new(table)), span)?;
                Ok(value)
            }
            Err(reason) => {
                self.unresolved(span, reason.reworded(format!("`op.create_table`: {reason}")))?;
                Ok(Value::unknown(span, reason))
            }
        }
    }

    fn bulk_insert(&mut self, args: Args) -> Eval {
        let span = args.span;
        let bound = args.bind(&["table", "rows"]);
        let outcome = match (bound.value("table").cloned(), bound.arg("rows").cloned()) {
            (Some(Value::Table(table)), Some(rows)) => self.rows(&table, &rows, span)?,
            (Some(Value::Unknown(unknown)), _) => Err(not_known("the table is", &unknown.reason)),
            (_, None) => Err("the rows are not given".into()),
            _ => Err("the table is not understood".into()),
        };
        match outcome {
            Ok(queries) => {
                for query in queries {
                    self.emit(Op::Query(Box::new(query)), span)?;
                }
            }
            Err(reason) => self.unresolved(span, reason.reworded(format!("`op.bulk_insert`: {reason}")))?,
        }
        Ok(Value::None)
    }

    fn rows(&mut self, table: &Table, rows: &Arg, span: Span) -> Result<Result<Vec<crate::op::Query>, Reason>, Halt> {
        let rows = match self.collect(&rows.value, span)? {
            Ok(rows) => rows,
            Err(unknown) => return Ok(Err(not_known("the rows are", &unknown.reason))),
        };
        let mut queries = Vec::new();
        for row in &rows {
            self.burn(span)?;
            match super::query::insert(table, row) {
                Ok(query) => queries.push(query),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        Ok(Ok(queries))
    }
}

/// `op.f("…")`.
fn exact(args: &Args) -> Value {
    match args.positional.first().or_else(|| args.keywords.first().map(|(_, arg, _)| arg)) {
        Some(arg) => match name_of(arg, "the name") {
            Ok(name) => Value::Name(Rc::new(Name { exact: true, ..name })),
            Err(reason) => Value::unknown(arg.span, reason),
        },
        None => Value::unknown(args.span, "`op.f()` is given nothing"),
    }
}

/// The arguments of a call by name, where all are known and the operation takes them. A batch has its table already.
fn bind(name: &str, args: Args, parameters: &[&'static str], batch: Option<&Qualified>) -> Result<Bound, Reason> {
    let skip = |parameter: &&'static str| {
        batch.is_none() || !matches!(parameter.split('|').next(), Some("table_name" | "source_table"))
    };
    let parameters: Vec<_> = parameters.iter().copied().filter(skip).collect();
    let bound = args.bind(&parameters).closed()?;
    if batch.is_none() {
        super::keywords::accepted(name, &parameters, &bound)?;
    }
    Ok(bound)
}

/// The operation of a call that does nothing but ask for it. In a batch the table is the batch's.
fn operation(name: &str, args: Args, batch: Option<&Qualified>) -> Result<Op, Reason> {
    let bind = |args: Args, parameters: &[&'static str]| bind(name, args, parameters, batch);
    let of = |bound: &Bound| match batch {
        Some(table) => Ok(table.clone()),
        None => bound.table("table_name", "schema"),
    };
    match name {
        "drop_table" => {
            let bound = bind(args, &["table_name"])?;
            Ok(Op::DropTable { table: of(&bound)?, if_exists: bound.is("if_exists")? })
        }
        "rename_table" => {
            let bound = bind(args, &["old_table_name", "new_table_name", "schema"])?;
            let table = bound.table("old_table_name", "schema")?;
            Ok(Op::RenameTable { table, to: bound.required_name("new_table_name", "the new name")? })
        }
        "add_column" => {
            let bound = bind(args, &["table_name", "column", "schema"])?;
            if batch.is_some() && (present(&bound, "insert_before") || present(&bound, "insert_after")) {
                return Err("`insert_before` and `insert_after` need the table to be copied".into());
            }
            let column = match bound.value("column") {
                Some(Value::Item(item)) => match &**item {
                    Item::Column(column) => column.clone(),
                    _ => return Err("what is added is not a column".into()),
                },
                Some(Value::Unknown(unknown)) => return Err(not_known("the column is", &unknown.reason)),
                _ => return Err("what is added is not a column".into()),
            };
            Ok(Op::AddColumn {
                table: of(&bound)?,
                column: Box::new(column),
                if_not_exists: bound.is("if_not_exists")?,
                inline_references: bound.is("inline_references")?,
                inline_primary_key: bound.is("inline_primary_key")?,
            })
        }
        "drop_column" => {
            let bound = bind(args, &["table_name", "column_name|column", "schema"])?;
            let column = bound.required_name("column_name", "the column's name")?;
            Ok(Op::DropColumn { table: of(&bound)?, column, if_exists: bound.is("if_exists")? })
        }
        "alter_column" => alter_column(&bind(args, &["table_name", "column_name"])?, of),
        "create_index" => create_index(&bind(args, &["index_name|name", "table_name|tablename", "columns"])?, of),
        "drop_index" => drop_index(&bind(args, &["index_name|name", "table_name|tablename"])?, batch),
        "create_foreign_key" => foreign_key(
            &bind(
                args,
                &[
                    "constraint_name|name",
                    "source_table|source|table_name",
                    "referent_table|referent",
                    "local_cols",
                    "remote_cols",
                ],
            )?,
            batch,
        ),
        "create_unique_constraint" | "create_primary_key" => {
            let bound = bind(args, &["constraint_name|name", "table_name|source", "columns|local_cols"])?;
            let columns = bound.names("columns", "the columns")?;
            let kind = match name {
                "create_primary_key" => ConstraintKind::PrimaryKey { columns },
                _ => ConstraintKind::Unique { columns },
            };
            Ok(Op::AddConstraint { table: of(&bound)?, constraint: Box::new(constraint(&bound, kind)?) })
        }
        "create_check_constraint" => {
            let bound = bind(args, &["constraint_name|name", "table_name|source", "condition"])?;
            let condition = bound.value("condition").ok_or("the condition is not given")?;
            let kind = ConstraintKind::Check { condition: super::core::clause(condition)? };
            Ok(Op::AddConstraint { table: of(&bound)?, constraint: Box::new(constraint(&bound, kind)?) })
        }
        "create_exclude_constraint" => {
            let bound = bind(args, &["constraint_name", "table_name"])?;
            let kind = schema_items::exclude(&bound)?;
            Ok(Op::AddConstraint { table: of(&bound)?, constraint: Box::new(constraint(&bound, kind)?) })
        }
        "drop_constraint" => {
            let bound = bind(args, &["constraint_name|name", "table_name|tablename", "type_"])?;
            Ok(Op::DropConstraint {
                name: bound.name("constraint_name", "the constraint's name")?,
                table: of(&bound)?,
                kind: bound.plain_string("type_")?,
                if_exists: bound.is("if_exists")?,
            })
        }
        "create_table_comment" | "drop_table_comment" => {
            let bound = bind(args, &["table_name", "comment"])?;
            let comment = if name == "create_table_comment" { bound.plain_string("comment")? } else { None };
            Ok(Op::CommentTable { table: of(&bound)?, comment })
        }
        _ => Err("it is not an operation of Alembic's own".into()),
    }
}

fn present(bound: &Bound, name: &str) -> bool {
    !matches!(bound.value(name), None | Some(Value::None))
}

fn alter_column(bound: &Bound, of: impl Fn(&Bound) -> Result<Qualified, Reason>) -> Result<Op, Reason> {
    if bound.arg("name").is_some() {
        return Err(Reason::of(crate::reason::Class::Refused, "Alembic refuses `name`: it is `new_column_name`"));
    }
    let kind = |name: &str| match bound.value(name) {
        None | Some(Value::None) => Ok(None),
        Some(value) => super::types::of(value).map(Some),
    };
    let server_default = match bound.value("server_default") {
        None | Some(Value::Bool(false)) => None,
        Some(Value::None) => Some(None),
        Some(value) => Some(Some(alter_default(value)?)),
    };
    let comment = match bound.value("comment") {
        None | Some(Value::Bool(false)) => None,
        Some(Value::None) => Some(None),
        Some(_) => Some(bound.plain_string("comment")?),
    };
    let existing_identity = match bound.value("existing_server_default") {
        Some(Value::Item(item)) => match &**item {
            Item::Identity(identity) => Some(identity.clone()),
            _ => None,
        },
        _ => None,
    };
    Ok(Op::AlterColumn(Box::new(AlterColumn {
        table: of(bound)?,
        column: bound.required_name("column_name", "the column's name")?,
        nullable: bound.flag("nullable")?,
        nullable_span: bound.place("nullable"),
        kind: kind("type_")?,
        kind_span: bound.place("type_"),
        using: bound.plain_string("postgresql_using")?,
        server_default,
        server_default_span: bound.place("server_default"),
        comment,
        rename: bound.name("new_column_name", "the new name")?,
        // Only a type with a check of its own matters here: one that is not known is as good as none.
        existing_kind: kind("existing_type").ok().flatten(),
        existing_identity,
        ignored: ignored(bound),
    })))
}

/// `op.alter_column` takes any keyword, and hears only some.
fn ignored(bound: &Bound) -> Vec<(String, Span)> {
    let heard = |name: &str| {
        matches!(
            name,
            "table_name"
                | "column_name"
                | "nullable"
                | "comment"
                | "server_default"
                | "new_column_name"
                | "type_"
                | "schema"
                | "postgresql_using"
                | "autoincrement"
                | "insert_before"
                | "insert_after"
        ) || ["existing_", "mysql_", "mariadb_", "mssql_", "oracle_", "sqlite_"].iter().any(|it| name.starts_with(it))
    };
    let names = bound.all().map(|(name, _)| name).filter(|name| !heard(name));
    names.filter_map(|name| Some((name.to_owned(), bound.place(name)?))).collect()
}

fn alter_default(value: &Value) -> Result<AlterDefault, Reason> {
    if let Value::Item(item) = value {
        match &**item {
            Item::Identity(identity) => return Ok(AlterDefault::Identity(identity.clone())),
            Item::Computed(_) => return Ok(AlterDefault::Computed),
            _ => {}
        }
    }
    schema_items::server_default(value).map(AlterDefault::Value)
}

fn create_index(bound: &Bound, of: impl Fn(&Bound) -> Result<Qualified, Reason>) -> Result<Op, Reason> {
    let columns = bound.arg("columns").ok_or("the columns are not given")?;
    let mut table = of(bound)?;
    if table.name.text.is_empty() {
        // Alembic's `schemaobj.index`: an empty name is taken for none.
        table.name.text = "no_table".into();
    }
    Ok(Op::CreateIndex(Box::new(Index {
        name: bound.name("index_name", "the index's name")?,
        table,
        columns: items(columns, "the columns")?.iter().map(index_column).collect::<Result<_, _>>()?,
        unique: bound.is("unique")?,
        if_not_exists: bound.is("if_not_exists")?,
        options: bound.options()?,
        span: bound.span,
    })))
}

pub(super) fn index_column(arg: &Arg) -> Result<IndexColumn, Reason> {
    match &arg.value {
        Value::Expr(expr) => match &**expr {
            // A column stands for its name.
            crate::op::Expr::Column { name, .. } => Ok(IndexColumn::Name(name.clone())),
            other => Ok(IndexColumn::Expr(other.clone())),
        },
        _ => name_of(arg, "a column of the index").map(IndexColumn::Name),
    }
}

fn drop_index(bound: &Bound, batch: Option<&Qualified>) -> Result<Op, Reason> {
    let name = bound.required_name("index_name", "the index's name")?;
    let (schema, table) = match batch {
        Some(table) => (table.schema.clone(), Some(table.name.clone())),
        None => (bound.name("schema", "the schema's name")?, bound.name("table_name", "the table's name")?),
    };
    Ok(Op::DropIndex {
        index: Qualified { schema, name },
        table,
        concurrently: bound.is("postgresql_concurrently")?,
        if_exists: bound.is("if_exists")?,
    })
}

fn foreign_key(bound: &Bound, batch: Option<&Qualified>) -> Result<Op, Reason> {
    let table = match batch {
        Some(table) => table.clone(),
        None => bound.table("source_table", "source_schema")?,
    };
    let kind = ConstraintKind::ForeignKey {
        columns: bound.names("local_cols", "the columns")?,
        table: bound.table("referent_table", "referent_schema")?,
        referred: bound.names("remote_cols", "the referenced columns")?,
        on_delete: bound.plain_string("ondelete")?,
        on_update: bound.plain_string("onupdate")?,
        matching: bound.plain_string("match")?,
        use_alter: false,
    };
    Ok(Op::AddConstraint { table, constraint: Box::new(constraint(bound, kind)?) })
}

fn constraint(bound: &Bound, kind: ConstraintKind) -> Result<Constraint, Reason> {
    Ok(Constraint {
        name: bound.name("constraint_name", "the constraint's name")?,
        span: bound.span,
        kind,
        deferrable: bound.flag("deferrable")?,
        initially: bound.plain_string("initially")?,
        options: bound.options()?,
    })
}

/// What `op.execute(…)` and `connection.execute(…)` send for a value that is not a Core statement.
pub(super) fn text_of(value: &Value) -> Option<TextClause> {
    match value {
        Value::Str(text) => Some(TextClause { text: (**text).clone(), binds: Vec::new() }),
        Value::Name(_) => Some(TextClause { text: value.as_text()?, binds: Vec::new() }),
        Value::Expr(expr) => match &**expr {
            crate::op::Expr::Text(clause) => Some(clause.clone()),
            _ => None,
        },
        _ => None,
    }
}
