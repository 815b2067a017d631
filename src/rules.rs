//! The rules, by folder: `build.rs` writes the list from `src/rules/` and `rules/`.

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

use crate::rule::Rule;

/// The rule of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.name == name)
}
