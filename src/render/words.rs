//! Putting a statement together from words that know their places.

use super::Unrendered;
use crate::source::{Span, Text};

/// A piece of SQL, or why there is none.
pub(super) type Made = Result<Text, Unrendered>;

/// What a statement can be put together from: the tool's own words, and texts with places.
pub(super) trait Part {
    fn add(&self, text: &mut Text);
}

impl Part for &str {
    fn add(&self, text: &mut Text) {
        text.push_made(self);
    }
}

impl Part for String {
    fn add(&self, text: &mut Text) {
        text.push_made(self);
    }
}

impl Part for Text {
    fn add(&self, text: &mut Text) {
        text.push(self);
    }
}

impl Part for Option<Text> {
    fn add(&self, text: &mut Text) {
        if let Some(part) = self {
            text.push(part);
        }
    }
}

/// A text of these parts.
macro_rules! sql {
    ($($part:expr),* $(,)?) => {{
        let mut text = $crate::source::Text::default();
        $( $crate::render::words::Part::add(&$part, &mut text); )*
        text
    }};
}

/// The words where the condition holds, else nothing.
pub(super) fn when(condition: bool, words: &'static str) -> &'static str {
    if condition { words } else { "" }
}

/// A text that was written at `span`, where that is known.
pub(super) fn placed(value: impl Into<String>, span: Option<Span>) -> Text {
    let value = value.into();
    match span {
        Some(span) => Text::at(value, span),
        None => Text::made(value),
    }
}

/// The text itself, or placed at `span` as a whole where no part of it has a place.
pub(super) fn anchored(text: Text, span: Option<Span>) -> Text {
    match (text.span(), span) {
        (None, Some(span)) => Text::at(text.as_str(), span),
        _ => text,
    }
}

/// The parts with `between` between them.
pub(super) fn join(parts: impl IntoIterator<Item = Text>, between: &str) -> Text {
    let mut text = Text::default();
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            text.push_made(between);
        }
        text.push(&part);
    }
    text
}
