//! Who waits for one part of a statement.

use super::{Site, code};
use crate::{
    finding::Finding,
    lock::{self, Effect, Server, Work},
    schema::{Known, Piece},
    statement::{Action, Column, Demand, Expr, Kind, Name},
};

/// What one part of an `ALTER TABLE` makes others wait for.
#[derive(Debug)]
pub struct Wait {
    /// The lock model's words: "blocks writes on `orders` while every row is checked".
    pub sentence: String,
    /// All that the part locks by itself.
    pub effect: Effect,
}

impl Site<'_> {
    /// The part keeps the reads or writes of its table waiting for this work, and there may be both.
    ///
    /// `None` where its work is another one, or not known; where the table is new or empty; where the server proves
    /// what it would have to check.
    #[must_use]
    pub fn wait(&self, table: &Name, action: &Action, work: Work) -> Option<Wait> {
        if self.in_use(table) == Known::No || self.drops_later(table) || self.has_emptied(table, None) {
            return None;
        }
        let mut kind = self.statement.kind.clone();
        if let Kind::AlterTable { actions, .. } = &mut kind {
            if let Action::AddConstraint(constraint) = action
                && let Some(name) = &constraint.name
                && !actions
                    .iter()
                    .any(|it| matches!(it, Action::DropConstraint { constraint, .. } if constraint == name))
                && self.is_there(&Piece::Constraint(table.clone(), name.clone()))
            {
                return None;
            }
            *actions = vec![action.clone()];
        }
        let effect = lock::effect(&kind, self.schema, Server { version: self.context.target.postgres });
        let sure = effect.locks.iter().all(|it| it.work < work || it.doubt.is_none());
        // The rows may be those of its partitions.
        if !sure || effect.work() != work {
            return None;
        }
        Some(Wait { sentence: effect.sentence(table)?, effect })
    }

    /// What the statement makes is there already: the server refuses before it looks at any row, or the condition that the
    /// statement is sent under does not hold.
    #[must_use]
    pub fn is_there(&self, piece: &Piece) -> bool {
        let known = match piece {
            Piece::Constraint(table, name) => self.schema.constraint(table, name).yes().is_some(),
            Piece::Index(name, _) => self.schema.index(name).yes().is_some(),
            _ => false,
        };
        self.schema.surely(piece).is_some() || (known && !self.statement.guards.is_empty())
    }

    /// Says since when the table may hold rows, where that is known.
    pub fn tell_of_use(&self, table: &Name, finding: &mut Finding) {
        if let Known::Yes(made) = self.in_use(table) {
            finding.note(made, format!("`{table}` is in use since it was made here"));
        }
    }

    /// `SET NOT NULL` fails on the rows as far as the history tells: nothing proves that none holds NULL.
    #[must_use]
    pub fn may_hold_null(&self, table: &Name, column: &str) -> bool {
        let proven = self.schema.proof(table, column).is_some() || self.has_emptied(table, Some(column));
        if proven || self.in_use(table) == Known::No {
            return false;
        }
        // Rows that only the history has written are known one by one.
        let ours = self.schema.table(table).yes().and_then(|it| it.made).is_some_and(|made| self.is_new(made.run));
        !(ours && self.schema.column(table, column).yes().is_some_and(|it| it.nulls.is_none()))
    }

    /// This run has added the column with a default that is the same in every row, and nothing has been written to it
    /// since.
    #[must_use]
    pub fn holds_one_default(&self, table: &Name, column: &str) -> bool {
        let Known::Yes(known) = self.schema.column(table, column) else { return false };
        let written = self.earlier.iter().any(|it| match &it.kind {
            Kind::Update(update) => update.table == *table,
            Kind::Delete { table: of, .. } => of == table,
            Kind::Truncate { tables, .. } => tables.contains(table),
            _ => false,
        });
        known.made.is_some_and(|it| it.run == self.run)
            && known.default.as_deref().is_some_and(is_constant)
            && !written
            && self.hidden().is_none()
    }
}

impl Column {
    /// `ADD COLUMN … DEFAULT … UNIQUE`, with the same default in every row.
    #[must_use]
    pub fn repeats_unique_default(&self) -> bool {
        let unique = |it: &Demand| matches!(it, Demand::Unique { .. } | Demand::PrimaryKey { .. });
        self.constraints.iter().any(|it| unique(&it.rule)) && self.default.as_ref().is_some_and(is_constant)
    }
}

/// The same in every row, and not NULL.
fn is_constant(default: &Expr) -> bool {
    match default {
        Expr::Constant(_) | Expr::Current => true,
        Expr::Cast { inner, .. } => is_constant(inner),
        Expr::Call { function, args } => function == "now" && args.is_empty(),
        _ => false,
    }
}

/// `ALTER TABLE … ADD CONSTRAINT … NOT VALID`, and what validates it later.
#[must_use]
pub fn in_two_steps(table: &Name, constraint: &str, rule: &str) -> String {
    let (name, table) = (code::identifier(constraint), code::table(table));
    format!(
        "{}\n# in a later revision:\n{}",
        code::execute(&code::escaped(&format!("ALTER TABLE {table} ADD CONSTRAINT {name} {rule} NOT VALID"))),
        code::execute(&format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}"))
    )
}

/// The column made `NOT NULL` with a CHECK that proves it: the server then reads no row under the strong lock.
#[must_use]
pub fn not_null_in_two_steps(table: &Name, column: &str) -> String {
    let check = code::fitting(format!("{}_{column}_not_null", table.name));
    let schema = code::schema(table);
    let (name, of) = (code::quoted(&check), code::quoted(&table.name));
    format!(
        "{}\nop.alter_column({of}, {}, nullable=False{schema})\n\
         op.drop_constraint({name}, {of}, type_=\"check\"{schema})",
        in_two_steps(table, &check, &format!("CHECK ({} IS NOT NULL)", code::identifier(column))),
        code::quoted(column),
    )
}
