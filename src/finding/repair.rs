//! What takes a finding away again: told by rules in places of the Python, and turned into bytes by `fix`.

use crate::source::Span;

/// One change of a revision's text that a rule asks for. Where exactly it goes is for the reader to say, which knows
/// the Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// The text at a place is another one.
    Replace {
        /// Where the old text stands, byte by byte.
        span: Span,
        /// The old text: where something else stands there, nothing is changed.
        old: String,
        /// The new one.
        new: String,
    },
    /// A call is given an argument, in place of the one that it has or as a keyword behind the others.
    Argument {
        /// The whole call.
        call: Span,
        /// The argument's name.
        name: &'static str,
        /// Its place among the positional arguments, where it may stand there.
        place: Option<usize>,
        /// Python.
        value: String,
    },
    /// The statement of a call is put into `with op.get_context().autocommit_block():`.
    Autocommit {
        /// The whole call.
        call: Span,
    },
    /// A statement of Python is put behind that of a call.
    After {
        /// The whole call.
        call: Span,
        /// Python, without indentation.
        code: String,
    },
    /// `downgrade()` does this, in place of nothing; it is made where there is none.
    Downgrade {
        /// Python, without indentation.
        code: String,
    },
    /// A comment is taken out, and its line with it where it stands alone.
    Uncomment {
        /// The comment, `#` included.
        span: Span,
    },
}

/// Bytes of a file, and what comes in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes; empty where text is but added.
    pub span: Span,
    /// What stands there then.
    pub text: String,
}
