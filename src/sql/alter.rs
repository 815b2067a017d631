//! `ALTER …` out of protobuf.

use super::{
    create,
    expr::{boxed, expr},
    node::{dotted, kind, range},
};
use crate::statement::{Action, Kind, Name};
use pg_query::{
    Node, NodeEnum,
    protobuf::{
        AlterEnumStmt, AlterObjectSchemaStmt, AlterTableCmd, AlterTableStmt, AlterTableType as Sub, DropBehavior,
        ObjectType, RenameStmt,
    },
};

/// `ALTER TABLE` (and what shares its node: views, indexes, sequences).
pub(super) fn table(it: &AlterTableStmt) -> Kind {
    match it.objtype() {
        ObjectType::ObjectTable => {}
        ObjectType::ObjectIndex => return Kind::Other { tag: "ALTER INDEX" },
        ObjectType::ObjectView | ObjectType::ObjectMatview => return Kind::Other { tag: "ALTER VIEW" },
        ObjectType::ObjectSequence => return Kind::Other { tag: "ALTER SEQUENCE" },
        ObjectType::ObjectType => return Kind::Other { tag: "ALTER TYPE" },
        _ => return Kind::Other { tag: "ALTER" },
    }
    let actions = it.cmds.iter().map(|node| match node.node.as_ref() {
        Some(NodeEnum::AlterTableCmd(command)) => action(command),
        _ => Action::Other,
    });
    Kind::AlterTable { table: range(it.relation.as_ref()), if_exists: it.missing_ok, actions: actions.collect() }
}

fn action(it: &AlterTableCmd) -> Action {
    let name = || it.name.clone();
    let cascade = it.behavior() == DropBehavior::DropCascade;
    let def = it.def.as_deref();
    let inner = def.and_then(|node| node.node.as_ref());
    match (it.subtype(), inner) {
        (Sub::AtAddColumn, Some(NodeEnum::ColumnDef(def))) => {
            Action::AddColumn { column: Box::new(create::column(def)), if_not_exists: it.missing_ok }
        }
        (Sub::AtColumnDefault, Some(_)) => Action::SetDefault { column: name(), default: Box::new(boxed(def)) },
        (Sub::AtColumnDefault, None) => Action::DropDefault { column: name() },
        (Sub::AtDropNotNull, _) => Action::DropNotNull { column: name() },
        (Sub::AtSetNotNull, _) => Action::SetNotNull { column: name() },
        (Sub::AtDropColumn, _) => Action::DropColumn { column: name(), if_exists: it.missing_ok, cascade },
        (Sub::AtAddConstraint, Some(NodeEnum::Constraint(def))) => match create::constraint(def, None) {
            Some(constraint) => Action::AddConstraint(Box::new(constraint)),
            None => Action::Other,
        },
        (Sub::AtValidateConstraint, _) => Action::ValidateConstraint { constraint: name() },
        (Sub::AtDropConstraint, _) => Action::DropConstraint { constraint: name(), if_exists: it.missing_ok, cascade },
        (Sub::AtAlterColumnType, Some(NodeEnum::ColumnDef(def))) => Action::SetType {
            column: name(),
            kind: kind(def.type_name.as_ref()),
            using: def.raw_default.as_deref().map(|node| Box::new(expr(node))),
        },
        (Sub::AtAttachPartition, Some(NodeEnum::PartitionCmd(command))) => {
            Action::AttachPartition { partition: range(command.name.as_ref()) }
        }
        (Sub::AtDetachPartition, Some(NodeEnum::PartitionCmd(command))) => {
            Action::DetachPartition { partition: range(command.name.as_ref()), concurrently: command.concurrent }
        }
        _ => Action::Other,
    }
}

/// `ALTER … RENAME`.
pub(super) fn rename(it: &RenameStmt) -> Kind {
    let to = it.newname.clone();
    let table = || range(it.relation.as_ref());
    match it.rename_type() {
        ObjectType::ObjectTable => Kind::RenameTable { table: table(), to },
        ObjectType::ObjectColumn => Kind::RenameColumn { table: table(), column: it.subname.clone(), to },
        ObjectType::ObjectTabconstraint => {
            Kind::RenameConstraint { table: table(), constraint: it.subname.clone(), to }
        }
        ObjectType::ObjectIndex => Kind::RenameIndex { index: table(), to },
        ObjectType::ObjectType | ObjectType::ObjectDomain => {
            Kind::RenameType { name: object(it.object.as_deref()), to }
        }
        _ => Kind::Other { tag: "ALTER … RENAME" },
    }
}

/// `ALTER … SET SCHEMA`.
pub(super) fn schema(it: &AlterObjectSchemaStmt) -> Kind {
    match it.object_type() {
        ObjectType::ObjectTable => Kind::MoveTable { table: range(it.relation.as_ref()), schema: it.newschema.clone() },
        _ => Kind::Other { tag: "ALTER … SET SCHEMA" },
    }
}

/// `ALTER TYPE … ADD VALUE`, `RENAME VALUE`.
pub(super) fn enumeration(it: &AlterEnumStmt) -> Kind {
    if it.old_val.is_empty() {
        Kind::AddEnumValue { name: dotted(&it.type_name), value: it.new_val.clone() }
    } else {
        Kind::Other { tag: "ALTER TYPE" }
    }
}

fn object(node: Option<&Node>) -> Name {
    match node.and_then(|node| node.node.as_ref()) {
        Some(NodeEnum::List(list)) => dotted(&list.items),
        Some(NodeEnum::TypeName(kind)) => dotted(&kind.names),
        _ => Name::bare(""),
    }
}
