//! Syntax trees: each module of the project is parsed once, whichever revisions ask for it and on whichever thread.

use super::{modules::Outline, parse};
use crate::{
    environment::Listener,
    source::{SourceId, Sources},
};
use ruff_python_ast::{self as ast, Stmt};
use ruff_text_size::{Ranged, TextRange};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// Bytes of Python whose trees are kept; what goes beyond is parsed anew each time.
const KEPT: usize = 16 << 20;

/// A parsed file. Functions of it are run where they stand, without a copy.
pub(super) struct Tree {
    pub source: SourceId,
    pub statements: Vec<Stmt>,
    outline: OnceLock<Outline>,
    listeners: OnceLock<BTreeSet<Listener>>,
}

impl Tree {
    pub(super) fn new(source: SourceId, statements: Vec<Stmt>) -> Arc<Self> {
        Arc::new(Self { source, statements, outline: OnceLock::new(), listeners: OnceLock::new() })
    }

    /// Which statement makes which name.
    pub(super) fn outline(&self) -> &Outline {
        self.outline.get_or_init(|| Outline::of(&self.statements))
    }

    /// What listens in it to SQLAlchemy's events; `path` is that of the file.
    pub(super) fn listeners(&self, path: &str) -> &BTreeSet<Listener> {
        self.listeners.get_or_init(|| super::listeners::of(&self.statements, self.source, path))
    }

    /// The function that has this range.
    pub(super) fn function(&self, range: TextRange) -> Option<&ast::StmtFunctionDef> {
        function_in(&self.statements, range)
    }
}

/// Looks for a function in blocks, and in the blocks of what contains it.
fn function_in(body: &[Stmt], range: TextRange) -> Option<&ast::StmtFunctionDef> {
    let at = body.partition_point(|it| it.end() < range.end());
    let statement = body.get(at).filter(|it| it.range().contains_range(range))?;
    match statement {
        Stmt::FunctionDef(it) if it.range() == range => Some(it),
        Stmt::FunctionDef(it) => function_in(&it.body, range),
        Stmt::ClassDef(it) => function_in(&it.body, range),
        Stmt::With(it) => function_in(&it.body, range),
        Stmt::For(it) => function_in(&it.body, range).or_else(|| function_in(&it.orelse, range)),
        Stmt::While(it) => function_in(&it.body, range).or_else(|| function_in(&it.orelse, range)),
        Stmt::If(it) => function_in(&it.body, range)
            .or_else(|| it.elif_else_clauses.iter().find_map(|clause| function_in(&clause.body, range))),
        Stmt::Try(it) => {
            [&it.body, &it.orelse, &it.finalbody].into_iter().find_map(|body| function_in(body, range)).or_else(|| {
                it.handlers.iter().find_map(|handler| {
                    let ast::ExceptHandler::ExceptHandler(handler) = handler;
                    function_in(&handler.body, range)
                })
            })
        }
        _ => None,
    }
}

/// The trees of a run, shared by the threads that read. What they hold does not depend on who asked first.
#[derive(Default)]
pub struct Trees(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    trees: BTreeMap<SourceId, Slot>,
    bytes: usize,
}

/// One file's tree, which one thread makes while others that need it wait; making it asks for no other.
type Slot = Arc<OnceLock<Option<Arc<Tree>>>>;

impl Trees {
    /// The tree of a file; `None` where it is beyond the parser's limits.
    pub(super) fn of(&self, sources: &Sources, id: SourceId) -> Option<Arc<Tree>> {
        let source = sources.get(id);
        // Parsing takes more stack than may be left here.
        let make = || {
            let parsed = stacker::maybe_grow(8 << 20, 16 << 20, || parse(&source.text)).ok()?;
            Some(Tree::new(id, parsed.into_suite().into_iter().collect()))
        };
        match self.slot(id, source.text.len()) {
            Some(slot) => slot.get_or_init(make).clone(),
            None => make(),
        }
    }

    /// Where the tree of a file is kept; `None` where there is no room for it.
    fn slot(&self, id: SourceId, bytes: usize) -> Option<Slot> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = kept.trees.get(&id) {
            return Some(Arc::clone(slot));
        }
        let whole = kept.bytes.checked_add(bytes).filter(|it| *it <= KEPT)?;
        kept.bytes = whole;
        Some(Arc::clone(kept.trees.entry(id).or_default()))
    }
}

impl Drop for Trees {
    /// A deep tree takes as much stack to drop as to parse.
    fn drop(&mut self) {
        let kept = std::mem::take(self.0.get_mut().unwrap_or_else(PoisonError::into_inner));
        stacker::maybe_grow(8 << 20, 16 << 20, || drop(kept));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_parsed_once_and_kept_within_bounds() {
        let sources = Sources::default();
        let (small, large) = (sources.add("a.py", "x = 1\n"), sources.add("b.py", "#".repeat(KEPT)));
        let trees = Trees::default();
        let same = |id| Arc::ptr_eq(&trees.of(&sources, id).unwrap(), &trees.of(&sources, id).unwrap());
        assert!(same(small));
        assert!(!same(large), "it is larger than what may be kept beside the first");
        let deep = sources.add("c.py", "(".repeat(10_000));
        assert!(trees.of(&sources, deep).is_none());
    }

    struct All(Vec<(String, TextRange)>);
    impl<'a> ast::visitor::Visitor<'a> for All {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            if let Stmt::FunctionDef(it) = statement {
                self.0.push((it.name.to_string(), it.range()));
            }
            ast::visitor::walk_stmt(self, statement);
        }
    }

    #[test]
    fn every_function_is_found_where_it_stands() {
        let text = "def a():\n    def b(): pass\nclass C:\n    x = 1\n    @p\n    def c(self): pass\n    def d(self): pass\n\
                    if x:\n    def e(): pass\nelif y:\n    def f(): pass\nelse:\n    def g(): pass\ntry:\n    def h(): pass\n\
                    except E:\n    def i(): pass\nelse:\n    def j(): pass\nfinally:\n    def k(): pass\n\
                    for z in y:\n    def l(): pass\nwhile x:\n    with y:\n        def m(): pass\n";
        let sources = Sources::default();
        let tree = Trees::default().of(&sources, sources.add("a.py", text)).unwrap();
        let mut all = All(Vec::new());
        ast::visitor::Visitor::visit_body(&mut all, &tree.statements);
        assert_eq!(all.0.len(), 13);
        for (name, range) in all.0 {
            assert_eq!(tree.function(range).unwrap().name.as_str(), name);
        }
        assert!(tree.function(TextRange::new(0.into(), 3.into())).is_none());
    }
}
