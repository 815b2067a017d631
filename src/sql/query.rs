//! Queries out of protobuf.

use super::{
    expr::{boxed, expr},
    node::range,
};
use crate::statement::{Expr, Query, Relation, Source};
use pg_query::{
    Node, NodeEnum,
    protobuf::{InsertStmt, JoinExpr, JoinType, RangeVar, SelectStmt, SetOperation, WithClause},
};

/// The queries of a `WITH`, by their names; one that is not plain is [`Relation::Other`].
pub(super) type Named = Vec<(String, Relation)>;

/// What a `WITH` names.
pub(super) fn named(clause: Option<&WithClause>) -> Named {
    let mut known = Named::new();
    for node in clause.map_or(&[][..], |it| it.ctes.as_slice()) {
        let Some(NodeEnum::CommonTableExpr(it)) = node.node.as_ref() else { continue };
        let inner = match it.ctequery.as_deref().and_then(|it| it.node.as_ref()) {
            _ if !it.aliascolnames.is_empty() || clause.is_some_and(|it| it.recursive) => None,
            Some(NodeEnum::SelectStmt(select)) => query(select, &known),
            Some(NodeEnum::InsertStmt(insert)) => inserted(insert, &known),
            _ => None,
        };
        known.push((it.ctename.clone(), inner.map_or(Relation::Other, |it| Relation::Query(Box::new(it)))));
    }
    known
}

/// A query that is nothing but columns, joins and a condition.
pub(super) fn query(it: &SelectStmt, outer: &Named) -> Option<Query> {
    let plain = it.op() == SetOperation::SetopNone
        && it.distinct_clause.is_empty()
        && (it.having_clause.is_none() || !it.group_clause.is_empty())
        && it.values_lists.is_empty()
        && it.limit_offset.is_none()
        && it.into_clause.is_none();
    if !plain {
        return None;
    }
    let mut known = named(it.with_clause.as_ref());
    known.reverse();
    known.extend(outer.iter().cloned());
    let (sources, mut conditions) = sources(&it.from_clause, &known);
    conditions.extend(it.where_clause.as_deref().map(expr));
    let columns: Vec<(String, Expr)> = it.target_list.iter().filter_map(column).collect();
    let grouped = !it.group_clause.is_empty();
    let whole = !grouped && columns.iter().any(|(_, it)| aggregates(it));
    let (condition, limited) = (conjunction(conditions), it.limit_count.is_some());
    Some(Query { columns, sources, condition, inserted: None, limited, grouped, whole })
}

/// `INSERT … SELECT … RETURNING`: each row of the query comes back.
fn inserted(it: &InsertStmt, outer: &Named) -> Option<Query> {
    let Some(NodeEnum::SelectStmt(select)) = it.select_stmt.as_deref()?.node.as_ref() else { return None };
    let mut query = query(select, outer).filter(|_| it.on_conflict_clause.is_none())?;
    let given: Vec<&str> = it.cols.iter().filter_map(named_column).collect();
    if given.len() != query.columns.len() {
        return None;
    }
    let table = range(it.relation.as_ref());
    let source = Source { name: table.name.clone(), of: Relation::Table(table) };
    let come_back = it.returning_clause.as_ref()?.exprs.iter().filter_map(column).map(|(name, value)| match &value {
        Expr::Column { column, .. } => match given.iter().position(|it| it == column) {
            Some(at) => (name, query.columns[at].1.clone()),
            None => (name, Expr::Column { table: Some(source.name.clone()), column: column.clone() }),
        },
        _ => (name, Expr::Other),
    });
    query.columns = come_back.collect();
    query.inserted = Some(source);
    Some(query)
}

fn named_column(node: &Node) -> Option<&str> {
    match node.node.as_ref()? {
        NodeEnum::ResTarget(it) if it.indirection.is_empty() => Some(&it.name),
        _ => None,
    }
}

/// The relations of a `FROM`, and what their joins demand.
pub(super) fn sources(from: &[Node], known: &Named) -> (Vec<Source>, Vec<Expr>) {
    let (mut sources, mut conditions) = (Vec::new(), Vec::new());
    for node in from {
        of_item(node, known, &mut sources, &mut conditions);
    }
    (sources, conditions)
}

/// All of these hold.
pub(super) fn conjunction(mut conditions: Vec<Expr>) -> Option<Expr> {
    match conditions.len() {
        0 | 1 => conditions.pop(),
        _ => Some(Expr::And(conditions)),
    }
}

fn of_item(node: &Node, known: &Named, sources: &mut Vec<Source>, conditions: &mut Vec<Expr>) {
    match node.node.as_ref() {
        Some(NodeEnum::RangeVar(it)) => sources.push(relation(it, known)),
        Some(NodeEnum::JoinExpr(it)) if is_plain(it) => {
            for side in [&it.larg, &it.rarg].into_iter().flatten() {
                of_item(side, known, sources, conditions);
            }
            conditions.extend(it.quals.as_deref().map(expr));
        }
        Some(NodeEnum::RangeSubselect(it)) if !it.lateral => {
            let inner = match it.subquery.as_deref().and_then(|it| it.node.as_ref()) {
                Some(NodeEnum::SelectStmt(select)) => query(select, known),
                _ => None,
            };
            let alias = it.alias.as_ref().filter(|it| it.colnames.is_empty());
            let of = inner.filter(|_| alias.is_some()).map_or(Relation::Other, |it| Relation::Query(Box::new(it)));
            sources.push(Source { name: alias.map_or_else(String::new, |it| it.aliasname.clone()), of });
        }
        _ => sources.push(Source { name: String::new(), of: Relation::Other }),
    }
}

/// An inner join that says by itself what it joins on.
fn is_plain(it: &JoinExpr) -> bool {
    it.jointype() == JoinType::JoinInner && it.using_clause.is_empty() && !it.is_natural && it.alias.is_none()
}

fn relation(it: &RangeVar, known: &Named) -> Source {
    let with = known.iter().find(|(name, _)| it.schemaname.is_empty() && *name == it.relname);
    let renamed = it.alias.as_ref().is_some_and(|alias| !alias.colnames.is_empty());
    let of = match with {
        _ if renamed => Relation::Other,
        Some((_, relation)) => relation.clone(),
        None => Relation::Table(range(Some(it))),
    };
    let name = it.alias.as_ref().map_or_else(|| it.relname.clone(), |alias| alias.aliasname.clone());
    Source { name, of }
}

fn column(node: &Node) -> Option<(String, Expr)> {
    let Some(NodeEnum::ResTarget(it)) = node.node.as_ref() else { return None };
    let value = boxed(it.val.as_deref());
    let name = match &value {
        _ if !it.name.is_empty() => it.name.clone(),
        Expr::Column { column, .. } => column.clone(),
        Expr::Call { function, .. } => function.clone(),
        _ => String::new(),
    };
    Some((name, value))
}

fn aggregates(value: &Expr) -> bool {
    let own = matches!(value, Expr::Call { function, .. } if Query::AGGREGATES.contains(&function.as_str()));
    own || value.parts().into_iter().any(aggregates)
}
