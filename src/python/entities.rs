//! What packages add to `op`: the entities of `alembic_utils` and the enums of `alembic_postgresql_enum`. Each sends
//! texts of its own, which go through `text()` as every other. The witnesses are `alembic_utils` 0.8.8 and
//! `alembic_postgresql_enum` 1.11; before it had a column's default given, the latter asked the database for it.

use super::{
    args::{Bound, Reason, items, name_of, not_known},
    interp::Args,
    value::{Arg, Item, Value},
};
use crate::{
    op::{Op, TextClause},
    source::{Span, Text},
};
use std::rc::Rc;

/// An object of a class that these packages bring, with its arguments by name.
pub(super) struct Made {
    pub class: &'static str,
    arguments: Vec<(String, Arg)>,
}

impl Made {
    fn arg(&self, name: &str) -> Option<&Arg> {
        self.arguments.iter().find(|(it, _)| it == name).map(|(_, arg)| arg)
    }

    fn optional(&self, name: &str) -> Result<Option<Text>, Reason> {
        match self.arg(name) {
            None | Some(Arg { value: Value::None, .. }) => Ok(None),
            Some(Arg { value: Value::Unknown(unknown), .. }) => {
                Err(not_known(&format!("`{name}` of `{}` is", self.class), &unknown.reason))
            }
            Some(arg) => match arg.value.plain().as_text() {
                Some(text) => Ok(Some(text)),
                None => Err(format!("`{name}` of `{}` is {}", self.class, arg.value.kind()).into()),
            },
        }
    }

    fn text(&self, name: &str) -> Result<Text, Reason> {
        self.optional(name)?.ok_or_else(|| format!("`{name}` of `{}` is not given", self.class).into())
    }

    fn flag(&self, name: &str, default: bool) -> Result<bool, Reason> {
        match self.arg(name).map(|arg| &arg.value) {
            None => Ok(default),
            Some(Value::Bool(it)) => Ok(*it),
            Some(_) => Err(format!("`{name}` of `{}` is not known", self.class).into()),
        }
    }
}

/// The classes, with the parameters of their constructors.
const CLASSES: &[(&str, &str, &[&str])] = &[
    ("alembic_utils", "PGFunction", &["schema", "signature", "definition"]),
    ("alembic_utils", "PGView", &["schema", "signature", "definition"]),
    ("alembic_utils", "PGMaterializedView", &["schema", "signature", "definition", "with_data"]),
    ("alembic_utils", "PGTrigger", &["schema", "signature", "definition", "on_entity", "is_constraint"]),
    ("alembic_utils", "PGPolicy", &["schema", "signature", "definition", "on_entity"]),
    ("alembic_utils", "PGExtension", &["schema", "signature"]),
    ("alembic_utils", "PGGrantTable", &["schema", "table", "role", "grant", "columns", "with_grant_option"]),
    (
        "alembic_postgresql_enum",
        "TableReference",
        &["table_name", "column_name", "table_schema", "column_type", "existing_server_default"],
    ),
    ("alembic_postgresql_enum", "TableIndex", &["name", "definition"]),
];

/// A call of one of the classes; `None` where the name is not one of them.
pub(super) fn object(path: &str, args: &Args) -> Option<Value> {
    let (root, name) = (path.split('.').next()?, path.rsplit('.').next()?);
    let (_, class, parameters) = CLASSES.iter().find(|(package, class, _)| *package == root && *class == name)?;
    let bound = match args.clone().bind(parameters).closed() {
        Ok(bound) => bound,
        Err(reason) => return Some(Value::unknown(args.span, reason)),
    };
    let arguments = bound.all().map(|(name, arg)| (name.to_owned(), arg.clone())).collect();
    Some(Value::Item(Rc::new(Item::Made(Made { class, arguments }))))
}

/// The statements of an operation of these packages; `None` where it is not one.
pub(super) fn operation(name: &str, args: &Args) -> Option<Result<Vec<Op>, Reason>> {
    let texts = match name {
        "create_entity" | "drop_entity" | "replace_entity" => entity(name, args),
        "sync_enum_values" => sync_enum(args),
        "add_enum_value" => add_value(args),
        _ => return None,
    };
    Some(texts.map(|texts| texts.into_iter().map(|text| Op::Execute(TextClause { text, binds: Vec::new() })).collect()))
}

/// A text of these parts.
macro_rules! joined {
    ($($part:expr),* $(,)?) => {{
        let mut text = Text::default();
        $( text.push(&Part::part($part)); )*
        text
    }};
}

/// What a statement is put together from: the package's own words, and the user's with their places.
trait Part {
    fn part(self) -> Text;
}

impl Part for &str {
    fn part(self) -> Text {
        Text::made(self)
    }
}

impl Part for &Text {
    fn part(self) -> Text {
        self.clone()
    }
}

// ── alembic_utils ──

fn entity(name: &str, args: &Args) -> Result<Vec<Text>, Reason> {
    let bound = args.clone().bind(&["target", "cascade"]).closed()?;
    let made = match bound.value("target") {
        Some(Value::Item(item)) => match &**item {
            Item::Made(made) if made.class.starts_with("PG") => made,
            _ => return Err("it is no entity of `alembic_utils`".into()),
        },
        Some(Value::Unknown(unknown)) => return Err(not_known("the entity is", &unknown.reason)),
        _ => return Err("the entity is not given".into()),
    };
    let cascade = if bound.is("cascade")? { "CASCADE" } else { "" };
    if made.class == "PGGrantTable" {
        return grant(name, made);
    }
    let schema = made.text("schema")?;
    let schema = changed(&schema, |it| format!("\"{}\"", unquoted(it).trim()));
    let signature = changed(&made.text("signature")?, unquoted);
    match (made.class, name) {
        ("PGFunction", "drop_entity") => {
            Ok(vec![joined!["DROP FUNCTION ", &schema, ".", &call(&signature)?, " ", cascade]])
        }
        ("PGFunction", _) => {
            let replace = if name == "replace_entity" { "OR REPLACE " } else { "" };
            let signature = quoted_call(&signature)?;
            let definition = function_body(&made.text("definition")?);
            Ok(vec![joined!["CREATE ", replace, "FUNCTION ", &schema, ".", &signature, " ", &definition]])
        }
        ("PGExtension", "create_entity") => {
            Ok(vec![joined!["CREATE EXTENSION \"", &signature, "\" WITH SCHEMA ", &schema, ";"]])
        }
        ("PGExtension", "drop_entity") => Ok(vec![joined!["DROP EXTENSION \"", &signature, "\" ", cascade]]),
        ("PGExtension", _) => {
            Err(Reason::of(crate::reason::Class::Refused, "Alembic refuses: an extension cannot be replaced"))
        }
        ("PGView" | "PGMaterializedView", _) => view(name, made, &schema, &signature, cascade),
        ("PGTrigger", _) => trigger(name, made, &signature, cascade),
        _ => policy(name, made, &signature, cascade),
    }
}

/// Text of the user's, changed; it keeps its place as a whole.
fn changed(text: &Text, change: impl Fn(&str) -> String) -> Text {
    let made = change(text.as_str());
    match text.span() {
        Some(_) if made == text.as_str() => text.clone(),
        Some(span) => Text::at(made, span),
        None => Text::made(made),
    }
}

fn unquoted(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('"', "")
}

/// Without the `;` at its end.
fn bare(text: &str) -> String {
    text.trim().trim_end_matches(';').trim().to_owned()
}

/// Every `:` that is not a cast's becomes `\:`, so that `text()` takes none for a parameter.
fn escaped(text: &str) -> String {
    bare(text).replace("::", "\u{1}").replace(':', "\\:").replace('\u{1}', "::")
}

/// In PL/pgSQL `:=` stays, and what is escaped already.
fn function_body(definition: &Text) -> Text {
    let flat = definition.as_str().split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase().replace('\'', "");
    if !flat.contains("language plpgsql") {
        return changed(definition, escaped);
    }
    changed(definition, |text| {
        let kept = bare(text).replace("::", "\u{1}").replace(":=", "\u{2}").replace("\\:", "\u{3}");
        kept.replace([':', '\u{3}'], "\\:").replace('\u{2}', ":=").replace('\u{1}', "::")
    })
}

fn split_call(signature: &Text) -> Result<(String, String), Reason> {
    match signature.as_str().split_once('(') {
        Some((name, rest)) => Ok((name.trim().to_owned(), rest.to_owned())),
        None => Err("the function's signature has no parentheses".into()),
    }
}

fn quoted_call(signature: &Text) -> Result<Text, Reason> {
    let (name, rest) = split_call(signature)?;
    Ok(changed(signature, |_| format!("\"{name}\"({rest}")))
}

/// The signature without the defaults of its parameters, as `DROP FUNCTION` takes it.
fn call(signature: &Text) -> Result<Text, Reason> {
    let (name, rest) = split_call(signature)?;
    let Some(parameters) = rest.strip_suffix(')') else {
        return Err("the function's signature does not end in a parenthesis".into());
    };
    let without_default = |parameter: &str| {
        let end = parameter.to_ascii_lowercase().find("default").unwrap_or(parameter.len());
        parameter[..end].trim().to_owned()
    };
    let parameters: Vec<String> = parameters.trim().split(',').map(without_default).collect();
    Ok(changed(signature, |_| format!("\"{name}\"({})", parameters.join(", "))))
}

fn view(name: &str, made: &Made, schema: &Text, signature: &Text, cascade: &str) -> Result<Vec<Text>, Reason> {
    let definition = changed(&made.text("definition")?, bare);
    let named = joined![schema, ".\"", signature, "\""];
    if made.class == "PGMaterializedView" {
        let data = if made.flag("with_data", true)? { "WITH DATA" } else { "WITH NO DATA" };
        let create = joined!["CREATE MATERIALIZED VIEW ", &named, " AS ", &definition, " ", data];
        return Ok(match name {
            "drop_entity" => vec![joined!["DROP MATERIALIZED VIEW ", &named, " ", cascade]],
            "replace_entity" => vec![joined!["DROP MATERIALIZED VIEW IF EXISTS ", &named, "; "], create],
            _ => vec![create],
        });
    }
    Ok(match name {
        "drop_entity" => vec![joined!["DROP VIEW ", &named, " ", cascade]],
        "create_entity" => vec![joined!["CREATE VIEW ", &named, " AS ", &definition, ";"]],
        _ => {
            let space = "\n        ";
            let head = format!("{space}do $${space}    begin{space}        CREATE OR REPLACE VIEW ");
            let other = format!(";\n\n{}exception when others then{space}        DROP VIEW IF EXISTS ", " ".repeat(12));
            let create = format!(";\n\n{}CREATE VIEW ", " ".repeat(16));
            let tail = format!(";{space}    end;{space}$$ language 'plpgsql'{space}");
            vec![joined![
                head.as_str(),
                &named,
                " AS ",
                &definition,
                other.as_str(),
                &named,
                create.as_str(),
                &named,
                " AS ",
                &definition,
                tail.as_str()
            ]]
        }
    })
}

/// The table that a trigger or policy is on, always with a schema.
fn on_entity(made: &Made) -> Result<Text, Reason> {
    Ok(changed(&made.text("on_entity")?, |text| {
        let name = if text.contains('.') { text.to_owned() } else { format!("public.{text}") };
        name.replace('"', "")
    }))
}

fn trigger(name: &str, made: &Made, signature: &Text, cascade: &str) -> Result<Vec<Text>, Reason> {
    let table = on_entity(made)?;
    if name == "drop_entity" {
        return Ok(vec![joined!["DROP TRIGGER \"", signature, "\" ON ", &table, " ", cascade]]);
    }
    let definition = changed(&made.text("definition")?, escaped);
    let schema = unquoted(made.text("schema")?.as_str());
    let Some((event, on, action)) = parts_of_trigger(definition.as_str()) else {
        return Err("the trigger's definition is not understood".into());
    };
    let on = on.split_once('.').map_or(on, |(_, name)| name);
    let placed = changed(&definition, |_| format!("{event} ON {schema}.{on} {action}"));
    let constraint = if made.flag("is_constraint", false)? { "CONSTRAINT " } else { "" };
    let create = joined!["CREATE ", constraint, "TRIGGER \"", signature, "\" ", &placed];
    if name == "create_entity" {
        return Ok(vec![create]);
    }
    Ok(vec![joined!["DROP TRIGGER IF EXISTS \"", signature, "\" ON ", &table, ";"], create])
}

/// `BEFORE INSERT`, the table, and the rest: what stands before and behind the first `ON`.
fn parts_of_trigger(definition: &str) -> Option<(&str, &str, &str)> {
    let lower = definition.to_ascii_lowercase();
    for (at, _) in lower.match_indices("on") {
        let (before, after) = (definition.get(..at)?, definition.get(at + 2..)?);
        let apart = before.ends_with(char::is_whitespace) && after.starts_with(char::is_whitespace);
        if !apart || before.trim_end().is_empty() {
            continue;
        }
        let (table, action) = after.trim_start().split_once(char::is_whitespace)?;
        let action = action.trim_start();
        return (!action.is_empty()).then_some((before.trim_end(), table, action));
    }
    None
}

fn policy(name: &str, made: &Made, signature: &Text, cascade: &str) -> Result<Vec<Text>, Reason> {
    let table = on_entity(made)?;
    if name == "drop_entity" {
        return Ok(vec![joined!["DROP POLICY ", signature, " on ", &table, " ", cascade]]);
    }
    let definition = changed(&made.text("definition")?, escaped);
    let create = joined!["CREATE POLICY ", signature, " on ", &table, " ", &definition];
    if name == "create_entity" {
        return Ok(vec![create]);
    }
    Ok(vec![joined!["DROP POLICY IF EXISTS ", signature, " on ", &table, ";"], joined![&create, ";"]])
}

fn grant(name: &str, made: &Made) -> Result<Vec<Text>, Reason> {
    let quoted = |text: &Text| changed(text, |it| format!("\"{}\"", it.replace('"', "").trim()));
    let (schema, table) = (quoted(&made.text("schema")?), quoted(&made.text("table")?));
    let role = quoted(&made.text("role")?);
    let grant = match made.arg("grant").map(|arg| &arg.value) {
        Some(Value::External(path)) => path.rsplit('.').next().unwrap_or_default().to_owned(),
        _ => made.text("grant")?.as_str().to_owned(),
    };
    let mut columns = Vec::new();
    if let Some(arg) = made.arg("columns").filter(|arg| !matches!(arg.value, Value::None)) {
        for item in items(arg, "the columns")? {
            columns.push(name_of(&item, "a column")?.text);
        }
        columns.sort();
    }
    let columns = if columns.is_empty() { String::new() } else { format!("( {} )", columns.join(", ")) };
    let option = if made.flag("with_grant_option", false)? { " WITH GRANT OPTION" } else { "" };
    let on = joined![&schema, ".", &table];
    let drop = joined!["REVOKE ", grant.as_str(), " ON ", &on, " FROM ", &role];
    let words = format!("GRANT {grant} {columns} ON ");
    let create = joined![words.as_str(), &on, " TO ", &role, " ", option];
    Ok(match name {
        "create_entity" => vec![create],
        "drop_entity" => vec![drop],
        _ => vec![drop, create],
    })
}

// ── alembic_postgresql_enum ──

fn string(bound: &Bound, name: &str) -> Result<String, Reason> {
    bound.plain_string(name)?.ok_or_else(|| format!("`{name}` is not given").into())
}

fn add_value(args: &Args) -> Result<Vec<Text>, Reason> {
    let bound = args.clone().bind(&["enum_schema", "enum_name", "new_value", "before_value"]).closed()?;
    let (schema, name) = (string(&bound, "enum_schema")?, string(&bound, "enum_name")?);
    let new = string(&bound, "new_value")?;
    // The package calls it `before_value` and writes AFTER.
    let after = match bound.plain_string("before_value")?.filter(|it| !it.is_empty()) {
        Some(neighbour) => format!(" AFTER '{neighbour}'"),
        None => String::new(),
    };
    Ok(vec![Text::at(format!("ALTER TYPE \"{schema}\".\"{name}\" ADD VALUE '{new}'{after}"), bound.span)])
}

/// A column of the enum's type.
struct Affected {
    table: String,
    column: String,
    is_array: bool,
    default: Option<String>,
}

fn sync_enum(args: &Args) -> Result<Vec<Text>, Reason> {
    let parameters =
        ["enum_schema", "enum_name", "new_values", "affected_columns", "enum_values_to_rename", "indexes_to_recreate"];
    let bound = args.clone().bind(&parameters).closed()?;
    let (schema, name) = (string(&bound, "enum_schema")?, string(&bound, "enum_name")?);
    let strings = |arg: &Arg, what: &str| -> Result<Vec<String>, Reason> {
        items(arg, what)?.iter().map(|item| Ok(name_of(item, what)?.text)).collect()
    };
    let labels = strings(bound.arg("new_values").ok_or("the new values are not given")?, "the new values")?;
    let mut renamed = Vec::new();
    if let Some(arg) = bound.arg("enum_values_to_rename") {
        for pair in items(arg, "the values to rename")? {
            match strings(&pair, "a value to rename")?.as_slice() {
                [old, new] => renamed.push((old.clone(), new.clone())),
                _ => return Err("a value to rename is not a pair".into()),
            }
        }
    }
    let mut columns = Vec::new();
    for item in items(bound.arg("affected_columns").ok_or("the columns are not given")?, "the columns")? {
        columns.push(affected(&item.value, &schema)?);
    }
    let indexes = match bound.arg("indexes_to_recreate") {
        None | Some(Arg { value: Value::None, .. }) => Vec::new(),
        Some(arg) => items(arg, "the indexes")?,
    };
    if !indexes.is_empty() {
        return Err("`indexes_to_recreate` is not evaluated".into());
    }
    Ok(synced(&schema, &name, &labels, &renamed, &columns, bound.span))
}

fn affected(value: &Value, enum_schema: &str) -> Result<Affected, Reason> {
    let made = match value {
        Value::Item(item) => match &**item {
            Item::Made(made) if made.class == "TableReference" => made,
            _ => return Err("an affected column is not understood".into()),
        },
        Value::Unknown(unknown) => return Err(not_known("an affected column is", &unknown.reason)),
        // The old form asks the database for the column's default.
        _ => return Err(Reason::data("the default of an affected column is what the database says")),
    };
    let schema = match made.arg("table_schema") {
        None => Some(enum_schema.to_owned()),
        Some(_) => made.optional("table_schema")?.map(|text| text.as_str().to_owned()),
    };
    let prefix = schema.filter(|schema| !schema.is_empty()).map(|schema| format!("\"{schema}\".")).unwrap_or_default();
    let is_array = match made.arg("column_type").map(|arg| &arg.value) {
        None => false,
        Some(Value::External(path)) if path.ends_with(".ARRAY") => true,
        Some(Value::External(path)) if path.ends_with(".COMMON") => false,
        Some(_) => return Err("the `column_type` of an affected column is not known".into()),
    };
    Ok(Affected {
        table: format!("{prefix}\"{}\"", made.text("table_name")?.as_str()),
        column: format!("\"{}\"", made.text("column_name")?.as_str()),
        is_array,
        default: made.optional("existing_server_default")?.map(|text| text.as_str().to_owned()),
    })
}

/// The enum is made anew, and every column takes the new type.
fn synced(
    schema: &str,
    name: &str,
    labels: &[String],
    renamed: &[(String, String)],
    columns: &[Affected],
    span: Span,
) -> Vec<Text> {
    let (new, old) = (format!("\"{schema}\".\"{name}\""), format!("\"{schema}\".\"{name}_old\""));
    let labels: Vec<String> = labels.iter().map(|label| format!("'{label}'")).collect();
    let mut sent = vec![
        format!("ALTER TYPE {new} RENAME TO \"{name}_old\""),
        format!("CREATE TYPE {new} AS ENUM({})", labels.join(", ")),
    ];
    let compared: Vec<String> =
        renamed.iter().map(|(old, new)| format!("WHEN old_enum_val::text = '{old}' THEN '{new}'")).collect();
    // A function's body keeps the blanks of the package's source.
    let (in_body, in_case) = (" ".repeat(16), " ".repeat(20));
    let compared = match compared.as_slice() {
        [] => "old_enum_val::text".to_owned(),
        whens => {
            format!("CASE\n{in_case}{}\n\n{in_case}ELSE old_enum_val::text\n{in_body}END", whens.join(" "))
        }
    };
    for (operator, function) in [("!=", "new_old_not_equals"), ("=", "new_old_equals")] {
        sent.push(format!(
            "CREATE FUNCTION \"{schema}\".{function}(new_enum_val {new}, old_enum_val {old}) RETURNS boolean AS $$\n\
             {in_body}SELECT new_enum_val::text {operator} {compared};\n            $$ LANGUAGE SQL IMMUTABLE"
        ));
        sent.push(format!(
            "CREATE OPERATOR \"{schema}\".{operator} (leftarg = {new}, rightarg = {old}, procedure = \"{schema}\".{function})"
        ));
    }
    for column in columns {
        column_to(&mut sent, column, &new, renamed, schema, name);
    }
    for (operator, function) in [("!=", "new_old_not_equals"), ("=", "new_old_equals")] {
        sent.push(format!("DROP OPERATOR IF EXISTS \"{schema}\".{operator} ({new}, {old})"));
        sent.push(format!("DROP FUNCTION \"{schema}\".{function}(new_enum_val {new}, old_enum_val {old})"));
    }
    sent.push(format!("DROP TYPE {old}"));
    sent.into_iter().map(|text| Text::at(text, span)).collect()
}

fn column_to(
    sent: &mut Vec<String>,
    column: &Affected,
    new: &str,
    renamed: &[(String, String)],
    schema: &str,
    name: &str,
) {
    let Affected { table, column: own, is_array, default } = column;
    let start = format!("ALTER TABLE {table} ALTER COLUMN {own}");
    if default.is_some() {
        sent.push(format!("{start} DROP DEFAULT"));
    }
    if *is_array {
        let cast = renamed
            .iter()
            .fold(format!("{own}::text[]"), |cast, (old, new)| format!("array_replace({cast}, '{old}', '{new}')"));
        sent.push(format!("{start} TYPE {new}[] USING {cast}::{new}[]"));
    } else if renamed.is_empty() {
        sent.push(format!("{start} TYPE {new} USING {own}::text::{new}"));
    } else {
        let whens: Vec<String> =
            renamed.iter().map(|(old, label)| format!("WHEN {own}::text = '{old}' THEN '{label}'::{new}")).collect();
        sent.push(format!("{start} TYPE {new} USING CASE {} ELSE {own}::text::{new} END", whens.join(" ")));
    }
    if let Some(default) = default {
        let cast = if schema.is_empty() { name.to_owned() } else { format!("{schema}.{name}") };
        sent.push(format!("{start} SET DEFAULT {}", renamed_default(default, &cast, renamed)));
    }
}

/// The default with the new type's name, and the new labels (`rename_default_if_required` of the package).
fn renamed_default(default: &str, cast: &str, renamed: &[(String, String)]) -> String {
    let replaced = |text: &str| {
        renamed.iter().fold(text.to_owned(), |text, (old, new)| {
            text.replace(&format!("'{old}'"), &format!("'{new}'")).replace(&format!("\"{old}\""), &format!("\"{new}\""))
        })
    };
    if default.starts_with("ARRAY[") {
        let text = replaced(default);
        let mut parts = text.split("::");
        let mut made = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
            // `::` without a name behind it stays as it is.
            if rest.len() == part.len() {
                made.push_str("::");
            } else {
                made.push_str("::");
                made.push_str(cast);
            }
            made.push_str(rest);
        }
        return made;
    }
    // Python's `find` gives -1 where there is no cast: all but the last character.
    let mut end = default.len().saturating_sub(1);
    while !default.is_char_boundary(end) {
        end -= 1;
    }
    let before = &default[..default.find("::").unwrap_or(end)];
    let suffix = if default.ends_with("[]") { "[]" } else { "" };
    format!("{}::{cast}{suffix}", replaced(before))
}
