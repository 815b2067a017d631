//! The history as a picture that stands alone: SVG, without scripts, fonts or anything from elsewhere.

use super::{Drawn, ShowPath, Tally, lanes, lanes::Row};
use crate::{output::Look, revision::Revision};
use std::io::{self, Write};

/// From one revision to the next, in pixels.
const STEP: usize = 26;
/// From one lane to the next.
const LANE: usize = 18;
/// Around it all.
const EDGE: usize = 20;
/// The width of a letter, which no viewer tells: what a line takes is estimated.
const LETTER: usize = 8;

const STYLE: &str = "text{font:13px ui-monospace,monospace;fill:#1f2328}.title{font-weight:bold}.dim{fill:#6e7781}\
    path{fill:none;stroke:#8c959f;stroke-width:2}circle{fill:#2da44e;stroke:#fff;stroke-width:2}\
    .error{fill:#cf222e}.warning{fill:#bf8700}.note{fill:#0969da}.new{stroke:#8250df}rect{fill:#fff}\
    @media(prefers-color-scheme:dark){text{fill:#e6edf3}.dim{fill:#8b949e}rect{fill:#0d1117}circle{stroke:#0d1117}\
    .new{stroke:#d2a8ff}}";

/// One picture of all histories, the newest revision of each on top.
///
/// # Errors
/// What the writer says.
pub fn svg(drawn: &[Drawn<'_>], show: ShowPath<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut body = String::new();
    let (mut top, mut width) = (EDGE, 0);
    for one in drawn {
        let title = show(&one.history.environment.folder);
        width = width.max(EDGE * 2 + title.chars().count() * LETTER);
        body += &text(EDGE, top + STEP / 2, "title", &title);
        top += STEP;
        let rows = lanes::rows(one.history);
        let lanes = 1 + rows.iter().flat_map(|row| row.forks.iter().chain([&row.lane])).max().copied().unwrap_or(0);
        let left = EDGE + lanes * LANE;
        for row in &rows {
            let revision = &one.history.revisions[row.revision];
            let words = words(one, revision);
            width = width.max(left + EDGE + words.chars().count() * LETTER);
            body += &lines(row, top);
            body += &circle(one, revision, x(row.lane), top + STEP / 2);
            body += &text(left, top + STEP / 2, "", &words);
            top += STEP;
        }
        top += EDGE;
    }
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {top}\" width=\"{width}\" height=\"{top}\" \
         role=\"img\" aria-label=\"The history of the revisions\">\n<style>{STYLE}</style>\n\
         <rect width=\"100%\" height=\"100%\"/>\n{body}</svg>"
    )
}

fn x(lane: usize) -> usize {
    EDGE + lane * LANE + LANE / 2
}

/// The lines of one row: those that pass, the revision's own, those that begin and those that end here.
fn lines(row: &Row, top: usize) -> String {
    let (middle, bottom, own) = (top + STEP / 2, top + STEP, x(row.lane));
    let mut path = Vec::new();
    for &lane in &row.passing {
        path.push(format!("M{0} {top}V{bottom}", x(lane)));
    }
    if row.above {
        path.push(format!("M{own} {top}V{middle}"));
    }
    if row.below {
        path.push(format!("M{own} {middle}V{bottom}"));
    }
    for &lane in &row.joins {
        path.push(format!("M{0} {top}Q{0} {middle} {own} {middle}", x(lane)));
    }
    for &lane in &row.forks {
        path.push(format!("M{own} {middle}Q{0} {middle} {0} {bottom}", x(lane)));
    }
    if path.is_empty() { String::new() } else { format!("<path d=\"{}\"/>\n", path.concat()) }
}

fn circle(one: &Drawn<'_>, revision: &Revision, x: usize, y: usize) -> String {
    let tally = one.tallies.get(revision.id.id.as_str());
    let mut class = match tally {
        Some(Tally { errors: 1.., .. }) => "error",
        Some(Tally { warnings: 1.., .. }) => "warning",
        Some(Tally { notes: 1.., .. }) => "note",
        _ => "",
    }
    .to_owned();
    if one.is_new(revision) == Some(true) {
        class += " new";
    }
    let class = class.trim();
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"6\"{class}/>\n")
}

fn words(one: &Drawn<'_>, revision: &Revision) -> String {
    let mut parts = vec![revision.id.id.as_str()];
    parts.extend(super::date(revision));
    parts.extend(super::message(revision));
    let labels: Vec<String> = revision.labels.iter().map(|it| format!("({})", it.id)).collect();
    parts.extend(labels.iter().map(String::as_str));
    let told = one.tallies.get(revision.id.id.as_str()).and_then(|it| it.words(Look::Plain));
    parts.extend(told.as_deref());
    parts.join("  ")
}

fn text(x: usize, y: usize, class: &str, words: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    format!("<text x=\"{x}\" y=\"{}\"{class}>{}</text>\n", y + 4, escaped(words))
}

/// XML 1.0 takes no control characters, not even escaped.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '&' => escaped += "&amp;",
            '"' => escaped += "&quot;",
            it if it.is_control() || matches!(it, '\u{fffe}' | '\u{ffff}') => escaped.push(' '),
            it => escaped.push(crate::output::human::visible(it)),
        }
    }
    escaped
}
