//! `@compiles`: a project's own constructs, whose SQL a function of the project writes.

use super::{
    interp::{Args, Halt, Interp},
    tools::call_of,
    value::{Class, Instance, Scope, Value},
};
use crate::{
    op::{Expr, Op, TextClause},
    reason::Reason,
    source::{Span, Text},
};
use ruff_python_ast as ast;
use ruff_text_size::Ranged;
use std::rc::Rc;

/// The name under which a class keeps the function that writes it.
const WRITER: &str = "__compiles__";

impl Interp<'_> {
    /// `@compiles(Thing)`, `@compiles(Thing, "postgresql")`: the classes that the function below is to write; `None`
    /// where the decorator is another. One for another database is for nobody here.
    pub(super) fn compiled_classes(
        &mut self,
        decorator: &ast::Expr,
        scope: &Rc<Scope>,
    ) -> Result<Option<Vec<Rc<Class>>>, Halt> {
        let ast::Expr::Call(call) = decorator else { return Ok(None) };
        let ast::Expr::Name(name) = &*call.func else { return Ok(None) };
        if !matches!(scope.get(name.id.as_str()), Some(Value::External(path)) if &*path == "sqlalchemy.ext.compiler.compiles")
        {
            return Ok(None);
        }
        let mut dialects = Vec::new();
        let (mut class, mut theirs) = (None, None);
        for (at, argument) in call.arguments.args.iter().enumerate() {
            match (at, self.eval(argument, scope)?) {
                (0, Value::Class(given)) => class = Some(given),
                (0, other) => theirs = Some(other),
                (_, given) => dialects.push(given.as_str().map(str::to_owned)),
            }
        }
        let ours = dialects.is_empty() || dialects.iter().any(|it| it.as_deref() == Some("postgresql"));
        if let (Some(other), true) = (theirs, ours) {
            let span = self.span(decorator.range());
            let name = if let Value::External(path) = &other { &**path } else { other.kind() };
            let reason = format!("`@compiles` changes how `{name}` is written");
            if self.at_import() {
                self.patched.get_or_insert((span, reason));
            } else {
                self.unresolved(span, reason)?;
            }
        }
        // The one for PostgreSQL counts before the one for all.
        let general = dialects.is_empty();
        Ok(Some(class.into_iter().filter(|class| ours && !(general && class.lookup(WRITER).is_some())).collect()))
    }

    /// Remembers who writes the class.
    pub(super) fn compiled_by(classes: &[Rc<Class>], function: &Value) {
        for class in classes {
            class.scope.vars.borrow_mut().insert(WRITER.to_owned(), function.clone());
        }
    }

    /// The statement that an object of such a class is, when it is executed.
    pub(super) fn compiled_statement(
        &mut self,
        object: &Instance,
        value: &Value,
        span: Span,
    ) -> Result<Result<Op, Reason>, Halt> {
        let Some(text) = self.written(&object.class, value, span)? else {
            return Ok(Err(Reason::of(object.class.cause(), "an object is executed")));
        };
        Ok(text.and_then(|text| {
            if text.as_str().contains('%') {
                return Err("a percent sign in what `@compiles` writes is not evaluated".into());
            }
            Ok(Op::Driver(text))
        }))
    }

    /// `utcnow()`: an expression of the project's own, which is its text from the start.
    pub(super) fn compiled_expression(&mut self, class: &Rc<Class>, args: &Args) -> Result<Option<Value>, Halt> {
        if !is_expression(class) || !args.positional.is_empty() || class.lookup("__init__").is_some() {
            return Ok(None);
        }
        let fields = std::cell::RefCell::default();
        let instance = self.heap.keep(Rc::new(Instance { class: Rc::clone(class), fields, depth: self.guarded() }));
        let object = Value::Instance(instance);
        Ok(match self.written(class, &object, args.span)? {
            None => None,
            Some(Ok(text)) if !text.as_str().contains([':', '%', '\\']) => {
                Some(Value::expr(Expr::Text(TextClause { text, binds: Vec::new() })))
            }
            Some(Ok(_)) => Some(Value::unknown(args.span, "a colon in what `@compiles` writes is not evaluated")),
            Some(Err(reason)) => Some(Value::unknown(args.span, reason)),
        })
    }

    fn written(&mut self, class: &Class, object: &Value, span: Span) -> Result<Option<Result<Text, Reason>>, Halt> {
        let Some(Value::Function(writer)) = class.lookup(WRITER) else { return Ok(None) };
        let compiler = Value::inert(span, "the compiler of SQLAlchemy is not evaluated");
        let said = self.call_function(&writer, call_of(vec![object.clone(), compiler], span))?;
        Ok(Some(match said {
            Value::Unknown(unknown) => Err(unknown.reason.clone()),
            said => said.as_text().ok_or_else(|| "what `@compiles` writes is not known".into()),
        }))
    }
}

/// The class is one of expressions, not of statements.
fn is_expression(class: &Class) -> bool {
    class.bases.iter().any(|base| match base {
        Value::External(path) => matches!(
            path.rsplit('.').next(),
            Some("FunctionElement" | "GenericFunction" | "ColumnElement" | "ColumnClause")
        ),
        Value::Class(base) => is_expression(base),
        _ => false,
    })
}

/// The class is one of statements: an object of it is made by its own `__init__`, if by any.
pub(super) fn is_statement(class: &Class) -> bool {
    class.lookup(WRITER).is_some() && !is_expression(class)
}
