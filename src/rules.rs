//! The rules, by folder: `build.rs` writes the list from `src/rules/` and `rules/`.

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

use crate::rule::Rule;

/// The rules that a name means: the one of that name, else those that another tool calls so.
#[must_use]
pub fn named(name: &str) -> Vec<&'static Rule> {
    match find(name) {
        Some(rule) => vec![rule],
        None => ALL.iter().filter(|rule| rule.is_called(name)).collect(),
    }
}

/// The rule of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.name == name)
}
