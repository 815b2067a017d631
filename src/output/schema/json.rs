//! The schema as one JSON object.

use super::{Left, Spot};
use crate::{
    schema::{Column, Constraint, Index, Known, Made, Object, Schema, Sort, Table},
    statement::{Demand, Generation, Name, Volatility, formatted},
};
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct Document {
    schemas: Vec<History>,
}

#[derive(Serialize)]
struct History {
    environment: String,
    at: Vec<String>,
    complete: bool,
    unresolved: Vec<Gap>,
    extensions: Vec<Thing>,
    namespaces: Vec<Thing>,
    types: Vec<Type>,
    sequences: Vec<Sequence>,
    tables: Vec<Relation>,
    views: Vec<View>,
    functions: Vec<Function>,
    others: Vec<Thing>,
}

#[derive(Serialize)]
struct Gap {
    #[serde(flatten)]
    spot: Spot,
    reason: String,
    class: &'static str,
}

/// What everything has.
#[derive(Serialize)]
struct Common {
    schema: String,
    name: String,
    comment: Option<String>,
    made: Option<Spot>,
    changed: Option<Spot>,
}

#[derive(Serialize)]
struct Thing {
    #[serde(flatten)]
    common: Common,
    kind: &'static str,
    on: Option<String>,
    definition: String,
}

#[derive(Serialize)]
struct Type {
    #[serde(flatten)]
    common: Common,
    kind: &'static str,
    values: Option<Vec<String>>,
    definition: Option<String>,
}

#[derive(Serialize)]
struct Sequence {
    #[serde(flatten)]
    common: Common,
    options: String,
    owned_by: Option<Owner>,
    serial: bool,
}

#[derive(Serialize)]
struct Owner {
    table: String,
    column: String,
}

#[derive(Serialize)]
struct View {
    #[serde(flatten)]
    common: Common,
    materialized: bool,
    reads: Vec<String>,
    definition: String,
    /// The text may have old names in it.
    stale: bool,
    indexes: Vec<Ix>,
}

#[derive(Serialize)]
struct Function {
    #[serde(flatten)]
    common: Common,
    volatility: &'static str,
    definition: String,
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the format")]
struct Relation {
    #[serde(flatten)]
    common: Common,
    /// All its columns and constraints are known.
    whole: bool,
    unlogged: bool,
    partition_by: Option<String>,
    partition_of: Option<String>,
    bound: Option<String>,
    inherits: Vec<String>,
    row_security: bool,
    force_row_security: bool,
    columns: Vec<Col>,
    constraints: Vec<Con>,
    indexes: Vec<Ix>,
    triggers: Vec<Thing>,
    policies: Vec<Thing>,
}

#[derive(Serialize)]
struct Col {
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    nullable: Option<bool>,
    default: Option<String>,
    generation: Option<&'static str>,
    generated: Option<String>,
    collation: Option<String>,
    inherited: bool,
    comment: Option<String>,
    made: Option<Spot>,
    changed: Option<Spot>,
}

#[derive(Serialize)]
struct Con {
    name: String,
    kind: &'static str,
    definition: String,
    columns: Vec<String>,
    references: Option<Reference>,
    valid: bool,
    inherited: bool,
    comment: Option<String>,
    made: Option<Spot>,
    changed: Option<Spot>,
}

#[derive(Serialize)]
struct Reference {
    table: String,
    columns: Vec<String>,
}

#[derive(Serialize)]
struct Ix {
    name: String,
    method: String,
    unique: bool,
    valid: bool,
    columns: Vec<Option<String>>,
    definition: String,
    inherited: bool,
    comment: Option<String>,
    made: Option<Spot>,
    changed: Option<Spot>,
}

/// Writes all histories as one object.
///
/// # Errors
/// What the writer says.
pub fn write(all: &[Left<'_>], out: &mut dyn Write) -> io::Result<()> {
    let document = Document { schemas: all.iter().map(history).collect() };
    crate::output::json::print(&document, out)
}

fn history(left: &Left<'_>) -> History {
    let (things, kinds, sequences) = (things(left), types(left), sequences(left));
    let tables = left.schema.tables().filter(|it| !it.temporary).map(|it| relation(left, it)).collect();
    let of = |sorts: &[Sort]| things_of(left, sorts);
    History {
        environment: left.environment.clone(),
        at: left.at.clone(),
        complete: left.is_complete(),
        unresolved: left
            .unresolved
            .iter()
            .map(|it| Gap { spot: it.spot.clone(), reason: it.reason.clone(), class: it.class.word() })
            .collect(),
        extensions: of(&[Sort::Extension]),
        namespaces: of(&[Sort::Schema]),
        types: kinds,
        sequences,
        tables,
        views: views(left),
        functions: functions(left),
        others: things,
    }
}

fn objects<'a>(left: &'a Left<'_>, sorts: &[Sort]) -> Vec<(Sort, &'a Name, &'a Object)> {
    left.schema.objects().filter(|(sort, _, _)| sorts.contains(sort)).collect()
}

fn things(left: &Left<'_>) -> Vec<Thing> {
    things_of(left, &[Sort::Rule, Sort::Statistics, Sort::Other])
}

fn things_of(left: &Left<'_>, sorts: &[Sort]) -> Vec<Thing> {
    objects(left, sorts).into_iter().map(|(sort, name, object)| thing(left, sort, name, object)).collect()
}

fn thing(left: &Left<'_>, sort: Sort, name: &Name, object: &Object) -> Thing {
    Thing {
        common: common(left, name, object),
        kind: sort.word(),
        on: object.on.as_ref().map(Name::to_string),
        definition: object.sql.clone(),
    }
}

fn common(left: &Left<'_>, name: &Name, object: &Object) -> Common {
    Common {
        schema: name.home().to_owned(),
        name: name.name.clone(),
        comment: object.comment.clone(),
        made: Some((left.place)(&object.made)),
        changed: Some((left.place)(&object.changed)),
    }
}

fn types(left: &Left<'_>) -> Vec<Type> {
    let kind = |(sort, name, object): (Sort, &Name, &Object)| Type {
        common: common(left, name, object),
        kind: match sort {
            Sort::Enum => "enum",
            Sort::Domain => "domain",
            _ => "composite",
        },
        values: (sort == Sort::Enum).then(|| object.labels.clone()),
        definition: (sort != Sort::Enum).then(|| object.sql.clone()),
    };
    objects(left, &[Sort::Enum, Sort::Domain, Sort::Composite]).into_iter().map(kind).collect()
}

fn sequences(left: &Left<'_>) -> Vec<Sequence> {
    let sequence = |(_, name, object): (Sort, &Name, &Object)| Sequence {
        common: common(left, name, object),
        options: object.sql.clone(),
        owned_by: object
            .owned_by
            .as_ref()
            .map(|(table, column)| Owner { table: table.to_string(), column: column.clone() }),
        serial: object.serial,
    };
    objects(left, &[Sort::Sequence]).into_iter().map(sequence).collect()
}

fn views(left: &Left<'_>) -> Vec<View> {
    let view = |(_, name, object): (Sort, &Name, &Object)| View {
        common: common(left, name, object),
        materialized: object.materialized,
        reads: object.reads.iter().map(Name::to_string).collect(),
        definition: object.sql.clone(),
        stale: object.stale,
        indexes: left.schema.indexes().filter(|it| it.table == *name).map(|it| index(left, it)).collect(),
    };
    objects(left, &[Sort::View]).into_iter().map(view).collect()
}

fn functions(left: &Left<'_>) -> Vec<Function> {
    let function = |(_, name, object): (Sort, &Name, &Object)| Function {
        common: common(left, name, object),
        volatility: match object.volatility {
            Some(Volatility::Immutable) => "immutable",
            Some(Volatility::Stable) => "stable",
            Some(Volatility::Volatile) | None => "volatile",
        },
        definition: object.sql.clone(),
    };
    objects(left, &[Sort::Function]).into_iter().map(function).collect()
}

fn relation(left: &Left<'_>, table: &Table) -> Relation {
    let schema: &Schema = left.schema;
    let place = |made: Option<Made>| made.map(|it| (left.place)(&it));
    let attached = |sort| {
        let found = schema.attached_to(table).into_iter().filter(move |(it, _, _)| *it == sort);
        found.map(|(sort, name, object)| thing(left, sort, name, object)).collect()
    };
    Relation {
        common: Common {
            schema: table.name.home().to_owned(),
            name: table.name.name.clone(),
            comment: table.comment.clone(),
            made: place(table.made),
            changed: place(table.changed),
        },
        whole: schema.is_whole(table),
        unlogged: table.unlogged,
        partition_by: table.partition_by.clone(),
        partition_of: table.partition_of.as_ref().map(|(of, _)| of.to_string()),
        bound: table.partition_of.as_ref().map(|(_, bound)| bound.clone()),
        inherits: table.inherits.iter().map(Name::to_string).collect(),
        row_security: table.row_security.0,
        force_row_security: table.row_security.1,
        columns: table.columns_in_order().into_iter().map(|(name, it)| column(left, name, it)).collect(),
        constraints: table.constraints().map(|it| constraint(left, it)).collect(),
        indexes: schema.indexes_of(table).into_iter().map(|it| index(left, it)).collect(),
        triggers: attached(Sort::Trigger),
        policies: attached(Sort::Policy),
    }
}

fn column(left: &Left<'_>, name: &str, column: &Column) -> Col {
    Col {
        name: name.to_owned(),
        kind: column.kind.as_ref().map(formatted),
        nullable: match column.not_null {
            Known::Yes(_) => Some(false),
            Known::No => Some(true),
            Known::Unknown => None,
        },
        default: column.default_sql.clone(),
        generation: column.generation.as_deref().map(|it| match it {
            Generation::Serial => "serial",
            Generation::Identity => "identity",
            Generation::Stored(_) => "stored",
            Generation::Virtual(_) => "virtual",
        }),
        generated: column.generation_sql.clone(),
        collation: column.collation.as_deref().map(Name::to_string),
        inherited: column.inherited,
        comment: column.comment.clone(),
        made: column.made.map(|it| (left.place)(&it)),
        changed: column.changed.map(|it| (left.place)(&it)),
    }
}

fn constraint(left: &Left<'_>, it: &Constraint) -> Con {
    let (kind, columns) = match &it.rule {
        Demand::PrimaryKey { columns, .. } => ("primary key", columns.clone()),
        Demand::Unique { columns, .. } => ("unique", columns.clone()),
        Demand::ForeignKey { columns, .. } => ("foreign key", columns.clone()),
        Demand::NotNull { column } => ("not null", vec![column.clone()]),
        Demand::Check(_) => ("check", Vec::new()),
        Demand::Exclude => ("exclude", Vec::new()),
    };
    let references = match &it.rule {
        Demand::ForeignKey { table, referred, .. } => {
            Some(Reference { table: table.to_string(), columns: referred.clone() })
        }
        _ => None,
    };
    Con {
        name: it.name.clone(),
        kind,
        definition: it.definition(),
        columns,
        references,
        valid: it.valid,
        inherited: it.inherited,
        comment: it.comment.clone(),
        made: Some((left.place)(&it.made)),
        changed: Some((left.place)(&it.changed)),
    }
}

fn index(left: &Left<'_>, it: &Index) -> Ix {
    Ix {
        name: it.name.name.clone(),
        method: it.method.clone(),
        unique: it.unique,
        valid: it.valid,
        columns: it.columns.clone(),
        definition: it.sql.clone(),
        inherited: it.inherited,
        comment: it.comment.clone(),
        made: Some((left.place)(&it.made)),
        changed: Some((left.place)(&it.changed)),
    }
}
