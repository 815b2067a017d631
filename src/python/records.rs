//! Classes whose `__init__` Python writes: `@dataclass`, `NamedTuple`, `namedtuple`.

use super::{
    interp::{Args, Eval, Halt, Interp},
    tools::call_of,
    value::{Class, Field, Given, Instance, Record, Scope, Value},
};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;
use std::rc::Rc;

impl Interp<'_> {
    /// The fields of a class body, where Python makes its `__init__` of them; `body` is what has run of it.
    pub(super) fn record(
        &mut self,
        it: &ast::StmtClassDef,
        bases: &[Value],
        body: &Rc<Scope>,
    ) -> Result<Option<Rc<Record>>, Halt> {
        let tuple = bases.iter().any(|base| matches!(base, Value::External(path) if &**path == "typing.NamedTuple"));
        let dataclass = it.decorator_list.iter().any(|decorator| self.is_dataclass(&decorator.expression, body));
        // What is above it elsewhere may have fields of its own.
        let foreign = bases.iter().any(|base| match base {
            Value::Class(class) => class.has_foreign_base() && class.record.borrow().is_none(),
            Value::External(path) => !matches!(&**path, "builtins.object" | "typing.NamedTuple"),
            _ => true,
        });
        if dataclass && foreign {
            return Ok(None);
        }
        if !tuple && !dataclass {
            // A class below one has its `__init__`.
            return Ok(bases.iter().find_map(|base| match base {
                Value::Class(class) => class.record.borrow().clone(),
                _ => None,
            }));
        }
        let mut fields: Vec<Field> = Vec::new();
        for base in bases.iter().rev() {
            if let Value::Class(class) = base
                && let Some(record) = &*class.record.borrow()
            {
                fields.extend(record.fields.iter().cloned());
            }
        }
        for statement in &it.body {
            let Stmt::AnnAssign(assign) = statement else { continue };
            let Expr::Name(name) = &*assign.target else { continue };
            let annotation = self.code(assign.annotation.range());
            if annotation.contains("ClassVar") {
                continue;
            }
            let field = self.field(name.id.as_str(), assign.value.as_deref(), body)?;
            match fields.iter_mut().find(|other| other.name == field.name) {
                Some(other) => *other = field,
                None => fields.push(field),
            }
        }
        Ok(Some(Rc::new(Record { fields, tuple })))
    }

    /// `@dataclass`, `@dataclasses.dataclass(frozen=True)`.
    fn is_dataclass(&mut self, decorator: &Expr, scope: &Rc<Scope>) -> bool {
        let name = if let Expr::Call(call) = decorator { &*call.func } else { decorator };
        matches!(self.eval(name, scope), Ok(Value::External(path)) if &*path == "dataclasses.dataclass")
    }

    fn field(&mut self, name: &str, value: Option<&Expr>, body: &Rc<Scope>) -> Result<Field, Halt> {
        let name = name.to_owned();
        let Some(value) = value else { return Ok(Field { name, given: Given::Nothing, init: true }) };
        if let Expr::Call(call) = value
            && matches!(self.eval(&call.func, body)?, Value::External(path) if &*path == "dataclasses.field")
        {
            let (mut given, mut init) = (Given::Nothing, true);
            for keyword in &call.arguments.keywords {
                let value = self.eval(&keyword.value, body)?;
                match keyword.arg.as_ref().map(|it| it.id.as_str()) {
                    Some("default") => given = Given::Value(value),
                    Some("default_factory") => given = Given::Made(value),
                    Some("init") => init = !matches!(value, Value::Bool(false)),
                    _ => {}
                }
            }
            return Ok(Field { name, given, init });
        }
        let given = body.vars.borrow().get(&name).cloned().map_or(Given::Nothing, Given::Value);
        Ok(Field { name, given, init: true })
    }

    /// Makes an object of such a class.
    pub(super) fn fill(&mut self, class: &Rc<Class>, record: &Record, args: Args) -> Result<Rc<Instance>, Halt> {
        let span = args.span;
        let wrong = |message: String| Halt::Raise { what: "TypeError".to_owned(), message: Some(message), span };
        let instance =
            Instance { class: Rc::clone(class), fields: std::cell::RefCell::default(), depth: self.guarded() };
        let instance = self.heap.keep(Rc::new(instance));
        let mut positional = args.positional.into_iter();
        let mut keywords = args.keywords;
        for field in &record.fields {
            let named = keywords.iter().position(|(name, ..)| *name == field.name);
            let given = if field.init { positional.next() } else { None };
            let value = match (given, named, &field.given, &args.open) {
                (Some(arg), ..) => arg.value,
                (None, Some(at), ..) => keywords.remove(at).1.value,
                (None, None, _, Some(open)) => Value::Unknown(Rc::clone(open)),
                (None, None, Given::Value(value), None) => value.clone(),
                (None, None, Given::Made(factory), None) => {
                    let factory = factory.clone();
                    self.call(&factory, call_of(Vec::new(), span))?
                }
                (None, None, Given::Nothing, None) if !field.init => continue,
                (None, None, Given::Nothing, None) => {
                    return Err(wrong(format!("{}() misses the argument `{}`", class.name, field.name)));
                }
            };
            instance.fields.borrow_mut().insert(field.name.clone(), value);
        }
        if positional.next().is_some() || !keywords.is_empty() {
            return Err(wrong(format!("{}() is given too much", class.name)));
        }
        Ok(instance)
    }

    /// What goes on when the fields of a new object are set.
    pub(super) fn after_init(&mut self, object: &Value, args: Args) -> Eval {
        let Value::Instance(instance) = object else { return Ok(Value::None) };
        if let Some(Value::Function(function)) = instance.class.lookup("__post_init__") {
            return self.call_function(&super::call::bound(&function, object.clone()), args);
        }
        Ok(Value::None)
    }
}

impl Instance {
    /// The values of a named tuple, in order.
    pub(super) fn tuple(&self) -> Option<Vec<Value>> {
        if self.class.record.borrow().as_ref().is_some_and(|record| record.tuple) { self.values() } else { None }
    }

    /// The values of the fields of a dataclass or named tuple, in order.
    pub(super) fn values(&self) -> Option<Vec<Value>> {
        let record = self.class.record.borrow().clone()?;
        let fields = self.fields.borrow();
        record.fields.iter().map(|field| fields.get(&field.name).cloned()).collect()
    }
}
