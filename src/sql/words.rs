//! What of tables, constraints and indexes is kept as SQL.

use super::{
    node::{dotted, range},
    text,
};
use crate::statement::{Name, identifier};
use pg_query::{
    Node, NodeEnum,
    protobuf::{self, ConstrType, CreateStmt, IndexStmt},
};

/// `RANGE (a)`.
pub(super) fn partition_by(spec: &protobuf::PartitionSpec) -> String {
    let bare = CreateStmt {
        relation: Some(text::relation("t")),
        partspec: Some(spec.clone()),
        oncommit: protobuf::OnCommitAction::OncommitNoop.into(),
        ..CreateStmt::default()
    };
    text::after(&NodeEnum::CreateStmt(bare), "CREATE TABLE t ()").trim_start_matches("PARTITION BY ").to_owned()
}

/// `LIKE` others.
pub(super) fn likes(it: &CreateStmt) -> Vec<(Name, u32)> {
    let likes = it.table_elts.iter().filter_map(|node| match node.node.as_ref()? {
        NodeEnum::TableLikeClause(like) => Some((range(like.relation.as_ref()), like.options)),
        _ => None,
    });
    likes.collect()
}

/// `FOR VALUES …` or `DEFAULT`.
pub(super) fn bound(it: &protobuf::PartitionBoundSpec) -> String {
    let parent = Node { node: Some(NodeEnum::RangeVar(text::relation("p"))) };
    let bare = CreateStmt {
        relation: Some(text::relation("t")),
        inh_relations: vec![parent],
        partbound: Some(it.clone()),
        oncommit: protobuf::OnCommitAction::OncommitNoop.into(),
        ..CreateStmt::default()
    };
    text::after(&NodeEnum::CreateStmt(bare), "CREATE TABLE t PARTITION OF p ")
}

/// `COLLATE`.
pub(super) fn collation(it: &protobuf::ColumnDef) -> Option<Name> {
    it.coll_clause.as_ref().map(|it| dotted(&it.collname))
}

/// `GENERATED … AS IDENTITY`.
pub(super) fn identity(it: &protobuf::Constraint) -> String {
    let sequence = protobuf::CreateSeqStmt {
        sequence: Some(text::relation("s")),
        options: it.options.clone(),
        ..protobuf::CreateSeqStmt::default()
    };
    let when = if it.generated_when == "a" { "ALWAYS" } else { "BY DEFAULT" };
    if it.options.is_empty() {
        return format!("GENERATED {when} AS IDENTITY");
    }
    let options = text::after(&NodeEnum::CreateSeqStmt(sequence), "CREATE SEQUENCE s");
    format!("GENERATED {when} AS IDENTITY ({options})")
}

/// `GENERATED ALWAYS AS (…)`.
pub(super) fn computed(it: &protobuf::Constraint) -> String {
    let expression = it.raw_expr.as_deref().map(text::expression).unwrap_or_default();
    let stored = if it.generated_kind == "s" { " STORED" } else { "" };
    format!("GENERATED ALWAYS AS ({expression}){stored}")
}

/// What of a constraint is kept as SQL.
pub(super) fn constraint(it: &protobuf::Constraint) -> String {
    let mut sql = match it.contype() {
        ConstrType::ConstrCheck => {
            let expression = it.raw_expr.as_deref().map(text::expression).unwrap_or_default();
            format!("CHECK ({expression}){}", if it.is_no_inherit { " NO INHERIT" } else { "" })
        }
        ConstrType::ConstrExclusion => return exclusion(it),
        ConstrType::ConstrPrimary | ConstrType::ConstrUnique if !it.including.is_empty() => {
            format!("INCLUDE ({})", text::list(&it.including))
        }
        ConstrType::ConstrForeign => foreign(it),
        _ => String::new(),
    };
    if it.nulls_not_distinct {
        sql.insert_str(0, "NULLS NOT DISTINCT ");
    }
    if it.deferrable {
        sql.push_str(" DEFERRABLE");
    }
    if it.initdeferred {
        sql.push_str(" INITIALLY DEFERRED");
    }
    sql.trim_start().to_owned()
}

fn exclusion(it: &protobuf::Constraint) -> String {
    let bare = protobuf::Constraint { conname: String::new(), ..it.clone() };
    let command = protobuf::AlterTableCmd {
        subtype: protobuf::AlterTableType::AtAddConstraint.into(),
        def: Some(Box::new(Node { node: Some(NodeEnum::Constraint(Box::new(bare))) })),
        behavior: protobuf::DropBehavior::DropRestrict.into(),
        ..protobuf::AlterTableCmd::default()
    };
    let alter = protobuf::AlterTableStmt {
        relation: Some(text::relation("t")),
        cmds: vec![Node { node: Some(NodeEnum::AlterTableCmd(Box::new(command))) }],
        objtype: protobuf::ObjectType::ObjectTable.into(),
        missing_ok: false,
    };
    text::after(&NodeEnum::AlterTableStmt(alter), "ALTER TABLE t ADD ")
}

fn foreign(it: &protobuf::Constraint) -> String {
    let mut sql = String::new();
    if it.fk_matchtype == "f" {
        sql.push_str(" MATCH FULL");
    }
    let action = |code: &str| match code {
        "r" => Some("RESTRICT"),
        "c" => Some("CASCADE"),
        "n" => Some("SET NULL"),
        "d" => Some("SET DEFAULT"),
        _ => None,
    };
    for (event, code) in [("UPDATE", &it.fk_upd_action), ("DELETE", &it.fk_del_action)] {
        if let Some(action) = action(code) {
            sql.extend([" ON ", event, " ", action]);
            if event == "DELETE" && !it.fk_del_set_cols.is_empty() {
                sql.extend([" (", &text::list(&it.fk_del_set_cols), ")"]);
            }
        }
    }
    sql
}

/// All of an index that follows its table.
pub(super) fn index(it: &IndexStmt, plain: bool) -> String {
    if plain && matches!(it.access_method.as_str(), "" | "btree") {
        let names = it.index_params.iter().filter_map(|node| match node.node.as_ref()? {
            NodeEnum::IndexElem(element) => Some(identifier(&element.name)),
            _ => None,
        });
        return format!("USING btree ({})", names.collect::<Vec<_>>().join(", "));
    }
    let bare = IndexStmt {
        idxname: "i".to_owned(),
        relation: Some(text::relation("t")),
        unique: false,
        concurrent: false,
        if_not_exists: false,
        ..it.clone()
    };
    let sql = text::after(&NodeEnum::IndexStmt(Box::new(bare)), "CREATE INDEX i ON t ");
    if sql.starts_with("USING") { sql } else { format!("USING btree {sql}") }
}
