//! `match`: the first pattern that fits. Where one cannot be decided, the whole is not evaluated.

use super::{
    branches::Truth,
    interp::{Flow, Halt, Interp, Run},
    value::{Scope, Value},
};
use ruff_python_ast::{self as ast, Pattern, Singleton};
use ruff_text_size::Ranged;
use std::rc::Rc;

/// Whether a pattern fits, and the names that it gives values to; `None` where it cannot be told.
type Fit = Option<bool>;

impl Interp<'_> {
    pub(super) fn match_case(&mut self, it: &ast::StmtMatch, scope: &Rc<Scope>) -> Run {
        let subject = self.eval(&it.subject, scope)?;
        let span = self.span(it.subject.range());
        for case in &it.cases {
            let mut names = Vec::new();
            let mut fit = self.fits(&case.pattern, &subject, &mut names, scope)?;
            if fit == Some(true) {
                for (name, value) in names {
                    scope.set(&name, value);
                }
                if let Some(guard) = &case.guard {
                    let value = self.eval(guard, scope)?;
                    fit = if let Truth::Known(truth) = self.truth(&value) { Some(truth) } else { None };
                }
            }
            match fit {
                Some(true) => return self.block(&case.body, scope),
                Some(false) => {}
                None => {
                    self.unresolved(span, "which pattern of a `match` fits is not evaluated")?;
                    self.unset(it, scope);
                    return Ok(Flow::Next);
                }
            }
        }
        Ok(Flow::Next)
    }

    /// What any of the cases would assign is not known.
    fn unset(&mut self, it: &ast::StmtMatch, scope: &Rc<Scope>) {
        let span = self.span(it.subject.range());
        self.changes.names += 1;
        self.changes.containers += 1;
        for case in &it.cases {
            for name in super::walk::assigned(&case.body) {
                let reason = format!("`{name}` depends on which pattern of a `match` fits");
                scope.set(&name, Value::unknown(span, reason));
            }
        }
    }

    fn fits(
        &mut self,
        pattern: &Pattern,
        value: &Value,
        names: &mut Vec<(String, Value)>,
        scope: &Rc<Scope>,
    ) -> Result<Fit, Halt> {
        if matches!(value, Value::Unknown(_)) && !matches!(pattern, Pattern::MatchAs(it) if it.pattern.is_none()) {
            return Ok(None);
        }
        Ok(match pattern {
            Pattern::MatchValue(it) => {
                let wanted = self.eval(&it.value, scope)?;
                value.equal(&wanted)
            }
            Pattern::MatchSingleton(it) => match (it.value, value) {
                (Singleton::None, Value::None)
                | (Singleton::True, Value::Bool(true))
                | (Singleton::False, Value::Bool(false)) => Some(true),
                (_, Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_)) => Some(false),
                _ => None,
            },
            Pattern::MatchAs(it) => {
                let fit = match &it.pattern {
                    Some(inner) => self.fits(inner, value, names, scope)?,
                    None => Some(true),
                };
                if let Some(name) = &it.name {
                    names.push((name.id.to_string(), value.clone()));
                }
                fit
            }
            Pattern::MatchOr(it) => {
                for inner in &it.patterns {
                    match self.fits(inner, value, names, scope)? {
                        Some(false) => {}
                        decided => return Ok(decided),
                    }
                }
                Some(false)
            }
            Pattern::MatchSequence(it) => self.sequence_fits(it, value, names, scope)?,
            Pattern::MatchMapping(it) => self.mapping_fits(it, value, names, scope)?,
            Pattern::MatchClass(it) => {
                let class = self.eval(&it.cls, scope)?;
                match (is_of(&class, value), it.arguments.patterns.as_slice(), it.arguments.keywords.is_empty()) {
                    (Some(true), [], true) => Some(true),
                    (Some(true), [inner], true) => self.fits(inner, value, names, scope)?,
                    (Some(false), ..) => Some(false),
                    _ => None,
                }
            }
            Pattern::MatchStar(_) => None,
        })
    }

    fn sequence_fits(
        &mut self,
        it: &ast::PatternMatchSequence,
        value: &Value,
        names: &mut Vec<(String, Value)>,
        scope: &Rc<Scope>,
    ) -> Result<Fit, Halt> {
        let items = match value {
            Value::List(_) | Value::Tuple(_) => match self.collect(value, self.span(it.range()))? {
                Ok(items) => items,
                Err(_) => return Ok(None),
            },
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_) | Value::Dict(_) => return Ok(Some(false)),
            _ => return Ok(None),
        };
        let star = it.patterns.iter().position(|inner| matches!(inner, Pattern::MatchStar(_)));
        let long = match star {
            Some(_) => items.len() + 1 >= it.patterns.len(),
            None => items.len() == it.patterns.len(),
        };
        if !long {
            return Ok(Some(false));
        }
        let more = items.len() + 1 - it.patterns.len();
        let mut at = 0;
        for inner in &it.patterns {
            if let Pattern::MatchStar(star) = inner {
                let rest = items.get(at..at + more).unwrap_or_default().to_vec();
                at += more;
                if let Some(name) = &star.name {
                    let rest = self.list(Ok(rest), self.span(it.range()));
                    names.push((name.id.to_string(), rest));
                }
                continue;
            }
            let item = items.get(at).cloned().unwrap_or(Value::None);
            at += 1;
            match self.fits(inner, &item, names, scope)? {
                Some(true) => {}
                other => return Ok(other),
            }
        }
        Ok(Some(true))
    }

    fn mapping_fits(
        &mut self,
        it: &ast::PatternMatchMapping,
        value: &Value,
        names: &mut Vec<(String, Value)>,
        scope: &Rc<Scope>,
    ) -> Result<Fit, Halt> {
        match value {
            Value::Dict(dict) if dict.spoiled.borrow().is_none() && it.rest.is_none() => {}
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_) | Value::List(_) | Value::Tuple(_) => {
                return Ok(Some(false));
            }
            _ => return Ok(None),
        }
        for (key, inner) in it.keys.iter().zip(&it.patterns) {
            let span = self.span(key.range());
            let key = self.eval(key, scope)?;
            let item = match self.item(value, &key, span) {
                Err(Halt::Raise { .. }) => return Ok(Some(false)),
                other => other?,
            };
            match self.fits(inner, &item, names, scope)? {
                Some(true) => {}
                other => return Ok(other),
            }
        }
        Ok(Some(true))
    }
}

/// Whether a value is one of Python's own plain types.
fn is_of(class: &Value, value: &Value) -> Fit {
    let Value::External(path) = class else { return None };
    let plain = matches!(
        value,
        Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Str(_)
            | Value::List(_)
            | Value::Tuple(_)
            | Value::Dict(_)
    );
    if !plain {
        return None;
    }
    Some(match &**path {
        "builtins.int" => matches!(value, Value::Int(_) | Value::Bool(_)),
        "builtins.bool" => matches!(value, Value::Bool(_)),
        "builtins.float" => matches!(value, Value::Float(_)),
        "builtins.str" => matches!(value, Value::Str(_)),
        "builtins.list" => matches!(value, Value::List(_)),
        "builtins.tuple" => matches!(value, Value::Tuple(_)),
        "builtins.dict" => matches!(value, Value::Dict(_)),
        _ => return None,
    })
}
