//! Parts of statements, written back as SQL.

use super::node::string;
use pg_query::{
    DeparseOptions, Node, NodeEnum,
    protobuf::{self, RangeVar, ResTarget, SelectStmt},
};

/// A whole statement; empty where the deparser cannot write it.
pub(super) fn statement(node: &NodeEnum) -> String {
    node.deparse(DeparseOptions::default()).unwrap_or_default()
}

/// What follows a certain beginning of a statement.
pub(super) fn after(node: &NodeEnum, beginning: &str) -> String {
    let whole = statement(node);
    whole.strip_prefix(beginning).map(|it| it.trim_start().to_owned()).unwrap_or_default()
}

/// An expression.
pub(super) fn expression(node: &Node) -> String {
    if let Some(text) = simple(node) {
        return text;
    }
    let target = ResTarget { val: Some(Box::new(node.clone())), ..ResTarget::default() };
    let target = Node { node: Some(NodeEnum::ResTarget(Box::new(target))) };
    let select = SelectStmt {
        target_list: vec![target],
        limit_option: protobuf::LimitOption::Default.into(),
        op: protobuf::SetOperation::SetopNone.into(),
        ..SelectStmt::default()
    };
    after(&NodeEnum::SelectStmt(Box::new(select)), "SELECT ")
}

/// The commonest expressions, without the deparser.
fn simple(node: &Node) -> Option<String> {
    let NodeEnum::AConst(constant) = node.node.as_ref()? else { return None };
    if constant.isnull {
        return Some("NULL".to_owned());
    }
    match constant.val.as_ref()? {
        protobuf::a_const::Val::Ival(value) => Some(value.ival.to_string()),
        protobuf::a_const::Val::Fval(value) => Some(value.fval.clone()),
        protobuf::a_const::Val::Boolval(value) => Some(if value.boolval { "true" } else { "false" }.to_owned()),
        protobuf::a_const::Val::Sval(value) if !value.sval.contains('\\') => {
            Some(format!("'{}'", value.sval.replace('\'', "''")))
        }
        _ => None,
    }
}

/// A table of this name and nothing else.
pub(super) fn relation(name: &str) -> RangeVar {
    RangeVar { relname: name.to_owned(), inh: true, relpersistence: "p".to_owned(), ..RangeVar::default() }
}

/// Names in a row, as SQL writes them.
pub(super) fn list(nodes: &[Node]) -> String {
    let names: Vec<String> = nodes.iter().filter_map(string).map(crate::statement::identifier).collect();
    names.join(", ")
}
