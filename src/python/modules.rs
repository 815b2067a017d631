//! Modules of the project, read as far as they are needed: a name asked of one runs the statements that make it, and
//! those that make what they use. A module's other business (its settings, its logging) is nobody's here.

use super::{
    interp::{Args, Halt, Interp},
    trees::Tree,
    value::{Scope, Value},
    walk,
};
use crate::source::{SourceId, Span};
use ruff_python_ast::Stmt;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
};

/// Modules of the project that one revision may pull in.
const MODULES: usize = 200;
/// Modules importing modules.
const DEPTH: usize = 16;

/// Which statements of a module make which names.
pub(super) struct Outline {
    /// The names that each statement uses.
    uses: Vec<BTreeSet<String>>,
    /// By name, the statements that bind it or change what it stands for.
    makers: BTreeMap<String, BTreeSet<usize>>,
    /// `from … import *`: where any other name may come from.
    stars: BTreeSet<usize>,
}

impl Outline {
    pub(super) fn of(statements: &[Stmt]) -> Self {
        let mut makers: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        let (mut uses, mut stars, mut changing) = (Vec::new(), BTreeSet::new(), Vec::new());
        let mut imported = BTreeSet::new();
        for (at, statement) in statements.iter().enumerate() {
            let names = walk::names(statement);
            for name in names.bound {
                if matches!(statement, Stmt::Import(_) | Stmt::ImportFrom(_) | Stmt::FunctionDef(_)) {
                    imported.insert(name.clone());
                }
                makers.entry(name).or_default().insert(at);
            }
            if names.star {
                stars.insert(at);
            }
            if names.changes {
                changing.push(at);
            }
            uses.push(names.used);
        }
        // `NAMES.append("x")`, `Base.key = 1`: what a statement changes is not made without it.
        for at in changing {
            for name in uses.get(at).into_iter().flatten().filter(|name| !imported.contains(*name)) {
                if let Some(makers) = makers.get_mut(name) {
                    makers.insert(at);
                }
            }
        }
        Self { uses, makers, stars }
    }
}

/// A module of the project, as far as one revision has evaluated it.
pub(super) struct Module {
    pub scope: Rc<Scope>,
    dotted: String,
    tree: Arc<Tree>,
    asked: RefCell<BTreeSet<String>>,
    done: RefCell<BTreeSet<usize>>,
}

impl Module {
    pub(super) fn new(dotted: &str, tree: Arc<Tree>, scope: Rc<Scope>) -> Self {
        let (asked, done) = (RefCell::default(), RefCell::default());
        Self { scope, dotted: dotted.to_owned(), tree, asked, done }
    }

    /// The statements that make a name and what it is made of, but for those that were run.
    fn needed(&self, name: &str) -> BTreeSet<usize> {
        let (mut chosen, mut open) = (BTreeSet::new(), vec![name]);
        let outline = self.tree.outline();
        let mut asked = self.asked.borrow_mut();
        while let Some(name) = open.pop() {
            if !asked.insert(name.to_owned()) {
                continue;
            }
            // Whoever is not bound here is Python's own, or comes by a star.
            for at in outline.makers.get(name).unwrap_or(&outline.stars) {
                if chosen.insert(*at) {
                    open.extend(outline.uses.get(*at).into_iter().flatten().map(String::as_str));
                }
            }
        }
        chosen
    }
}

impl Interp<'_> {
    /// A module of the project.
    pub(super) fn module(&mut self, dotted: &str) -> Option<Rc<Module>> {
        if let Some(known) = self.modules.get(dotted) {
            return known.clone();
        }
        if super::imports::is_foreign(dotted) || self.modules.len() >= MODULES {
            return None;
        }
        let from = self.sources.get(self.file).path.clone();
        let module = self.settings.modules.module(dotted, &from).and_then(|source| {
            let tree = self.settings.trees.of(self.sources, source)?;
            self.listeners.extend(tree.listeners(&self.sources.get(source).path).iter().cloned());
            let scope = self.heap.keep(Scope::of_file(source));
            Some(Rc::new(Module::new(dotted, tree, scope)))
        });
        self.modules.insert(dotted.to_owned(), module.clone());
        module
    }

    /// What a module of the project calls by a name.
    pub(super) fn member(&mut self, module: &Rc<Module>, name: &str) -> Option<Value> {
        let needed = module.needed(name);
        self.run(module, needed);
        if let Some(value) = module.scope.get(name) {
            return Some(value);
        }
        // PEP 562: a module may make its attributes when they are asked for.
        let needed = module.needed("__getattr__");
        self.run(module, needed);
        let getter = module.scope.get("__getattr__")?;
        let span = Span { source: module.tree.source, start: 0, end: 0 };
        let arg = super::value::Arg { value: Value::made(name), span };
        let args = Args { positional: vec![arg], keywords: Vec::new(), open: None, span };
        match self.aside(|this| this.call(&getter, args)) {
            Ok(made) if !matches!(made, Value::Unknown(_)) => {
                module.scope.set(name, made.clone());
                Some(made)
            }
            _ => None,
        }
    }

    /// All names of a module, as `import *` and `globals()` see them.
    pub(super) fn whole(&mut self, module: &Rc<Module>) {
        self.run(module, (0..module.tree.statements.len()).collect());
    }

    /// The module that a file is, where it is one that was imported.
    pub(super) fn module_of(&self, file: SourceId) -> Option<Rc<Module>> {
        self.modules.values().flatten().find(|module| module.tree.source == file).cloned()
    }

    fn run(&mut self, module: &Rc<Module>, needed: BTreeSet<usize>) {
        if self.loading.len() >= DEPTH {
            return;
        }
        self.loading.push(module.dotted.clone());
        let home = self.enter(module.tree.source, Some(Arc::clone(&module.tree)));
        self.aside(|this| {
            for at in needed {
                if !module.done.borrow_mut().insert(at) {
                    continue;
                }
                let Some(statement) = module.tree.statements.get(at) else { continue };
                // A module that cannot be evaluated to its end still has what came before.
                if let Err(Halt::Limit { .. }) = this.block(std::slice::from_ref(statement), &module.scope) {
                    break;
                }
            }
        });
        self.back(home);
        self.loading.pop();
    }

    /// Does what an import does: it sends nothing, and what it raises is not the revision's.
    fn aside<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let (steps, pending) = (std::mem::take(&mut self.steps), std::mem::take(&mut self.pending));
        let (trying, nesting) = (std::mem::take(&mut self.trying), std::mem::take(&mut self.nesting));
        let unsure = self.unsure;
        let outcome = act(self);
        (self.steps, self.pending) = (steps, pending);
        (self.trying, self.nesting, self.unsure) = (trying, nesting, unsure);
        outcome
    }
}
