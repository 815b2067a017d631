//! What GitHub's code scanning takes of one run: 25,000 results, and 10 MB after gzip ("SARIF support for code
//! scanning", "Validating your SARIF file"). A log beyond that is refused as a whole, so the mildest are left out.

use super::Row;
use flate2::{Compression, write::GzEncoder};
use std::{
    cmp::Reverse,
    io::{self, Write},
};

/// Why something is left out.
pub(super) const REASON: &str = "GitHub takes no more than 25,000 results and 10 MB";

const MOST_RESULTS: usize = 25_000;
const LARGEST: usize = 10_000_000;

/// The log of as many rows as fit, in their order. `log` writes that of the rows it is handed.
pub(super) fn fitted<'a, 'b>(
    rows: &'b [Row<'a>],
    log: &dyn Fn(&[&'b Row<'a>]) -> io::Result<Vec<u8>>,
) -> io::Result<Vec<u8>> {
    let mut worst: Vec<usize> = (0..rows.len()).collect();
    worst.sort_by_key(|&at| rows.get(at).map(|row| (row.finding.suppressed, Reverse(row.finding.severity))));
    worst.truncate(MOST_RESULTS);
    loop {
        let mut kept = worst.clone();
        kept.sort_unstable();
        let kept: Vec<&Row<'_>> = kept.into_iter().filter_map(|at| rows.get(at)).collect();
        let text = log(&kept)?;
        let size = packed(&text)?;
        if size <= LARGEST || worst.is_empty() {
            return Ok(text);
        }
        // Rows are not of one size: each round leaves some room.
        worst.truncate(worst.len() * LARGEST / size * 9 / 10);
    }
}

/// The size that GitHub sees; a text that is small as it is needs no packing.
fn packed(text: &[u8]) -> io::Result<usize> {
    if text.len() <= LARGEST {
        return Ok(text.len());
    }
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(text)?;
    Ok(packer.finish()?.len())
}
