//! A revision's steps to statements.

use super::Migrated;
use crate::{
    op::{CheckFirst, Op, Question, Step},
    reason::{Class, Reason},
    render::{self, Dialect, Memo},
    revision::{Body, Revision},
    source::{Span, Text},
    sql::{self, Line, Parsed, Refused},
    statement::{Kind, Rejected, Statement, Unresolved, Way},
};
use std::sync::Arc;

/// Renders and parses each step of a revision. What goes wrong is in the answer, beside what goes well.
#[must_use]
pub fn migrate(revision: &Revision, dialect: &Dialect) -> Migrated {
    let both = [&revision.upgrade, &revision.downgrade].map(|body| Arc::new(way(body, dialect)));
    let [upgrade, downgrade] = both;
    Migrated { upgrade, downgrade }
}

fn way(body: &Body, dialect: &Dialect) -> Way {
    let mut way = Way::default();
    let mut memo = Memo::default();
    for (index, step) in body.steps.iter().enumerate() {
        if let Op::Raise { .. } = step.op {
            continue;
        }
        match render::render(&step.op, dialect, &mut memo) {
            Ok(texts) => texts.iter().for_each(|text| add(&mut way, text, step, index, dialect)),
            Err(why) => way.unresolved.push(Unresolved { unbound: why.unbound, ..unresolved(step, index, why.reason) }),
        }
    }
    // A history of thousands holds all of them at once.
    way.statements.shrink_to_fit();
    way
}

fn unresolved(step: &Step, index: usize, reason: Reason) -> Unresolved {
    Unresolved { span: step.span, sent: step.sent, step: index, reason, unbound: None, within: false }
}

pub(super) fn add(way: &mut Way, text: &Text, step: &Step, index: usize, dialect: &Dialect) {
    match sql::parse(text) {
        Ok(parsed) => {
            // Where each ends in the text, and its place among the statements.
            let mut ends: Vec<(usize, usize)> = Vec::new();
            for it in parsed {
                ends.push((it.range.end, way.statements.len()));
                let body = if it.kind == Kind::Do { sql::body(&it.sql) } else { Vec::new() };
                let checkfirst = asks(&it.kind, step.checkfirst, dialect);
                let statement = statement(it, step, index);
                way.statements.push(Statement { joined: ends.len() > 1, checkfirst, ..statement });
                for line in body {
                    add_line(way, line, step, index);
                }
            }
            for (at, span, remark) in remarks(text) {
                // A remark speaks of the statement that it stands in or above, at the end of the one before.
                let speaks_of = ends.iter().find(|(end, _)| *end > at).or(ends.last());
                if let Some(statement) = speaks_of.and_then(|(_, place)| way.statements.get_mut(*place)) {
                    statement.remarks.push((span, remark));
                }
            }
        }
        // What a run decides may be a question for the dialect: then it is no fault that PostgreSQL refuses it.
        Err(Refused::Syntax(message)) if step.when.iter().any(|it| matches!(it.question, Question::Unknown(_))) => {
            let class = step.when.iter().find_map(|it| it.question.open()).map_or(Class::Limit, |it| it.class);
            let reason = format!("PostgreSQL refuses this SQL ({message}), and whether it is sent is not known");
            let reason = Reason::of(class, reason);
            way.unresolved.push(unresolved(step, index, reason));
        }
        Err(Refused::Syntax(message)) => way.rejected.push(Rejected {
            span: place(text, step),
            sent: step.sent,
            step: index,
            message,
            autocommit: step.autocommit,
            guards: step.when.clone(),
            remarks: remarks(text).into_iter().map(|(_, span, remark)| (span, remark)).collect(),
            sql: text.clone(),
        }),
        Err(Refused::Limit(reason)) => way.unresolved.push(unresolved(step, index, Reason::limit(reason))),
    }
}

/// What the body of a `DO` block does.
fn add_line(way: &mut Way, line: Line, step: &Step, index: usize) {
    match line {
        Line::Sends(parsed, guards) => way.statements.extend(parsed.into_iter().map(|it| {
            let mut statement = statement(it, step, index);
            statement.within = true;
            statement.guards.extend(guards.iter().cloned());
            statement
        })),
        Line::Unread(span, reason) => {
            let whole = unresolved(step, index, reason);
            // A block that does the same unknown thing over and over is one of them.
            if way.unresolved.iter().any(|it| it.within && it.step == index && it.reason == whole.reason) {
                return;
            }
            way.unresolved.push(Unresolved { span: span.unwrap_or(whole.span), within: true, ..whole });
        }
    }
}

fn statement(it: Parsed, step: &Step, index: usize) -> Statement {
    Statement {
        span: place(&it.sql, step),
        kind: it.kind,
        definition: it.definition.map(Box::new),
        newer: it.newer,
        sql: it.sql,
        called: step.span,
        sent: step.sent,
        step: index,
        joined: false,
        within: false,
        autocommit: step.autocommit,
        checkfirst: false,
        guards: step.when.clone(),
        remarks: Vec::new(),
    }
}

/// SQLAlchemy asks the database before it sends a statement of this kind.
pub(super) fn asks(kind: &Kind, checkfirst: CheckFirst, dialect: &Dialect) -> bool {
    match checkfirst {
        CheckFirst::No => false,
        CheckFirst::Types => dialect.sqlalchemy >= (2, 1) && matches!(kind, Kind::CreateEnum { .. }),
        CheckFirst::Yes => true,
    }
}

/// The SQL's own place where it is written in the call, else the call.
fn place(sql: &Text, step: &Step) -> Span {
    let written = sql.place(0, sql.as_str().len());
    let inside = |it: &Span| it.source == step.span.source && it.start >= step.span.start && it.end <= step.span.end;
    match step.op {
        Op::Execute(_) | Op::Driver(_) => written.unwrap_or(step.span),
        _ => written.filter(inside).map_or(step.span, |_| step.span),
    }
}

/// The comments of a text that speak to the tool.
fn remarks(text: &Text) -> Vec<(usize, Span, String)> {
    if !text.as_str().contains("limbeck:") {
        return Vec::new();
    }
    let found = sql::comments(text.as_str()).into_iter().filter_map(|range| {
        let comment = text.as_str().get(range.clone())?;
        let span = text.place(range.start, range.end)?;
        comment.contains("limbeck:").then(|| (range.start, span, comment.to_owned()))
    });
    found.collect()
}
