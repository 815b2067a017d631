//! The schema for people.

use super::{Left, Spot};
use crate::{
    output::human,
    schema::{Column, Index, Known, Made, Object, Schema, Sort, Table},
    statement::{Generation, Name, formatted},
};
use std::io::{self, Write};

/// Writes all histories, tables first.
///
/// # Errors
/// What the writer says.
pub fn write(all: &[Left<'_>], out: &mut dyn Write) -> io::Result<()> {
    for (at, left) in all.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let title = format!("{} at {}", left.environment, left.at.join(", "));
        writeln!(out, "{}", plain(&title))?;
        for table in left.schema.tables().filter(|it| !it.temporary) {
            self::table(left, table, out)?;
        }
        for (sort, name, object) in left.schema.objects() {
            self::object(left, sort, name, object, out)?;
        }
        if !left.is_complete() {
            let count = left.unresolved.len();
            let noun = if count == 1 { "operation" } else { "operations" };
            writeln!(out, "\nnot complete: {count} {noun} on the way may have done anything")?;
            for it in &left.unresolved {
                writeln!(out, "  {}", plain(&format!("{}: {}", spot(&it.spot), it.reason)))?;
            }
        }
    }
    Ok(())
}

/// A line that stays one, and that neither a terminal nor a runner obeys.
fn plain(line: &str) -> String {
    let line: String = line.chars().map(|it| if it == '\n' { ' ' } else { human::visible(it) }).collect();
    human::unheard(&line)
}

fn spot(spot: &Spot) -> String {
    match spot.revision.as_str() {
        // A dump says so.
        "" => format!("{}:{}", spot.file, spot.line),
        revision => format!("{revision} ({}:{})", spot.file, spot.line),
    }
}

/// Where it was made and last changed.
fn places(left: &Left<'_>, made: Option<Made>, changed: Option<Made>) -> String {
    match (made, changed) {
        (Some(made), Some(changed)) if made != changed => {
            format!("made in {}, changed in {}", spot(&(left.place)(&made)), spot(&(left.place)(&changed)))
        }
        (Some(made), _) => format!("made in {}", spot(&(left.place)(&made))),
        (None, Some(changed)) => format!("changed in {}", spot(&(left.place)(&changed))),
        (None, None) => "made before the history".to_owned(),
    }
}

fn table(left: &Left<'_>, table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let title = format!("table {}, {}", table.name, places(left, table.made, table.changed));
    writeln!(out, "\n{}", plain(&title))?;
    let width = table.columns().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for line in lines(left.schema, table, width) {
        writeln!(out, "  {}", plain(&line))?;
    }
    Ok(())
}

/// What there is to say of a table, each line of it once; names of columns are filled up to a width.
pub(super) fn lines(schema: &Schema, table: &Table, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((of, bound)) = &table.partition_of {
        lines.push(format!("partition of {of} {bound}"));
    }
    if let Some(by) = &table.partition_by {
        lines.push(format!("partitioned by {by}"));
    }
    if !schema.is_whole(table) {
        lines.push("there may be more than this".to_owned());
    }
    lines.extend(table.columns_in_order().into_iter().map(|(name, it)| format!("{name:width$}  {}", column(it))));
    lines.extend(table.constraints().map(|it| {
        let valid = if it.valid { "" } else { ", not valid" };
        format!("{}: {}{valid}", it.name, it.definition())
    }));
    lines.extend(schema.indexes_of(table).into_iter().map(index));
    lines.extend(schema.attached_to(table).into_iter().map(|(sort, name, _)| format!("{} {}", sort.word(), name.name)));
    lines
}

fn column(it: &Column) -> String {
    let mut words = it.kind.as_ref().map_or_else(|| "of a type that is not known".to_owned(), formatted);
    match it.not_null {
        Known::Yes(_) => words.push_str(" not null"),
        Known::No => {}
        Known::Unknown => words.push_str(", nullable or not is not known"),
    }
    match (it.generation.as_deref(), &it.generation_sql, &it.default_sql) {
        (Some(Generation::Serial), _, _) => words.push_str(" serial"),
        (_, Some(sql), _) => words.extend([" ", sql.as_str()]),
        (_, _, Some(sql)) => words.extend([" default ", sql.as_str()]),
        _ => {}
    }
    words
}

fn index(it: &Index) -> String {
    let unique = if it.unique { "unique index" } else { "index" };
    let valid = if it.valid { "" } else { ", not valid" };
    format!("{unique} {} {}{valid}", it.name.name, it.sql)
}

fn object(left: &Left<'_>, sort: Sort, name: &Name, it: &Object, out: &mut dyn Write) -> io::Result<()> {
    if matches!(sort, Sort::Trigger | Sort::Policy) || it.serial {
        return Ok(());
    }
    let places = places(left, Some(it.made), Some(it.changed));
    writeln!(out, "\n{}", plain(&format!("{}, {places}", said(sort, name, it))))
}

/// An object in a line.
pub(super) fn said(sort: Sort, name: &Name, it: &Object) -> String {
    match sort {
        Sort::Enum => format!("enum {name} ({})", it.labels.join(", ")),
        Sort::View if it.materialized => format!("materialized view {name}"),
        _ => format!("{} {name}", sort.word()),
    }
}
