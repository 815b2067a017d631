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

/// What a statement of a module does with names.
#[derive(Default)]
pub(super) struct Names {
    /// What it binds: assignments, imports, functions and classes, but for those within functions and classes.
    pub bound: BTreeSet<String>,
    /// What it uses, in the bodies of functions too.
    pub used: BTreeSet<String>,
    /// `from … import *`.
    pub star: bool,
    /// It does more than bind names, so it may change what they stand for.
    pub changes: bool,
}

/// The names of a statement at the top of a module.
pub(super) fn names(statement: &Stmt) -> Names {
    struct Collect {
        names: Names,
        inner: usize,
    }
    impl<'a> Visitor<'a> for Collect {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            let mut binds = |name: &str| {
                if self.inner == 0 {
                    self.names.bound.insert(name.to_owned());
                }
            };
            match statement {
                Stmt::FunctionDef(it) => binds(it.name.id.as_str()),
                Stmt::ClassDef(it) => binds(it.name.id.as_str()),
                Stmt::Import(it) => it.names.iter().for_each(|alias| {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).id.as_str();
                    binds(name.split('.').next().unwrap_or(name));
                }),
                Stmt::ImportFrom(it) => it.names.iter().for_each(|alias| match alias.name.id.as_str() {
                    "*" => self.names.star |= self.inner == 0,
                    name => {
                        if self.inner == 0 {
                            let name = alias.asname.as_ref().map_or(name, |it| it.id.as_str());
                            self.names.bound.insert(name.to_owned());
                        }
                    }
                }),
                Stmt::Expr(it) if !matches!(&*it.value, Expr::StringLiteral(_)) => {
                    self.names.changes |= self.inner == 0;
                }
                Stmt::Delete(_) => self.names.changes |= self.inner == 0,
                Stmt::Global(it) => self.names.used.extend(it.names.iter().map(|name| name.id.to_string())),
                _ => {}
            }
            let inner = usize::from(matches!(statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_)));
            self.inner += inner;
            visitor::walk_stmt(self, statement);
            self.inner -= inner;
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            match expr {
                Expr::Name(name) if name.ctx == ast::ExprContext::Store && self.inner == 0 => {
                    self.names.bound.insert(name.id.to_string());
                }
                Expr::Name(name) => {
                    self.names.used.insert(name.id.to_string());
                }
                Expr::Attribute(ast::ExprAttribute { ctx, .. }) | Expr::Subscript(ast::ExprSubscript { ctx, .. })
                    if *ctx == ast::ExprContext::Store =>
                {
                    self.names.changes |= self.inner == 0;
                }
                _ => {}
            }
            visitor::walk_expr(self, expr);
        }

        // What stands in an annotation is not needed to run it.
        fn visit_annotation(&mut self, _: &'a Expr) {}
    }
    let mut collect = Collect { names: Names::default(), inner: 0 };
    collect.visit_stmt(statement);
    collect.names
}
