//! The tables of a database, as far as one has to know them to put rows in.

use crate::{
    environment::VersionTable,
    roundtrip::session::{Refusal, Session, literal},
};
use std::collections::BTreeMap;

/// Every column, with what it is of: a domain is told by what is below it.
const COLUMNS: &str = "
WITH RECURSIVE below AS (
    SELECT oid AS top, typbasetype AS oid, typtypmod AS typmod, typnotnull AS not_null FROM pg_type WHERE typtype = 'd'
    UNION ALL SELECT b.top, t.typbasetype, CASE WHEN b.typmod >= 0 THEN b.typmod ELSE t.typtypmod END, b.not_null OR t.typnotnull
    FROM below b JOIN pg_type t ON t.oid = b.oid AND t.typtype = 'd'
), base AS (
    SELECT b.* FROM below b JOIN pg_type t ON t.oid = b.oid AND t.typtype <> 'd'
)
SELECT format('%I.%I', n.nspname, c.relname), a.attname::text, format_type(a.atttypid, a.atttypmod),
    format_type(t.oid, CASE WHEN a.atttypmod >= 0 THEN a.atttypmod ELSE b.typmod END),
    (a.attnotnull OR coalesce(b.not_null, false))::text, (a.attgenerated <> '')::text,
    (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e
        WHERE e.enumtypid = CASE WHEN t.typelem <> 0 THEN t.typelem ELSE t.oid END)::text, c.oid::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN base b ON b.top = a.atttypid JOIN pg_type t ON t.oid = coalesce(b.oid, a.atttypid)
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_'
    AND n.nspname NOT IN ('information_schema', 'limbeck_roundtrip') AND c.relname <> $own
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, a.attnum";

/// Constraints and unique indexes, with their columns.
const CONSTRAINTS: &str = "
SELECT format('%I.%I', n.nspname, c.relname), k.contype::text, k.conname::text,
    (SELECT json_agg(a.attname ORDER BY o.at) FROM unnest(k.conkey) WITH ORDINALITY o(num, at)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = o.num)::text,
    (SELECT format('%I.%I', m.nspname, f.relname) FROM pg_class f JOIN pg_namespace m ON m.oid = f.relnamespace
        WHERE f.oid = k.confrelid),
    (SELECT json_agg(a.attname ORDER BY o.at) FROM unnest(k.confkey) WITH ORDINALITY o(num, at)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = o.num)::text,
    pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
UNION ALL
SELECT format('%I.%I', n.nspname, c.relname), 'c', k.conname::text, json_build_array(a.attname)::text, NULL, NULL,
    pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_attribute a ON a.atttypid = k.contypid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contypid <> 0 AND k.contype = 'c'
UNION ALL
SELECT format('%I.%I', n.nspname, c.relname), 'u', i.indexrelid::regclass::text,
    (SELECT json_agg(a.attname) FROM pg_attribute a WHERE a.attrelid = c.oid
        AND (a.attnum = ANY(i.indkey) OR (a.attnum > 0 AND NOT a.attisdropped AND i.indexprs IS NOT NULL)))::text,
    NULL, NULL, pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indisunique AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1, 2, 3";

/// A table.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// With its schema, as SQL writes it.
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// Sets of columns that may not be the same in two rows.
    pub(super) unique: Vec<Vec<String>>,
    pub(super) keys: Vec<Key>,
    pub(super) checks: Vec<Check>,
    /// The server's own name for it, which no other one ever has.
    pub(super) id: String,
    /// All of this in one text: another one is another table.
    pub(super) signature: String,
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// Its type, as SQL writes it.
    pub(super) kind: String,
    /// What the type is below all domains.
    pub(super) base: String,
    pub(super) not_null: bool,
    /// Its value is computed.
    pub(super) generated: bool,
    /// Of an enum, or of the elements of an array of one.
    pub(super) labels: Vec<String>,
}

/// A foreign key.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// What it refers to, as SQL writes it.
    pub(super) table: String,
    /// Each column with the one that it refers to.
    pub(super) columns: Vec<(String, String)>,
}

/// A check, of the table or of a column's domain.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) sql: String,
}

impl Table {
    /// Every table of the database, by name.
    pub(super) async fn all(session: &mut Session, own: &VersionTable) -> Result<Vec<Self>, Refusal> {
        // Every name is written in full.
        session.send("SET search_path = ''").await?;
        let columns = session.ask(&COLUMNS.replace("$own", &literal(&own.name))).await;
        let constraints = session.ask(CONSTRAINTS).await;
        session.send("RESET search_path").await?;
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        for line in columns? {
            let mut fields = line.into_iter();
            let mut next = || fields.next().flatten();
            let name = next().unwrap_or_default();
            let (column, kind, base) = (next(), next(), next());
            let (not_null, generated, labels, id) = (next(), next(), next(), next());
            let table =
                all.entry(name.clone()).or_insert_with(|| Self { name, id: id.unwrap_or_default(), ..Self::default() });
            table.columns.push(Column {
                name: column.unwrap_or_default(),
                kind: kind.unwrap_or_default(),
                base: base.unwrap_or_default(),
                not_null: not_null.as_deref() == Some("true"),
                generated: generated.as_deref() == Some("true"),
                labels: list(labels),
            });
        }
        for line in constraints? {
            let mut fields = line.into_iter();
            let mut next = || fields.next().flatten();
            let (Some(table), Some(kind), Some(name)) = (next(), next(), next()) else { continue };
            let (columns, refers, there, sql) = (list(next()), next(), list(next()), next().unwrap_or_default());
            let Some(table) = all.get_mut(&table) else { continue };
            table.signature.extend([sql.as_str(), "\n"]);
            match (kind.as_str(), refers) {
                ("c", _) => table.checks.push(Check { name, columns, sql }),
                ("f", Some(refers)) => {
                    table.keys.push(Key { table: refers, columns: columns.into_iter().zip(there).collect() });
                }
                _ => table.unique.push(columns),
            }
        }
        for table in all.values_mut() {
            let columns = format!("{} {:?}", table.id, table.columns);
            table.signature.push_str(&columns);
        }
        Ok(all.into_values().collect())
    }
}

fn list(json: Option<String>) -> Vec<String> {
    json.and_then(|it| serde_json::from_str(&it).ok()).unwrap_or_default()
}
