//! The `multidb` templates of Alembic and of Flask-Migrate: `upgrade(engine_name)` calls the function of the engine.

use crate::source::{SourceId, Sources};
use ruff_python_ast::Stmt;
use std::collections::BTreeSet;

/// The engines of revisions whose `upgrade` takes the name of one and finds its function in `globals()`: those that
/// `databases` of the settings names, else those that the files have an `upgrade_…` for. None: it is no such history.
#[must_use]
pub fn engines(sources: &Sources, files: &[SourceId], databases: &[String]) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut is_multidb = false;
    for id in files {
        let source = sources.get(*id);
        if !source.text.contains("globals()") {
            continue;
        }
        let Ok(parsed) = super::parse(&source.text) else { continue };
        let functions = || {
            parsed.suite().iter().filter_map(|statement| match statement {
                Stmt::FunctionDef(def) => Some(def),
                _ => None,
            })
        };
        let dispatches = functions().any(|def| def.name.as_str() == "upgrade" && def.parameters.len() == 1);
        if dispatches {
            is_multidb = true;
            found.extend(functions().filter_map(|def| def.name.as_str().strip_prefix("upgrade_")).map(str::to_owned));
        }
    }
    match (is_multidb, databases) {
        (false, _) => Vec::new(),
        (true, []) => found.into_iter().collect(),
        (true, names) => names.to_vec(),
    }
}
