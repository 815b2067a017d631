//! `MetaData`, and the classes and objects that carry one: for the naming convention.

use super::{
    heap::Heap,
    interp::Args,
    value::{Class, Instance, Item, Scope, Value},
};
use std::{cell::RefCell, rc::Rc};

/// `sa.MetaData(…)`.
pub(super) fn made(args: &Args) -> Value {
    let named = args.keywords.iter().find(|(name, ..)| name == "naming_convention").map(|(_, arg, _)| &arg.value);
    // `MetaData(schema, quote_schema, naming_convention)`
    let convention = match (named.or_else(|| args.positional.get(2).map(|arg| &arg.value)), &args.open) {
        (Some(value), _) => value.clone(),
        (None, Some(unknown)) => Value::Unknown(Rc::clone(unknown)),
        (None, None) => Value::None,
    };
    Value::Item(Rc::new(Item::MetaData(RefCell::new(convention))))
}

/// `declarative_base(…)`, `registry(…)`, `SQLAlchemy(…)`: a class or an object with a `metadata`; `None` for what
/// is none of these.
pub(super) fn carrier(heap: &Heap, path: &str, args: &Args) -> Option<Value> {
    let (package, name) = path.rsplit_once('.')?;
    let object = name == "SQLAlchemy" && !package.starts_with("sqlalchemy");
    let class = matches!(name, "declarative_base" | "automap_base" | "registry" | "as_declarative")
        && package.starts_with("sqlalchemy");
    if !object && !class {
        return None;
    }
    let keyword = |name: &str| args.keywords.iter().find(|(it, ..)| it == name).map(|(_, arg, _)| arg.value.clone());
    let scope = heap.keep(Scope::new(None));
    match (keyword("metadata"), &args.open) {
        (Some(metadata), _) if !matches!(metadata, Value::None) => scope.set("metadata", metadata),
        (_, Some(unknown)) => scope.set("metadata", Value::Unknown(Rc::clone(unknown))),
        _ => {}
    }
    // A class given as the base of all models carries the metadata too (Flask-SQLAlchemy's `model_class`).
    let bases = keyword("model_class").into_iter().chain([Value::external(path)]).collect();
    if scope.get("metadata").is_none() && class {
        scope.set("metadata", Value::Item(Rc::new(Item::MetaData(RefCell::new(Value::None)))));
    }
    let class = heap.keep(Rc::new(Class {
        name: name.to_owned(),
        bases,
        scope,
        members: RefCell::default(),
        record: RefCell::default(),
    }));
    Some(if object {
        Value::Instance(heap.keep(Rc::new(Instance { class, fields: RefCell::default(), depth: 0 })))
    } else {
        Value::Class(class)
    })
}

/// A direct child of SQLAlchemy's own base.
pub(super) fn is_declarative(class: &Class) -> bool {
    root(class).is_some() || class.bases.iter().any(|base| matches!(base, Value::Class(it) if is_declarative(it)))
}

fn root(class: &Class) -> Option<&Scope> {
    let own = |base: &Value| matches!(base, Value::External(path) if path.starts_with("sqlalchemy.") && path.contains("DeclarativeBase"));
    class.bases.iter().any(own).then_some(&*class.scope)
}

/// The metadata that SQLAlchemy gives a declarative base which names none: made once, so that it can be changed.
pub(super) fn of_base(class: &Class) -> Value {
    if let Some(scope) = root(class) {
        let metadata = match class.lookup("registry") {
            Some(Value::Class(registry)) => registry.lookup("metadata"),
            Some(Value::Unknown(unknown)) => Some(Value::Unknown(unknown)),
            _ => None,
        };
        let metadata = metadata.unwrap_or_else(|| Value::Item(Rc::new(Item::MetaData(RefCell::new(Value::None)))));
        scope.set("metadata", metadata.clone());
        return metadata;
    }
    let inner = class.bases.iter().find_map(|base| match base {
        Value::Class(it) if is_declarative(it) => Some(of_base(it)),
        _ => None,
    });
    inner.unwrap_or(Value::None)
}

/// An object of Flask-SQLAlchemy's, or of a package like it.
pub(super) fn is_flask_object(value: &Value) -> bool {
    let own = |base: &Value| matches!(base, Value::External(path) if path.ends_with(".SQLAlchemy"));
    matches!(value, Value::Instance(it) if it.class.bases.iter().any(own))
}
