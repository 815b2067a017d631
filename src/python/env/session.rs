//! Where Alembic keeps its version table, and what `env.py` sends before the first revision: the path that names are
//! looked for in, and the schemas that it makes.

use super::{Reader, called, keyword};
use crate::environment::{Script, VersionTable};

/// Calls that are given SQL.
const SENDERS: [&str; 5] = ["execute", "exec_driver_sql", "scalar", "text", "DDL"];

impl Reader<'_, '_> {
    /// `version_table`, `version_table_schema` of the online run, and the statements before it.
    pub(super) fn session(&mut self, script: &mut Script) {
        if let Some(call) = self.online() {
            let mut named = |name: &str| {
                let expr = keyword(call, name)?;
                self.value(expr, super::DEPTH).as_str().map(str::to_owned)
            };
            let name = named("version_table").unwrap_or_else(|| VersionTable::default().name);
            script.version_table = VersionTable { name, schema: named("version_table_schema") };
        }
        if let Some(path) = self.connected() {
            script.opening.push(format!("SET search_path = {path}"));
        }
        for call in self.calls.made.clone() {
            let Some(first) = call.arguments.args.first().filter(|_| SENDERS.contains(&called(call))) else { continue };
            let value = self.value(first, super::DEPTH);
            if let Some(sql) = value.as_str().filter(|it| opens(it)) {
                script.opening.push(sql.trim().trim_end_matches(';').to_owned());
            }
        }
        script.opening.dedup();
    }

    /// The path that the connection is made with: `-csearch_path=app`, `"search_path": "app"`.
    fn connected(&self) -> Option<String> {
        let text = &self.interp.sources.get(self.interp.main).text;
        let ways = ["-csearch_path=", "-c search_path=", "\"search_path\": \"", "'search_path': '"];
        let rest = ways.iter().find_map(|way| text.split_once(way)).map(|(_, rest)| rest)?;
        let path = rest.split(['"', '\'', ' ', '\n']).next().unwrap_or_default();
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | ',' | '$');
        (!path.is_empty() && path.chars().all(plain)).then(|| path.to_owned())
    }
}

/// It sets the path for the session, or makes a schema.
fn opens(sql: &str) -> bool {
    let words: Vec<String> = sql.split([' ', '\n', '=']).filter(|it| !it.is_empty()).map(str::to_lowercase).collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    match (word(0), word(1)) {
        ("set", "search_path") | ("create", "schema") => true,
        ("set", "session") => word(2) == "search_path",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::opens;

    #[test]
    fn only_the_path_and_schemas_are_taken() {
        for sql in ["SET search_path TO app", "set session search_path=app", "CREATE SCHEMA IF NOT EXISTS app"] {
            assert!(opens(sql), "{sql}");
        }
        for sql in ["SET LOCAL search_path TO app", "SET lock_timeout = '2s'", "SELECT 1", "DROP SCHEMA app", ""] {
            assert!(!opens(sql), "{sql}");
        }
    }
}
