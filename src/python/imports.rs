//! Imports: what a dotted name stands for, and modules of the project that are read, never run.

use super::{
    interp::{Args, Eval, Halt, Interp},
    value::{Scope, Value},
};
use crate::{
    reason::{Class, Reason},
    source::Span,
};
use ruff_python_ast as ast;
use std::{rc::Rc, sync::Arc};

/// Through so many modules a name is followed.
const HANDED_ON: usize = 16;

impl Interp<'_> {
    pub(super) fn import(&mut self, it: &ast::StmtImport, scope: &Rc<Scope>) -> Result<(), Halt> {
        for alias in &it.names {
            let name = alias.name.id.as_str();
            if let Some(local) = &alias.asname {
                scope.set(local.id.as_str(), Value::external(name));
            } else {
                let root = name.split('.').next().unwrap_or(name);
                scope.set(root, Value::external(root));
            }
        }
        Ok(())
    }

    pub(super) fn import_from(&mut self, it: &ast::StmtImportFrom, scope: &Rc<Scope>) -> Result<(), Halt> {
        let module = it.module.as_ref().map_or("", |module| module.id.as_str());
        let module = self.absolute(module, it.level);
        for alias in &it.names {
            let name = alias.name.id.as_str();
            if name == "*" {
                self.import_all(&module, scope);
                continue;
            }
            let local = alias.asname.as_ref().map_or(name, |local| local.id.as_str());
            if name == "TYPE_CHECKING" {
                scope.set(local, Value::Bool(false));
                continue;
            }
            let path = if module.is_empty() { name.to_owned() } else { format!("{module}.{name}") };
            scope.set(local, Value::external(path));
        }
        Ok(())
    }

    /// A relative import by the folder of the file.
    fn absolute(&self, module: &str, level: u32) -> String {
        if level == 0 {
            return module.to_owned();
        }
        let path = self.sources.get(self.file).path.clone();
        let mut folders: Vec<&str> = path.split('/').collect();
        for _ in 0..level {
            folders.pop();
        }
        let base = folders.join(".");
        match (base.is_empty(), module.is_empty()) {
            (true, _) => module.to_owned(),
            (false, true) => base,
            (false, false) => format!("{base}.{module}"),
        }
    }

    fn import_all(&mut self, module: &str, scope: &Rc<Scope>) {
        if module == "sqlalchemy" || module.starts_with("alembic") {
            return;
        }
        if let Some(other) = self.module(module) {
            self.whole(&other);
            for (name, value) in other.scope.vars.borrow().iter().filter(|(name, _)| !name.starts_with('_')) {
                scope.set(name, value.clone());
            }
        }
    }

    /// What an imported name of the project's own stands for; `None` where it is not of the checkout.
    pub(super) fn resolve(&mut self, path: &str) -> Option<Value> {
        if !path.contains('.') || self.module(path).is_some() {
            return None;
        }
        let (mut module, mut rest) = (path, Vec::new());
        while let Some((head, last)) = module.rsplit_once('.') {
            rest.insert(0, last);
            if let Some(module) = self.module(head) {
                let mut value = self.member(&module, rest.first()?)?;
                for attribute in rest.get(1..).unwrap_or_default() {
                    let nowhere = Span { source: self.main, start: 0, end: 0 };
                    value = self.attribute(&value, attribute, nowhere).ok()?;
                }
                return Some(value);
            }
            module = head;
        }
        None
    }

    /// A name of the project's own is looked up where it is used, through every module that hands it on; others stay
    /// as they are.
    pub(super) fn looked_up(&mut self, mut value: Value) -> Value {
        for _ in 0..HANDED_ON {
            let found = self.looked_up_once(value.clone());
            let moved =
                matches!((&value, &found), (Value::External(before), Value::External(after)) if before != after);
            value = found;
            if !moved {
                break;
            }
        }
        value
    }

    fn looked_up_once(&mut self, value: Value) -> Value {
        let Value::External(path) = &value else { return value };
        if let Some(value) = self.assumed_name(path) {
            return value;
        }
        // What is assumed of a part of it is asked for by its whole name.
        if !self.settings.assume.is_empty() {
            let whole = format!("{path}.");
            if self.settings.assume.range(whole.clone()..).next().is_some_and(|(name, _)| name.starts_with(&whole)) {
                return value;
            }
        }
        if is_foreign(path) || self.settings.types.contains_key(&**path) {
            value
        } else {
            self.resolve(path).unwrap_or(value)
        }
    }

    /// The names of a file of the project that no import led to.
    pub(super) fn load_file(&mut self, file: crate::source::SourceId) -> Option<Rc<Scope>> {
        let tree = self.settings.trees.of(self.sources, file)?;
        let scope = self.heap.keep(Scope::of_file(file));
        let home = self.enter(file, Some(Arc::clone(&tree)));
        let (steps, pending) = (std::mem::take(&mut self.steps), std::mem::take(&mut self.pending));
        for statement in &tree.statements {
            // A file that cannot be evaluated to its end still has what came before.
            if self.block(std::slice::from_ref(statement), &scope).is_err() {
                break;
            }
        }
        (self.steps, self.pending) = (steps, pending);
        self.back(home);
        Some(scope)
    }

    pub(super) fn external_attribute(&mut self, path: &str, name: &str, span: Span) -> Eval {
        let whole = format!("{path}.{name}");
        if let Some(value) = self.assumed_name(&whole) {
            return Ok(value);
        }
        if name == "TYPE_CHECKING" {
            return Ok(Value::Bool(false));
        }
        if matches!(whole.as_str(), "os.environ" | "sys.argv" | "alembic.context.config") {
            return Ok(Value::inert(span, absent(&whole)));
        }
        Ok(Value::external(whole))
    }
}

/// Why a name is not known that an import gave: its source is not in the checkout.
pub(super) fn absent(path: &str) -> Reason {
    if is_setting(path) {
        return super::given::setting(path);
    }
    Reason::elsewhere(format!("`{path}` is not in the checkout"))
}

/// Why the answer of a function of Python's library is not known: the clock, chance and the machine decide, or what
/// it is given is not known, or we do not evaluate it.
pub(super) fn at_run(path: &str, args: &Args) -> Reason {
    const OF_THE_RUN: &[&str] =
        &["datetime", "getpass", "glob", "os", "pathlib", "platform", "random", "secrets", "tempfile", "time", "uuid"];
    let root = path.split('.').next().unwrap_or(path);
    if OF_THE_RUN.contains(&root) {
        return Reason::data(format!("`{path}()` is not known before it runs"));
    }
    let mut values = args.positional.iter().chain(args.keywords.iter().map(|(_, arg, _)| arg)).map(|arg| &arg.value);
    let class = values.find_map(|value| match value {
        Value::Unknown(unknown) => Some(unknown.reason.class),
        _ => None,
    });
    Reason::of(class.unwrap_or(Class::Limit), format!("`{path}()` is not evaluated"))
}

/// What the environment, the command line or the project's settings give.
pub(super) fn is_setting(path: &str) -> bool {
    let given = ["os.environ", "os.getenv", "sys.argv", "alembic.context."].iter().any(|it| path.starts_with(it));
    given || path.split('.').any(|part| matches!(part, "settings" | "config" | "conf"))
}

/// Packages whose source is not looked for in the checkout.
pub(super) fn is_foreign(dotted: &str) -> bool {
    let root = dotted.split('.').next().unwrap_or(dotted);
    matches!(root, "alembic" | "sqlalchemy" | "builtins" | "sqlmodel" | "sqlalchemy_utils" | "pgvector" | "geoalchemy2")
        || is_standard(root)
}

/// Modules of Python's own that send no SQL.
pub(super) fn is_standard(root: &str) -> bool {
    const STANDARD: &[&str] = &[
        "__future__",
        "abc",
        "argparse",
        "ast",
        "base64",
        "binascii",
        "bisect",
        "calendar",
        "collections",
        "configparser",
        "contextlib",
        "copy",
        "csv",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "email",
        "enum",
        "fractions",
        "functools",
        "gc",
        "getpass",
        "glob",
        "gzip",
        "hashlib",
        "heapq",
        "hmac",
        "html",
        "inspect",
        "io",
        "ipaddress",
        "itertools",
        "json",
        "locale",
        "logging",
        "math",
        "mimetypes",
        "numbers",
        "operator",
        "os",
        "pathlib",
        "pickle",
        "platform",
        "pprint",
        "random",
        "re",
        "secrets",
        "shutil",
        "string",
        "struct",
        "sys",
        "tempfile",
        "textwrap",
        "time",
        "traceback",
        "types",
        "typing",
        "unicodedata",
        "urllib",
        "uuid",
        "warnings",
        "zlib",
        "zoneinfo",
        // Not of Python's own, but of the same harmless kind.
        "dateutil",
        "loguru",
        "pytz",
        "structlog",
        "typing_extensions",
        "orjson",
        "ulid",
    ];
    STANDARD.contains(&root)
}
