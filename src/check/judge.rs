//! The rules at every site.

use super::{
    Case, Coverage, Decisions, Migrated, Newness,
    decide::{Replay, Turn, Walk},
    graph::Graph,
    merges::{self, Held},
    past::{Now, Past, Terms, Verdict},
    size,
};
use crate::{
    base::Base,
    environment::Transactions,
    finding::{Direction, Finding, Subject},
    history::History,
    op::{Op, Step},
    policy::Policy,
    reason::Class,
    revision::Revision,
    rule::{Asked, Check, Context, Deeds, Findings, Line, Migration, Rule, Site, Transaction},
    schema::{Names, Naming, Run, Schema},
    source::Span,
    statement::{Kind, Way},
};
use rayon::prelude::*;
use std::{
    borrow::Cow,
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

/// A finding, and what a suppression needs to know of where it came from.
#[derive(Clone)]
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
    policy.rules().filter(|rule| policy.applies(rule)).collect()
}

/// How many revisions are replayed while those before them are judged.
const AT_ONCE: usize = 32;

/// Everything that any rule has to say of the revisions that are reported, and how much of them is understood. What has
/// been judged is let go, so that a long history is never held as statements and as schemas at once.
pub(super) fn judge(
    case: &Case<'_>,
    migrations: Vec<Migrated>,
    graph: &Graph,
    newness: &Newness,
    mut past: Option<&mut Past>,
) -> (Vec<Raised>, Coverage) {
    let mut names = Names::default();
    for way in migrations.iter().flat_map(|it| [&it.upgrade, &it.downgrade]) {
        way.statements.iter().for_each(|statement| names.add(statement));
    }
    let (firsts, noted) = (firsts(&migrations), past.is_some());
    let court = Court { case, graph, newness, firsts, names: &names, rules: active(case.policy), noted };
    let mut raised = court.at_large();
    let now = Now { history: case.history, graph, newness, names: &names };
    let known = past.as_mut().map_or(&[][..], |past| past.known(court.terms(), &now, &migrations));
    let mut session = Session { coverage: Coverage::of(case.history), held: Held::new(graph), case };
    for (place, step) in known.iter().enumerate() {
        session.attend(place, &step.migrated, &step.decisions);
        raised.extend(step.raised.iter().cloned());
    }
    let mut open = known.last().map(|step| step.open.clone()).unwrap_or_default();
    let schemas: Vec<&Schema> = known.iter().map(|step| &step.after).collect();
    let start = known.last().map_or(graph.start.stamp, |step| step.stamp);
    let mut replay = Replay::behind(graph, migrations, &schemas, start);
    let mut turns: Vec<Turn> = replay.by_ref().take(AT_ONCE).collect();
    while !turns.is_empty() {
        for turn in &turns {
            session.attend(turn.place, &turn.migrated, &turn.decisions);
        }
        // The replay goes in order; what the rules say of a revision is no other revision's affair.
        let next = || replay.by_ref().take(AT_ONCE).collect();
        let judge = || court.verdicts(&turns, &session.held, &mut open);
        let (verdicts, next): (Vec<Verdict>, Vec<Turn>) = rayon::join(judge, next);
        session.held.release(turns.last().map_or(0, |turn| turn.place));
        for (turn, verdict) in std::mem::replace(&mut turns, next).into_iter().zip(verdicts) {
            match &mut past {
                Some(past) => {
                    raised.extend(verdict.raised.iter().cloned());
                    past.push(&turn, verdict, &now);
                }
                None => raised.extend(verdict.raised),
            }
        }
    }
    (raised, session.coverage)
}

/// What is written down of every revision as its turn comes.
struct Session<'a> {
    case: &'a Case<'a>,
    coverage: Coverage,
    held: Held,
}

impl Session<'_> {
    fn attend(&mut self, place: usize, migrated: &Migrated, decisions: &Decisions) {
        self.held.keep(place, migrated);
        if let Some(revision) = self.case.history.revisions.get(place) {
            self.coverage.add(self.case.history, revision, migrated, decisions);
        }
    }
}

/// What is the same for every revision.
struct Court<'a> {
    case: &'a Case<'a>,
    graph: &'a Graph,
    newness: &'a Newness,
    firsts: BTreeMap<u32, usize>,
    names: &'a Names,
    rules: Vec<&'static Rule>,
    /// It is noted which names the rules ask for.
    noted: bool,
}

impl Court<'_> {
    fn terms(&self) -> Terms {
        Terms {
            rules: self.rules.iter().map(|rule| std::ptr::from_ref(*rule).addr()).collect(),
            target: self.case.policy.target.clone(),
            selected: self.case.policy.select.is_some(),
            folder: self.case.history.environment.folder.clone(),
            stack: self.case.history.environment.stack.clone(),
            dump: self.case.history.environment.dump.clone(),
        }
    }

    fn judge<'b>(&'b self, asked: Option<&'b RefCell<BTreeSet<String>>>, open: Transaction) -> Judge<'b> {
        let context = Context {
            firsts: &self.firsts,
            line: Line::new(self.case.history),
            stack: &self.case.history.environment.stack,
            target: &self.case.policy.target,
            names: Naming::new(self.names, asked),
            fresh: self.newness.fresh.as_deref(),
            selected: self.case.policy.select.is_some(),
        };
        Judge { context, history: self.case.history, rules: &self.rules, raised: Vec::new(), open }
    }

    /// What is said of the history, and of what it is held against.
    fn at_large(&self) -> Vec<Raised> {
        let mut judge = self.judge(None, Transaction::default());
        judge.history();
        if let Some(base) = self.case.base {
            judge.base(base);
        }
        judge.raised
    }

    /// What is said of some revisions; each is judged by itself, unless new ones share a transaction.
    fn verdicts(&self, turns: &[Turn], held: &Held, open: &mut Transaction) -> Vec<Verdict> {
        let shared = self.case.history.environment.stack.transactions == Transactions::PerRun;
        if !shared || self.newness.fresh.is_none() {
            return turns.par_iter().map(|turn| self.verdict(turn, held, Transaction::default())).collect();
        }
        let one = |turn| {
            let verdict = self.verdict(turn, held, std::mem::take(open));
            open.clone_from(&verdict.open);
            verdict
        };
        turns.iter().map(one).collect()
    }

    fn verdict(&self, turn: &Turn, held: &Held, open: Transaction) -> Verdict {
        let case = self.case;
        let selected = case.history.environment.selected.as_ref();
        let asked = self.newness.reported.as_ref().is_none_or(|it| it.get(turn.place) == Some(&true));
        let revision = case.history.revisions.get(turn.place);
        let Some(revision) = revision.filter(|it| asked && selected.is_none_or(|chosen| chosen.contains(&it.source)))
        else {
            return Verdict { open, ..Verdict::default() };
        };
        let asked = RefCell::default();
        let mut judge = self.judge(self.noted.then_some(&asked), open);
        judge.turn(revision, turn);
        if revision.parents.len() > 1 {
            judge.merge(revision, &merges::clashes(self.graph, held, turn.place));
        }
        let Judge { raised, open, .. } = judge;
        let names = asked.into_inner().into_iter().map(|table| (table.clone(), self.names.answer(&table))).collect();
        Verdict { raised, names, open }
    }
}

/// See [`Context::firsts`].
fn firsts(migrations: &[Migrated]) -> BTreeMap<u32, usize> {
    let mut firsts = BTreeMap::new();
    for (place, migrated) in migrations.iter().enumerate() {
        let newest = migrated.upgrade.statements.iter().filter_map(|it| it.newer).map(|it| it.since).max();
        if let Some(newest) = newest
            && firsts.last_key_value().is_none_or(|(known, _)| newest > *known)
        {
            firsts.insert(newest, place);
        }
    }
    firsts
}

struct Judge<'a> {
    context: Context<'a>,
    history: &'a History,
    rules: &'a [&'static Rule],
    raised: Vec<Raised>,
    /// What the transaction holds that the revisions before have left open.
    open: Transaction,
}

impl Judge<'_> {
    fn history(&mut self) {
        let subject = self.of_history();
        for rule in self.rules {
            if let Check::History(check) = rule.spec.check {
                let mut out = Vec::new();
                check(self.history, self.context.target, &mut Findings::new(rule, &subject, None, &mut out));
                self.raised.extend(out.into_iter().map(Raised::from));
            }
        }
    }

    fn base(&mut self, base: &Base) {
        let subject = self.of_history();
        for rule in self.rules {
            if let Check::Base(check) = rule.spec.check {
                let mut out = Vec::new();
                check(self.history, base, &mut Findings::new(rule, &subject, None, &mut out));
                self.raised.extend(out.into_iter().map(Raised::from));
            }
        }
    }

    /// Of what is said that is no single revision's until the rule says so.
    fn of_history(&self) -> Subject {
        Subject { environment: self.history.environment.folder.clone(), ..Subject::default() }
    }

    fn turn(&mut self, revision: &Revision, turn: &Turn) {
        let upgrade = kept(&turn.migrated.upgrade, &turn.decisions.upgrade);
        let downgrade = kept(&turn.migrated.downgrade, &turn.decisions.downgrade);
        for (direction, way, schema, stamp) in [
            (Direction::Upgrade, &upgrade, &turn.before, turn.stamps[0]),
            (Direction::Downgrade, &downgrade, &turn.after, turn.stamps[1]),
        ] {
            let walk = Walk::new(way, stamp, Run::new(turn.place, direction));
            let told = self.way(revision, way, schema.clone(), walk);
            self.elsewhere(revision, way, direction, &told);
        }
        let migration = Migration {
            revision,
            run: Run::new(turn.place, Direction::Upgrade),
            upgrade: &upgrade,
            downgrade: &downgrade,
            before: &turn.before,
            after: &turn.after,
            back: &turn.back,
            touched: &turn.touched,
            undecided: !turn.decisions.open.is_empty(),
            place: turn.place,
            context: self.context,
        };
        let subject = self.subject(revision, None);
        for rule in self.rules {
            if let Check::Migration(check) = rule.spec.check {
                let mut out = Vec::new();
                check(&migration, &mut Findings::new(rule, &subject, None, &mut out));
                self.raised.extend(out.into_iter().map(Raised::from));
            }
        }
    }

    /// What the branches that meet at a revision do to one thing.
    fn merge(&mut self, revision: &Revision, clashes: &[merges::Clash]) {
        let Some(rule) = self.rule("contradicting-branches") else { return };
        let mut out = Vec::new();
        let subject = self.subject(revision, Some(Direction::Upgrade));
        let mut findings = Findings::new(rule, &subject, None, &mut out);
        let ends = revision.parents.first().zip(revision.parents.last());
        let span = ends.map_or(revision.id.span, |(first, last)| first.span.to(last.span));
        for clash in clashes {
            let finding = findings.report(span, format!("of the branches that meet here {}", clash.how));
            if !clash.fails {
                finding.severity = crate::finding::Severity::Warning;
            }
            finding.object(clash.what.object());
            for (place, word) in clash.places.iter().zip(["the one does it here", "and the other works on it here"]) {
                finding.note(*place, word);
            }
        }
        self.raised.extend(out.into_iter().map(Raised::from));
    }

    /// Judges operations and statements; the answer has the operations that a rule of operations has spoken of.
    fn way(&mut self, revision: &Revision, way: &Way, mut schema: Schema, mut walk: Walk<'_>) -> BTreeSet<usize> {
        let body = match walk.run.direction {
            Direction::Upgrade => &revision.upgrade,
            Direction::Downgrade => &revision.downgrade,
        };
        let (mut told, mut in_transaction, mut at) = (BTreeSet::new(), true, 0);
        // A `BEGIN` of the revision's own, outside Alembic's transaction.
        let mut begun = false;
        let mut transaction = self.begun(walk.run);
        let subject = self.subject(revision, Some(walk.run.direction));
        for (index, step) in body.steps.iter().enumerate() {
            walk.blur(index, &mut schema);
            let end = at + way.statements[at..].iter().take_while(|it| it.step == index).count();
            let asked = Asked {
                step,
                statements: &way.statements[at..end],
                unresolved: way.unresolved.iter().find(|it| it.step == index),
                later: &way.statements[end..],
                schema: &schema,
                revision,
                run: walk.run,
                context: self.context,
            };
            if self.operation(&asked, &subject) {
                told.insert(index);
            }
            for place in at..end {
                let effect = OnceCell::new();
                let site = Site {
                    effect: &effect,
                    statement: &way.statements[place],
                    schema: &schema,
                    earlier: &way.statements[..place],
                    later: &way.statements[place + 1..],
                    unresolved: &way.unresolved,
                    in_transaction: if way.statements[place].autocommit { begun } else { in_transaction },
                    transaction: &transaction,
                    revision,
                    run: walk.run,
                    context: self.context,
                };
                self.statement(&site, &subject);
                let deeds = Deeds::of(&site);
                transaction.add(deeds);
                begun = way.statements[place].autocommit && stays(begun, &way.statements[place].kind);
                in_transaction = way.statements[place].autocommit || stays(in_transaction, &way.statements[place].kind);
                schema.apply(&way.statements[place], walk.moment());
            }
            at = end;
        }
        if walk.run.direction == Direction::Upgrade {
            self.open = transaction;
        }
        told
    }

    /// The transaction that a run begins in: one of its own, or that of the new revisions before it.
    fn begun(&mut self, run: Run) -> Transaction {
        let stack = &self.history.environment.stack;
        let is_new =
            |at: Option<usize>| self.context.fresh.is_some_and(|it| at.and_then(|at| it.get(at)) == Some(&true));
        let shared = stack.transactions == Transactions::PerRun
            && run.direction == Direction::Upgrade
            && is_new(Some(run.revision()))
            && is_new(run.revision().checked_sub(1));
        if shared { std::mem::take(&mut self.open) } else { Transaction::default() }
    }

    /// The rules of operations; the answer is whether any has spoken.
    fn operation(&mut self, asked: &Asked<'_>, subject: &Subject) -> bool {
        // Of an operation whose condition does not hold nothing is left.
        if asked.statements.is_empty() && asked.unresolved.is_none() && !asked.step.when.is_empty() {
            return false;
        }
        let before = self.raised.len();
        for rule in self.rules {
            if let Check::Operation(check) = rule.spec.check {
                let mut out = Vec::new();
                let sql = asked.statements.first().map(|it| it.sql.as_str());
                check(asked, &mut Findings::new(rule, subject, sql, &mut out));
                if out.is_empty() {
                    continue;
                }
                let spoken = || asked.statements.iter().flat_map(|it| &it.remarks).map(|(span, _)| *span).collect();
                let step = asked.step;
                self.raised.extend(out.into_iter().map(|finding| Raised {
                    finding: at_call(finding, step, (step.span, step.sent), asked.revision),
                    called: Some(step.span),
                    remarks: spoken(),
                }));
            }
        }
        self.raised.len() > before
    }

    fn statement(&mut self, site: &Site<'_>, subject: &Subject) {
        let statement = site.statement;
        for rule in self.rules {
            if let Check::Statement(_) | Check::Waiting(_) | Check::Own(_) = rule.spec.check {
                let mut out = Vec::new();
                let mut findings = Findings::new(rule, subject, Some(statement.sql.as_str()), &mut out);
                match rule.spec.check {
                    Check::Statement(check) | Check::Waiting(check) => check(site, &mut findings),
                    Check::Own(own) => own.check(site, &mut findings),
                    _ => {}
                }
                if out.is_empty() {
                    continue;
                }
                for finding in &mut out {
                    size::grade(site, rule, finding);
                    // What is right for the statement is wrong for the call, which sends the whole block.
                    if statement.within {
                        finding.repairs.clear();
                    }
                }
                let remarks = || statement.remarks.iter().map(|(span, _)| *span).collect();
                let place = |finding| match site.step() {
                    Some(step) => at_call(finding, step, (statement.called, statement.sent), site.revision),
                    None => finding,
                };
                let called = Some(statement.called);
                self.raised.extend(out.into_iter().map(|it| Raised { finding: place(it), called, remarks: remarks() }));
            }
        }
    }

    /// What is found before any rule looks: text that is no SQL, and what has not become SQL.
    fn elsewhere(&mut self, revision: &Revision, way: &Way, direction: Direction, told: &BTreeSet<usize>) {
        let subject = self.subject(revision, Some(direction));
        if let Some(rule) = self.rule("sql-syntax") {
            for it in &way.rejected {
                let mut out = Vec::new();
                let sql = Some(it.sql.as_str());
                Findings::new(rule, &subject, sql, &mut out)
                    .report(it.span, format!("PostgreSQL refuses this SQL: {}", it.message))
                    .object(it.message.clone());
                let remarks = it.remarks.iter().map(|(span, _)| *span).collect::<Vec<_>>();
                let raise = |finding| Raised { finding, called: None, remarks: remarks.clone() };
                self.raised.extend(out.into_iter().map(raise));
            }
        }
        if let Some(rule) = self.rule("opaque-operation") {
            for it in way.unresolved.iter().filter(|it| !told.contains(&it.step)) {
                let mut out = Vec::new();
                // What Alembic itself refuses is known well enough: the revision fails there.
                let refused = it.reason.class == Class::Refused;
                let told = it.reason.told();
                let message = if refused { told.to_string() } else { format!("what this does is not known: {told}") };
                let mut findings = Findings::new(rule, &subject, None, &mut out);
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
            environment: self.history.environment.folder.clone(),
            revision: Some(revision.id.id.clone()),
            direction,
            object: String::new(),
        }
    }
}

/// A finding stands where the operation is called, unless its place is in that call, or in the SQL that is sent: a
/// table that is described at the head of the file, or in another one, is but noted.
fn at_call(mut finding: Finding, step: &Step, (called, sent): (Span, Span), revision: &Revision) -> Finding {
    let span = finding.span;
    let own = called.source == revision.source;
    let inside = span.source == called.source && called.start <= span.start && span.end <= called.end;
    let sql = matches!(step.op, Op::Execute(_) | Op::Driver(_));
    if own && (inside || sql) {
        return finding;
    }
    finding.span = if !own && sent.source == revision.source { sent } else { called };
    if finding.span != span {
        finding.note(span, "this is written here");
    }
    finding
}

/// A raw `COMMIT` ends the transaction until somebody begins one. (`autocommit_block()` ends it too, and begins another
/// one behind itself.)
fn stays(in_transaction: bool, kind: &Kind) -> bool {
    match kind {
        Kind::Begin => true,
        Kind::End => false,
        _ => in_transaction,
    }
}

/// The way without the statements that are never run.
fn kept<'a>(way: &'a Way, decisions: &[Option<bool>]) -> Cow<'a, Way> {
    if !decisions.contains(&Some(false)) {
        return Cow::Borrowed(way);
    }
    let mut kept = way.clone();
    let mut decisions = decisions.iter();
    kept.statements.retain(|_| decisions.next() != Some(&Some(false)));
    Cow::Owned(kept)
}
