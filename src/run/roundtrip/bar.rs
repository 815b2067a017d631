//! How far a run is: a bar on a terminal, a line now and then elsewhere.

use crate::roundtrip::At;
use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

/// Of how many revisions there is a line where nobody watches.
const OFTEN: usize = 50;
/// A bar is drawn no more often than this.
const BLINK: Duration = Duration::from_millis(80);
/// How wide the bar is.
const WIDTH: usize = 20;

/// Tells the progress.
pub(super) struct Bar<'a> {
    out: &'a mut dyn Write,
    is_terminal: bool,
    /// The tests that are run, since when, and how far each is.
    tests: BTreeMap<String, (Instant, usize)>,
    drawn: Option<Instant>,
}

impl<'a> Bar<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        let is_terminal = io::stderr().is_terminal();
        Self { out, is_terminal, tests: BTreeMap::new(), drawn: None }
    }

    pub(super) fn show(&mut self, at: &At<'_>) {
        // Of another history, a test begins again.
        let is_new = self.tests.get(at.test).is_none_or(|(_, done)| at.done < *done);
        let since = if is_new { Instant::now() } else { self.tests.get(at.test).map_or_else(Instant::now, |it| it.0) };
        self.tests.insert(at.test.to_owned(), (since, at.done));
        if !self.is_terminal {
            if let Some(line) = plain(at, is_new) {
                let _ = writeln!(self.out, "limbeck: {line}");
            }
        } else if is_new || self.drawn.is_none_or(|it| it.elapsed() > BLINK) {
            self.drawn = Some(Instant::now());
            // Back to the beginning of the line, which is empty then.
            let _ = write!(self.out, "\r\x1b[2K{}", drawn(at, since.elapsed()));
            let _ = self.out.flush();
        }
    }

    /// Nothing of the bar stays.
    pub(super) fn end(self) {
        if self.drawn.is_some() {
            let _ = write!(self.out, "\r\x1b[2K");
        }
    }
}

/// A line of a log: when a test begins, and now and then.
fn plain(at: &At<'_>, is_new: bool) -> Option<String> {
    match at.of {
        0 if is_new => Some(at.test.to_owned()),
        0 => None,
        of if is_new => Some(format!("{}: {of} {}", at.test, if of == 1 { "revision" } else { "revisions" })),
        of => (at.done > 0 && at.done.is_multiple_of(OFTEN)).then(|| format!("{}: {} of {of}", at.test, at.done)),
    }
}

/// `stairs [=====     ] 12/53 3f2a… 0:09 left`
fn drawn(at: &At<'_>, elapsed: Duration) -> String {
    if at.of == 0 {
        return at.test.to_owned();
    }
    let full = at.done * WIDTH / at.of;
    let bar = format!("{}{}", "=".repeat(full.min(WIDTH)), " ".repeat(WIDTH.saturating_sub(full)));
    let left = u32::try_from(at.done).ok().filter(|it| *it > 0).map(|done| {
        let left = u32::try_from(at.of.saturating_sub(at.done)).unwrap_or(0);
        let seconds = (elapsed / done * left).as_secs();
        format!(" {}:{:02} left", seconds / 60, seconds % 60)
    });
    let revision: String = at.revision.chars().filter(|c| !c.is_control()).take(WIDTH).collect();
    format!("{} [{bar}] {}/{} {revision}{}", at.test, at.done, at.of, left.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{At, drawn, plain};
    use std::time::Duration;

    #[test]
    fn the_bar_says_what_is_left() {
        let at = At { test: "stairs", revision: "ab\u{1b}c", done: 10, of: 40 };
        assert_eq!(drawn(&at, Duration::from_secs(30)), "stairs [=====               ] 10/40 abc 1:30 left");
        assert_eq!(plain(&at, true).as_deref(), Some("stairs: 40 revisions"));
        assert_eq!(plain(&at, false), None);
        let later = At { done: 50, of: 53, ..at };
        assert_eq!(plain(&later, false).as_deref(), Some("stairs: 50 of 53"));
    }
}
