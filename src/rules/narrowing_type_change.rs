//! See `rules/narrowing-type-change.md`.

use crate::{
    finding::{Direction, Severity},
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Known,
    statement::{Action, Expr, Kind, Name, Type},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::DataLoss, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    if site.run.direction == Direction::Downgrade || site.in_use(table) == Known::No || site.drops_later(table) {
        return;
    }
    for action in actions {
        let Action::SetType { column, kind, using, .. } = action else { continue };
        let Some(loss) = lost(site, table, column, kind, using.as_deref()) else { continue };
        let span = site.statement.place_after(&[&table.name], column);
        let name = code::identifier(column);
        let (word, help) = match loss {
            Loss::Silent(word) => (
                format!("{word} of `{column}` of `{table}` is lost without a word"),
                "keep the old column until the values of the new one are proven".to_owned(),
            ),
            Loss::Refused(word, test) => (
                format!("this fails on a database where {word} in `{column}` of `{table}`"),
                format!(
                    "# the same limit without touching the rows: validate it in a later revision\n\
                     op.create_check_constraint({}, {}, {}, postgresql_not_valid=True{})",
                    code::quoted(&code::fitting(format!("{}_{column}_fits", table.name))),
                    code::quoted(&table.name),
                    code::quoted(&test.replace("{}", &name)),
                    code::schema(table),
                ),
            ),
        };
        let finding = findings.report(span, word);
        site.tell_of_rewrite(table, action, finding);
        finding.object(format!("{}.{column}", table.name)).help(help);
    }
}

/// The rule tells of the change.
pub(super) fn is_told(site: &Site<'_>, table: &Name, column: &str, kind: &Type, using: Option<&Expr>) -> bool {
    lost(site, table, column, kind, using).is_some()
}

fn lost(site: &Site<'_>, table: &Name, column: &str, kind: &Type, using: Option<&Expr>) -> Option<Loss> {
    let cut = is_cast(using, column)?;
    if site.is_new_column(table, column) {
        return None;
    }
    let old = site.schema.column(table, column).yes().and_then(|it| it.kind.as_ref())?;
    loss(old, kind, cut)
}

/// The new value is made of the old one by nothing but casts, and whether one of them names a length, which cuts.
/// What else `USING` says is another value, and meant.
fn is_cast(using: Option<&Expr>, column: &str) -> Option<bool> {
    match using {
        None => Some(false),
        Some(Expr::Cast { inner, kind }) => Some(is_cast(Some(inner), column)? || !kind.modifiers.is_empty()),
        Some(other) => other.is_column(column).then_some(false),
    }
}

/// What a type change does to values that do not fit.
enum Loss {
    /// They are cut or rounded: what of them.
    Silent(String),
    /// The statement fails: what they are, and the condition of those that fit.
    Refused(String, String),
}

/// `length coercion` in the manual (Type Conversion, Value Storage): an assignment refuses a text that is too long, an
/// explicit cast cuts it; numbers are rounded to the scale, and refused where they have too many digits.
fn loss(old: &Type, new: &Type, cut: bool) -> Option<Loss> {
    if old.dimensions > 0 || new.dimensions > 0 || old.schema.is_some() || new.schema.is_some() {
        return None;
    }
    let number = |kind: &Type, at: usize| kind.modifiers.get(at).and_then(|it| it.parse::<i64>().ok());
    match (old.name.as_str(), new.name.as_str()) {
        ("text" | "varchar" | "bpchar", "varchar" | "bpchar") => {
            let most = number(new, 0)?;
            if number(old, 0).is_some_and(|it| it <= most) {
                return None;
            }
            Some(if cut {
                Loss::Silent(format!("what goes beyond {most} characters"))
            } else {
                Loss::Refused(format!("a text has more than {most} characters"), format!("length({{}}) <= {most}"))
            })
        }
        ("numeric", "numeric") => {
            let (scale, before) = (number(new, 1).unwrap_or(0), number(old, 1));
            let precise = number(new, 0)?;
            let narrower = match (number(old, 0), before) {
                (None, _) => true,
                (Some(_), before) => before.unwrap_or(0) > scale,
            };
            if narrower {
                return Some(Loss::Silent(format!("what goes beyond {scale} decimal places")));
            }
            let room = |precision: i64, scale: i64| precision - scale;
            (room(number(old, 0)?, before.unwrap_or(0)) > room(precise, scale)).then(|| {
                let most = room(precise, scale);
                Loss::Refused(
                    format!("a number has more than {most} digits before the point"),
                    format!("abs({{}}) < 1e{most}"),
                )
            })
        }
        ("float4" | "float8" | "numeric", "int2" | "int4" | "int8")
            if old.modifiers.len() < 2 || number(old, 1) > Some(0) =>
        {
            Some(Loss::Silent("what stands behind the point".to_owned()))
        }
        ("int8" | "int4", "int2") | ("int8", "int4") => {
            let most: i64 = if new.name == "int2" { 32_767 } else { 2_147_483_647 };
            Some(Loss::Refused(
                format!("a number is greater than {most}"),
                format!("{{}} BETWEEN {} AND {most}", -most - 1),
            ))
        }
        ("timestamp" | "timestamptz", "date") => Some(Loss::Silent("the time of day".to_owned())),
        ("timestamp" | "timestamptz", "time" | "timetz") => Some(Loss::Silent("the date".to_owned())),
        _ => None,
    }
}
