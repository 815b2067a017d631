//! The schema as statements that make it in an empty database.

use super::Left;
use crate::{
    schema::{Column, Constraint, Index, Known, Object, Schema, Sort, Table},
    statement::{Demand, Generation, Name, formatted, identifier},
};
use std::io::{self, Write};

/// Writes the statements of all histories, each with its name above it.
///
/// # Errors
/// What the writer says.
pub fn write(all: &[Left<'_>], out: &mut dyn Write) -> io::Result<()> {
    for (at, left) in all.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        writeln!(out, "-- {} at {}", left.environment, left.at.join(", "))?;
        for it in &left.unresolved {
            let super::Spot { revision, file, line } = &it.spot;
            writeln!(out, "-- not known: {revision} ({file}:{line}): {}", it.reason)?;
        }
        // Functions may name what is made after them.
        writeln!(out, "SET check_function_bodies = off;")?;
        for statement in statements(left.schema) {
            writeln!(out, "{statement};")?;
        }
    }
    Ok(())
}

/// Every statement, in an order in which each finds what it needs.
#[must_use]
pub fn statements(schema: &Schema) -> Vec<String> {
    let mut all = Vec::new();
    let tables = tables(schema);
    let early = |name: &Name| tables.iter().any(|it| asks(it, name));
    let functions = ordered(schema, &[Sort::Function]);
    let (first, later): (Vec<_>, Vec<_>) = functions.into_iter().partition(|(_, name, _)| early(name));
    for (_, name, _) in ordered(schema, &[Sort::Schema]) {
        if name.name != "public" {
            all.push(format!("CREATE SCHEMA {}", identifier(&name.name)));
        }
    }
    // A schema that the history did not make is needed all the same.
    for missing in strange(schema, &tables) {
        all.push(format!("CREATE SCHEMA IF NOT EXISTS {}", identifier(&missing)));
    }
    for (_, _, object) in ordered(schema, &[Sort::Extension]) {
        all.extend(whole(object));
    }
    for (sort, name, object) in ordered(schema, &[Sort::Enum, Sort::Domain, Sort::Composite]) {
        all.extend(kind(sort, name, object));
    }
    for (_, name, object) in ordered(schema, &[Sort::Sequence]) {
        all.push(format!("CREATE SEQUENCE {} {}", name.quoted(), object.sql).trim_end().to_owned());
        all.extend(object.amends.iter().cloned());
    }
    all.extend(first.into_iter().flat_map(|(_, _, object)| whole(object)));
    all.extend(tables.iter().map(|it| table(it)));
    for (_, name, object) in ordered(schema, &[Sort::Sequence]) {
        if let Some((table, column)) = &object.owned_by {
            all.push(format!("ALTER SEQUENCE {} OWNED BY {}.{}", name.quoted(), table.quoted(), identifier(column)));
        }
    }
    all.extend(later.into_iter().flat_map(|(_, _, object)| whole(object)));
    for table in &tables {
        constraints_after(table, &mut all);
        indexes(schema.indexes_of(table), &mut all);
    }
    // A foreign key may need an index that another table has got just now.
    for table in &tables {
        foreign_keys(table, &mut all);
    }
    for (_, name, object) in ordered(schema, &[Sort::View]) {
        view(schema, name, object, &mut all);
    }
    for (_, _, object) in ordered(schema, &[Sort::Rule, Sort::Trigger, Sort::Policy, Sort::Statistics, Sort::Other]) {
        all.extend(whole(object));
    }
    for table in &tables {
        row_security(table, &mut all);
    }
    comments(schema, &tables, &mut all);
    all
}

/// Things by the order in which they were made.
fn ordered<'a>(schema: &'a Schema, sorts: &[Sort]) -> Vec<(Sort, &'a Name, &'a Object)> {
    let mut found: Vec<_> = schema.objects().filter(|(sort, _, _)| sorts.contains(sort)).collect();
    found.sort_by_key(|(_, name, object)| (object.order, (*name).clone()));
    found
}

/// Tables by the order in which they were made, parents before their partitions.
fn tables(schema: &Schema) -> Vec<&Table> {
    let mut found: Vec<&Table> = schema.tables().filter(|it| !it.temporary).collect();
    found.sort_by_key(|it| (depth(schema, it, 0), it.order, it.name.clone()));
    found
}

fn depth(schema: &Schema, table: &Table, so_far: usize) -> usize {
    let parents = table.partition_of.iter().map(|(of, _)| of).chain(&table.inherits);
    let parents = parents.filter_map(|it| schema.table(it).yes());
    if so_far > 16 { so_far } else { parents.map(|it| depth(schema, it, so_far + 1)).max().unwrap_or(so_far) }
}

/// The schemas of tables that nobody has made.
fn strange(schema: &Schema, tables: &[&Table]) -> std::collections::BTreeSet<String> {
    let homes = tables.iter().map(|it| it.name.home().to_owned());
    let made = |home: &String| schema.object(Sort::Schema, &Name::bare(home)).yes().is_some();
    homes.filter(|it| it != "public" && !made(it)).collect()
}

/// A function is asked for by a default, a generated column or a check of the table.
fn asks(table: &Table, function: &Name) -> bool {
    let own = function.name.split('(').next().unwrap_or_default();
    let called = |sql: &str| sql.contains(own);
    table.columns().any(|(_, it)| {
        it.default_sql.as_deref().is_some_and(called) || it.generation_sql.as_deref().is_some_and(called)
    }) || table.constraints().any(|it| called(&it.sql))
}

/// What is kept as a whole statement, and what was done to it since.
fn whole(object: &Object) -> Vec<String> {
    [object.sql.clone()].into_iter().chain(object.amends.iter().cloned()).filter(|it| !it.is_empty()).collect()
}

fn kind(sort: Sort, name: &Name, object: &Object) -> Vec<String> {
    match sort {
        Sort::Enum => {
            let labels: Vec<String> = object.labels.iter().map(|it| literal(it)).collect();
            vec![format!("CREATE TYPE {} AS ENUM ({})", name.quoted(), labels.join(", "))]
        }
        Sort::Domain => {
            let create = format!("CREATE DOMAIN {} AS {}", name.quoted(), object.sql);
            [create].into_iter().chain(object.amends.iter().cloned()).collect()
        }
        _ => whole(object),
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn table(table: &Table) -> String {
    let mut sql = String::from(if table.unlogged { "CREATE UNLOGGED TABLE " } else { "CREATE TABLE " });
    sql.push_str(&table.name.quoted());
    if let Some((of, bound)) = &table.partition_of {
        sql.extend([" PARTITION OF ", &of.quoted()]);
        let parts = partition_parts(table);
        if !parts.is_empty() {
            sql.extend([" (", &parts.join(", "), ")"]);
        }
        sql.extend([" ", bound.as_str()]);
    } else {
        let mut parts: Vec<String> = table
            .columns_in_order()
            .into_iter()
            .filter(|(_, it)| !it.inherited)
            .map(|(name, it)| column(name, it))
            .collect();
        let own = table.constraints().filter(|it| !it.inherited && it.valid && is_inline(it));
        parts.extend(own.map(|it| format!("CONSTRAINT {} {}", identifier(&it.name), it.definition())));
        sql.extend([" (\n    ", &parts.join(",\n    "), "\n)"]);
        if !table.inherits.is_empty() {
            let parents: Vec<String> = table.inherits.iter().map(Name::quoted).collect();
            sql.extend([" INHERITS (", &parents.join(", "), ")"]);
        }
    }
    if let Some(by) = &table.partition_by {
        sql.extend([" PARTITION BY ", by]);
    }
    sql
}

/// What a partition says beside its parent.
fn partition_parts(table: &Table) -> Vec<String> {
    let own = table.constraints().filter(|it| !it.inherited && it.valid && is_inline(it));
    own.map(|it| format!("CONSTRAINT {} {}", identifier(&it.name), it.definition())).collect()
}

fn is_inline(it: &Constraint) -> bool {
    !matches!(it.rule, Demand::ForeignKey { .. } | Demand::NotNull { .. })
}

fn column(name: &str, column: &Column) -> String {
    let kind = column.kind.as_ref().map_or_else(|| "text /* not known */".to_owned(), formatted);
    let mut sql = format!("{} {kind}", identifier(name));
    if let Some(collation) = &column.collation {
        sql.extend([" COLLATE ", &collation.quoted()]);
    }
    if let Some(default) = &column.default_sql {
        sql.extend([" DEFAULT ", default]);
    }
    if let (Some(generation), Some(kind)) = (&column.generation_sql, column.generation.as_deref())
        && !matches!(kind, Generation::Serial)
    {
        sql.extend([" ", generation.as_str()]);
    }
    if matches!(column.not_null, Known::Yes(_)) {
        sql.push_str(" NOT NULL");
    }
    sql
}

/// Checks that are not valid cannot be made so with their table.
fn constraints_after(table: &Table, all: &mut Vec<String>) {
    for it in table.constraints().filter(|it| !it.inherited && !it.valid && is_inline(it)) {
        all.push(added(table, it));
    }
}

fn added(table: &Table, it: &Constraint) -> String {
    let valid = if it.valid { "" } else { " NOT VALID" };
    let name = identifier(&it.name);
    format!("ALTER TABLE {} ADD CONSTRAINT {name} {}{valid}", table.name.quoted(), it.definition())
}

fn foreign_keys(table: &Table, all: &mut Vec<String>) {
    let keys = table.constraints().filter(|it| !it.inherited && matches!(it.rule, Demand::ForeignKey { .. }));
    all.extend(keys.map(|it| added(table, it)));
}

fn indexes(found: Vec<&Index>, all: &mut Vec<String>) {
    for it in found.into_iter().filter(|it| !it.inherited) {
        let unique = if it.unique { "UNIQUE " } else { "" };
        let only = if it.valid { "" } else { "ONLY " };
        let (name, table) = (identifier(&it.name.name), it.table.quoted());
        all.push(format!("CREATE {unique}INDEX {name} ON {only}{table} {}", it.sql));
    }
}

fn view(schema: &Schema, name: &Name, object: &Object, all: &mut Vec<String>) {
    let word = if object.materialized { "CREATE MATERIALIZED VIEW" } else { "CREATE VIEW" };
    all.push(format!("{word} {} {}", name.quoted(), object.sql));
    all.extend(object.amends.iter().cloned());
    if object.materialized {
        indexes(schema.indexes().filter(|it| it.table == *name).collect(), all);
    }
}

fn row_security(table: &Table, all: &mut Vec<String>) {
    for (is, word) in [(table.row_security.0, "ENABLE"), (table.row_security.1, "FORCE")] {
        if is {
            all.push(format!("ALTER TABLE {} {word} ROW LEVEL SECURITY", table.name.quoted()));
        }
    }
}

fn comments(schema: &Schema, tables: &[&Table], all: &mut Vec<String>) {
    let mut say = |what: String, text: &Option<String>| {
        if let Some(text) = text {
            all.push(format!("COMMENT ON {what} IS {}", literal(text)));
        }
    };
    for table in tables {
        let own = table.name.quoted();
        say(format!("TABLE {own}"), &table.comment);
        for (name, column) in table.columns_in_order() {
            say(format!("COLUMN {own}.{}", identifier(name)), &column.comment);
        }
        for it in table.constraints() {
            say(format!("CONSTRAINT {} ON {own}", identifier(&it.name)), &it.comment);
        }
        for it in schema.indexes_of(table) {
            say(format!("INDEX {}", it.name.quoted()), &it.comment);
        }
    }
    for (sort, name, object) in schema.objects() {
        let word = match sort {
            Sort::Schema => "SCHEMA",
            Sort::Enum | Sort::Composite => "TYPE",
            Sort::Domain => "DOMAIN",
            Sort::Sequence => "SEQUENCE",
            Sort::View if object.materialized => "MATERIALIZED VIEW",
            Sort::View => "VIEW",
            _ => continue,
        };
        say(format!("{word} {}", name.quoted()), &object.comment);
    }
}
