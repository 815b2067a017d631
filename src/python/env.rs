//! What `env.py` gives Alembic: the naming convention of its metadata, and how it connects. Read, never run.
//!
//! Alembic takes the convention from the metadata that `context.configure()` is given, where that is one
//! `MetaData`; a list of them has none (`alembic/operations/schemaobj.py`, `SchemaObjects.metadata`).

use super::{
    Settings,
    interp::Interp,
    value::{Class, Instance, Item, Scope, Value},
};
use crate::{
    environment::{Driver, Engine, Naming, Origin, Script, Transactions},
    source::{SourceId, Sources, Span},
};
use ruff_python_ast::{
    self as ast, Expr, Stmt,
    visitor::{self, Visitor},
};
use ruff_text_size::Ranged;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

mod session;
mod timeout;

/// How many expressions are followed from one name to the next.
const DEPTH: usize = 12;
/// The kinds of names that a convention may have a template for.
const KINDS: [&str; 5] = ["ix", "uq", "ck", "fk", "pk"];

/// Reads an `env.py`. Never fails: what is not understood is in the answer.
#[must_use]
pub fn read(sources: &Sources, id: SourceId, settings: &Settings<'_>) -> Script {
    stacker::maybe_grow(8 << 20, 16 << 20, || {
        let text = &sources.get(id).text;
        let Ok(parsed) = super::parse(text) else {
            return Script { unread: Some("it has a syntax error".to_owned()), ..Script::default() };
        };
        if let Some(error) = parsed.errors().first() {
            return Script { unread: Some(format!("it has a syntax error: {}", error.error)), ..Script::default() };
        }
        let mut calls = Calls::default();
        calls.visit_body(parsed.suite());
        let mut interp = Interp::new(sources, settings, id);
        let scope = interp.heap.keep(Scope::of_file(id));
        for statement in parsed.suite().iter().filter(|it| defines(it)) {
            interp.refresh();
            // What fails here is unknown where it is asked for.
            let _ = interp.block(std::slice::from_ref(statement), &scope);
        }
        interp.refresh();
        let mut reader = Reader { interp, calls, scope };
        let mut script = Script::default();
        reader.names(&mut script);
        reader.connection(&mut script);
        reader.session(&mut script);
        script.transactions = reader.transactions();
        script.lock_timeout = timeout::of(&reader.interp, reader.online().map(Ranged::range));
        script
    })
}

/// The statement gives something a name; calls that configure and connect are not for a reader.
fn defines(statement: &Stmt) -> bool {
    match statement {
        Stmt::Expr(_) | Stmt::For(_) | Stmt::While(_) | Stmt::With(_) => false,
        Stmt::If(_) | Stmt::Try(_) => !super::walk::assigned(std::slice::from_ref(statement)).is_empty(),
        _ => true,
    }
}

/// What is called and assigned anywhere in the file.
#[derive(Default)]
struct Calls<'a> {
    made: Vec<&'a ast::ExprCall>,
    /// Values of names, in the order of the file.
    assigned: BTreeMap<&'a str, Vec<&'a Expr>>,
    /// `….…["sqlalchemy.url"] = value`
    stored: Vec<&'a Expr>,
    functions: BTreeMap<&'a str, &'a ast::StmtFunctionDef>,
}

impl<'a> Visitor<'a> for Calls<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(it) => {
                for target in &it.targets {
                    match target {
                        Expr::Name(name) => self.assigned.entry(name.id.as_str()).or_default().push(&it.value),
                        Expr::Subscript(place) if is_url(&place.slice) => self.stored.push(&it.value),
                        _ => {}
                    }
                }
            }
            Stmt::AnnAssign(ast::StmtAnnAssign { target, value: Some(value), .. }) => {
                if let Expr::Name(name) = &**target {
                    self.assigned.entry(name.id.as_str()).or_default().push(value);
                }
            }
            Stmt::FunctionDef(it) => {
                self.functions.insert(it.name.id.as_str(), it);
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr {
            self.made.push(call);
        }
        visitor::walk_expr(self, expr);
    }
}

/// The setting that holds the URL.
fn is_url(expr: &Expr) -> bool {
    matches!(expr, Expr::StringLiteral(text) if text.value.to_str() == "sqlalchemy.url")
}

/// The last part of what is called: `configure` of `context.configure`.
fn called(call: &ast::ExprCall) -> &str {
    match &*call.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(it) => it.attr.id.as_str(),
        _ => "",
    }
}

fn keyword<'a>(call: &'a ast::ExprCall, name: &str) -> Option<&'a Expr> {
    let named = |it: &&ast::Keyword| it.arg.as_ref().is_some_and(|arg| arg.id.as_str() == name);
    call.arguments.keywords.iter().find(named).map(|it| &it.value)
}

struct Reader<'a, 'p> {
    interp: Interp<'a>,
    calls: Calls<'p>,
    scope: Rc<Scope>,
}

/// What the metadata turns out to be.
enum Found {
    /// Its `naming_convention`.
    Convention(Value),
    /// It has none for sure.
    None,
    /// A class of a package that is not in the checkout, or an attribute of one, by its dotted name.
    Foreign(String),
    /// Not understood, and why.
    Unknown(String),
}

impl<'p> Reader<'_, 'p> {
    /// The call that configures a run on a database: the one with a `connection=`, else the last.
    fn online(&self) -> Option<&'p ast::ExprCall> {
        let configured = || self.calls.made.iter().copied().filter(|call| called(call) == "configure");
        configured().find(|call| keyword(call, "connection").is_some()).or_else(|| configured().next_back())
    }

    /// `transaction_per_migration` of that call; behind a `**` it may be anything that the text speaks of.
    fn transactions(&self) -> Transactions {
        let Some(call) = self.online() else { return Transactions::Unknown };
        let open = call.arguments.keywords.iter().any(|it| it.arg.is_none());
        match keyword(call, "transaction_per_migration").map(|it| self.truth(it)) {
            Some(Some(true)) => Transactions::PerMigration,
            Some(Some(false)) => Transactions::PerRun,
            Some(None) => Transactions::Unknown,
            None => {
                let text = &self.interp.sources.get(self.interp.main).text;
                let spoken = text.contains("transaction_per_migration") || text.contains("transactional_ddl");
                let given = keyword(call, "transactional_ddl").is_some();
                if given || (open && spoken) { Transactions::Unknown } else { Transactions::PerRun }
            }
        }
    }

    /// A literal, or a name that is only ever assigned one.
    fn truth(&self, expr: &Expr) -> Option<bool> {
        match expr {
            Expr::BooleanLiteral(it) => Some(it.value),
            Expr::Name(name) => match self.calls.assigned.get(name.id.as_str()).map(Vec::as_slice) {
                Some([Expr::BooleanLiteral(it)]) => Some(it.value),
                _ => None,
            },
            _ => None,
        }
    }

    /// The expression that the online run gives as `target_metadata`.
    fn target(&self) -> Option<&'p Expr> {
        let configured: Vec<&'p ast::ExprCall> =
            self.calls.made.iter().copied().filter(|call| called(call) == "configure").collect();
        let online = configured.iter().filter(|call| keyword(call, "connection").is_some());
        let given = online.chain(&configured).find_map(|call| keyword(call, "target_metadata"));
        given.or_else(|| {
            // `configure(**options)`: the template's name for it.
            let open = configured.iter().any(|call| call.arguments.keywords.iter().any(|it| it.arg.is_none()));
            if open || configured.is_empty() {
                self.calls.assigned.get("target_metadata")?.last().copied()
            } else {
                None
            }
        })
    }

    fn names(&mut self, script: &mut Script) {
        let configures = self.calls.made.iter().any(|call| called(call) == "configure");
        let found = match self.target() {
            Some(expr) => self.metadata(expr),
            None if configures => Found::None,
            None => Found::Unknown("it does not call `context.configure()`".to_owned()),
        };
        match found {
            Found::Convention(value) => script.naming = self.naming(&value),
            Found::None => {}
            Found::Foreign(path) => self.foreign(&path, script),
            Found::Unknown(why) => self.evidence(&why, script),
        }
    }

    /// What an expression of `env.py` is, as a metadata.
    fn metadata(&mut self, expr: &'p Expr) -> Found {
        let value = self.value(expr, DEPTH);
        self.metadata_of(&value)
    }

    /// Evaluates an expression in the scope of the file; what a function of the file holds in a local name is
    /// looked for among all assignments.
    fn value(&mut self, expr: &'p Expr, depth: usize) -> Value {
        let span = self.interp.span(expr.range());
        let Some(depth) = depth.checked_sub(1) else { return Value::unknown(span, "it goes too deep") };
        match expr {
            Expr::Name(name) => match self.scope.get(name.id.as_str()) {
                Some(value) if !matches!(value, Value::Unknown(_)) => self.interp.looked_up(value),
                other => {
                    let values = self.calls.assigned.get(name.id.as_str()).cloned().unwrap_or_default();
                    match values.as_slice() {
                        [only] => self.value(only, depth),
                        _ => other.unwrap_or_else(|| Value::unknown(span, format!("`{}` is not known", name.id))),
                    }
                }
            },
            Expr::Attribute(it) => {
                let object = self.value(&it.value, depth);
                self.member(&object, it.attr.id.as_str(), span)
            }
            Expr::Call(call) => {
                let known = self.interp.eval(expr, &self.scope);
                match known {
                    Ok(value) if !matches!(value, Value::Unknown(_)) => self.interp.looked_up(value),
                    _ => {
                        let function = self.value(&call.func, depth);
                        self.promised(&function).unwrap_or_else(|| {
                            Value::unknown(span, format!("`{}` is not evaluated", self.interp.code(expr.range())))
                        })
                    }
                }
            }
            _ => {
                let known = self.interp.eval(expr, &self.scope);
                known.unwrap_or_else(|_| Value::unknown(span, "it is not evaluated"))
            }
        }
    }

    fn member(&mut self, object: &Value, name: &str, span: Span) -> Value {
        if name == "metadata" {
            match self.metadata_of(object) {
                Found::Convention(value) => return Value::Item(Rc::new(Item::MetaData(RefCell::new(value)))),
                Found::None => return Value::Item(Rc::new(Item::MetaData(RefCell::new(Value::None)))),
                Found::Foreign(_) | Found::Unknown(_) => {}
            }
        }
        let found = self.interp.attribute(object, name, span);
        let value = found.unwrap_or_else(|_| Value::unknown(span, format!("`.{name}` is not evaluated")));
        self.interp.looked_up(value)
    }

    /// An object of the class that a function says it returns.
    fn promised(&mut self, function: &Value) -> Option<Value> {
        let Value::Function(function) = function else { return None };
        let class = self.interp.eval(function.body.def()?.returns.as_deref()?, &function.scope).ok()?;
        match self.interp.looked_up(class) {
            Value::Class(class) => {
                let object = Instance { class, fields: RefCell::default(), depth: 0 };
                Some(Value::Instance(self.interp.heap.keep(Rc::new(object))))
            }
            _ => None,
        }
    }

    /// The metadata that a value is or has: a `MetaData`, a declarative class, Flask-SQLAlchemy's object.
    fn metadata_of(&mut self, value: &Value) -> Found {
        match self.interp.looked_up(value.clone()) {
            Value::Item(item) => match &*item {
                Item::MetaData(convention) => Found::Convention(convention.borrow().clone()),
                _ => Found::Unknown("`target_metadata` is a schema item".to_owned()),
            },
            Value::None | Value::List(_) | Value::Tuple(_) | Value::Set(_) | Value::Dict(_) => Found::None,
            Value::Class(class) => self.of_class(&class),
            Value::Instance(instance) => self.of_class(&instance.class),
            Value::External(path) if self.is_own(&path) || is_standard(&path) => {
                Found::Unknown(format!("`{path}` cannot be followed"))
            }
            Value::External(path) => Found::Foreign(path.trim_end_matches(".metadata").to_owned()),
            Value::Unknown(unknown) => Found::Unknown(unknown.reason.text.clone()),
            other => Found::Unknown(format!("it is {}", other.kind())),
        }
    }

    /// The dotted name begins with a module of the checkout.
    fn is_own(&self, path: &str) -> bool {
        if super::imports::is_foreign(path) {
            return false;
        }
        let from = self.interp.sources.get(self.interp.main).path.clone();
        let prefixes = path.match_indices('.').map(|(at, _)| &path[..at]);
        prefixes.chain([path]).any(|it| self.interp.settings.modules.module(it, &from).is_some())
    }

    fn of_class(&mut self, class: &Rc<Class>) -> Found {
        for name in ["metadata", "registry"] {
            match class.lookup(name) {
                Some(Value::Function(_)) | None => {}
                Some(value) => return self.metadata_of(&value),
            }
        }
        let mut foreign = None;
        for base in &class.bases {
            match base {
                Value::Class(_) => {
                    let found = self.metadata_of(base);
                    if !matches!(found, Found::None) {
                        return found;
                    }
                }
                Value::External(path) if is_plain_base(path) => return Found::None,
                Value::External(path) => foreign = foreign.or(Some(path.to_string())),
                _ => return Found::Unknown(format!("a base of `{}` is {}", class.name, base.kind())),
            }
        }
        foreign.map_or(Found::None, Found::Foreign)
    }

    /// The templates of a convention's dict.
    fn naming(&mut self, value: &Value) -> Naming {
        let mut naming = Naming::default();
        let dict = match self.interp.looked_up(value.clone()) {
            Value::None => return naming,
            Value::Dict(dict) => dict,
            Value::Unknown(unknown) => {
                return all_unknown(&format!("the naming convention {}", it_is(&unknown.reason.text)));
            }
            other => return all_unknown(&format!("the naming convention is {}", other.kind())),
        };
        if let Some(unknown) = &*dict.spoiled.borrow() {
            return all_unknown(&format!("the naming convention {}", it_is(&unknown.reason.text)));
        }
        let mut functions = BTreeSet::new();
        for (key, value) in dict.items.borrow().iter() {
            let key = self.interp.looked_up(key.clone());
            let kind = match &key {
                Value::External(path) => match path.rsplit('.').next().unwrap_or_default() {
                    "Index" => "ix",
                    "UniqueConstraint" => "uq",
                    "CheckConstraint" => "ck",
                    "ForeignKeyConstraint" => "fk",
                    "PrimaryKeyConstraint" => "pk",
                    _ => return all_unknown(&format!("the naming convention has a key `{path}`")),
                }
                .to_owned(),
                other => match other.as_str() {
                    Some(text) => text.to_owned(),
                    None => return all_unknown(&format!("a key of the naming convention is {}", other.kind())),
                },
            };
            let value = self.interp.looked_up(value.clone());
            match value.as_text() {
                Some(text) => {
                    if let Some(span) = text.span().filter(|_| naming.from == Origin::Assumed) {
                        naming.from = written(self.interp.sources, span);
                    }
                    naming.templates.insert(kind, text.as_str().to_owned());
                }
                None if KINDS.contains(&kind.as_str()) => {
                    naming.unknown.insert(kind, format!("the template of the naming convention is {}", value.kind()));
                }
                None => {
                    functions.insert(kind);
                }
            }
        }
        for (kind, template) in naming.templates.clone() {
            if let Some(token) = functions.iter().find(|token| template.contains(&format!("%({token})s"))) {
                let why = format!("`{token}` of the naming convention `{template}` is a function of the project's");
                naming.templates.remove(&kind);
                naming.unknown.insert(kind, why);
            }
        }
        naming.templates.retain(|kind, _| KINDS.contains(&kind.as_str()));
        naming
    }

    /// A package's own class: what the project sets on it, wherever that is.
    fn foreign(&mut self, path: &str, script: &mut Script) {
        let class = path.rsplit('.').next().unwrap_or(path);
        for setting in [format!("{class}.metadata.naming_convention"), format!("{class}.metadata =")] {
            for file in self.interp.settings.modules.mentioning(&setting) {
                self.interp.load_file(file);
            }
        }
        let assigned = |it: &Interp<'_>, tail: &str| it.assigned.get(&format!("{path}.metadata{tail}")).cloned();
        if let Some(value) = assigned(&self.interp, ".naming_convention") {
            script.naming = self.naming(&value);
        } else if let Some(value) = assigned(&self.interp, "") {
            match self.metadata_of(&value) {
                Found::Convention(value) => script.naming = self.naming(&value),
                Found::Unknown(why) => self.evidence(&why, script),
                Found::None | Found::Foreign(_) => {}
            }
        } else if !is_plain_base(path) && !is_known_package(path) {
            script.unread = Some(format!("`target_metadata` is that of `{path}`, which is not in the checkout"));
        }
    }

    /// The metadata is not understood: a convention anywhere in the project makes every name uncertain.
    fn evidence(&mut self, why: &str, script: &mut Script) {
        if let Some(value) = self.only_flask_object() {
            match self.metadata_of(&value) {
                Found::Convention(value) => {
                    script.naming = self.naming(&value);
                    return;
                }
                Found::None | Found::Foreign(_) => return,
                Found::Unknown(_) => {}
            }
        }
        let sources = self.interp.sources;
        let speaks = self.interp.settings.modules.mentioning("naming_convention").into_iter().find(|file| {
            let text = &sources.get(*file).text;
            text.contains("MetaData(") || text.contains(".metadata")
        });
        match speaks {
            Some(file) => {
                let path = &sources.get(file).path;
                script.naming = all_unknown(&format!(
                    "the metadata that `env.py` gives is not understood ({why}), and `{path}` has a naming convention"
                ));
            }
            None => script.unread = Some(format!("the metadata that `env.py` gives is not understood: {why}")),
        }
    }

    /// Flask-Migrate's template asks the application for its `SQLAlchemy` object: the one that the project makes.
    fn only_flask_object(&mut self) -> Option<Value> {
        let text = &self.interp.sources.get(self.interp.main).text;
        if !text.contains("extensions['migrate']") && !text.contains("extensions[\"migrate\"]") {
            return None;
        }
        let mut found = Vec::new();
        for file in self.interp.settings.modules.mentioning("SQLAlchemy(") {
            let Some(scope) = self.interp.load_file(file) else { continue };
            let vars = scope.vars.borrow();
            found.extend(vars.values().filter(|value| super::metadata::is_flask_object(value)).cloned());
        }
        if found.len() == 1 { found.pop() } else { None }
    }

    // ── the connection ──

    fn connection(&self, script: &mut Script) {
        let mut urls: Vec<&'p Expr> = self.calls.stored.clone();
        let (mut sync, mut not_sync) = (false, false);
        for call in &self.calls.made {
            match called(call) {
                "set_main_option" | "set_section_option" => {
                    let args = &call.arguments.args;
                    if args.iter().any(is_url) {
                        urls.extend(args.last());
                    }
                }
                name @ ("create_engine" | "create_async_engine") => {
                    let url = call.arguments.args.first().or_else(|| keyword(call, "url"));
                    // `create_engine(config.get_main_option("sqlalchemy.url"))` takes what is set.
                    let is_set = |it: &&Expr| matches!(it, Expr::Call(call) if call.arguments.args.iter().any(is_url));
                    urls.extend(url.filter(|it| !is_set(it)));
                    if name == "create_engine" { sync = true } else { not_sync = true }
                }
                name @ ("engine_from_config" | "async_engine_from_config") => {
                    urls.extend(keyword(call, "url"));
                    if name == "engine_from_config" { sync = true } else { not_sync = true }
                }
                _ => {}
            }
        }
        script.sets_url = !urls.is_empty();
        script.engine = match (sync, not_sync) {
            (true, false) => Engine::Sync,
            (false, true) => Engine::Async,
            _ => Engine::Unknown,
        };
        let mut schemes: Vec<(String, Span)> = Vec::new();
        for url in urls {
            let mut found = Vec::new();
            if !self.schemes(url, DEPTH, &mut found) {
                return;
            }
            schemes.extend(found);
        }
        schemes.retain(|(scheme, _)| Driver::of_scheme(scheme, (2, 0)).is_some());
        if schemes.windows(2).all(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
            script.scheme = schemes.into_iter().next();
        }
    }

    /// The schemes that an expression's URL may have; false where one of them is not told by the text.
    fn schemes(&self, expr: &'p Expr, depth: usize, found: &mut Vec<(String, Span)>) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let span = self.interp.span(expr.range());
        match expr {
            Expr::StringLiteral(text) => scheme(text.value.to_str(), span, found),
            Expr::FString(text) => {
                let head = text.value.elements().next().and_then(|part| part.as_literal());
                head.is_some_and(|head| scheme(&head.value, span, found))
            }
            Expr::BinOp(it) => self.schemes(&it.left, depth, found),
            Expr::Name(name) => {
                let values = self.calls.assigned.get(name.id.as_str()).map_or(&[][..], Vec::as_slice);
                !values.is_empty() && values.iter().all(|it| self.schemes(it, depth, found))
            }
            Expr::Call(call) => match called(call) {
                "str" | "make_url" if call.arguments.args.len() == 1 => {
                    self.schemes(&call.arguments.args[0], depth, found)
                }
                // `.replace("%", "%%")` leaves the scheme as it is.
                "replace" if is_percent(call) => match &*call.func {
                    Expr::Attribute(it) => self.schemes(&it.value, depth, found),
                    _ => false,
                },
                "create" => {
                    let name = call.arguments.args.first().or_else(|| keyword(call, "drivername"));
                    match name {
                        Some(Expr::StringLiteral(name)) => {
                            found.push((name.value.to_str().to_owned(), span));
                            true
                        }
                        _ => false,
                    }
                }
                name => self.calls.functions.get(name).is_some_and(|def| {
                    let mut returns = Returns(Vec::new());
                    returns.visit_body(&def.body);
                    !returns.0.is_empty() && returns.0.into_iter().all(|it| self.schemes(it, depth, found))
                }),
            },
            _ => false,
        }
    }
}

/// The values that a function returns.
struct Returns<'a>(Vec<&'a Expr>);

impl<'a> Visitor<'a> for Returns<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Return(ast::StmtReturn { value: Some(value), .. }) => self.0.push(value),
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => visitor::walk_stmt(self, statement),
        }
    }
}

fn scheme(url: &str, span: Span, found: &mut Vec<(String, Span)>) -> bool {
    let Some((scheme, _)) = url.split_once("://") else { return false };
    found.push((scheme.to_owned(), span));
    true
}

fn is_percent(call: &ast::ExprCall) -> bool {
    matches!(call.arguments.args.first(), Some(Expr::StringLiteral(text)) if text.value.to_str() == "%")
}

fn written(sources: &Sources, span: Span) -> Origin {
    let source = sources.get(span.source);
    Origin::File { path: source.path.clone(), line: source.line_column(span.start).0 }
}

/// Every kind of name is uncertain.
fn all_unknown(why: &str) -> Naming {
    let unknown = KINDS.iter().map(|kind| ((*kind).to_owned(), why.to_owned())).collect();
    Naming { unknown, ..Naming::default() }
}

/// A reason, said of something that has been named.
fn it_is(reason: &str) -> String {
    reason.strip_prefix("it ").map_or_else(|| format!("is not known: {reason}"), str::to_owned)
}

/// Of Python's own library, which has no metadata: something was not understood.
fn is_standard(path: &str) -> bool {
    super::imports::is_standard(path.split('.').next().unwrap_or(path))
}

/// SQLAlchemy's own bases, whose metadata has no convention unless it is given.
fn is_plain_base(path: &str) -> bool {
    path.starts_with("sqlalchemy.") || matches!(path, "object" | "builtins.object" | "abc.ABC" | "typing.Generic")
}

/// Packages of which it is known that their metadata has no convention unless the project sets one.
fn is_known_package(path: &str) -> bool {
    let root = path.split('.').next().unwrap_or(path);
    matches!(root, "sqlmodel" | "flask_sqlalchemy" | "flask_appbuilder")
}
