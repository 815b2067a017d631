//! `op.alter_column`: one statement for each change, in Alembic's order.

use super::{
    Dialect, Unrendered, column, constraint, literal, names, refused, types,
    words::{anchored, placed},
};
use crate::{
    op::{AlterColumn, AlterDefault, Identity, Qualified},
    source::Text,
};

/// The check of the old type away, type, NOT NULL, default, comment, name, the check of the new type.
pub(super) fn column(change: &AlterColumn, dialect: &Dialect) -> Result<Vec<Text>, Unrendered> {
    let table = &change.table;
    let alter = sql!["ALTER TABLE ", names::dotted(table), " ALTER COLUMN ", names::name(&change.column)];
    let mut statements = Vec::new();
    if change.kind.is_none() && change.using.is_some() {
        return refused("`postgresql_using` needs `type_`");
    }
    if let Some(kind) = &change.kind {
        statements.extend(drop_check(change, dialect)?);
        // `inherit_schema=True` is not heard here: the type does not know of a table yet.
        let kind = placed(types::sql_type(kind, None, dialect)?, change.kind_span);
        let using = change.using.as_ref().filter(|using| !using.is_empty());
        let using = using.map(|using| Text::made(format!(" USING {using}")));
        statements.push(sql![alter.clone(), " TYPE ", kind, using]);
    }
    if let Some(nullable) = change.nullable {
        let words = if nullable { "DROP NOT NULL" } else { "SET NOT NULL" };
        statements.push(sql![alter.clone(), " ", placed(words, change.nullable_span)]);
    }
    if let Some(default) = &change.server_default {
        statements.push(sql![alter, " ", self::default(change, default.as_ref(), dialect)?]);
    }
    if let Some(comment) = &change.comment {
        let comment = comment.as_ref().map_or_else(|| "NULL".to_owned(), |text| literal::quoted(text, dialect));
        let column = names::name(&change.column);
        statements.push(sql!["COMMENT ON COLUMN ", names::dotted(table), ".", column, " IS ", comment]);
    }
    if let Some(name) = &change.rename {
        let (old, new) = (names::name(&change.column), names::name(name));
        statements.push(sql!["ALTER TABLE ", names::dotted(table), " RENAME ", old, " TO ", new]);
    }
    if let Some(check) = constraint::of_type(&change.column, change.kind.as_ref())? {
        statements.push(sql!["ALTER TABLE ", names::table(table), " ADD ", check.clause(table, dialect)?]);
    }
    Ok(statements)
}

fn drop_check(change: &AlterColumn, dialect: &Dialect) -> Result<Option<Text>, Unrendered> {
    let Some(check) = constraint::of_type(&change.column, change.existing_kind.as_ref())? else {
        return Ok(None);
    };
    let table: &Qualified = &change.table;
    constraint::drop(table, check.name.as_ref(), Some("check"), false, dialect).map(Some)
}

/// What follows `ALTER COLUMN a `.
fn default(change: &AlterColumn, given: Option<&AlterDefault>, dialect: &Dialect) -> Result<Text, Unrendered> {
    let span = change.server_default_span;
    Ok(match (given, &change.existing_identity) {
        (Some(AlterDefault::Computed), _) => {
            return refused("a column that is there already cannot become or cease to be `Computed`");
        }
        (None, Some(_)) => placed("DROP IDENTITY", span),
        (None, None) => placed("DROP DEFAULT", span),
        (Some(AlterDefault::Identity(new)), None) => anchored(sql!["ADD ", column::identity(new)], span),
        (Some(AlterDefault::Identity(new)), Some(old)) => placed(changed_identity(new, old), span),
        (Some(AlterDefault::Value(_)), Some(_)) => {
            return refused("an identity column cannot be given an ordinary default");
        }
        (Some(AlterDefault::Value(value)), None) => match column::default(value, dialect)? {
            Some(value) => sql![placed("SET DEFAULT ", span), anchored(value, span)],
            None => return refused("`FetchedValue()` says nothing that a default could be set to"),
        },
    })
}

/// `SET …` for each option that is given and differs, by the alphabet of their Python names.
fn changed_identity(new: &Identity, old: &Identity) -> String {
    let before = column::identity_options(old);
    let mut changes: Vec<(&str, String)> =
        column::identity_options(new).into_iter().filter(|option| !before.contains(option)).collect();
    if new.always != old.always {
        let kind = if new.always { "ALWAYS" } else { "BY DEFAULT" };
        changes.push(("always", format!("GENERATED {kind}")));
    }
    changes.sort();
    changes.into_iter().map(|(_, words)| format!("SET {words}")).collect::<Vec<_>>().join(" ")
}
