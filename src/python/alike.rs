//! Whether two texts are the same Python, but for comments, formatting, docstrings and annotations.

use ruff_python_ast::{Expr, Stmt, Suite, comparable::ComparableStmt};

/// The code of two files is the same: comments, layout, quotes, docstrings and annotations may differ. `false` also
/// where one of them is no Python.
#[must_use]
pub fn alike(before: &str, after: &str) -> bool {
    alike_without(before, after, None)
}

/// The same of what is left of the files without a function of the given name.
#[must_use]
pub fn alike_without(before: &str, after: &str, function: Option<&str>) -> bool {
    // As for reading: a deep tree takes more stack than a thread usually has.
    stacker::maybe_grow(8 << 20, 16 << 20, || compare(before, after, function))
}

fn compare(before: &str, after: &str, without: Option<&str>) -> bool {
    let (Ok(before), Ok(after)) = (super::parse(before), super::parse(after)) else { return false };
    if !before.errors().is_empty() || !after.errors().is_empty() {
        return false;
    }
    let (mut one, mut other) = (before.into_suite(), after.into_suite());
    for suite in [&mut one, &mut other] {
        suite.retain(|it| !matches!(it, Stmt::FunctionDef(def) if Some(def.name.as_str()) == without));
        bare(suite);
    }
    one.iter().map(ComparableStmt::from).eq(other.iter().map(ComparableStmt::from))
}

/// Takes out what only people read.
fn bare(body: &mut Suite) {
    body.retain(|it| !is_text(it));
    for statement in body {
        match statement {
            Stmt::FunctionDef(def) => {
                def.returns = None;
                bare(&mut def.body);
            }
            Stmt::ClassDef(class) => bare(&mut class.body),
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    *statement = Stmt::Assign(ruff_python_ast::StmtAssign {
                        node_index: assign.node_index.clone(),
                        range: assign.range,
                        targets: vec![(*assign.target).clone()],
                        value: value.clone(),
                    });
                }
            }
            _ => {}
        }
    }
}

/// A string that stands by itself: a docstring, or as good as none.
fn is_text(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(it) if matches!(*it.value, Expr::StringLiteral(_)))
}
