//! Locks, rebuilding, and what hangs on a table, out of protobuf.

use super::node::{dotted, only, range, relations, string};
use crate::statement::{Act, Annex, AnnexSort, Kind, Mode, Name, Upkeep};
use pg_query::{
    Node, NodeEnum,
    protobuf::{
        AlterPublicationStmt, CommentStmt, DropStmt, LockStmt, ObjectType, PublicationObjSpec, ReindexObjectType,
        ReindexStmt, VacuumStmt,
    },
};

/// The kind of a statement's node, if it is one of these.
pub(super) fn kind(node: &NodeEnum) -> Option<Kind> {
    let annex = |sort, name: &str, table, act| Kind::Annex(Annex { sort, name: name.to_owned(), table, act });
    Some(match node {
        NodeEnum::ReindexStmt(it) => Kind::Upkeep(reindex(it)),
        NodeEnum::VacuumStmt(it) => Kind::Upkeep(vacuum(it)),
        NodeEnum::LockStmt(it) => Kind::Upkeep(lock(it)),
        NodeEnum::ClusterStmt(it) => {
            Kind::Upkeep(Upkeep::Cluster { table: it.relation.as_ref().map(|it| range(Some(it))) })
        }
        NodeEnum::RefreshMatViewStmt(it) => Kind::Upkeep(Upkeep::Refresh {
            view: range(it.relation.as_ref()),
            concurrently: it.concurrent,
            empty: it.skip_data,
        }),
        NodeEnum::CreateTrigStmt(it) => {
            let sort = if it.row { AnnexSort::RowTrigger } else { AnnexSort::Trigger };
            annex(sort, &it.trigname, range(it.relation.as_ref()), Act::Create)
        }
        NodeEnum::CreatePolicyStmt(it) => {
            annex(AnnexSort::Policy, &it.policy_name, range(it.table.as_ref()), Act::Create)
        }
        NodeEnum::AlterPolicyStmt(it) => {
            annex(AnnexSort::Policy, &it.policy_name, range(it.table.as_ref()), Act::Alter)
        }
        NodeEnum::RuleStmt(it) => annex(AnnexSort::Rule, &it.rulename, range(it.relation.as_ref()), Act::Create),
        NodeEnum::CreateStatsStmt(it) => {
            let table = relations(&it.relations).into_iter().next()?;
            annex(AnnexSort::Statistics, &dotted(&it.defnames).name, table, Act::Create)
        }
        NodeEnum::CommentStmt(it) => annex(AnnexSort::Comment, "", commented(it)?, Act::Create),
        NodeEnum::AlterPublicationStmt(it) => annex(AnnexSort::Publication, &it.pubname, published(it)?, Act::Alter),
        _ => return None,
    })
}

fn reindex(it: &ReindexStmt) -> Upkeep {
    let concurrently = is_given(&it.params, "concurrently");
    let name = || range(it.relation.as_ref());
    match it.kind() {
        ReindexObjectType::ReindexObjectIndex => Upkeep::ReindexIndex { index: name(), concurrently },
        ReindexObjectType::ReindexObjectTable => Upkeep::ReindexTable { table: name(), concurrently },
        _ => Upkeep::ReindexAll { concurrently },
    }
}

fn vacuum(it: &VacuumStmt) -> Upkeep {
    let tables = it.rels.iter().filter_map(|node| match node.node.as_ref()? {
        NodeEnum::VacuumRelation(it) => Some(range(it.relation.as_ref())),
        _ => None,
    });
    let tables = tables.collect();
    if it.is_vacuumcmd {
        Upkeep::Vacuum { tables, full: is_given(&it.options, "full") }
    } else {
        Upkeep::Analyze { tables }
    }
}

/// An option is on: given, and not as `false`, `off` or `0`.
fn is_given(options: &[Node], name: &str) -> bool {
    options.iter().any(|node| match node.node.as_ref() {
        Some(NodeEnum::DefElem(it)) if it.defname == name => {
            match it.arg.as_deref().and_then(|arg| arg.node.as_ref()) {
                Some(NodeEnum::String(word)) => {
                    !matches!(word.sval.to_ascii_lowercase().as_str(), "false" | "off" | "0" | "no")
                }
                Some(NodeEnum::Integer(number)) => number.ival != 0,
                _ => true,
            }
        }
        _ => false,
    })
}

fn lock(it: &LockStmt) -> Upkeep {
    // `storage/lockdefs.h` counts them from 1.
    let place = usize::try_from(it.mode).ok().and_then(|mode| mode.checked_sub(1));
    let mode = place.and_then(|at| Mode::ALL.get(at)).copied().unwrap_or(Mode::AccessExclusive);
    Upkeep::Lock { tables: relations(&it.relations), mode, only: only(&it.relations) }
}

/// What a comment on a relation, or on a column of one, is on; others lock no table that anybody waits for.
fn commented(it: &CommentStmt) -> Option<Name> {
    let Some(NodeEnum::List(list)) = it.object.as_deref()?.node.as_ref() else { return None };
    match it.objtype() {
        ObjectType::ObjectTable | ObjectType::ObjectView | ObjectType::ObjectMatview | ObjectType::ObjectIndex => {
            Some(dotted(&list.items))
        }
        ObjectType::ObjectColumn => {
            let (_, table) = list.items.split_last()?;
            Some(dotted(table))
        }
        _ => None,
    }
}

/// The first table of a publication's change.
fn published(it: &AlterPublicationStmt) -> Option<Name> {
    it.pubobjects.iter().find_map(|node| match node.node.as_ref()? {
        NodeEnum::PublicationObjSpec(object) => {
            let PublicationObjSpec { pubtable, .. } = object.as_ref();
            Some(range(pubtable.as_ref()?.relation.as_ref()))
        }
        _ => None,
    })
}

/// `DROP TRIGGER`, `DROP POLICY`, `DROP RULE`: the last part of the name is theirs.
pub(super) fn dropped(it: &DropStmt) -> Kind {
    let sort = match it.remove_type() {
        ObjectType::ObjectTrigger => AnnexSort::Trigger,
        ObjectType::ObjectPolicy => AnnexSort::Policy,
        _ => AnnexSort::Rule,
    };
    let first = it.objects.first().and_then(|node| node.node.as_ref());
    let Some(NodeEnum::List(list)) = first else { return Kind::Other { tag: "DROP" } };
    let Some((last, table)) = list.items.split_last() else { return Kind::Other { tag: "DROP" } };
    let name = string(last).unwrap_or_default().to_owned();
    Kind::Annex(Annex { sort, name, table: dotted(table), act: Act::Drop })
}
