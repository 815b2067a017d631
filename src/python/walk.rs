//! Questions about code that is not run: what it assigns, whether it is empty, whether it yields.

use ruff_python_ast::{
    self as ast, Expr, Stmt,
    visitor::{self, Visitor},
};
use std::collections::BTreeSet;

/// The names that statements assign, functions and classes within them apart.
pub(super) fn assigned(body: &[Stmt]) -> BTreeSet<String> {
    struct Names(BTreeSet<String>);
    impl<'a> Visitor<'a> for Names {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            if !matches!(statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
                visitor::walk_stmt(self, statement);
            }
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Name(name) = expr
                && name.ctx == ast::ExprContext::Store
            {
                self.0.insert(name.id.to_string());
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut names = Names(BTreeSet::new());
    names.visit_body(body);
    names.0
}

/// Nothing but `pass`, `...`, strings and bare returns.
pub(super) fn is_empty(body: &[Stmt]) -> bool {
    body.iter().all(|statement| match statement {
        Stmt::Pass(_) => true,
        Stmt::Expr(it) => matches!(&*it.value, Expr::StringLiteral(_) | Expr::EllipsisLiteral(_)),
        Stmt::Return(it) => it.value.as_ref().is_none_or(|value| matches!(&**value, Expr::NoneLiteral(_))),
        _ => false,
    })
}

/// The function is a generator.
pub(super) fn yields(body: &[Stmt]) -> bool {
    struct Yields(bool);
    impl<'a> Visitor<'a> for Yields {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            if !matches!(statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
                visitor::walk_stmt(self, statement);
            }
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            self.0 |= matches!(expr, Expr::Yield(_) | Expr::YieldFrom(_));
            if !matches!(expr, Expr::Lambda(_)) {
                visitor::walk_expr(self, expr);
            }
        }
    }
    let mut found = Yields(false);
    found.visit_body(body);
    found.0
}
