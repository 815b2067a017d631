//! How bad a wait is by how large the tables are: what `--stats` says of them, and what the configuration calls hot and
//! small.

use crate::{
    finding::{Direction, Finding, Severity},
    lock::{Lock, Part, Relation, Work, waiters},
    policy::Target,
    rule::{Group, Rule, Site},
    statement::{Kind, Name},
};

/// Bytes a second that every row is read at: below the 125 MiB/s that the common disks of clouds give at least
/// ("General Purpose SSD volumes" in the manual of Amazon EBS, gp3). What lies in memory is read faster.
const SCAN: u64 = 100_000_000;
/// Bytes a second that an index is built at: reading, sorting, writing it and its log.
const BUILD: u64 = 40_000_000;
/// Bytes a second that a table and its indexes are written anew at: reading, writing them and their log.
const REWRITE: u64 = 20_000_000;

/// Seconds below which nobody notices.
const UNNOTICED: u64 = 1;
/// Seconds below which people wait, and most of them come through.
const SHORT: u64 = 10;
/// Seconds from which on it is an outage.
const LONG: u64 = 60;

/// Grades what the rule has found at the statement.
pub(super) fn grade(site: &Site<'_>, rule: &Rule, finding: &mut Finding) {
    let target = site.context.target;
    if site.run.direction == Direction::Downgrade {
        return;
    }
    if rule.spec.makes_others_wait() {
        by_wait(site, target, finding);
    } else if rule.spec.group == Group::FailsOnData {
        by_rows(site, target, finding);
    }
}

fn by_wait(site: &Site<'_>, target: &Target, finding: &mut Finding) {
    let effect = site.effect();
    let blocked = effect.locks.iter().filter(|it| waiters(it.mode).len() > 1);
    if let Some(lock) = blocked.into_iter().find(|it| target.hot.contains(&it.relation)) {
        finding.message = format!("{}; `{}` is hot", finding.message, lock.relation);
        finding.severity = Severity::Error;
        return;
    }
    let heavy: Vec<&Lock> =
        effect.locks.iter().filter(|it| it.work > Work::Brief && it.sort != Relation::Index).collect();
    if heavy.is_empty() {
        return;
    }
    if heavy.iter().all(|it| target.small.contains(&it.relation)) {
        finding.message = format!("{}; `{}` is small", finding.message, heavy[0].relation);
        finding.severity = Severity::Note;
        return;
    }
    let Some(seconds) = estimate(target, &heavy) else { return };
    if seconds < UNNOTICED {
        finding.severity = Severity::Note;
    } else if seconds < SHORT {
        finding.severity = finding.severity.min(Severity::Warning);
    } else if seconds >= LONG {
        finding.severity = Severity::Error;
    }
    finding.message = format!("{}: {}", finding.message, words(target, &heavy, seconds));
}

/// Seconds that the work takes; `None`: nothing is known of one of the tables.
fn estimate(target: &Target, heavy: &[&Lock]) -> Option<u64> {
    let mut milliseconds = 0_u64;
    for lock in counted(target, heavy) {
        let table = target.stats.as_ref()?.table(&lock.relation)?;
        let (bytes, rate) = match lock.work {
            Work::Brief => (0, SCAN),
            Work::Scan => (table.bytes, SCAN),
            Work::Build => (table.bytes, BUILD),
            Work::Rows | Work::Rewrite => (table.bytes.saturating_add(table.index_bytes), REWRITE),
        };
        milliseconds = milliseconds.saturating_add(bytes.saturating_mul(1000) / rate);
    }
    Some(milliseconds / 1000)
}

/// The locks whose rows are their own: those of a partitioned table are its partitions'.
fn counted<'a>(target: &Target, heavy: &[&'a Lock]) -> Vec<&'a Lock> {
    let has_parts = heavy.iter().any(|it| it.part == Part::Partition);
    let is_whole = |name: &Name| {
        let table = target.stats.as_ref().and_then(|it| it.table(name));
        has_parts && table.is_some_and(|it| it.partitioned)
    };
    heavy.iter().filter(|it| !is_whole(&it.relation)).copied().collect()
}

/// `some 4 minutes for 12.0 GB, at 100 MB a second`.
fn words(target: &Target, heavy: &[&Lock], seconds: u64) -> String {
    let counted = counted(target, heavy);
    let work = counted.iter().map(|it| it.work).max().unwrap_or(Work::Brief);
    let of = |it: &&Lock| target.stats.as_ref().and_then(|stats| stats.table(&it.relation));
    let with_indexes = matches!(work, Work::Rows | Work::Rewrite);
    let each = counted.iter().filter_map(of).map(|it| it.bytes + if with_indexes { it.index_bytes } else { 0 });
    let bytes: u64 = each.fold(0, u64::saturating_add);
    let rate = match work {
        Work::Brief | Work::Scan => SCAN,
        Work::Build => BUILD,
        Work::Rows | Work::Rewrite => REWRITE,
    };
    let long = match seconds {
        0 => "less than a second".to_owned(),
        1 => "some 1 second".to_owned(),
        2..=119 => format!("some {seconds} seconds"),
        120..=7199 => format!("some {} minutes", seconds / 60),
        _ => format!("some {} hours", seconds / 3600),
    };
    format!("{long} for {}, at {} MB a second", size(bytes), rate / 1_000_000)
}

/// Bytes as people read them, in powers of ten as disks are measured.
fn size(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_000_000 => format!("{} kB", bytes / 1000),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

/// Nothing fails on rows that are not there.
fn by_rows(site: &Site<'_>, target: &Target, finding: &mut Finding) {
    let Some(stats) = &target.stats else { return };
    let Kind::AlterTable { table, .. } = &site.statement.kind else { return };
    if stats.table(table).is_some_and(|it| it.bytes == 0) {
        finding.severity = Severity::Note;
        finding.message = format!("{}; `{table}` holds no row there", finding.message);
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (bytes, words) in [(8192, "8 kB"), (12_340_000, "12.3 MB"), (2_000_000_000, "2.0 GB")] {
            assert_eq!(size(bytes), words);
        }
    }
}
