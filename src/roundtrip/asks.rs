//! What a revision asks the database before it acts, asked of the database.

use super::session::{Refusal, Session, literal};
use crate::{
    op::{Guard, Name as Written, Qualified, Question},
    statement::Kind,
};

/// What the conditions of one run came to: each is asked once, whatever the steps that it guards do.
#[derive(Default)]
pub(super) struct Asked(Vec<(Guard, Option<bool>)>);

impl Asked {
    /// All conditions hold; `None`: one of them is for Python to decide.
    pub(super) async fn all(&mut self, guards: &[Guard], session: &mut Session) -> Result<Option<bool>, Refusal> {
        let mut sum = Some(true);
        for guard in guards {
            match self.one(guard, session).await? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => sum = None,
            }
        }
        Ok(sum)
    }

    async fn one(&mut self, guard: &Guard, session: &mut Session) -> Result<Option<bool>, Refusal> {
        if let Some((_, answer)) = self.0.iter().find(|(known, _)| known == guard) {
            return Ok(*answer);
        }
        let answer = match question(&guard.question) {
            Some(sql) => Some(session.is(&sql).await? == guard.holds),
            None => None,
        };
        self.0.push((guard.clone(), answer));
        Ok(answer)
    }
}

/// The question in SQL, one `boolean`.
fn question(question: &Question) -> Option<String> {
    Some(match question {
        Question::Table(table) => relation("rpfvm", schema(table), &table.name.text),
        Question::View(view) => relation("vm", schema(view), &view.name.text),
        Question::AnyIndex(index) => relation("iI", schema(index), &index.name.text),
        Question::Column(table, column) => within(
            table,
            &format!(
                "SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
                 AND a.attname = {}",
                literal(column)
            ),
        ),
        Question::Index(table, index) => within(
            table,
            &format!(
                "SELECT FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid WHERE i.indrelid = c.oid \
                 AND k.relname = {}",
                literal(index)
            ),
        ),
        Question::Constraint(table, constraint) => within(
            table,
            &format!(
                "SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('f', 'u', 'c') \
                 AND k.conname = {}",
                literal(constraint)
            ),
        ),
        Question::Type(it) => kind("ed", schema(it), &it.name.text),
        Question::Schema(name) => format!("EXISTS (SELECT FROM pg_namespace WHERE nspname = {})", literal(name)),
        Question::Unknown(_) => return None,
    })
}

/// SQLAlchemy has nothing to send: what it would create is there, or what it would drop is not.
pub(super) async fn is_done(of: &Kind, session: &mut Session) -> Result<bool, Refusal> {
    let (there, sql) = match of {
        Kind::CreateEnum { name, .. } => (true, kind("ed", name.schema.as_deref(), &name.name)),
        Kind::CreateDomain(it) => (true, kind("ed", it.name.schema.as_deref(), &it.name.name)),
        Kind::CreateSequence { name } => (true, relation("S", name.schema.as_deref(), &name.name)),
        Kind::CreateTable(create) => (true, relation("rpfvm", create.table.schema.as_deref(), &create.table.name)),
        Kind::DropType { names, .. } => match names.first() {
            Some(name) => (false, kind("ed", name.schema.as_deref(), &name.name)),
            None => return Ok(false),
        },
        Kind::DropSequence { names } => match names.first() {
            Some(name) => (false, relation("S", name.schema.as_deref(), &name.name)),
            None => return Ok(false),
        },
        Kind::DropTable { tables, .. } => match tables.first() {
            Some(table) => (false, relation("rpfvm", table.schema.as_deref(), &table.name)),
            None => return Ok(false),
        },
        _ => return Ok(false),
    };
    Ok(session.is(&sql).await? == there)
}

fn schema(name: &Qualified) -> Option<&str> {
    name.schema.as_ref().map(|Written { text, .. }| text.as_str())
}

/// The inspector looks in the default schema where none is named.
fn home(schema: Option<&str>) -> String {
    schema.map_or_else(|| "current_schema()".to_owned(), literal)
}

fn relation(kinds: &str, schema: Option<&str>, name: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {} \
         AND c.relname = {} AND strpos({}, c.relkind::text) > 0)",
        home(schema),
        literal(name),
        literal(kinds)
    )
}

fn kind(kinds: &str, schema: Option<&str>, name: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = {} \
         AND t.typname = {} AND strpos({}, t.typtype::text) > 0)",
        home(schema),
        literal(name),
        literal(kinds)
    )
}

/// Something of a table's.
fn within(table: &Qualified, of: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {} \
         AND c.relname = {} AND EXISTS ({of}))",
        home(schema(table)),
        literal(&table.name.text)
    )
}
