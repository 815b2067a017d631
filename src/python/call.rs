//! Calls: functions and classes of the file, and what is imported.

use super::{
    interp::{Args, CALLS, Eval, Flow, Halt, Interp},
    value::{Arg, Class, Code, Flavour, Function, Instance, Scope, Unknown, Value},
};
use crate::{reason::Reason, source::Span};
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;
use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc};

impl Interp<'_> {
    pub(super) fn call_expression(&mut self, it: &ast::ExprCall, span: Span, scope: &Rc<Scope>) -> Eval {
        let callee = self.eval(&it.func, scope)?;
        let args = self.arguments(&it.arguments, span, scope)?;
        if matches!(&callee, Value::External(path) if &**path == "builtins.super") {
            return Ok(super_of(scope).unwrap_or_else(|| Value::external("builtins.super()")));
        }
        self.site = span;
        if let Expr::Attribute(attribute) = &*it.func {
            // CPython counts `a\n.b()` to the line of `.b` (`update_start_location_to_match_attr` in `compile.c`).
            let name = self.span(attribute.attr.range());
            let source = self.sources.get(self.file);
            if source.line(name.start) != source.line(span.start) {
                self.site = Span { start: name.start, ..span };
            }
        }
        self.call(&callee, args)
    }

    fn arguments(&mut self, arguments: &ast::Arguments, span: Span, scope: &Rc<Scope>) -> Result<Args, Halt> {
        let mut args = Args { positional: Vec::new(), keywords: Vec::new(), open: None, span };
        for argument in &arguments.args {
            let place = self.span(argument.range());
            if let Expr::Starred(starred) = argument {
                let value = self.eval(&starred.value, scope)?;
                match self.collect(&value, place)? {
                    Ok(items) => args.positional.extend(items.into_iter().map(|value| Arg { value, span: place })),
                    Err(unknown) => args.open = Some(unknown),
                }
            } else {
                let value = self.eval(argument, scope)?;
                args.positional.push(Arg { value, span: place });
            }
        }
        for keyword in &arguments.keywords {
            let whole = self.span(keyword.range());
            let place = self.span(keyword.value.range());
            let value = self.eval(&keyword.value, scope)?;
            if let Some(name) = &keyword.arg {
                args.keywords.push((name.id.to_string(), Arg { value, span: place }, whole));
                continue;
            }
            match &value {
                Value::Dict(dict) if dict.spoiled.borrow().is_none() => {
                    for (key, value) in dict.items.borrow().iter() {
                        let name = key.as_str().unwrap_or_default().to_owned();
                        args.keywords.push((name, Arg { value: value.clone(), span: place }, place));
                    }
                }
                Value::Unknown(unknown) => args.open = Some(Rc::clone(unknown)),
                other => {
                    let reason = format!("`**` of {}", other.kind()).into();
                    args.open = Some(Rc::new(Unknown { reason, span: place, inert: false }));
                }
            }
        }
        Ok(args)
    }

    pub(super) fn call(&mut self, callee: &Value, args: Args) -> Eval {
        let span = args.span;
        match callee {
            Value::Function(function) => self.call_function(function, args),
            Value::Class(class) => self.construct(class, args),
            Value::Method(method) => self.call_method(&method.0, &method.1, args),
            Value::Partial(partial) => self.call(&partial.0, super::tools::completed(&partial.1, args)),
            Value::External(path) => self.call_external(path, args),
            Value::Unknown(unknown) => {
                let handed = args.positional.iter().any(|arg| super::externals::sends_by_itself(&arg.value));
                if unknown.inert && !handed || self.at_import() {
                    return Ok(Value::Unknown(Rc::clone(unknown)));
                }
                self.unresolved(span, self.because(unknown, span))?;
                Ok(Value::unknown(span, unknown.reason.clone()))
            }
            Value::Instance(instance) => self.call_instance(instance, callee, args),
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_) | Value::List(_) | Value::Dict(_) => {
                Err(Halt::Raise { what: "TypeError".to_owned(), message: None, span })
            }
            // SQLAlchemy's types can be given as classes or called once more by mistake; nothing is sent.
            other => Ok(Value::inert(span, format!("{} is called", other.kind()))),
        }
    }

    /// `thing(…)` where `thing` is an object of a class of the file.
    fn call_instance(&mut self, instance: &Rc<Instance>, object: &Value, args: Args) -> Eval {
        let span = args.span;
        if let Some(Value::Function(function)) = instance.class.lookup("__call__") {
            return self.call_function(&bound(&function, object.clone()), args);
        }
        let reason = format!("an object of the class `{}` is called", instance.class.name);
        if !self.at_import() {
            self.unresolved(span, reason.clone())?;
        }
        Ok(Value::unknown(span, reason))
    }

    /// The module's own statements are being run: nothing can be sent yet.
    pub(super) fn at_import(&self) -> bool {
        self.pending.is_empty()
    }

    // ── functions ──

    pub(super) fn define(&mut self, it: &ast::StmtFunctionDef, scope: &Rc<Scope>) -> Result<(), Halt> {
        let mut flavour = Flavour::Plain;
        let (mut decorated, mut manager) = (None, false);
        let mut around = Vec::new();
        let mut written = Vec::new();
        for decorator in &it.decorator_list {
            if let Some(classes) = self.compiled_classes(&decorator.expression, scope)? {
                written.extend(classes);
                continue;
            }
            let code = self.code(decorator.expression.range());
            match code.rsplit('.').next().unwrap_or(&code) {
                "staticmethod" => flavour = Flavour::Static,
                "classmethod" => flavour = Flavour::Class,
                "property" | "cached_property" => flavour = Flavour::Property,
                // They change when a function is run or how its result is kept, not what it does.
                "wraps" | "override" | "cache" | "lru_cache" | "overload" => {}
                _ if code.contains("wraps(") || code.contains("lru_cache(") => {}
                "contextmanager" => manager = true,
                _ if decorated.is_none() && self.is_own(&decorator.expression, scope) => {
                    around.push((self.eval(&decorator.expression, scope)?, self.span(decorator.range())));
                }
                _ => decorated = Some(code),
            }
        }
        let defaults = self.defaults(&it.parameters, scope)?;
        let function = Function {
            name: it.name.id.to_string(),
            defaults,
            body: self.code_of(it),
            scope: Rc::clone(scope),
            receiver: None,
            generator: super::walk::yields(&it.body),
            manager,
            decorated,
            flavour,
        };
        let mut value = Value::Function(Rc::new(function));
        for (decorator, span) in around.into_iter().rev() {
            value = self.call(&decorator, super::tools::call_of(vec![value], span))?;
        }
        Self::compiled_by(&written, &value);
        scope.set(it.name.id.as_str(), value);
        Ok(())
    }

    /// The decorator is a function that is there to be read.
    fn is_own(&mut self, decorator: &Expr, scope: &Rc<Scope>) -> bool {
        let name = if let Expr::Call(call) = decorator { &*call.func } else { decorator };
        let found = match name {
            Expr::Name(name) => scope.get(name.id.as_str()),
            _ => None,
        };
        match found {
            Some(Value::Function(function)) => function.decorated.is_none() && !function.generator,
            Some(Value::External(path)) => matches!(self.resolve(&path), Some(Value::Function(_))),
            _ => false,
        }
    }

    /// The body of a function that stands in the code being run.
    fn code_of(&self, it: &ast::StmtFunctionDef) -> Code {
        match &self.tree {
            Some(tree) if tree.function(it.range()).is_some_and(|found| std::ptr::eq(found, it)) => {
                Code::At(Arc::clone(tree), it.range())
            }
            _ => Code::Def(Rc::new(it.clone())),
        }
    }

    pub(super) fn lambda(&mut self, it: &ast::ExprLambda, scope: &Rc<Scope>) -> Eval {
        let defaults = match &it.parameters {
            Some(parameters) => self.defaults(parameters, scope)?,
            None => Vec::new(),
        };
        Ok(Value::Function(Rc::new(Function {
            name: "<lambda>".to_owned(),
            defaults,
            body: Code::Lambda(Rc::new(it.clone())),
            scope: Rc::clone(scope),
            receiver: None,
            generator: false,
            manager: false,
            decorated: None,
            flavour: Flavour::Plain,
        })))
    }

    fn defaults(&mut self, parameters: &ast::Parameters, scope: &Rc<Scope>) -> Result<Vec<(String, Value)>, Halt> {
        let mut defaults = Vec::new();
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                let value = self.eval(default, scope)?;
                defaults.push((parameter.parameter.name.id.to_string(), value));
            }
        }
        Ok(defaults)
    }

    pub(super) fn call_function(&mut self, function: &Rc<Function>, args: Args) -> Eval {
        let span = args.span;
        if let Some(decorator) = &function.decorated {
            let reason = format!("`{}` is decorated with `{decorator}`", function.name);
            if !self.at_import() {
                self.unresolved(span, reason.clone())?;
            }
            return Ok(Value::unknown(span, reason));
        }
        if function.manager {
            return Ok(Value::Manager(Rc::new((Rc::clone(function), args))));
        }
        self.run_function(function, args)
    }

    /// Runs a function's body.
    pub(super) fn run_function(&mut self, function: &Rc<Function>, args: Args) -> Eval {
        let span = args.span;
        if self.calls.len() >= CALLS {
            return Err(Halt::Limit { reason: format!("calls go more than {CALLS} deep"), span });
        }
        let scope = self.heap.keep(Scope::new(Some(Rc::clone(&function.scope))));
        self.bind(function, args, &scope)?;
        if let Some(receiver) = &function.receiver {
            scope.vars.borrow_mut().insert(RECEIVER.to_owned(), receiver.clone());
        }
        let there = function.scope.file().unwrap_or(self.file);
        let tree = if let Code::At(tree, _) = &function.body { Some(Arc::clone(tree)) } else { self.tree.clone() };
        let home = self.enter(there, tree);
        let mark = self.guarded();
        let steps = self.steps.len();
        let nesting = std::mem::take(&mut self.nesting);
        self.calls.push(self.own(span));
        self.pending.push(Vec::new());
        self.yields.push(Vec::new());
        let outcome = match &function.body {
            Code::Lambda(lambda) => self.eval(&lambda.body, &scope).map(Flow::Return),
            code => self.block(code.def().map_or(&[], |def| &def.body), &scope),
        };
        let yields = self.yields.pop().unwrap_or_default();
        let pending = self.pending.pop().unwrap_or_default();
        self.calls.pop();
        self.nesting = nesting;
        self.back(home);
        let guarded = self.guarded() > mark;
        let class = self.cause(mark);
        self.close(mark);
        let value = match outcome? {
            Flow::Return(value) => value,
            _ => Value::None,
        };
        if function.generator && !function.manager {
            if self.steps.len() > steps {
                self.unresolved(span, format!("`{}` sends SQL between what it yields", function.name))?;
            }
            return Ok(if guarded {
                Value::unknown(
                    span,
                    Reason::of(class, format!("what `{}` yields depends on a condition", function.name)),
                )
            } else {
                self.iterator(yields, true)
            });
        }
        if pending.iter().all(|other| other.same(&value)) {
            Ok(value)
        } else {
            let text = format!("what `{}` returns depends on a condition", function.name);
            Ok(Value::unknown(span, Reason::of(class, text)))
        }
    }

    /// Gives the parameters their values.
    fn bind(&mut self, function: &Function, args: Args, scope: &Rc<Scope>) -> Result<(), Halt> {
        let span = args.span;
        let mut positional = function.receiver.iter().cloned().collect::<Vec<_>>();
        positional.extend(args.positional.into_iter().map(|arg| arg.value));
        let mut positional = positional.into_iter();
        let mut keywords: Vec<(String, Value)> =
            args.keywords.into_iter().map(|(name, arg, _)| (name, arg.value)).collect();
        let Some(parameters) = function.body.parameters() else { return Ok(()) };
        let open = args.open;
        let missing = |name: &str| match (&open, function.defaults.iter().find(|(it, _)| it == name)) {
            (Some(unknown), _) => Some(Value::Unknown(Rc::clone(unknown))),
            (None, Some((_, value))) => Some(value.clone()),
            (None, None) => None,
        };
        let ordinary = parameters.posonlyargs.iter().chain(parameters.args.iter()).map(|it| (it, true));
        for (parameter, may_be_positional) in ordinary.chain(parameters.kwonlyargs.iter().map(|it| (it, false))) {
            let name = parameter.parameter.name.id.as_str();
            let given = if may_be_positional { positional.next() } else { None };
            let value = given.or_else(|| {
                let at = keywords.iter().position(|(it, _)| it == name)?;
                Some(keywords.remove(at).1)
            });
            let Some(value) = value.or_else(|| missing(name)) else {
                return Err(Halt::Raise {
                    what: "TypeError".to_owned(),
                    message: Some(format!("{}() misses the argument `{name}`", function.name)),
                    span,
                });
            };
            scope.vars.borrow_mut().insert(name.to_owned(), value);
        }
        if let Some(rest) = &parameters.vararg {
            let value = Value::Tuple(Rc::new(positional.collect()));
            scope.vars.borrow_mut().insert(rest.name.id.to_string(), value);
        }
        if let Some(rest) = &parameters.kwarg {
            let value = match open {
                Some(unknown) => Value::Unknown(unknown),
                None => self.new_dict(keywords.into_iter().map(|(name, value)| (Value::made(name), value)).collect()),
            };
            scope.vars.borrow_mut().insert(rest.name.id.to_string(), value);
        }
        Ok(())
    }

    // ── classes ──

    pub(super) fn class(&mut self, it: &ast::StmtClassDef, scope: &Rc<Scope>) -> Result<(), Halt> {
        let mut bases = Vec::new();
        for base in it.arguments.iter().flat_map(|arguments| arguments.args.iter()) {
            bases.push(self.eval(base, scope)?);
        }
        let body = self.heap.keep(Scope::of_class(Rc::clone(scope)));
        self.block(&it.body, &body)?;
        let record = self.record(it, &bases, &body)?;
        let class = self.heap.keep(Rc::new(Class {
            name: it.name.id.to_string(),
            bases,
            scope: Rc::clone(&body),
            members: RefCell::new(Vec::new()),
            record: RefCell::new(record),
        }));
        body.vars.borrow_mut().insert(CLASS.to_owned(), Value::Class(Rc::clone(&class)));
        if class.is_enum() {
            self.members(it, &class);
        } else if class.record.borrow().is_none()
            && let Some(dataclass) = it.decorator_list.iter().find(|it| self.code(it.range()).contains("dataclass"))
        {
            let span = self.span(dataclass.range());
            body.set("__dataclass__", Value::unknown(span, "it is a dataclass"));
        }
        for decorator in &it.decorator_list {
            if !self.code(decorator.range()).contains("as_declarative") {
                continue;
            }
            let base = self.eval(&decorator.expression, scope)?;
            if let Value::Class(base) = base
                && let Some(metadata) = base.lookup("metadata")
            {
                body.set("metadata", metadata);
            }
        }
        scope.set(it.name.id.as_str(), Value::Class(class));
        Ok(())
    }

    /// Makes members of an enum's assignments, in order.
    fn members(&mut self, it: &ast::StmtClassDef, class: &Rc<Class>) {
        let mut last = 0;
        for statement in &it.body {
            let (target, range) = match statement {
                ast::Stmt::Assign(assign) => (assign.targets.first(), assign.value.range()),
                ast::Stmt::AnnAssign(assign) if assign.value.is_some() => (Some(&*assign.target), assign.range()),
                _ => continue,
            };
            let Some(Expr::Name(name)) = target else { continue };
            let name = name.id.as_str();
            if name.starts_with('_') {
                continue;
            }
            let mut value = class.scope.get(name).unwrap_or(Value::None);
            if let Value::External(path) = &value
                && path.ends_with("enum.auto()")
            {
                let text =
                    class.bases.iter().any(|base| matches!(base, Value::External(path) if path.ends_with("StrEnum")));
                value = if text { Value::made(name.to_lowercase()) } else { Value::Int(last + 1) };
            }
            if let Value::Int(number) = value {
                last = number;
            }
            let place = self.span(range);
            let known = class.members.borrow().iter().find(|member| matches!(member, Value::Instance(it) if it.fields.borrow().get("value").is_some_and(|it| it.equal(&value) == Some(true)))).cloned();
            let member = known.clone().unwrap_or_else(|| {
                let named = Value::text(crate::source::Text::at(name, place));
                let fields = BTreeMap::from([("name".to_owned(), named), ("value".to_owned(), value)]);
                let fields = RefCell::new(fields);
                Value::Instance(self.heap.keep(Rc::new(Instance {
                    class: Rc::clone(class),
                    fields,
                    depth: self.guarded(),
                })))
            });
            class.scope.set(name, member.clone());
            if known.is_none() {
                class.members.borrow_mut().push(member);
            }
        }
    }

    fn construct(&mut self, class: &Rc<Class>, args: Args) -> Eval {
        let span = args.span;
        if class.is_enum() {
            let Some(first) = args.positional.first() else { return Ok(Value::unknown(span, "an enum is made")) };
            for member in class.members.borrow().iter() {
                if let Value::Instance(instance) = member
                    && instance.fields.borrow().get("value").and_then(|value| value.equal(&first.value)) == Some(true)
                {
                    return Ok(member.clone());
                }
            }
            let class_of = first.value.cause();
            let text = format!("the member of `{}` is not known", class.name);
            return Ok(Value::unknown(span, Reason::of(class_of, text)));
        }
        if let Some(value) = self.custom_type(class, &args)? {
            return Ok(value);
        }
        if let Some(value) = self.compiled_expression(class, &args)? {
            return Ok(value);
        }
        let record = class.record.borrow().clone();
        if let Some(record) = record.filter(|_| class.lookup("__init__").is_none() && class.lookup("__new__").is_none())
        {
            let object = Value::Instance(self.fill(class, &record, args)?);
            self.after_init(&object, super::tools::call_of(Vec::new(), span))?;
            return Ok(object);
        }
        let instance = Instance { class: Rc::clone(class), fields: RefCell::default(), depth: self.guarded() };
        let instance = self.heap.keep(Rc::new(instance));
        let object = Value::Instance(Rc::clone(&instance));
        let args_are_none = args.positional.is_empty() && args.keywords.is_empty() && args.open.is_none();
        match class.lookup("__init__") {
            Some(Value::Function(init)) => {
                let bound = bound(&init, object.clone());
                self.call_function(&bound, args)?;
            }
            _ if super::compiles::is_statement(class) && args_are_none => {}
            _ if class.has_foreign_base() || class.lookup("__dataclass__").is_some() => {
                let text = format!("`{}` is a class whose base is not evaluated", class.name);
                return Ok(Value::inert(span, Reason::of(class.cause(), text)));
            }
            _ => {}
        }
        Ok(object)
    }

    // ── attributes ──

    pub(super) fn attribute(&mut self, value: &Value, name: &str, span: Span) -> Eval {
        if let Some(found) = self.core_attribute(value, name, span)? {
            return Ok(found);
        }
        Ok(match value {
            Value::External(path) => self.external_attribute(path, name, span)?,
            Value::Path(path) => {
                let plain = Self::path_attribute(path, name);
                plain.unwrap_or_else(|| Value::Method(Rc::new((value.clone(), name.to_owned()))))
            }
            Value::Super(above) => self.above(&above.0, &above.1, name),
            Value::Unknown(unknown) => Value::Unknown(Rc::clone(unknown)),
            Value::Instance(instance) => {
                if let Some(field) = instance.fields.borrow().get(name) {
                    return Ok(field.clone());
                }
                match instance.class.lookup(name) {
                    Some(Value::Function(function)) => match function.flavour {
                        Flavour::Plain => Value::Function(bound(&function, value.clone())),
                        Flavour::Class => Value::Function(bound(&function, Value::Class(Rc::clone(&instance.class)))),
                        Flavour::Static => Value::Function(function),
                        Flavour::Property => {
                            let getter = bound(&function, value.clone());
                            let args = Args { positional: Vec::new(), keywords: Vec::new(), open: None, span };
                            return self.call_function(&getter, args);
                        }
                    },
                    Some(found) => found,
                    // A string enum's members are strings.
                    None => match value.plain() {
                        Value::Instance(it) => {
                            Value::unknown(span, Reason::of(it.class.cause(), format!("`.{name}` is not known")))
                        }
                        plain => Value::Method(Rc::new((plain, name.to_owned()))),
                    },
                }
            }
            Value::Class(class) => match class.lookup(name) {
                Some(Value::Function(function)) if function.flavour == Flavour::Class => {
                    Value::Function(bound(&function, value.clone()))
                }
                Some(found) => found,
                None => match name {
                    "__name__" => Value::made(class.name.clone()),
                    "__members__" if class.is_enum() => {
                        let all = class.members.borrow();
                        let members = all.iter().filter_map(|member| match member {
                            Value::Instance(it) => Some((it.fields.borrow().get("name")?.clone(), member.clone())),
                            _ => None,
                        });
                        self.new_dict(members.collect())
                    }
                    "metadata" if super::metadata::is_declarative(class) => super::metadata::of_base(class),
                    "generate_base" => Value::Method(Rc::new((value.clone(), name.to_owned()))),
                    _ => {
                        Value::unknown(span, Reason::of(class.cause(), format!("`{}.{name}` is not known", class.name)))
                    }
                },
            },
            Value::Function(function) if name == "__name__" => Value::made(function.name.clone()),
            _ => Value::Method(Rc::new((value.clone(), name.to_owned()))),
        })
    }

    /// `super().name`: of the nearest base that has it; a base that is not in the file may have anything.
    fn above(&mut self, class: &Class, object: &Value, name: &str) -> Value {
        for base in &class.bases {
            match base {
                Value::Class(base) => match base.lookup(name) {
                    Some(Value::Function(function)) => return Value::Function(bound(&function, object.clone())),
                    Some(found) => return found,
                    None => {}
                },
                _ => return Value::external(format!("builtins.super().{name}")),
            }
        }
        Value::external(format!("builtins.super().{name}"))
    }
}

/// The names that a scope keeps the object and the class of a method under.
const RECEIVER: &str = "__self__";
const CLASS: &str = "__class__";

/// What `super()` means in a function: the class that it stands in, and its object.
fn super_of(scope: &Rc<Scope>) -> Option<Value> {
    let mut scope = Some(scope);
    while let Some(here) = scope {
        if let Some(body) = here.parent.as_ref().filter(|parent| parent.class) {
            let (own, object) = (body.vars.borrow().get(CLASS).cloned()?, here.vars.borrow().get(RECEIVER).cloned()?);
            let Value::Class(class) = own else { return None };
            return Some(Value::Super(Rc::new((class, object))));
        }
        scope = here.parent.as_ref();
    }
    None
}

/// A method bound to its object.
pub(super) fn bound(function: &Rc<Function>, receiver: Value) -> Rc<Function> {
    Rc::new(Function { receiver: Some(receiver), ..Function::clone(function) })
}
