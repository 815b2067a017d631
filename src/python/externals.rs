//! Calls of what is imported: Alembic, SQLAlchemy, Python's library, the project's own modules.

use super::{
    interp::{Args, Eval, Halt, Interp},
    value::{Arg, Class, Value},
};
use crate::reason::Reason;
use std::rc::Rc;

impl Interp<'_> {
    pub(super) fn call_external(&mut self, path: &str, args: Args) -> Eval {
        let root = path.split('.').next().unwrap_or(path);
        if let Some(kind) = self.given_type(path) {
            return Ok(kind);
        }
        if let Some(method) = path.strip_prefix("builtins.super().") {
            if let (Some(given), "__init__") = (self.supers.last_mut(), method) {
                *given = Some(args);
                return Ok(Value::None);
            }
            if method == "load_dialect_impl" {
                return Ok(Value::external(super::types::OWN_IMPL));
            }
            if method != "__init__" && !self.at_import() {
                self.unresolved(args.span, "`super()` is not evaluated")?;
            }
            return Ok(Value::unknown(args.span, "`super()` is not evaluated"));
        }
        match root {
            "builtins" => self.call_builtin(path.trim_start_matches("builtins."), args),
            "alembic" => self.call_alembic(path, args),
            "sqlalchemy" => self.call_sqlalchemy(path, args),
            _ => self.call_other(path, root, args),
        }
    }

    fn call_alembic(&mut self, path: &str, args: Args) -> Eval {
        if let Some(name) = path.strip_prefix("alembic.op.") {
            return match name.split_once('.') {
                // `op.context.…` and other inner parts.
                Some(_) => Ok(Value::inert(args.span, format!("`{path}()` is not evaluated"))),
                None => self.call_op(name, args),
            };
        }
        Ok(match path {
            // A revision that is run for real is not run with `--sql`.
            "alembic.context.is_offline_mode" => Value::Bool(false),
            "alembic.context.get_bind" => super::connection::connection(false),
            "alembic.context.get_context" => Value::Context,
            "alembic.context.execute" => {
                let span = args.span;
                let bound = args.bind(&["sql"]);
                return self.execute(bound.value("sql").unwrap_or(&Value::None), None, false, span);
            }
            _ if path.starts_with("alembic.context.") => {
                Value::inert(args.span, super::given::setting(&self.spelling(args.span)))
            }
            _ => {
                let reason = format!("`{path}()` is not evaluated");
                if path.starts_with("alembic.command.") && !self.at_import() {
                    self.unresolved(args.span, reason.clone())?;
                }
                Value::unknown(args.span, reason)
            }
        })
    }

    fn call_sqlalchemy(&mut self, path: &str, args: Args) -> Eval {
        let span = args.span;
        let parts: Vec<&str> = path.split('.').collect();
        if let Some(at) = parts.iter().position(|part| *part == "func")
            && let Some(name) = parts.get(at + 1..).filter(|name| !name.is_empty())
        {
            return Ok(told(super::core::sql_function(name, &args), span));
        }
        let name = parts.last().copied().unwrap_or_default();
        let args = self.prepared(name, args)?;
        match name {
            "inspect" => return Ok(Value::Inspector),
            "from_engine" if path.contains("Inspector") => return Ok(Value::Inspector),
            "Session" | "scoped_session" => return Ok(super::connection::connection(true)),
            "sessionmaker" => return Ok(Value::external("sqlalchemy.orm.Session")),
            "Inspector" => return Ok(Value::Inspector),
            // It watches the Python side.
            "as_mutable" => {
                let given = args.positional.first().map_or(Value::None, |arg| arg.value.clone());
                return Ok(match super::types::of(&given) {
                    Ok(kind) => Value::Type(Rc::new(kind)),
                    Err(reason) => Value::unknown(span, reason),
                });
            }
            _ => {}
        }
        if let Some(kind) = super::types::build(path, args.clone()) {
            return Ok(match kind {
                Ok(kind) => Value::Type(Rc::new(kind)),
                Err(reason) => Value::unknown(span, reason),
            });
        }
        if let Some(base) = super::metadata::carrier(&self.heap, path, &args) {
            return Ok(base);
        }
        if let Some(made) = super::items::item(name, &args) {
            return Ok(told(made, span));
        }
        if let Some(made) = super::items::ddl(name, &args) {
            return Ok(told(made, span));
        }
        if let Some(made) = super::core::function(name, &args) {
            return Ok(told(made, span));
        }
        if let Some(made) = super::query::statement(name, &args) {
            return Ok(told(made, span));
        }
        // Whatever else SQLAlchemy makes, making it sends nothing.
        Ok(Value::unknown(span, format!("`{path}()` is not evaluated")))
    }

    /// Classes of the file that are given as types become types; the labels of an enum class are asked for.
    fn prepared(&mut self, name: &str, mut args: Args) -> Result<Args, Halt> {
        let empty = Args { positional: Vec::new(), keywords: Vec::new(), open: None, span: args.span };
        let labels = if matches!(name, "Enum" | "ENUM") { self.asked_labels(&args)? } else { None };
        if let Some((class, labels)) = labels {
            if !args.keywords.iter().any(|(name, ..)| name == "name") {
                let arg = Arg { value: Value::made(class.name.to_lowercase()), span: args.span };
                args.keywords.push(("name".to_owned(), arg, args.span));
            }
            let span = args.span;
            args.positional = labels.into_iter().map(|value| Arg { value, span }).collect();
            args.keywords.retain(|(name, ..)| name != "values_callable");
            return Ok(args);
        }
        let slots = args.positional.iter_mut().chain(args.keywords.iter_mut().map(|(_, arg, _)| arg));
        for arg in slots {
            if let Value::Class(class) = &arg.value
                && !class.is_enum()
                && let Some(kind) = self.custom_type(&Rc::clone(class), &empty)?
            {
                arg.value = kind;
            } else if let Value::External(path) = &arg.value
                && let Some(kind) = self.given_type(&Rc::clone(path))
            {
                arg.value = kind;
            }
        }
        Ok(args)
    }

    /// What `values_callable` gives for an enum class.
    #[expect(clippy::type_complexity, reason = "the class and its labels")]
    fn asked_labels(&mut self, args: &Args) -> Result<Option<(Rc<Class>, Vec<Value>)>, Halt> {
        let callable =
            args.keywords.iter().find(|(name, ..)| name == "values_callable").map(|(_, arg, _)| arg.value.clone());
        let (Some(first), Some(callable @ Value::Function(_))) = (args.positional.first(), callable) else {
            return Ok(None);
        };
        let Value::Class(class) = &first.value else { return Ok(None) };
        let call = Args { positional: vec![first.clone()], keywords: Vec::new(), open: None, span: args.span };
        let labels = self.call(&callable, call)?;
        Ok(self.collect(&labels, args.span)?.ok().map(|labels| (Rc::clone(class), labels)))
    }

    fn call_other(&mut self, path: &str, root: &str, args: Args) -> Eval {
        let span = args.span;
        if let Some(value) = super::entities::object(path, &args) {
            return Ok(value);
        }
        if let Some(value) = super::library::library(path, &args, span) {
            return Ok(value);
        }
        if let Some(value) = self.tool(path, &args)? {
            return Ok(value);
        }
        if let Some(base) = super::metadata::carrier(&self.heap, path, &args) {
            return Ok(base);
        }
        if let Some(kind) = super::types::build(path, args.clone()) {
            return Ok(match kind {
                Ok(kind) => Value::Type(Rc::new(kind)),
                Err(reason) => Value::unknown(span, reason),
            });
        }
        if let ("lazy_object_proxy.Proxy", Some(arg)) = (path, args.positional.first()) {
            // It calls the function when it is first used, and is then what that gave.
            let make = arg.value.clone();
            return self.call(&make, Args { positional: Vec::new(), ..args });
        }
        if let ("typing.cast", [_, arg]) = (path, args.positional.as_slice()) {
            return Ok(arg.value.clone());
        }
        let handed = args.positional.iter().any(|arg| sends_by_itself(&arg.value));
        if (super::imports::is_standard(root) && !handed) || is_logging(path) {
            let reason = if super::imports::is_setting(path) {
                super::given::setting(&self.spelling(span))
            } else {
                super::imports::at_run(path, &args)
            };
            return Ok(Value::inert(span, reason));
        }
        if let Some(found) = self.resolve(path)
            && !matches!(&found, Value::External(other) if **other == *path)
        {
            return self.call(&found, args);
        }
        let reason = Reason::elsewhere(format!("`{path}()` is not in the checkout"));
        // By Python's convention it is a class: making an object sends nothing, as long as it is not handed what could.
        let is_class = path.rsplit('.').next().is_some_and(|name| name.starts_with(char::is_uppercase));
        let can_send =
            args.positional.iter().chain(args.keywords.iter().map(|(_, arg, _)| arg)).any(|arg| sends(&arg.value));
        if !self.at_import() && (can_send || !is_class) {
            self.unresolved(span, reason.clone())?;
        }
        Ok(Value::unknown(span, reason))
    }
}

/// Whoever is handed this can send SQL with it at once.
pub(super) fn sends_by_itself(value: &Value) -> bool {
    match value {
        Value::Connection(_) | Value::Batch(_) => true,
        Value::External(path) => path.starts_with("alembic.op."),
        Value::Method(method) => sends_by_itself(&method.0),
        Value::Partial(partial) => {
            sends_by_itself(&partial.0) || partial.1.positional.iter().any(|arg| sends_by_itself(&arg.value))
        }
        _ => false,
    }
}

/// With such a value in hand, code that is not read could send SQL.
fn sends(value: &Value) -> bool {
    match value {
        Value::Connection(_) | Value::Context | Value::Batch(_) | Value::Inspector | Value::Unknown(_) => true,
        Value::External(path) => path.starts_with("alembic.op") || path.starts_with("alembic.context"),
        _ => false,
    }
}

/// `project.logging.logger.info(…)`: a line in a log, whatever the logger.
fn is_logging(path: &str) -> bool {
    let mut parts = path.rsplit('.');
    let level =
        matches!(parts.next(), Some("debug" | "info" | "warning" | "warn" | "error" | "exception" | "critical"));
    level && parts.next().is_some_and(|name| matches!(name.to_lowercase().as_str(), "logger" | "log" | "_logger"))
}

fn told(made: Result<Value, Reason>, span: crate::source::Span) -> Value {
    match made {
        Ok(value) => value,
        Err(reason) => Value::unknown(span, reason),
    }
}
