//! Rows that are written.

use super::{Mode, Part, Work, ledger::Ledger};
use crate::statement::Name;

impl Ledger<'_> {
    pub(super) fn write(&mut self, table: &Name) {
        self.lock(table, Mode::RowExclusive, Part::Target).work = Work::Rows;
        if self.schema.family(table).len() > 1 {
            self.gap("the rows decide which partitions and children are written");
        }
    }
}
