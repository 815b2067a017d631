//! What of a statement's grammar older servers do not know.
//!
//! Each fact is executed on every major version by `tests/witness/newer.py`. What all servers since 14 know is no fact.

use crate::statement::Newer;
use pg_query::{
    Node, NodeEnum,
    protobuf::{
        AlterTableCmd, AlterTableType, ColumnDef, ConstrType, Constraint, CopyStmt, MergeMatchKind, MergeStmt,
        ObjectType, PublicationObjSpecType, ReindexObjectType, SelectStmt,
    },
};

/// The part of the statement that asks for the latest server, if it asks for one after 14.
pub(super) fn newer(node: &NodeEnum) -> Option<Newer> {
    all(node).into_iter().max_by_key(|it| it.since)
}

fn all(node: &NodeEnum) -> Vec<Newer> {
    let one = |is: bool, since: u32, what: &'static str| is.then_some(Newer { since, what }).into_iter().collect();
    match node {
        NodeEnum::CreateStmt(it) => it.table_elts.iter().flat_map(element).collect(),
        NodeEnum::AlterTableStmt(it) => {
            let view = it.objtype() == ObjectType::ObjectView;
            commands(&it.cmds).flat_map(|command| of_command(command, view)).collect()
        }
        NodeEnum::IndexStmt(it) => one(it.nulls_not_distinct, 15, "NULLS NOT DISTINCT"),
        NodeEnum::MergeStmt(it) => vec![merge(it)],
        NodeEnum::ViewStmt(it) => {
            let mut found = it.query.as_deref().and_then(|it| it.node.as_ref()).map(all).unwrap_or_default();
            found.extend(one(has(&it.options, "security_invoker"), 15, "security_invoker") as Vec<Newer>);
            found
        }
        NodeEnum::CreateTableAsStmt(it) => {
            it.query.as_deref().and_then(|it| it.node.as_ref()).map(all).unwrap_or_default()
        }
        NodeEnum::SelectStmt(it) => one(nameless(it), 16, "a subquery in FROM without a name"),
        NodeEnum::InsertStmt(it) => {
            one(it.returning_clause.as_ref().is_some_and(|it| !it.options.is_empty()), 18, "RETURNING WITH")
        }
        NodeEnum::UpdateStmt(it) => {
            one(it.returning_clause.as_ref().is_some_and(|it| !it.options.is_empty()), 18, "RETURNING WITH")
        }
        NodeEnum::DeleteStmt(it) => {
            one(it.returning_clause.as_ref().is_some_and(|it| !it.options.is_empty()), 18, "RETURNING WITH")
        }
        NodeEnum::ReindexStmt(it) => {
            let whole =
                matches!(it.kind(), ReindexObjectType::ReindexObjectDatabase | ReindexObjectType::ReindexObjectSystem);
            one(whole && it.name.is_empty(), 16, "REINDEX without a name")
        }
        NodeEnum::CreateStatsStmt(it) => one(it.defnames.is_empty(), 16, "CREATE STATISTICS without a name"),
        NodeEnum::GrantStmt(it) => {
            let maintain = it.privileges.iter().any(|node| match node.node.as_ref() {
                Some(NodeEnum::AccessPriv(it)) => it.priv_name == "maintain",
                _ => false,
            });
            let parameter = it.objtype() == ObjectType::ObjectParameterAcl;
            let mut found: Vec<Newer> = one(maintain, 17, "GRANT MAINTAIN");
            found.extend(one(parameter, 15, "rights on a parameter") as Vec<Newer>);
            found
        }
        NodeEnum::CreatePublicationStmt(it) => it.pubobjects.iter().filter_map(published).collect(),
        NodeEnum::AlterPublicationStmt(it) => it.pubobjects.iter().filter_map(published).collect(),
        NodeEnum::CopyStmt(it) => copy(it),
        _ => Vec::new(),
    }
}

fn commands(nodes: &[Node]) -> impl Iterator<Item = &AlterTableCmd> {
    nodes.iter().filter_map(|node| match node.node.as_ref()? {
        NodeEnum::AlterTableCmd(command) => Some(command.as_ref()),
        _ => None,
    })
}

/// An option is given, whatever its value.
fn has(options: &[Node], name: &str) -> bool {
    options.iter().any(|node| matches!(&node.node, Some(NodeEnum::DefElem(it)) if it.defname == name))
}

/// A part of `CREATE TABLE`.
fn element(node: &Node) -> Vec<Newer> {
    match node.node.as_ref() {
        Some(NodeEnum::ColumnDef(it)) => column(it),
        Some(NodeEnum::Constraint(it)) => constraint(it, true),
        _ => Vec::new(),
    }
}

fn column(it: &ColumnDef) -> Vec<Newer> {
    let own = it.constraints.iter().filter_map(|node| match node.node.as_ref()? {
        NodeEnum::Constraint(it) => Some(constraint(it, false)),
        _ => None,
    });
    let mut found: Vec<Newer> = own.flatten().collect();
    if !it.storage_name.is_empty() {
        found.push(Newer { since: 16, what: "STORAGE of a new column" });
    }
    found
}

/// A constraint of a column, or one of the whole table.
fn constraint(it: &Constraint, of_table: bool) -> Vec<Newer> {
    let kind = it.contype();
    let virtual_column = kind == ConstrType::ConstrGenerated && it.generated_kind == "v";
    let enforced = matches!(kind, ConstrType::ConstrAttrEnforced | ConstrType::ConstrAttrNotEnforced)
        || (matches!(kind, ConstrType::ConstrCheck | ConstrType::ConstrForeign) && !it.is_enforced);
    [
        (it.nulls_not_distinct, 15, "NULLS NOT DISTINCT"),
        (!it.fk_del_set_cols.is_empty(), 15, "ON DELETE SET with a list of columns"),
        (virtual_column, 18, Newer::VIRTUAL),
        (kind == ConstrType::ConstrNotnull && of_table, 18, "NOT NULL as a constraint of the table"),
        (it.without_overlaps, 18, "WITHOUT OVERLAPS"),
        (it.fk_with_period, 18, "PERIOD"),
        (enforced, 18, "NOT ENFORCED"),
    ]
    .into_iter()
    .filter(|(is, ..)| *is)
    .map(|(_, since, what)| Newer { since, what })
    .collect()
}

fn of_command(it: &AlterTableCmd, view: bool) -> Vec<Newer> {
    let def = it.def.as_deref().and_then(|it| it.node.as_ref());
    let one = |is: bool, since: u32, what: &'static str| is.then_some(Newer { since, what }).into_iter().collect();
    match (it.subtype(), def) {
        (AlterTableType::AtAddConstraint, Some(NodeEnum::Constraint(it))) => constraint(it, true),
        (AlterTableType::AtAddColumn, Some(NodeEnum::ColumnDef(it))) => column(it),
        (AlterTableType::AtSetAccessMethod, _) if it.name.is_empty() => one(true, 17, "SET ACCESS METHOD DEFAULT"),
        (AlterTableType::AtSetAccessMethod, _) => one(true, 15, "SET ACCESS METHOD"),
        (AlterTableType::AtSetExpression, _) => one(true, 17, "SET EXPRESSION"),
        (AlterTableType::AtSetStatistics, None) => one(true, 17, "SET STATISTICS DEFAULT"),
        (AlterTableType::AtAlterConstraint, Some(NodeEnum::AtalterConstraint(it))) => {
            one(it.alter_enforceability || it.alter_inheritability, 18, "ALTER CONSTRAINT for more than DEFERRABLE")
        }
        (AlterTableType::AtSetRelOptions, Some(NodeEnum::List(list))) => {
            one(view && has(&list.items, "security_invoker"), 15, "security_invoker")
        }
        (AlterTableType::AtSetStorage, Some(NodeEnum::String(it))) => {
            one(it.sval.eq_ignore_ascii_case("default"), 16, "SET STORAGE DEFAULT")
        }
        _ => Vec::new(),
    }
}

fn merge(it: &MergeStmt) -> Newer {
    let without_source = it.merge_when_clauses.iter().any(|node| match node.node.as_ref() {
        Some(NodeEnum::MergeWhenClause(it)) => it.match_kind() == MergeMatchKind::MergeWhenNotMatchedBySource,
        _ => false,
    });
    match &it.returning_clause {
        Some(_) => Newer { since: 17, what: "MERGE with RETURNING" },
        None if without_source => Newer { since: 17, what: "MERGE with NOT MATCHED BY SOURCE" },
        None => Newer { since: 15, what: "MERGE" },
    }
}

fn nameless(it: &SelectStmt) -> bool {
    it.from_clause.iter().any(|node| matches!(&node.node, Some(NodeEnum::RangeSubselect(it)) if it.alias.is_none()))
}

/// A part of a publication: a schema, or a table with a filter or a list of columns.
fn published(node: &Node) -> Option<Newer> {
    let Some(NodeEnum::PublicationObjSpec(it)) = node.node.as_ref() else { return None };
    let part = it.pubtable.as_ref().is_some_and(|it| it.where_clause.is_some() || !it.columns.is_empty());
    match it.pubobjtype() {
        PublicationObjSpecType::PublicationobjTablesInSchema
        | PublicationObjSpecType::PublicationobjTablesInCurSchema => {
            Some(Newer { since: 15, what: "TABLES IN SCHEMA of a publication" })
        }
        _ if part => Some(Newer { since: 15, what: "a part of a table in a publication" }),
        _ => None,
    }
}

fn copy(it: &CopyStmt) -> Vec<Newer> {
    [
        ("default", 16, "COPY with DEFAULT"),
        ("on_error", 17, "COPY with ON_ERROR"),
        ("reject_limit", 18, "COPY with REJECT_LIMIT"),
    ]
    .into_iter()
    .filter(|(name, ..)| has(&it.options, name))
    .map(|(_, since, what)| Newer { since, what })
    .collect()
}
