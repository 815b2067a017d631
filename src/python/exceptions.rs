//! Which exceptions are of which class: whether a handler catches what was raised.

use super::{
    interp::Interp,
    value::{Class, Scope, Value},
};
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;
use std::rc::Rc;

/// Python's own exceptions with the class above each (`Lib`: the exception hierarchy).
const ABOVE: &[(&str, &str)] = &[
    ("Exception", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("SystemExit", "BaseException"),
    ("GeneratorExit", "BaseException"),
    ("ArithmeticError", "Exception"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("BufferError", "Exception"),
    ("EOFError", "Exception"),
    ("ImportError", "Exception"),
    ("LookupError", "Exception"),
    ("MemoryError", "Exception"),
    ("NameError", "Exception"),
    ("OSError", "Exception"),
    ("ReferenceError", "Exception"),
    ("RuntimeError", "Exception"),
    ("StopIteration", "Exception"),
    ("SyntaxError", "Exception"),
    ("SystemError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("Warning", "Exception"),
    ("FloatingPointError", "ArithmeticError"),
    ("OverflowError", "ArithmeticError"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("ModuleNotFoundError", "ImportError"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("UnboundLocalError", "NameError"),
    ("FileExistsError", "OSError"),
    ("FileNotFoundError", "OSError"),
    ("PermissionError", "OSError"),
    ("TimeoutError", "OSError"),
    ("ConnectionError", "OSError"),
    ("NotImplementedError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("UnicodeError", "ValueError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("JSONDecodeError", "ValueError"),
];

/// The classes of an exception, its own first; and whether these are all that it has.
struct Lineage {
    names: Vec<String>,
    whole: bool,
}

/// Does `except kind` catch an exception that was raised as `what`? `None`: nobody knows.
pub(super) fn catches(interp: &Interp<'_>, kind: &Expr, what: &str, scope: &Rc<Scope>) -> Option<bool> {
    if let Expr::Tuple(tuple) = kind {
        let mut known = Some(false);
        for kind in &tuple.elts {
            match catches(interp, kind, what, scope) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => known = None,
            }
        }
        return known;
    }
    let code = interp.code(kind.range());
    let name = last(&code);
    let lineage = of(what, scope);
    if name == "BaseException" || lineage.names.iter().any(|it| it == name) {
        return Some(true);
    }
    if name == "Exception" {
        // What ends the program is raised by its name.
        return Some(!lineage.whole);
    }
    // A name of the file's own may stand for several classes.
    let is_class = ABOVE.iter().any(|(it, _)| *it == name)
        || !matches!(kind, Expr::Name(_))
        || matches!(scope.get(name), Some(Value::Class(_) | Value::External(_)));
    (lineage.whole && is_class).then_some(false)
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn of(what: &str, scope: &Scope) -> Lineage {
    let mut lineage = Lineage { names: Vec::new(), whole: true };
    match scope.get(last(what)) {
        Some(Value::Class(class)) => lineage.add_class(&class),
        _ => lineage.add_name(last(what)),
    }
    lineage
}

impl Lineage {
    fn add_class(&mut self, class: &Class) {
        if self.names.len() > 100 {
            self.whole = false;
            return;
        }
        self.names.push(class.name.clone());
        for base in &class.bases {
            match base {
                Value::Class(base) => self.add_class(base),
                Value::External(path) if path.starts_with("builtins.") => self.add_name(last(path)),
                Value::External(path) => {
                    self.names.push(last(path).to_owned());
                    self.whole = false;
                }
                _ => self.whole = false,
            }
        }
    }

    /// An exception of Python's own and what is above it.
    fn add_name(&mut self, name: &str) {
        self.names.push(name.to_owned());
        let mut name = name;
        while let Some((_, above)) = ABOVE.iter().find(|(it, _)| *it == name) {
            self.names.push((*above).to_owned());
            name = above;
        }
        self.whole &= name == "BaseException";
    }
}
