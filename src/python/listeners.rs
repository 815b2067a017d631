//! Listeners to SQLAlchemy's events: code of the project that is called on every constraint, index and table that
//! Alembic makes, and that may give them other names (`sqlalchemy/event`, `sqlalchemy/sql/events.py`).

use super::{
    Settings,
    interp::{Args, Interp},
    modules::Module,
    value::{Arg, Class, Connection, Instance, Scope, Value},
};
use crate::{
    environment::Listener,
    op::{Attached, Listeners, Qualified},
    reason::{Class as Cause, Reason},
    source::{SourceId, Sources, Span},
};
use ruff_python_ast::{
    self as ast, Expr, Stmt,
    visitor::{self, Visitor},
};
use ruff_text_size::Ranged;
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::{Mutex, PoisonError},
};

/// What listening is done to, and the kinds of names that the class stands for.
const CLASSES: &[(&str, &[&str])] = &[
    ("PrimaryKeyConstraint", &["pk"]),
    ("ForeignKeyConstraint", &["fk"]),
    ("UniqueConstraint", &["uq"]),
    ("CheckConstraint", &["ck"]),
    ("ExcludeConstraint", &["ex"]),
    ("Index", &["ix"]),
    ("ColumnCollectionConstraint", &["pk", "fk", "uq", "ck", "ex"]),
    ("Constraint", &["pk", "fk", "uq", "ck", "ex"]),
];

/// The listeners of a module that concern what Alembic makes.
pub(super) fn of(suite: &[Stmt], source: SourceId, path: &str) -> BTreeSet<Listener> {
    let top = |name: &str| suite.iter().any(|it| matches!(it, Stmt::FunctionDef(def) if def.name.id.as_str() == name));
    let mut found = BTreeSet::new();
    let mut add = |call: &ast::ExprCall, function: Option<&str>| {
        // Of `insert=True`, `retval=True` and the like nobody knows.
        let plain = call.arguments.keywords.is_empty();
        let function = function.filter(|name| plain && top(name)).map(str::to_owned);
        let at = call.range().start().to_u32();
        for hears in heard(call) {
            found.insert(Listener { hears, path: path.to_owned(), at, source, function: function.clone() });
        }
    };
    let mut known = BTreeSet::new();
    for statement in suite {
        // `@event.listens_for(Index, …)` above a function, or `event.listen(Index, …, function)`.
        match statement {
            Stmt::FunctionDef(def) => {
                let calls: Vec<&ast::ExprCall> =
                    def.decorator_list.iter().filter_map(|it| it.expression.as_call_expr()).collect();
                // Another decorator may make another function of it.
                let alone = calls.len() == def.decorator_list.len() && calls.iter().all(|call| is_listening(call));
                for call in calls {
                    known.insert(call.range().start());
                    add(call, Some(def.name.id.as_str()).filter(|_| alone));
                }
            }
            Stmt::Expr(it) => {
                let Expr::Call(call) = &*it.value else { continue };
                known.insert(call.range().start());
                let function = call.arguments.args.get(2).and_then(|it| it.as_name_expr()).map(|it| it.id.as_str());
                let plain = |name: &&str| {
                    suite.iter().any(|it| {
                        matches!(it, Stmt::FunctionDef(def) if def.name.id.as_str() == *name && def.decorator_list.is_empty())
                    })
                };
                add(call, function.filter(plain));
            }
            _ => {}
        }
    }
    // What stands deeper may be done or not.
    let mut deeper = Calls(Vec::new());
    deeper.visit_body(suite);
    for call in deeper.0.into_iter().filter(|call| !known.contains(&call.range().start())) {
        add(call, None);
    }
    found
}

/// All calls that make somebody a listener.
struct Calls<'a>(Vec<&'a ast::ExprCall>);

impl<'a> Visitor<'a> for Calls<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr
            && is_listening(call)
        {
            self.0.push(call);
        }
        visitor::walk_expr(self, expr);
    }
}

fn is_listening(call: &ast::ExprCall) -> bool {
    matches!(last_name(&call.func), Some("listens_for" | "listen"))
}

/// What the listener of a call hears of that Alembic makes.
fn heard(call: &ast::ExprCall) -> Vec<&'static str> {
    let [target, event, ..] = &*call.arguments.args else { return Vec::new() };
    let (Some(target), Some(event), true) = (last_name(target), event.as_string_literal_expr(), is_listening(call))
    else {
        return Vec::new();
    };
    match event.value.to_str() {
        "after_parent_attach" | "before_parent_attach" => {
            CLASSES.iter().find(|(class, _)| *class == target).map(|(_, kinds)| kinds.to_vec()).unwrap_or_default()
        }
        "before_create" | "after_create" if target == "Table" => vec!["create"],
        "before_drop" | "after_drop" if target == "Table" => vec!["drop"],
        _ => Vec::new(),
    }
}

/// `listens_for` of `event.listens_for`, `Index` of `sa.Index`.
fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

/// Takes the attributes that a listener has set; false where that is not understood.
type See<'a> = dyn FnMut(&[(String, Value)]) -> bool + 'a;

/// What a listener comes to for something that is made.
type Answer = Result<Option<String>, Reason>;

/// The listeners of a project, ready to be asked.
pub struct Listening<'a> {
    sources: &'a Sources,
    settings: &'a Settings<'a>,
    listeners: &'a BTreeSet<Listener>,
    known: Mutex<BTreeMap<Attached, Answer>>,
}

impl std::fmt::Debug for Listening<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Listening").field(self.listeners).finish()
    }
}

impl<'a> Listening<'a> {
    /// Nobody is called yet.
    #[must_use]
    pub fn new(sources: &'a Sources, settings: &'a Settings<'a>, listeners: &'a BTreeSet<Listener>) -> Self {
        Self { sources, settings, listeners, known: Mutex::default() }
    }

    /// Calls those who hear of something, in the order in which they were made listeners; `see` is handed the
    /// attributes of the first argument that a listener has set, with their values.
    fn tell(&self, hears: &str, made: &dyn Fn() -> Vec<Value>, see: &mut See<'_>) -> Result<(), Reason> {
        let hearing: Vec<&Listener> = self.listeners.iter().filter(|it| it.hears == hears).collect();
        let Some(first) = hearing.first() else { return Ok(()) };
        let open = |listener: &Listener, why: Option<Reason>| {
            let class = why.map_or(Cause::Limit, |why| why.class);
            Reason::of(class, format!("a listener of SQLAlchemy's events in `{}` is not evaluated", listener.path))
        };
        if hearing.iter().any(|it| it.path != first.path) {
            // Which of the modules is imported first is not told by the text alone.
            return Err(open(first, None));
        }
        for listener in hearing {
            let Some(name) = &listener.function else { return Err(open(listener, None)) };
            let given = made();
            let before: Vec<Fields> = given.iter().map(fields).collect();
            if let Err(why) = self.call(listener.source, name, &given) {
                return Err(open(listener, why));
            }
            let mut set = given.iter().zip(&before).map(|(given, before)| set_since(before, given));
            let first = set.next().unwrap_or_default();
            if set.any(|it| !it.is_empty()) || !see(&first) {
                return Err(open(listener, None));
            }
        }
        Ok(())
    }

    /// Calls one listener, which may do nothing but change what it is given.
    fn call(&self, source: SourceId, name: &str, given: &[Value]) -> Result<(), Option<Reason>> {
        let mut interp = Interp::new(self.sources, self.settings, source);
        let Some(tree) = self.settings.trees.of(self.sources, source) else { return Err(None) };
        let module = Rc::new(Module::new("", tree, interp.heap.keep(Scope::of_file(source))));
        let Some(Value::Function(function)) = interp.member(&module, name) else { return Err(None) };
        interp.refresh();
        let span = Span { source, start: 0, end: 0 };
        let positional = given.iter().map(|value| Arg { value: value.clone(), span }).collect();
        let args = Args { positional, keywords: Vec::new(), open: None, span };
        let ended = interp.run_function(&function, args);
        let told = interp.steps.first().map(|step| match &step.op {
            crate::op::Op::Unresolved { reason } => Some(reason.clone()),
            _ => None,
        });
        match (ended, told) {
            (_, Some(why)) => Err(why),
            (Err(_), None) => Err(None),
            (Ok(_), None) if interp.untracked || interp.patched.is_some() => Err(None),
            (Ok(_), None) => Ok(()),
        }
    }

    fn named(&self, attached: &Attached) -> Answer {
        let mut now = attached.clone();
        // It is put on its table more than once where Alembic copies it: what is named anew each time is not known.
        for turn in 0..2 {
            let before = now.name.clone();
            let mut name = now.name.clone();
            let made = RefCell::new(now.clone());
            self.tell(attached.kind, &|| constraint(&made.borrow()), &mut |set| match set {
                [] => true,
                [(field, value)] if field == "name" => {
                    let after = value.as_str().map(str::to_owned);
                    name.clone_from(&after);
                    let known = after.is_some() || matches!(value, Value::None);
                    made.borrow_mut().name = after;
                    known
                }
                _ => false,
            })?;
            if turn == 1 && name != before {
                return Err(Reason::limit("a listener of SQLAlchemy's events changes the name whenever it is called"));
            }
            now.name = name;
        }
        Ok(now.name)
    }
}

impl Listeners for Listening<'_> {
    fn hear(&self, kind: &str) -> bool {
        self.listeners.iter().any(|it| it.hears == kind)
    }

    fn name(&self, attached: &Attached) -> Answer {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(attached) {
            return known.clone();
        }
        let answer = self.named(attached).map_err(|why| why.reworded(format!("the name is not known: {}", why.text)));
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(attached.clone(), answer.clone());
        answer
    }

    fn table(&self, event: &'static str, table: &Qualified) -> Result<(), Reason> {
        let schema = table.schema.as_ref().map(|it| it.text.as_str());
        let made = || {
            let connection = Connection { autocommit: Cell::new(false), session: false };
            vec![object("Table", &named_table(schema, &table.name.text)), Value::Connection(Rc::new(connection))]
        };
        self.tell(event, &made, &mut |set| set.is_empty())
    }
}

/// The two arguments of `after_parent_attach`: what is attached, and to what.
fn constraint(attached: &Attached) -> Vec<Value> {
    let text = |text: &Option<String>| text.as_ref().map_or(Value::None, |it| Value::made(it.clone()));
    let columns = |names: &[String]| {
        Value::Tuple(Rc::new(
            names.iter().map(|name| object("Column", &[("name", Value::made(name.clone()))])).collect(),
        ))
    };
    let table = object("Table", &named_table(attached.schema.as_deref(), &attached.table));
    let parent = attached.column.as_ref().map(|name| object("Column", &[("name", Value::made(name.clone()))]));
    let mut fields = vec![("name", text(&attached.name))];
    if parent.is_none() {
        fields.push(("table", table.clone()));
    }
    let class = match attached.kind {
        "pk" => "PrimaryKeyConstraint",
        "uq" => "UniqueConstraint",
        "fk" => "ForeignKeyConstraint",
        "ck" => "CheckConstraint",
        "ix" => "Index",
        _ => "ExcludeConstraint",
    };
    if matches!(attached.kind, "pk" | "uq" | "fk") {
        fields.push(("columns", columns(&attached.columns)));
    }
    if attached.kind == "fk" {
        let elements = attached.columns.iter().zip(&attached.targets).map(|(column, target)| {
            let parent = object("Column", &[("name", Value::made(column.clone()))]);
            object("ForeignKey", &[("parent", parent), ("target_fullname", Value::made(target.clone()))])
        });
        fields.push(("elements", Value::Tuple(Rc::new(elements.collect()))));
    }
    if let Some(condition) = &attached.condition {
        fields.push(("sqltext", Value::made(condition.clone())));
    }
    vec![object(class, &fields), parent.unwrap_or(table)]
}

fn named_table(schema: Option<&str>, name: &str) -> [(&'static str, Value); 2] {
    [("name", Value::made(name)), ("schema", schema.map_or(Value::None, Value::made))]
}

/// An object of SQLAlchemy's of which some attributes are known; the others are not.
fn object(class: &str, fields: &[(&str, Value)]) -> Value {
    let class = Rc::new(Class {
        name: class.to_owned(),
        bases: vec![Value::external(format!("sqlalchemy.{class}"))],
        scope: Scope::new(None),
        members: RefCell::default(),
        record: RefCell::default(),
    });
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Value::Instance(Rc::new(Instance { class, fields: RefCell::new(fields), depth: 0 }))
}

/// The attributes of an object.
type Fields = BTreeMap<String, Value>;

fn fields(value: &Value) -> Fields {
    match value {
        Value::Instance(instance) => instance.fields.borrow().clone(),
        _ => Fields::new(),
    }
}

/// The attributes that are others now.
fn set_since(before: &Fields, value: &Value) -> Vec<(String, Value)> {
    let same = |name: &str, value: &Value| before.get(name).is_some_and(|it| it.same(value));
    fields(value).into_iter().filter(|(name, value)| !same(name, value)).collect()
}
