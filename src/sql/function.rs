//! Functions out of protobuf.

use super::{
    define,
    expr::expr,
    node::{dotted, string, strings},
    query,
};
use crate::statement::{Body, Function, Volatility};
use pg_query::{
    Node, NodeEnum,
    protobuf::{CreateFunctionStmt, FunctionParameterMode, ReturnStmt, SelectStmt},
};

/// `CREATE FUNCTION`, `CREATE PROCEDURE`.
pub(super) fn function(it: &CreateFunctionStmt) -> Function {
    let volatility = match said(it, "volatility").and_then(string) {
        Some("immutable") => Volatility::Immutable,
        Some("stable") => Volatility::Stable,
        _ => Volatility::Volatile,
    };
    let inlined = said(it, "language").and_then(string).is_none_or(|it| it.eq_ignore_ascii_case("sql"));
    Function {
        name: dotted(&it.funcname),
        volatility,
        inlined,
        replace: it.replace,
        procedure: it.is_procedure,
        signature: define::arguments(it),
        body: if inlined && !it.is_procedure { body(it).map(Box::new) } else { None },
    }
}

/// What an option of the statement is given.
fn said<'a>(it: &'a CreateFunctionStmt, name: &str) -> Option<&'a Node> {
    it.options.iter().rev().find_map(|node| match node.node.as_ref()? {
        NodeEnum::DefElem(option) if option.defname == name => option.arg.as_deref(),
        _ => None,
    })
}

/// A body that is one `SELECT` of one expression, from no table: it answers that.
fn body(it: &CreateFunctionStmt) -> Option<Body> {
    if it.return_type.as_ref()?.setof {
        return None;
    }
    let mut parameters = Vec::new();
    for node in &it.parameters {
        let Some(NodeEnum::FunctionParameter(parameter)) = node.node.as_ref() else { return None };
        // What comes out by a parameter is another way to answer.
        match parameter.mode() {
            FunctionParameterMode::FuncParamIn | FunctionParameterMode::FuncParamDefault => {
                parameters.push(parameter.name.clone());
            }
            _ => return None,
        }
    }
    let value = match it.sql_body.as_deref() {
        Some(node) => match node.node.as_ref() {
            Some(NodeEnum::ReturnStmt(it)) => returned(it)?,
            _ => return None,
        },
        None => text(said(it, "as")?)?,
    };
    let strict = said(it, "strict").is_some_and(|node| match node.node.as_ref() {
        Some(NodeEnum::Boolean(it)) => it.boolval,
        _ => false,
    });
    Some(Body { strict, parameters, value })
}

fn returned(it: &ReturnStmt) -> Option<crate::statement::Expr> {
    it.returnval.as_deref().map(expr)
}

/// The body in a string.
fn text(node: &Node) -> Option<crate::statement::Expr> {
    let Some(NodeEnum::List(list)) = node.node.as_ref() else { return None };
    let [sql] = <[String; 1]>::try_from(strings(&list.items)).ok()?;
    if sql.len() > super::LONGEST || super::looked_at(&sql) > super::LOOKED_AT {
        return None;
    }
    let answer = pg_query::parse(&sql, 0).ok()?;
    let [raw] = answer.protobuf.stmts.as_slice() else { return None };
    match raw.stmt.as_deref()?.node.as_ref()? {
        NodeEnum::SelectStmt(select) => selected(select),
        _ => None,
    }
}

fn selected(select: &SelectStmt) -> Option<crate::statement::Expr> {
    let query = query::query(select, &query::Named::new())?;
    if !query.sources.is_empty() || query.condition.is_some() || query.limited {
        return None;
    }
    let [(_, value)] = <[_; 1]>::try_from(query.columns).ok()?;
    Some(value)
}
