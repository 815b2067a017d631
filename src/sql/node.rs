//! Small looks into protobuf nodes.

use crate::statement::{Name, Type};
use pg_query::{Node, NodeEnum, protobuf};

/// The text of a string node.
pub(super) fn string(node: &Node) -> Option<&str> {
    match node.node.as_ref()? {
        NodeEnum::String(it) => Some(&it.sval),
        _ => None,
    }
}

/// All strings of a list; others are left out.
pub(super) fn strings(nodes: &[Node]) -> Vec<String> {
    nodes.iter().filter_map(string).map(str::to_owned).collect()
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// An empty string stands for "not given" in protobuf.
pub(super) fn given(text: &str) -> Option<String> {
    some(text)
}

/// A table's name. A catalog before the schema can only be the database's own.
pub(super) fn range(it: Option<&protobuf::RangeVar>) -> Name {
    it.map_or_else(|| Name::bare(""), |it| Name { schema: some(&it.schemaname), name: it.relname.clone() })
}

/// The tables of a list.
pub(super) fn relations(nodes: &[Node]) -> Vec<Name> {
    let names = nodes.iter().filter_map(|node| match node.node.as_ref()? {
        NodeEnum::RangeVar(it) => Some(range(Some(it))),
        _ => None,
    });
    names.collect()
}

/// Those of them that are named with `ONLY`.
pub(super) fn only(nodes: &[Node]) -> Vec<Name> {
    let names = nodes.iter().filter_map(|node| match node.node.as_ref()? {
        NodeEnum::RangeVar(it) if !it.inh => Some(range(Some(it))),
        _ => None,
    });
    names.collect()
}

/// A name from its parts: `a`, `s.a`, `db.s.a`.
pub(super) fn dotted(parts: &[Node]) -> Name {
    let mut parts = strings(parts);
    let name = parts.pop().unwrap_or_default();
    Name { schema: parts.pop(), name }
}

/// The objects of a `DROP`: a list of names, or type names.
pub(super) fn objects(nodes: &[Node]) -> Vec<Name> {
    let names = nodes.iter().filter_map(|node| match node.node.as_ref()? {
        NodeEnum::List(list) => Some(dotted(&list.items)),
        NodeEnum::TypeName(kind) => Some(dotted(&kind.names)),
        NodeEnum::String(it) => Some(Name::bare(it.sval.clone())),
        _ => None,
    });
    names.collect()
}

/// A type as it is written.
pub(super) fn kind(it: Option<&protobuf::TypeName>) -> Type {
    let Some(it) = it else { return Type::plain("") };
    let name = dotted(&it.names);
    let modifiers = it.typmods.iter().filter_map(|node| match node.node.as_ref()? {
        NodeEnum::AConst(constant) => super::expr::constant(constant),
        NodeEnum::ColumnRef(column) => column.fields.first().and_then(string).map(str::to_owned),
        _ => None,
    });
    let schema = name.schema.filter(|schema| schema != "pg_catalog");
    // The grammar turns the SQL words into the catalog's (`int` is `pg_catalog.int4`), but leaves the catalog's
    // words and the serials as they are written.
    Type { modifiers: modifiers.collect(), dimensions: it.array_bounds.len(), schema, name: name.name }
}
