//! Places: the texts that were read, and spans in them. The only code that counts lines and columns.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

/// One text that was read. Ids are handed out in reading order, which may differ between runs:
/// never sort or print by them, but by path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A range of bytes, `start <= end`, on character boundaries of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text that the bytes are of.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The smallest span that holds both; `self` where they are of different texts.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.source == other.source {
            Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
        } else {
            self
        }
    }
}

/// A text and where it was found.
#[derive(Debug)]
pub struct Source {
    /// Relative to the repository's root, with `/` between the parts.
    pub path: String,
    /// The whole text.
    pub text: String,
    lines: Vec<u32>,
}

/// A span in the words of an editor: lines and columns from 1, columns in Unicode code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line of the first character.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column after the last character.
    pub end_column: u32,
}

impl Source {
    fn new(path: String, text: String) -> Self {
        let mut lines = vec![0];
        for (at, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                lines.push(count(at + 1));
            }
        }
        Self { path, text, lines }
    }

    /// Line and column, both from 1, of a byte offset; past the end counts as the end.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let line = self.lines.partition_point(|&start| start <= offset).saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or(0) as usize;
        let end = (offset as usize).min(self.text.len());
        let before = self.text.get(start..end).unwrap_or("");
        (count(line) + 1, count(before.chars().count()) + 1)
    }

    /// The line, from 1, of a byte offset.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        count(self.lines.partition_point(|&start| start <= offset).saturating_sub(1)) + 1
    }

    /// The bytes from the first to the one after the last of a line (from 1), without its line end.
    #[must_use]
    pub fn line_range(&self, line: u32) -> (u32, u32) {
        let index = line.saturating_sub(1) as usize;
        let end = count(self.text.len());
        let start = self.lines.get(index).copied().unwrap_or(end);
        let stop = self.lines.get(index + 1).map_or(end, |next| next - 1);
        let line = self.text.get(start as usize..stop as usize).unwrap_or("");
        (start, start + count(line.trim_end_matches('\r').len()))
    }

    /// How many lines the text has (at least 1).
    #[must_use]
    pub fn line_count(&self) -> u32 {
        count(self.lines.len())
    }
}

/// Sources are limited to 4 GiB by the reader, which refuses far smaller ones already.
fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// All texts of a run: append-only, so that an id stays good; shared by the threads that read, and by its clones.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    all: Arc<RwLock<Vec<Arc<Source>>>>,
    /// The ids of a path, where the same text is to have the same id.
    known: Option<Arc<Mutex<Known>>>,
}

/// Ids by path.
type Known = BTreeMap<String, Vec<SourceId>>;

impl Sources {
    /// Texts that outlive a run: one that comes again under its path keeps the id that it had.
    #[must_use]
    pub fn lasting() -> Self {
        Self { known: Some(Arc::default()), ..Self::default() }
    }

    /// Keeps a text. `path` is relative to the repository's root, with `/`.
    pub fn add(&self, path: impl Into<String>, text: impl Into<String>) -> SourceId {
        let (path, text) = (path.into(), text.into());
        let Some(known) = &self.known else { return self.append(path, text) };
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        let ids = known.entry(path.clone()).or_default();
        let same = ids.iter().copied().find(|id| self.get(*id).text == text);
        same.unwrap_or_else(|| {
            let id = self.append(path, text);
            ids.push(id);
            id
        })
    }

    fn append(&self, path: String, text: String) -> SourceId {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::new(Source::new(path, text)));
        SourceId(count(all.len() - 1))
    }

    /// How much text there is, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.all.read().unwrap_or_else(PoisonError::into_inner).iter().map(|it| it.text.len()).sum()
    }

    /// The text of an id of this very `Sources`.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Arc<Source> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.get(id.0 as usize).cloned().unwrap_or_else(|| Arc::new(Source::new(String::new(), String::new())))
    }

    /// Lines and columns of a span.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let source = self.get(span.source);
        let (line, column) = source.line_column(span.start);
        let (end_line, end_column) = source.line_column(span.end);
        Place { line, column, end_line, end_column }
    }

    /// The text of a span.
    #[must_use]
    pub fn snippet(&self, span: Span) -> String {
        let source = self.get(span.source);
        source.text.get(span.start as usize..span.end as usize).unwrap_or("").to_owned()
    }
}

/// A text of which each part knows where it was written: a Python string, or the SQL made of some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    value: String,
    pieces: Vec<Piece>,
}

/// From byte `at` of the text on (until the next piece): written at `span`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    at: u32,
    span: Option<Span>,
    /// The text is the source's bytes as they stand, so that offsets can be carried over.
    verbatim: bool,
}

impl Text {
    /// A text that was not written anywhere (made by the tool).
    #[must_use]
    pub fn made(value: impl Into<String>) -> Self {
        let mut text = Self::default();
        text.push_made(&value.into());
        text
    }

    /// A text that stands in the source byte by byte from `span.start` on.
    #[must_use]
    pub fn verbatim(value: impl Into<String>, span: Span) -> Self {
        Self { value: value.into(), pieces: vec![Piece { at: 0, span: Some(span), verbatim: true }] }
    }

    /// A text that `span` as a whole stands for.
    #[must_use]
    pub fn at(value: impl Into<String>, span: Span) -> Self {
        Self { value: value.into(), pieces: vec![Piece { at: 0, span: Some(span), verbatim: false }] }
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// The bytes that it takes, its places counted in.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.value.len() + self.pieces.len() * size_of::<Piece>()
    }

    /// Adds text that the tool made.
    pub fn push_made(&mut self, value: &str) {
        if value.is_empty() {
            return;
        }
        if self.pieces.last().is_none_or(|last| last.span.is_some()) {
            self.pieces.push(Piece { at: count(self.value.len()), span: None, verbatim: false });
        }
        self.value.push_str(value);
    }

    /// Adds a text with its places.
    pub fn push(&mut self, other: &Self) {
        let base = count(self.value.len());
        self.pieces.extend(other.pieces.iter().map(|piece| Piece { at: piece.at + base, ..*piece }));
        self.value.push_str(&other.value);
    }

    /// The part from byte `start` to before byte `end` (both on character boundaries, `start <= end`),
    /// with its places; empty where the range is not one of the text.
    #[must_use]
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let Some(value) = self.value.get(start..end) else { return Self::default() };
        let (from, to) = (count(start), count(end));
        let mut pieces = Vec::new();
        for (index, piece) in self.pieces.iter().enumerate() {
            let stop = self.pieces.get(index + 1).map_or(u32::MAX, |next| next.at);
            if stop <= from || piece.at >= to {
                continue;
            }
            let cut = from.saturating_sub(piece.at);
            let span = piece.span.map(|span| {
                if piece.verbatim { Span { start: (span.start + cut).min(span.end), ..span } } else { span }
            });
            pieces.push(Piece { at: piece.at.max(from) - from, span, verbatim: piece.verbatim });
        }
        Self { value: value.to_owned(), pieces }
    }

    /// Where the bytes `start..end` were written: from the place of the first to that of the last, as far as
    /// both are of one source; `None` where the tool made them.
    #[must_use]
    pub fn place(&self, start: usize, end: usize) -> Option<Span> {
        let first = self.place_of(start)?;
        let last = self.place_of(end.saturating_sub(1).max(start)).unwrap_or(first);
        Some(if last.source == first.source && last.start >= first.start { first.to(last) } else { first })
    }

    fn place_of(&self, offset: usize) -> Option<Span> {
        let offset = count(offset);
        let index = self.pieces.partition_point(|piece| piece.at <= offset).checked_sub(1)?;
        let piece = self.pieces.get(index)?;
        let span = piece.span?;
        if !piece.verbatim {
            return Some(span);
        }
        let start = (span.start + (offset - piece.at)).min(span.end);
        let width = self.value.get(offset as usize..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        Some(Span { source: span.source, start, end: (start + count(width)).min(span.end.max(start)) })
    }

    /// The first place that is known at all.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.pieces.iter().find_map(|piece| piece.span)
    }
}
