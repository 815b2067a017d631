//! Which statement it is.

use super::{
    alter, create,
    expr::{boxed, constant as constant_text, expr},
    function,
    node::{dotted, objects, only, range, relations, strings},
    query, upkeep,
};
use crate::statement::{Insert, Kind, Name, Setting, Update};
use pg_query::{
    Node, NodeEnum,
    protobuf::{
        DropBehavior, DropStmt, InsertStmt, ObjectType, RangeVar, SelectStmt, TransactionStmtKind, UpdateStmt,
        VariableSetKind, VariableSetStmt,
    },
};

/// The kind of a statement's node.
pub(super) fn kind(node: &NodeEnum) -> Kind {
    definition(node)
        .or_else(|| change(node))
        .or_else(|| upkeep::kind(node))
        .unwrap_or_else(|| Kind::Other { tag: tag(node) })
}

/// DDL.
fn definition(node: &NodeEnum) -> Option<Kind> {
    Some(match node {
        NodeEnum::CreateStmt(it) => Kind::CreateTable(Box::new(create::table(it))),
        NodeEnum::CreateTableAsStmt(it) => {
            let table = range(it.into.as_ref().and_then(|into| into.rel.as_ref()));
            if it.objtype() == ObjectType::ObjectMatview {
                let reads = it.query.as_deref().map(reads).unwrap_or_default();
                Kind::CreateView { view: table, reads, materialized: true, replace: false }
            } else {
                let into = it.into.as_ref().and_then(|into| into.rel.as_ref());
                Kind::CreateTableAs { table, if_not_exists: it.if_not_exists, temporary: temporary(into) }
            }
        }
        NodeEnum::AlterTableStmt(it) => alter::table(it),
        NodeEnum::RenameStmt(it) => alter::rename(it),
        NodeEnum::AlterObjectSchemaStmt(it) => alter::schema(it),
        NodeEnum::AlterEnumStmt(it) => alter::enumeration(it),
        NodeEnum::IndexStmt(it) => Kind::CreateIndex(Box::new(create::index(it))),
        NodeEnum::DropStmt(it) => drop(it),
        NodeEnum::CreateSchemaStmt(it) => Kind::CreateSchema { schema: it.schemaname.clone() },
        NodeEnum::CreateEnumStmt(it) => Kind::CreateEnum { name: dotted(&it.type_name), labels: strings(&it.vals) },
        NodeEnum::CreateDomainStmt(it) => Kind::CreateDomain(Box::new(create::domain(it))),
        NodeEnum::AlterDomainStmt(it) => return alter::domain(it),
        NodeEnum::CreateFunctionStmt(it) => Kind::CreateFunction(function::function(it)),
        NodeEnum::CreateSeqStmt(it) => Kind::CreateSequence { name: range(it.sequence.as_ref()) },
        NodeEnum::ViewStmt(it) => Kind::CreateView {
            view: range(it.view.as_ref()),
            reads: it.query.as_deref().map(reads).unwrap_or_default(),
            materialized: false,
            replace: it.replace,
        },
        _ => return None,
    })
}

/// Rows, transactions and code.
fn change(node: &NodeEnum) -> Option<Kind> {
    Some(match node {
        NodeEnum::InsertStmt(it) => Kind::Insert(Box::new(insert(it))),
        NodeEnum::CopyStmt(it) if it.is_from => Kind::Insert(Box::new(Insert {
            table: range(it.relation.as_ref()),
            columns: strings(&it.attlist),
            rows: None,
        })),
        NodeEnum::MergeStmt(it) => {
            Kind::Insert(Box::new(Insert { table: range(it.relation.as_ref()), columns: Vec::new(), rows: None }))
        }
        NodeEnum::UpdateStmt(it) => Kind::Update(Box::new(update(it))),
        NodeEnum::DeleteStmt(it) => Kind::Delete {
            table: range(it.relation.as_ref()),
            using: !it.using_clause.is_empty(),
            condition: it.where_clause.as_deref().map(expr),
        },
        NodeEnum::TruncateStmt(it) => Kind::Truncate {
            tables: relations(&it.relations),
            only: only(&it.relations),
            cascade: it.behavior() == DropBehavior::DropCascade,
        },
        NodeEnum::VariableSetStmt(it) => return setting(it).map(|it| Kind::Set(Box::new(it))),
        NodeEnum::SelectStmt(it) => match it.into_clause.as_deref() {
            Some(into) => Kind::CreateTableAs {
                table: range(into.rel.as_ref()),
                if_not_exists: false,
                temporary: temporary(into.rel.as_ref()),
            },
            None => Kind::Select,
        },
        NodeEnum::TransactionStmt(it) => match it.kind() {
            TransactionStmtKind::TransStmtBegin | TransactionStmtKind::TransStmtStart => Kind::Begin,
            // `COMMIT AND CHAIN` begins the next one at once.
            TransactionStmtKind::TransStmtCommit | TransactionStmtKind::TransStmtRollback if it.chain => Kind::Begin,
            TransactionStmtKind::TransStmtCommit | TransactionStmtKind::TransStmtRollback => Kind::End,
            _ => Kind::Other { tag: "SAVEPOINT" },
        },
        NodeEnum::DoStmt(_) => Kind::Do,
        _ => return None,
    })
}

/// `None` for what sets more than one thing, such as `SET TRANSACTION`.
fn setting(it: &VariableSetStmt) -> Option<Setting> {
    let value = match it.kind() {
        VariableSetKind::VarSetValue => {
            let texts = it.args.iter().filter_map(|node| match node.node.as_ref()? {
                NodeEnum::AConst(constant) => constant_text(constant),
                NodeEnum::TypeCast(cast) => match cast.arg.as_deref()?.node.as_ref()? {
                    NodeEnum::AConst(constant) => constant_text(constant),
                    _ => None,
                },
                _ => None,
            });
            Some(texts.collect::<Vec<_>>().join(", "))
        }
        VariableSetKind::VarSetDefault | VariableSetKind::VarReset => None,
        VariableSetKind::VarResetAll => return Some(Setting { name: "all".to_owned(), value: None, local: false }),
        _ => return None,
    };
    Some(Setting { name: it.name.to_ascii_lowercase(), value, local: it.is_local })
}

/// It is gone with the session.
pub(super) fn temporary(it: Option<&RangeVar>) -> bool {
    it.is_some_and(|it| it.relpersistence == "t" || it.schemaname == "pg_temp")
}

fn drop(it: &DropStmt) -> Kind {
    let cascade = it.behavior() == DropBehavior::DropCascade;
    let names = objects(&it.objects);
    let if_exists = it.missing_ok;
    match it.remove_type() {
        ObjectType::ObjectTable => Kind::DropTable { tables: names, if_exists, cascade },
        ObjectType::ObjectIndex => Kind::DropIndex { indexes: names, concurrently: it.concurrent, if_exists, cascade },
        ObjectType::ObjectSchema => {
            Kind::DropSchema { schemas: names.into_iter().map(|name| name.name).collect(), cascade }
        }
        ObjectType::ObjectType | ObjectType::ObjectDomain => Kind::DropType { names, cascade },
        ObjectType::ObjectSequence => Kind::DropSequence { names },
        sort @ (ObjectType::ObjectView | ObjectType::ObjectMatview) => {
            Kind::DropView { views: names, materialized: sort == ObjectType::ObjectMatview, cascade }
        }
        ObjectType::ObjectTrigger | ObjectType::ObjectPolicy | ObjectType::ObjectRule => upkeep::dropped(it),
        _ => Kind::Other { tag: "DROP" },
    }
}

fn insert(it: &InsertStmt) -> Insert {
    let columns = it.cols.iter().filter_map(|node| match node.node.as_ref()? {
        NodeEnum::ResTarget(target) => Some(target.name.clone()),
        _ => None,
    });
    let select = it.select_stmt.as_deref().and_then(|node| node.node.as_ref());
    let rows = match select {
        Some(NodeEnum::SelectStmt(select)) if !select.values_lists.is_empty() => {
            let rows = select.values_lists.iter().map(|row| match row.node.as_ref() {
                Some(NodeEnum::List(list)) => list.items.iter().map(expr).collect(),
                _ => Vec::new(),
            });
            Some(rows.collect())
        }
        _ => None,
    };
    Insert { table: range(it.relation.as_ref()), columns: columns.collect(), rows }
}

fn update(it: &UpdateStmt) -> Update {
    let set = it.target_list.iter().filter_map(|node| match node.node.as_ref()? {
        // `SET a[1] = …` and `SET a.b = …` leave the rest of the value as it is.
        NodeEnum::ResTarget(target) if target.indirection.is_empty() => {
            Some((target.name.clone(), boxed(target.val.as_deref())))
        }
        NodeEnum::ResTarget(target) => Some((target.name.clone(), crate::statement::Expr::Other)),
        _ => None,
    });
    let (from, mut conditions) = query::sources(&it.from_clause, &query::named(it.with_clause.as_ref()));
    conditions.extend(it.where_clause.as_deref().map(expr));
    Update {
        table: range(it.relation.as_ref()),
        alias: it.relation.as_ref().and_then(|it| it.alias.as_ref()).map(|alias| alias.aliasname.clone()),
        set: set.collect(),
        from,
        condition: query::conjunction(conditions),
    }
}

/// The tables that a view's query names in its `FROM`s; subqueries elsewhere are left out.
pub(super) fn reads(node: &Node) -> Vec<Name> {
    let mut names = Vec::new();
    if let Some(NodeEnum::SelectStmt(select)) = node.node.as_ref() {
        of_select(select, &mut names);
    }
    names.sort();
    names.dedup();
    names
}

fn of_select(select: &SelectStmt, names: &mut Vec<Name>) {
    for part in select.larg.iter().chain(&select.rarg) {
        of_select(part, names);
    }
    for node in &select.from_clause {
        of_from(node, names);
    }
}

fn of_from(node: &Node, names: &mut Vec<Name>) {
    match node.node.as_ref() {
        Some(NodeEnum::RangeVar(it)) => names.push(range(Some(it))),
        Some(NodeEnum::JoinExpr(it)) => {
            for side in [&it.larg, &it.rarg].into_iter().flatten() {
                of_from(side, names);
            }
        }
        Some(NodeEnum::RangeSubselect(it)) => {
            if let Some(NodeEnum::SelectStmt(select)) = it.subquery.as_deref().and_then(|it| it.node.as_ref()) {
                of_select(select, names);
            }
        }
        _ => {}
    }
}

/// The command's name, for those that rules or people ask for.
fn tag(node: &NodeEnum) -> &'static str {
    match node {
        NodeEnum::VariableSetStmt(_) => "SET",
        NodeEnum::CommentStmt(_) => "COMMENT",
        NodeEnum::CreateExtensionStmt(_) => "CREATE EXTENSION",
        NodeEnum::GrantStmt(_) => "GRANT",
        NodeEnum::CallStmt(_) => "CALL",
        NodeEnum::CopyStmt(_) => "COPY",
        NodeEnum::AlterSystemStmt(_) => "ALTER SYSTEM",
        NodeEnum::CreatedbStmt(_) => "CREATE DATABASE",
        NodeEnum::DropdbStmt(_) => "DROP DATABASE",
        NodeEnum::CreateTableSpaceStmt(_) => "CREATE TABLESPACE",
        NodeEnum::DropTableSpaceStmt(_) => "DROP TABLESPACE",
        _ => "other",
    }
}
