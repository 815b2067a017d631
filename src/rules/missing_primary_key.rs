//! See `rules/missing-primary-key.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Site, Spec},
    statement::{Action, Demand, Kind, Statement},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Note, group: Group::Style, default: false, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::CreateTable(create) = &site.statement.kind else { return };
    let is_key = |demand: &Demand| matches!(demand, Demand::PrimaryKey { .. });
    let inline = create.columns.iter().flat_map(|it| &it.constraints);
    let has = inline.chain(&create.constraints).any(|it| is_key(&it.rule));
    let gets = |it: &Statement| match &it.kind {
        Kind::AlterTable { table, actions, .. } if *table == create.table => {
            actions.iter().any(|it| matches!(it, Action::AddConstraint(it) if is_key(&it.rule)))
        }
        _ => false,
    };
    if has || !create.whole || site.run.direction == Direction::Downgrade || site.later.iter().any(gets) {
        return;
    }
    let message = format!("`{}` has no primary key: logical replication cannot tell its rows apart", create.table);
    findings
        .report(site.statement.place(&create.table.name), message)
        .object(&create.table.name)
        .help("sa.Column(\"id\", sa.BigInteger(), sa.Identity(), primary_key=True)");
}
