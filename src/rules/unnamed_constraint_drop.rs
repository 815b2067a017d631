//! See `rules/unnamed-constraint-drop.md`.

use crate::{
    finding::{Direction, Repair, Severity},
    op::{Op, Qualified},
    rule::{Asked, Check, Findings, Group, Spec, code},
    schema::{Known, Made, Table},
    statement::{Action, Demand, Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Operation(check) };

fn check(asked: &Asked<'_>, findings: &mut Findings<'_>) {
    let Op::DropConstraint { table, name: None, kind, .. } = &asked.step.op else { return };
    let table = named(table);
    let message = match made_up(asked) {
        // A naming convention without columns in it, as one for primary keys may be, makes the right name.
        Some(name) => match asked.schema.constraint(&table, name) {
            Known::Yes(_) => return,
            Known::Unknown if kind.as_deref() == Some("primary") => return,
            Known::Unknown | Known::No => {
                format!(
                    "the naming convention calls this `{name}`, as Alembic does not know the columns: `{table}` has no such constraint"
                )
            }
        },
        None => format!("Alembic always refuses to drop a constraint of `{table}` without its name"),
    };
    let kind = kind.as_deref();
    let mut candidates = asked.schema.table(&table).yes().map(|it| candidates(it, kind)).unwrap_or_default();
    // A downgrade means what its own upgrade has made.
    let ours = |made: Made| made.run.revision() == asked.run.revision() && made.run.direction == Direction::Upgrade;
    if candidates.iter().any(|(_, made)| ours(*made)) {
        candidates.retain(|(_, made)| ours(*made));
    }
    let finding = findings.report(asked.step.span, message);
    finding.object(table.to_string());
    for (name, made) in &candidates {
        finding.note(made.span, format!("`{name}` was made here"));
    }
    if let [(name, _)] = candidates.as_slice() {
        let (call, value) = (asked.step.span, code::quoted(name));
        finding.repair(Repair::Argument { call, name: "constraint_name", place: Some(0), value });
    }
    let type_ = kind.map_or_else(String::new, |it| format!(", type_={}", code::quoted(it)));
    let (of, schema) = (code::quoted(&table.name), code::schema(&table));
    finding.help(match candidates.as_slice() {
        [] => format!("op.drop_constraint(\"the name that it was made with\", {of}{type_}{schema})"),
        all => {
            let calls =
                all.iter().map(|(name, _)| format!("op.drop_constraint({}, {of}{type_}{schema})", code::quoted(name)));
            calls.collect::<Vec<_>>().join("\n# or\n")
        }
    });
}

fn named(table: &Qualified) -> Name {
    Name { schema: table.schema.as_ref().map(|it| it.text.clone()), name: table.name.text.clone() }
}

/// The name that a naming convention has made of the table alone.
fn made_up<'a>(asked: &'a Asked<'_>) -> Option<&'a str> {
    asked.statements.iter().find_map(|statement| match &statement.kind {
        Kind::AlterTable { actions, .. } => actions.iter().find_map(|action| match action {
            Action::DropConstraint { constraint, .. } => Some(constraint.as_str()),
            _ => None,
        }),
        _ => None,
    })
}

/// The constraints that the table has of this kind, and where they were made.
fn candidates(table: &Table, kind: Option<&str>) -> Vec<(String, Made)> {
    let fits = |rule: &Demand| match (kind, rule) {
        (Some("foreignkey"), Demand::ForeignKey { .. })
        | (Some("unique"), Demand::Unique { .. })
        | (Some("check"), Demand::Check(_))
        | (Some("primary"), Demand::PrimaryKey { .. }) => true,
        (None, rule) => !matches!(rule, Demand::NotNull { .. }),
        _ => false,
    };
    table.constraints().filter(|it| fits(&it.rule)).map(|it| (it.name.clone(), it.made)).collect()
}
