//! Queries of the catalog that ask whether something is there: `SELECT 1 FROM information_schema.columns WHERE …`.
//! Only whole, plain shapes are understood; everything else stays what a run decides.

use super::value::{Asked, Shape};
use crate::op::{Expr, Literal, Name, Qualified, Question, TextClause};
use std::collections::BTreeMap;

/// A longer query is none of these.
const LONGEST: usize = 2_000;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A word, lower-cased.
    Word(String),
    /// `'…'`, or the value of a `:name`.
    Value(String),
    Sign(char),
}

/// What a query asks, if that is whether something is there.
pub(super) fn asked(clause: &TextClause) -> Option<Asked> {
    let text = clause.text.as_str();
    let tokens = if text.len() > LONGEST { None } else { tokens(text, clause) }?;
    let mut rest = tokens.as_slice();
    take(&mut rest, "select")?;
    if let [Token::Word(exists), Token::Sign('('), inner @ ..] = rest
        && exists == "exists"
    {
        let end = inner.iter().rposition(|it| *it == Token::Sign(')'))?;
        let mut query = inner.get(..end)?;
        let alias = inner.get(end + 1..)?;
        take(&mut query, "select")?;
        let from = query.iter().position(|it| is(it, "from"))?;
        let question = source(query.get(from..)?)?;
        return is_alias(alias).then_some(Asked { question, holds: true, shape: Shape::Bool });
    }
    let from = rest.iter().position(|it| is(it, "from"))?;
    let shape = match rest.get(..from)? {
        [Token::Word(count), Token::Sign('('), _, Token::Sign(')'), alias @ ..]
            if count == "count" && is_alias(alias) =>
        {
            Shape::Count
        }
        [Token::Sign('*')] => Shape::Row,
        // The first value must be one that is never NULL, zero or false.
        [Token::Word(first)] if NEVER_NULL.contains(&first.rsplit('.').next()?) => Shape::Row,
        _ => return None,
    };
    Some(Asked { question: source(rest.get(from..)?)?, holds: true, shape })
}

const NEVER_NULL: &[&str] = &[
    "1",
    "true",
    "column_name",
    "conname",
    "constraint_name",
    "indexname",
    "oid",
    "relname",
    "schema_name",
    "table_name",
    "tablename",
    "typname",
    "viewname",
];

/// Nothing, or `AS name`.
fn is_alias(tokens: &[Token]) -> bool {
    match tokens {
        [] => true,
        [word, Token::Word(_)] => is(word, "as"),
        _ => false,
    }
}

fn is(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(it) if it == word)
}

fn take(rest: &mut &[Token], word: &str) -> Option<()> {
    let (first, more) = rest.split_first()?;
    *rest = more;
    is(first, word).then_some(())
}

/// `FROM catalog [alias] WHERE a = 'x' AND b = 'y' [LIMIT 1]`.
fn source(tokens: &[Token]) -> Option<Question> {
    let mut rest = tokens;
    take(&mut rest, "from")?;
    let (Token::Word(catalog), mut rest) = rest.split_first()? else { return None };
    while rest.first().is_some_and(|it| matches!(it, Token::Word(_)) && !is(it, "where")) {
        if is(rest.first()?, "join") || is(rest.first()?, "inner") || is(rest.first()?, "left") {
            return None;
        }
        rest = rest.get(1..)?;
    }
    take(&mut rest, "where")?;
    if let [before @ .., limit, Token::Word(_)] = rest
        && is(limit, "limit")
    {
        rest = before;
    }
    let mut given = BTreeMap::new();
    for condition in rest.split(|it| is(it, "and")) {
        match condition {
            [Token::Word(column), Token::Sign('='), Token::Value(value)] => {
                let column = column.rsplit('.').next()?.to_owned();
                if given.insert(column, value.clone()).is_some() {
                    return None;
                }
            }
            // `'t'::regclass`
            [Token::Word(column), Token::Sign('='), Token::Value(value), Token::Sign(':'), Token::Sign(':'), kind]
                if is(kind, "regclass") =>
            {
                given.insert(column.rsplit('.').next()?.to_owned(), value.clone());
            }
            // The schema that names are looked for in.
            [Token::Word(_), Token::Sign('='), schema, Token::Sign('('), Token::Sign(')')]
                if is(schema, "current_schema") => {}
            _ => return None,
        }
    }
    about(catalog.strip_prefix("pg_catalog.").unwrap_or(catalog), given)
}

/// What the catalog is asked for; every condition has to be understood.
fn about(catalog: &str, mut given: BTreeMap<String, String>) -> Option<Question> {
    let schemas = ["table_schema", "schemaname", "constraint_schema"];
    let schema = schemas.iter().find_map(|it| given.remove(*it)).map(Name::plain);
    let mut name = |key: &str| given.remove(key);
    let within = |name: String| Qualified { schema: schema.clone(), name: Name::plain(name) };
    let question = match catalog {
        "information_schema.tables" => {
            let table = name("table_name")?;
            name("table_type").is_none_or(|kind| kind == "BASE TABLE").then(|| Question::Table(within(table)))?
        }
        "pg_tables" => Question::Table(within(name("tablename")?)),
        "information_schema.columns" => Question::Column(within(name("table_name")?), name("column_name")?),
        "information_schema.table_constraints" => {
            name("constraint_type");
            Question::Constraint(within(name("table_name")?), name("constraint_name")?)
        }
        "pg_indexes" => {
            let index = name("indexname")?;
            match name("tablename") {
                Some(table) => Question::Index(within(table), index),
                None => Question::AnyIndex(within(index)),
            }
        }
        "pg_constraint" => {
            name("contype");
            let constraint = name("conname")?;
            Question::Constraint(qualified(&name("conrelid")?), constraint)
        }
        "pg_type" => Question::Type(within(name("typname")?)),
        "pg_views" | "pg_matviews" => Question::View(within(name("viewname").or_else(|| name("matviewname"))?)),
        "information_schema.views" => Question::View(within(name("table_name")?)),
        "information_schema.schemata" => Question::Schema(name("schema_name")?),
        _ => return None,
    };
    given.is_empty().then_some(question)
}

fn qualified(name: &str) -> Qualified {
    match name.split_once('.') {
        Some((schema, name)) => Qualified { schema: Some(Name::plain(schema)), name: Name::plain(name) },
        None => Qualified { schema: None, name: Name::plain(name) },
    }
}

fn tokens(text: &str, clause: &TextClause) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim().trim_end_matches(';').trim_end();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        if first.is_whitespace() {
            rest = rest.trim_start();
        } else if first == '\'' {
            let end = rest.get(1..)?.find('\'')?;
            tokens.push(Token::Value(rest.get(1..=end)?.to_owned()));
            rest = rest.get(end + 2..)?;
            if rest.starts_with('\'') {
                return None;
            }
        } else if first == ':' && rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_') {
            // The second colon of `::regclass` is a sign too.
            let is_cast = tokens.last() == Some(&Token::Sign(':'));
            let word: String = rest.chars().skip(1).take_while(|c| is_word(*c)).collect();
            if is_cast {
                tokens.push(Token::Sign(':'));
                rest = rest.get(1..)?;
                continue;
            }
            tokens.push(Token::Value(bound(clause, &word)?));
            rest = rest.get(1 + word.len()..)?;
        } else if is_word(first) {
            let word: String = rest.chars().take_while(|c| is_word(*c)).collect();
            rest = rest.get(word.len()..)?;
            tokens.push(Token::Word(word.to_lowercase()));
        } else {
            // A comment, a quoted name: not one of the plain shapes.
            if matches!(first, '"' | '-' | '/' | '\\') {
                return None;
            }
            tokens.push(Token::Sign(first));
            rest = rest.get(first.len_utf8()..)?;
        }
    }
    Some(tokens)
}

/// The value of a `:name`, where it is a string.
fn bound(clause: &TextClause, name: &str) -> Option<String> {
    match clause.binds.iter().find(|(it, _)| it == name)? {
        (_, Expr::Value { value: Literal::Str(text), .. }) => Some(text.as_str().to_owned()),
        _ => None,
    }
}
