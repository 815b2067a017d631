//! The hash by which GitHub's code scanning follows an alert from commit to commit.
//!
//! GitHub reads one key of a result's fingerprints, `primaryLocationLineHash`, and its upload action complains where
//! that is not the value that it comes to itself (`src/fingerprints.ts` of github/codeql-action). So it is the same
//! value here: a hash of the hundred characters, blanks left out, from the start of the finding's line on. It stays
//! when lines move.

use crate::source::{SourceId, Sources};
use std::collections::BTreeMap;

/// GitHub's key.
pub(super) const KEY: &str = "primaryLocationLineHash";

/// Characters that a hash looks at.
const BLOCK: usize = 100;
const FACTOR: u64 = 37;
/// What stands for the end of the file.
const END: u16 = 0xffff;

/// The hashes of files, each read once.
#[derive(Default)]
pub(super) struct Hashes {
    known: BTreeMap<SourceId, Vec<String>>,
}

impl Hashes {
    /// The hash of a line, counted from 1.
    pub(super) fn of(&mut self, sources: &Sources, id: SourceId, line: u32) -> Option<String> {
        let hashes = self.known.entry(id).or_insert_with(|| lines(&sources.get(id).text));
        hashes.get((line as usize).checked_sub(1)?).cloned()
    }
}

/// One hash for each line, with a number that tells equal ones apart.
pub(super) fn lines(text: &str) -> Vec<String> {
    let (units, starts) = units(text);
    let mut seen: BTreeMap<u64, u32> = BTreeMap::new();
    let mut hashes = Vec::new();
    for start in starts {
        let window = units.iter().skip(start).copied().chain(std::iter::repeat(0)).take(BLOCK);
        let hash = window.fold(0_u64, |hash, unit| hash.wrapping_mul(FACTOR).wrapping_add(u64::from(unit)));
        let count = seen.entry(hash).or_default();
        *count += 1;
        hashes.push(format!("{hash:x}:{count}"));
    }
    hashes
}

/// The UTF-16 units that count, and at which of them lines start. Every line end is one `\n`.
fn units(text: &str) -> (Vec<u16>, Vec<usize>) {
    let (line_feed, carriage_return) = (u16::from(b'\n'), u16::from(b'\r'));
    let (mut units, mut starts) = (Vec::new(), Vec::new());
    let (mut at_start, mut after_return) = (true, false);
    for unit in text.encode_utf16().chain([END]) {
        let blank = unit == u16::from(b' ') || unit == u16::from(b'\t');
        if blank || (after_return && unit == line_feed) {
            after_return = false;
            continue;
        }
        after_return = unit == carriage_return;
        let unit = if after_return { line_feed } else { unit };
        if at_start {
            starts.push(units.len());
        }
        at_start = unit == line_feed;
        units.push(unit);
    }
    (units, starts)
}

#[cfg(test)]
mod tests {
    use super::lines;

    /// The values are those of codeql-action's own test (`src/fingerprints.test.ts`).
    #[test]
    fn the_hashes_are_github_s() {
        assert_eq!(lines(""), ["c129715d7a2bc9a3:1"]);
        let four = ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"];
        assert_eq!(lines(" a\nb\n  \t\tc\n d"), four);
        let ended = [
            "e9496ae3ebfced30:1",
            "fb7c023a8b9ccb3f:1",
            "ce8ba1a563dcdaca:1",
            "e20e36e16fcb0cc8:1",
            "b3edc88f2938467e:1",
            "c8e28b0b4002a3a0:1",
            "c129715d7a2bc9a3:1",
        ];
        assert_eq!(lines(" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n"), ended);
        assert_eq!(lines(" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n"), ended);
        let lorem = lines(&"Lorem ipsum dolor sit amet.\n".repeat(10));
        assert_eq!((lorem[0].as_str(), lorem[5].as_str()), ("a7f2ff13bc495cf2:1", "a7f2ff13bc495cf2:6"));
        assert_eq!((lorem[6].as_str(), lorem[9].as_str()), ("a7f2ff1481e87703:1", "cc97dc7b1d7d8f7b:1"));
    }
}
