//! The columns that a statement adds.

use super::{Findings, Site};
use crate::{
    finding::{Direction, Finding, Severity},
    lock::{self, Effect, Server, Work},
    op::Op,
    source::Span,
    statement::{Action, Column, Kind, Name},
};

impl<'a> Site<'a> {
    /// The columns that the statement adds, in a new table or in one that is there; none on the way down.
    #[must_use]
    pub fn new_columns(&self) -> Vec<(&'a Name, &'a Column)> {
        match &self.statement.kind {
            _ if self.run.direction == Direction::Downgrade => Vec::new(),
            Kind::CreateTable(create) => create.columns.iter().map(|it| (&create.table, it)).collect(),
            Kind::AlterTable { table, actions, .. } => {
                let added = actions.iter().filter_map(|it| match it {
                    Action::AddColumn { column, .. } => Some((table, &**column)),
                    _ => None,
                });
                added.collect()
            }
            _ => Vec::new(),
        }
    }

    /// Reports each column that the statement adds and that `is_meant`; `said` goes on after its name.
    pub fn report_columns(&self, findings: &mut Findings<'_>, is_meant: fn(&Column) -> bool, said: &str, help: &str) {
        for (table, column) in self.new_columns().into_iter().filter(|(_, column)| is_meant(column)) {
            let span = self.place_of_column(&column.name);
            let finding = findings.report(span, format!("`{}` {said}", column.name));
            finding.object(format!("{}.{}", table.name, column.name)).help(help);
        }
    }

    /// Where a column that the statement adds is written: its `sa.Column(…)`, else its name in the SQL.
    #[must_use]
    pub fn place_of_column(&self, name: &str) -> Span {
        let described = match self.step().map(|it| &it.op) {
            Some(Op::CreateTable(create)) => create.columns.iter().find(|it| it.name.text == name).map(|it| it.span),
            Some(Op::AddColumn { column, .. }) => Some(column.span),
            _ => None,
        };
        described.unwrap_or_else(|| self.statement.place(name))
    }

    /// What one part of the statement, an `ALTER TABLE`, locks by itself.
    #[must_use]
    pub fn effect_of(&self, action: &Action) -> Effect {
        let mut kind = self.statement.kind.clone();
        if let Kind::AlterTable { actions, .. } = &mut kind {
            *actions = vec![action.clone()];
        }
        lock::effect(&kind, self.schema, Server { version: self.context.target.postgres })
    }

    /// A finding of what a part of the statement does to the values says too that it rewrites the table, which nobody
    /// else then says.
    pub fn tell_of_rewrite(&self, table: &Name, action: &Action, finding: &mut Finding) {
        let effect = self.effect_of(action);
        let certain = effect.locks.iter().any(|it| it.work >= Work::Scan && it.doubt.is_none());
        if let Some(sentence) = effect.sentence(table).filter(|_| certain) {
            finding.severity = Severity::Error;
            finding.note(self.statement.span, format!("this also {sentence}"));
        }
    }
}
