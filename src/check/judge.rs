//! The rules at every site.

use super::{
    Case, Decisions, Newness,
    decide::{Turn, Walk, replay},
    graph::Graph,
};
use crate::{
    base::Base,
    finding::{Direction, Finding, Subject},
    op::Op,
    policy::Policy,
    reason::Class,
    revision::Revision,
    rule::{Check, Context, Findings, Migration, Rule, Site},
    rules,
    schema::{Names, Run, Schema},
    source::Span,
    statement::{Kind, Way},
};

/// A finding, and what a suppression needs to know of where it came from.
pub(super) struct Raised {
    pub(super) finding: Finding,
    /// The operation's call.
    pub(super) called: Option<Span>,
    /// Comments in the SQL that speak of the statement.
    pub(super) remarks: Vec<Span>,
}

impl From<Finding> for Raised {
    fn from(finding: Finding) -> Self {
        Self { finding, called: None, remarks: Vec::new() }
    }
}

/// The rules that the policy asks for.
fn active(policy: &Policy) -> Vec<&'static Rule> {
    rules::ALL.iter().filter(|rule| policy.applies(rule)).collect()
}

/// Everything that any rule has to say of the revisions that are reported, and what the conditions come to.
pub(super) fn judge(case: &Case<'_>, graph: &Graph, newness: &Newness) -> (Vec<Raised>, Vec<Decisions>) {
    let mut names = Names::default();
    for way in case.migrations.iter().flat_map(|it| [&it.upgrade, &it.downgrade]) {
        way.statements.iter().for_each(|statement| names.add(statement));
    }
    let context =
        Context { history: case.history, target: &case.policy.target, names: &names, fresh: newness.fresh.as_deref() };
    let rules = active(case.policy);
    let mut judge = Judge { context, rules, raised: Vec::new() };
    judge.history();
    if let Some(base) = case.base {
        judge.base(base);
    }
    let mut decisions = Vec::new();
    replay(graph, &case.migrations, |turn| {
        let selected = case.history.environment.selected.as_ref();
        let asked = newness.reported.as_ref().is_none_or(|it| it.get(turn.place) == Some(&true));
        if let Some(revision) = case.history.revisions.get(turn.place)
            && asked
            && selected.is_none_or(|it| it.contains(&revision.source))
        {
            judge.turn(revision, &turn);
        }
        decisions.push(turn.decisions);
    });
    (judge.raised, decisions)
}

struct Judge<'a> {
    context: Context<'a>,
    rules: Vec<&'static Rule>,
    raised: Vec<Raised>,
}

impl Judge<'_> {
    fn history(&mut self) {
        for rule in &self.rules {
            if let Check::History(check) = rule.spec.check {
                let mut out = Vec::new();
                check(self.context.history, self.context.target, &mut self.of_history(rule, &mut out));
                self.raised.extend(out.into_iter().map(Raised::from));
            }
        }
    }

    fn base(&mut self, base: &Base) {
        for rule in &self.rules {
            if let Check::Base(check) = rule.spec.check {
                let mut out = Vec::new();
                check(self.context.history, base, &mut self.of_history(rule, &mut out));
                self.raised.extend(out.into_iter().map(Raised::from));
            }
        }
    }

    /// A sink for what is no single revision's until the rule says so.
    fn of_history<'a>(&self, rule: &'static Rule, out: &'a mut Vec<Finding>) -> Findings<'a> {
        let environment = self.context.history.environment.folder.clone();
        Findings::new(rule, Subject { environment, ..Subject::default() }, None, out)
    }

    fn turn(&mut self, revision: &Revision, turn: &Turn<'_>) {
        let upgrade = kept(&turn.migrated.upgrade, &turn.decisions.upgrade);
        let downgrade = kept(&turn.migrated.downgrade, &turn.decisions.downgrade);
        for (direction, way, schema, stamp) in [
            (Direction::Upgrade, &upgrade, &turn.before, turn.stamps.0),
            (Direction::Downgrade, &downgrade, turn.after, turn.stamps.1),
        ] {
            self.way(revision, way, schema.clone(), Walk::new(way, stamp, Run { revision: turn.place, direction }));
            self.elsewhere(revision, way, direction);
        }
        let migration = Migration {
            revision,
            upgrade: &upgrade,
            downgrade: &downgrade,
            before: &turn.before,
            after: turn.after,
            context: self.context,
        };
        for rule in &self.rules {
            if let Check::Migration(check) = rule.spec.check {
                let mut out = Vec::new();
                check(&migration, &mut Findings::new(rule, self.subject(revision, None), None, &mut out));
                self.raised.extend(out.into_iter().map(Raised::from));
            }
        }
    }

    fn way(&mut self, revision: &Revision, way: &Way, mut schema: Schema, mut walk: Walk<'_>) {
        let run = walk.run;
        let mut in_transaction = true;
        for (at, statement) in way.statements.iter().enumerate() {
            walk.blur(statement.step, &mut schema);
            let site = Site {
                statement,
                schema: &schema,
                earlier: &way.statements[..at],
                later: &way.statements[at + 1..],
                unresolved: &way.unresolved,
                in_transaction: in_transaction && !statement.autocommit,
                revision,
                run,
                context: self.context,
            };
            for rule in &self.rules {
                if let Check::Statement(check) = rule.spec.check {
                    let mut out = Vec::new();
                    let subject = self.subject(revision, Some(run.direction));
                    let sql = Some(statement.sql.as_str());
                    check(&site, &mut Findings::new(rule, subject, sql, &mut out));
                    let remarks = || statement.remarks.iter().map(|(span, _)| *span).collect();
                    let called = Some(statement.called);
                    let raise = |finding| Raised { finding: at_call(finding, &site), called, remarks: remarks() };
                    self.raised.extend(out.into_iter().map(raise));
                }
            }
            // `autocommit_block()` ends the transaction and begins another one behind it; a raw `COMMIT` ends it
            // until somebody begins one.
            match statement.kind {
                _ if statement.autocommit => in_transaction = true,
                Kind::Begin => in_transaction = true,
                Kind::End => in_transaction = false,
                _ => {}
            }
            schema.apply(statement, walk.moment());
        }
    }

    /// What is found before any rule looks: text that is no SQL, and what has not become SQL.
    fn elsewhere(&mut self, revision: &Revision, way: &Way, direction: Direction) {
        let subject = self.subject(revision, Some(direction));
        if let Some(rule) = self.rule("sql-syntax") {
            for it in &way.rejected {
                let mut out = Vec::new();
                let sql = Some(it.sql.as_str());
                Findings::new(rule, subject.clone(), sql, &mut out)
                    .report(it.span, format!("PostgreSQL refuses this SQL: {}", it.message))
                    .object(it.message.clone());
                let remarks = it.remarks.iter().map(|(span, _)| *span).collect::<Vec<_>>();
                let raise = |finding| Raised { finding, called: None, remarks: remarks.clone() };
                self.raised.extend(out.into_iter().map(raise));
            }
        }
        if let Some(rule) = self.rule("opaque-operation") {
            for it in &way.unresolved {
                let mut out = Vec::new();
                // What Alembic itself refuses is known well enough: the revision fails there.
                let refused = it.reason.class == Class::Refused;
                let message =
                    if refused { it.reason.to_string() } else { format!("what this does is not known: {}", it.reason) };
                let mut findings = Findings::new(rule, subject.clone(), None, &mut out);
                let finding = findings.report(it.span, message).object(it.reason.to_string());
                if refused {
                    finding.severity = crate::finding::Severity::Warning;
                }
                let raise = |finding| Raised { finding, called: Some(it.span), remarks: Vec::new() };
                self.raised.extend(out.into_iter().map(raise));
            }
        }
    }

    fn rule(&self, name: &str) -> Option<&'static Rule> {
        self.rules.iter().find(|rule| rule.name == name).copied()
    }

    fn subject(&self, revision: &Revision, direction: Option<Direction>) -> Subject {
        Subject {
            environment: self.context.history.environment.folder.clone(),
            revision: Some(revision.id.id.clone()),
            direction,
            object: String::new(),
        }
    }
}

/// A finding stands where the operation is called, unless its place is in that call, or in the SQL that is sent: a
/// table that is described at the head of the file, or in another one, is but noted.
fn at_call(mut finding: Finding, site: &Site<'_>) -> Finding {
    let (span, called, sent) = (finding.span, site.statement.called, site.statement.sent);
    let own = called.source == site.revision.source;
    let inside = span.source == called.source && called.start <= span.start && span.end <= called.end;
    let sql = matches!(site.step().map(|it| &it.op), Some(Op::Execute(_) | Op::Driver(_)));
    if own && (inside || sql) {
        return finding;
    }
    finding.span = if !own && sent.source == site.revision.source { sent } else { called };
    if finding.span != span {
        finding.note(span, "this is written here");
    }
    finding
}

/// The way without the statements that are never run.
fn kept(way: &Way, decisions: &[Option<bool>]) -> Way {
    let mut kept = way.clone();
    let mut decisions = decisions.iter();
    kept.statements.retain(|_| decisions.next() != Some(&Some(false)));
    kept
}
