//! The body of a `DO` block: which statements it sends, under which conditions, and what of it cannot be told.

use super::{Parsed, catalog, parse};
use crate::{
    op::{Guard, Name as Word, Qualified, Question},
    reason::Reason,
    source::{Span, Text},
    statement::{Action, Kind, Name},
};
use serde_json::Value;

/// One thing that a body does, in its order.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// It sends these, where all of the conditions hold.
    Sends(Vec<Parsed>, Vec<Guard>),
    /// It does something that cannot be told: where, and why.
    Unread(Option<Span>, Reason),
}

/// Reads a `DO` statement. What does nothing to the database (an assignment, a notice) has no line.
#[must_use]
pub fn body(text: &Text) -> Vec<Line> {
    let mut reader = Reader { text, at: 0, lines: Vec::new() };
    let unread = |why: &str| vec![Line::Unread(None, Reason::limit(why.to_owned()))];
    let Ok(answer) = pg_query::parse_plpgsql(text.as_str()) else {
        return unread("the body of a `DO` block is not understood");
    };
    match answer.get(0).and_then(|it| it.get("PLpgSQL_function")?.get("action")) {
        Some(action) => {
            reader.one(action, &[]);
            reader.lines
        }
        None => unread("the body of a `DO` block in another language than PL/pgSQL is not read"),
    }
}

struct Reader<'a> {
    text: &'a Text,
    /// Up to where the body has been read.
    at: usize,
    lines: Vec<Line>,
}

impl Reader<'_> {
    /// Statements one after the other. What follows a `RETURN` under a condition is sent where that does not hold.
    fn all(&mut self, body: Option<&Value>, guards: &mut Vec<Guard>) {
        for it in body.and_then(Value::as_array).into_iter().flatten() {
            self.one(it, guards);
            if returns(it) {
                return;
            }
            if let Some(conditions) = leaves(it) {
                let at = std::mem::take(&mut self.at);
                let asked = self.condition(conditions);
                guards.extend(opposite(&asked));
                self.at = at;
            }
        }
    }

    fn one(&mut self, it: &Value, guards: &[Guard]) {
        let Some((kind, it)) = it.as_object().and_then(|it| it.iter().next()) else { return };
        match kind.as_str() {
            "PLpgSQL_stmt_block" => self.inner(it, guards),
            "PLpgSQL_stmt_execsql" => self.sends(query(&it["sqlstmt"]), guards),
            "PLpgSQL_stmt_call" => self.sends(query(&it["expr"]), guards),
            "PLpgSQL_stmt_dynexecute" => self.execute(it, guards),
            "PLpgSQL_stmt_if" => self.branches(it, guards),
            "PLpgSQL_stmt_assign"
            | "PLpgSQL_stmt_perform"
            | "PLpgSQL_stmt_raise"
            | "PLpgSQL_stmt_return"
            | "PLpgSQL_stmt_getdiag"
            | "PLpgSQL_stmt_assert"
            | "PLpgSQL_stmt_open"
            | "PLpgSQL_stmt_fetch"
            | "PLpgSQL_stmt_close"
            | "PLpgSQL_stmt_exit" => {}
            "PLpgSQL_stmt_commit" | "PLpgSQL_stmt_rollback" => {
                self.unread(self.line(it), "a `DO` block ends the transaction itself");
            }
            "PLpgSQL_stmt_case" if acts(it) => {
                self.unread(self.line(it), "which branch of the `CASE` in a `DO` block is taken is not known");
            }
            _ if acts(it) => self.unread(self.line(it), "how often the loop in a `DO` block runs is not known"),
            _ => {}
        }
    }

    fn inner(&mut self, it: &Value, guards: &[Guard]) {
        let mut own = guards.to_vec();
        let handlers = it["exceptions"]["PLpgSQL_exception_block"]["exc_list"].as_array();
        let first = self.lines.len();
        self.all(it.get("body"), &mut own);
        let Some(handlers) = handlers else { return };
        if handlers.iter().any(|it| acts(&it["PLpgSQL_exception"]["action"])) {
            self.unread(self.line(it), "what a `DO` block sends after an exception is not known");
        }
        // One statement whose failure is let pass is sent where what it makes is missing; several go together.
        let mut told = self.lines.split_off(first);
        let alone = told.len() == 1;
        for line in &mut told {
            if let Line::Sends(statements, guards) = line {
                let made = statements.first().filter(|_| alone && statements.len() == 1).and_then(|it| made(&it.kind));
                let unknown = || Question::Unknown(Reason::data("whether the exception is raised is not known"));
                let (question, holds) = made.unwrap_or_else(|| (unknown(), true));
                let span = statements.first().and_then(|it| it.sql.place(0, it.sql.as_str().len()));
                let span = span.or_else(|| self.text.span());
                guards.extend(span.map(|span| Guard { text: "EXCEPTION WHEN".to_owned(), span, question, holds }));
            }
        }
        self.lines.append(&mut told);
    }

    fn branches(&mut self, it: &Value, guards: &[Guard]) {
        let mut before = guards.to_vec();
        let elsifs = it["elsif_list"].as_array().into_iter().flatten().map(|it| &it["PLpgSQL_if_elsif"]);
        let arms = std::iter::once((&it["cond"], &it["then_body"])).chain(elsifs.map(|it| (&it["cond"], &it["stmts"])));
        for (condition, body) in arms {
            let asked = self.condition(condition);
            let mut own = [before.as_slice(), &asked].concat();
            self.all(Some(body), &mut own);
            before.extend(opposite(&asked));
        }
        self.all(it.get("else_body"), &mut before);
    }

    /// All that a condition asks for: each has to hold.
    fn condition(&mut self, it: &Value) -> Vec<Guard> {
        let text = query(it);
        let span = self.find(text).and_then(|(start, end)| self.text.place(start, end)).or_else(|| self.text.span());
        let Some(span) = span else { return Vec::new() };
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let guard = |(question, holds)| Guard { text: line.clone(), span, question, holds };
        catalog::asked(text).into_iter().map(guard).collect()
    }

    /// `EXECUTE` of a constant text; `USING` gives values only.
    fn execute(&mut self, it: &Value, guards: &[Guard]) {
        let written = query(&it["query"]);
        if let Some(sql) = catalog::constant(written) {
            self.parsed(&sql, guards);
        } else {
            let place = self.find(written);
            self.unread(place, "the text that a `DO` block executes is made when it is run");
        }
    }

    fn sends(&mut self, sql: &str, guards: &[Guard]) {
        self.parsed(sql, guards);
    }

    fn parsed(&mut self, sql: &str, guards: &[Guard]) {
        let place = self.find(sql);
        let text = place.map_or_else(|| Text::made(sql), |(start, end)| self.text.slice(start, end));
        match parse(&text) {
            // A block that another one makes when it is run.
            Ok(statements) if statements.iter().any(|it| it.kind == Kind::Do) => {
                self.unread(place, "a `DO` block in a `DO` block is not read");
            }
            Ok(statements) => self.lines.push(Line::Sends(statements, guards.to_vec())),
            Err(_) => self.unread(place, "a statement of a `DO` block is not understood"),
        }
    }

    fn unread(&mut self, place: Option<(usize, usize)>, why: &str) {
        let span = place.and_then(|(start, end)| self.text.place(start, end));
        self.lines.push(Line::Unread(span, Reason::limit(why.to_owned())));
    }

    /// The line that a statement of the body begins in, without its indentation.
    fn line(&self, it: &Value) -> Option<(usize, usize)> {
        let text = self.text.as_str();
        let before = usize::try_from(it["lineno"].as_u64()?).ok()?.checked_sub(1)?;
        // The body begins behind its `$$`.
        let open = text.find('$')?;
        let begin = open + 1 + text[open + 1..].find('$')? + 1;
        let lines = text[begin..].match_indices('\n').map(|(at, _)| begin + at + 1);
        let start = std::iter::once(begin).chain(lines).nth(before)?;
        let line = text[start..].lines().next()?;
        Some((start + line.len() - line.trim_start().len(), start + line.trim_end().len()))
    }

    /// Where a part of the body stands: they are asked for in the order in which they are written.
    fn find(&mut self, part: &str) -> Option<(usize, usize)> {
        let start = self.at + self.text.as_str().get(self.at..)?.find(part)?;
        self.at = start + part.len();
        Some((start, self.at))
    }
}

fn query(it: &Value) -> &str {
    it["PLpgSQL_expr"]["query"].as_str().unwrap_or("").trim()
}

/// It sends something other than a query, or may: somewhere below.
fn acts(it: &Value) -> bool {
    match it {
        Value::Object(fields) => fields.iter().any(|(name, it)| match name.as_str() {
            "PLpgSQL_stmt_execsql" => !is_query(query(&it["sqlstmt"])),
            "PLpgSQL_stmt_dynexecute" | "PLpgSQL_stmt_call" | "PLpgSQL_stmt_commit" | "PLpgSQL_stmt_rollback" => true,
            _ => acts(it),
        }),
        Value::Array(items) => items.iter().any(acts),
        _ => false,
    }
}

fn is_query(sql: &str) -> bool {
    let parsed = parse(&Text::made(sql));
    parsed.is_ok_and(|all| all.iter().all(|it| it.kind == Kind::Select))
}

/// The block ends here.
fn returns(it: &Value) -> bool {
    it.get("PLpgSQL_stmt_return").is_some()
        || it.get("PLpgSQL_stmt_raise").is_some_and(|it| it["elog_level"].as_i64() >= Some(ERROR))
}

/// `ERROR` of the server's `elog.h`.
const ERROR: i64 = 21;

/// The block ends here where this condition holds: its one branch ends with a `RETURN` or an exception.
fn leaves(it: &Value) -> Option<&Value> {
    let it = it.get("PLpgSQL_stmt_if")?;
    let last = it["then_body"].as_array()?.last()?;
    (returns(last) && it.get("elsif_list").is_none() && it.get("else_body").is_none()).then(|| &it["cond"])
}

/// What holds where not all of these do; of several nobody knows which fails.
fn opposite(asked: &[Guard]) -> Option<Guard> {
    let first = asked.first()?;
    let question = match asked {
        [one] => one.question.clone(),
        _ => Question::Unknown(Reason::data("which part of the condition does not hold is not known")),
    };
    Some(Guard {
        question,
        holds: asked.len() > 1 || !first.holds,
        text: format!("NOT ({})", first.text),
        ..first.clone()
    })
}

/// What has to be missing, or there, for the statement to pass.
fn made(kind: &Kind) -> Option<(Question, bool)> {
    let qualified =
        |name: &Name| Qualified { schema: name.schema.as_ref().map(Word::plain), name: Word::plain(&name.name) };
    Some(match kind {
        Kind::CreateEnum { name, .. } => (Question::Type(qualified(name)), false),
        Kind::CreateDomain(domain) => (Question::Type(qualified(&domain.name)), false),
        Kind::CreateTable(create) => (Question::Table(qualified(&create.table)), false),
        Kind::CreateIndex(create) => {
            (Question::AnyIndex(qualified(&create.table.renamed(create.index.as_ref()?))), false)
        }
        Kind::AlterTable { table, actions, .. } => match actions.as_slice() {
            [Action::AddColumn { column, .. }] => (Question::Column(qualified(table), column.name.clone()), false),
            [Action::DropColumn { column, .. }] => (Question::Column(qualified(table), column.clone()), true),
            [Action::AddConstraint(it)] => (Question::Constraint(qualified(table), it.name.clone()?), false),
            [Action::DropConstraint { constraint, .. }] => {
                (Question::Constraint(qualified(table), constraint.clone()), true)
            }
            _ => return None,
        },
        Kind::DropTable { tables, .. } if tables.len() == 1 => (Question::Table(qualified(&tables[0])), true),
        Kind::DropType { names, .. } if names.len() == 1 => (Question::Type(qualified(&names[0])), true),
        _ => return None,
    })
}
