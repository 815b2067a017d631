//! See `rules/blocking-unique.md`.

use crate::{
    finding::Severity,
    lock::Work,
    rule::{Check, Findings, Group, Site, Spec, code, not_null_in_two_steps},
    schema::Known,
    statement::{Action, Constraint, Demand, Kind, Name},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Lock, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::AlterTable { table, actions, .. } = &site.statement.kind else { return };
    for action in actions {
        match action {
            Action::AddConstraint(constraint) => {
                let columns = match &constraint.rule {
                    Demand::PrimaryKey { columns, .. } | Demand::Unique { columns, .. } => columns.as_slice(),
                    _ => &[],
                };
                // What fails on every two rows is unique-default's.
                let fails = matches!(columns, [column] if site.holds_one_default(table, column));
                if !fails {
                    report(site, table, action, constraint, columns, findings);
                }
            }
            Action::AddColumn { column, .. } => {
                let built = |it: &&Constraint| {
                    matches!(it.rule, Demand::PrimaryKey { .. } | Demand::Unique { .. } | Demand::Exclude)
                };
                if let Some(constraint) = column.constraints.iter().find(built)
                    && !column.repeats_unique_default()
                {
                    report(site, table, action, constraint, std::slice::from_ref(&column.name), findings);
                }
            }
            _ => {}
        }
    }
}

fn report(
    site: &Site<'_>,
    table: &Name,
    action: &Action,
    constraint: &Constraint,
    columns: &[String],
    findings: &mut Findings<'_>,
) {
    let Some(wait) = site.wait(table, action, Work::Build) else { return };
    let (sort, label) = match constraint.rule {
        Demand::PrimaryKey { .. } => ("primary key", "pkey"),
        Demand::Exclude => ("EXCLUDE constraint", "excl"),
        _ => ("unique constraint", "key"),
    };
    let what = match (action, &constraint.name) {
        (Action::AddColumn { column, .. }, _) => format!("`{}` with its {sort}", column.name),
        (_, Some(name)) => format!("the {sort} `{name}`"),
        _ if label == "excl" => format!("an {sort}"),
        _ => format!("a {sort}"),
    };
    let span = match (action, &constraint.name) {
        (Action::AddColumn { column, .. }, _) => site.statement.place_after(&[&table.name], &column.name),
        (_, Some(name)) => site.statement.place(name),
        _ => site.statement.span,
    };
    let within = if label == "pkey" { String::new() } else { format!("_{}", columns.join("_")) };
    let name = constraint.name.clone().unwrap_or_else(|| code::fitting(format!("{}{within}_{label}", table.name)));
    let finding = findings.report(span, format!("adding {what} {}", wait.sentence));
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.object(format!("{}.{name}", table.name));
    site.tell_of_use(table, finding);
    let first = match action {
        Action::AddColumn { .. } => format!("# the column without its {sort}, and then:\n"),
        _ => String::new(),
    };
    finding.help(format!("{first}{}", steps(site, table, constraint, &name, columns)));
}

/// The index built first, outside of the lock.
fn steps(site: &Site<'_>, table: &Name, constraint: &Constraint, name: &str, columns: &[String]) -> String {
    let word = match constraint.rule {
        Demand::PrimaryKey { .. } => "PRIMARY KEY",
        Demand::Unique { .. } => "UNIQUE",
        _ => {
            return "# no index that is there can become an EXCLUDE constraint: run this while nobody uses the table\n\
                    op.execute(\"SET LOCAL lock_timeout = '5s'\")"
                .to_owned();
        }
    };
    let (of, index) = (code::table(table), code::identifier(name));
    let list: Vec<String> = columns.iter().map(|it| code::identifier(it)).collect();
    let list = list.join(", ");
    if site.schema.table(table).yes().is_some_and(|it| it.partitioned) {
        return format!(
            "# build it CONCURRENTLY on each partition, and attach those: ALTER INDEX {index} ATTACH PARTITION ...\n{}",
            code::execute(&format!("CREATE UNIQUE INDEX {index} ON ONLY {of} ({list})"))
        );
    }
    let at = constraint.sql.find("DEFERRABLE").unwrap_or(constraint.sql.len());
    let (more, defer) = constraint.sql.split_at(at);
    let more = more.trim();
    let build = if more.is_empty() {
        let columns: Vec<String> = columns.iter().map(|it| code::quoted(it)).collect();
        format!(
            "op.create_index({}, {}, [{}], unique=True{}, postgresql_concurrently=True)",
            code::quoted(name),
            code::quoted(&table.name),
            columns.join(", "),
            code::schema(table)
        )
    } else {
        // In a constraint it stands before the columns, in an index behind them.
        let (distinct, include) = match more.strip_prefix("NULLS NOT DISTINCT") {
            Some(include) => (" NULLS NOT DISTINCT", include.trim()),
            None => ("", more),
        };
        let include = if include.is_empty() { String::new() } else { format!(" {include}") };
        code::execute(&format!("CREATE UNIQUE INDEX CONCURRENTLY {index} ON {of} ({list}){include}{distinct}"))
    };
    let defer = if defer.is_empty() { String::new() } else { format!(" {defer}") };
    let open = columns.iter().filter(|it| {
        let proof = site.schema.proof(table, it);
        word == "PRIMARY KEY"
            && !matches!(proof, Some(crate::schema::Proof::NotNull(_)))
            && site.schema.column(table, it) != Known::No
    });
    let open: Vec<String> = open.map(|it| format!("{}\n", not_null_in_two_steps(table, it))).collect();
    format!(
        "{}{}\n# in a later revision:\n{}",
        open.concat(),
        code::autocommit(&build),
        code::execute(&format!("ALTER TABLE {of} ADD CONSTRAINT {index} {word} USING INDEX {index}{defer}"))
    )
}
