//! Tables, columns, constraints and indexes out of protobuf.

use super::{
    expr::boxed,
    node::{dotted, given, kind, range, relations, strings},
    text, words,
};
use crate::statement::{Column, Constraint, CreateIndex, CreateTable, Demand, Domain, Generation, PartitionOf};
use pg_query::{
    Node, NodeEnum,
    protobuf::{self, ConstrType, CreateDomainStmt, CreateStmt, IndexStmt, SortByDir, SortByNulls},
};

/// `CREATE TABLE`.
pub(super) fn table(it: &CreateStmt) -> CreateTable {
    let mut whole = it.inh_relations.is_empty() && it.of_typename.is_none() && it.partbound.is_none();
    let (mut columns, mut constraints) = (Vec::new(), Vec::new());
    for element in &it.table_elts {
        match element.node.as_ref() {
            Some(NodeEnum::ColumnDef(def)) => columns.push(column(def)),
            Some(NodeEnum::Constraint(def)) => constraints.extend(constraint(def, None)),
            _ => whole = false,
        }
    }
    // A history of thousands holds all of them at once.
    columns.shrink_to_fit();
    constraints.shrink_to_fit();
    CreateTable {
        table: range(it.relation.as_ref()),
        columns,
        constraints,
        if_not_exists: it.if_not_exists,
        whole,
        partitioned: it.partspec.is_some(),
        partition_of: it.partbound.as_ref().and_then(|bound| {
            let parent = relations(&it.inh_relations).into_iter().next()?;
            Some(PartitionOf { parent, default: bound.is_default, bound: words::bound(bound) })
        }),
        inherits: if it.partbound.is_some() { Vec::new() } else { relations(&it.inh_relations) },
        unlogged: it.relation.as_ref().is_some_and(|it| it.relpersistence == "u"),
        temporary: super::kind::temporary(it.relation.as_ref()),
        partition_by: it.partspec.as_ref().map(words::partition_by),
        likes: words::likes(it),
    }
}

/// A column with its own constraints.
pub(super) fn column(it: &protobuf::ColumnDef) -> Column {
    let mut kind = kind(it.type_name.as_ref());
    let serial = match kind.name.as_str() {
        "smallserial" | "serial2" => Some("int2"),
        "serial" | "serial4" => Some("int4"),
        "bigserial" | "serial8" => Some("int8"),
        _ => None,
    };
    if let Some(name) = serial {
        name.clone_into(&mut kind.name);
    }
    let mut column = Column {
        name: it.colname.clone(),
        kind,
        not_null: it.is_not_null || serial.is_some(),
        default: it.raw_default.as_deref().map(super::expr::expr),
        generated: serial.is_some(),
        generation: serial.map(|_| Generation::Serial),
        constraints: Vec::new(),
        default_sql: it.raw_default.as_deref().map(text::expression),
        generation_sql: None,
        collation: words::collation(it),
    };
    for node in &it.constraints {
        let Some(NodeEnum::Constraint(def)) = node.node.as_ref() else { continue };
        match def.contype() {
            ConstrType::ConstrNotnull => column.not_null = true,
            ConstrType::ConstrDefault => {
                column.default = Some(boxed(def.raw_expr.as_deref()));
                column.default_sql = def.raw_expr.as_deref().map(text::expression);
            }
            ConstrType::ConstrIdentity => {
                column.generated = true;
                column.generation = Some(Generation::Identity);
                column.generation_sql = Some(words::identity(def));
                column.not_null = true;
            }
            ConstrType::ConstrGenerated => {
                column.generated = true;
                column.generation_sql = Some(words::computed(def));
                let value = boxed(def.raw_expr.as_deref());
                // `ATTRIBUTE_GENERATED_STORED`; nothing is written by default, which is VIRTUAL since version 18.
                let stored = def.generated_kind == "s";
                column.generation = Some(if stored { Generation::Stored(value) } else { Generation::Virtual(value) });
            }
            // Written behind the constraint that it is about.
            ConstrType::ConstrAttrNotEnforced => {
                if let Some(last) = column.constraints.last_mut() {
                    (last.enforced, last.valid) = (false, false);
                }
            }
            ConstrType::ConstrPrimary => {
                column.not_null = true;
                column.constraints.extend(constraint(def, Some(&it.colname)));
            }
            _ => column.constraints.extend(constraint(def, Some(&it.colname))),
        }
    }
    column.constraints.shrink_to_fit();
    column
}

/// A constraint; for one that is written with a column, the column.
pub(super) fn constraint(it: &protobuf::Constraint, column: Option<&str>) -> Option<Constraint> {
    let columns = |nodes: &[Node]| match column {
        Some(column) if nodes.is_empty() => vec![column.to_owned()],
        _ => strings(nodes),
    };
    let using = given(&it.indexname);
    let rule = match it.contype() {
        ConstrType::ConstrPrimary => Demand::PrimaryKey { columns: columns(&it.keys), using },
        ConstrType::ConstrUnique => Demand::Unique { columns: columns(&it.keys), using },
        ConstrType::ConstrCheck => Demand::Check(boxed(it.raw_expr.as_deref())),
        ConstrType::ConstrForeign => Demand::ForeignKey {
            columns: columns(&it.fk_attrs),
            table: range(it.pktable.as_ref()),
            referred: strings(&it.pk_attrs),
        },
        ConstrType::ConstrNotnull => {
            Demand::NotNull { column: columns(&it.keys).into_iter().next().unwrap_or_default() }
        }
        ConstrType::ConstrExclusion => Demand::Exclude,
        _ => return None,
    };
    Some(Constraint {
        name: given(&it.conname),
        valid: !it.skip_validation,
        enforced: it.is_enforced || !may_be_idle(it.contype()),
        no_inherit: it.is_no_inherit,
        rule,
        sql: words::constraint(it),
    })
}

/// `NOT ENFORCED` can be said of it; the grammar leaves the field of others unset.
fn may_be_idle(kind: ConstrType) -> bool {
    matches!(kind, ConstrType::ConstrCheck | ConstrType::ConstrForeign)
}

/// `CREATE INDEX`.
pub(super) fn index(it: &IndexStmt) -> CreateIndex {
    let mut plain = it.index_including_params.is_empty()
        && it.where_clause.is_none()
        && it.options.is_empty()
        && it.table_space.is_empty()
        && !it.nulls_not_distinct;
    let (mut columns, mut mentions) = (Vec::new(), Vec::new());
    if let Some(condition) = it.where_clause.as_deref() {
        mentions.extend(super::expr::expr(condition).columns());
    }
    for node in &it.index_params {
        let Some(NodeEnum::IndexElem(element)) = node.node.as_ref() else { continue };
        plain &= element.expr.is_none()
            && element.collation.is_empty()
            && element.opclass.is_empty()
            && element.ordering() == SortByDir::SortbyDefault
            && element.nulls_ordering() == SortByNulls::SortbyNullsDefault;
        columns.push(given(&element.name));
        mentions.extend(element.expr.as_deref().map(|it| super::expr::expr(it).columns()).unwrap_or_default());
    }
    CreateIndex {
        index: given(&it.idxname),
        table: range(it.relation.as_ref()),
        method: if it.access_method.is_empty() { "btree".to_owned() } else { it.access_method.clone() },
        columns,
        unique: it.unique,
        concurrently: it.concurrent,
        if_not_exists: it.if_not_exists,
        only: it.relation.as_ref().is_some_and(|it| !it.inh),
        partial: it.where_clause.is_some(),
        mentions,
        plain,
        sql: words::index(it, plain),
    }
}

/// `CREATE DOMAIN`.
pub(super) fn domain(it: &CreateDomainStmt) -> Domain {
    let (mut constraints, mut default) = (Vec::new(), None);
    for node in &it.constraints {
        let Some(NodeEnum::Constraint(def)) = node.node.as_ref() else { continue };
        if def.contype() == ConstrType::ConstrDefault {
            default = Some(boxed(def.raw_expr.as_deref()));
        }
        constraints.extend(constraint(def, Some("VALUE")));
    }
    Domain { name: dotted(&it.domainname), base: kind(it.type_name.as_ref()), constraints, default }
}
