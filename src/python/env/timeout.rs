//! How long `env.py` lets a statement wait for a lock: `-c lock_timeout=2s`, `SET lock_timeout = '2s'`,
//! `"lock_timeout": "2000"`.

use super::super::interp::Interp;
use crate::{environment::LockTimeout, source::Span};
use ruff_text_size::TextRange;

/// The setting's name.
const NAME: &str = "lock_timeout";

/// What the text of `env.py` says; `configured` is where it configures Alembic.
pub(super) fn of(interp: &Interp<'_>, configured: Option<TextRange>) -> LockTimeout {
    let text = &interp.sources.get(interp.main).text;
    let mut values = text.match_indices(NAME).map(|(at, _)| milliseconds(&text[at + NAME.len()..]));
    match (values.next(), values.next()) {
        (Some(Some(only)), None) => LockTimeout::Milliseconds(only),
        (Some(_), _) => LockTimeout::Unknown,
        (None, _) => match configured {
            Some(range) => LockTimeout::Absent(place(interp, range)),
            None => LockTimeout::Unknown,
        },
    }
}

fn place(interp: &Interp<'_>, range: TextRange) -> Span {
    Span { source: interp.main, start: range.start().to_u32(), end: range.end().to_u32() }
}

/// The value that follows the name: `=2s`, ` = '2s'`, `": "2000"`, ` TO 5000`.
fn milliseconds(rest: &str) -> Option<u64> {
    let rest = rest.trim_start_matches(['"', '\'', ' ', ':', ',', '=']);
    let rest = rest.strip_prefix("TO ").or_else(|| rest.strip_prefix("to ")).unwrap_or(rest);
    crate::statement::milliseconds(rest.trim_start_matches(['"', '\'', ' ']))
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn the_ways_to_write_it() {
        assert_eq!(milliseconds("=2s\"}"), Some(2_000));
        assert_eq!(milliseconds(" = '500ms'\")"), Some(500));
        assert_eq!(milliseconds(" TO '1min'"), Some(60_000));
        assert_eq!(milliseconds("\": \"2000\""), Some(2_000));
        assert_eq!(milliseconds(" = {settings.timeout}"), None);
    }
}
