//! The JSON schema of the configuration.

use super::{
    custom::FIELDS,
    keys::{KEYS, Shape},
    values::{SEVERITIES, groups},
};
use crate::{
    environment::Driver,
    policy::DEFAULT_POSTGRES,
    rule::own::{ONS, WORDS},
    rules,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The schema (draft 2020-12) of a `limbeck.toml`, and of `[tool.limbeck]`.
#[must_use]
pub fn json_schema() -> Value {
    let mut properties = Map::new();
    for key in KEYS {
        let mut shape = shape(key.shape);
        if let Some(object) = shape.as_object_mut() {
            object.insert("description".to_owned(), json!(key.doc));
        }
        properties.insert(key.name.to_owned(), shape);
    }
    let own = rules::ALL.iter().map(|rule| rule.name).chain(groups()).map(str::to_owned);
    let others = rules::ALL.iter().flat_map(crate::rule::Rule::aliases);
    let others: BTreeSet<String> =
        others.flat_map(|(name, tool)| [name.to_owned(), format!("{tool}:{name}")]).collect();
    let mut names: Vec<String> = own.collect();
    names.extend(others.into_iter().filter(|it| !names.contains(it)).collect::<Vec<_>>());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "limbeck.toml",
        "description": "The configuration of limbeck, also the table `tool.limbeck` of a pyproject.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "$defs": {
            "rule": {
                "description": "A rule or a group of rules",
                "anyOf": [{ "enum": names }, { "type": "string", "pattern": "^house-[a-z0-9-]+$" }]
            },
            "rules": { "type": "array", "items": { "$ref": "#/$defs/rule" } },
            "literals": {
                "type": "object",
                "additionalProperties": { "anyOf": [{ "$ref": "#/$defs/literal" }, { "$ref": "#/$defs/literals" }] }
            },
            "literal": {
                "anyOf": [
                    { "type": ["string", "number", "boolean"] },
                    { "type": "array", "items": { "$ref": "#/$defs/literal" } }
                ]
            },
            "names": {
                "type": "object",
                "additionalProperties": { "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/names" }] }
            }
        }
    })
}

fn shape(shape: Shape) -> Value {
    match shape {
        Shape::Rules => json!({ "$ref": "#/$defs/rules" }),
        Shape::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Shape::Tables => json!({ "type": "array", "items": { "type": "string", "minLength": 1 } }),
        Shape::Text => json!({ "type": "string", "minLength": 1 }),
        Shape::Postgres => json!({ "type": "integer", "minimum": 9, "maximum": 99, "default": DEFAULT_POSTGRES }),
        Shape::Driver => json!({ "enum": Driver::ALL.map(Driver::word) }),
        Shape::Version => json!({ "type": "string", "pattern": r"^[0-9]+\.[0-9]+(\.[0-9]+)?$" }),
        Shape::Severities => json!({
            "type": "object",
            "propertyNames": { "$ref": "#/$defs/rule" },
            "additionalProperties": { "enum": SEVERITIES }
        }),
        Shape::RulesByGlob => json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/rules" } }),
        Shape::Literals => json!({ "$ref": "#/$defs/literals" }),
        Shape::Names => json!({ "$ref": "#/$defs/names" }),
        Shape::Custom => json!({ "type": "array", "items": custom() }),
    }
}

/// One rule of the project's own.
fn custom() -> Value {
    let several = |items: &Value| json!({ "anyOf": [items, { "type": "array", "items": items }] });
    let (text, words) =
        (json!({ "type": "string", "minLength": 1 }), |known: &[&str]| several(&json!({ "enum": known })));
    let mut properties = Map::new();
    for (name, what) in FIELDS {
        let mut shape = match *name {
            "name" => json!({ "type": "string", "pattern": "^house-[a-z0-9-]+$" }),
            "on" => words(ONS),
            "has" | "lacks" => words(WORDS),
            "severity" => json!({ "enum": ["error", "warning", "note"] }),
            "direction" => json!({ "enum": ["upgrade", "downgrade", "both"] }),
            "paths" => json!({ "type": "array", "items": text }),
            "message" | "help" | "since" => text.clone(),
            _ => several(&text),
        };
        if let Some(object) = shape.as_object_mut() {
            object.insert("description".to_owned(), json!(what));
        }
        properties.insert((*name).to_owned(), shape);
    }
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "message", "on"],
        "properties": properties
    })
}
