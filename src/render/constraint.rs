//! Constraints: inside `CREATE TABLE`, behind `ADD`, and dropped.

use super::{
    Dialect, Unrendered, convention,
    convention::Subject,
    expr, names, refused,
    words::{Made, join, when},
};
use crate::{
    op::{Constraint, ConstraintKind, EnumType, Expr, Literal, Name, OptionValue, Qualified, Type},
    reason::Reason,
    source::Text,
};

/// Does Alembic know the columns that a foreign key refers to? It makes up the table for `op.create_foreign_key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Referred {
    Known,
    Unknown,
}

/// `ALTER TABLE … ADD …`.
pub(super) fn add(table: &Qualified, constraint: &Constraint, dialect: &Dialect, referred: Referred) -> Made {
    Ok(sql!["ALTER TABLE ", names::table(table), " ADD ", clause(table, constraint, dialect, referred)?])
}

/// `[CONSTRAINT name] …` with the options behind; empty for a unique or primary key without columns.
pub(super) fn clause(table: &Qualified, constraint: &Constraint, dialect: &Dialect, referred: Referred) -> Made {
    clause_on(table, None, constraint, dialect, referred)
}

/// As [`clause`], of what was given to a column.
pub(super) fn clause_on(
    table: &Qualified,
    put_on: Option<&Name>,
    constraint: &Constraint,
    dialect: &Dialect,
    referred: Referred,
) -> Made {
    let body = body(constraint, dialect)?;
    if body.as_str().is_empty() {
        return Ok(body);
    }
    let name = match final_name(table, put_on, constraint, dialect, referred)? {
        Some(name) => sql!["CONSTRAINT ", names::limited(&name)?, " "],
        None => Text::default(),
    };
    let is_valid = option(&constraint.options, "not_valid").is_none_or(|value| !is_true(value));
    let validity = when(!is_valid && may_be_unproven(&constraint.kind), " NOT VALID");
    Ok(sql![name, body, deferrability(constraint)?, validity])
}

fn may_be_unproven(kind: &ConstraintKind) -> bool {
    matches!(kind, ConstraintKind::Check { .. } | ConstraintKind::ForeignKey { .. })
}

fn final_name(
    table: &Qualified,
    put_on: Option<&Name>,
    constraint: &Constraint,
    dialect: &Dialect,
    referred: Referred,
) -> Result<Option<Name>, Unrendered> {
    let texts = |columns: &'_ [Name]| columns.iter().map(|column| column.text.clone()).collect::<Vec<_>>();
    let (kind, columns, target) = match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } => ("pk", texts(columns), None),
        ConstraintKind::Unique { columns } => ("uq", texts(columns), None),
        ConstraintKind::Check { condition } => {
            ("ck", expr::columns(condition).into_iter().map(|column| column.text.clone()).collect(), None)
        }
        ConstraintKind::ForeignKey { columns, table, referred, .. } => ("fk", texts(columns), Some((table, referred))),
        // Conventions know nothing of exclusion constraints.
        ConstraintKind::Exclude { .. } if dialect.listeners.is_none_or(|it| !it.hear("ex")) => {
            return Ok(constraint.name.clone());
        }
        ConstraintKind::Exclude { .. } => ("ex", Vec::new(), None),
    };
    let targets = target.map(|(table, columns)| columns.iter().map(|column| full_name(table, column)).collect());
    let referred_columns = target
        .filter(|_| referred == Referred::Known)
        .map(|(_, columns)| columns.iter().map(|column| column.text.as_str()).collect());
    let subject = Subject {
        kind,
        table,
        columns: columns.iter().map(String::as_str).collect(),
        referred_table: target.map(|(table, _)| table.name.text.as_str()),
        referred_columns,
        targets: targets.unwrap_or_default(),
        put_on,
        condition: match &constraint.kind {
            // With a `:name` in it or a `\\:` the text is not what `str()` makes of it.
            ConstraintKind::Check { condition: Expr::Text(text) } => {
                Some(text.text.as_str()).filter(|it| !it.contains(':'))
            }
            _ => None,
        },
        name: constraint.name.as_ref(),
    };
    convention::name(&subject, dialect)
}

/// `schema.table.column`.
fn full_name(table: &Qualified, column: &Name) -> String {
    let parts = table.schema.iter().chain([&table.name, column]);
    parts.map(|part| part.text.as_str()).collect::<Vec<_>>().join(".")
}

fn body(constraint: &Constraint, dialect: &Dialect) -> Made {
    Ok(match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns } if columns.is_empty() => {
            Text::default()
        }
        ConstraintKind::PrimaryKey { columns } => {
            sql!["PRIMARY KEY (", list(columns), ")", include(&constraint.options)]
        }
        ConstraintKind::Unique { columns } => {
            let distinct = match option(&constraint.options, "nulls_not_distinct") {
                Some(OptionValue::Bool(true)) => "NULLS NOT DISTINCT ",
                Some(OptionValue::Bool(false)) => "NULLS DISTINCT ",
                _ => "",
            };
            sql!["UNIQUE ", distinct, "(", list(columns), ")", include(&constraint.options)]
        }
        ConstraintKind::Check { condition } => sql!["CHECK (", expr::ddl(condition, dialect)?, ")"],
        ConstraintKind::ForeignKey { columns, table, referred, .. } => {
            if columns.is_empty() || columns.len() != referred.len() {
                return refused("a foreign key has as many columns as it refers to");
            }
            let key = sql!["FOREIGN KEY(", list(columns), ") REFERENCES ", names::table(table)];
            sql![key, " (", list(referred), ")", reference_options(constraint)?]
        }
        ConstraintKind::Exclude { elements, using, condition, ops } => {
            exclude(elements, using, condition.as_ref(), ops, dialect)?
        }
    })
}

/// ` MATCH … ON DELETE … ON UPDATE …` of a foreign key.
fn reference_options(constraint: &Constraint) -> Made {
    let ConstraintKind::ForeignKey { on_delete, on_update, matching, .. } = &constraint.kind else {
        return Ok(Text::default());
    };
    let mut made = Text::default();
    if let Some(matching) = matching {
        made = sql![made, " MATCH ", names::phrase(matching)?];
    }
    if let Some(on_delete) = on_delete {
        made = sql![made, " ON DELETE ", names::phrase_with_columns(on_delete)?];
    }
    if let Some(on_update) = on_update {
        made = sql![made, " ON UPDATE ", names::phrase(on_update)?];
    }
    Ok(made)
}

/// ` REFERENCES …` behind a column (`inline_references=True`); the constraint's name is lost there.
pub(super) fn inline_reference(constraint: &Constraint) -> Made {
    let ConstraintKind::ForeignKey { table, referred, .. } = &constraint.kind else { return Ok(Text::default()) };
    let target = sql![" REFERENCES ", names::table(table), " (", list(referred), ")"];
    Ok(sql![target, reference_options(constraint)?, deferrability(constraint)?])
}

fn deferrability(constraint: &Constraint) -> Made {
    let deferrable = match constraint.deferrable {
        Some(true) => " DEFERRABLE",
        Some(false) => " NOT DEFERRABLE",
        None => "",
    };
    Ok(match &constraint.initially {
        Some(initially) => sql![deferrable, " INITIALLY ", names::phrase(initially)?],
        None => Text::made(deferrable),
    })
}

fn exclude(
    elements: &[(Expr, String)],
    using: &str,
    condition: Option<&Expr>,
    ops: &[(String, String)],
    dialect: &Dialect,
) -> Made {
    let mut parts = Vec::new();
    for (element, operator) in elements {
        let class = operator_class(element, ops);
        parts.push(sql![expr::ddl(element, dialect)?, class, " WITH ", operator.as_str()]);
    }
    let using = names::method(using)?;
    let mut made = sql!["EXCLUDE USING ", using, " (", join(parts, ", "), ")"];
    if let Some(condition) = condition {
        made = sql![made, " WHERE (", expr::ddl(condition, dialect)?, ")"];
    }
    Ok(made)
}

/// ` gin_trgm_ops`, where `postgresql_ops` has one for the column or label.
pub(super) fn operator_class(element: &Expr, ops: &[(String, String)]) -> String {
    let key = match element {
        Expr::Column { name, .. } | Expr::Label { name, .. } => name.text.as_str(),
        Expr::Verbatim(text) => text.as_str(),
        _ => return String::new(),
    };
    class_of(key, ops)
}

/// ` gin_trgm_ops`, where `postgresql_ops` has one of this key.
pub(super) fn class_of(key: &str, ops: &[(String, String)]) -> String {
    ops.iter().find(|(name, _)| name == key).map(|(_, class)| format!(" {class}")).unwrap_or_default()
}

/// `a, b`.
pub(super) fn list(columns: &[Name]) -> Text {
    join(columns.iter().map(names::name), ", ")
}

/// ` INCLUDE (…)`.
pub(super) fn include(options: &[(String, OptionValue)]) -> Option<Text> {
    let columns: Vec<Text> = match option(options, "include")? {
        OptionValue::List(columns) => columns.iter().map(|column| Text::made(names::quoted(column))).collect(),
        OptionValue::Text(column) => vec![Text::made(names::quoted(column))],
        _ => return None,
    };
    (!columns.is_empty()).then(|| sql![" INCLUDE (", join(columns, ", "), ")"])
}

/// The value of a dialect's keyword.
pub(super) fn option<'a>(options: &'a [(String, OptionValue)], name: &str) -> Option<&'a OptionValue> {
    options.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Is the value true to Python?
pub(super) fn is_true(value: &OptionValue) -> bool {
    match value {
        OptionValue::Bool(yes) => *yes,
        OptionValue::Text(text) => !text.is_empty(),
        OptionValue::List(items) => !items.is_empty(),
        OptionValue::Map(items) => !items.is_empty(),
        OptionValue::Expr(_) => true,
    }
}

/// `ALTER TABLE … DROP CONSTRAINT …`. A check's name passes through the naming convention when the type is given.
pub(super) fn drop(
    table: &Qualified,
    name: Option<&Name>,
    kind: Option<&str>,
    if_exists: bool,
    dialect: &Dialect,
) -> Made {
    let convention = match kind {
        None => None,
        Some("check") => Some("ck"),
        Some("unique") => Some("uq"),
        Some("primary") => Some("pk"),
        Some("foreignkey") => Some("fk"),
        Some(other) => {
            return refused(format!(
                "`{other}` is no type of constraint, which is `check`, `foreignkey`, `primary` or `unique`"
            ));
        }
    };
    let name = match convention {
        Some(kind) => {
            let columns = Vec::new();
            let subject = Subject {
                kind,
                table,
                columns,
                referred_table: None,
                referred_columns: Some(Vec::new()),
                targets: Vec::new(),
                put_on: None,
                condition: (kind == "ck").then_some(""),
                name,
            };
            convention::name(&subject, dialect)?
        }
        None => name.cloned(),
    };
    let Some(name) = name else { return refused("a constraint without a name cannot be dropped") };
    let name = names::limited(&name)?;
    Ok(sql!["ALTER TABLE ", names::table(table), " DROP CONSTRAINT ", when(if_exists, "IF EXISTS "), name])
}

/// The `CHECK` that a non-native enum with `create_constraint=True` brings along: its name and condition.
pub(super) fn of_type(column: &Name, kind: Option<&Type>) -> Result<Option<TypeCheck>, Unrendered> {
    let given = match kind {
        Some(Type::Enum(given)) if is_checked(given) => given,
        Some(Type::Array { item, .. }) => {
            return match item.as_ref() {
                Type::Enum(given) if is_checked(given) => {
                    refused("the CHECK of an ARRAY of a non-native ENUM has no form on PostgreSQL")
                }
                _ => Ok(None),
            };
        }
        _ => return Ok(None),
    };
    let label = |label: &String| Expr::Value { value: Literal::Str(Text::made(label.as_str())), kind: None };
    let left = Expr::Column { table: None, name: column.clone(), kind: None };
    let list = given.labels.iter().map(label).collect();
    let condition = Expr::In { left: Box::new(left), list, negated: false };
    Ok(Some(TypeCheck { name: given.name.clone().filter(|name| !name.text.is_empty()), condition }))
}

/// See [`of_type`].
pub(super) struct TypeCheck {
    pub(super) name: Option<Name>,
    condition: Expr,
}

impl TypeCheck {
    /// `[CONSTRAINT name] CHECK (…)`. Without a convention for checks an unnamed one stays so.
    pub(super) fn clause(&self, table: &Qualified, dialect: &Dialect) -> Made {
        let subject = Subject {
            kind: "ck",
            table,
            columns: expr::columns(&self.condition).into_iter().map(|column| column.text.as_str()).collect(),
            referred_table: None,
            referred_columns: None,
            targets: Vec::new(),
            put_on: None,
            condition: None,
            name: self.name.as_ref(),
        };
        if self.name.is_none() && dialect.listeners.is_some_and(|it| it.hear("ck")) {
            // Its name is a mark of SQLAlchemy's own, which is neither `None` nor a string.
            return Err(
                Reason::limit("the name is not known: a listener is handed a CHECK of a type without a name").into()
            );
        }
        let check = sql!["CHECK (", expr::ddl(&self.condition, dialect)?, ")"];
        Ok(match convention::name(&subject, dialect)? {
            Some(name) => sql!["CONSTRAINT ", names::limited(&name)?, " ", check],
            None => check,
        })
    }
}

fn is_checked(given: &EnumType) -> bool {
    !given.native && given.create_constraint
}
