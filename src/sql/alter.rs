//! `ALTER …` out of protobuf.

use super::{
    create,
    expr::{boxed, expr},
    node::{dotted, given, kind, range, string},
    text, words,
};
use crate::statement::{Act, Action, Annex, AnnexSort, DomainChange, Kind, Name, RowSecurity};
use pg_query::{
    Node, NodeEnum,
    protobuf::{
        AlterDomainStmt, AlterEnumStmt, AlterObjectSchemaStmt, AlterTableCmd, AlterTableStmt, AlterTableType as Sub,
        DropBehavior, ObjectType, RenameStmt,
    },
};

/// `ALTER TABLE` (and what shares its node: views, indexes, sequences).
pub(super) fn table(it: &AlterTableStmt) -> Kind {
    match it.objtype() {
        ObjectType::ObjectTable => {}
        ObjectType::ObjectIndex => return index(it),
        ObjectType::ObjectView | ObjectType::ObjectMatview => {
            return Kind::AlterView { view: range(it.relation.as_ref()) };
        }
        ObjectType::ObjectSequence => return Kind::Other { tag: "ALTER SEQUENCE" },
        ObjectType::ObjectType => return Kind::Other { tag: "ALTER TYPE" },
        _ => return Kind::Other { tag: "ALTER" },
    }
    let actions = it.cmds.iter().map(|node| match node.node.as_ref() {
        Some(NodeEnum::AlterTableCmd(command)) => action(command),
        _ => Action::Other,
    });
    Kind::AlterTable {
        table: range(it.relation.as_ref()),
        if_exists: it.missing_ok,
        only: it.relation.as_ref().is_some_and(|it| !it.inh),
        actions: actions.collect(),
    }
}

/// `ALTER INDEX`.
fn index(it: &AlterTableStmt) -> Kind {
    let first = it.cmds.first().and_then(|node| node.node.as_ref());
    if let Some(NodeEnum::AlterTableCmd(command)) = first
        && let Some(NodeEnum::PartitionCmd(partition)) = command.def.as_deref().and_then(|node| node.node.as_ref())
    {
        let (index, partition) = (range(it.relation.as_ref()), range(partition.name.as_ref()));
        return Kind::AttachIndex { index, partition };
    }
    Kind::Other { tag: "ALTER INDEX" }
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
        (Sub::AtColumnDefault, Some(_)) => Action::SetDefault {
            column: name(),
            default: Box::new(boxed(def)),
            sql: def.map(text::expression).unwrap_or_default(),
        },
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
            collation: words::collation(def),
        },
        (Sub::AtAttachPartition, Some(NodeEnum::PartitionCmd(command))) => {
            let default = command.bound.as_ref().is_some_and(|it| it.is_default);
            Action::AttachPartition {
                partition: range(command.name.as_ref()),
                default,
                bound: command.bound.as_ref().map(words::bound).unwrap_or_default(),
            }
        }
        (Sub::AtDetachPartition, Some(NodeEnum::PartitionCmd(command))) => {
            Action::DetachPartition { partition: range(command.name.as_ref()), concurrently: command.concurrent }
        }
        _ => of_column(it).or_else(|| of_table(it, inner)).unwrap_or(Action::Other),
    }
}

/// What else is done to a column.
fn of_column(it: &AlterTableCmd) -> Option<Action> {
    let column = it.name.clone();
    Some(match it.subtype() {
        Sub::AtSetExpression => Action::SetExpression { column },
        Sub::AtDropExpression => Action::DropExpression { column },
        Sub::AtAddIdentity => match it.def.as_deref().and_then(|node| node.node.as_ref()) {
            Some(NodeEnum::Constraint(def)) => Action::AddIdentity { column, sql: words::identity(def) },
            _ => return None,
        },
        Sub::AtSetIdentity => Action::AlterIdentity { column, always: generated_always(it) },
        Sub::AtDropIdentity => Action::DropIdentity { column },
        Sub::AtSetStorage => Action::SetStorage { column },
        Sub::AtSetCompression => Action::SetCompression { column },
        Sub::AtSetStatistics => Action::SetStatistics { column },
        Sub::AtSetOptions | Sub::AtResetOptions => Action::SetColumnOptions { column },
        _ => return None,
    })
}

/// `SET GENERATED ALWAYS` or `BY DEFAULT`, if either.
fn generated_always(it: &AlterTableCmd) -> Option<bool> {
    let Some(NodeEnum::List(list)) = it.def.as_deref()?.node.as_ref() else { return None };
    list.items.iter().find_map(|node| match node.node.as_ref()? {
        NodeEnum::DefElem(it) if it.defname == "generated" => match it.arg.as_deref()?.node.as_ref()? {
            NodeEnum::Integer(it) => Some(it.ival == i32::from(b'a')),
            _ => it.arg.as_deref().and_then(string).map(|it| it == "a"),
        },
        _ => None,
    })
}

/// What else is done to a table.
fn of_table(it: &AlterTableCmd, def: Option<&NodeEnum>) -> Option<Action> {
    let parent = || match def {
        Some(NodeEnum::RangeVar(parent)) => range(Some(parent)),
        _ => Name::bare(""),
    };
    Some(match it.subtype() {
        Sub::AtAlterConstraint => match def {
            Some(NodeEnum::AtalterConstraint(def)) => Action::AlterConstraint { constraint: def.conname.clone() },
            Some(NodeEnum::Constraint(def)) => Action::AlterConstraint { constraint: def.conname.clone() },
            _ => return None,
        },
        Sub::AtSetRelOptions | Sub::AtResetRelOptions | Sub::AtReplaceRelOptions => match def {
            Some(NodeEnum::List(list)) => Action::SetOptions(list.items.iter().filter_map(option).collect()),
            _ => return None,
        },
        Sub::AtSetLogged => Action::SetLogged,
        Sub::AtSetUnLogged => Action::SetUnlogged,
        Sub::AtSetTableSpace => Action::SetTablespace { tablespace: it.name.clone() },
        Sub::AtSetAccessMethod => Action::SetAccessMethod { method: given(&it.name) },
        Sub::AtClusterOn | Sub::AtDropCluster => Action::ClusterOn,
        Sub::AtEnableTrig
        | Sub::AtEnableAlwaysTrig
        | Sub::AtEnableReplicaTrig
        | Sub::AtDisableTrig
        | Sub::AtEnableTrigAll
        | Sub::AtDisableTrigAll
        | Sub::AtEnableTrigUser
        | Sub::AtDisableTrigUser => Action::SwitchTrigger,
        Sub::AtEnableRule | Sub::AtEnableAlwaysRule | Sub::AtEnableReplicaRule | Sub::AtDisableRule => {
            Action::SwitchRule
        }
        Sub::AtAddInherit => Action::Inherit { parent: parent() },
        Sub::AtDropInherit => Action::NoInherit { parent: parent() },
        Sub::AtReplicaIdentity => Action::ReplicaIdentity,
        Sub::AtEnableRowSecurity => Action::RowSecurity(RowSecurity::Enable),
        Sub::AtDisableRowSecurity => Action::RowSecurity(RowSecurity::Disable),
        Sub::AtForceRowSecurity => Action::RowSecurity(RowSecurity::Force),
        Sub::AtNoForceRowSecurity => Action::RowSecurity(RowSecurity::NoForce),
        Sub::AtChangeOwner => Action::Owner,
        _ => return None,
    })
}

/// A storage parameter's name.
fn option(node: &Node) -> Option<String> {
    match node.node.as_ref()? {
        NodeEnum::DefElem(it) => Some(it.defname.clone()),
        _ => None,
    }
}

/// `ALTER DOMAIN` (`AlterDomainStmt.subtype` in PostgreSQL's `parsenodes.h`).
pub(super) fn domain(it: &AlterDomainStmt) -> Option<Kind> {
    let change = match (it.subtype.as_str(), it.def.as_deref()) {
        ("T", None) => DomainChange::Default(None),
        ("T", def) => DomainChange::Default(Some(boxed(def))),
        ("N", _) => DomainChange::DropNotNull,
        ("O", _) => DomainChange::SetNotNull,
        ("C", Some(Node { node: Some(NodeEnum::Constraint(def)) })) => {
            DomainChange::AddConstraint(create::constraint(def, Some("VALUE"))?)
        }
        ("X", _) => DomainChange::DropConstraint { constraint: it.name.clone() },
        ("V", _) => DomainChange::ValidateConstraint { constraint: it.name.clone() },
        _ => return None,
    };
    Some(Kind::AlterDomain { name: dotted(&it.type_name), change: Box::new(change) })
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
        ObjectType::ObjectView | ObjectType::ObjectMatview => Kind::AlterView { view: table() },
        sort @ (ObjectType::ObjectTrigger | ObjectType::ObjectPolicy | ObjectType::ObjectRule) => {
            let sort = match sort {
                ObjectType::ObjectTrigger => AnnexSort::Trigger,
                ObjectType::ObjectPolicy => AnnexSort::Policy,
                _ => AnnexSort::Rule,
            };
            Kind::Annex(Annex { sort, name: it.subname.clone(), table: table(), act: Act::Rename })
        }
        _ => Kind::Other { tag: "ALTER … RENAME" },
    }
}

/// `ALTER … SET SCHEMA`.
pub(super) fn schema(it: &AlterObjectSchemaStmt) -> Kind {
    match it.object_type() {
        ObjectType::ObjectTable => Kind::MoveTable { table: range(it.relation.as_ref()), schema: it.newschema.clone() },
        ObjectType::ObjectView | ObjectType::ObjectMatview => Kind::AlterView { view: range(it.relation.as_ref()) },
        _ => Kind::Other { tag: "ALTER … SET SCHEMA" },
    }
}

/// `ALTER TYPE … ADD VALUE`, `RENAME VALUE`.
pub(super) fn enumeration(it: &AlterEnumStmt) -> Kind {
    if it.old_val.is_empty() {
        Kind::AddEnumValue { name: dotted(&it.type_name), value: it.new_val.clone() }
    } else {
        let (from, to) = (it.old_val.clone(), it.new_val.clone());
        Kind::RenameEnumValue { name: dotted(&it.type_name), from, to }
    }
}

fn object(node: Option<&Node>) -> Name {
    match node.and_then(|node| node.node.as_ref()) {
        Some(NodeEnum::List(list)) => dotted(&list.items),
        Some(NodeEnum::TypeName(kind)) => dotted(&kind.names),
        _ => Name::bare(""),
    }
}
