//! Expressions out of protobuf. The depth is bounded by prost, which reads 100 nested messages at most.

use super::{
    node::{dotted, kind, string},
    query,
};
use crate::statement::Expr;
use pg_query::{
    Node, NodeEnum,
    protobuf::{
        AConst, AExpr, AExprKind, BoolExpr, BoolExprType, CaseExpr, FuncCall, MultiAssignRef, NullTestType, SubLink,
        SubLinkType, a_const::Val,
    },
};

/// The text of a constant; `None` for NULL.
pub(super) fn constant(it: &AConst) -> Option<String> {
    match it.val.as_ref()? {
        Val::Ival(value) => Some(value.ival.to_string()),
        Val::Fval(value) => Some(value.fval.clone()),
        Val::Boolval(value) => Some(if value.boolval { "true" } else { "false" }.to_owned()),
        Val::Sval(value) => Some(value.sval.clone()),
        Val::Bsval(value) => Some(value.bsval.clone()),
    }
}

/// An optional expression; a missing one is [`Expr::Other`].
pub(super) fn boxed(node: Option<&Node>) -> Expr {
    node.map_or(Expr::Other, expr)
}

fn all(nodes: &[Node]) -> Vec<Expr> {
    nodes.iter().map(expr).collect()
}

/// An expression.
pub(super) fn expr(node: &Node) -> Expr {
    let Some(node) = node.node.as_ref() else { return Expr::Other };
    match node {
        NodeEnum::AConst(it) => {
            if it.isnull {
                Expr::Null
            } else {
                Expr::Constant(constant(it).unwrap_or_default())
            }
        }
        NodeEnum::ColumnRef(it) => column(&it.fields),
        NodeEnum::TypeCast(it) => {
            Expr::Cast { inner: Box::new(boxed(it.arg.as_deref())), kind: kind(it.type_name.as_ref()) }
        }
        NodeEnum::FuncCall(it) => call(it),
        NodeEnum::CoalesceExpr(it) => Expr::Coalesce(all(&it.args)),
        NodeEnum::MinMaxExpr(it) => Expr::Extreme(all(&it.args)),
        NodeEnum::SqlvalueFunction(_) => Expr::Current,
        NodeEnum::AExpr(it) => operator(it),
        NodeEnum::BoolExpr(it) => boolean(it),
        NodeEnum::NullTest(it) => {
            let inner = Box::new(boxed(it.arg.as_deref()));
            match it.nulltesttype() {
                NullTestType::IsNull => Expr::IsNull(inner),
                NullTestType::IsNotNull => Expr::IsNotNull(inner),
                NullTestType::Undefined => Expr::Other,
            }
        }
        NodeEnum::CaseExpr(it) => case(it),
        NodeEnum::AArrayExpr(it) => Expr::Composite(all(&it.elements)),
        NodeEnum::RowExpr(it) => Expr::Composite(all(&it.args)),
        NodeEnum::List(it) => Expr::Mixed(all(&it.items)),
        NodeEnum::AIndirection(it) => Expr::Mixed(vec![boxed(it.arg.as_deref())]),
        NodeEnum::BooleanTest(it) => Expr::Mixed(vec![boxed(it.arg.as_deref())]),
        NodeEnum::SetToDefault(_) => Expr::Default,
        NodeEnum::SubLink(it) => linked(it, 0),
        NodeEnum::MultiAssignRef(it) => assigned(it),
        // Of a function's body: `$1`.
        NodeEnum::ParamRef(it) => Expr::Column { table: None, column: format!("${}", it.number) },
        NodeEnum::CollateClause(it) => boxed(it.arg.as_deref()),
        _ => Expr::Other,
    }
}

/// A query in an expression; of its columns the one at this place.
fn linked(it: &SubLink, place: usize) -> Expr {
    let Some(NodeEnum::SelectStmt(select)) = it.subselect.as_deref().and_then(|it| it.node.as_ref()) else {
        return Expr::Other;
    };
    match it.sub_link_type() {
        SubLinkType::ExistsSublink => Expr::Exists,
        SubLinkType::ArraySublink => Expr::Composite(Vec::new()),
        SubLinkType::ExprSublink | SubLinkType::MultiexprSublink => match query::query(select, &query::Named::new()) {
            Some(mut it) if place < it.columns.len() => {
                it.columns.swap(0, place);
                Expr::Query(Box::new(it))
            }
            _ => Expr::Other,
        },
        _ => Expr::Other,
    }
}

/// One of several columns that are assigned at once: `(a, b) = (SELECT c, d …)`.
fn assigned(it: &MultiAssignRef) -> Expr {
    let place = usize::try_from(it.colno).unwrap_or(0).saturating_sub(1);
    match it.source.as_deref().and_then(|it| it.node.as_ref()) {
        Some(NodeEnum::RowExpr(row)) => row.args.get(place).map_or(Expr::Other, expr),
        Some(NodeEnum::SubLink(it)) => linked(it, place),
        _ => Expr::Other,
    }
}

fn case(it: &CaseExpr) -> Expr {
    let mut conditions: Vec<Expr> = it.arg.as_deref().map(expr).into_iter().collect();
    let mut results = Vec::new();
    for arm in &it.args {
        if let Some(NodeEnum::CaseWhen(when)) = arm.node.as_ref() {
            conditions.push(boxed(when.expr.as_deref()));
            results.push(boxed(when.result.as_deref()));
        }
    }
    Expr::Case { conditions, results, otherwise: it.defresult.as_deref().map(|it| Box::new(expr(it))) }
}

fn column(fields: &[Node]) -> Expr {
    let name = dotted(fields);
    match fields.last().and_then(string) {
        Some(column) => Expr::Column { table: name.schema, column: column.to_owned() },
        None => Expr::Other,
    }
}

fn call(it: &FuncCall) -> Expr {
    let name = dotted(&it.funcname);
    // A window's answer is another matter than its arguments', and an aggregate's of some rows only too.
    let ranks = matches!(name.name.as_str(), "row_number" | "rank" | "dense_rank");
    if (it.over.is_some() && !ranks) || it.agg_filter.is_some() || it.agg_distinct || !it.agg_order.is_empty() {
        return Expr::Other;
    }
    match name.schema.as_deref() {
        None | Some("pg_catalog" | "public" | "extensions") => {
            let function = if by_place(&name.name, &it.args) { "substr".to_owned() } else { name.name };
            Expr::Call { function, args: all(&it.args) }
        }
        Some(_) => Expr::Foreign { function: name, args: all(&it.args) },
    }
}

/// `substring` with numbers is `substr`; with a pattern it answers NULL where nothing fits.
fn by_place(name: &str, args: &[Node]) -> bool {
    let number = |node: &Node| match node.node.as_ref() {
        Some(NodeEnum::AConst(it)) => matches!(it.val, Some(Val::Ival(_))),
        _ => false,
    };
    name == "substring" && args.len() > 1 && args.iter().skip(1).all(number)
}

fn operator(it: &AExpr) -> Expr {
    if it.kind() == AExprKind::AexprIn && dotted(&it.name).name == "=" {
        let Some(NodeEnum::List(list)) = it.rexpr.as_deref().and_then(|node| node.node.as_ref()) else {
            return Expr::Other;
        };
        return Expr::In { inner: Box::new(boxed(it.lexpr.as_deref())), list: all(&list.items) };
    }
    let args: Vec<Expr> = [it.lexpr.as_deref(), it.rexpr.as_deref()].into_iter().flatten().map(expr).collect();
    match it.kind() {
        AExprKind::AexprOp | AExprKind::AexprLike | AExprKind::AexprIlike => {
            Expr::Operator { operator: dotted(&it.name).name, args }
        }
        AExprKind::AexprNotDistinct => match <[Expr; 2]>::try_from(args) {
            // `c IS NOT DISTINCT FROM NULL` is `c IS NULL`.
            Ok([inner, Expr::Null]) => Expr::IsNull(Box::new(inner)),
            Ok(args) => Expr::Mixed(args.into()),
            Err(args) => Expr::Mixed(args),
        },
        AExprKind::AexprDistinct => match <[Expr; 2]>::try_from(args) {
            Ok([inner, Expr::Null]) => Expr::IsNotNull(Box::new(inner)),
            Ok(args) => Expr::Mixed(args.into()),
            Err(args) => Expr::Mixed(args),
        },
        _ => Expr::Mixed(args),
    }
}

fn boolean(it: &BoolExpr) -> Expr {
    let mut args = all(&it.args);
    match it.boolop() {
        BoolExprType::AndExpr => Expr::And(args),
        BoolExprType::OrExpr => Expr::Or(args),
        BoolExprType::NotExpr => args.pop().map_or(Expr::Other, |it| Expr::Not(Box::new(it))),
        BoolExprType::Undefined => Expr::Other,
    }
}
