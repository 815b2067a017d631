//! See `rules/newer-syntax.md`.

use crate::{
    finding::Severity,
    op::Op,
    rule::{Check, Findings, Group, Site, Spec},
    schema::Known,
    statement::{Action, Demand, Kind, Newer},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let target = site.context.target;
    let Some(newer) = by_grammar(site).or_else(|| by_schema(site)).filter(|it| it.since > target.postgres) else {
        return;
    };
    let Newer { since, what } = newer;
    // Where nothing is told, what came before has shown that the servers know it.
    let shown = site.context.firsts.range(since..).any(|(_, first)| *first < site.run.revision());
    if shown && !target.postgres_told {
        return;
    }
    let lowest = target.postgres;
    let message = if target.postgres_told {
        format!("{what} needs PostgreSQL {since}, and the history is run on {lowest}")
    } else {
        format!("{what} needs PostgreSQL {since}, and nothing says that the history is run on no lower one")
    };
    let finding = findings.report(site.statement.span, message);
    finding.object(what);
    if target.postgres_told {
        finding.help(format!("leave it out as long as PostgreSQL {lowest} is served"));
    } else {
        finding.severity = Severity::Note;
        finding.help(format!("postgres = {since}  # in limbeck.toml: the lowest that is served"));
    }
}

/// What SQLAlchemy makes of a column that is computed is told by `virtual-column`.
fn by_grammar(site: &Site<'_>) -> Option<Newer> {
    let newer = site.statement.newer?;
    let written = site.step().is_none_or(|it| matches!(it.op, Op::Execute(_) | Op::Driver(_)));
    (written || newer.what != Newer::VIRTUAL).then_some(newer)
}

/// `ADD FOREIGN KEY … NOT VALID` of a partitioned table: "cannot add NOT VALID foreign key on partitioned table" up
/// to 17.
fn by_schema(site: &Site<'_>) -> Option<Newer> {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return None };
    let is_key = |it: &Action| match it {
        Action::AddConstraint(constraint) => !constraint.valid && matches!(constraint.rule, Demand::ForeignKey { .. }),
        _ => false,
    };
    let Known::Yes(known) = site.schema.table(table) else { return None };
    (known.partitioned && actions.iter().any(is_key))
        .then_some(Newer { since: 18, what: "a foreign key of a partitioned table that is NOT VALID" })
}
