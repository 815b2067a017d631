//! Which arguments an operation takes. With another one, Alembic or SQLAlchemy raises before anything is sent.
//!
//! Source: the signatures of `alembic.operations.base.Operations` (1.20), and `DialectKWArgs` with the
//! `construct_arguments` of the dialects in SQLAlchemy 2.1: a keyword that SQLAlchemy does not know itself must be called
//! `<dialect>_<argument>`, and where the dialect is one of its own, must be one of that dialect's for that construct. Of
//! a dialect that it cannot find it only warns.

use super::{
    args::{Bound, Reason},
    value::Value,
};
use crate::reason::Class;

/// What the call of an operation may hold.
struct Signature {
    /// How many arguments may be given without a name; `None` is any number.
    positional: Option<usize>,
    /// By their names.
    named: &'static [&'static str],
    /// What takes the other keywords; without it there are none.
    construct: Option<Construct>,
}

/// What SQLAlchemy makes of the other keywords of a call.
#[derive(Clone, Copy)]
enum Construct {
    /// Nobody looks at them.
    Ignored,
    Table,
    Index,
    ForeignKey,
    Unique,
    Check,
    Column,
}

const NAMED_TABLE: &[&str] = &[
    "schema",
    "comment",
    "info",
    "prefixes",
    "listeners",
    "quote",
    "if_not_exists",
    "if_exists",
    "autoload_with",
    "mustexist",
];
const NAMED_CONSTRAINT: &[&str] = &["schema", "deferrable", "initially", "info", "comment"];

fn signature(operation: &str) -> Option<Signature> {
    use Construct::{Check, ForeignKey, Ignored, Index, Table, Unique};
    let of = |positional, named, construct| Some(Signature { positional: Some(positional), named, construct });
    match operation {
        "create_table" => Some(Signature { positional: None, named: NAMED_TABLE, construct: Some(Table) }),
        "drop_table" => of(1, NAMED_TABLE, Some(Table)),
        "rename_table" => of(2, &["schema"], None),
        "add_column" => of(2, &["schema", "if_not_exists", "inline_references", "inline_primary_key"], None),
        "drop_column" => of(2, &[], Some(Ignored)),
        "alter_column" => of(2, &[], Some(Ignored)),
        "create_index" => of(3, &["schema", "unique", "if_not_exists", "quote", "info"], Some(Index)),
        "drop_index" => of(2, &["schema", "unique", "if_exists", "quote", "info"], Some(Index)),
        "create_foreign_key" => of(
            5,
            &[
                "onupdate",
                "ondelete",
                "deferrable",
                "initially",
                "match",
                "source_schema",
                "referent_schema",
                "info",
                "comment",
            ],
            Some(ForeignKey),
        ),
        "create_unique_constraint" => of(3, NAMED_CONSTRAINT, Some(Unique)),
        "create_check_constraint" => of(3, NAMED_CONSTRAINT, Some(Check)),
        "create_primary_key" => of(3, &["schema"], None),
        "drop_constraint" => of(3, &["schema", "if_exists"], None),
        "create_table_comment" => of(2, &["existing_comment", "schema"], None),
        "drop_table_comment" => of(1, &["existing_comment", "schema"], None),
        "execute" => of(1, &["execution_options"], None),
        "bulk_insert" => of(2, &["multiinsert"], None),
        _ => None,
    }
}

/// Fails where Alembic or SQLAlchemy refuses one of the arguments of a call of `op.NAME(…)`, whose parameters were bound
/// as `parameters`.
pub(super) fn accepted(operation: &str, parameters: &[&str], bound: &Bound) -> Result<(), Reason> {
    let Some(signature) = signature(operation) else { return Ok(()) };
    let own = |name: &str| parameters.iter().any(|it| it.split('|').next() == Some(name));
    if signature.positional.is_some_and(|most| bound.positional > most) {
        return Err(refused("so many arguments without a name"));
    }
    for (name, _) in bound.all().filter(|(name, _)| !own(name)) {
        if signature.named.contains(&name) {
            continue;
        }
        match signature.construct {
            Some(construct) => taken(construct, name)?,
            None => return Err(refused(&format!("`{name}`"))),
        }
    }
    quoting(signature.construct, bound)
}

/// Fails where SQLAlchemy refuses a keyword of `sa.Column(…)`.
pub(super) fn of_column(bound: &Bound) -> Result<(), Reason> {
    const OWN: &[&str] = &[
        "name",
        "type_",
        "nullable",
        "default",
        "index",
        "unique",
        "comment",
        "info",
        "key",
        "onupdate",
        "doc",
        "quote",
        "autoincrement",
        "system",
    ];
    bound.all().filter(|(name, _)| !OWN.contains(name)).try_for_each(|(name, _)| taken(Construct::Column, name))
}

/// A keyword that is none of the construct's own.
fn taken(construct: Construct, name: &str) -> Result<(), Reason> {
    if matches!(construct, Construct::Ignored) {
        return Ok(());
    }
    let dialect = name.char_indices().skip(1).find(|&(at, c)| c == '_' && at + 1 < name.len());
    let Some((at, _)) = dialect else { return Err(refused(&format!("`{name}`"))) };
    let (dialect, argument) = (&name[..at], &name[at + 1..]);
    match arguments(dialect, construct) {
        Some(taken) if !taken.contains(&argument) && !taken.contains(&"*") => Err(refused(&format!("`{name}`"))),
        _ => Ok(()),
    }
}

/// What a dialect of SQLAlchemy's own takes for a construct; `None` where the dialect says nothing of it.
fn arguments(dialect: &str, construct: Construct) -> Option<&'static [&'static str]> {
    use Construct::{Check, Column, ForeignKey, Index, Table, Unique};
    Some(match (dialect, construct) {
        ("postgresql", Index) => {
            &["concurrently", "include", "invalid", "nulls_not_distinct", "ops", "tablespace", "using", "where", "with"]
        }
        ("postgresql", Table) => {
            &["ignore_search_path", "inherits", "on_commit", "partition_by", "tablespace", "using", "with", "with_oids"]
        }
        ("postgresql", Check | ForeignKey) => &["not_valid"],
        ("postgresql", Unique) => &["include", "nulls_not_distinct"],
        ("mysql" | "mariadb", Table) => &["*"],
        ("mysql" | "mariadb", Index) => &["length", "prefix", "using", "with_parser"],
        ("sqlite", Table) => &["autoincrement", "strict", "with_rowid"],
        ("sqlite", Index) => &["where"],
        ("sqlite", Column) => &["on_conflict_not_null", "on_conflict_primary_key", "on_conflict_unique"],
        ("sqlite", Check | ForeignKey | Unique) => &["on_conflict"],
        ("mssql", Unique) => &["clustered"],
        ("mssql", Index) => &["clustered", "columnstore", "include", "where"],
        ("mssql", Column) => &["identity_increment", "identity_start"],
        ("oracle", Table) => &["compress", "on_commit", "resolve_synonyms", "tablespace"],
        ("oracle", Index) => &["bitmap", "compress", "vector"],
        ("postgresql" | "mysql" | "mariadb" | "sqlite" | "mssql" | "oracle", _) => &[],
        _ => return None,
    })
}

/// `quote=` changes how a name is written, which is not followed.
fn quoting(construct: Option<Construct>, bound: &Bound) -> Result<(), Reason> {
    let names: &[&str] = match construct {
        Some(Construct::Table) => &["quote", "quote_schema"],
        Some(Construct::Index) => &["quote"],
        _ => &[],
    };
    match names.iter().find(|name| !matches!(bound.value(name), None | Some(Value::None))) {
        Some(name) => Err(Reason::of(Class::Limit, format!("`{name}` is not evaluated"))),
        None => Ok(()),
    }
}

fn refused(what: &str) -> Reason {
    Reason::of(Class::Refused, format!("Alembic refuses {what}"))
}
