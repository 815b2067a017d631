//! What a run of one revision sends, in its order, and what of it is not known.

use crate::{
    op::{Guard, Op},
    reason::Reason,
    revision::Body,
    source::{Span, Text},
    sql::{self, Reach},
    statement::{Kind, Statement, Way},
};

/// One direction of a revision, ready to be run.
#[derive(Clone, Debug, Default)]
pub(super) struct Acts {
    /// In the order in which they are sent.
    pub(super) all: Vec<Act>,
    /// The first thing that is not known; the acts are then not all that Alembic would do.
    pub(super) unknown: Option<(Span, Reason)>,
    /// It ends with an exception whatever the database holds.
    pub(super) raises: bool,
    /// The project's own Alembic runs it.
    pub(super) alembic: bool,
}

/// One string that is sent, or the exception that ends the function.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Act {
    /// What is sent, statement by statement; empty: an exception is raised here.
    pub(super) parts: Vec<Part>,
    /// The best place in the Python.
    pub(super) span: Span,
    /// The operation's call.
    pub(super) called: Span,
    /// The code from which Alembic is called.
    pub(super) sent: Span,
    /// The SQL is written by the user, not made from an operation.
    pub(super) written: bool,
    /// It is sent with values apart from its text.
    pub(super) bound: bool,
    /// Outside the transaction.
    pub(super) autocommit: bool,
    /// SQLAlchemy asks first whether there is anything to do.
    pub(super) checkfirst: bool,
    /// All of these must hold.
    pub(super) guards: Vec<Guard>,
    /// Comments in the SQL that speak to the tool.
    pub(super) remarks: Vec<Span>,
}

/// A statement of a string.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Its place among the way's statements, where it is one.
    pub(super) at: Option<usize>,
    pub(super) text: Text,
    /// `None`: the grammar refuses it.
    pub(super) kind: Option<Kind>,
    pub(super) reach: Reach,
}

impl Act {
    /// The whole string, with the place of each byte.
    pub(super) fn text(&self) -> Text {
        let mut text = Text::default();
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                text.push_made(";\n");
            }
            text.push(&part.text);
        }
        text
    }
}

/// Puts a way's statements together again as they are sent, and what the grammar refuses between them.
pub(super) fn acts(way: &Way, body: &Body) -> Acts {
    let mut steps: Vec<(usize, Act)> = Vec::new();
    for (at, statement) in way.statements.iter().enumerate().filter(|(_, it)| !it.within) {
        match steps.last_mut() {
            Some((_, act)) if statement.joined => {
                act.parts.push(part(at, statement));
                act.remarks.extend(statement.remarks.iter().map(|(span, _)| *span));
            }
            _ => steps.push((statement.step, act(at, statement, body))),
        }
    }
    for it in &way.rejected {
        let act = Act {
            parts: vec![Part { at: None, text: it.sql.clone(), kind: None, reach: Reach::default() }],
            span: it.span,
            called: body.steps.get(it.step).map_or(it.span, |step| step.span),
            sent: it.sent,
            written: true,
            bound: false,
            autocommit: it.autocommit,
            checkfirst: false,
            guards: it.guards.clone(),
            remarks: it.remarks.iter().map(|(span, _)| *span).collect(),
        };
        steps.push((it.step, act));
    }
    let raises = raises(body, &mut steps);
    steps.sort_by_key(|(step, _)| *step);
    Acts { all: steps.into_iter().map(|(_, act)| act).collect(), unknown: unknown(way, body), raises, alembic: false }
}

/// Adds the exceptions that the body may end with; the answer is whether it always does.
fn raises(body: &Body, steps: &mut Vec<(usize, Act)>) -> bool {
    let mut always = false;
    for (index, step) in body.steps.iter().enumerate() {
        if let Op::Raise { .. } = step.op {
            always |= step.when.is_empty();
            let act = Act {
                parts: Vec::new(),
                span: step.span,
                called: step.span,
                sent: step.sent,
                written: false,
                bound: false,
                autocommit: step.autocommit,
                checkfirst: false,
                guards: step.when.clone(),
                remarks: Vec::new(),
            };
            steps.push((index, act));
        }
    }
    always
}

/// What is not known, and what hangs on a condition that only Python can decide. A `DO` block is known well enough.
fn unknown(way: &Way, body: &Body) -> Option<(Span, Reason)> {
    let unresolved = way.unresolved.iter().filter(|it| !it.within);
    let unresolved = unresolved.map(|it| (it.step, it.span, it.reason.clone()));
    let guarded = body.steps.iter().enumerate().filter_map(|(index, step)| {
        let (guard, reason) = step.when.iter().find_map(|guard| Some((guard, guard.question.open()?)))?;
        Some((index, guard.span, reason.clone()))
    });
    let first = unresolved.chain(guarded).min_by_key(|(step, ..)| *step)?;
    Some((first.1, first.2))
}

fn act(at: usize, statement: &Statement, body: &Body) -> Act {
    Act {
        parts: vec![part(at, statement)],
        span: statement.span,
        called: statement.called,
        sent: statement.sent,
        written: is_written(body, statement.step),
        bound: is_bound(body, statement.step),
        autocommit: statement.autocommit,
        checkfirst: statement.checkfirst,
        guards: statement.guards.clone(),
        remarks: statement.remarks.iter().map(|(span, _)| *span).collect(),
    }
}

fn part(at: usize, statement: &Statement) -> Part {
    // Parsing it anew is dear, and these are all that most histories are made of.
    let stays = match &statement.kind {
        Kind::CreateTable(_)
        | Kind::CreateTableAs { .. }
        | Kind::CreateIndex(_)
        | Kind::DropTable { .. }
        | Kind::DropIndex { .. }
        | Kind::RenameTable { .. }
        | Kind::RenameColumn { .. }
        | Kind::CreateEnum { .. }
        | Kind::Update(_)
        | Kind::Delete { .. }
        | Kind::Select => true,
        Kind::Insert(_) => !statement.sql.as_str().get(..4).is_some_and(|it| it.eq_ignore_ascii_case("copy")),
        Kind::AlterTable { .. } => !statement.sql.as_str().to_ascii_lowercase().contains("owner"),
        _ => false,
    };
    let reach = if stays { Reach::default() } else { sql::reach(statement.sql.as_str()) };
    Part { at: Some(at), text: statement.sql.clone(), kind: Some(statement.kind.clone()), reach }
}

fn is_written(body: &Body, step: usize) -> bool {
    body.steps.get(step).is_some_and(|step| matches!(step.op, Op::Execute(_) | Op::Driver(_)))
}

fn is_bound(body: &Body, step: usize) -> bool {
    body.steps.get(step).is_some_and(|step| matches!(&step.op, Op::Execute(text) if !text.binds.is_empty()))
}
