//! Short ways to build operations.

use limbeck::{
    op::{
        AlterColumn, Column, Constraint, ConstraintKind, CreateTable, Default, EnumType, Expr, Identity, Index,
        IndexColumn, Literal, Name, Op, OptionValue, Qualified, Query, Select, Source, TextClause, Type,
    },
    source::{Sources, Span, Text},
};

pub fn span() -> Span {
    Span { source: Sources::default().add("a.py", ""), start: 0, end: 0 }
}

pub fn name(text: &str) -> Name {
    Name::plain(text)
}

/// `op.f("…")`.
pub fn exact(text: &str) -> Name {
    Name { exact: true, ..name(text) }
}

/// `t`, or `s/t` for a table in a schema.
pub fn table(text: &str) -> Qualified {
    match text.split_once('/') {
        Some((schema, table)) => Qualified { schema: Some(name(schema)), name: name(table) },
        None => Qualified { schema: None, name: name(text) },
    }
}

pub fn names(columns: &[&str]) -> Vec<Name> {
    columns.iter().map(|column| name(column)).collect()
}

pub fn text(sql: &str) -> TextClause {
    TextClause { text: Text::made(sql), binds: Vec::new() }
}

pub fn raw(sql: &str) -> Expr {
    Expr::Text(text(sql))
}

pub fn col(column: &str) -> Expr {
    Expr::Column { table: None, name: name(column), kind: None }
}

/// `t.c.column` of a type.
pub fn of(column: &str, kind: Type) -> Expr {
    Expr::Column { table: Some(source("t")), name: name(column), kind: Some(kind) }
}

/// The one table of this name.
pub fn source(given: &str) -> Source {
    thread_local!(static KNOWN: std::cell::RefCell<Vec<(String, Source)>> = const { std::cell::RefCell::new(Vec::new()) });
    KNOWN.with_borrow_mut(|known| {
        if let Some((_, source)) = known.iter().find(|(name, _)| name == given) {
            return source.clone();
        }
        let made = Source::table(table(given));
        known.push((given.to_owned(), made.clone()));
        made
    })
}

pub fn value(value: Literal) -> Expr {
    Expr::Value { value, kind: None }
}

pub fn string(text: &str) -> Expr {
    value(Literal::Str(Text::made(text)))
}

pub fn number(number: i64) -> Expr {
    value(Literal::Int(number.to_string()))
}

pub fn numbers(all: &[i64]) -> Expr {
    value(Literal::List(all.iter().map(|number| Literal::Int(number.to_string())).collect()))
}

pub fn null() -> Expr {
    value(Literal::Null)
}

pub fn binary(operator: &str, left: Expr, right: Expr) -> Expr {
    Expr::Binary { operator: operator.to_owned(), left: left.into(), right: right.into() }
}

pub fn function(name: &str, args: Vec<Expr>) -> Expr {
    Expr::Function { name: name.split('.').map(str::to_owned).collect(), args }
}

pub fn cast(inner: Expr, kind: Type) -> Expr {
    Expr::Cast { inner: inner.into(), kind }
}

pub fn ordered(inner: Expr, suffix: &str) -> Expr {
    Expr::Ordered { inner: inner.into(), suffix: suffix.to_owned() }
}

pub fn label(inner: Expr, label: &str) -> Expr {
    Expr::Label { inner: inner.into(), name: name(label) }
}

pub fn varchar(length: Option<u32>) -> Type {
    Type::Text { word: "VARCHAR".to_owned(), length, collation: None }
}

pub const INTEGER: Type = Type::Integer { bytes: 4 };
pub const JSONB: Type = Type::Json { binary: true };

pub fn numeric(precision: Option<u32>, scale: Option<i32>) -> Type {
    Type::Numeric { word: "NUMERIC".to_owned(), precision, scale }
}

pub fn array(item: Type, dimensions: u32) -> Type {
    Type::Array { item: item.into(), dimensions }
}

/// `sa.Enum(*labels, name=…)`.
pub fn enumeration(given: &str, labels: &[&str]) -> EnumType {
    EnumType {
        name: (!given.is_empty()).then(|| name(given)),
        schema: None,
        inherit_schema: false,
        labels: labels.iter().map(|&label| label.to_owned()).collect(),
        native: true,
        create_constraint: false,
        create_type: true,
        length: None,
        has_metadata: false,
        is_postgresql: false,
    }
}

/// `native_enum=False, create_constraint=True`.
pub fn checked(given: &str, labels: &[&str]) -> Type {
    Type::Enum(Box::new(EnumType { native: false, create_constraint: true, ..enumeration(given, labels) }))
}

pub fn column(text: &str, kind: Type) -> Column {
    Column {
        name: name(text),
        span: span(),
        kind: Some(kind),
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

/// A column and what is special about it.
pub fn with(text: &str, kind: Type, change: impl FnOnce(&mut Column)) -> Column {
    let mut made = column(text, kind);
    change(&mut made);
    made
}

pub fn key(text: &str, kind: Type) -> Column {
    with(text, kind, |column| column.primary_key = true)
}

pub fn create(table: &str, columns: Vec<Column>, constraints: Vec<Constraint>) -> Op {
    Op::CreateTable(Box::new(created(table, columns, constraints)))
}

pub fn created(given: &str, columns: Vec<Column>, constraints: Vec<Constraint>) -> CreateTable {
    CreateTable {
        table: table(given),
        columns,
        constraints,
        indexes: Vec::new(),
        comment: None,
        prefixes: Vec::new(),
        if_not_exists: false,
        own_metadata: false,
        options: Vec::new(),
    }
}

pub fn add_column(given: &str, column: Column) -> Op {
    Op::AddColumn {
        table: table(given),
        column: Box::new(column),
        if_not_exists: false,
        inline_references: false,
        inline_primary_key: false,
    }
}

/// `ADD COLUMN c` of a type.
pub fn typed(kind: Type) -> Op {
    add_column("t", column("c", kind))
}

/// `ADD COLUMN c VARCHAR` with a default.
pub fn defaulted(default: Default) -> Op {
    add_column("t", with("c", varchar(None), |column| column.server_default = Some(default)))
}

pub fn constraint(given: Option<&str>, kind: ConstraintKind) -> Constraint {
    Constraint { name: given.map(name), span: span(), kind, deferrable: None, initially: None, options: Vec::new() }
}

pub fn unique(given: Option<&str>, columns: &[&str]) -> Constraint {
    constraint(given, ConstraintKind::Unique { columns: names(columns) })
}

pub fn primary(given: Option<&str>, columns: &[&str]) -> Constraint {
    constraint(given, ConstraintKind::PrimaryKey { columns: names(columns) })
}

pub fn checking(given: Option<&str>, condition: Expr) -> Constraint {
    constraint(given, ConstraintKind::Check { condition })
}

/// `columns` refer to `target(referred)`.
pub fn foreign(given: Option<&str>, columns: &[&str], target: &str, referred: &[&str]) -> Constraint {
    let kind = ConstraintKind::ForeignKey {
        columns: names(columns),
        table: table(target),
        referred: names(referred),
        on_delete: None,
        on_update: None,
        matching: None,
        use_alter: false,
    };
    constraint(given, kind)
}

pub fn on_delete(mut given: Constraint, what: &str) -> Constraint {
    if let ConstraintKind::ForeignKey { on_delete, .. } = &mut given.kind {
        *on_delete = Some(what.to_owned());
    }
    given
}

pub fn with_option(mut given: Constraint, key: &str, value: OptionValue) -> Constraint {
    given.options.push((key.to_owned(), value));
    given
}

pub fn add(given: &str, constraint: Constraint) -> Op {
    Op::AddConstraint { table: table(given), constraint: Box::new(constraint) }
}

pub fn check_constraint(given: Option<&str>, condition: Expr) -> Op {
    add("t", checking(given, condition))
}

/// `op.create_index(name, table, columns)`.
pub fn indexed(given: Option<&str>, on: &str, columns: &[&str]) -> Index {
    Index {
        name: given.map(name),
        table: table(on),
        columns: columns.iter().map(|column| IndexColumn::Name(name(column))).collect(),
        unique: false,
        if_not_exists: false,
        options: Vec::new(),
        span: span(),
    }
}

/// `op.create_index("ix", "t", ["a"], postgresql_*=…)`.
pub fn index(options: Vec<(&str, OptionValue)>) -> Op {
    let options = options.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Op::CreateIndex(Box::new(Index { options, ..indexed(Some("ix"), "t", &["a"]) }))
}

/// An index on expressions.
pub fn index_on(columns: Vec<Expr>) -> Op {
    let columns = columns.into_iter().map(IndexColumn::Expr).collect();
    Op::CreateIndex(Box::new(Index { columns, ..indexed(Some("ix"), "t", &[]) }))
}

pub fn map(pairs: &[(&str, &str)]) -> OptionValue {
    OptionValue::Map(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
}

pub fn word(text: &str) -> OptionValue {
    OptionValue::Text(text.to_owned())
}

/// `op.alter_column(table, "a", …)`.
pub fn alter(given: &str, change: impl FnOnce(&mut AlterColumn)) -> Op {
    let mut made = AlterColumn {
        table: table(given),
        column: name("a"),
        nullable: None,
        nullable_span: None,
        kind: None,
        kind_span: None,
        using: None,
        server_default: None,
        server_default_span: None,
        comment: None,
        rename: None,
        existing_kind: None,
        existing_identity: None,
        ignored: Vec::new(),
    };
    change(&mut made);
    Op::AlterColumn(Box::new(made))
}

pub fn identity(always: bool) -> Identity {
    Identity { always, ..Identity::default() }
}

pub fn query(query: Query) -> Op {
    Op::Query(Box::new(query))
}

/// `select(*columns)` from `t` or another table.
pub fn select(columns: Vec<Expr>, from: &str, conditions: Vec<Expr>) -> Select {
    Select { columns, from: vec![source(from)], conditions, ..Select::default() }
}
