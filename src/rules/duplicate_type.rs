//! See `rules/duplicate-type.md`.

use crate::{
    finding::{Direction, Severity},
    op::Op,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Sort,
    statement::{Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::CreateEnum { name, labels } = &site.statement.kind else { return };
    let Some(made) = site.schema.object(Sort::Enum, name).yes().map(|it| it.made) else { return };
    let Some(step) = site.step() else { return };
    let message = match (&step.op, made.run == site.run) {
        // `postgresql.ENUM` looks first whether the type is there, and `sa.Enum` may be told to.
        (Op::CreateEnum(_), _) => return,
        (Op::CreateTable(create), false) => format!(
            "creating `{}` creates its type `{name}` as well, which always fails: the type is there already",
            create.table.name.text
        ),
        (Op::CreateTable(create), true) => format!(
            "creating `{}` creates its type `{name}` once more, which always fails: the type is there already",
            create.table.name.text
        ),
        _ => format!("the type `{name}` is there already, so that this always fails"),
    };
    let finding = findings.report(step.span, message);
    finding.object(name.to_string());
    let whence = match made.run.direction {
        Direction::Upgrade => "the type was made here, and nothing has dropped it since",
        Direction::Downgrade => "the type was made here",
    };
    finding.note(made.span, whence);
    finding.help(match &step.op {
        Op::CreateTable(_) => {
            let labels: Vec<String> = labels.iter().map(|it| code::quoted(it)).collect();
            let named = format!("name={}{}", code::quoted(&name.name), code::schema(name));
            format!("postgresql.ENUM({}, {named}, create_type=False)", labels.join(", "))
        }
        _ => format!("# first, where it was to go:\n{}", code::execute(&format!("DROP TYPE {}", type_name(name)))),
    });
}

fn type_name(name: &Name) -> String {
    code::table(name)
}
