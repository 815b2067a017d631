//! What the user says of Python names (`[assume]`, `[types]`), and which values ask for that.

use super::{
    interp::Interp,
    value::{Unknown, Value},
};
use crate::{
    reason::{Class, Reason},
    source::Span,
};
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;
use std::rc::Rc;

impl Interp<'_> {
    /// What is assumed of a name that is dotted from its module.
    pub(super) fn assumed_name(&mut self, name: &str) -> Option<Value> {
        let value = super::assumed(self.settings.assume.get(name)?);
        *self.used.assumed.entry(name.to_owned()).or_default() += 1;
        Some(value)
    }

    /// What is assumed of an expression as the file spells it.
    pub(super) fn assumed_spelling(&mut self, expr: &Expr, span: Span) -> Option<Value> {
        if self.settings.assume.is_empty()
            || !matches!(expr, Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_) | Expr::Call(_))
        {
            return None;
        }
        let spelling = normal(&self.sources.snippet(span));
        self.assumed_name(&spelling)
    }

    /// A type of the project's whose SQL the user gives.
    pub(super) fn given_type(&mut self, path: &str) -> Option<Value> {
        let word = self.settings.types.get(path)?.clone();
        *self.used.types.entry(path.to_owned()).or_default() += 1;
        Some(Value::Type(Rc::new(crate::op::Type::Verbatim(word))))
    }

    /// The code at a place in one line.
    pub(super) fn spelling(&self, span: Span) -> String {
        self.sources.snippet(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// A setting is told as the revision spells it, so that it can be assumed: `os.environ["X"]`, not `os.environ`.
    pub(super) fn spelled(&self, expr: &Expr, span: Span, value: Value) -> Value {
        let Value::Unknown(unknown) = &value else { return value };
        let receiver = match expr {
            Expr::Attribute(it) => &*it.value,
            Expr::Subscript(it) => &*it.value,
            Expr::Call(it) => &*it.func,
            _ => return value,
        };
        let inside = match receiver {
            Expr::Call(_) | Expr::Subscript(_) => false,
            other => unknown.span == self.span(other.range()),
        };
        if unknown.reason.class != Class::Settings || !inside {
            return value;
        }
        let reason = setting(&self.spelling(span));
        Value::Unknown(Rc::new(Unknown { reason, span, inert: unknown.inert }))
    }
}

/// The reason of a setting: how to say what it is.
pub(super) fn setting(spelling: &str) -> Reason {
    let spelling = super::interp::shorten(spelling, 100);
    Reason::settings(format!("`{spelling}` is a setting, which `--assume '{}=…'` can give", normal(&spelling)))
}

/// The spelling of a name in `[assume]`: without blanks and with one kind of quotes.
#[must_use]
pub fn normal(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace()).map(|c| if c == '\'' { '"' } else { c }).collect()
}
