//! The reference of the configuration, as a document: `docs/configuration.md` is this text.

use super::{
    custom::FIELDS,
    keys::{KEYS, Key, Shape},
    values::{SEVERITIES, groups},
};
use crate::{
    environment::Driver,
    policy::DEFAULT_POSTGRES,
    rule::own::{ONS, WORDS},
};
use std::fmt::Write;

/// Every key with what it is for, what its value looks like, and an example.
#[must_use]
pub fn manual() -> String {
    let mut text = String::from(
        "<!-- Written from the code; tests/docs.rs holds it to that. -->\n# Configuration\n\n\
         limbeck reads the nearest `limbeck.toml`, or `[tool.limbeck]` in a `pyproject.toml`, of what it is pointed at and the \
         folders\nabove. A key that is not known is an error with its line. `limbeck config-schema` prints the same as a JSON \
         schema.\n`--config FILE` names another file, `--no-config` obeys none; flags come before the file.\n",
    );
    let groups: Vec<String> = groups().iter().map(|it| format!("`{it}`")).collect();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\nWhere a rule can be named, a group can: {}.\n`limbeck rules` lists the rules.\n",
        groups.join(", ")
    );
    for key in KEYS {
        let _ = write!(
            text,
            "\n## `{}`\n\n{}.\n\n{}.\n\n```toml\n{}\n```\n",
            key.name,
            key.doc,
            value(key.shape),
            example(key)
        );
    }
    text
}

fn value(shape: Shape) -> String {
    match shape {
        Shape::Rules => "A list of rules and groups".to_owned(),
        Shape::Texts => "A list of strings".to_owned(),
        Shape::Tables => "A list of tables".to_owned(),
        Shape::Text => "A string".to_owned(),
        Shape::Postgres => format!("A major version; {DEFAULT_POSTGRES} where nothing is said"),
        Shape::Driver => format!("One of {}", Driver::ALL.map(|it| format!("`{}`", it.word())).join(", ")),
        Shape::Version => "A version, as `\"2.0\"`".to_owned(),
        Shape::Severities => {
            format!("A table of rule or group to {}", SEVERITIES.map(|it| format!("`{it}`")).join(", "))
        }
        Shape::RulesByGlob => "A table of glob to a list of rules and groups".to_owned(),
        Shape::Literals => "A table of dotted name to string, number, boolean or list".to_owned(),
        Shape::Names => "A table of dotted name to string".to_owned(),
        Shape::Custom => {
            let keys: Vec<String> = FIELDS.iter().map(|(name, what)| format!("- `{name}`: {what}")).collect();
            let words = |all: &[&str]| all.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
            let (keys, ons, said) = (keys.join("\n"), words(ONS), words(WORDS));
            format!("Tables with these keys:\n\n{keys}\n\n`on` is one of {ons}.\n\n`has` and `lacks` know {said}")
        }
    }
}

fn example(key: &Key) -> String {
    let name = key.name;
    match key.shape {
        Shape::Rules => format!("{name} = [\"missing-downgrade\"]"),
        Shape::Texts if name == "exclude" => "exclude = [\"legacy/**\"]".to_owned(),
        Shape::Texts => format!("{name} = [\"app\"]"),
        Shape::Tables if name == "hot" => "hot = [\"orders\", \"app.sessions\"]".to_owned(),
        Shape::Tables => format!("{name} = [\"settings\"]"),
        Shape::Text if name == "baseline" => "baseline = \"limbeck-baseline.json\"".to_owned(),
        Shape::Text if name == "schema-dump" => "schema-dump = \"schema.sql\"".to_owned(),
        Shape::Text => format!("{name} = \"4f2a9c81d0e7\""),
        Shape::Postgres => format!("{name} = {DEFAULT_POSTGRES}"),
        Shape::Driver => format!("{name} = \"{}\"", Driver::ALL.map(Driver::word)[0]),
        Shape::Version => format!("{name} = \"2.0\""),
        Shape::Severities => format!("[{name}]\nmultiple-bases = \"note\""),
        Shape::RulesByGlob => format!("[{name}]\n\"alembic/versions/2019*\" = [\"non-concurrent-index\"]"),
        Shape::Literals => {
            format!("[{name}]\n'os.environ[\"REGION\"]' = \"eu\"\n\"app.settings.ENABLE_CITEXT\" = true")
        }
        Shape::Names => format!("[{name}]\n\"app.types.Money\" = \"NUMERIC(12, 2)\""),
        Shape::Custom => format!(
            "[[{name}]]\nname = \"house-no-float\"\nmessage = \"`{{table}}.{{column}}` is a `{{type}}`, which rounds\"\n\
             on = \"add-column\"\ntype = [\"real\", \"double precision\"]"
        ),
    }
}
