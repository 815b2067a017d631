//! `sa.Column`, constraints, indexes, tables: what is given to operations.

use super::{
    args::{Bound, Reason, items, name_of, not_known},
    interp::Args,
    ops::index_column,
    value::{Arg, Item, Table, Value},
};
use crate::{
    op::{
        Column, Computed, Constraint, ConstraintKind, CreateTable, Default, Expr, From, Identity, Index, IndexColumn,
        Name, Op, Qualified, Source,
    },
    source::Span,
};
use std::rc::Rc;

/// A call of one of SQLAlchemy's schema items; `None` where the name is not one of them.
pub(super) fn item(name: &str, args: &Args) -> Option<Result<Value, Reason>> {
    let args = args.clone();
    let made = match name {
        "Column" => column(args).map(Item::Column),
        "ForeignKey" => foreign_key(args.bind(&["column", "_constraint"])).map(Item::Constraint),
        "ForeignKeyConstraint" => {
            foreign_key_constraint(args.bind(&["columns", "refcolumns", "name"])).map(Item::Constraint)
        }
        "PrimaryKeyConstraint" => columns_constraint(args.bind(&[]), true).map(Item::Constraint),
        "UniqueConstraint" => columns_constraint(args.bind(&[]), false).map(Item::Constraint),
        "CheckConstraint" => check(args.bind(&["sqltext", "name"])).map(Item::Constraint),
        "ExcludeConstraint" => exclude_constraint(args.bind(&[])).map(Item::Constraint),
        "Index" => index(args.bind(&["name"])).map(Item::Index),
        "Identity" => identity(&args.bind(&["always", "on_null", "start", "increment", "minvalue", "maxvalue"]))
            .map(Item::Identity),
        "Computed" => computed(&args.bind(&["sqltext", "persisted"])).map(Item::Computed),
        "Sequence" => sequence(args.bind(&["name", "start", "increment"])),
        "FetchedValue" => Ok(Item::Default(Default::Fetched)),
        "DefaultClause" => {
            let bound = args.bind(&["arg"]);
            bound
                .value("arg")
                .ok_or_else(|| Reason::from("the default is not given"))
                .and_then(server_default)
                .map(Item::Default)
        }
        "MetaData" => return Some(Ok(super::metadata::made(&args))),
        "ColumnDefault" => Ok(Item::Nothing),
        "table" | "Table" => return Some(table(name, args).map(|table| Value::Table(Rc::new(table)))),
        _ => return None,
    };
    Some(made.map(|item| Value::Item(Rc::new(item))))
}

/// `op.create_table(name, *items, **keywords)`.
pub(super) fn create_table(bound: Bound) -> Result<CreateTable, Reason> {
    let bound = bound.closed()?;
    let mut table = CreateTable {
        table: bound.table("table_name", "schema")?,
        columns: Vec::new(),
        constraints: Vec::new(),
        indexes: Vec::new(),
        comment: bound.plain_string("comment")?,
        prefixes: match bound.arg("prefixes") {
            Some(arg) => items(arg, "the prefixes")?
                .iter()
                .map(|it| name_of(it, "a prefix").map(|it| it.text))
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        },
        if_not_exists: bound.is("if_not_exists")?,
        own_metadata: false,
        options: bound.options()?,
    };
    for arg in &bound.rest {
        add_item(&mut table, arg)?;
    }
    quote_as_columns(&mut table);
    table.columns.shrink_to_fit();
    table.constraints.shrink_to_fit();
    Ok(table)
}

/// `quote=` of a column holds wherever the table's constraints and indexes name it.
fn quote_as_columns(table: &mut CreateTable) {
    for column in table.columns.iter().filter(|column| column.name.quote.is_some()) {
        let mark = |name: &mut Name| {
            if name.text == column.name.text {
                name.quote = column.name.quote;
            }
        };
        for constraint in &mut table.constraints {
            match &mut constraint.kind {
                ConstraintKind::PrimaryKey { columns }
                | ConstraintKind::Unique { columns }
                | ConstraintKind::ForeignKey { columns, .. } => columns.iter_mut().for_each(mark),
                ConstraintKind::Exclude { elements, .. } => {
                    for (element, _) in elements {
                        if let Expr::Column { name, .. } = element {
                            mark(name);
                        }
                    }
                }
                ConstraintKind::Check { .. } => {}
            }
        }
        for index in &mut table.indexes {
            for element in &mut index.columns {
                if let IndexColumn::Name(name) = element {
                    mark(name);
                }
            }
        }
    }
}

fn add_item(table: &mut CreateTable, arg: &Arg) -> Result<(), Reason> {
    match &arg.value {
        Value::Item(item) => match &**item {
            Item::Column(column) => table.columns.push(column.clone()),
            Item::Constraint(constraint) => table.constraints.push(constraint.clone()),
            Item::Index(index) => {
                let table_name = table.table.clone();
                table.indexes.push(Index { table: table_name, ..index.clone() });
            }
            _ => {}
        },
        Value::Unknown(unknown) => return Err(not_known("an item is", &unknown.reason)),
        Value::None => {}
        other => return Err(format!("an item is {}", other.kind()).into()),
    }
    Ok(())
}

/// The table as a value: `users = op.create_table(…)`.
pub(super) fn table_value(table: &CreateTable) -> Value {
    Value::Table(Rc::new(Table {
        name: table.table.clone(),
        source: Source::table(table.table.clone()),
        columns: table.columns.clone(),
        create: Some(table.clone()),
        open: false,
    }))
}

/// `sa.table(name, *columns, schema=)` and `sa.Table(name, metadata, *items)`.
fn table(kind: &str, args: Args) -> Result<Table, Reason> {
    if kind == "table" {
        let bound = args.bind(&["table_name|name"]).closed()?;
        let name = bound.table("table_name", "schema")?;
        let mut columns = Vec::new();
        for arg in &bound.rest {
            match &arg.value {
                Value::Expr(expr) => match &**expr {
                    Expr::Column { name, kind, .. } => {
                        columns.push(Column { kind: kind.clone(), ..blank(name.clone(), arg.span) });
                    }
                    _ => return Err("a column of the table is an SQL expression".into()),
                },
                Value::Item(item) => match &**item {
                    Item::Column(column) => columns.push(column.clone()),
                    _ => return Err("a column of the table is a schema item".into()),
                },
                Value::Unknown(unknown) => return Err(not_known("a column is", &unknown.reason)),
                other => return Err(format!("a column is {}", other.kind()).into()),
            }
        }
        let source = Source::table(name.clone());
        return Ok(Table { name, source, columns, create: None, open: false });
    }
    let bound = args.bind(&["table_name|name", "metadata"]);
    let mut own_metadata = false;
    if let Some(Value::Item(item)) = bound.value("metadata")
        && let Item::MetaData(convention) = &**item
    {
        own_metadata = true;
        if !matches!(&*convention.borrow(), Value::None) {
            return Err("the naming convention of a `MetaData` of the revision's own is not evaluated".into());
        }
    }
    let open = ["autoload_with", "autoload"].iter().any(|name| !matches!(bound.value(name), None | Some(Value::None)));
    let create = CreateTable { own_metadata, ..create_table(bound)? };
    let (name, source) = (create.table.clone(), Source::table(create.table.clone()));
    Ok(Table { name, source, columns: create.columns.clone(), create: Some(create), open })
}

/// A column of which nothing is known but its name.
pub(super) fn blank(name: Name, span: Span) -> Column {
    Column {
        name,
        span,
        kind: None,
        kind_span: None,
        nullable: None,
        nullable_span: None,
        primary_key: false,
        autoincrement: None,
        server_default: None,
        server_default_span: None,
        python_default: None,
        index: false,
        unique: false,
        comment: None,
        system: false,
        constraints: Vec::new(),
        identity: None,
        computed: None,
        sequence: false,
        on_update: false,
    }
}

/// `sa.Column("name", type, *items, **keywords)`; name and type may be keywords.
fn column(args: Args) -> Result<Column, Reason> {
    let span = args.span;
    let mut positional = args.positional.iter();
    let mut next = positional.next();
    let name = match next {
        Some(arg) if arg.value.plain().as_str().is_some() => {
            next = positional.next();
            name_of(arg, "the column's name")?
        }
        Some(Arg { value: Value::Unknown(unknown), .. }) => {
            return Err(not_known("the column's name is", &unknown.reason));
        }
        _ => {
            let bound = args.clone().bind(&[]);
            bound.required_name("name", "the column's name")?
        }
    };
    let mut rest: Vec<Arg> = next.into_iter().chain(positional).cloned().collect();
    let mut column = blank(name, span);
    let bound = Args { positional: Vec::new(), ..args }.bind(&[]).closed()?;
    super::keywords::of_column(&bound)?;
    if let Some(first) = rest.first()
        && is_type(&first.value)
    {
        column.kind = Some(super::types::of(&first.value)?);
        column.kind_span = Some(first.span);
        rest.remove(0);
    } else if let Some(arg) = bound.arg("type_") {
        column.kind = Some(super::types::of(&arg.value)?);
        column.kind_span = Some(arg.span);
    }
    for arg in &rest {
        column_item(&mut column, arg)?;
    }
    keywords(&mut column, &bound)?;
    Ok(column)
}

/// Whether a positional argument of a column is its type.
fn is_type(value: &Value) -> bool {
    matches!(value, Value::Type(_) | Value::Class(_) | Value::External(_) | Value::Unknown(_) | Value::Instance(_))
}

fn column_item(column: &mut Column, arg: &Arg) -> Result<(), Reason> {
    let Value::Item(item) = &arg.value else {
        return match &arg.value {
            Value::None => Ok(()),
            Value::Unknown(unknown) => Err(not_known("an item of the column is", &unknown.reason)),
            other => Err(format!("an item of the column is {}", other.kind()).into()),
        };
    };
    match &**item {
        Item::Constraint(constraint) => {
            let mut constraint = constraint.clone();
            if let ConstraintKind::ForeignKey { columns, .. } = &mut constraint.kind {
                *columns = vec![column.name.clone()];
            }
            column.constraints.push(constraint);
        }
        Item::Identity(identity) => column.identity = Some(Box::new(identity.clone())),
        Item::Computed(computed) => column.computed = Some(Box::new(computed.clone())),
        Item::Sequence(..) => column.sequence = true,
        Item::Default(default) => column.server_default = Some(default.clone()),
        Item::Column(_) | Item::Index(_) | Item::Made(_) => {
            return Err("an item of the column is not one that a column takes".into());
        }
        Item::Nothing | Item::MetaData(_) => {}
    }
    Ok(())
}

fn keywords(column: &mut Column, bound: &Bound) -> Result<(), Reason> {
    column.nullable = match bound.value("nullable") {
        // SQLAlchemy takes any false value for `False`.
        Some(Value::None) => Some(false),
        _ => bound.truth("nullable")?,
    };
    if bound.plain_string("key")?.is_some_and(|key| key != column.name.text) {
        return Err("`key` of a column is not evaluated".into());
    }
    column.nullable_span = bound.place("nullable");
    column.primary_key = bound.is("primary_key")?;
    column.autoincrement = match bound.value("autoincrement") {
        Some(value) if value.as_str() == Some("ignore_fk") => Some(true),
        _ => bound.truth("autoincrement")?,
    };
    column.server_default_span = bound.place("server_default");
    match bound.value("server_default") {
        None | Some(Value::None) => {}
        Some(Value::Item(item)) => match &**item {
            Item::Identity(identity) => column.identity = Some(Box::new(identity.clone())),
            Item::Computed(computed) => column.computed = Some(Box::new(computed.clone())),
            Item::Default(default) => column.server_default = Some(default.clone()),
            _ => return Err("`server_default` is a schema item".into()),
        },
        Some(value) => column.server_default = Some(server_default(value)?),
    }
    if !matches!(bound.value("default"), None | Some(Value::None)) {
        column.python_default = bound.place("default");
    }
    column.on_update = !matches!(bound.value("onupdate"), None | Some(Value::None));
    column.index = bound.is("index")?;
    column.unique = bound.is("unique")?;
    column.comment = bound.plain_string("comment")?;
    column.system = bound.is("system")?;
    if let Some(quote) = bound.flag("quote")? {
        column.name.quote = Some(quote);
        for constraint in &mut column.constraints {
            if let ConstraintKind::ForeignKey { columns, .. } = &mut constraint.kind {
                *columns = vec![column.name.clone()];
            }
        }
    }
    Ok(())
}

/// `server_default=`.
pub(super) fn server_default(value: &Value) -> Result<Default, Reason> {
    match value {
        Value::Expr(expr) => Ok(Default::Expr(Box::new((**expr).clone()))),
        Value::Item(item) => match &**item {
            Item::Default(default) => Ok(default.clone()),
            _ => Err("`server_default` is a schema item".into()),
        },
        Value::Unknown(unknown) => Err(not_known("`server_default` is", &unknown.reason)),
        Value::Instance(_) | Value::Str(_) | Value::Name(_) => match value.plain().as_str() {
            Some(text) => Ok(Default::Literal(text.to_owned())),
            None => Err(format!("SQLAlchemy refuses {} as `server_default`", value.kind()).into()),
        },
        other => Err(format!("SQLAlchemy refuses {} as `server_default`", other.kind()).into()),
    }
}

fn constraint(bound: &Bound, kind: ConstraintKind) -> Result<Constraint, Reason> {
    Ok(Constraint {
        name: bound.name("name", "the constraint's name")?,
        span: bound.span,
        kind,
        deferrable: bound.flag("deferrable")?,
        initially: bound.plain_string("initially")?,
        options: bound.options()?,
    })
}

/// `schema.table.column` of a foreign key; the schema may have dots of its own.
fn target(arg: &Arg) -> Result<(Qualified, Name), Reason> {
    if let Value::Expr(expr) = &arg.value
        && let Expr::Column { table: Some(source), name, .. } = &**expr
        && let From::Table(table) = &**source
    {
        return Ok((table.clone(), name.clone()));
    }
    let whole = name_of(arg, "what is referenced")?;
    let part = |text: &str| Name { text: text.to_owned(), span: whole.span, quote: None, exact: false };
    let mut parts = whole.text.rsplitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(column), Some(table), schema) => {
            Ok((Qualified { schema: schema.map(part), name: part(table) }, part(column)))
        }
        // A table alone: SQLAlchemy takes the column of the same name, which only the table's metadata tells.
        _ => Err(format!("`{}` names no column", whole.text).into()),
    }
}

fn foreign_key(bound: Bound) -> Result<Constraint, Reason> {
    let bound = bound.closed()?;
    let (table, column) = target(bound.arg("column").ok_or("what is referenced is not given")?)?;
    let kind = foreign(&bound, Vec::new(), table, vec![column])?;
    constraint(&bound, kind)
}

fn foreign(bound: &Bound, columns: Vec<Name>, table: Qualified, referred: Vec<Name>) -> Result<ConstraintKind, Reason> {
    Ok(ConstraintKind::ForeignKey {
        columns,
        table,
        referred,
        on_delete: bound.plain_string("ondelete")?,
        on_update: bound.plain_string("onupdate")?,
        matching: bound.plain_string("match")?,
        use_alter: bound.is("use_alter")?,
    })
}

fn foreign_key_constraint(bound: Bound) -> Result<Constraint, Reason> {
    let bound = bound.closed()?;
    let columns = bound.names("columns", "the columns")?;
    let targets = items(bound.arg("refcolumns").ok_or("what is referenced is not given")?, "what is referenced")?;
    let mut referred = Vec::new();
    let mut table = None;
    for arg in &targets {
        let (name, column) = target(arg)?;
        table.get_or_insert(name);
        referred.push(column);
    }
    let table = table.ok_or("what is referenced is empty")?;
    let kind = foreign(&bound, columns, table, referred)?;
    constraint(&bound, kind)
}

fn columns_constraint(bound: Bound, primary: bool) -> Result<Constraint, Reason> {
    let bound = bound.closed()?;
    let columns = bound.rest.iter().map(|arg| name_of(arg, "a column")).collect::<Result<Vec<_>, _>>()?;
    constraint(
        &bound,
        if primary { ConstraintKind::PrimaryKey { columns } } else { ConstraintKind::Unique { columns } },
    )
}

fn check(bound: Bound) -> Result<Constraint, Reason> {
    let bound = bound.closed()?;
    let condition = super::core::clause(bound.value("sqltext").ok_or("the condition is not given")?)?;
    constraint(&bound, ConstraintKind::Check { condition })
}

fn exclude_constraint(bound: Bound) -> Result<Constraint, Reason> {
    let bound = bound.closed()?;
    let kind = exclude(&bound)?;
    constraint(&bound, kind)
}

/// The elements and keywords of an EXCLUDE constraint.
pub(super) fn exclude(bound: &Bound) -> Result<ConstraintKind, Reason> {
    let mut elements = Vec::new();
    for arg in &bound.rest {
        let pair = items(arg, "an element")?;
        let [column, operator] = pair.as_slice() else { return Err("an element is not a pair".into()) };
        let operator = name_of(operator, "the operator")?.text;
        let expr = match &column.value {
            Value::Expr(expr) => (**expr).clone(),
            _ => Expr::Column { table: None, name: name_of(column, "a column")?, kind: None },
        };
        elements.push((expr, operator));
    }
    let condition = match bound.value("where") {
        None | Some(Value::None) => None,
        Some(value) => Some(super::core::clause(value)?),
    };
    let ops = match bound.value("ops") {
        Some(Value::Dict(dict)) => dict
            .items
            .borrow()
            .iter()
            .filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value.as_str()?.to_owned())))
            .collect(),
        _ => Vec::new(),
    };
    let using = bound.plain_string("using")?.unwrap_or_else(|| "gist".to_owned());
    Ok(ConstraintKind::Exclude { elements, using, condition, ops })
}

fn index(bound: Bound) -> Result<Index, Reason> {
    let bound = bound.closed()?;
    // `Index("ix", table.c.a)` belongs to the table at once.
    let of_table = bound.rest.iter().find_map(|arg| match &arg.value {
        Value::Expr(expr) => match &**expr {
            Expr::Column { table: Some(source), .. } => match &**source {
                From::Table(table) => Some(table.clone()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    Ok(Index {
        name: bound.name("name", "the index's name")?,
        table: of_table.unwrap_or_else(|| Qualified { schema: None, name: Name::plain("") }),
        columns: bound.rest.iter().map(index_column).collect::<Result<_, _>>()?,
        unique: bound.is("unique")?,
        if_not_exists: false,
        options: bound.options()?,
        span: bound.span,
    })
}

fn sequence(bound: Bound) -> Result<Item, Reason> {
    let bound = bound.closed()?;
    let name = Qualified {
        name: bound.required_name("name", "the sequence's name")?,
        schema: bound.name("schema", "the schema's name")?,
    };
    Ok(Item::Sequence(name, identity(&bound)?))
}

/// `CreateSchema("…")`, `CreateSequence(…)` and their like; `None` where the name is none of them.
pub(super) fn ddl(name: &str, args: &Args) -> Option<Result<Value, Reason>> {
    let bound = args.clone().bind(&["element"]);
    let op = match name {
        "CreateSchema" | "DropSchema" => schema(name, &bound),
        "CreateTable" | "DropTable" | "CreateIndex" | "DropIndex" => table_ddl(name, &bound),
        "DDL" => written(args),
        "CreateSequence" | "DropSequence" => match bound.value("element") {
            Some(Value::Item(item)) => match (&**item, name) {
                (Item::Sequence(sequence, options), "CreateSequence") => {
                    bound.is("if_not_exists").map(|if_not_exists| Op::CreateSequence {
                        sequence: sequence.clone(),
                        options: Box::new(options.clone()),
                        if_not_exists,
                    })
                }
                (Item::Sequence(sequence, _), _) => {
                    bound.is("if_exists").map(|if_exists| Op::DropSequence { sequence: sequence.clone(), if_exists })
                }
                _ => Err("what is created is no sequence".into()),
            },
            _ => Err("the sequence is not known".into()),
        },
        _ => return None,
    };
    Some(op.map(|op| Value::Ddl(Rc::new(op))))
}

/// The statement alone: no index, type or comment goes along with the table.
fn table_ddl(name: &str, bound: &Bound) -> Result<Op, Reason> {
    match (bound.value("element"), name) {
        (Some(Value::Table(table)), "CreateTable") => {
            let mut create = table.create.clone().ok_or("the table is not described here")?;
            create.indexes.clear();
            create.comment = None;
            create.if_not_exists = bound.is("if_not_exists")?;
            for column in &mut create.columns {
                column.unique &= !column.index;
                column.index = false;
                column.comment = None;
                if matches!(
                    column.kind,
                    Some(crate::op::Type::Enum(_) | crate::op::Type::Domain { .. } | crate::op::Type::Array { .. })
                ) {
                    return Err("a type that may be created with the table is not evaluated".into());
                }
            }
            Ok(Op::CreateTable(Box::new(create)))
        }
        (Some(Value::Table(table)), "DropTable") => {
            Ok(Op::DropTable { table: table.name.clone(), if_exists: bound.is("if_exists")? })
        }
        (Some(Value::Item(item)), _) => match &**item {
            Item::Index(index) if !index.table.name.text.is_empty() => {
                if name == "CreateIndex" {
                    let if_not_exists = bound.is("if_not_exists")?;
                    return Ok(Op::CreateIndex(Box::new(Index { if_not_exists, ..index.clone() })));
                }
                let (Some(name), None) = (index.name.clone(), index.options.first()) else {
                    return Err("the index is not evaluated".into());
                };
                let index = Qualified { schema: index.table.schema.clone(), name };
                Ok(Op::DropIndex { index, table: None, concurrently: false, if_exists: bound.is("if_exists")? })
            }
            _ => Err(format!("`{name}()` of this is not evaluated").into()),
        },
        (Some(Value::Unknown(unknown)), _) => Err(not_known("what is created is", &unknown.reason)),
        _ => Err(format!("`{name}()` of this is not evaluated").into()),
    }
}

/// `DDL("…")`: `%%` is a percent sign.
fn written(args: &Args) -> Result<Op, Reason> {
    let bound = args.clone().bind(&["statement", "context"]).closed()?;
    if !matches!(bound.value("context"), None | Some(Value::None)) {
        return Err("`context` of `DDL()` is not evaluated".into());
    }
    let text = bound.string("statement")?.ok_or("the statement is not given")?;
    if text.as_str().contains('%') {
        return Err("a percent sign in `DDL()` is not evaluated".into());
    }
    Ok(Op::Driver(text))
}

fn schema(name: &str, bound: &Bound) -> Result<Op, Reason> {
    let schema = match bound.arg("element") {
        Some(_) => bound.required_name("element", "the schema's name")?,
        None => bound.required_name("name", "the schema's name")?,
    };
    if name == "CreateSchema" {
        return Ok(Op::CreateSchema { schema, if_not_exists: bound.is("if_not_exists")? });
    }
    Ok(Op::DropSchema { schema, cascade: bound.is("cascade")?, if_exists: bound.is("if_exists")? })
}

fn identity(bound: &Bound) -> Result<Identity, Reason> {
    Ok(Identity {
        always: bound.is("always")?,
        start: bound.number("start")?,
        increment: bound.number("increment")?,
        minvalue: bound.number("minvalue")?,
        maxvalue: bound.number("maxvalue")?,
        nominvalue: bound.is("nominvalue")?,
        nomaxvalue: bound.is("nomaxvalue")?,
        cycle: bound.flag("cycle")?,
        cache: bound.number("cache")?,
    })
}

fn computed(bound: &Bound) -> Result<Computed, Reason> {
    Ok(Computed {
        expr: super::core::clause(bound.value("sqltext").ok_or("the expression is not given")?)?,
        persisted: bound.flag("persisted")?,
    })
}
