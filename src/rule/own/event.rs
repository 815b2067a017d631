//! What a statement does, in the words of a configuration.

use crate::{
    op::Op,
    rule::Site,
    statement::{Action, Column, Commented, Constraint, CreateTable, Definition, Demand, Kind, Name, Sort, Statement},
};
use std::collections::BTreeSet;

/// Everything that `on` can name; `statement` is any.
pub const ONS: &[&str] = &[
    "statement",
    "hand-written-sql",
    "create-table",
    "drop-table",
    "rename-table",
    "add-column",
    "drop-column",
    "rename-column",
    "alter-type",
    "set-not-null",
    "drop-not-null",
    "set-default",
    "drop-default",
    "add-constraint",
    "drop-constraint",
    "create-index",
    "drop-index",
    "insert",
    "update",
    "delete",
    "truncate",
    "create-view",
    "drop-view",
    "create-type",
    "drop-type",
    "add-enum-value",
    "create-domain",
    "drop-domain",
    "create-sequence",
    "drop-sequence",
    "create-function",
    "drop-function",
    "create-trigger",
    "drop-trigger",
    "create-policy",
    "drop-policy",
    "create-schema",
    "drop-schema",
    "create-extension",
    "drop-extension",
];

/// Everything that `has` and `lacks` can name.
pub const WORDS: &[&str] = &[
    "cascade",
    "check",
    "comment",
    "concurrently",
    "default",
    "exclude",
    "foreign-key",
    "generated",
    "if-exists",
    "if-not-exists",
    "not-null",
    "not-valid",
    "on-delete-cascade",
    "partitioned",
    "primary-key",
    "temporary",
    "unique",
    "unlogged",
    "using",
    "where",
];

/// One thing that is done.
#[derive(Clone, Debug, Default)]
pub struct Event<'a> {
    /// A word of [`ONS`].
    pub on: String,
    /// The table that it is done to.
    pub table: Option<&'a Name>,
    /// The column.
    pub column: Option<&'a str>,
    /// The index, constraint, view, type …
    pub name: Option<&'a str>,
    /// The column's type, or the method of an index.
    pub kind: Option<String>,
    /// Those of [`WORDS`] that are said with it.
    pub words: BTreeSet<&'static str>,
    /// The word of the SQL that it stands at.
    pub place: Option<String>,
}

impl<'a> Event<'a> {
    fn new(on: &str, table: Option<&'a Name>) -> Self {
        Self { on: on.to_owned(), table, place: table.map(|it| it.name.clone()), ..Self::default() }
    }

    fn column(mut self, column: &'a str) -> Self {
        self.place = Some(column.to_owned());
        Self { column: Some(column), ..self }
    }

    fn name(mut self, name: Option<&'a str>) -> Self {
        self.place = name.map(str::to_owned).or(self.place);
        Self { name, ..self }
    }

    fn words<const N: usize>(mut self, words: [(&'static str, bool); N]) -> Self {
        self.words.extend(words.iter().filter(|(_, is)| *is).map(|(word, _)| *word));
        self
    }

    /// What a finding of it is about.
    pub(super) fn object(&self) -> String {
        let table = self.table.map(ToString::to_string);
        let inner = self.column.or(self.name).map(str::to_owned);
        [table, inner].into_iter().flatten().collect::<Vec<_>>().join(".")
    }
}

/// All that the statement does.
#[must_use]
pub fn events<'a>(site: &Site<'a>) -> Vec<Event<'a>> {
    let statement = site.statement;
    let mut events = of_kind(site, statement);
    if let Some(definition) = &statement.definition {
        events.extend(of_definition(definition));
    }
    if matches!(site.step().map(|it| &it.op), Some(Op::Execute(_) | Op::Driver(_))) {
        events.push(Event::new("hand-written-sql", statement.tables().first().copied()));
    }
    events.push(Event::new("statement", statement.tables().first().copied()));
    events
}

fn of_kind<'a>(site: &Site<'a>, statement: &'a Statement) -> Vec<Event<'a>> {
    match &statement.kind {
        Kind::CreateTable(create) => created(site, create),
        Kind::AlterTable { table, actions, .. } => actions.iter().flat_map(|it| altered(site, table, it)).collect(),
        Kind::DropTable { tables, if_exists, cascade } => {
            let one = |it| Event::new("drop-table", Some(it)).words([("if-exists", *if_exists), ("cascade", *cascade)]);
            tables.iter().map(one).collect()
        }
        Kind::RenameTable { table, .. } => vec![Event::new("rename-table", Some(table))],
        Kind::RenameColumn { table, column, .. } => vec![Event::new("rename-column", Some(table)).column(column)],
        Kind::CreateIndex(create) => {
            let event = Event::new("create-index", Some(&create.table)).name(create.index.as_deref()).words([
                ("unique", create.unique),
                ("concurrently", create.concurrently),
                ("if-not-exists", create.if_not_exists),
                ("where", create.partial),
            ]);
            vec![Event { kind: Some(create.method.clone()), ..event }]
        }
        Kind::DropIndex { indexes, concurrently, if_exists, cascade } => {
            let words = [("concurrently", *concurrently), ("if-exists", *if_exists), ("cascade", *cascade)];
            let table = |it: &Name| site.schema.index(it).yes().map(|it| &it.table);
            indexes.iter().map(|it| Event::new("drop-index", table(it)).name(Some(&it.name)).words(words)).collect()
        }
        Kind::Insert(insert) => vec![Event::new("insert", Some(&insert.table))],
        Kind::Update(it) => vec![Event::new("update", Some(&it.table)).words([("where", it.condition.is_some())])],
        Kind::Delete { table, condition, .. } => {
            vec![Event::new("delete", Some(table)).words([("where", condition.is_some())])]
        }
        Kind::Truncate { tables, cascade, .. } => {
            tables.iter().map(|it| Event::new("truncate", Some(it)).words([("cascade", *cascade)])).collect()
        }
        Kind::AddEnumValue { name, .. } => vec![Event::new("add-enum-value", None).name(Some(&name.name))],
        _ => Vec::new(),
    }
}

fn of_definition(definition: &Definition) -> Vec<Event<'_>> {
    match definition {
        Definition::Make(make) => {
            let event = Event::new(&format!("create-{}", make.sort.word()), make.on.as_ref());
            let words = [("if-not-exists", make.if_not_exists), ("temporary", make.temporary)];
            vec![event.name(Some(plain(make.sort, &make.name))).words(words)]
        }
        Definition::Drop { sort, names, if_exists, cascade } => {
            let words = [("if-exists", *if_exists), ("cascade", *cascade)];
            let one = |it| Event::new(&format!("drop-{}", sort.word()), None).name(Some(plain(*sort, it))).words(words);
            names.iter().map(one).collect()
        }
        _ => Vec::new(),
    }
}

/// The name without its table or the types of its arguments.
fn plain(sort: Sort, name: &Name) -> &str {
    let end = match sort {
        Sort::Function => "(",
        Sort::Trigger | Sort::Policy | Sort::Rule => " ON ",
        _ => return &name.name,
    };
    name.name.split(end).next().unwrap_or(&name.name)
}

fn created<'a>(site: &Site<'a>, create: &'a CreateTable) -> Vec<Event<'a>> {
    let table = &create.table;
    let own = |wanted: fn(&Demand) -> bool| create.constraints.iter().any(|it| wanted(&it.rule));
    let inline = create.columns.iter().flat_map(|it| &it.constraints);
    let is_key = |it: &Demand| matches!(it, Demand::PrimaryKey { .. });
    let event = Event::new("create-table", Some(table)).words([
        ("comment", is_commented(site, &Commented::Relation(table.clone()))),
        ("primary-key", own(is_key) || inline.clone().any(|it| is_key(&it.rule))),
        ("if-not-exists", create.if_not_exists),
        ("unlogged", create.unlogged),
        ("temporary", create.temporary),
        ("partitioned", create.partitioned),
    ]);
    let columns = create.columns.iter().map(|it| added(site, table, it, &create.constraints, create.if_not_exists));
    let constraints = inline.chain(&create.constraints).map(|it| demanded(table, it));
    std::iter::once(event).chain(columns).chain(constraints).collect()
}

/// A column, whether it comes with its table or later.
fn added<'a>(
    site: &Site<'a>,
    table: &'a Name,
    column: &'a Column,
    beside: &[Constraint],
    if_not_exists: bool,
) -> Event<'a> {
    let has = |wanted: &dyn Fn(&Demand, &[String]) -> bool| {
        column.constraints.iter().any(|it| wanted(&it.rule, &[]))
            || beside.iter().any(|it| wanted(&it.rule, std::slice::from_ref(&column.name)))
    };
    // A constraint beside the columns names its own.
    let of = |columns: &[String], wanted: &[String]| wanted.is_empty() || columns == wanted;
    let key = has(&|it, own| matches!(it, Demand::PrimaryKey { columns, .. } if of(columns, own)));
    let commented = Commented::Column { table: table.clone(), column: column.name.clone() };
    let event = Event::new("add-column", Some(table)).column(&column.name).words([
        ("not-null", column.not_null || key),
        ("default", column.default.is_some()),
        ("generated", column.generated),
        ("primary-key", key),
        ("unique", has(&|it, own| matches!(it, Demand::Unique { columns, .. } if of(columns, own)))),
        ("foreign-key", has(&|it, own| matches!(it, Demand::ForeignKey { columns, .. } if of(columns, own)))),
        ("comment", is_commented(site, &commented)),
        ("if-not-exists", if_not_exists),
    ]);
    Event { kind: Some(column.kind.to_string()), ..event }
}

fn demanded<'a>(table: &'a Name, constraint: &'a Constraint) -> Event<'a> {
    let rule = &constraint.rule;
    let cascades = constraint.sql.to_ascii_uppercase().contains("ON DELETE CASCADE");
    Event::new("add-constraint", Some(table)).name(constraint.name.as_deref()).words([
        ("primary-key", matches!(rule, Demand::PrimaryKey { .. })),
        ("unique", matches!(rule, Demand::Unique { .. })),
        ("foreign-key", matches!(rule, Demand::ForeignKey { .. })),
        ("check", matches!(rule, Demand::Check(_))),
        ("exclude", matches!(rule, Demand::Exclude)),
        ("not-null", matches!(rule, Demand::NotNull { .. })),
        ("not-valid", !constraint.valid),
        ("on-delete-cascade", matches!(rule, Demand::ForeignKey { .. }) && cascades),
    ])
}

fn altered<'a>(site: &Site<'a>, table: &'a Name, action: &'a Action) -> Vec<Event<'a>> {
    let event = |on: &str| Event::new(on, Some(table));
    vec![match action {
        Action::AddColumn { column, if_not_exists } => {
            let constraints = column.constraints.iter().map(|it| demanded(table, it));
            return std::iter::once(added(site, table, column, &[], *if_not_exists)).chain(constraints).collect();
        }
        Action::DropColumn { column, if_exists, cascade } => {
            event("drop-column").column(column).words([("if-exists", *if_exists), ("cascade", *cascade)])
        }
        Action::SetNotNull { column } => event("set-not-null").column(column),
        Action::DropNotNull { column } => event("drop-not-null").column(column),
        Action::SetDefault { column, .. } => event("set-default").column(column),
        Action::DropDefault { column } => event("drop-default").column(column),
        Action::SetType { column, kind, using, .. } => {
            let event = event("alter-type").column(column).words([("using", using.is_some())]);
            Event { kind: Some(kind.to_string()), ..event }
        }
        Action::AddConstraint(constraint) => demanded(table, constraint),
        Action::DropConstraint { constraint, if_exists, cascade } => {
            let words = [("if-exists", *if_exists), ("cascade", *cascade)];
            event("drop-constraint").name(Some(constraint)).words(words)
        }
        _ => return Vec::new(),
    }]
}

/// The same revision says what it is for.
fn is_commented(site: &Site<'_>, what: &Commented) -> bool {
    site.later.iter().any(|it| match it.definition.as_deref() {
        Some(Definition::Comment { on, text }) => on == what && text.as_ref().is_some_and(|it| !it.trim().is_empty()),
        _ => false,
    })
}
