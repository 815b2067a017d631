//! See `rules/enum-type-exists.md`.

use crate::{
    finding::{Direction, Severity},
    op::{CheckFirst, EnumType, Op, Step, Type},
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::{Known, Sort},
    source::Span,
    statement::{Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Alembic, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::CreateEnum { name, labels } = &site.statement.kind else { return };
    match site.step() {
        Some(Step { op: Op::CreateTable(_), checkfirst: CheckFirst::No, .. }) => {}
        Some(Step { op: Op::Execute(_) | Op::Driver(_), .. }) => return by_hand(site, name, findings),
        _ => return,
    }
    let again = code::execute(&site.statement.sql.as_str().replace('\n', " "));
    let (message, made, before) = match site.schema.object(Sort::Enum, name) {
        // What is new to the site may be run with it in one go, where Alembic remembers that it made the type.
        Known::Yes(object) if object.made.run != site.run && site.is_new(object.made.run) => return,
        Known::Yes(object) if object.made.run == site.run => (
            format!("type `{name}` was made before in this revision, and `create_table` makes it once more"),
            object.made.span,
            String::new(),
        ),
        Known::Yes(object) => (
            format!(
                "type `{name}` is there already, and `create_table` makes it once more unless one run has made both"
            ),
            object.made.span,
            String::new(),
        ),
        Known::No | Known::Unknown => match forgotten(site, name) {
            Some(span) => (
                format!(
                    "type `{name}` was made by `create_table` and dropped: within one run Alembic does not make it again"
                ),
                span,
                format!("{again}\n"),
            ),
            None => return,
        },
    };
    let labels: Vec<String> = labels.iter().map(|label| code::quoted(label)).collect();
    let schema = name.schema.as_ref().map_or_else(String::new, |it| format!(", schema={}", code::quoted(it)));
    let call =
        format!("postgresql.ENUM({}, name={}{schema}, create_type=False)", labels.join(", "), code::quoted(&name.name));
    let finding = findings.report(site.statement.span, message);
    finding.object(name.to_string()).note(made, "it is made here").help(format!("{before}{call}"));
}

/// `CREATE TYPE` in SQL asks nobody, and remembers nothing.
fn by_hand(site: &Site<'_>, name: &Name, findings: &mut Findings<'_>) {
    let Some(made) = site.schema.object(Sort::Enum, name).yes().map(|it| it.made) else { return };
    let message = format!("type `{name}` is there already, so that this always fails");
    let finding = findings.report(site.statement.place(&name.name), message);
    finding.object(name.to_string()).note(made.span, "it is made here");
    finding.help(code::execute(&format!("DROP TYPE {}", code::table(name))) + "  # before it");
}

/// Where an earlier revision had `create_table` make the type, which was dropped since.
fn forgotten(site: &Site<'_>, name: &Name) -> Option<Span> {
    if site.run.direction != Direction::Upgrade || !matches!(site.schema.object(Sort::Enum, name), Known::No) {
        return None;
    }
    let earlier = site.context.line.before(site.revision);
    let steps = earlier.into_iter().flat_map(|it| &it.upgrade.steps).filter(|it| it.when.is_empty());
    let mut tables = steps.filter_map(|it| match &it.op {
        Op::CreateTable(create) => Some((it.span, create)),
        _ => None,
    });
    tables.find_map(|(span, create)| {
        let schema = create.table.schema.as_ref().map(|it| it.text.as_str());
        let kinds = create.columns.iter().filter_map(|it| it.kind.as_ref()).filter_map(of_enum);
        kinds.into_iter().any(|it| makes(it, name, schema)).then_some(span)
    })
}

fn of_enum(kind: &Type) -> Option<&EnumType> {
    match kind {
        Type::Enum(it) => Some(it),
        Type::Array { item, .. } => of_enum(item),
        _ => None,
    }
}

/// `create_table` makes the type, and it is this one.
fn makes(kind: &EnumType, name: &Name, table: Option<&str>) -> bool {
    let own = kind.schema.as_ref().map(|it| it.text.as_str());
    let schema = own.or(if kind.inherit_schema { table } else { None });
    let text = kind.name.as_ref().map(|it| it.text.clone()).unwrap_or_default();
    let same = Name { schema: schema.map(str::to_owned), name: text } == *name;
    same && kind.native && kind.create_type && !kind.has_metadata
}
