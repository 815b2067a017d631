//! The lines that a finding is shown with, as miette wants them.
//!
//! miette reads a whole text and counts its bytes. What it is given instead is a text made for one finding: the
//! lines around each place, of one file or several, with long lines cut and nothing in it that a terminal would
//! obey. Miette's boxes are its segments.

use crate::source::{Source, Span};
use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::{ops::Range, sync::Arc};

/// Lines before and after the one that is underlined.
const AROUND: u32 = 1;
/// A longer line (in characters) is cut.
const WIDTH: usize = 110;
/// What stays before the underlined part of a line that is cut.
const BEFORE: usize = 30;

/// A place to be underlined.
pub(super) struct Mark {
    pub(super) source: Arc<Source>,
    /// The file as it is shown.
    pub(super) path: String,
    pub(super) span: Span,
    /// What is said at the underlined part.
    pub(super) label: Option<String>,
}

/// The first line of a mark's span, and the bytes of the source that are underlined in it.
struct Spot {
    line: u32,
    bytes: Range<usize>,
}

/// A range of lines, and the first of the marks that need them.
struct Window {
    path: String,
    lines: Range<u32>,
    first: usize,
}

/// The text that miette sees.
#[derive(Debug, Default)]
pub(super) struct Excerpt {
    text: String,
    segments: Vec<Segment>,
    labels: Vec<Label>,
}

#[derive(Debug)]
struct Segment {
    bytes: Range<usize>,
    /// The number of its first line, from 1.
    line: u32,
    lines: usize,
}

#[derive(Debug)]
struct Label {
    span: Range<usize>,
    text: Option<String>,
    /// `path:line:column`
    place: String,
    /// The finding's own.
    primary: bool,
}

impl Excerpt {
    /// The lines of all marks; the first mark is the finding's own, and its lines come first.
    pub(super) fn new(marks: &[Mark]) -> Self {
        let spots: Vec<Spot> = marks.iter().map(|mark| spot(&mark.source, mark.span)).collect();
        let mut excerpt = Self::default();
        for window in windows(marks, &spots) {
            excerpt.add(&window, marks, &spots);
        }
        excerpt
    }

    /// The underlined parts.
    pub(super) fn labels(&self) -> Vec<LabeledSpan> {
        let labels = self.labels.iter().map(|label| {
            let (text, at) = (label.text.clone(), SourceSpan::from(label.span.clone()));
            if label.primary {
                LabeledSpan::new_primary_with_span(text, at)
            } else {
                LabeledSpan::new_with_span(text, at)
            }
        });
        labels.collect()
    }

    fn add(&mut self, window: &Window, marks: &[Mark], spots: &[Spot]) {
        let Some(source) = marks.get(window.first).map(|mark| Arc::clone(&mark.source)) else { return };
        let start = self.text.len();
        for line in window.lines.clone() {
            let here: Vec<(usize, &Mark, &Spot)> = (0..)
                .zip(marks)
                .zip(spots)
                .map(|((index, mark), spot)| (index, mark, spot))
                .filter(|(_, mark, spot)| mark.source.path == window.path && spot.line == line)
                .collect();
            self.add_line(&source, line, &here);
        }
        let lines = window.lines.len();
        self.segments.push(Segment { bytes: start..self.text.len(), line: window.lines.start, lines });
    }

    fn add_line(&mut self, source: &Source, line: u32, here: &[(usize, &Mark, &Spot)]) {
        let (from, to) = source.line_range(line);
        let text = source.text.get(from as usize..to as usize).unwrap_or("");
        let focus = here.iter().map(|(_, _, spot)| spot.bytes.start).min().unwrap_or(0).saturating_sub(from as usize);
        let shown = Shown::new(text, focus);
        let base = self.text.len();
        for &(index, mark, spot) in here {
            let at = |byte: usize| base + shown.at(byte.saturating_sub(from as usize));
            let (line, column) = source.line_column(u32::try_from(spot.bytes.start).unwrap_or(u32::MAX));
            self.add_label(Label {
                span: at(spot.bytes.start)..at(spot.bytes.end),
                text: mark.label.clone(),
                place: format!("{}:{line}:{column}", mark.path),
                primary: index == 0,
            });
        }
        self.text.push_str(&shown.text);
        self.text.push('\n');
    }

    /// Labels that overlap become one, since miette would underline them side by side.
    fn add_label(&mut self, label: Label) {
        let overlaps =
            |it: &&mut Label| it.span == label.span || it.span.start < label.span.end && label.span.start < it.span.end;
        let Some(other) = self.labels.iter_mut().find(overlaps) else {
            self.labels.push(label);
            return;
        };
        let text = match (other.text.take(), label.text.clone()) {
            (Some(a), Some(b)) => Some(format!("{a}; {b}")),
            (a, b) => a.or(b),
        };
        if label.primary {
            *other = label;
        }
        other.text = text;
    }
}

impl SourceCode for Excerpt {
    /// The whole segment that a span lies in: its context has been chosen already.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        _before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (from, to) = (span.offset(), span.offset() + span.len());
        let inside = |it: &&Segment| it.bytes.start <= from && from < it.bytes.end && to <= it.bytes.end;
        let segment = self.segments.iter().find(inside).ok_or(MietteError::OutOfBounds)?;
        let data = self.text.get(segment.bytes.clone()).ok_or(MietteError::OutOfBounds)?;
        let label = self.labels.iter().find(|label| label.span == (from..to));
        let place = label.map(|label| label.place.clone()).unwrap_or_default();
        let line = segment.line as usize - 1;
        let bytes = SourceSpan::from(segment.bytes.clone());
        Ok(Box::new(MietteSpanContents::new_named(place, data.as_bytes(), bytes, line, 0, segment.lines)))
    }
}

/// The first line of a span that has anything on it; a text that begins with blank lines is underlined below them.
fn spot(source: &Source, span: Span) -> Spot {
    let (from, to) = (span.start as usize, span.end as usize);
    let text = source.text.get(from..to).unwrap_or("");
    let from = if text.trim().is_empty() { from } else { to - text.trim_start().len() };
    let (line, _) = source.line_column(u32::try_from(from).unwrap_or(u32::MAX));
    let (start, end) = source.line_range(line);
    let from = from.clamp(start as usize, end as usize);
    Spot { line, bytes: from..to.clamp(from, end as usize) }
}

/// The lines to show, without any twice and without blank ones at the edges; those of the first mark first.
fn windows(marks: &[Mark], spots: &[Spot]) -> Vec<Window> {
    let mut all: Vec<Window> = marks.iter().zip(spots).enumerate().map(window).collect();
    all.sort_by(|a, b| (&a.path, a.lines.start, a.first).cmp(&(&b.path, b.lines.start, b.first)));
    let mut windows: Vec<Window> = Vec::new();
    for window in all {
        match windows.last_mut() {
            Some(last) if last.path == window.path && window.lines.start <= last.lines.end => {
                last.lines.end = last.lines.end.max(window.lines.end);
                last.first = last.first.min(window.first);
            }
            _ => windows.push(window),
        }
    }
    windows.sort_by_key(|window| window.first);
    windows
}

fn window((first, (mark, spot)): (usize, (&Mark, &Spot))) -> Window {
    let source = &mark.source;
    let blank = |line: u32| {
        let (from, to) = source.line_range(line);
        source.text.get(from as usize..to as usize).is_none_or(|text| text.trim().is_empty())
    };
    let mut lines = spot.line.saturating_sub(AROUND).max(1)..(spot.line + AROUND).min(source.line_count()) + 1;
    while lines.start < spot.line && blank(lines.start) {
        lines.start += 1;
    }
    while lines.end > spot.line + 1 && blank(lines.end - 1) {
        lines.end -= 1;
    }
    Window { path: source.path.clone(), lines, first }
}

/// A line as it is shown, and where its bytes have gone.
struct Shown {
    text: String,
    /// Byte of the line, byte of `text`; of the characters that are shown.
    moved: Vec<(usize, usize)>,
    /// Where the last of them ends.
    end: usize,
}

impl Shown {
    fn new(line: &str, focus: usize) -> Self {
        let count = line.chars().count();
        let before = line.get(..focus).map_or(0, |text| text.chars().count());
        let skip = if count <= WIDTH { 0 } else { before.saturating_sub(BEFORE).min(count - WIDTH) };
        let mut shown = Self { text: String::new(), moved: Vec::new(), end: 0 };
        if skip > 0 {
            shown.text.push('…');
        }
        for (byte, char) in line.char_indices().skip(skip).take(WIDTH) {
            shown.moved.push((byte, shown.text.len()));
            shown.text.push(super::visible(char));
        }
        shown.end = shown.text.len();
        if skip + WIDTH < count {
            shown.text.push('…');
        }
        shown
    }

    /// The byte of the shown text for one of the line; what was cut away counts as its edge.
    fn at(&self, byte: usize) -> usize {
        let index = self.moved.partition_point(|&(from, _)| from < byte);
        self.moved.get(index).map_or(self.end, |&(_, to)| to)
    }
}
