//! What a condition asks the catalogs for, as far as the schema can answer it.

use super::{expr::expr, node::range};
use crate::{
    op::{Name as Word, Qualified, Question},
    reason::Reason,
    statement::Expr,
};
use pg_query::{
    Node, NodeEnum,
    protobuf::{BoolExprType, SelectStmt, SubLinkType},
};
use std::collections::BTreeMap;

/// What the condition asks, and the answers that it wants; one that is not understood is [`Question::Unknown`].
pub(super) fn asked(condition: &str) -> Vec<(Question, bool)> {
    let unknown = || vec![(Question::Unknown(Reason::data("the answer of a query decides")), true)];
    let mut found = Vec::new();
    match value(condition) {
        Some(node) if read(&node, true, &mut found) => found,
        _ => unknown(),
    }
}

/// The text of an expression that is nothing but a constant one.
pub(super) fn constant(expression: &str) -> Option<String> {
    match expr(&value(expression)?) {
        Expr::Constant(text) => Some(text),
        _ => None,
    }
}

/// The one value of `SELECT …`.
fn value(expression: &str) -> Option<Node> {
    let sql = format!("SELECT {expression}");
    if sql.len() > super::LONGEST || super::looked_at(&sql) > super::LOOKED_AT {
        return None;
    }
    let answer = pg_query::parse(&sql, 0).ok()?;
    let [raw] = answer.protobuf.stmts.as_slice() else { return None };
    let NodeEnum::SelectStmt(select) = raw.stmt.as_deref()?.node.as_ref()? else { return None };
    let [target] = select.target_list.as_slice() else { return None };
    match target.node.as_ref()? {
        NodeEnum::ResTarget(it) => it.val.as_deref().cloned(),
        _ => None,
    }
}

fn read(node: &Node, holds: bool, found: &mut Vec<(Question, bool)>) -> bool {
    match node.node.as_ref() {
        Some(NodeEnum::BoolExpr(it)) => match it.boolop() {
            BoolExprType::NotExpr => it.args.iter().all(|it| read(it, !holds, found)),
            BoolExprType::AndExpr => holds && it.args.iter().all(|it| read(it, holds, found)),
            BoolExprType::OrExpr => !holds && it.args.iter().all(|it| read(it, holds, found)),
            BoolExprType::Undefined => false,
        },
        Some(NodeEnum::SubLink(it)) if it.sub_link_type() == SubLinkType::ExistsSublink => {
            let question = match it.subselect.as_deref().and_then(|it| it.node.as_ref()) {
                Some(NodeEnum::SelectStmt(select)) => exists(select),
                _ => None,
            };
            found.extend(question.map(|it| (it, holds)));
            !found.is_empty()
        }
        _ => false,
    }
}

/// `EXISTS (SELECT … FROM pg_type WHERE typname = 'mood')`.
fn exists(select: &SelectStmt) -> Option<Question> {
    let plain = select.group_clause.is_empty() && select.having_clause.is_none() && select.limit_offset.is_none();
    let [from] = select.from_clause.as_slice() else { return None };
    let Some(NodeEnum::RangeVar(relation)) = from.node.as_ref().filter(|_| plain) else { return None };
    let name = range(Some(relation));
    let mut wanted = BTreeMap::new();
    conditions(&expr(select.where_clause.as_deref()?), &mut wanted)?;
    let mut take = |column: &str| wanted.remove(column);
    let question = match (name.schema.as_deref(), name.name.as_str()) {
        (None | Some("pg_catalog"), "pg_type") => {
            let name = take("typname")?;
            Question::Type(qualified(take("typnamespace"), name))
        }
        (None | Some("pg_catalog"), "pg_tables") => {
            let name = take("tablename")?;
            Question::Table(qualified(take("schemaname"), name))
        }
        (None | Some("pg_catalog"), "pg_views") => {
            let name = take("viewname")?;
            Question::View(qualified(take("schemaname"), name))
        }
        (None | Some("pg_catalog"), "pg_indexes") => {
            let (name, schema) = (take("indexname")?, take("schemaname"));
            match take("tablename") {
                Some(table) => Question::Index(qualified(schema, table), name),
                None => Question::AnyIndex(qualified(schema, name)),
            }
        }
        (None | Some("pg_catalog"), "pg_namespace") => Question::Schema(take("nspname")?),
        (None | Some("pg_catalog"), "pg_constraint") => {
            let (name, table) = (take("conname")?, take("conrelid")?);
            Question::Constraint(dotted(&table), name)
        }
        (None | Some("pg_catalog"), "pg_attribute") => {
            let (name, table) = (take("attname")?, take("attrelid")?);
            Question::Column(dotted(&table), name)
        }
        (None | Some("pg_catalog"), "pg_class") => {
            let (name, schema) = (take("relname")?, take("relnamespace"));
            match take("relkind")?.as_str() {
                "r" => Question::Table(qualified(schema, name)),
                "i" => Question::AnyIndex(qualified(schema, name)),
                "v" => Question::View(qualified(schema, name)),
                _ => return None,
            }
        }
        (Some("information_schema"), "tables") => {
            let name = take("table_name")?;
            Question::Table(qualified(take("table_schema"), name))
        }
        (Some("information_schema"), "views") => {
            let name = take("table_name")?;
            Question::View(qualified(take("table_schema"), name))
        }
        (Some("information_schema"), "columns") => {
            let (table, column) = (take("table_name")?, take("column_name")?);
            Question::Column(qualified(take("table_schema"), table), column)
        }
        (Some("information_schema"), "table_constraints") => {
            let (table, name) = (take("table_name")?, take("constraint_name")?);
            Question::Constraint(qualified(take("table_schema"), table), name)
        }
        (Some("information_schema"), "schemata") => Question::Schema(take("schema_name")?),
        _ => return None,
    };
    // What else is asked for may be another matter.
    wanted.is_empty().then_some(question)
}

/// `a = 'b' AND c = 'd'`, by the columns.
fn conditions(condition: &Expr, wanted: &mut BTreeMap<String, String>) -> Option<()> {
    match condition {
        Expr::And(parts) => parts.iter().try_for_each(|it| conditions(it, wanted)),
        // Columns that are gone are called otherwise.
        Expr::Not(inner) if inner.is_column("attisdropped") => Some(()),
        Expr::Operator { operator, args } if operator == "=" => {
            let [column, value] = args.as_slice() else { return None };
            let Expr::Column { column, .. } = column else { return None };
            let value = match value {
                // `CURRENT_SCHEMA`: where a name without a schema is looked for.
                Expr::Current => None,
                Expr::Call { function, args } if function == "current_schema" && args.is_empty() => None,
                other => Some(other.literal()?.to_owned()),
            };
            let known = value.is_some_and(|value| wanted.insert(column.clone(), value).is_some());
            (!known).then_some(())
        }
        _ => None,
    }
}

fn qualified(schema: Option<String>, name: String) -> Qualified {
    Qualified { schema: schema.map(Word::plain), name: Word::plain(name) }
}

/// `'app.users'::regclass`.
fn dotted(text: &str) -> Qualified {
    match text.split_once('.') {
        Some((schema, name)) => qualified(Some(schema.to_owned()), name.to_owned()),
        None => qualified(None, text.to_owned()),
    }
}
