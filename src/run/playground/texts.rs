//! What was typed, as a project that is nowhere on the disk.

use crate::{config, discover::Checkout, policy::Policy, run::project::Project};
use serde::Deserialize;

/// What stands between two earlier revisions.
const PARTING: &str = "# ---";
/// How many revisions there may be.
const MOST: usize = 50;
/// What a text that says nothing of itself is given; functions find it behind them.
const IMPORTS: &str = "from alembic import op\nimport sqlalchemy as sa\nfrom sqlalchemy.dialects import postgresql\n";

/// What the page asks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    revision: String,
    #[serde(default)]
    earlier: String,
    #[serde(default)]
    config: String,
    #[serde(default)]
    postgres: Option<u32>,
}

/// The project, and what it is judged by: of several revisions the last is new.
///
/// # Errors
/// What is wrong with the configuration, or too much.
pub(super) fn project(asked: &Asked) -> Result<(Project, Policy), String> {
    let config = config::parse(&asked.config, false, ".").map_err(|fault| {
        let line = asked.config.get(..fault.range.start).unwrap_or("").matches('\n').count() + 1;
        format!("limbeck.toml, line {line}: {}", fault.message)
    })?;
    let mut texts = parted(&asked.earlier);
    if texts.len() >= MOST {
        return Err(format!("there may be no more than {MOST} revisions here"));
    }
    texts.push(asked.revision.clone());
    let (mut parent, mut before, mut files) = (None, None, Vec::new());
    let count = texts.len();
    for (at, text) in texts.into_iter().enumerate() {
        let name = if at + 1 == count { "revision.py".to_owned() } else { format!("earlier_{}.py", at + 1) };
        let (text, id) = whole(text, at + 1, parent.as_deref());
        files.push((name, text));
        before = parent.replace(id);
    }
    let mut policy = config.policy.clone();
    if let Some(postgres) = asked.postgres.filter(|it| (9..100).contains(it)) {
        policy.target.postgres = postgres;
        policy.target.postgres_told = true;
    }
    if policy.target.since.is_none() {
        policy.target.since = before;
    }
    Ok((Project::of_texts(Checkout::nowhere(), config, files), policy))
}

/// The texts between the lines that part them.
fn parted(earlier: &str) -> Vec<String> {
    let mut texts = vec![String::new()];
    for line in earlier.split_inclusive('\n') {
        match texts.last_mut() {
            Some(text) if !line.starts_with(PARTING) => text.push_str(line),
            _ => texts.push(String::new()),
        }
    }
    texts.retain(|it| !it.trim().is_empty());
    texts
}

/// The text with what it does not say of itself behind it, so that no line is another; and its id.
fn whole(mut text: String, number: usize, parent: Option<&str>) -> (String, String) {
    if let Some(id) = id_of(&text) {
        return (text, id);
    }
    let id = format!("r{number}");
    let parent = parent.map_or_else(|| "None".to_owned(), |it| format!("{it:?}"));
    if !text.contains("from alembic import") {
        text = format!("{}\n\n\n{IMPORTS}", text.trim_end());
    }
    (format!("{}\n\n\nrevision = \"{id}\"\ndown_revision = {parent}\n", text.trim_end()), id)
}

/// What `revision = "…"` says at the beginning of a line.
fn id_of(text: &str) -> Option<String> {
    let line = text.lines().find(|line| {
        let rest = line.strip_prefix("revision").map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with(['=', ':']))
    })?;
    let (_, value) = line.split_once('=')?;
    Some(value.split(['"', '\'']).nth(1).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{parted, whole};

    #[test]
    fn what_a_text_does_not_say_is_said_behind_it() {
        assert_eq!(parted("a\n# ---\n\n# --- more\nb\n"), ["a\n", "b\n"]);
        let (text, id) = whole("def upgrade():\n    pass".to_owned(), 2, Some("a\"b"));
        assert!(text.starts_with("def upgrade():\n    pass\n\n\nfrom alembic"), "{text}");
        assert!(text.ends_with("revision = \"r2\"\ndown_revision = \"a\\\"b\"\n") && id == "r2", "{text}");
        let said = "from alembic import op\nrevision: str = 'x1'\n".to_owned();
        assert_eq!(whole(said.clone(), 1, None), (said, "x1".to_owned()));
    }
}
